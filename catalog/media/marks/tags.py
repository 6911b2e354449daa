"""The notes of webm and mkv files: their tags, and the programs that wrote them (RFC 9559, 5.1.2 and 5.1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.media.matroska import Element, read_header

from .notes import MOST_PARTS, MOST_READ, Note, name_meaning, note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_SEGMENT, _CLUSTER, _INFO, _TAGS = 0x18538067, 0x1F43B675, 0x1549A966, 0x1254C367
_TAG, _SIMPLE_TAG, _NAME, _TEXT = 0x7373, 0x67C8, 0x45A3, 0x4487
_PROGRAMS = {0x4D80: "MuxingApp", 0x5741: "WritingApp"}
_HEADER = 12  # bytes that the longest header takes


class _Part(NamedTuple):
    """An element within others: what it holds, as far as that is there, and how long it says it is."""

    number: int
    data: bytes
    size: int


def list_notes(file: BinaryIO) -> Iterator[Note]:
    """The notes in a Matroska file, whose clusters are passed over where they say how long they are."""
    at = 0
    for _ in range(MOST_PARTS):
        file.seek(at)
        element = read_header(file.read(_HEADER), at)
        if element is None:
            return
        if element.number in {_INFO, _TAGS}:
            held = _read(file, element)
            yield from _read_info(held) if element.number == _INFO else _read_tags(held)
        is_entered = element.number == _SEGMENT or (element.number == _CLUSTER and element.end is None)
        if element.end is None and not is_entered:
            return
        at = element.body if is_entered else element.end or 0


def _read(file: BinaryIO, element: Element) -> bytes:
    file.seek(element.body)
    return file.read(min((element.end or element.body) - element.body, MOST_READ))


def _parts(data: bytes) -> Iterator[_Part]:
    at = 0
    for _ in range(MOST_PARTS):
        element = read_header(data[at : at + _HEADER], at)
        if element is None or element.end is None:
            return
        yield _Part(element.number, data[element.body : element.end], element.end - element.body)
        at = element.end


def _read_info(data: bytes) -> Iterator[Note]:
    for number, text, size in _parts(data):
        if number in _PROGRAMS:
            yield note("Info", _PROGRAMS[number], text, size=size)


def _read_tags(data: bytes) -> Iterator[Note]:
    for number, tag, _ in _parts(data):
        if number == _TAG:
            for within, simple, _ in _parts(tag):
                if within == _SIMPLE_TAG:
                    yield from _read_simple_tag(simple)


def _read_simple_tag(data: bytes) -> Iterator[Note]:
    parts = {part.number: part for part in _parts(data)}
    if _NAME in parts and _TEXT in parts:
        name = parts[_NAME].data.decode("utf-8", "replace").rstrip("\0")
        if name_meaning(name):
            text = parts[_TEXT]
            yield note("Tags", name, text.data, size=text.size)
