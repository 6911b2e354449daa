"""Collections: their paths, what is in them, and which ones videos are in. Hidden videos do not count."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from catalog.choice_reports import Collection
from catalog.errors import NotFound
from catalog.organising import list_levels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.database import Reader

_ALL = "SELECT id, path, note FROM collections ORDER BY path"
_SEEN = "collection_videos JOIN videos ON videos.id = collection_videos.video_id AND videos.deleted_at IS NULL"
_OWN = f"SELECT collection_id, count(*) FROM {_SEEN} GROUP BY collection_id"
_REFS = f"SELECT videos.ref FROM {_SEEN} WHERE collection_id = :id ORDER BY position, collection_videos.id"
_OF_VIDEOS = """
SELECT collection_videos.video_id, collections.path FROM collection_videos
JOIN collections ON collections.id = collection_videos.collection_id
WHERE collection_videos.video_id IN :ids ORDER BY collections.path
"""
_MANY = f"SELECT video_id FROM {_SEEN} WHERE collection_id IN :ids GROUP BY video_id"


def list_collections(connection: Reader, path: str | None = None) -> list[Collection]:
    """All collections in order of path, or one, with the refs of its videos in their order, and those below it.

    Raises NotFound for an unknown one.
    """
    rows = connection.execute(_ALL).fetchall()
    paths = {row["path"]: row["id"] for row in rows}
    if path is not None and path not in paths:
        raise NotFound(f"no collection is called {path}: `catalog collection list` lists them")
    own = dict(connection.execute(_OWN).fetchall())
    within: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for level in list_levels(row["path"]):
            within[level].append(row["id"])
    found = []
    for row in rows:
        name = row["path"]
        if path is None or name == path or name.startswith(f"{path}/"):
            refs = _list_refs(connection, row["id"]) if path is not None else ()
            total = own.get(row["id"], 0) if within[name] == [row["id"]] else _count(connection, within[name])
            found.append(Collection(name, row["note"], own.get(row["id"], 0), total, refs))
    return found


def read_paths(connection: Reader, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The paths of the collections that videos are in, by the row ids of these."""
    found: dict[int, list[str]] = defaultdict(list)
    for video_id, path in connection.execute(_OF_VIDEOS, {"ids": list(ids)}):
        found[video_id].append(path)
    return {video_id: tuple(paths) for video_id, paths in found.items()}


def _list_refs(connection: Reader, number: int) -> tuple[str, ...]:
    return tuple(row[0] for row in connection.execute(_REFS, {"id": number}))


def _count(connection: Reader, numbers: list[int]) -> int:
    """How many videos are in any of these collections, each once."""
    query = f"SELECT count(*) FROM ({_MANY})"
    return int(connection.execute(query, {"ids": numbers}).fetchone()[0])
