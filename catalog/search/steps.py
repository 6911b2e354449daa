"""A query as steps that find videos: what the full-text index, the bitmaps or a SELECT answer, joined by And, Or, Not.

A part is what one term asks for, in whichever of these forms there are. Words that stand together become one expression
of the index. It runs nothing but the look-ups that tell what a term means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.bitmaps import HAS
from catalog.errors import QueryError
from catalog.search.condition import Unreadable, contains
from catalog.search.conditions import condition
from catalog.search.fields import explain_name, explain_sort, find_order, find_similar, shorten
from catalog.search.ordering import RELEVANCE
from catalog.search.picks import Pick, pick
from catalog.search.query import And, Not, Or, Term, Value
from catalog.search.words import MAX_WORDS, expression, first_words, has_symbol, has_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.search.condition import Condition, Setting
    from catalog.search.fields import Field
    from catalog.search.query import Node

MATCHES = "SELECT rowid FROM videos_fts WHERE videos_fts MATCH ?"
MOST_SAVED = 200  # times that one query may name saved ones, through these too
MIN_BEGINNING = 8  # characters of a word that may be the beginning of a name

_SCANNING = frozenset({"passage", "parameter"})  # kinds of fields that have no index


class Part(NamedTuple):
    """What one term asks for, as SQL: a test on a row of `videos` or, if it `is_set`, the SELECT of `id`s.

    Words have the `expression` that the index answers, countable fields the `picks` that the bitmaps answer. A part
    that `scans` reads every row it is asked about. `field` is the name of the field that the term is on.
    """

    sql: str
    values: list[Any]
    is_set: bool = False
    expression: str | None = None
    picks: tuple[Pick, ...] | None = None
    scans: bool = False
    field: str | None = None

    @property
    def test(self) -> str:
        """The part as a test on a row of `videos`, with the same values."""
        return f"videos.id IN ({self.sql})" if self.is_set else f"({self.sql})"


_ROOTS = Part(
    "videos.id NOT IN (SELECT links.child_id FROM links)", [], picks=(Pick(HAS, ("relation",), is_missing=True),)
)


class All(NamedTuple):
    """The videos that all `wanted` steps find, or every video, but for what an `unwanted` one finds."""

    wanted: tuple[Step, ...]
    unwanted: tuple[Step, ...] = ()

    @property
    def scans(self) -> bool:
        """Whether a part of it scans."""
        return any(step.scans for step in (*self.wanted, *self.unwanted))


class Either(NamedTuple):
    """The videos that any of the steps finds."""

    steps: tuple[Step, ...]

    @property
    def scans(self) -> bool:
        """Whether a part of it scans."""
        return any(step.scans for step in self.steps)


Step = Part | All | Either


class Compiler:
    """Makes steps of nodes, and keeps what becomes known on the way.

    Of terms that are not negated, `words` are the expressions of the index and `fragments` the texts themselves, for
    what the index cannot show in a snippet; `asks_for_deleted` is whether one of them asks for what the user deleted.
    `sort` is what a saved search that the query names asks to sort by.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.words: list[str] = []
        self.fragments: list[Value] = []
        self.asks_for_deleted = False
        self.sort: str | None = None
        self._within: list[str] = []  # the saved searches that are being compiled, one inside the other
        self._saved = 0

    def compile(self, node: Node, *, is_negated: bool = False) -> Step | None:
        """The step, None for what has nothing to search for; `is_negated` says that a minus stands before it."""
        if isinstance(node, Term):
            return self._compile_term(node, is_negated=is_negated)
        if isinstance(node, Not):
            step = self.compile(node.operand, is_negated=not is_negated)
            return step and All((), (step,))
        if isinstance(node, Or):
            steps = [self.compile(operand, is_negated=is_negated) for operand in node.operands]
            return _join_or([step for step in steps if step])
        return join_and(*self.split(node.operands, is_negated=is_negated))

    def split(self, operands: Sequence[Node], *, is_negated: bool = False) -> tuple[list[Step], list[Step]]:
        """The steps that must find a video, and those that must not."""
        wanted: list[Step] = []
        unwanted: list[Step] = []
        for operand in operands:
            is_unwanted = isinstance(operand, Not)
            node = operand.operand if isinstance(operand, Not) else operand
            if step := self.compile(node, is_negated=is_negated != is_unwanted):
                (unwanted if is_unwanted else wanted).append(step)
        return wanted, unwanted

    def _compile_term(self, term: Term, *, is_negated: bool) -> Step | None:
        field = None if term.name is None else self.setting.fields.find(term.name)
        if field is None:
            self._remark(term)
            return self._compile_words(term, is_negated=is_negated)
        try:
            step = self._compile_field(field, term, is_negated=is_negated)
        except Unreadable as error:
            self.setting.notes.append(f"{shorten(str(term))} is searched for as text: {error}")
            return self._compile_words(term, is_negated=is_negated)
        self.asks_for_deleted |= not is_negated and self._is_about_deleted(field, term)
        return step

    def _compile_field(self, field: Field, term: Term, *, is_negated: bool) -> Step | None:
        if field.kind == "saved":
            return _join_or([self._compile_saved(value.text, is_negated=is_negated) for value in term.values])
        if field.kind != "words":
            test = condition(field, term, self.setting)
            part = _as_part(test, scans=field.kind in _SCANNING)
            if test.takes_roots:
                return Either((_ROOTS, part))
            if part.scans:
                return All((_having(field), part))
            return part._replace(picks=pick(field, term, self.setting), field=field.name)
        values = [self._bounded(value) for value in term.values]
        parts = [_compile_column(field, value) for value in values]
        if not is_negated:
            self.words += [part.expression for part in parts if part.expression]
            self.fragments += values if field.name == "prompt" else ()
        return _join_or(parts)

    def _compile_saved(self, name: str, *, is_negated: bool) -> Step:
        """What a saved search finds, in the place of its name; raises Unreadable where there is none of that name."""
        from catalog.reading.searches import find_search, list_searches
        from catalog.search.grammar import parse

        saved = find_search(self.setting.connection, name)
        if saved is None:
            known = [each.name for each in list_searches(self.setting.connection)]
            raise Unreadable(explain_name("saved search", name, known))
        self._saved += 1
        if saved.name in self._within or self._saved > MOST_SAVED:
            raise QueryError(
                f"the saved search {shorten(saved.name)} names itself, or too many others: save it otherwise"
            )
        node = parse(saved.query)
        sort, terms = take_sort(node.operands if isinstance(node, And) else () if node is None else (node,))
        if not is_negated:
            self.sort = self.sort or sort
        self._within.append(saved.name)
        try:
            step = join_and(*self.split(terms, is_negated=is_negated))
        finally:
            self._within.pop()
        return step or Either(())

    def _compile_words(self, term: Term, *, is_negated: bool) -> Step | None:
        words = self._bounded(term.words)
        parts = []
        if has_word(words.text):
            written = expression(words.text, is_prefix=words.is_prefix, is_phrase=words.is_quoted)
            parts.append(_match(written))
            if not is_negated:
                self.words.append(written)
                self.fragments.append(words)
        elif has_symbol(words.text):
            parts.append(_as_part(contains("videos.prompt", words.text), scans=True))
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
        from catalog.search.names import has_name, with_name

        text = words.text
        if not text or text.isspace() or len(text.split()) > 1:
            return None
        is_whole = len(text) < MIN_BEGINNING
        name = Term((Value(text, is_quoted=is_whole, is_prefix=not is_whole),))
        if (is_whole and words.is_prefix) or not has_name(self.setting.connection, name):
            return None
        return _as_part(with_name(name))

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


