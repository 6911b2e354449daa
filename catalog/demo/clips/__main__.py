"""`python -m catalog.demo.clips` draws the ready-made clips, into this folder or into the one that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from catalog.demo.clips import FOLDER, SHAPES
from catalog.demo.gateway.jobs import Job
from catalog.demo.media import Scene, encode
from catalog.errors import needs_media

SECONDS, FRAMES_PER_SECOND = 4, 8
SMALL = {"preset": "veryslow", "crf": "38"}


def draw(folder: Path) -> None:
    """Write every clip, a few kB each."""
    for name, (width, height) in SHAPES.items():
        job = Job(id=name, model="catalog", prompt="A ready-made sample clip", created_at=0, size=f"{width}x{height}")
        clip = encode(Scene(job), SECONDS * FRAMES_PER_SECOND, SMALL, FRAMES_PER_SECOND)
        (folder / f"{name}.mp4").write_bytes(clip)


if __name__ == "__main__":
    try:
        draw(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
    except ImportError:
        sys.exit(str(needs_media("drawing clips")))
