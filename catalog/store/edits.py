"""What the user does to videos: tags, and tombstones that can be lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, update

from catalog.store.texts import read_entries, refresh
from catalog.tables import Tags, Videos

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


def save_tags(connection: Connection, video_id: int, tags: Mapping[str, str]) -> None:
    """Set the user's tags with these keys on a video; other keys stay as they are."""
    before = read_entries(connection, [video_id])
    _remove(connection, video_id, tags)
    rows = [{"video_id": video_id, "key": key, "value": value, "origin": "user"} for key, value in tags.items()]
    connection.execute(insert(Tags), rows)
    refresh(connection, before)


def remove_tags(connection: Connection, video_id: int, keys: Iterable[str]) -> int:
    """Take the user's tags with these keys off a video: how many there were. The provider's tags stay."""
    before = read_entries(connection, [video_id])
    removed = _remove(connection, video_id, keys)
    refresh(connection, before)
    return removed


def delete_video(connection: Connection, video_id: int, deleted_at: datetime) -> None:
    """Put a tombstone on a video: hidden, never made anew by a sync, nothing of it lost."""
    _bury(connection, video_id, deleted_at)


def undelete_video(connection: Connection, video_id: int) -> None:
    """Take the tombstone off a video."""
    _bury(connection, video_id, None)


def _bury(connection: Connection, video_id: int, deleted_at: datetime | None) -> None:
    statement = update(Videos).where(Videos.__table__.c.id == bindparam("video")).values(deleted_at=bindparam("at"))  # type: ignore[attr-defined]
    connection.execute(statement, {"video": video_id, "at": deleted_at})


def _remove(connection: Connection, video_id: int, keys: Iterable[str]) -> int:
    columns = Tags.__table__.c  # type: ignore[attr-defined]
    statement = delete(Tags).where(columns.video_id == video_id, columns.origin == "user", columns.key.in_(list(keys)))
    return connection.execute(statement).rowcount
