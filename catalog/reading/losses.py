"""What is lost when a source retires: the videos of it whose bytes the library does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.reading.outcomes import HAS_FAILED
from catalog.upkeep_reports import LostVideo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.database import Reader

# Jobs that ended without a video have no bytes to lose. A job is lost as long as one clip or image of it is.
_WITHOUT = f"""
SELECT id FROM videos WHERE source = :source AND id > :after AND deleted_at IS NULL
AND NOT {HAS_FAILED} AND (
  NOT EXISTS (SELECT 1 FROM files WHERE video_id = videos.id AND variant IN ('video', 'image'))
  OR EXISTS (SELECT 1 FROM files WHERE video_id = videos.id AND variant IN ('video', 'image') AND state = 'failed')
) ORDER BY id LIMIT :limit
"""
_LOST = """
SELECT DISTINCT video_id FROM files JOIN videos ON videos.id = files.video_id
WHERE files.state = 'lost' AND files.variant IN ('video', 'image') AND videos.source = :source
AND videos.deleted_at IS NULL
"""
_NAMED = "SELECT ref, status, cost_usd, cost_basis FROM videos WHERE id IN :ids ORDER BY created_at DESC, id DESC"


def list_without_bytes(connection: Reader, source: str, after: int = 0, limit: int = 1000) -> list[int]:
    """The next videos of a source after this row whose clips or images the library lacks, lost ones left out."""
    return [row[0] for row in connection.execute(_WITHOUT, {"source": source, "after": after, "limit": limit})]


def list_lost(connection: Reader, source: str) -> list[int]:
    """The videos of a source of which a clip or an image is lost."""
    return [row[0] for row in connection.execute(_LOST, {"source": source})]


def describe_lost(connection: Reader, ids: Sequence[int], limit: int) -> tuple[LostVideo, ...]:
    """The newest of these videos, with what each cost."""
    rows = connection.execute(f"{_NAMED} LIMIT :limit", {"ids": list(ids), "limit": limit})
    return tuple(LostVideo(ref, status, usd, basis or "unknown") for ref, status, usd, basis in rows)
