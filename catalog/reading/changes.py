"""Plain reads: how a video changed, as servers reported it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.reading.names import get_name
from catalog.records import read_utc
from catalog.reports import Change

if TYPE_CHECKING:
    from catalog.database import Reader


def list_changes(connection: Reader, ref: str) -> list[Change]:
    """What changed on a video, oldest first; raises NotFound."""
    name = get_name(connection, ref)
    query = "SELECT field, old, new, observed_at FROM changes WHERE video_id = :id ORDER BY observed_at, id"
    rows = connection.execute(query, {"id": name.id})
    return [Change(name.ref, field, old, new, moment) for field, old, new, text in rows if (moment := read_utc(text))]
