"""The size of what a job made or is to make, wherever it is said. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.wire.values import read_frame, read_pixels, readable
from catalog.wire.words import texts_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIZE_KEYS = ("size", "resolution", "video_size", "video_resolution", "video_ratio")  # in the order they are tried
RATIO_KEYS = ("aspect_ratio", "ratio", "video_ratio")
_SIDES = (("width", "height"), ("video_width", "video_height"))


def find_size(job: Mapping[str, Any], inner: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, int] | None, str | None]:
    """The frame, and the name of a size such as `720p`; of the job only what its own readers leave.

    A ratio is the name where nothing else is said. All keys are in snake case, the nearest objects first.
    """
    levels = [job, *inner]
    sides = [[readable(level.get(side), read_pixels) for side in pair] for level in levels for pair in _SIDES]
    texts = list(texts_at(inner, SIZE_KEYS))
    frames = [*((width, height) for width, height in sides if width and height), *filter(None, map(read_frame, texts))]
    names = [text for text in (*texts, *texts_at(levels, RATIO_KEYS)) if read_frame(text) is None]
    return next(iter(frames), None), next(iter(names), None)
