"""WebM and Matroska files: one walk over their EBML elements (RFC 8794, RFC 9559), to the last byte.

Only headers, `Info` and `Tracks` are read; of what was recorded live, and does not say how long it is, the times of the
blocks too.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from struct import unpack
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.errors import BadMedia
from catalog.media.boxes import BytesBehind
from catalog.records import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MOST_ELEMENTS = 500_000  # an hour of blocks
MOST_HELD = 1024**2  # bytes of Info, and of Tracks

_EBML, _SEGMENT, _CLUSTER, _INFO, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1549A966, 0x1654AE6B
_VOID, _CRC, _SEEK_HEAD, _CUES, _TAGS, _ATTACHMENTS, _CHAPTERS = (
    0xEC,
    0xBF,
    0x114D9B74,
    0x1C53BB6B,
    0x1254C367,
    0x1941A469,
    0x1043A770,
)
_TIMESTAMP, _GROUP, _BLOCK, _SIMPLE_BLOCK = 0xE7, 0xA0, 0xA1, 0xA3
_IN_FILE = {_EBML, _SEGMENT, _VOID, _CRC}
_IN_SEGMENT = {_CLUSTER, _INFO, _TRACKS, _VOID, _CRC, _SEEK_HEAD, _CUES, _TAGS, _ATTACHMENTS, _CHAPTERS}
_IN_CLUSTER = {_TIMESTAMP, _GROUP, _BLOCK, _SIMPLE_BLOCK, 0xA7, 0xAB, 0x5854, 0x9B, 0xFB, 0x75A2}
_KNOWN = _IN_FILE | _IN_SEGMENT | _IN_CLUSTER
_SCALE, _DURATION, _DATE = 0x2AD7B1, 0x4489, 0x4461
_TRACK, _KIND, _CODEC, _FRAME_TIME, _VIDEO = 0xAE, 0x83, 0x86, 0x23E383, 0xE0
_WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT, _SHOWN_UNIT = 0xB0, 0xBA, 0x54B0, 0x54BA, 0x54B2

_PIXELS, _RATIO = 0, 3  # units of the sides as shown
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_CODECS = {
    b"V_MPEG4/ISO/AVC": "h264",
    b"V_MPEGH/ISO/HEVC": "hevc",
    b"V_MPEG4/ISO/ASP": "mpeg4",
    b"A_MPEG/L3": "mp3",
    b"A_PCM/INT/LIT": "pcm_s16le",
}


class Element(NamedTuple):
    """An element by its offsets in bytes; `end` is None where it does not say how long it is."""

    number: int
    body: int
    end: int | None


def read_matroska(file: BinaryIO) -> Probe:
    """What the file says, as it says it; raises BadMedia where it is not whole to its end."""
    facts: dict[str, Any] = {}
    scale, cluster, latest = 1_000_000, 0, 0
    for element in _walk(file):
        if element.number == _INFO:
            info = _fields(_read(file, element, MOST_HELD))
            scale = int.from_bytes(info.get(_SCALE, b"")) or scale
            facts["seconds"] = _float(info.get(_DURATION, b"")) * scale / 1e9 or None
            facts["created_at"] = _time(info.get(_DATE, b""))
        elif element.number == _TRACKS:
            _read_tracks(_read(file, element, MOST_HELD), facts)
        elif element.number == _TIMESTAMP:
            cluster = int.from_bytes(_read(file, element, 8))
        elif element.number in {_BLOCK, _SIMPLE_BLOCK} and not facts.get("seconds"):
            latest = max(latest, cluster + _read_block_time(file, element))
    if not facts.get("seconds") and latest:  # recorded live; its last frame is shown for as long as others
        facts["seconds"] = latest * scale / 1e9 + (1 / facts["fps"] if facts.get("fps") else 0)
    return Probe(**facts)


def _walk(file: BinaryIO) -> Iterator[Element]:
    """Every element at the top, in the segment and in its clusters; raises BadMedia where they do not fill the file."""
    size = file.seek(0, 2)
    at = 0
    for _ in range(MOST_ELEMENTS):
        if at >= size:
            return
        file.seek(at)
        element = read_header(file.read(12), at)
        if element is None or (element.number not in _KNOWN and (element.end is None or element.end > size)):
            raise BytesBehind(f"is damaged: {size - at:,} bytes at its end are of no element", at)
        if element.end is not None and element.end > size:
            raise BadMedia(f"is cut off: {size:,} of at least {element.end:,} bytes")
        yield element
        if element.number in {_SEGMENT, _CLUSTER, _GROUP}:
            at = element.body
        elif element.end is None:
            raise BadMedia("is damaged: an element does not say where it ends")
        else:
            at = element.end
    raise BadMedia(f"is damaged: it has more than {MOST_ELEMENTS:,} elements")


def read_header(data: bytes, at: int) -> Element | None:
    """The element whose header these bytes begin with, which stand at byte `at`; None where they are not one."""
    number, body = _read_variable(data, 0, keeps_mark=True)
    length, behind = _read_variable(data, body)
    if not body or not behind:
        return None
    is_unknown = length == (1 << 7 * (behind - body)) - 1
    return Element(number, at + behind, None if is_unknown else at + behind + length)


def _read_variable(data: bytes, at: int, *, keeps_mark: bool = False) -> tuple[int, int]:
    """A number of variable length and where the next begins, 0 where there is none (RFC 8794, section 4)."""
    if at >= len(data) or not data[at]:
        return 0, 0
    width = 9 - data[at].bit_length()
    number = int.from_bytes(data[at : at + width])
    if at + width > len(data):
        return 0, 0
    return number if keeps_mark else number & ~(1 << 7 * width), at + width


def _read(file: BinaryIO, element: Element, most: int) -> bytes:
    length = (element.end or element.body) - element.body
    if length > most:
        raise BadMedia(f"is damaged: an element of {length:,} bytes where {most:,} are too many")
    file.seek(element.body)
    return file.read(length)


def _read_block_time(file: BinaryIO, block: Element) -> int:
    """A block's time, in ticks behind its cluster's; negative before it."""
    file.seek(block.body)
    head = file.read(10)
    _, at = _read_variable(head, 0)
    return int.from_bytes(head[at : at + 2], signed=True)


def _list(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements that these bytes are, by number, with what they hold."""
    at = 0
    while element := read_header(data[at : at + 12], at):
        if element.end is None or element.end > len(data):
            return
        yield element.number, data[element.body : element.end]
        at = element.end


