"""Whether the bytes of a file are what a variant of a job's files asks for, whole to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from catalog.errors import BadMedia
from catalog.media.marks import Marks
from catalog.media.probe import describe, open_media
from catalog.media.sniff import EMPTY, GIF, HEAD, WEBP, FileType, Kind, sniff
from catalog.records import Probe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

Variant = Literal["video", "image", "thumbnail", "spritesheet", "reference"]

_ASKED: Mapping[Variant, tuple[frozenset[Kind], str]] = {
    "video": (frozenset({"video"}), "a video"),
    "image": (frozenset({"image"}), "a picture"),
    "thumbnail": (frozenset({"image"}), "a picture"),
    "spritesheet": (frozenset({"image"}), "a picture"),
    "reference": (frozenset({"video", "image", "audio"}), "a picture, a video or a recording"),
}
_MOVING = frozenset({GIF, WEBP})  # pictures that some servers give as the video of a job
_NOTHING = Probe(), Marks()


class Examined(NamedTuple):
    """A file that is what was asked for: its type, the extension to keep it under, bytes, what it says of itself.

    Its `marks` are what it says unsigned; a recording is not read for them.
    """

    type: FileType
    extension: str
    size: int
    probe: Probe
    marks: Marks


def examine(path: Path, variant: Variant) -> Examined:
    """What a file is; raises BadMedia where that is not what the variant asks for, or the file is not whole.

    A video is walked to its last box, a picture decoded. A recording is known by its first bytes alone. Raises OSError
    where the file cannot be read.
    """
    with open_media(path) as (file, _):
        return examine_file(file, variant)


def examine_file(file: BinaryIO, variant: Variant) -> Examined:
    """As `examine`, of a file that is open."""
    file.seek(0)
    file_type = sniff(file.read(HEAD))
    size = file.seek(0, 2)
    kinds, asked = _ASKED[variant]
    if file_type == EMPTY:
        raise BadMedia("is empty")
    if file_type.kind not in kinds and not (variant == "video" and file_type in _MOVING):
        raise BadMedia(f"is {file_type.noun}, not {asked}")
    if file_type.kind == "image":
        from catalog.media.images import check_image

        check_image(file, file_type)
    probe, marks = _NOTHING if file_type.kind == "audio" else describe(file, file_type)
    return Examined(file_type, file_type.extension, size, probe, marks)
