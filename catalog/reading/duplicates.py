"""Which files have the same bytes, and what pictures look like, for those that look alike."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from catalog.rows import read_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.database import Reader

PORTION = 500
_UNREAD = """
SELECT picture.sha256, file_places.root, file_places.path FROM (
    SELECT DISTINCT files.sha256 FROM files
    WHERE files.variant = 'thumbnail' AND files.sha256 > :last {among}
    AND NOT EXISTS (SELECT 1 FROM likenesses WHERE likenesses.sha256 = files.sha256)
) AS picture
CROSS JOIN file_places ON file_places.id = (
    SELECT place.id FROM file_places AS place
    WHERE place.sha256 = picture.sha256 AND place.state = 'present' ORDER BY place.root <> '', place.id LIMIT 1
)
ORDER BY picture.sha256 LIMIT :limit
"""
_OF_VIDEOS = """
SELECT DISTINCT likenesses.id FROM files CROSS JOIN likenesses ON likenesses.sha256 = files.sha256
WHERE files.video_id IN :ids AND files.variant = 'thumbnail' AND likenesses.dhash IS NOT NULL
"""
_SHOWING = """
SELECT DISTINCT likenesses.id, files.video_id FROM likenesses
CROSS JOIN files ON files.sha256 = likenesses.sha256 AND files.variant = 'thumbnail'
CROSS JOIN videos ON videos.id = files.video_id AND videos.deleted_at IS NULL
WHERE likenesses.id IN :ids ORDER BY files.video_id
"""
_SAME = """
SELECT files.sha256, files.video_id FROM files CROSS JOIN videos ON videos.id = files.video_id
WHERE files.variant IN ('video', 'image') AND files.sha256 IS NOT NULL AND videos.deleted_at IS NULL
AND files.sha256 IN (
    SELECT sha256 FROM files WHERE sha256 IS NOT NULL AND variant IN ('video', 'image') {among} GROUP BY sha256
    HAVING count(DISTINCT video_id) > 1
    UNION SELECT sha256 FROM file_places WHERE state <> 'missing' {among} GROUP BY sha256 HAVING count(*) > 1
)
GROUP BY files.sha256, files.video_id ORDER BY files.sha256, files.video_id
"""
_PLACES = "SELECT sha256, root, path FROM file_places WHERE sha256 IN :hashes AND state <> 'missing' ORDER BY id"
_OUTPUTS = """
SELECT video_id, sha256 FROM files
WHERE video_id IN :ids AND variant IN ('video', 'image') AND sha256 IS NOT NULL
"""
_REFS = "SELECT id, ref FROM videos WHERE id IN :ids"


class Unread(NamedTuple):
    """A picture that was not looked at yet: `path` is where it lies, relative to `root`.

    `root` is empty for the folder of the library.
    """

    sha256: str
    root: str
    path: str


def list_unread(connection: Reader, after: str, among: Iterable[int] | None = None) -> list[Unread]:
    """The next pictures, after one by its hash, that were not looked at yet, of these videos or of all."""
    query = _UNREAD.format(among="" if among is None else "AND files.video_id IN :among")
    parameters = {"last": after, "limit": PORTION} | ({} if among is None else {"among": list(among)})
    rows = connection.execute(query, parameters)
    return [Unread(row[0], read_path(row[1]), read_path(row[2])) for row in rows]


def list_likenesses(connection: Reader, videos: Iterable[int]) -> list[int]:
    """The likenesses of these videos, by their row ids."""
    return [row[0] for row in connection.execute(_OF_VIDEOS, {"ids": list(videos)})]


def find_showing(connection: Reader, likenesses: Iterable[int]) -> dict[int, list[int]]:
    """The videos that look so, by the row ids of likenesses; hidden ones are left out."""
    found: dict[int, list[int]] = defaultdict(list)
    for likeness, video_id in connection.execute(_SHOWING, {"ids": list(likenesses)}):
        found[likeness].append(video_id)
    return found


def list_same(connection: Reader, hashes: Iterable[str] | None = None) -> dict[str, list[int]]:
    """The hashes of clips and images that several videos have, or that lie in several places, with these videos.

    Of all, or of these `hashes`.
    """
    found: dict[str, list[int]] = defaultdict(list)
    query = _SAME.format(among="" if hashes is None else "AND sha256 IN :hashes")
    for sha256, video_id in connection.execute(query, {} if hashes is None else {"hashes": list(hashes)}):
        found[sha256].append(video_id)
    return found


def find_places(connection: Reader, hashes: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Where bytes lie, by their hash: the roots, which are empty for the folder of the library, and the paths."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for sha256, root, path in connection.execute(_PLACES, {"hashes": list(hashes)}):
        found[sha256].append((read_path(root), read_path(path)))
    return found


def read_refs(connection: Reader, videos: Iterable[int]) -> dict[int, str]:
    """The refs of videos by their row ids."""
    return {row[0]: row[1] for row in connection.execute(_REFS, {"ids": list(videos)})}


def find_outputs(connection: Reader, videos: Iterable[int]) -> dict[int, set[str]]:
    """The hashes of the clips and images of videos."""
    found: dict[int, set[str]] = defaultdict(set)
    for video_id, sha256 in connection.execute(_OUTPUTS, {"ids": list(videos)}):
        found[video_id].add(sha256)
    return found
