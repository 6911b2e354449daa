"""What a picture looks like, in 64 bits: the difference hash (dHash).

The picture, in grey, is shrunk to 9 by 8 places; each bit says whether a place is darker than its neighbour to the
right. Pictures that look alike differ in few bits, whatever their size, format or compression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.errors import BadMedia
from catalog.media.images import READABLE, opened, require_pixels
from catalog.media.probe import open_media

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 8
BITS = SIDE * SIDE


def dhash(path: Path) -> int | None:
    """The hash as a number below 2^64; None for a picture of one tone, or one that cannot be read.

    Raises OSError where the file cannot be.
    """
    from PIL.Image import Resampling

    try:
        with open_media(path) as (file, file_type):
            if file_type not in READABLE:
                return None
            with opened(file, file_type) as picture:
                require_pixels(*picture.size)
                picture.draft("L", (SIDE * 8, SIDE * 8))  # a JPEG is decoded small, which is fast
                grey = picture.convert("L").resize((SIDE + 1, SIDE), Resampling.BOX)
    except BadMedia:
        return None
    places = grey.tobytes()
    bits = 0
    for row in range(SIDE):
        for column in range(SIDE):
            left, right = places[row * (SIDE + 1) + column : row * (SIDE + 1) + column + 2]
            bits = bits << 1 | (left < right)
    return bits or None  # nothing brightens to the right: a black frame, say, which is like every other
