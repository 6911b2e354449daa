"""Pictures in files: their size, and whether they can be decoded to the end, under a cap on pixels.

Pillow is loaded when it is needed. Its own guard against pictures that are too large comes too early to say how large
they are, so a file is opened as what its first bytes say.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from catalog.errors import BadMedia
from catalog.media.boxes import list_boxes
from catalog.media.sniff import AVIF, GIF, JPEG, PNG, WEBP, FileType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import BinaryIO

    from PIL.ImageFile import ImageFile

MOST_PIXELS = 8192 * 8192  # decoded, that takes a quarter of a gigabyte
MOST_BYTES = 256 * 1024**2

_PLUGINS = {
    PNG: ("PngImagePlugin", "PngImageFile"),
    JPEG: ("JpegImagePlugin", "JpegImageFile"),
    WEBP: ("WebPImagePlugin", "WebPImageFile"),
    GIF: ("GifImagePlugin", "GifImageFile"),
    AVIF: ("AvifImagePlugin", "AvifImageFile"),
}
READABLE = frozenset(_PLUGINS)
# What a whole file has near its end. Something may follow it, as phones put a clip behind a picture.
_ENDS = {PNG: b"IEND\xaeB`\x82", JPEG: b"\xff\xd9"}
_GIF_END = b"\x3b"  # too short to be looked for
_TAIL = 64 * 1024
_ORIENTATION = 0x0112
_LYING = frozenset({5, 6, 7, 8})  # EXIF orientations that swap the sides


def read_size(file: BinaryIO, file_type: FileType) -> tuple[int, int]:
    """Width and height in pixels as shown, from the header; raises BadMedia where it cannot be read as one."""
    with opened(file, file_type) as picture:
        return shown_size(picture)


def shown_size(picture: ImageFile) -> tuple[int, int]:
    """Width and height in pixels, turned as EXIF says."""
    width, height = picture.size
    return (height, width) if picture.getexif().get(_ORIENTATION) in _LYING else (width, height)


def check_image(file: BinaryIO, file_type: FileType) -> None:
    """Decode the first frame; raises BadMedia where it cannot be, or is cut off, or has more than MOST_PIXELS."""
    with opened(file, file_type) as picture:
        require_pixels(*picture.size)
        picture.load()
    if not _has_end(file, file_type):
        raise BadMedia(f"is cut off: {file_type.noun} without its end")


def _has_end(file: BinaryIO, file_type: FileType) -> bool:
    if file_type == AVIF:
        return bool(list_boxes(file))
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    return tail.rstrip(b"\0\r\n").endswith(_GIF_END) if file_type == GIF else _ENDS.get(file_type, b"") in tail


def require_pixels(width: int, height: int) -> None:
    """Raise BadMedia for a frame that takes too much memory."""
    if width * height > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        raise BadMedia(f"is a picture of {width:,} x {height:,} pixels: more than {most} megapixels")


@contextmanager
def opened(file: BinaryIO, file_type: FileType) -> Iterator[ImageFile]:
    """The picture, its header read; raises BadMedia, also for what goes wrong in the block, where it is damaged."""
    if file_type not in _PLUGINS:
        raise BadMedia(f"is {file_type.noun}, which cannot be read here")
    size = file.seek(0, 2)
    if size > MOST_BYTES:
        raise BadMedia(f"is a picture of {size:,} bytes: more than {MOST_BYTES // 1024**2} MiB")
    file.seek(0)
    module, name = _PLUGINS[file_type]
    plugin = _load(f"PIL.{module}")
    if plugin is None:
        raise BadMedia(f"is {file_type.noun}, which this Pillow cannot read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture: ImageFile = getattr(plugin, name)(file)
            yield picture
    except BadMedia:
        raise
    except (OSError, ValueError, SyntaxError, LookupError, TypeError, EOFError, ArithmeticError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        is_cut = "truncated" in str(error)
        raise BadMedia(f"is {'cut off' if is_cut else 'damaged'}: {file_type.noun} that cannot be decoded") from error


def _load(module: str) -> ModuleType | None:
    """A plug-in of Pillow, None where it is too old to have it, or was built without what that needs."""
    try:
        plugin = import_module(module)
    except ModuleNotFoundError:
        return None
    return plugin if getattr(plugin, "SUPPORTED", True) else None
