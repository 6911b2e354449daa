"""The notes of pictures (png, jpeg, webp, gif) and of avi files, which are chunks like webp.

Only what holds texts is read. Nothing is decoded, and a part that sticks out of the file ends there. Sources: PNG
(third edition), JFIF and XMP part 3, the RIFF container of WebP, GIF89a.
"""

from __future__ import annotations

import zlib
from struct import Struct
from typing import TYPE_CHECKING

from . import exif
from .notes import MOST_PARTS, MOST_READ, XMP, Note, name_meaning, note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_PNG_HEAD = 8
_CHUNK = Struct(">I4s")
_RIFF_CHUNK = Struct("<4sI")
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt", b"comf", b"eXIf"}

_SEGMENT = Struct(">BBH")
_EXIF, _COMMENT, _SCAN, _END = 0xE1, 0xFE, 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_PIECE = Struct(">32sII")  # of extended XMP: its id, the bytes of all, where this piece belongs

_GIF_HEAD = 13
_GIF_COMMENT, _GIF_PROGRAM = b"!\xfe", b"!\xff"
_GIF_XMP = b"XMP DataXMP"
_GIF_BEHIND_XMP = b"\x01\xff\xfe\xfd"  # a trailer that lets others read the packet as blocks


def list_png_notes(file: BinaryIO) -> Iterator[Note]:
    """The notes in the chunks of a PNG, also behind the picture."""
    at = _PNG_HEAD
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(_CHUNK.size)
        if len(head) < _CHUNK.size:
            return
        size, kind = _CHUNK.unpack(head)
        if kind in _PNG_TEXTS:
            yield from _read_png_text(kind, file.read(min(size, MOST_READ)), size)
        at += size + 12


def _read_png_text(kind: bytes, data: bytes, size: int) -> Iterator[Note]:
    if kind == b"eXIf":
        yield from exif.list_notes(data, "eXIf")
        return
    name, _, text = data.partition(b"\0")
    key, is_packed = name.decode("latin-1"), kind == b"zTXt"
    if not name_meaning(key):
        return
    if is_packed:
        text = text[1:]
    elif kind == b"iTXt":
        is_packed, text = text[:1] == b"\1", text[2:].partition(b"\0")[2].partition(b"\0")[2]
    missing = size - len(data)
    if is_packed:
        text, missing = _unpack(text)
    yield note(kind.decode("ascii"), key, text, _name_png_encoding(kind, text), len(text) + missing)


def _name_png_encoding(kind: bytes, text: bytes) -> str:
    """Latin-1 by the standard for all but iTXt, and UTF-8 by what programs write."""
    if kind in {b"tEXt", b"zTXt"}:
        try:
            text.decode()
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def _unpack(data: bytes) -> tuple[bytes, int]:
    """The text as far as it is read, or goes before a fault; and 1 where there is more of it, else 0."""
    unpacker = zlib.decompressobj()
    text = bytearray()
    try:
        for start in range(0, len(data), 65_536):
            text += unpacker.decompress(data[start : start + 65_536], MOST_READ - len(text))
            if len(text) == MOST_READ:
                break
    except zlib.error:
        pass
    return bytes(text), int(not unpacker.eof)


def list_jpeg_notes(file: BinaryIO) -> Iterator[Note]:
    """The notes in the segments of a JPEG before the picture; XMP that takes several is put together."""
    pieces: dict[bytes, list[tuple[int, bytes]]] = {}
    left = MOST_READ
    for marker, data in _list_segments(file):
        if not data.startswith(_JPEG_MORE):
            yield from _read_segment(marker, data)
        elif len(data) >= len(_JPEG_MORE) + _PIECE.size and left > 0:
            name, _, start = _PIECE.unpack_from(data, len(_JPEG_MORE))
            pieces.setdefault(name, []).append((start, data[len(_JPEG_MORE) + _PIECE.size :]))
            left -= len(data)
    for packet in pieces.values():
        yield note("APP1", XMP, b"".join(piece for _, piece in sorted(packet)))


