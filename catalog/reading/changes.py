"""Plain reads: how a video changed, as servers reported it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.reading.names import get_name
from catalog.records import read_utc
from catalog.reports import Change
from catalog.wire.cuts import MAX_TEXT

if TYPE_CHECKING:
    from catalog.database import Reader


def list_changes(connection: Reader, ref: str) -> list[Change]:
    """What changed on a video, oldest first; raises NotFound."""
    name = get_name(connection, ref)
    values = f"substr(old, 1, {MAX_TEXT}), substr(new, 1, {MAX_TEXT})"  # an old version kept texts of any length
    query = f"SELECT field, {values}, observed_at FROM changes WHERE video_id = :id ORDER BY observed_at, id"
    rows = connection.execute(query, {"id": name.id})
    return [Change(name.ref, field, old, new, moment) for field, old, new, text in rows if (moment := read_utc(text))]
