"""Collections, and who is in them: each edit is one act in the journal, and can be undone.

A collection is known by its path, and those above it are there too. What is in it stands in an order, by numbers that
only sort: whoever is put between two others gets a number between theirs, and nobody else moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.errors import CatalogError, NotFound
from catalog.organising import list_levels, read_path
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.edits import Changed
from catalog.store.indexes import collecting
from catalog.store.journal import journaled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from catalog.database import Writer
    from catalog.store.journal import Act

_BY_PATH = "SELECT id, path FROM collections WHERE path IN :paths"
_BELOW = """
SELECT id, path FROM collections WHERE path = :path OR (path > :path || '/' AND path < :path || '0') ORDER BY path
"""
_MEMBERS = "SELECT DISTINCT video_id FROM collection_videos WHERE collection_id IN :ids"
_IN = "SELECT video_id FROM collection_videos WHERE collection_id = :id AND video_id IN :ids"
_LAST = "SELECT max(position) FROM collection_videos WHERE collection_id = :id"
_REMOVE = "DELETE FROM collection_videos WHERE collection_id = :id AND video_id IN :ids"
_ORDER = """
SELECT collection_videos.id, video_id, position, deleted_at IS NULL
FROM collection_videos JOIN videos ON videos.id = collection_videos.video_id
WHERE collection_id = :id ORDER BY position, collection_videos.id
"""
_LEAST_GAP = 1e-9  # between two positions, below which all are numbered from 1


def add_to_collection(connection: Writer, ids: Iterable[int], path: str, *, made_at: datetime) -> Changed:
    """Put videos at the end of a collection, in this order, those that are not in it: one edit.

    The levels that are missing are made.
    """
    with journaled(connection, "collect", made_at=made_at, detail=f"into {path}") as act:
        known = _find(connection, list_levels(path))
        if missing := [level for level in list_levels(path) if level not in known]:
            with act.whole("collections"):
                insert_rows(connection, "collections", [{"path": level, "note": None} for level in missing])
        number = _find(connection, [path])[path]
        for videos in act.portions("collection_videos", ids, [str(number)]):
            inside = {row[0] for row in connection.execute(_IN, {"id": number, "ids": videos})}
            new = [video_id for video_id in videos if video_id not in inside]
            last = connection.execute(_LAST, {"id": number}).fetchone()[0] or 0.0
            rows = [
                {"collection_id": number, "video_id": video_id, "position": position}
                for position, video_id in enumerate(new, int(last) + 1)
            ]
            with collecting(connection, new):
                insert_rows(connection, "collection_videos", rows)
    return Changed(act.videos)


def remove_from_collection(connection: Writer, ids: Iterable[int], path: str, *, made_at: datetime) -> Changed:
    """Take videos out of a collection and those below it: one edit. Raises NotFound for an unknown one."""
    below = _require_below(connection, path)
    with journaled(connection, "uncollect", made_at=made_at, detail=f"out of {path}") as act:
        _take_out(connection, act, ids, below.values())
    return Changed(act.videos)


def remove_collection(connection: Writer, path: str, *, made_at: datetime) -> Changed:
    """Take a collection and those below it away, not the videos: one edit. Raises NotFound for an unknown one."""
    below = _require_below(connection, path)
    members = [row[0] for row in connection.execute(_MEMBERS, {"ids": list(below.values())})]
    with journaled(connection, "uncollect", made_at=made_at, detail=f"out of {path} and removed it") as act:
        _take_out(connection, act, members, below.values())
        with act.whole("collections"):
            connection.execute("DELETE FROM collections WHERE id IN :ids", {"ids": list(below.values())})
    return Changed(act.videos)


def _take_out(connection: Writer, act: Act, ids: Iterable[int], numbers: Collection[int]) -> None:
    """Take videos out of collections."""
    for videos in act.portions("collection_videos", ids, list(map(str, numbers))):
        with collecting(connection, videos):
            for number in numbers:
                connection.execute(_REMOVE, {"id": number, "ids": videos})


def note_collection(connection: Writer, path: str, note: str | None, *, made_at: datetime) -> None:
    """Write a note on a collection in the place of the one it has, or take it off: one edit."""
    number = _require_below(connection, path)[path]
    with (
        journaled(connection, "note_collection", made_at=made_at, detail=f"the collection {path}") as act,
        act.whole("collections"),
    ):
        update_rows(connection, "collections", [{"id": number, "note": note}])


def move_collection(connection: Writer, path: str, to: str, *, made_at: datetime) -> None:
    """Give a collection, with those below it, another path; levels that are missing are made: one edit.

    Raises NotFound for an unknown one, CatalogError where it would be inside itself or too deep, or the path is taken.
    """
    below = _require_below(connection, path)
    if to == path:
        return
    if to.startswith(f"{path}/"):
        raise CatalogError(f"the collection {path} cannot be moved into itself: {to}")
    if to in _find(connection, [to]):
        raise CatalogError(f"there is a collection {to} already: remove it, or choose another path")
    members = [row[0] for row in connection.execute(_MEMBERS, {"ids": list(below.values())})]
    rows = [{"id": number, "path": read_path(f"{to}{old[len(path) :]}")} for old, number in below.items()]
    above = list_levels(to)[:-1]
    missing = [level for level in above if level not in _find(connection, above)]
    with (
        journaled(connection, "move_collection", made_at=made_at, detail=f"the collection {path} to {to}") as act,
        act.whole("collections"),
        collecting(connection, members),
    ):
        insert_rows(connection, "collections", [{"path": level, "note": None} for level in missing])
        update_rows(connection, "collections", rows)


def move_in_collection(connection: Writer, path: str, video_id: int, to: int, *, made_at: datetime) -> None:
    """Put a video of a collection at a place in its order, counted from 1; beyond the end is the end: one edit.

    Hidden videos are not counted. Raises NotFound for an unknown collection, CatalogError where the video is not in it.
    """
    number = _require_below(connection, path)[path]
    rows = connection.execute(_ORDER, {"id": number}).fetchall()
    mine = next((row for row in rows if row[1] == video_id), None)
    if mine is None:
        raise CatalogError(f"the video is not in the collection {path}: `catalog collection add` puts it there")
    others = [row for row in rows if row[1] != video_id]
    seen = [index for index, row in enumerate(others) if row[3]]
    to = min(max(to, 1), len(seen) + 1)
    place = seen[to - 1] if to <= len(seen) else len(others)
    before = others[place - 1][2] if place else None
    after = others[place][2] if place < len(others) else None
    position = _between(before, after)
    if position is not None:
        changed = {mine[1]: {"id": mine[0], "position": position}}
    else:
        ordered = [*others[:place], mine, *others[place:]]
        changed = {row[1]: {"id": row[0], "position": float(count)} for count, row in enumerate(ordered, 1)}
    with journaled(connection, "move_video", made_at=made_at, detail=f"to place {to} in {path}") as act:
        for videos in act.portions("collection_videos", changed, [str(number)]):
            update_rows(connection, "collection_videos", [changed[video] for video in videos])


def _between(before: float | None, after: float | None) -> float | None:
    """A position between two others, None where they are too near."""
    if before is None:
        return 1.0 if after is None else after - 1.0
    if after is None:
        return before + 1.0
    return (before + after) / 2 if after - before > _LEAST_GAP else None


def _find(connection: Writer, paths: Iterable[str]) -> dict[str, int]:
    """The row ids of the collections that there are, by path."""
    return {row[1]: row[0] for row in connection.execute(_BY_PATH, {"paths": list(paths)})}


def _require_below(connection: Writer, path: str) -> dict[str, int]:
    """The row ids of a collection and of those below it, by path."""
    below = {row[1]: row[0] for row in connection.execute(_BELOW, {"path": path})}
    if path not in below:
        raise NotFound(f"no collection is called {path}: `catalog collection list` lists them")
    return below
