"""What the user does to videos: tags, and tombstones that can be lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.records import utc_text
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.texts import read_entries, refresh

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from catalog.database import Writer


def save_tags(connection: Writer, video_id: int, tags: Mapping[str, str]) -> None:
    """Set the user's tags with these keys on a video; other keys stay as they are."""
    before = read_entries(connection, [video_id])
    _remove(connection, video_id, tags)
    rows = [{"video_id": video_id, "key": key, "value": value, "origin": "user"} for key, value in tags.items()]
    insert_rows(connection, "tags", rows)
    refresh(connection, before)


def remove_tags(connection: Writer, video_id: int, keys: Iterable[str]) -> int:
    """Remove the user's tags with these keys from a video, and return how many there were; the provider's tags stay."""
    before = read_entries(connection, [video_id])
    removed = _remove(connection, video_id, keys)
    refresh(connection, before)
    return removed


def delete_video(connection: Writer, video_id: int, deleted_at: datetime) -> None:
    """Put a tombstone on a video: it is hidden, no sync creates it again, and nothing of it is lost."""
    update_rows(connection, "videos", [{"id": video_id, "deleted_at": utc_text(deleted_at)}])


def undelete_video(connection: Writer, video_id: int) -> None:
    """Take the tombstone off a video."""
    update_rows(connection, "videos", [{"id": video_id, "deleted_at": None}])


def _remove(connection: Writer, video_id: int, keys: Iterable[str]) -> int:
    query = "DELETE FROM tags WHERE video_id = :id AND origin = 'user' AND key IN :keys"
    return connection.execute(query, {"id": video_id, "keys": list(keys)}).rowcount
