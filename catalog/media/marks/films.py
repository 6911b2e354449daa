"""The notes of mp4, mov and m4v files: keys and items of `meta`, QuickTime's own texts, XMP, the names of handlers.

A box that sticks out of the one around it ends there. Sources: ISO/IEC 14496-12, the QuickTime File Format
Specification, and for XMP its part 3.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING

from catalog.media.boxes import MOST_METADATA, root

from .notes import MOST_PARTS, MOST_READ, XMP, Note, name_meaning, note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from catalog.media.boxes import Box

_HEADER = Struct(">I4s")
_LARGE = Struct(">Q")
_TWO_SHORTS = Struct(">HH")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_KLING = bytes.fromhex("91ca60614aee385486142d5f73f4ae2e")
_SAID = re.compile(rb"[\x20-\x7e]{1,64}")
_FREE_FORM = b"----"
_UTF_16 = 2  # the type of an item's data that is not UTF-8
_HANDLER_NAME = 24  # bytes of `hdlr` before its name
_DATA_HEAD = 64 * 1024  # bytes of the first mdat in which an encoder says what it is


def list_notes(file: BinaryIO, boxes: Iterable[Box], moov: bytes | None = None) -> Iterator[Note]:
    """The notes in a film with these boxes at its top; `moov` where that has been read already."""
    has_data = False
    for box in boxes:
        if box.kind == b"moov":
            yield from _read_moov(moov) if moov else _read_moov_box(file, box)
        elif box.kind == b"uuid":
            file.seek(box.body)
            if file.read(len(_XMP)) == _XMP:
                yield note("uuid", XMP, file.read(min(box.end - file.tell(), MOST_READ)))
        elif box.kind == b"mdat" and not has_data:
            has_data = True
            file.seek(box.body)
            yield from _read_data(file.read(min(_DATA_HEAD, box.end - box.body)))


def _read_data(head: bytes) -> Iterator[Note]:
    """What Kling's encoder puts into a message beside the pictures."""
    at = head.find(_KLING)
    if at >= 0 and (said := _SAID.match(head, at + len(_KLING))):
        yield note("mdat", "sei", said[0])


def _read_moov_box(file: BinaryIO, box: Box) -> Iterator[Note]:
    """The notes of a `moov`, of which no more than MOST_METADATA is held at a time."""
    if box.end - box.start <= MOST_METADATA:
        file.seek(box.start)
        yield from _read_moov(file.read(box.end - box.start))
        return
    at = box.body
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or at >= box.end:
            return
        size, kind = _HEADER.unpack(head)
        if size < _HEADER.size:
            return
        if kind in {b"udta", b"meta"}:
            part = head + file.read(min(size, box.end - at, MOST_METADATA) - _HEADER.size)
            yield from _read_part(part, kind, _HEADER.size, len(part))
        at += size


def _read_moov(moov: bytes) -> Iterator[Note]:
    whole = root(moov)
    for kind, body, end in _inside(moov, whole.body, whole.end):
        if kind == b"trak":
            yield from _read_handler(moov, body, end)
        else:
            yield from _read_part(moov, kind, body, end)


def _read_part(data: bytes, kind: bytes, body: int, end: int) -> Iterator[Note]:
    if kind == b"udta":
        yield from _read_user_data(data, body, end)
    elif kind == b"meta":
        yield from _read_meta(data, body, end, "moov/meta")


def _inside(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes between two offsets: kind, where the body begins, where it ends, at the latest with what is there."""
    for _ in range(MOST_PARTS):
        if at + 8 > end:
            return
        size, kind = _HEADER.unpack_from(data, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            (size,) = _LARGE.unpack_from(data, body)
            body += 8
        if size < body - at:
            return
        at = min(at + size, end)
        yield kind, body, at


def _read_handler(data: bytes, at: int, end: int) -> Iterator[Note]:
    """The name of a track's handler, which QuickTime counts and others end with a zero."""
    for kind, body, behind in _inside(data, at, end):
        if kind == b"mdia":
            for within, start, stop in _inside(data, body, behind):
                if within == b"hdlr":
                    name = data[start + _HANDLER_NAME : stop]
                    if name and name[0] == len(name.rstrip(b"\0")) - 1:
                        name = name[1:]
                    yield note("hdlr", "handler_name", name)


def _read_user_data(data: bytes, at: int, end: int) -> Iterator[Note]:
    for kind, body, behind in _inside(data, at, end):
        if kind == b"meta":
            yield from _read_meta(data, body, behind, "moov/udta/meta")
        elif kind == b"XMP_":
            yield note("moov/udta", XMP, data[body:behind])
        elif kind.startswith(b"\xa9") and name_meaning(kind.decode("latin-1")):
            yield from _read_texts(data, kind.decode("latin-1"), body, behind)


def _read_texts(data: bytes, key: str, at: int, end: int) -> Iterator[Note]:
    """QuickTime's own: the same text in several languages, each behind its length."""
    while at + 4 <= end:
        size, _ = _TWO_SHORTS.unpack_from(data, at)
        yield note("moov/udta", key, data[at + 4 : min(at + 4 + size, end)])
        at += 4 + size


def _read_meta(data: bytes, body: int, end: int, carrier: str) -> Iterator[Note]:
    """The items of a `meta`, which in QuickTime has no version of its own."""
    at = body if data[body + 4 : body + 8] == b"hdlr" else body + 4
    keys: list[str] = []
    for kind, start, stop in _inside(data, at, end):
        if kind == b"keys":
            keys = _read_keys(data, start, stop)
        elif kind == b"ilst":
            for name, first, last in _inside(data, start, stop):
                yield from _read_item(data, carrier, _name_item(data, keys, name, first, last), first, last)


def _read_keys(data: bytes, body: int, end: int) -> list[str]:
    """The names that items stand under by number. Their own count may lie."""
    return [data[start:stop].decode("utf-8", "replace").rstrip("\0") for _, start, stop in _inside(data, body + 8, end)]


def _name_item(data: bytes, keys: Sequence[str], kind: bytes, body: int, end: int) -> str | None:
    number = int.from_bytes(kind)
    if number <= MOST_PARTS:
        return keys[number - 1] if 1 <= number <= len(keys) else None
    if kind == _FREE_FORM:
        names = (data[start + 4 : stop] for within, start, stop in _inside(data, body, end) if within == b"name")
        return next(names, b"").decode("utf-8", "replace")
    return kind.decode("latin-1")


def _read_item(data: bytes, carrier: str, name: str | None, body: int, end: int) -> Iterator[Note]:
    if not name or not name_meaning(name):
        return
    for kind, start, stop in _inside(data, body, end):
        if kind == b"data" and stop - start >= 8:
            encoding = "utf-16-be" if int.from_bytes(data[start : start + 4]) == _UTF_16 else "utf-8"
            yield note(carrier, name, data[start + 8 : stop], encoding)
