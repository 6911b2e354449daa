"""The names of a video: its own id and its aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.rows import encodable, stored
from catalog.store.bulk import insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.database import Reader, Writer


def write_aliases(connection: Writer, source: str, aliases: Mapping[int, Iterable[str]]) -> None:
    """Keep other ids of videos; an alias that a video has already stays with it, and the newest is last."""
    owners = {stored(alias): video_id for video_id, names in aliases.items() for alias in names}
    if not owners:
        return
    query = "SELECT alias FROM video_aliases WHERE source = :source AND alias IN :aliases"
    existing = {row[0] for row in connection.execute(query, {"source": source, "aliases": list(owners)})}
    rows = [
        {"video_id": video_id, "source": source, "alias": alias}
        for alias, video_id in owners.items()
        if alias not in existing
    ]
    insert_rows(connection, "video_aliases", rows)


def find_ids(connection: Reader, source: str, remote_ids: Iterable[str]) -> dict[str, int]:
    """The row ids of videos by those of these ids that the library has, as a video's own id or as an alias."""
    names = list(remote_ids)
    by_id = "SELECT remote_id, id FROM videos WHERE source = :source AND remote_id IN :names"
    ids = {row[0]: row[1] for row in connection.execute(by_id, {"source": source, "names": names})}
    aliases = [name for name in names if name not in ids]
    if aliases:
        by_alias = "SELECT alias, video_id FROM video_aliases WHERE source = :source AND alias IN :names"
        ids |= {row[0]: row[1] for row in connection.execute(by_alias, {"source": source, "names": aliases})}
    return ids


def find_video(connection: Reader, source: str, remote_id: str) -> int | None:
    """The row id of a video, by its own id or an alias; None if the library has no such video."""
    name = encodable(remote_id)
    return find_ids(connection, source, [name]).get(name)
