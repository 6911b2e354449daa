"""A part of a query into SQL: an expression of the full-text index, a set of videos, or a test on each.

Whichever it is, it can stand as a test; parts of one kind stay of that kind where And, Or and Not allow it, so that the
index answers all that is about words, and sets are combined by their ids before any row is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.search.conditions import Condition, Unreadable, condition, contains
from catalog.search.fields import explain_sort, find_similar, shorten
from catalog.search.query import Not, Or, Term, Value
from catalog.search.words import MAX_WORDS, expression, first_words, has_symbol, has_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.search.conditions import Setting
    from catalog.search.fields import Field
    from catalog.search.query import Node

INDEX = "videos_fts"
MATCHES = f"SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH ?"
ROW_ID = "videos.id"
MIN_BEGINNING = 8  # characters of a word that may be the beginning of a name


class Part(NamedTuple):
    """A part of a query: `kind` is `match`, `set` or `test`; a `match` has its expression as its only value."""

    kind: str
    sql: str
    values: list[Any]

    @property
    def test(self) -> str:
        """The part as a test on a row of `videos`, with the same values."""
        return f"({self.sql})" if self.kind == "test" else f"{ROW_ID} IN ({self.sql})"

    @property
    def expression(self) -> str:
        """The expression of a `match`."""
        return str(self.values[0])


class Compiler:
    """Makes parts of nodes, and keeps what becomes known on the way.

    Of terms that are not negated, `words` are the expressions of the index and `fragments` the texts themselves, for
    what the index cannot show in a snippet; `asks_for_deleted` is whether one of them asks for what the user deleted.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.words: list[str] = []
        self.fragments: list[Value] = []
        self.asks_for_deleted = False

    def compile(self, node: Node, *, is_negated: bool = False) -> Part | None:
        """The part, None for what has nothing to search for; `is_negated` says that a minus stands before it."""
        if isinstance(node, Term):
            return self._compile_term(node, is_negated=is_negated)
        if isinstance(node, Not):
            part = self.compile(node.operand, is_negated=not is_negated)
            return None if part is None else _test(f"({part.test}) IS NOT TRUE", part.values)
        if isinstance(node, Or):
            parts = [self.compile(operand, is_negated=is_negated) for operand in node.operands]
            return _join_or([part for part in parts if part])
        wanted, unwanted = self.split(node.operands, is_negated=is_negated)
        return _join_and(wanted, unwanted)

    def split(self, operands: Sequence[Node], *, is_negated: bool = False) -> tuple[list[Part], list[Part]]:
        """The parts that must match, and those that must not."""
        wanted: list[Part] = []
        unwanted: list[Part] = []
        for operand in operands:
            is_unwanted = isinstance(operand, Not)
            node = operand.operand if isinstance(operand, Not) else operand
            if part := self.compile(node, is_negated=is_negated != is_unwanted):
                (unwanted if is_unwanted else wanted).append(part)
        return wanted, unwanted

    def _compile_term(self, term: Term, *, is_negated: bool) -> Part | None:
        field = None if term.name is None else self.setting.fields.find(term.name)
        if field is None:
            self._remark(term)
            return self._compile_words(term, is_negated=is_negated)
        try:
            part = self._compile_field(field, term, is_negated=is_negated)
        except Unreadable as error:
            self.setting.notes.append(f"{shorten(str(term))} is searched for as text: {error}")
            return self._compile_words(term, is_negated=is_negated)
        self.asks_for_deleted |= not is_negated and self._is_about_deleted(field, term)
        return part

    def _compile_field(self, field: Field, term: Term, *, is_negated: bool) -> Part | None:
        if field.kind != "words":
            return _as_part(condition(field, term, self.setting))
        values = [self._bounded(value) for value in term.values]
        parts = [_compile_column(field, value) for value in values]
        if not is_negated:
            self.words += [part.expression for part in parts if part.kind == "match"]
            self.fragments += values if field.name == "prompt" else ()
        return _join_or(parts)

    def _compile_words(self, term: Term, *, is_negated: bool) -> Part | None:
        words = self._bounded(term.words)
        parts = []
        if has_word(words.text):
            parts.append(_match(expression(words.text, is_prefix=words.is_prefix, is_phrase=words.is_quoted)))
            if not is_negated:
                self.words.append(parts[0].expression)
                self.fragments.append(words)
        elif has_symbol(words.text):
            parts.append(_as_part(contains("videos.prompt", words.text)))
            self.fragments += [] if is_negated else [words]
        if names := self._compile_name(words):
            parts.append(names)
        if not parts:
            note = f"{shorten(str(term))} is ignored: it has no letter or digit to search for"
            self.setting.notes.append(note)
        return _join_or(parts)

    def _bounded(self, value: Value) -> Value:
        text = first_words(value.text)
        if len(text) == len(value.text):
            return value
        self.setting.notes.append(f"only the first {MAX_WORDS} words of {shorten(value.text)} are searched for")
        return Value(text, is_quoted=True)

    def _compile_name(self, words: Value) -> Part | None:
        """The videos that the word names: with the whole of a name, or a long beginning of one."""
        from catalog.reading.names import find_written
        from catalog.search.names import with_name

        text = words.text
        if not text or text.isspace() or len(text.split()) > 1:
            return None
        is_whole = len(text) < MIN_BEGINNING
        if (is_whole and words.is_prefix) or find_written(self.setting.connection, text, is_exact=is_whole) is None:
            return None
        return _as_part(with_name(Term((Value(text, is_quoted=is_whole, is_prefix=not is_whole),))))

    def _is_about_deleted(self, field: Field, term: Term) -> bool:
        if field.kind == "claim":
            return any(value.text.lower() == "deleted" for value in term.values)
        named = [field]
        if field.kind == "presence":
            named = [found for value in term.values if (found := self.setting.fields.find(value.text))]
        return any(found.name == "deleted_at" for found in named)

    def _remark(self, term: Term) -> None:
        """Note what looks like part of the language and is not."""
        if term.is_dangling:
            self.setting.notes.append(f"{term.content} is searched for as a word: it lacks an operand")
        elif term.name is None:
            return
        elif term.name.lower() == "sort":
            self.setting.notes.append(f"{shorten(str(term))} is searched for as text: {explain_sort(term.values)}")
        elif similar := find_similar(term.name.replace("-", "_"), self.setting.fields.list_names()):
            self.setting.notes.append(f"no field {shorten(term.name)}, searched for as text: did you mean {similar}?")
        elif "_" in term.name:
            self.setting.notes.append(f"no field {shorten(term.name)}, searched for as text")


