"""Ready-made clips for the sample jobs, where PyAV, which draws one for each job, is not installed.

There is one for each shape of frame, four seconds long, whatever the job asked for. They were drawn by
`python -m catalog.demo.clips`, which draws them again; they hold nothing that is not ours.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.demo.gateway.jobs import Job

FOLDER = Path(__file__).parent
SHAPES = {"landscape": (1280, 720), "portrait": (720, 1280), "square": (960, 960)}
EMPTY = 8  # bytes of a box without content


def ready_made(job: Job) -> bytes:
    """The clip of the job's shape, with the job's id behind it, so that no two jobs have the same bytes."""
    width, height = map(int, job.size.split("x"))
    name = "square" if width == height else "landscape" if width > height else "portrait"
    return (FOLDER / f"{name}.mp4").read_bytes() + box(b"free", job.id.encode())


def filled(clip: bytes, size: int) -> bytes:
    """The clip with a box of filler behind it, `size` bytes in all; ValueError where the box does not fit in."""
    room = size - len(clip) - EMPTY
    if room < 0:
        raise ValueError(f"a clip of {len(clip)} bytes cannot be filled up to {size}")
    return clip + box(b"free", _filler(room))


@lru_cache(8)
def _filler(size: int) -> bytes:
    return Random(size).randbytes(size)  # noqa: S311  # the same filler each time


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an ISO media file; players skip those of the kind `free`."""
    return (8 + len(content)).to_bytes(4) + kind + content
