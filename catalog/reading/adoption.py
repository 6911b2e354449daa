"""Files that are all that is known of a video, and jobs that have no file: what may belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.matching import Orphan, Waiting
from catalog.records import read_utc
from catalog.rows import read_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.database import Reader

_ORPHANS = """
SELECT videos.id, videos.ref, videos.prompt, files.variant, files.seconds, files.width, files.height,
coalesce(files.made_at, videos.created_at), file_places.root, file_places.path
FROM files CROSS JOIN videos ON videos.id = files.video_id
LEFT JOIN file_places ON file_places.id = (
    SELECT place.id FROM file_places AS place WHERE place.sha256 = files.sha256 AND place.root <> ''
    ORDER BY place.state <> 'present', place.id LIMIT 1
)
WHERE files.origin = 'file' AND videos.remote_id = substr(files.sha256, 1, 32) AND videos.deleted_at IS NULL
ORDER BY videos.id
"""
_WAITING = """
SELECT videos.id, videos.ref, videos.remote_id, videos.prompt, videos.kind, videos.seconds, videos.width, videos.height,
videos.created_at, videos.completed_at
FROM videos WHERE videos.deleted_at IS NULL AND videos.status NOT IN ('failed', 'queued', 'in_progress')
AND NOT EXISTS (
    SELECT 1 FROM files WHERE files.video_id = videos.id AND files.variant IN ('video', 'image')
    AND files.sha256 IS NOT NULL
)
ORDER BY videos.id
"""
_ALIASES = "SELECT alias, video_id FROM video_aliases"


def list_orphans(connection: Reader) -> list[Orphan]:
    """The videos that are known by their files alone."""
    make_orphan: Callable[..., Orphan] = Orphan
    return [
        make_orphan(
            *tuple(row)[:7],
            read_utc(row[7]),
            None if row[9] is None else f"{read_path(row[8])}/{read_path(row[9])}",
        )
        for row in connection.execute(_ORPHANS)
    ]


def list_waiting(connection: Reader) -> list[Waiting]:
    """The jobs without a file."""
    aliases: dict[int, list[str]] = {}
    for alias, video_id in connection.execute(_ALIASES):
        aliases.setdefault(video_id, []).append(alias)
    make_waiting: Callable[..., Waiting] = Waiting
    return [
        make_waiting(
            row[0],
            row[1],
            (row[2], *aliases.get(row[0], ())),
            *tuple(row)[3:8],
            read_utc(row[8]),
            read_utc(row[9]),
        )
        for row in connection.execute(_WAITING)
    ]
