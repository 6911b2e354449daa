"""All videos that match a query, and no more of them than what a journey through them needs."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.errors import QueryError
from catalog.reading.names import VideoName
from catalog.search.bits import Bits
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.ordering import Orderer
from catalog.search.plan import NEWEST, make_plan

if TYPE_CHECKING:
    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.plan import Plan

_NAMES = "SELECT id, source, remote_id FROM videos WHERE id IN :ids"


def list_matches(
    connection: Reader,
    query: str = "",
    *,
    sort: str | None = None,
    limit: int | None = None,
    include_deleted: bool = False,
    now: datetime | None = None,
) -> array[int]:
    """The row ids of all videos that match, or of the first ones, in the order of `sort`, as for `search`.

    Raises QueryError.
    """
    fields, now = Fields(connection), now or datetime.now(UTC)
    plan = make_plan(parse(query), connection, fields, now=now, include_deleted=include_deleted)
    return _list_ordered(connection, plan, sort, limit)


def find_matches(connection: Reader, query: str, *, now: datetime | None = None) -> BitMap:
    """The row ids of all videos that match, in no order; raises QueryError."""
    plan = make_plan(parse(query), connection, Fields(connection), now=now or datetime.now(UTC))
    return plan.find(Bits(connection))


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
    ids = _list_ordered(connection, plan, NEWEST, None, only_deleted=only_deleted).tolist()
    names = {row[0]: VideoName(*row) for row in connection.execute(_NAMES, {"ids": ids})}
    return [names[video_id] for video_id in ids]


def _list_ordered(
    connection: Reader, plan: Plan, sort: str | None, limit: int | None, *, only_deleted: bool = False
) -> array[int]:
    bits = Bits(connection)
    hits = plan.find(bits)
    if only_deleted:
        hits &= bits.deleted
    orderer = Orderer(connection, bits, plan.order(sort), plan.match)
    places = orderer.list_next(hits, None, len(hits) if limit is None else limit)
    return array("q", (video_id for video_id, _ in places))
