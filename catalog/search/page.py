"""The questions of a reader: which videos match, page by page or all, and how many there are, of each kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalog.errors import QueryError
from catalog.reading.videos import read_videos
from catalog.records import Page
from catalog.search.counts import count_matches, count_values
from catalog.search.cursor import read_cursor, write_cursor
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.plan import make_plan
from catalog.search.query import list_terms
from catalog.search.snippets import read_snippets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalog.database import Reader
    from catalog.records import FacetCount
    from catalog.search.fields import Field
    from catalog.search.plan import Order, Plan
    from catalog.search.query import Node

MAX_PAGE = 1000
FACET_VALUES = 20


def search(
    connection: Reader,
    query: str = "",
    *,
    facets: Sequence[str] = (),
    sort: str | None = None,
    limit: int = 20,
    after: str | None = None,
    snippets: bool = True,
    include_deleted: bool = False,
    now: datetime | None = None,
) -> Page:
    """One page of the videos that match, at most `limit` of them, and the exact number of all matches.

    `sort` is `relevance` (the default where there are words) or a field, with `-` before it for descending, such as
    `-created_at` (the default elsewhere). `after` is `next` of the page before: videos that arrive meanwhile neither
    repeat nor hide one, except that they shift relevance a little. Each facet has its 20 most frequent values among all
    matches. The videos are whole, with tags, links and facets. `now` is the time that `-7d` counts from. Raises
    QueryError.
    """
    _check_limit(limit, 0)
    tree = parse(query)
    fields = Fields(connection)
    plan = make_plan(tree, connection, fields, now=now or datetime.now(UTC), include_deleted=include_deleted)
    order = plan.order(sort)
    question = json.dumps([str(tree), order.name, order.is_descending, include_deleted])
    start = None if after is None else read_cursor(question, after)

    def count_part(part: Node) -> int:
        part_plan = make_plan(part, connection, fields, now=now or datetime.now(UTC), include_deleted=include_deleted)
        return count_matches(connection, part_plan)

    counted = [fields.get_facet(name) for name in facets]
    total, counts = _count(connection, plan, counted)
    matches = _find_matches(connection, plan.first(order, total), order, start, limit + 1) if limit else []
    ids = [video_id for video_id, _ in matches[:limit]]
    videos = read_videos(connection, ids)
    texts = read_snippets(connection, plan, ids) if snippets and ids else {}
    cursor = None
    if len(matches) > limit:
        last_id, sort_value = matches[limit - 1]
        cursor = write_cursor(question, sort_value, last_id)
    return Page(
        videos=tuple(videos.values()),
        total=total,
        facets=counts,
        snippets={videos[video_id].ref: texts[video_id] for video_id in videos if video_id in texts},
        next=cursor,
        notes=(*plan.notes, *_remark(connection, tree, fields, counted, total, count_part)),
    )


def count(connection: Reader, query: str = "", *, include_deleted: bool = False, now: datetime | None = None) -> int:
    """How many videos match, exactly; raises QueryError."""
    return count_matches(connection, _plan(connection, query, include_deleted, now))


def count_facets(
    connection: Reader,
    names: Sequence[str] = (),
    query: str = "",
    limit: int = FACET_VALUES,
    *,
    now: datetime | None = None,
) -> dict[str, tuple[FacetCount, ...]]:
    """For each facet its `limit` most frequent values among the videos that match, by count, then by value.

    Without names: every facet that any of these videos has, except the open ones of prompts (subject, action, setting,
    dialogue), which have too many values to read. Raises QueryError.
    """
    _check_limit(limit, 1)
    fields = Fields(connection)
    plan = make_plan(parse(query), connection, fields, now=now or datetime.now(UTC))
    wanted = [fields.get_facet(name) for name in names] or fields.list_facets()
    _, counts = count_values(connection, plan, wanted, limit)
    return {name: values for name, values in counts.items() if names or any(item.value is not None for item in values)}


def _plan(connection: Reader, query: str, include_deleted: bool, now: datetime | None) -> Plan:
    now = now or datetime.now(UTC)
    return make_plan(parse(query), connection, Fields(connection), now=now, include_deleted=include_deleted)


def _count(connection: Reader, plan: Plan, facets: Sequence[Field]) -> tuple[int, dict[str, tuple[FacetCount, ...]]]:
    if facets:
        return count_values(connection, plan, facets, FACET_VALUES)
    return count_matches(connection, plan), {}


def _remark(
    connection: Reader,
    query: Node | None,
    fields: Fields,
    counted: Sequence[Field],
    total: int,
    count_part: Callable[[Node], int],
) -> list[str]:
    """Remarks on a query that finds nothing, and on prompts that nothing is known of yet."""
    if total and not counted and all(term.name is None for term, _ in list_terms(query)):
        return []
    from catalog.search.remarks import remark_on_facets, remark_on_nothing

    nothing = [] if total else remark_on_nothing(connection, query, fields, count_part)
    return [*remark_on_facets(connection, query, fields, counted), *nothing]


def _find_matches(
    connection: Reader, plan: Plan, order: Order, start: tuple[Any, int] | None, limit: int
) -> list[tuple[int, Any]]:
    """The row id and the sort value of the next `limit` matches, in order."""
    test, values = ("1", []) if start is None else order.after(*start)
    sql = (
        f"WITH hits AS ({plan.select(f'{order.sql} AS sort_value')}) "
        f"SELECT id, sort_value FROM hits WHERE {test} ORDER BY {order.sql_order} LIMIT {limit:d}"
    )
    return [(row[0], row[1]) for row in connection.execute(sql, [*plan.parameters, *values])]


def _check_limit(limit: int, lowest: int) -> None:
    if not lowest <= limit <= MAX_PAGE:
        raise QueryError(f"the limit {limit} is not between {lowest} and {MAX_PAGE:,}")