def take_sort(operands: Sequence[Node]) -> tuple[str | None, list[Node]]:
    """What the last `sort:NAME` among the terms asks to sort by, and the other terms; a name that is none is text."""
    sort, others = None, []
    for operand in operands:
        if isinstance(operand, Term) and (operand.name or "").lower() == "sort" and len(operand.values) == 1:
            name = operand.values[0].text
            if name == RELEVANCE or find_order(name.removeprefix("-")):
                sort = name
                continue
        others.append(operand)
    return sort, others


def _compile_column(field: Field, value: Value) -> Part:
    """The words of a value in one column of the index."""
    if not has_word(value.text):
        return _as_part(contains(field.sql, value.text), scans=True)
    return _match(expression(value.text, is_prefix=value.is_prefix, is_phrase=value.is_quoted, column=field.name))


def _having(field: Field) -> Part:
    """The videos that have any value of a column."""
    return Part(f"{field.sql} IS NOT NULL", [], picks=(Pick(HAS, (field.name,)),))


def _match(words: str) -> Part:
    return Part(MATCHES, [words], is_set=True, expression=words)


def _as_part(test: Condition, *, scans: bool = False) -> Part:
    return Part(test.sql, test.values, test.is_set, scans=scans)


def list_parts(step: Step) -> list[Part]:
    """The parts of a step that find videos, not those that leave some out."""
    if isinstance(step, Part):
        return [step]
    steps = step.steps if isinstance(step, Either) else step.wanted
    return [part for each in steps for part in list_parts(each)]


def _join_or(steps: Sequence[Step]) -> Step | None:
    """The step that finds what any finds; words become one expression."""
    words = [step.expression for step in steps if isinstance(step, Part) and step.expression]
    if len(words) > 1:
        others = [step for step in steps if not (isinstance(step, Part) and step.expression)]
        steps = [_match(f"({' OR '.join(words)})"), *others]
    if len(steps) < 2:
        return steps[0] if steps else None
    return Either(tuple(steps))


def join_and(wanted: Sequence[Step], unwanted: Sequence[Step]) -> Step | None:
    """The step that finds what all wanted ones find and no unwanted one; words become one expression."""
    words, others = list_words(wanted)
    if words:
        excluded, unwanted = list_words(unwanted)
        phrase = f"({' AND '.join(words)})" if len(words) > 1 else words[0]
        wanted = [_match(f"({phrase} NOT ({' OR '.join(excluded)}))" if excluded else phrase), *others]
    if len(wanted) == 1 and not unwanted:
        return wanted[0]
    return All(tuple(wanted), tuple(unwanted)) if wanted or unwanted else None


def list_words(steps: Sequence[Step]) -> tuple[list[str], list[Step]]:
    """The expressions of the steps that are words alone, and the other steps."""
    words = [step.expression for step in steps if isinstance(step, Part) and step.expression]
    return words, [step for step in steps if not (isinstance(step, Part) and step.expression)]
