"""Files that are lost because their source was retired, and those that come back with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.records import utc_text
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.indexes import indexed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from catalog.database import Writer

RETIRED = "its source was retired on "
_BEFORE = "; before that: "

_FAILED = "SELECT id, reason FROM files WHERE video_id IN :ids AND state = 'failed' AND variant IN ('video', 'image')"
_WITHOUT = (
    "SELECT id, kind FROM videos WHERE id IN :ids "
    "AND NOT EXISTS (SELECT 1 FROM files WHERE video_id = videos.id AND variant IN ('video', 'image'))"
)
_LOST = (
    "SELECT files.id, video_id, reason, sha256 FROM files JOIN videos ON videos.id = files.video_id "
    "WHERE files.state = 'lost' AND files.reason LIKE :reason AND videos.source = :source ORDER BY files.id LIMIT 1000"
)


def save_losses(connection: Writer, ids: Iterable[int], *, retired: date, at: datetime) -> None:
    """Keep that the clips and images of these videos that the library does not hold are lost, as the source retired.

    Why a file could not be had before stays part of the reason.
    """
    videos, now, reason = list(ids), utc_text(at), f"{RETIRED}{retired:%Y-%m-%d}"
    with indexed(connection, videos):
        update_rows(
            connection,
            "files",
            [
                {
                    "id": row_id,
                    "state": "lost",
                    "reason": f"{reason}{_BEFORE}{before}" if before else reason,
                    "changed_at": now,
                }
                for row_id, before in connection.execute(_FAILED, {"ids": videos}).fetchall()
            ],
        )
        insert_rows(
            connection,
            "files",
            [
                {
                    "video_id": video_id,
                    "variant": "image" if kind == "image" else "video",
                    "number": 1,
                    "state": "lost",
                    "reason": reason,
                    "changed_at": now,
                }
                for video_id, kind in connection.execute(_WITHOUT, {"ids": videos}).fetchall()
            ],
        )


def bring_back(connection: Writer, source: str, *, at: datetime) -> int:
    """Take back a portion of what `save_losses` kept of a source, and return how many files that were; 0 at the end."""
    rows = connection.execute(_LOST, {"source": source, "reason": f"{RETIRED}%"}).fetchall()
    with indexed(connection, {row[1] for row in rows}):
        update_rows(
            connection,
            "files",
            [
                {"id": row_id, "state": "failed", "reason": reason.partition(_BEFORE)[2], "changed_at": utc_text(at)}
                for row_id, _, reason, _ in rows
                if _BEFORE in reason
            ],
        )
        new = [row_id for row_id, _, reason, _ in rows if _BEFORE not in reason]
        connection.execute("DELETE FROM files WHERE id IN :ids", {"ids": new})
    return len(rows)
