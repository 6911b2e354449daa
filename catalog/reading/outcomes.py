"""What became of jobs, as SQL on a row of `videos` with the row of `annotations` that may belong to it."""

from __future__ import annotations

FAILED_STATUSES = ("failed", "cancelled", "expired")
HAS_FAILED = f"status IN {FAILED_STATUSES}"
"""Whether a job ended without a video."""
FATE = f"""CASE WHEN {HAS_FAILED} THEN 'failed' WHEN annotations.verdict = 'keep' THEN 'kept'
WHEN annotations.verdict = 'reject' THEN 'rejected' ELSE 'undecided' END"""
"""A job that made no video failed, whatever was said of it."""
DELIVERED = (
    "coalesce((SELECT sum(files.seconds) FROM files WHERE files.video_id = videos.id AND files.variant = 'video' "
    "AND files.state = 'present'), CASE WHEN status = 'completed' THEN videos.seconds END)"
)
"""The seconds that a job delivered: those of its files at hand, else what the row of a completed one says."""
