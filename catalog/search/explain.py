"""How a query is read: its tree, how many videos each part matches by itself, and by which way they are found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.query_reports import Explanation, QueryPart
from catalog.search.bits import Bits
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.ordering import RANKED, RELEVANCE
from catalog.search.plan import make_plan
from catalog.search.query import And, Not, Term
from catalog.search.steps import list_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Reader
    from catalog.search.plan import Plan
    from catalog.search.query import Node
    from catalog.search.steps import Part


def explain(
    connection: Reader,
    query: str,
    *,
    sort: str | None = None,
    include_deleted: bool = False,
    now: datetime | None = None,
) -> Explanation:
    """How the query is read; the arguments are as for `search`. Raises QueryError."""
    fields, bits, moment = Fields(connection), Bits(connection), now or datetime.now(UTC)

    def plan_of(part: Node | None) -> Plan:
        return make_plan(part, connection, fields, now=moment, include_deleted=include_deleted)

    tree = parse(query)
    plan = plan_of(tree)
    order = plan.order(sort)
    total = len(plan.find(bits))
    return Explanation(
        parts=tuple(_list_parts(tree, 0, plan_of, bits)) if tree else (),
        total=total,
        sort=f"-{order.name}" if order.is_descending else order.name,
        ranked=RANKED if order.name == RELEVANCE and total > RANKED else None,
        notes=plan.notes,
    )


def _list_parts(node: Node, depth: int, plan_of: Callable[[Node], Plan], bits: Bits) -> Iterator[QueryPart]:
    plan = plan_of(node)
    videos = len(plan.find(bits))
    if isinstance(node, Term):
        yield QueryPart(depth, str(node), videos, _list_ways(plan))
        return
    operator = "NOT" if isinstance(node, Not) else "AND" if isinstance(node, And) else "OR"
    yield QueryPart(depth, operator, videos)
    for operand in (node.operand,) if isinstance(node, Not) else node.operands:
        yield from _list_parts(operand, depth + 1, plan_of, bits)


def _list_ways(plan: Plan) -> tuple[str, ...]:
    """How the videos of a single term are found."""
    if plan.sort:
        return ("the order of the matches",)
    steps = (*plan.wanted, *plan.unwanted)
    return tuple(dict.fromkeys(_name_way(part) for step in steps for part in list_parts(step)))


def _name_way(part: Part) -> str:
    if part.expression is not None:
        return f"full-text index: {part.expression}"
    if part.picks is not None:
        return f"bitmaps: {', '.join(dict.fromkeys(pick.field for pick in part.picks))}"
    return "reads every row" if part.scans else "an index of the table"