def _list_segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The marker and the bytes of each segment that may hold a text."""
    at = 2
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(_SEGMENT.size)
        if len(head) < _SEGMENT.size or head[0] != 0xFF or head[1] in {_SCAN, _END}:
            return
        marker = head[1]
        if marker == 0xFF or marker in _ALONE:  # a marker may be filled up before
            at += 1 if marker == 0xFF else 2
            continue
        size = max(_SEGMENT.unpack(head)[2], 2)
        if marker in {_EXIF, _COMMENT}:
            data = file.read(size - 2)
            if len(data) == size - 2:
                yield marker, data
        at += 2 + size


def _read_segment(marker: int, data: bytes) -> Iterator[Note]:
    if marker == _COMMENT:
        yield note("COM", "comment", data)
    elif data.startswith(_JPEG_XMP):
        yield note("APP1", XMP, data[len(_JPEG_XMP) :])
    elif data.startswith(b"Exif\0"):
        yield from exif.list_notes(data)


def list_riff_notes(file: BinaryIO) -> Iterator[Note]:
    """The notes in the chunks of a WebP or AVI file: EXIF, XMP, and the list INFO."""
    size = file.seek(0, 2)
    at = 0
    while at + 12 <= size:
        file.seek(at)
        head = file.read(12)
        if head[:4] != b"RIFF":
            return
        end = at + 8 + int.from_bytes(head[4:8], "little")
        yield from _read_chunks(file, at + 12, min(end, size))
        at = end + end % 2


def _read_chunks(file: BinaryIO, at: int, end: int) -> Iterator[Note]:
    for _ in range(MOST_PARTS):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(12)
        kind, size = _RIFF_CHUNK.unpack_from(head)
        if kind in {b"EXIF", b"XMP ", b"_PMX"}:
            file.seek(at + 8)
            data = file.read(min(size, end - at - 8, MOST_READ))
            yield from exif.list_notes(data) if kind == b"EXIF" else (note("XMP", XMP, data, size=size),)
        elif kind == b"LIST" and head[8:] == b"INFO":
            yield from _read_info(file.read(min(size - 4, end - at - 12, MOST_READ)))
        at += 8 + size + size % 2


def _read_info(data: bytes) -> Iterator[Note]:
    at = 0
    while at + 8 <= len(data):
        kind, size = _RIFF_CHUNK.unpack_from(data, at)
        key = kind.decode("latin-1").rstrip("\0 ")
        if name_meaning(key):
            text = data[at + 8 : at + 8 + size]
            yield note("INFO", key, text, size=size)
        at += 8 + size + size % 2


def list_gif_notes(file: BinaryIO) -> Iterator[Note]:
    """The comments and the XMP of a GIF, also between and behind its pictures."""
    file.seek(0)
    head = file.read(_GIF_HEAD)
    if len(head) < _GIF_HEAD:
        return
    file.seek(_GIF_HEAD + _measure_palette(head[10]))
    for _ in range(MOST_PARTS):
        start = file.read(2)
        if start == _GIF_COMMENT:
            yield note("comment", "comment", _read_blocks(file))
        elif start == _GIF_PROGRAM:
            name = file.read(int.from_bytes(file.read(1)))
            at = file.tell()
            _read_blocks(file)
            if name == _GIF_XMP:
                end = file.tell()
                file.seek(at)
                data = file.read(min(end - at, MOST_READ))
                yield note("XMP", XMP, data.partition(_GIF_BEHIND_XMP)[0])
                file.seek(end)
        elif start.startswith(b"!"):
            _read_blocks(file)
        elif start.startswith(b","):
            place = file.read(8)
            file.seek(_measure_palette(place[7] if len(place) == 8 else 0) + 1, 1)
            _read_blocks(file)
        else:
            return


def _measure_palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _read_blocks(file: BinaryIO) -> bytes:
    """What the blocks hold that follow each other to an empty one, up to MOST_READ; the file stands behind them."""
    held = bytearray()
    while size := file.read(1):
        block = file.read(size[0])
        if not block:
            break
        if len(held) < MOST_READ:
            held += block
    return bytes(held)
