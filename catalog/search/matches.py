"""All videos that match a query, for an edit of them: their names, and no more of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.reading.names import VideoName
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.plan import NEWEST, make_plan

if TYPE_CHECKING:
    from catalog.database import Reader

_DELETED = "WHERE id IN (SELECT id FROM videos WHERE deleted_at IS NOT NULL)"


def list_match_names(
    connection: Reader, query: str, *, only_deleted: bool = False, now: datetime | None = None
) -> list[VideoName]:
    """Every video that matches, newest first; with `only_deleted`, every one of those that the user deleted.

    Raises QueryError.
    """
    plan = make_plan(parse(query), Fields(connection), now=now or datetime.now(UTC), include_deleted=only_deleted)
    order = plan.order(NEWEST)
    hits = plan.select("videos.source", "videos.remote_id", f"{order.sql} AS sort_value")
    sql = f"SELECT id, source, remote_id FROM ({hits}) {_DELETED if only_deleted else ''} ORDER BY {order.sql_order}"
    return [VideoName(*row) for row in connection.execute(sql, plan.parameters)]
