"""Ready-made clips for the sample jobs, where PyAV, which draws one for each job, is not installed.

There is one for each shape of frame, four seconds long, whatever the job asked for. They were drawn by
`python -m catalog.demo.clips`, which draws them again; they hold nothing that is not ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.demo.gateway.jobs import Job

FOLDER = Path(__file__).parent
SHAPES = {"landscape": (1280, 720), "portrait": (720, 1280), "square": (960, 960)}


def ready_made(job: Job) -> bytes:
    """The clip of the job's shape, with the job's id behind it, so that no two jobs have the same bytes."""
    width, height = map(int, job.size.split("x"))
    name = "square" if width == height else "landscape" if width > height else "portrait"
    return (FOLDER / f"{name}.mp4").read_bytes() + _box(b"free", job.id.encode())


def _box(kind: bytes, content: bytes) -> bytes:
    """A box of an ISO media file; players skip those of the kind `free`."""
    return (8 + len(content)).to_bytes(4) + kind + content
