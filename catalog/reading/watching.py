"""What the library knows of watched folders: the roots, and the files below each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.database import gathered
from catalog.records import read_utc
from catalog.rows import read_path, stored_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from catalog.database import Reader

PORTION = 200
_ROOTS = "SELECT path, state, reason, device, source, is_watched, scanned_at FROM roots ORDER BY path"
_COUNT = "SELECT count(*) FROM file_places WHERE root = :root AND state <> 'missing'"
_KNOWN = """
SELECT path, size, mtime_ns, inode FROM file_places WHERE root = :root AND path > :after AND state <> 'missing'
ORDER BY path LIMIT :limit
"""
_IS_FINE = "state = 'present' AND missed_at IS NULL"
_PLACES = f"""
SELECT path, size, mtime_ns, ctime_ns, inode, id, {_IS_FINE} FROM file_places WHERE root = :root AND path {{}}
"""
_STAMPS = f"""
SELECT {", ".join(map(gathered, ("path", "size", "mtime_ns", "ctime_ns", "inode", "id")))},
count(CASE WHEN {_IS_FINE} THEN 1 END) FROM file_places WHERE root = :root AND path {{}}
"""
_SCANNED = """
SELECT path, size, mtime_ns, ctime_ns, inode, id, state = 'read' FROM scanned_files WHERE root = :root AND path {}
"""
_PLACE_IDS = "SELECT id FROM file_places WHERE root = :root"
_SCANNED_IDS = "SELECT id FROM scanned_files WHERE root = :root"
_DETAILS = "SELECT id, path, state, missed_at FROM file_places WHERE id IN :ids"
_PATHS = "SELECT id, path FROM scanned_files WHERE id IN :ids"
_LYING = "SELECT id, sha256, root, path FROM file_places WHERE sha256 IN :hashes AND root <> '' ORDER BY id"
_GROWING = (
    "SELECT root, path, reason, since FROM scanned_files WHERE state = 'growing' ORDER BY root, path LIMIT :limit"
)
_COUNTS = "SELECT root, count(*) FROM file_places WHERE root <> '' AND state <> 'missing' GROUP BY root"
_GROWING_COUNTS = "SELECT root, count(*) FROM scanned_files WHERE state = 'growing' GROUP BY root"


class KeptRoot(NamedTuple):
    """A root as the library knows it."""

    path: str
    state: str
    reason: str | None
    device: int | None
    source: str | None
    is_watched: bool
    scanned_at: datetime | None


class Lying(NamedTuple):
    """A place of bytes below a root."""

    id: int
    sha256: str
    root: str
    path: str


class Stamped(NamedTuple):
    """Places below a root: the stamps of their files by path, their rows, and whether all are as they should be."""

    stamps: dict[str, tuple[int, int, int, int]]
    ids: list[int]
    are_fine: bool


class Unseen(NamedTuple):
    """A place that a scan has not seen; `is_missed` where an earlier one had not, either."""

    id: int
    path: str
    state: str
    is_missed: bool


class Unfinished(NamedTuple):
    """A growing file: why it is not taken in, and since when it is known."""

    root: str
    path: str
    reason: str | None
    since: datetime


def list_roots(connection: Reader) -> list[KeptRoot]:
    """All roots, by path."""
    return [
        KeptRoot(read_path(row[0]), row[1], row[2], row[3], row[4], bool(row[5]), read_utc(row[6]))
        for row in connection.execute(_ROOTS)
    ]


def count_places(connection: Reader, root: str) -> int:
    """How many files should lie below a root."""
    return int(connection.execute(_COUNT, {"root": stored_path(root)}).fetchone()[0])


def count_all_places(connection: Reader, root: str) -> int:
    """How many places the library knows below a root, missing ones too."""
    query = "SELECT count(*) FROM file_places WHERE root = :root"
    return int(connection.execute(query, {"root": stored_path(root)}).fetchone()[0])


def list_known(connection: Reader, root: str, after: str) -> list[tuple[Any, ...]]:
    """The next files, after this path, that should lie below a root: path, bytes, time of change, inode."""
    parameters = {"root": stored_path(root), "after": stored_path(after), "limit": PORTION}
    return [(read_path(row[0]), *tuple(row)[1:]) for row in connection.execute(_KNOWN, parameters)]


def read_stamps(connection: Reader, root: str, paths: Collection[str], *, is_flat: bool = False) -> Stamped | None:
    """What is known of the places below a root that have these paths; None where one cannot be in JSON.

    Where these are all files of a folder without another one in it, `is_flat`, they are looked for from the first to
    the last, which takes two thirds of the time; what has gone since is among the answers then.
    """
    parameters: dict[str, Any] = {"root": stored_path(root)}
    if "".join(paths).isascii():
        query = _STAMPS.format(">= :first AND path <= :last" if is_flat else "IN :paths")
        parameters |= {"first": min(paths), "last": max(paths)} if is_flat else {"paths": list(paths)}
    elif any(isinstance(stored_path(path), bytes) for path in paths):
        return None
    else:
        query = _STAMPS.format("IN :paths")
        parameters |= {"paths": list(paths)}
    *columns, fine = connection.execute(query, parameters).fetchone()
    found, sizes, mtimes, ctimes, inodes, ids = map(json.loads, columns)
    stamps = dict(zip(found, zip(sizes, mtimes, ctimes, inodes, strict=True), strict=True))
    return Stamped(stamps, ids, fine == len(ids))


def find_places(connection: Reader, root: str, paths: Sequence[str]) -> dict[str, Any]:
    """The places below a root that have these paths: path, stamp, row, and whether they are as they should be."""
    return _find(connection, _PLACES, root, paths)


def find_scanned(connection: Reader, root: str, paths: Sequence[str]) -> dict[str, Any]:
    """What is remembered of other files below a root: path, stamp, row, and whether they were read."""
    return _find(connection, _SCANNED, root, paths)


def _find(connection: Reader, query: str, root: str, paths: Sequence[str]) -> dict[str, Any]:
    where = stored_path(root)
    others = [path for path in paths if not path.isascii() and isinstance(stored_path(path), bytes)]
    texts = list(set(paths).difference(others)) if others else list(paths)
    rows = connection.execute(query.format("IN :paths"), {"root": where, "paths": texts}).fetchall()
    found = {row[0]: row for row in rows}
    for path in others:  # JSON, in which lists reach SQL, holds no bytes
        row = connection.execute(query.format("= :path"), {"root": where, "path": stored_path(path)}).fetchone()
        if row is not None:
            found[path] = row
    return found


def list_place_ids(connection: Reader, root: str) -> Iterator[int]:
    """The rows of all places below a root."""
    return (row[0] for row in connection.execute(_PLACE_IDS, {"root": stored_path(root)}))


def list_scanned_ids(connection: Reader, root: str) -> Iterator[int]:
    """The rows of all other files below a root."""
    return (row[0] for row in connection.execute(_SCANNED_IDS, {"root": stored_path(root)}))


def read_unseen(connection: Reader, ids: Iterable[int]) -> list[Unseen]:
    """These places."""
    rows = connection.execute(_DETAILS, {"ids": list(ids)})
    return [Unseen(row[0], read_path(row[1]), row[2], row[3] is not None) for row in rows]


def read_scanned_paths(connection: Reader, ids: Iterable[int]) -> dict[int, str]:
    """The paths of other files, by row."""
    return {row[0]: read_path(row[1]) for row in connection.execute(_PATHS, {"ids": list(ids)})}


def list_lying(connection: Reader, hashes: Iterable[str]) -> dict[str, list[Lying]]:
    """The places below roots where bytes with these hashes lie, by hash."""
    lying: dict[str, list[Lying]] = {}
    for row in connection.execute(_LYING, {"hashes": list(hashes)}):
        lying.setdefault(row[1], []).append(Lying(row[0], row[1], read_path(row[2]), read_path(row[3])))
    return lying


def list_growing(connection: Reader, limit: int) -> list[Unfinished]:
    """The files that are not finished, the first of them."""
    rows = connection.execute(_GROWING, {"limit": limit})
    return [Unfinished(read_path(row[0]), read_path(row[1]), row[2], read_utc(row[3])) for row in rows]  # type: ignore[arg-type]


def count_by_root(connection: Reader) -> tuple[dict[str, int], dict[str, int]]:
    """How many files lie below each root, and how many are growing there."""
    files, growing = (
        {read_path(row[0]): row[1] for row in connection.execute(query)} for query in (_COUNTS, _GROWING_COUNTS)
    )
    return files, growing
