"""The names of a video: its own id and its aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.rows import encodable, stored
from catalog.store.bulk import insert_rows, select_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection


def write_aliases(connection: Connection, source: str, aliases: Mapping[int, Iterable[str]]) -> None:
    """Keep other ids of videos; an alias that another video has stays with it, and the newest spelling comes last."""
    told = {stored(alias): video_id for video_id, names in aliases.items() for alias in names}
    if not told:
        return
    query = "SELECT alias FROM video_aliases WHERE source = :source AND alias IN :values"
    known = {row[0] for row in select_in(connection, query, told, source=source)}
    rows = [
        {"video_id": video_id, "source": source, "alias": alias}
        for alias, video_id in told.items()
        if alias not in known
    ]
    insert_rows(connection, "video_aliases", rows)


def find_ids(connection: Connection, source: str, remote_ids: Iterable[str]) -> dict[str, int]:
    """The row ids of those of the ids that the library knows, as a video's own id or as an alias of it."""
    wanted = list(remote_ids)
    by_id = "SELECT remote_id, id FROM videos WHERE source = :source AND remote_id IN :values"
    found = {row[0]: row[1] for row in select_in(connection, by_id, wanted, source=source)}
    others = [remote_id for remote_id in wanted if remote_id not in found]
    by_alias = "SELECT alias, video_id FROM video_aliases WHERE source = :source AND alias IN :values"
    return found | {row[0]: row[1] for row in select_in(connection, by_alias, others, source=source)}


def find_video(connection: Connection, source: str, remote_id: str) -> int | None:
    """The row id of a video, by its own id or another of its names; None where the library has none."""
    name = encodable(remote_id)
    return find_ids(connection, source, [name]).get(name)
