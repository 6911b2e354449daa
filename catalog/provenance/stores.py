"""The bytes of a manifest store: cut out of the file that carries it, and the manifests within.

A store is kept as it stands. What is not where the C2PA specification puts it (section A.3) is not found.
"""

from __future__ import annotations

import base64
import hashlib
import os
from struct import Struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_STORE = 64 * 1024 * 1024  # bytes of a store that are cut out
_MOST_PARTS = 100_000  # boxes, chunks or segments of a file that are looked at
_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_BOX = Struct(">I4s")
_WIDE = Struct(">Q")
_CHUNK = Struct("<4sI")
# What a film is made of that is sure to have no credentials: boxes at its top, those that hold others, and the others.
_HOLDERS = frozenset(b"moov trak mdia minf stbl edts udta dinf tref mvex meta".split())
_COPYRIGHT = 0xA9  # what the names of QuickTime's own texts begin with
_FULL = b"meta"  # of these, the one that begins with a version and flags
_DEEPEST, _MOST_PLAIN = 8, 32 * 1024 * 1024  # boxes in one another, and bytes of `moov`, up to which they are looked at
_PLAIN = frozenset(b"moov mdat free skip wide".split())
_LEAVES = frozenset(
    b"mvhd iods tkhd elst mdhd hdlr vmhd smhd nmhd dref stsd stts stss ctts cslg stsc stsz stz2 stco co64 sdtp sgpd "
    b"sbgp mehd trex keys ilst free skip".split()
)
_SEGMENT = Struct(">HHI")  # number of the box, number of the packet in it: JPEG XT, part 3


def cut_store(file: BinaryIO) -> bytes | None:
    """The manifest store in an MP4, PNG, JPEG or WebP file; None where there is none or it is somewhere else.

    Raises OSError.
    """
    file.seek(0)
    head = file.read(12)
    if head[4:8] == b"ftyp":
        found = _cut_from_boxes(file)
    elif head.startswith(b"\x89PNG"):
        found = _cut_from_png(file)
    elif head.startswith(b"\xff\xd8"):
        found = _cut_from_jpeg(file)
    elif head[:4] == b"RIFF" and head[8:] == b"WEBP":
        found = _cut_from_riff(file)
    else:
        return None
    return _whole_box(found) if found else None


def is_without(file: BinaryIO) -> bool:
    """Whether a film has no box in which credentials, or a word of where they are, can be; False where it is unusual.

    Both lie in `uuid` boxes at its top. It is only sure of films that are well formed in each box that holds others:
    what a reader makes of any other one is for the reader to say. Raises OSError.
    """
    end = file.seek(0, os.SEEK_END)
    at = count = 0
    while at < end:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return False
        size, kind = _BOX.unpack_from(head)
        if count == 0:
            if kind != b"ftyp" or size < 16:
                return False
        elif kind not in _PLAIN or size < 8 or count == _MOST_PARTS:
            return False
        if kind == b"moov" and not _is_usual(file, at, size):
            return False
        count += 1
        at += size
    return at == end and count > 1


def _is_usual(file: BinaryIO, at: int, size: int) -> bool:
    """Whether the `moov` at this byte holds nothing but what is known here, well formed."""
    file.seek(at)
    return size <= _MOST_PLAIN and _is_well_formed(file.read(size), 0, size, 0)


def _is_well_formed(data: bytes, at: int, end: int, depth: int) -> bool:
    """Whether boxes fill these bytes, and those that hold others are filled by these."""
    if end > len(data) or depth > _DEEPEST:
        return False
    while at < end:
        if at + 8 > end:
            return False
        size, kind = _BOX.unpack_from(data, at)
        if size < 8 or at + size > end:
            return False
        if kind not in _HOLDERS:
            if not _is_leaf(kind):
                return False
        else:
            skipped = 12 if kind == _FULL else 8
            if data[at + 8 : at + skipped].strip(b"\0") or not _is_well_formed(
                data, at + skipped, at + size, depth + 1
            ):
                return False
        at += size
    return at == end


def _is_leaf(kind: bytes) -> bool:
    return kind in _LEAVES or kind[0] == _COPYRIGHT


def _whole_box(data: bytes) -> bytes | None:
    """The JUMBF box that the bytes begin with, without what pads it."""
    if len(data) < 8 or data[4:8] != b"jumb":
        return None
    size = _BOX.unpack_from(data)[0]
    return data[:size] if 8 <= size <= len(data) else None


def _read(file: BinaryIO, size: int) -> bytes:
    return file.read(size) if 0 <= size <= MOST_STORE else b""


