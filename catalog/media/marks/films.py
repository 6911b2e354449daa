"""The notes of mp4, mov and m4v files: keys and items of `meta`, QuickTime's own texts, XMP, the names of handlers.

A box that sticks out of the one around it ends there. Sources: ISO/IEC 14496-12, the QuickTime File Format
Specification, and for XMP its part 3.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

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
_ITEM_HEAD = 8  # bytes of an item's data before its text: its type and its country
_UTF_16 = 2  # the type of a text that is not UTF-8
_HANDLER_NAME = 24  # bytes of `hdlr` before its name
_DATA_HEAD = 64 * 1024  # bytes of the first mdat in which an encoder says what it is


class _Part(NamedTuple):
    """A box within others by its offsets: `end` is at the latest that of the box around it, `size` what it says."""

    kind: bytes
    body: int
    end: int
    size: int


def list_notes(file: BinaryIO, boxes: Iterable[Box], moov: bytes | None = None) -> Iterator[Note]:
    """The notes in a film with these boxes at its top; `moov` where that has been read already."""
    has_data = False
    for box in boxes:
        if box.kind == b"moov":
            yield from _read_moov(moov) if moov else _read_moov_box(file, box)
        elif box.kind == b"uuid":
            file.seek(box.body)
            if file.read(len(_XMP)) == _XMP:
                size = box.end - file.tell()
                yield note("uuid", XMP, file.read(min(size, MOST_READ)), size=size)
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
            data = head + file.read(min(size, box.end - at, MOST_METADATA) - _HEADER.size)
            yield from _read_part(data, _Part(kind, _HEADER.size, len(data), size - _HEADER.size))
        at += size


def _read_moov(moov: bytes) -> Iterator[Note]:
    whole = root(moov)
    for part in _inside(moov, whole.body, whole.end):
        if part.kind == b"trak":
            yield from _read_handler(moov, part)
        else:
            yield from _read_part(moov, part)


def _read_part(data: bytes, part: _Part) -> Iterator[Note]:
    if part.kind == b"udta":
        yield from _read_user_data(data, part)
    elif part.kind == b"meta":
        yield from _read_meta(data, part, "moov/meta")


def _inside(data: bytes, at: int, end: int) -> Iterator[_Part]:
    """The boxes between two offsets."""
    for _ in range(MOST_PARTS):
        if at + 8 > end:
            return
        size, kind = _HEADER.unpack_from(data, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            (size,) = _LARGE.unpack_from(data, body)
            body += 8
        behind = at + size
        if behind < body:
            return
        at = min(behind, end)
        yield _Part(kind, body, at, behind - body)


def _read_handler(data: bytes, trak: _Part) -> Iterator[Note]:
    """The name of a track's handler, which QuickTime counts and others end with a zero."""
    for mdia in _inside(data, trak.body, trak.end):
        if mdia.kind == b"mdia":
            for part in _inside(data, mdia.body, mdia.end):
                if part.kind == b"hdlr":
                    name = data[part.body + _HANDLER_NAME : part.end]
                    if name and name[0] == len(name.rstrip(b"\0")) - 1:
                        name = name[1:]
                    yield note("hdlr", "handler_name", name)


def _read_user_data(data: bytes, udta: _Part) -> Iterator[Note]:
    for part in _inside(data, udta.body, udta.end):
        if part.kind == b"meta":
            yield from _read_meta(data, part, "moov/udta/meta")
        elif part.kind == b"XMP_":
            yield note("moov/udta", XMP, data[part.body : part.end], size=part.size)
        elif part.kind.startswith(b"\xa9") and name_meaning(part.kind.decode("latin-1")):
            yield from _read_texts(data, part)


def _read_texts(data: bytes, part: _Part) -> Iterator[Note]:
    """QuickTime's own: the same text in several languages, each behind its length."""
    at = part.body
    while at + 4 <= part.end:
        size, _ = _TWO_SHORTS.unpack_from(data, at)
        at += 4
        yield note("moov/udta", part.kind.decode("latin-1"), data[at : min(at + size, part.end)], size=size)
        at += size


def _read_meta(data: bytes, meta: _Part, carrier: str) -> Iterator[Note]:
    """The items of a `meta`, which in QuickTime has no version of its own."""
    at = meta.body if data[meta.body + 4 : meta.body + 8] == b"hdlr" else meta.body + 4
    keys: list[str] = []
    for part in _inside(data, at, meta.end):
        if part.kind == b"keys":
            keys = _read_keys(data, part)
        elif part.kind == b"ilst":
            for item in _inside(data, part.body, part.end):
                yield from _read_item(data, item, _name_item(data, item, keys), carrier)


def _read_keys(data: bytes, keys: _Part) -> list[str]:
    """The names that items stand under by number. Their own count may lie."""
    parts = _inside(data, keys.body + 8, keys.end)
    return [data[part.body : part.end].decode("utf-8", "replace").rstrip("\0") for part in parts]


def _name_item(data: bytes, item: _Part, keys: Sequence[str]) -> str | None:
    number = int.from_bytes(item.kind)
    if number <= MOST_PARTS:
        return keys[number - 1] if 1 <= number <= len(keys) else None
    if item.kind == _FREE_FORM:
        parts = _inside(data, item.body, item.end)
        names = (data[part.body + 4 : part.end] for part in parts if part.kind == b"name")
        return next(names, b"").decode("utf-8", "replace")
    return item.kind.decode("latin-1")


def _read_item(data: bytes, item: _Part, name: str | None, carrier: str) -> Iterator[Note]:
    if not name or not name_meaning(name):
        return
    for part in _inside(data, item.body, item.end):
        if part.kind == b"data" and part.end - part.body >= _ITEM_HEAD:
            start = part.body + _ITEM_HEAD
            encoding = "utf-16-be" if int.from_bytes(data[part.body : part.body + 4]) == _UTF_16 else "utf-8"
            yield note(carrier, name, data[start : part.end], encoding, part.size - _ITEM_HEAD)
