"""All videos that match a query, and no more of them than what a journey through them needs."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.errors import QueryError
from catalog.reading.names import VideoName
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.plan import NEWEST, make_plan

if TYPE_CHECKING:
    from catalog.database import Reader

_DELETED = "WHERE id IN (SELECT id FROM videos WHERE deleted_at IS NOT NULL)"


def list_matches(
    connection: Reader,
    query: str = "",
    *,
    sort: str | None = None,
    include_deleted: bool = False,
    now: datetime | None = None,
) -> array[int]:
    """The row ids of all videos that match, in the order of `sort`, as for `search`; raises QueryError."""
    fields, now = Fields(connection), now or datetime.now(UTC)
    plan = make_plan(parse(query), connection, fields, now=now, include_deleted=include_deleted)
    order = plan.order(sort)
    sql = f"SELECT id FROM ({plan.select(f'{order.sql} AS sort_value')}) ORDER BY {order.sql_order}"
    return array("q", (row[0] for row in connection.execute(sql, plan.parameters)))


def list_match_names(
    connection: Reader, query: str, *, only_deleted: bool = False, now: datetime | None = None
) -> list[VideoName]:
    """Every video that matches, newest first; with `only_deleted`, every one of those that the user deleted.

    Raises QueryError, also for a query that a search would read otherwise than it is written: these are to be changed.
    """
    fields, now = Fields(connection), now or datetime.now(UTC)
    plan = make_plan(parse(query), connection, fields, now=now, include_deleted=only_deleted)
    if plan.notes:
        raise QueryError(f"{plan.notes[0]}; a change takes a query only as it is written")
    order = plan.order(NEWEST)
    hits = plan.select("videos.source", "videos.remote_id", f"{order.sql} AS sort_value")
    sql = f"SELECT id, source, remote_id FROM ({hits}) {_DELETED if only_deleted else ''} ORDER BY {order.sql_order}"
    return [VideoName(*row) for row in connection.execute(sql, plan.parameters)]
