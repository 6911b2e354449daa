"""The bytes that a library holds, hash by hash: where they should lie, and which files of videos they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.rows import read_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.database import Reader

PORTION = 500

_STORED = """
SELECT sha256, max(size), max(state = 'damaged'), max(type) FROM files
WHERE sha256 > :after GROUP BY sha256 ORDER BY sha256 LIMIT :limit
"""
_PLACES = "SELECT sha256, root, path, state FROM file_places WHERE sha256 IN :hashes ORDER BY id"
_ARCHIVED = "SELECT DISTINCT sha256 FROM archives WHERE sha256 IN :hashes"
_OWNERS = """
SELECT files.sha256, files.id, videos.ref, files.variant, files.number, files.origin,
videos.remote_id = substr(files.sha256, 1, 32)
FROM files CROSS JOIN videos ON videos.id = files.video_id WHERE files.sha256 IN :hashes ORDER BY files.id
"""
_KNOWN = """
SELECT path FROM file_places WHERE root = '' AND path IN :paths
AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = file_places.sha256)
"""
_WHOLE = """
SELECT id FROM files WHERE id IN :ids AND state = 'present'
AND EXISTS (SELECT 1 FROM file_places WHERE file_places.sha256 = files.sha256 AND file_places.state = 'present')
"""


class Spot(NamedTuple):
    """A place of bytes: `path` is relative to `root`, which is empty for the folder of the library."""

    root: str
    path: str
    state: str


class Stored(NamedTuple):
    """Bytes with one hash, which are or were held, and all their places."""

    sha256: str
    size: int | None
    is_damaged: bool
    is_archived: bool
    places: tuple[Spot, ...]
    type: str | None = None


class Owner(NamedTuple):
    """A file of a video that such bytes are; it `is_alone` where the file is all that is known of the video."""

    file_id: int
    ref: str
    variant: str
    number: int
    origin: str | None
    is_alone: bool = False


def list_stored(connection: Reader, after: str = "", limit: int = PORTION) -> list[Stored]:
    """The next bytes after this hash, in the order of hashes."""
    rows = connection.execute(_STORED, {"after": after, "limit": limit}).fetchall()
    hashes = [row[0] for row in rows]
    places: dict[str, list[Spot]] = {}
    for sha256, root, path, state in connection.execute(_PLACES, {"hashes": hashes}) if hashes else ():
        places.setdefault(sha256, []).append(Spot(read_path(root), read_path(path), state))
    archived = {row[0] for row in connection.execute(_ARCHIVED, {"hashes": hashes})} if hashes else ()
    return [
        Stored(sha256, size, bool(is_damaged), sha256 in archived, tuple(places.get(sha256, ())), media_type)
        for sha256, size, is_damaged, media_type in rows
    ]


def count_stored(connection: Reader) -> int:
    """How many different bytes are or were held."""
    return int(connection.execute("SELECT count(DISTINCT sha256) FROM files").fetchone()[0])


def list_owners(connection: Reader, hashes: Iterable[str]) -> dict[str, list[Owner]]:
    """The files of videos that these bytes are, by hash."""
    owners: dict[str, list[Owner]] = {}
    for sha256, *owner in connection.execute(_OWNERS, {"hashes": list(hashes)}):
        owners.setdefault(sha256, []).append(Owner(*owner))
    return owners


def find_known(connection: Reader, paths: Iterable[str]) -> set[str]:
    """Those of these paths in the folder of the library where bytes of a video should lie."""
    return {row[0] for row in connection.execute(_KNOWN, {"paths": list(paths)})}


def find_whole(connection: Reader, file_ids: Iterable[int]) -> set[int]:
    """Those of these files whose bytes are there, and whole as far as is known."""
    return {row[0] for row in connection.execute(_WHOLE, {"ids": list(file_ids)})}


def read_refs(connection: Reader, ids: Iterable[int]) -> dict[int, str]:
    """The refs of videos, by row id."""
    return dict(map(tuple, connection.execute("SELECT id, ref FROM videos WHERE id IN :ids", {"ids": list(ids)})))


def read_newest(connection: Reader) -> int:
    """The largest row id of a video, 0 where there is none."""
    return int(connection.execute("SELECT max(id) FROM videos").fetchone()[0] or 0)


def list_damaged(connection: Reader) -> set[str]:
    """The hashes of the bytes that are known not to be whole any more."""
    query = "SELECT DISTINCT sha256 FROM files WHERE state = 'damaged' AND sha256 IS NOT NULL"
    return {row[0] for row in connection.execute(query)}
