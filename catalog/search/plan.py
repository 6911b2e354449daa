"""A query into SQL: which videos match, in which order, after which video. It runs nothing.

All words and phrases that must be there become one MATCH of the full-text index; those that must not, a second one
whose rows are left out; everything else is a condition on `videos`. A plan does not say what is read of the videos it
finds: the page, the count and the facets each `select` their own columns. Rows of `videos` are wide and lie apart, so
they are read only where a condition or a column needs them: words alone are found, counted and ranked in the index, and
sets of videos, such as those with a tag or a facet, are combined by their ids before any row is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog import fulltext
from catalog.errors import QueryError
from catalog.search.conditions import Setting, choices, condition, contains
from catalog.search.fields import find_similar, get_order, shorten
from catalog.search.grammar import MAX_CLAUSES
from catalog.search.words import expression, has_symbol, has_word

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from catalog.search.conditions import Condition
    from catalog.search.fields import Field, Fields
    from catalog.search.grammar import Clause

ROW_ID = "videos.id"
RELEVANCE = "relevance"
NEWEST = "-created_at"
_WEIGHTS = {"prompt": 4.0, "error_message": 1.0, "labels": 2.0, "cjk_grams": 4.0}
_BM25 = f"bm25(videos_fts, {', '.join(str(_WEIGHTS[column]) for column in fulltext.COLUMNS)})"
_INDEX = "videos_fts"
_SET = "chosen"
_MANY = 10_000
_WALKED = "videos.created_at"  # an index has these, and the ids, in order
_MATCHES = f"SELECT rowid FROM {_INDEX} WHERE {_INDEX} MATCH ?"
_DELETED = "SELECT id FROM videos WHERE deleted_at IS NOT NULL"  # by its partial index, without reading a row
_OPERATORS = frozenset({"AND", "OR", "NOT", "NEAR"})


class Order(NamedTuple):
    """What to sort by and which way; videos without a value come last either way, ties go by id."""

    name: str
    sql: str
    is_descending: bool = False

    @property
    def sql_order(self) -> str:
        """The ORDER BY of a SELECT with the columns `sort_value` and `id`."""
        way = "DESC" if self.is_descending else "ASC"
        return f"sort_value {way} NULLS LAST, id {way}"

    def after(self, value: Any, video_id: int) -> tuple[str, list[Any]]:
        """The condition for rows after the one with this sort value and id, and its values."""
        beyond = "<" if self.is_descending else ">"
        if value is None:
            return f"sort_value IS NULL AND id {beyond} ?", [video_id]
        test = f"(sort_value {beyond} ? OR sort_value = ? AND id {beyond} ? OR sort_value IS NULL)"
        return test, [value, value, video_id]


class Plan(NamedTuple):
    """The SQL that finds the videos of a query: `match` is the MATCH expression, None where the query lacks words.

    `any_match` is the one of any of these words.
    `rows` is where they are found and `row_id` their id there; its `+` keeps SQLite from going to an index once for
    every id of a set (measured: 2.4 s instead of 10 ms). `fragments` are texts that the index cannot show in a snippet;
    `notes` are remarks for the author of the query.
    """

    match: str | None
    rows: str
    row_id: str
    tests: str
    parameters: tuple[Any, ...]
    fragments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    any_match: str = ""

    def select(self, *columns: str) -> str:
        """The SELECT of these columns and of the row id, as `id`, of all matches; it takes the plan's `parameters`."""
        rows = self.rows
        if rows != "videos" and any("videos." in sql for sql in (self.tests, *columns)):
            rows += f" CROSS JOIN videos ON videos.id = {self.row_id}"
        return f"SELECT {', '.join((f'{self.row_id} AS id', *columns))} FROM {rows} WHERE {self.tests}"

    def first(self, order: Order, total: int) -> Plan:
        """The plan for reading only the first few matches: a walk in that order soon meets members of a large set."""
        if not self.rows.endswith(_SET) or order.sql != _WALKED or total < _MANY:
            return self
        row_id = f"+{ROW_ID}"
        tests = f"{row_id} IN (SELECT id FROM {self.rows}) AND {self.tests.replace(self.row_id, row_id)}"
        return self._replace(rows="videos", row_id=row_id, tests=tests)

    def order(self, sort: str | None) -> Order:
        """The order asked for, by default relevance where there are words, else newest first; raises QueryError."""
        if sort is None or sort == RELEVANCE:
            return self.order(NEWEST) if self.match is None else Order(RELEVANCE, _BM25)
        field = get_order(sort.removeprefix("-"))
        return Order(field.name, field.order or field.sql, sort.startswith("-"))


def make_plan(clauses: Iterable[Clause], fields: Fields, *, now: datetime, include_deleted: bool = False) -> Plan:
    """The plan for a query on these fields; raises QueryError for a value that its field cannot have.

    Words without a letter or digit are ignored, with a note; a query of only such words finds nothing. Videos that the
    user deleted are left out unless the query asks for them.
    """
    draft = _Draft(Setting(fields, now))
    wanted = list(clauses)
    for clause in wanted:
        draft.add(clause)
    if wanted and not (draft.words or draft.unwanted or draft.sets or draft.unwanted_sets or draft.tests):
        draft.tests.append("0")
    return draft.finish(include_deleted=include_deleted or draft.asks_for_deleted)


