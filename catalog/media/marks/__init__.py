"""What a file says of itself without a signature: labels of generated media, prompts and workflows, hints of programs.

One walk over the parts of a file that hold texts; the media are passed over. Knows bytes and no library, and gives an
answer to any bytes: what cannot be read is passed over, or kept as broken.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from catalog.disk import open_file
from catalog.errors import BadMedia
from catalog.media.boxes import walk_boxes
from catalog.media.sniff import AVI, GIF, HEAD, JPEG, M4V, MKV, MOV, MP4, PNG, WEBM, WEBP, FileType, sniff

from .mark import Claim, Kind, Mark, Marks, Origin, Tool
from .reading import read_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from catalog.media.boxes import Box

    from .notes import Note

__all__ = ["Claim", "Kind", "Mark", "Marks", "Origin", "Tool", "read_film_marks", "read_marks", "read_marks_of"]

_FILMS = frozenset({MP4, M4V, MOV})


def read_marks(path: Path) -> Marks:
    """What a file says of itself; raises OSError where it cannot be read."""
    with open_file(path) as file:
        return read_marks_of(file)


def read_marks_of(file: BinaryIO, file_type: FileType | None = None) -> Marks:
    """As `read_marks`, of a file that is open; `file_type` where it is known already."""
    if file_type is None:
        file.seek(0)
        file_type = sniff(file.read(HEAD))
    return read_notes(_list_notes(file, file_type))


def read_film_marks(file: BinaryIO, boxes: Iterable[Box], moov: bytes) -> Marks:
    """The marks of an mp4, mov or m4v file whose boxes and `moov` have been read already."""
    from . import films

    return read_notes(films.list_notes(file, boxes, moov))


def _list_notes(file: BinaryIO, file_type: FileType) -> Iterator[Note]:
    if file_type in _FILMS:
        from . import films

        return films.list_notes(file, _walk(file))
    if file_type in {WEBM, MKV}:
        from . import tags

        return tags.list_notes(file)
    if file_type in {PNG, JPEG, WEBP, AVI, GIF}:
        from . import pictures

        readers = {PNG: pictures.list_png_notes, JPEG: pictures.list_jpeg_notes, GIF: pictures.list_gif_notes}
        return readers.get(file_type, pictures.list_riff_notes)(file)
    return iter(())


def _walk(file: BinaryIO) -> Iterator[Box]:
    """The boxes at the top before a fault, if there is one."""
    with suppress(BadMedia):
        yield from walk_boxes(file)
