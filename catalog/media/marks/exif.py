"""The notes of EXIF: the texts of its first directory, and the user's comment (CIPA DC-008, section 4.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .notes import Note, note

if TYPE_CHECKING:
    from collections.abc import Iterator

_ORDERS = {b"II*\0": "little", b"MM\0*": "big"}
_TEXT, _UNDEFINED, _UTF_8 = 2, 7, 129
_LONG = 4
_BYTES = frozenset({1, _TEXT, _UNDEFINED, _UTF_8})  # types whose count is bytes
_DETAILS = 0x8769  # where the second directory begins
_COMMENT = 0x9286
# ComfyUI writes its graphs into the first texts that there are, from Model downwards.
_NAMES = {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software", _COMMENT: "UserComment"}
_LOW = range(0x0100, 0x010E)
_CODES = (b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0", bytes(8))  # before a user's comment; programs forget it


def list_notes(data: bytes, carrier: str = "EXIF") -> Iterator[Note]:
    """The notes in a block of EXIF, with or without the name that JPEG puts before it."""
    data = data.removeprefix(b"Exif\0\0")
    order = _ORDERS.get(data[:4])
    if order is None:
        return
    details = 0
    for tag, kind, size, value in _read_directory(data, order, _number(data, 4, 4, order)):
        if tag == _DETAILS:
            details = int.from_bytes(value, order)  # type: ignore[arg-type]  # one of two
        elif kind in {_TEXT, _UTF_8} and (tag in _NAMES or tag in _LOW):
            yield note(carrier, _NAMES.get(tag, "Make"), value, size=size)
    for tag, _, size, value in _read_directory(data, order, details) if details else ():
        if tag == _COMMENT:
            skipped = 8 if value.startswith(_CODES) else 0
            yield note(carrier, _NAMES[tag], value[skipped:], _name_encoding(value, order), size - skipped)


def _read_directory(data: bytes, order: str, at: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Tag, type, size and bytes of each entry; of a number of other types than bytes, those that stand for it."""
    for index in range(_number(data, at, 2, order)):
        entry = at + 2 + 12 * index
        if entry + 12 > len(data):
            return
        kind, count = _number(data, entry + 2, 2, order), _number(data, entry + 4, 4, order)
        size = count if kind in _BYTES else _LONG
        start = entry + 8 if size <= _LONG else _number(data, entry + 8, 4, order)
        yield _number(data, entry, 2, order), kind, size, data[start : start + size]


def _number(data: bytes, at: int, width: int, order: str) -> int:
    return int.from_bytes(data[at : at + width], order)  # type: ignore[arg-type]  # one of two


def _name_encoding(comment: bytes, order: str) -> str:
    """The encoding of a user's comment: programs disagree on the order of bytes, so where the zeros stand counts."""
    if not comment.startswith(b"UNICODE"):
        return "utf-8"
    text = comment[8:]
    first, second = text[::2].count(0), text[1::2].count(0)
    if first == second:
        return "utf-16-le" if order == "little" else "utf-16-be"
    return "utf-16-be" if first > second else "utf-16-le"