def _cut_from_boxes(file: BinaryIO) -> bytes | None:
    end = file.seek(0, os.SEEK_END)
    at = 0
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(32)
        if len(head) < 8:
            return None
        size, kind = _BOX.unpack_from(head)
        skipped = 8
        if size == 1 and len(head) >= 16:
            size, skipped = _WIDE.unpack_from(head, 8)[0], 16
        size = size or end - at
        if size < skipped or at + size > end:
            return None
        if kind == b"uuid" and head[skipped : skipped + 16] == _UUID:
            file.seek(at + skipped + 20)  # behind the UUID, the version and the flags
            purpose, _, rest = _read(file, size - skipped - 20).partition(b"\0")
            if purpose == b"manifest":
                return rest[8:]  # behind the offset of the first box of hashes
        at += size
    return None


def _cut_from_png(file: BinaryIO) -> bytes | None:
    file.seek(8)
    return _cut_from_chunks(file, b"caBX", _BOX.unpack, lambda size: size + 4)  # and a checksum


def _cut_from_riff(file: BinaryIO) -> bytes | None:
    file.seek(12)
    return _cut_from_chunks(file, b"C2PA", lambda head: _CHUNK.unpack(head)[::-1], lambda size: size + size % 2)


def _cut_from_chunks(
    file: BinaryIO, wanted: bytes, read_head: Callable[[bytes], tuple[int, bytes]], fill: Callable[[int], int]
) -> bytes | None:
    """The first chunk of this kind: a head says its size and kind, and `fill` how far the next one is behind it."""
    for _ in range(_MOST_PARTS):
        head = file.read(8)
        if len(head) < 8:
            return None
        size, kind = read_head(head)
        if kind == wanted:
            return _read(file, size)
        file.seek(fill(size), os.SEEK_CUR)
    return None


def _cut_from_jpeg(file: BinaryIO) -> bytes | None:
    packets: dict[int, dict[int, bytes]] = {}
    for segment in _list_app11(file):
        if len(segment) < 16 or segment[:2] != b"JP":
            continue
        box, packet = _SEGMENT.unpack_from(segment)[1], _SEGMENT.unpack_from(segment)[2]
        packets.setdefault(box, {})[packet] = segment[8:]
    for parts in packets.values():
        first, *others = (parts[number] for number in sorted(parts))
        skipped = 16 if first[:4] == b"\0\0\0\1" else 8  # each packet repeats the header of the box
        store = b"".join((first, *(part[skipped:] for part in others)))
        if _whole_box(store) and next(iter_manifests(store), None):
            return store
    return None


def _list_app11(file: BinaryIO) -> Iterator[bytes]:
    """The bodies of the APP11 segments in front of the picture."""
    file.seek(2)
    for _ in range(_MOST_PARTS):
        head = file.read(2)
        if len(head) < 2 or head[0] != 0xFF or head[1] in {0xD9, 0xDA}:
            return
        if head[1] == 0xFF or 0xD0 <= head[1] <= 0xD8 or head[1] == 1:  # filling, or a marker without a body
            file.seek(-1 if head[1] == 0xFF else 0, os.SEEK_CUR)
            continue
        size = int.from_bytes(file.read(2), "big") - 2
        if head[1] == 0xEB:
            yield _read(file, size)
        else:
            file.seek(max(size, 0), os.SEEK_CUR)


def iter_manifests(store: bytes) -> Iterator[tuple[str, bytes]]:
    """Each manifest of a store by its label, as the bytes that ingredients give the hash of: without its header."""
    for kind, body in list(_iter_boxes(store, 8, len(store)))[1:]:
        label = _read_label(body) if kind == b"jumb" else None
        if label:
            yield label, body


def hash_manifests(store: bytes) -> dict[str, str]:
    """The sha256 of each manifest of a store by its label, in base64 as ingredients give it."""
    return {label: base64.b64encode(hashlib.sha256(body).digest()).decode() for label, body in iter_manifests(store)}


def _iter_boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= end:
        size, kind = _BOX.unpack_from(data, at)
        skipped = 8
        if size == 1 and at + 16 <= end:
            size, skipped = _WIDE.unpack_from(data, at + 8)[0], 16
        size = size or end - at
        if size < skipped or at + size > end:
            return
        yield kind, data[at + skipped : at + size]
        at += size


def _read_label(body: bytes) -> str | None:
    """The label in the description box, which comes first in each JUMBF box: ISO 19566-5, section B.3."""
    kind, description = next(_iter_boxes(body, 0, len(body)), (b"", b""))
    if kind != b"jumd" or len(description) < 18 or not description[16] & 2:
        return None
    return description[17:].partition(b"\0")[0].decode("utf-8", "replace")
