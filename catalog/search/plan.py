"""A query as a plan: the steps that find its videos, in which order, and what the page says about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.search.bits import bitmap
from catalog.search.condition import Setting
from catalog.search.evaluator import Evaluator
from catalog.search.fields import get_order
from catalog.search.ordering import RELEVANCE, Order
from catalog.search.query import And
from catalog.search.steps import Compiler, Part, join_and, list_words, take_sort

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.bits import Bits
    from catalog.search.fields import Fields
    from catalog.search.query import Node, Value
    from catalog.search.steps import Step

NEWEST = "-created_at"


class Plan(NamedTuple):
    """What finds the videos of a query: the steps that must find a video, and those that must not.

    `match` is the expression of the words that relevance is about, None where the query lacks words, and `any_match`
    the one of any word of the query. `fragments` are the texts that it looks for, for snippets that the index cannot
    make; `notes` are remarks for the author of the query, and `sort` is what the query itself asks to sort by.
    """

    wanted: tuple[Step, ...]
    unwanted: tuple[Step, ...]
    finds_nothing: bool
    include_deleted: bool
    match: str | None
    any_match: str = ""
    fragments: tuple[Value, ...] = ()
    notes: tuple[str, ...] = ()
    sort: str | None = None

    def find(self, bits: Bits, *, without: str | None = None) -> BitMap:
        """The videos that match; `without` is a field whose terms are ignored, of those that stand by themselves."""
        if self.finds_nothing:
            return bitmap()
        step = join_and(*(_leave_out(steps, without) for steps in (self.wanted, self.unwanted)))
        found = bits.all if step is None else Evaluator(bits).find(step)
        return found if self.include_deleted else found - bits.deleted

    def asks_of(self, field: str) -> bool:
        """Whether terms of a field stand by themselves, so that without them the query finds more."""
        return any(isinstance(step, Part) and step.field == field for step in (*self.wanted, *self.unwanted))

    def order(self, sort: str | None) -> Order:
        """The order asked for, by default relevance where there are words, else newest first; raises QueryError."""
        sort = sort or self.sort
        if sort is None or sort == RELEVANCE:
            return Order(RELEVANCE) if self.match else get_sort(NEWEST)
        return get_sort(sort)


def get_sort(sort: str) -> Order:
    """The order of a field, with `-` before it for descending; raises QueryError."""
    field = get_order(sort.removeprefix("-"))
    return Order(field.name, field.order or field.sql, sort.startswith("-"))


def _leave_out(steps: Sequence[Step], field: str | None) -> list[Step]:
    return [step for step in steps if field is None or not isinstance(step, Part) or step.field != field]


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
    sort, terms = take_sort(operands)
    wanted, unwanted = compiler.split(terms)
    return Plan(
        tuple(wanted),
        tuple(unwanted),
        finds_nothing=bool(terms) and not (wanted or unwanted),
        include_deleted=include_deleted or compiler.asks_for_deleted,
        match=" AND ".join(list_words(wanted)[0]) or None,
        any_match=" OR ".join(compiler.words),
        fragments=tuple(compiler.fragments),
        notes=tuple(notes),
        sort=sort or compiler.sort,
    )