def _fields(data: bytes) -> dict[int, bytes]:
    return dict(_list(data))


def _read_tracks(data: bytes, facts: dict[str, Any]) -> None:
    """Fill in what the first track of video and the first of audio say."""
    for number, held in _list(data):
        track = _fields(held) if number == _TRACK else {}
        kind = int.from_bytes(track.get(_KIND, b""))
        name = track.get(_CODEC, b"").rstrip(b"\0")
        codec = _CODECS.get(name) or name.partition(b"_")[2].partition(b"/")[0].decode("ascii", "replace").lower()
        if kind == 1 and "codec" not in facts:
            facts["codec"] = codec
            facts["width"], facts["height"] = _read_frame(_fields(track.get(_VIDEO, b"")))
            nanoseconds = int.from_bytes(track.get(_FRAME_TIME, b""))
            facts["fps"] = 1e9 / nanoseconds if nanoseconds else None
        elif kind == 2 and "audio" not in facts:
            facts["audio"] = codec


def _read_frame(video: dict[int, bytes]) -> tuple[int | None, int | None]:
    """The sides as shown, in pixels: those that are named, or the stored ones in the ratio that is named."""
    width, height, shown_width, shown_height, unit = (
        int.from_bytes(video.get(field, b"")) for field in (_WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT, _SHOWN_UNIT)
    )
    if shown_width and shown_height:
        if unit == _PIXELS:
            width, height = shown_width, shown_height
        elif unit == _RATIO:
            width = round(height * shown_width / shown_height)
    return (width, height) if width and height else (None, None)


def _float(data: bytes) -> float:
    number: float = unpack({4: ">f", 8: ">d"}[len(data)], data)[0] if len(data) in {4, 8} else 0.0
    return number if 0 < number < float("inf") else 0.0


def _time(data: bytes) -> datetime | None:
    if len(data) != 8:
        return None
    return _EPOCH + timedelta(microseconds=int.from_bytes(data, signed=True) // 1000)
