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
from catalog.search.compiler import INDEX, MATCHES, ROW_ID, Compiler, combine_sets
from catalog.search.conditions import Setting
from catalog.search.fields import find_order, get_order
from catalog.search.query import And, Term

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from catalog.database import Reader
    from catalog.search.compiler import Part
    from catalog.search.fields import Fields
    from catalog.search.query import Node, Value

RELEVANCE = "relevance"
NEWEST = "-created_at"
_WEIGHTS = {"prompt": 4.0, "error_message": 1.0, "labels": 2.0, "grams": 4.0, "error_grams": 1.0}
_BM25 = f"bm25(videos_fts, {', '.join(str(_WEIGHTS[column]) for column in fulltext.COLUMNS)})"
_SET = "chosen"
_MANY = 10_000
_WALKED = "videos.created_at"  # an index has these, and the ids, in order
_DELETED = "SELECT id FROM videos WHERE deleted_at IS NOT NULL"  # by its partial index, without reading a row


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

    `any_match` is the one of any word of the query.
    `rows` is where they are found and `row_id` their id there; its `+` keeps SQLite from going to an index once for
    every id of a set (measured: 2.4 s instead of 10 ms). `fragments` are the texts that it looks for, for snippets that
    the index cannot make; `notes` are remarks for the author of the query, and `sort` is what the query itself asks to
    sort by.
    """

    match: str | None
    rows: str
    row_id: str
    tests: str
    parameters: tuple[Any, ...]
    fragments: tuple[Value, ...] = ()
    notes: tuple[str, ...] = ()
    sort: str | None = None
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
        sort = sort or self.sort
        if sort is None or sort == RELEVANCE:
            return Order(RELEVANCE, _BM25) if self.match else _order(NEWEST)
        return _order(sort)


def _order(sort: str) -> Order:
    field = get_order(sort.removeprefix("-"))
    return Order(field.name, field.order or field.sql, sort.startswith("-"))


def make_plan(
    query: Node | None, connection: Reader, fields: Fields, *, now: datetime, include_deleted: bool = False
) -> Plan:
    """The plan for a query on these fields of the library.

    What cannot be read as it is written is searched as text, with a note. Words without a letter or digit are ignored,
    with a note; a query of only such words finds nothing. Videos that the user deleted are left out unless a term that
    is not negated asks for them.
    """
    notes: list[str] = []
    compiler = Compiler(Setting(connection, fields, now, notes))
    operands = query.operands if isinstance(query, And) else () if query is None else (query,)
    sort, terms = _take_sort(operands)
    wanted, unwanted = compiler.split(terms)
    draft = _Draft()
    for part in wanted:
        draft.add(part)
    for part in unwanted:
        draft.leave_out(part)
    if terms and not (wanted or unwanted):
        draft.tests.append("0")
    plan = draft.finish(include_deleted=include_deleted or compiler.asks_for_deleted)
    return plan._replace(
        fragments=tuple(compiler.fragments), notes=tuple(notes), sort=sort, any_match=" OR ".join(compiler.words)
    )


def _take_sort(operands: Sequence[Node]) -> tuple[str | None, list[Node]]:
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


class _Draft:
    """A plan in the making."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.unwanted: list[str] = []
        self.sets: list[Part] = []
        self.unwanted_sets: list[Part] = []
        self.tests: list[str] = []
        self.parameters: list[Any] = []

    def add(self, part: Part) -> None:
        """Only videos that the part matches."""
        if part.kind == "match":
            self.words.append(part.expression)
        elif part.kind == "set":
            self.sets.append(part)
        else:
            self.tests.append(part.test)
            self.parameters += part.values

    def leave_out(self, part: Part) -> None:
        """No video that the part matches."""
        if part.kind == "match":
            self.unwanted.append(part.expression)
        elif part.kind == "set":
            self.unwanted_sets.append(part)
        else:
            self.tests.append(f"({part.test}) IS NOT TRUE")
            self.parameters += part.values

    def finish(self, *, include_deleted: bool) -> Plan:
        match = " AND ".join(self.words) or None
        rows, row_id = "videos", ROW_ID
        tests, parameters = list(self.tests), list(self.parameters)
        if self.sets:
            chosen = combine_sets(self.sets, self.unwanted_sets)
            rows, row_id = f"({chosen}) AS {_SET}", f"{_SET}.id"
            parameters[:0] = [value for part in (*self.sets, *self.unwanted_sets) for value in part.values]
            if match is not None:
                tests.insert(0, f"{ROW_ID} IN ({chosen})")
        else:
            for part in self.unwanted_sets:
                tests.append(f"{ROW_ID} NOT IN ({part.sql})")
                parameters += part.values
        if match is not None:
            rows, row_id = INDEX, f"+{INDEX}.rowid"
            tests.insert(0, f"{INDEX} MATCH ?")
            parameters.insert(0, match)
        if self.unwanted:
            tests.append(f"{ROW_ID} NOT IN ({MATCHES})")
            parameters.append(" OR ".join(self.unwanted))
        if not include_deleted:
            tests.append(f"{ROW_ID} NOT IN ({_DELETED})")
        sql = " AND ".join(tests).replace(ROW_ID, row_id) or "1"
        return Plan(match, rows, row_id, sql, tuple(parameters))
