"""Pictures made of clips and of large pictures: thumbnails, and sheets of frames.

All are JPEG. They depend on the bytes they are made of alone, so the caller keeps them under the hash of those. Frames
are decoded by PyAV (the extra `media`) and pictures by Pillow; both are loaded when they are needed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from catalog.errors import BadMedia, needs_media
from catalog.media.images import MOST_PIXELS, READABLE, opened, require_pixels
from catalog.media.probe import open_media, read_probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

EXTENSION = "jpg"
THUMBNAIL_SIDE = 640  # pixels of the longer side, at most
LARGEST_SIDE = 2560  # of a picture that is drawn afresh
MOST_REDRAWN = 24_000_000  # pixels: 72 MB while it is drawn
CELL_SIDE = 240
COLUMNS, ROWS = 4, 3

_MOMENT = 1 / 3  # of the clip, where its thumbnail is: behind what fades in
_QUALITY = 82
_SHORT = 60  # seconds of a clip whose frames are decoded one after the other, and not looked up
_TURNS = {90: "ROTATE_90", 180: "ROTATE_180", 270: "ROTATE_270"}  # as Pillow names them, against the clock
_MOST_CELLS, _SMALLEST_CELL = 400, 16


def make_thumbnail(path: Path) -> bytes:
    """A JPEG of a frame a third into a clip, or of a picture, whose longer side has THUMBNAIL_SIDE pixels at most.

    Raises BadMedia for what cannot be decoded, MediaError where PyAV is needed and is not installed, and OSError.
    """
    with open_media(path) as (file, file_type):
        if file_type in READABLE:
            with opened(file, file_type) as picture:
                return _save(_shrink(picture))
    return _save(next(_grab(path, [_MOMENT], THUMBNAIL_SIDE)))


def redraw(path: Path) -> bytes:
    """A JPEG of what a picture shows and of nothing else that its file holds; its size, LARGEST_SIDE at most.

    Raises BadMedia for what cannot be decoded, or has more than MOST_REDRAWN pixels, and OSError.
    """
    with open_media(path) as (file, file_type):
        if file_type not in READABLE:
            raise BadMedia("is not a picture")
        with opened(file, file_type) as picture:
            if picture.width * picture.height > MOST_REDRAWN:
                raise BadMedia("is too large to be drawn afresh")
            return _save(_shrink(picture, LARGEST_SIDE))


def make_spritesheet(path: Path, columns: int = COLUMNS, rows: int = ROWS) -> bytes:
    """A JPEG of frames of a clip, evenly spread, row by row in equal cells of its shape; raises as `make_thumbnail`."""
    from PIL import Image

    count = columns * rows
    frames = _grab(path, [(cell + 0.5) / count for cell in range(count)], CELL_SIDE)
    first = next(frames)
    sheet = Image.new("RGB", (first.width * columns, first.height * rows))
    sheet.paste(first)
    for cell, frame in enumerate(frames, 1):
        row, column = divmod(cell, columns)
        sheet.paste(frame, (column * first.width, row * first.height))
    return _save(sheet)


def divides(sheet: tuple[int, int], clip: tuple[int, int]) -> tuple[int, int] | None:
    """Columns and rows of a sheet of frames, from its size and the clip's in pixels; None where it is not a grid.

    All cells are equal, and have the clip's shape to a pixel. Where several grids fit, it is the one with the fewest
    cells, two at least: the sizes alone say no more.
    """
    grids = [
        (columns, rows)
        for columns in _divisors(sheet[0])
        for rows in _divisors(sheet[1])
        if 1 < columns * rows <= _MOST_CELLS and _has_shape(sheet[0] // columns, sheet[1] // rows, *clip)
    ]
    return min(grids, key=lambda grid: grid[0] * grid[1], default=None)


def _divisors(side: int) -> list[int]:
    return [count for count in range(1, min(side // _SMALLEST_CELL, _MOST_CELLS) + 1) if side % count == 0]


def _has_shape(width: int, height: int, clip_width: int, clip_height: int) -> bool:
    """Whether a cell is the clip made smaller: its sides are rounded to a pixel."""
    if clip_width <= 0 or clip_height <= 0:
        return False
    return abs(width - height * clip_width / clip_height) <= 1 or abs(height - width * clip_height / clip_width) <= 1


def _shrink(picture: ImageFile, side: int = THUMBNAIL_SIDE) -> Image:
    from PIL import Image, ImageOps

    require_pixels(*picture.size)
    picture.draft("RGB", (side, side))
    image = ImageOps.exif_transpose(picture)
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    image = image.convert("RGB")
    image.thumbnail((side, side))
    return image


def _save(image: Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()


def _grab(path: Path, moments: Sequence[float], side: int) -> Iterator[Image]:
    """The frames of a clip at these moments, parts of its length in rising order, no longer than `side`; never none."""
    try:
        import av
    except ImportError as error:
        raise needs_media("making pictures of clips") from error
    with open_media(path) as (file, file_type):
        probe = read_probe(file, file_type)
        seconds = probe.seconds or 0
        if not (probe.width and probe.height):
            raise BadMedia("does not say how large its frames are")
        require_pixels(probe.width, probe.height)
        try:
            with av.open(str(path), "r") as container:
                for frame in _decode(container, [moment * seconds for moment in moments], seconds):
                    yield _draw(frame, (probe.width, probe.height), side)
        except (av.FFmpegError, IndexError) as error:
            raise BadMedia("cannot be decoded") from error


def _decode(container: InputContainer, times: Sequence[float], seconds: float) -> Iterator[VideoFrame]:
    """For each time the first frame that is not before it, or the last one; times are in seconds."""
    stream = container.streams.video[0]
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    unit = float(stream.time_base or 1)
    start = (stream.start_time or 0) * unit
    frames, frame = container.decode(stream), None
    for time in times:
        if seconds > _SHORT:
            container.seek(int((start + time) / unit), stream=stream)
            frames, frame = container.decode(stream), None
        while frame is None or (frame.time or 0) < start + time:
            following = next(frames, None)
            if following is None:
                break
            frame = following
        if frame is None:
            raise BadMedia("has no frame that can be decoded")
        yield frame


def _draw(frame: VideoFrame, shown: tuple[int, int], side: int) -> Image:
    """The frame as it is shown, made smaller where a side is longer than `side`."""
    from PIL.Image import Transpose

    width, height = shown
    scale = min(1.0, side / max(width, height))
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    turn = _TURNS.get(round(frame.rotation) % 360)
    if turn in {"ROTATE_90", "ROTATE_270"}:
        width, height = height, width
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    image: Image = small.to_image()  # type: ignore[no-untyped-call]
    return image.transpose(Transpose[turn]) if turn else image