class _Draft:
    """A plan in the making."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.words: list[str] = []
        self.unwanted: list[str] = []
        self.sets: list[Condition] = []
        self.unwanted_sets: list[Condition] = []
        self.tests: list[str] = []
        self.parameters: list[Any] = []
        self.fragments: list[str] = []
        self.notes: list[str] = []
        self.alternatives = 0
        self.asks_for_deleted = False

    def add(self, clause: Clause) -> None:
        field = None if clause.name is None else self.setting.fields.find(clause.name)
        if field is None:
            self._remark(clause)
            self._add_words(clause, clause.content)
        elif field.kind == "words" and has_word(clause.text) and not fulltext.cjk_runs(clause.text):
            self._add_match(clause, f"{field.name} : {expression(clause.text, is_prefix=clause.is_prefix)}")
        else:
            self._add_condition(clause, field)

    def finish(self, *, include_deleted: bool) -> Plan:
        match = " AND ".join(self.words) or None
        rows, row_id = "videos", ROW_ID
        tests, parameters = list(self.tests), list(self.parameters)
        if self.sets:
            chosen, values = self._choose()
            rows, row_id = f"({chosen}) AS {_SET}", f"{_SET}.id"
            parameters[:0] = values
            if match is not None:
                tests.insert(0, f"{ROW_ID} IN ({chosen})")
        else:
            for unwanted in self.unwanted_sets:
                tests.append(f"{ROW_ID} NOT IN ({unwanted.sql})")
                parameters += unwanted.values
        if match is not None:
            rows, row_id = _INDEX, f"+{_INDEX}.rowid"
            tests.insert(0, f"{_INDEX} MATCH ?")
            parameters.insert(0, match)
        if self.unwanted:
            tests.append(f"{ROW_ID} NOT IN ({_MATCHES})")
            parameters.append(" OR ".join(self.unwanted))
        if not include_deleted:
            tests.append(f"{ROW_ID} NOT IN ({_DELETED})")
        sql = " AND ".join(tests).replace(ROW_ID, row_id) or "1"
        any_match = " OR ".join(self.words)
        return Plan(match, rows, row_id, sql, tuple(parameters), tuple(self.fragments), tuple(self.notes), any_match)

    def _choose(self) -> tuple[str, list[Any]]:
        """The SELECT of the ids that are in all the sets and in none of the unwanted ones, each once."""
        first, *more = self.sets
        sql = [f"SELECT DISTINCT id FROM ({first.sql})"]
        sql += [f"INTERSECT {wanted.sql}" for wanted in more]
        sql += [f"EXCEPT {unwanted.sql}" for unwanted in self.unwanted_sets]
        return " ".join(sql), [value for chosen in (*self.sets, *self.unwanted_sets) for value in chosen.values]

    def _add_words(self, clause: Clause, text: str) -> None:
        if has_word(text):
            self._add_match(clause, expression(text, is_prefix=clause.is_prefix, is_phrase=clause.is_quoted))
            self.fragments += [] if clause.is_negated else fulltext.cjk_runs(text)
        elif has_symbol(text):
            self._add_test(clause, contains("videos.prompt", text))
            self.fragments += [] if clause.is_negated else [text]
        else:
            self.notes.append(f"{shorten(str(clause))} is ignored: it has no letter or digit to search for")

    def _add_match(self, clause: Clause, words: str) -> None:
        (self.unwanted if clause.is_negated else self.words).append(words)

    def _add_condition(self, clause: Clause, field: Field) -> None:
        self.alternatives += len(choices(clause))
        if self.alternatives > MAX_CLAUSES:
            raise QueryError(f"the query has more than {MAX_CLAUSES} values: leave some out", position=clause.position)
        test = condition(field, clause, self.setting)
        if test.is_set:
            (self.unwanted_sets if clause.is_negated else self.sets).append(test)
        else:
            self._add_test(clause, test)
        self.asks_for_deleted |= "deleted_at" in test.sql and not clause.is_negated

    def _add_test(self, clause: Clause, test: Condition) -> None:
        self.tests.append(f"({test.sql}) IS NOT TRUE" if clause.is_negated else f"({test.sql})")
        self.parameters += test.values

    def _remark(self, clause: Clause) -> None:
        """Note what looks like part of the language and is not."""
        if clause.name is None:
            if clause.text in _OPERATORS and not clause.is_quoted:
                self.notes.append(
                    f"{clause.text} is searched for as a word: all terms must match, and -term excludes one"
                )
        elif similar := find_similar(clause.name.replace("-", "_"), self.setting.fields.list_names()):
            self.notes.append(f"no field {shorten(clause.name)}, searched for as text: did you mean {similar}?")
        elif "_" in clause.name:
            self.notes.append(f"no field {shorten(clause.name)}, searched for as text")
