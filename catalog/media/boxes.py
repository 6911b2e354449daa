"""One walk over the boxes of an mp4, mov or m4v file (ISO/IEC 14496-12), to its last byte.

Only the headers of boxes and what describes the media (`moov`, `moof`, `sidx`) are read, never the media. Every length
comes from the file and may lie: what is read, and how many boxes are looked at, is bounded. Knows no codec.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import BadMedia

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MOST_BOXES = 100_000  # at the top of a file: a fragment for every frame of half an hour
MOST_CHILDREN = 1_000  # in one box
MOST_METADATA = 32 * 1024**2  # bytes of moov, and of all moof together: 12 hours of 60 frames a second

KNOWN = frozenset(
    b"ftyp styp moov moof mdat free skip wide pnot uuid sidx ssix mfra meta pdin prft emsg udta imda".split()
)

_HEADER = Struct(">I4s")
_LARGE = Struct(">Q")


class BytesBehind(BadMedia):
    """A file that goes on behind its last box, which ends at byte `end`."""

    def __init__(self, reason: str, end: int) -> None:
        super().__init__(reason)
        self.end = end


class Box(NamedTuple):
    """A box by its offsets, in bytes from the beginning of the file, or of what its box at the top holds.

    `start` is where its header begins, `body` what follows the header, `end` the first byte behind it.
    """

    kind: bytes
    start: int
    body: int
    end: int

    @property
    def name(self) -> str:
        """Its four characters, as people write them."""
        return self.kind.decode("latin-1")


def list_boxes(file: BinaryIO) -> list[Box]:
    """The boxes at the top of a file, which follow each other from its first byte to its last.

    Raises BadMedia where they do not: the file is cut off, goes on behind its last box, or is damaged.
    """
    return list(walk_boxes(file))


def walk_boxes(file: BinaryIO) -> Iterator[Box]:
    """As `list_boxes`, one after the other: those before a fault are given before it is raised."""
    size = file.seek(0, 2)
    at = count = 0
    while at < size:
        if count == MOST_BOXES:
            raise BadMedia(f"is damaged: it has more than {MOST_BOXES:,} boxes")
        file.seek(at)
        box = _read_header(file.read(16), at, size)
        yield box
        count += 1
        at = box.end


def _read_header(head: bytes, at: int, size: int) -> Box:
    left = size - at
    if len(head) < 8:
        raise BytesBehind(_behind(left), at)
    length, kind = _HEADER.unpack_from(head)
    body = 8
    if length == 1 and len(head) == 16:
        (length,) = _LARGE.unpack_from(head, 8)
        body = 16
    elif length == 0 and kind in KNOWN:  # to the end of the file
        length = left
    if kind not in KNOWN and (length < body or length > left or not _is_printable(kind)):
        raise BytesBehind(_behind(left), at)
    box = Box(kind, at, at + body, at + length)
    if length < body:
        raise BadMedia(f"is damaged: box {box.name} at byte {at:,} says that it has {length:,} bytes")
    if length > left:
        raise BadMedia(f"is cut off: {left:,} of {length:,} bytes of box {box.name}")
    return box


def _is_printable(kind: bytes) -> bool:
    return kind.isascii() and kind.decode("ascii").isprintable()


def _behind(left: int) -> str:
    return f"is damaged: behind its last box there {'is 1 byte' if left == 1 else f'are {left:,} bytes'} of no box"


def read_box(file: BinaryIO, box: Box) -> bytes:
    """What a box at the top of a file holds, header included; raises BadMedia for more than MOST_METADATA."""
    length = box.end - box.start
    if length > MOST_METADATA:
        raise BadMedia(f"has a box {box.name} of {length:,} bytes, more than {MOST_METADATA // 1024**2} MiB")
    file.seek(box.start)
    data = file.read(length)
    if len(data) < length:
        raise BadMedia(f"was changed while it was read: {len(data):,} of {length:,} bytes of box {box.name} are left")
    return data


def root(data: bytes) -> Box:
    """The box at the top that `data` is, by offsets within it."""
    length, kind = _HEADER.unpack_from(data)
    return Box(kind, 0, 16 if length == 1 else 8, len(data))


def children(data: bytes, box: Box, skipped: int = 0) -> list[Box]:
    """The boxes within a box, behind the first `skipped` bytes of its body; raises BadMedia where one sticks out.

    What cannot be a header ends them: QuickTime closes some lists with four zero bytes.
    """
    found: list[Box] = []
    at, end = box.body + skipped, box.end
    while at + 8 <= end:
        length, kind = _HEADER.unpack_from(data, at)
        body = at + 8
        if length < 8:
            if length == 0:
                break
            if length == 1 and at + 16 <= end:
                (length,) = _LARGE.unpack_from(data, body)
                body += 8
        behind = at + length
        if behind < body or behind > end:
            raise BadMedia(f"is damaged: box {_shown(kind)} does not fit in box {box.name}")
        if len(found) == MOST_CHILDREN:
            raise BadMedia(f"is damaged: box {box.name} holds more than {MOST_CHILDREN:,} boxes")
        found.append(Box(kind, at, body, behind))
        at = behind
    return found


def _shown(kind: bytes) -> str:
    return kind.decode("ascii") if _is_printable(kind) else kind.hex()


def index(data: bytes, box: Box, skipped: int = 0) -> dict[bytes, Box]:
    """The boxes within a box by their kind, the first of each."""
    return {child.kind: child for child in reversed(children(data, box, skipped))}


def unpack(layout: Struct, data: bytes, box: Box, offset: int = 0) -> tuple[int, ...]:
    """Numbers from the body of a box, `offset` bytes in; raises BadMedia where the box ends before."""
    at = box.body + offset
    if at + layout.size > box.end:
        raise BadMedia(f"is damaged: box {box.name} is too short")
    return layout.unpack_from(data, at)


def table(data: bytes, box: Box, offset: int, count: int, width: int) -> memoryview:
    """`count` rows of `width` bytes each from the body of a box, not copied; raises BadMedia where it ends before."""
    at = box.body + offset
    if at + count * width > box.end:
        raise BadMedia(f"is damaged: box {box.name} says that it has {count:,} entries, which do not fit in it")
    return memoryview(data)[at : at + count * width]
