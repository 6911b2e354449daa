"""Files made box by box, as small as they can be and as wrong as they need to be."""

from __future__ import annotations

import struct

UNITY = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
# What the matrix of a track is for a film that is held upright: turned by 90, 180 and 270 degrees.
TURNED = {
    90: (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30),
    180: (-(1 << 16), 0, 0, 0, -(1 << 16), 0, 0, 0, 1 << 30),
    270: (0, -(1 << 16), 0, 1 << 16, 0, 0, 0, 0, 1 << 30),
}


def box(kind: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind.encode("latin-1")) + body


def full(kind: str, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def longs(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


FTYP = box("ftyp", b"isom", longs(0x200), b"isomiso2mp41")


def mvhd(timescale: int = 1000, duration: int = 4000, created: int = 0) -> bytes:
    return full("mvhd", longs(created, 0, timescale, duration), bytes(80))


def tkhd(width: int, height: int, matrix: tuple[int, ...] = UNITY, number: int = 1) -> bytes:
    return full(
        "tkhd",
        longs(0, 0, number, 0, 0),
        bytes(16),
        struct.pack(">9i", *matrix),
        longs(width << 16, height << 16),
        flags=3,
    )


def entry(kind: str, width: int, height: int, *children: bytes) -> bytes:
    return box(kind, bytes(24), struct.pack(">HH", width, height), bytes(50), *children)


def stbl(*, stsd: bytes, stts: bytes, offset: int = 0, samples: int = 40, size: int = 10) -> bytes:
    return box(
        "stbl",
        full("stsd", longs(1), stsd),
        full("stts", stts),
        full("stsc", longs(1, 1, samples, 1)) if samples else full("stsc", longs(0)),
        full("stsz", longs(size, samples)),
        full("stco", longs(1, offset)) if samples else full("stco", longs(0)),
    )


def trak(
    *,
    size: tuple[int, int] = (64, 48),
    matrix: tuple[int, ...] = UNITY,
    codec: str = "avc1",
    inside: bytes = b"",
    timescale: int = 10,
    stts: bytes | None = None,
    samples: int = 40,
    sample_bytes: int = 10,
    edits: bytes = b"",
    offset: int = 0,
    handler: bytes = b"vide",
    duration: int = 40,
    table: bytes | None = None,
) -> bytes:
    table = table or stbl(
        stsd=entry(codec, *size, inside),
        stts=longs(1, samples, 1) if stts is None else stts,
        offset=offset,
        samples=samples,
        size=sample_bytes,
    )
    return box(
        "trak",
        tkhd(*size, matrix),
        edits,
        box(
            "mdia",
            full("mdhd", longs(0, 0, timescale, duration), bytes(4)),
            full("hdlr", bytes(4), handler, bytes(13)),
            box("minf", table),
        ),
    )


def mkv(kind: int, *parts: bytes) -> bytes:
    """An element of a Matroska file, whose length takes eight bytes."""
    body = b"".join(parts)
    return kind.to_bytes((kind.bit_length() + 7) // 8) + b"\1" + len(body).to_bytes(7) + body


def film(*tracks: bytes, data: int = 400, head: bytes | None = None) -> bytes:
    """A file of these tracks, whose samples are `data` bytes behind its description."""
    return FTYP + box("moov", mvhd() if head is None else head, *(tracks or (trak(),))) + box("mdat", bytes(data))


def elst(*edits: tuple[int, int, int], version: int = 0) -> bytes:
    """An edit list of durations, starts and rates."""
    form = ">Qqhh" if version else ">Iihh"
    rows = b"".join(struct.pack(form, duration, start, rate, 0) for duration, start, rate in edits)
    return box("edts", full("elst", longs(len(edits)), rows, version=version))