def _compile_column(field: Field, value: Value) -> Part:
    """The words of a value in one column of the index."""
    if not has_word(value.text):
        return _as_part(contains(field.sql, value.text))
    return _match(expression(value.text, is_prefix=value.is_prefix, is_phrase=value.is_quoted, column=field.name))


def _match(words: str) -> Part:
    return Part("match", MATCHES, [words])


def _test(sql: str, values: list[Any]) -> Part:
    return Part("test", sql, values)


def _as_part(test: Condition) -> Part:
    return Part("set" if test.is_set else "test", test.sql, test.values)


def _join_or(parts: Sequence[Part]) -> Part | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    values = [value for part in parts for value in part.values]
    if all(part.kind == "match" for part in parts):
        return _match(f"({' OR '.join(part.expression for part in parts)})")
    if all(part.kind == "set" for part in parts):
        return Part("set", " UNION ".join(f"SELECT id FROM ({part.sql})" for part in parts), values)
    return _test(" OR ".join(part.test for part in parts), values)


def _join_and(wanted: Sequence[Part], unwanted: Sequence[Part]) -> Part | None:
    parts = [*wanted, *unwanted]
    if not parts:
        return None
    if wanted and all(part.kind == "match" for part in parts):
        words = " AND ".join(part.expression for part in wanted)
        excluded = " OR ".join(part.expression for part in unwanted)
        return _match(f"(({words}) NOT ({excluded}))" if excluded else f"({words})")
    if wanted and all(part.kind == "set" for part in parts):
        return Part("set", combine_sets(wanted, unwanted), [value for part in parts for value in part.values])
    tests = [*(part.test for part in wanted), *(f"({part.test}) IS NOT TRUE" for part in unwanted)]
    return _test(" AND ".join(tests), [value for part in parts for value in part.values])


def combine_sets(wanted: Sequence[Part], unwanted: Sequence[Part]) -> str:
    """The SELECT of the ids that are in all the wanted sets, of which there is one at least, and in no unwanted one."""
    first, *more = wanted
    sql = [f"SELECT DISTINCT id FROM ({first.sql})"]
    sql += [f"INTERSECT SELECT id FROM ({part.sql})" for part in more]
    sql += [f"EXCEPT SELECT id FROM ({part.sql})" for part in unwanted]  # in all at most the 500 that SQLite allows
    return " ".join(sql)
