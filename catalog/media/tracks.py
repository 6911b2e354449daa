"""The tracks of an mp4, mov or m4v file: their length, frame, rate and codec, and where their data lie.

Of the tables only what is needed is read, each within its box. Sources: ISO/IEC 14496-12, the QuickTime File Format
Specification, and for the codecs' names the registry of MP4RA.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from struct import Struct, iter_unpack
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import BadMedia
from catalog.media.boxes import Box, children, index, table, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VIDEO, AUDIO = b"vide", b"soun"

CODECS = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"dvh1": "hevc",
    b"dvhe": "hevc",
    b"vvc1": "vvc",
    b"av01": "av1",
    b"vp08": "vp8",
    b"vp09": "vp9",
    b"mp4v": "mpeg4",
    b"jpeg": "mjpeg",
    b"mjpa": "mjpeg",
    b"png ": "png",
    b"apco": "prores",
    b"apcs": "prores",
    b"apcn": "prores",
    b"apch": "prores",
    b"ap4h": "prores",
    b"ap4x": "prores",
    b"mp4a": "aac",
    b"ac-3": "ac3",
    b"ec-3": "eac3",
    b"Opus": "opus",
    b"fLaC": "flac",
    b"alac": "alac",
    b".mp3": "mp3",
    b"sowt": "pcm_s16le",
    b"twos": "pcm_s16be",
}
# What `esds` says that the samples of mp4a and mp4v are, where that is not AAC or MPEG-4 (MP4RA, object types).
_OBJECT_TYPES = {0x69: "mp3", 0x6B: "mp3", 0xA5: "ac3", 0xA6: "eac3", 0xAD: "opus", 0x60: "mpeg2video", 0x6C: "mjpeg"}
_OBJECT_TYPE = re.compile(rb"esds.{4}\x03[\x80-\xff]{0,3}..{3}\x04[\x80-\xff]{0,3}.(.)", re.DOTALL)

MOST_ENTRIES = 1_000_000  # of a table that is read whole: four hours of frames, each of another length

_LONG = Struct(">I")
_TWO_LONGS = Struct(">II")
_LONG_AND_LARGE = Struct(">IQ")
_TWO_SHORTS = Struct(">HH")
_MATRIX = Struct(">9i")
_FIXED = 1 << 16
_PICTURE_FIELDS = 78  # bytes of a visual sample entry before the boxes in it
_LARGE_FLAG = 1  # version 1 of a box has times of 64 bits
_MAC_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BETWEEN_EPOCHS = 2_082_844_800  # seconds


class Clock(NamedTuple):
    """What `mvhd` and `mdhd` say: ticks a second, ticks of length (None where unknown), when it was made."""

    timescale: int
    duration: int | None
    created_at: datetime | None


@dataclass(slots=True)
class Track:
    """One track. `duration` and what `edits` show are in ticks of `timescale`, `data_end` in bytes of the file."""

    number: int
    handler: bytes
    timescale: int
    duration: int
    samples: int
    codec: str | None
    width: int | None = None
    height: int | None = None
    edits: list[tuple[int, bool]] = field(default_factory=list)
    data_end: int = 0
    created_at: datetime | None = None


def read_clock(data: bytes, box: Box) -> Clock:
    """The times of an `mvhd` or `mdhd`."""
    is_large = data[box.body] == _LARGE_FLAG
    created, _ = unpack(Struct(">QQ") if is_large else _TWO_LONGS, data, box, 4)
    timescale, duration = unpack(_LONG_AND_LARGE if is_large else _TWO_LONGS, data, box, 20 if is_large else 12)
    is_known = duration != (2**64 if is_large else 2**32) - 1
    return Clock(timescale, duration if is_known else None, _as_time(created))


def _as_time(seconds: int) -> datetime | None:
    """Seconds since 1904 as a time; since 1970 where that would be before 1970, as some programs write it."""
    if not seconds:
        return None
    try:
        return (_MAC_EPOCH if seconds >= _BETWEEN_EPOCHS else _UNIX_EPOCH) + timedelta(seconds=seconds)
    except OverflowError:
        return None


def list_tracks(moov: bytes, boxes: Iterable[Box]) -> Iterator[Track]:
    """The tracks of video and audio among the boxes of a `moov`, in their order; raises BadMedia for a damaged one."""
    for trak in boxes:
        if trak.kind == b"trak":
            within = index(moov, trak)
            mdia = index(moov, within[b"mdia"]) if b"mdia" in within else {}
            if {b"hdlr", b"mdhd", b"minf"} <= mdia.keys() and b"tkhd" in within:
                handler = moov[mdia[b"hdlr"].body + 8 : mdia[b"hdlr"].body + 12]
                if handler in {VIDEO, AUDIO}:
                    yield _read_track(moov, handler, within, mdia)


def _read_track(moov: bytes, handler: bytes, trak: Mapping[bytes, Box], mdia: Mapping[bytes, Box]) -> Track:
    minf = index(moov, mdia[b"minf"])
    stbl = index(moov, minf[b"stbl"]) if b"stbl" in minf else {}
    clock = read_clock(moov, mdia[b"mdhd"])
    ticks, samples = _sum_times(moov, stbl.get(b"stts"))
    if not samples and b"stsz" in stbl:
        _, samples = unpack(_TWO_LONGS, moov, stbl[b"stsz"], 4)
    tkhd = trak[b"tkhd"]
    (number,) = unpack(_LONG, moov, tkhd, 20 if moov[tkhd.body] == _LARGE_FLAG else 12)
    track = Track(number, handler, clock.timescale, ticks or clock.duration or 0, samples, None)
    track.created_at = clock.created_at
    entry = next(iter(children(moov, stbl[b"stsd"], 8)), None) if b"stsd" in stbl else None
    if entry:
        track.codec = _name_codec(moov, entry)
    if handler == VIDEO:
        track.width, track.height = _frame(moov, tkhd, entry)
    if edts := trak.get(b"edts"):
        track.edits = _read_edits(moov, index(moov, edts).get(b"elst"))
    track.data_end = _find_data_end(moov, stbl)
    return track


def _sum_times(moov: bytes, stts: Box | None) -> tuple[int, int]:
    """Ticks of length and number of samples; none where the table is longer than anybody needs."""
    if stts is None:
        return 0, 0
    (count,) = unpack(_LONG, moov, stts, 4)
    rows = table(moov, stts, 8, count, 8)
    if count == 1:
        samples, ticks = _TWO_LONGS.unpack(rows)
        return samples * ticks, samples
    if count > MOST_ENTRIES:
        return 0, 0
    length = samples = 0
    for number, ticks in iter_unpack(">II", rows):
        length += number * ticks
        samples += number
    return length, samples


def _name_codec(moov: bytes, entry: Box) -> str:
    name = CODECS.get(entry.kind) or entry.name.strip("\0 ").lower()
    if entry.kind in {b"mp4a", b"mp4v"} and (match := _OBJECT_TYPE.search(moov, entry.body, entry.end)):
        return _OBJECT_TYPES.get(match[1][0], name)
    return name


def _frame(moov: bytes, tkhd: Box, entry: Box | None) -> tuple[int | None, int | None]:
    """Width and height in pixels as shown: with the pixels' aspect, turned and scaled as the track's matrix says."""
    offset = 52 if moov[tkhd.body] == _LARGE_FLAG else 40
    a, b, _, c, d, *_ = unpack(_MATRIX, moov, tkhd, offset)
    width, height = (side / _FIXED for side in unpack(_TWO_LONGS, moov, tkhd, offset + 36))
    width, height = _stored_frame(moov, entry, is_asked=not (width and height)) or (width, height)
    turned = (abs(a) * width + abs(c) * height) / _FIXED, (abs(b) * width + abs(d) * height) / _FIXED
    shown = tuple(map(round, turned if all(turned) else (width, height)))
    return (shown[0], shown[1]) if all(shown) else (None, None)


def _stored_frame(moov: bytes, entry: Box | None, *, is_asked: bool) -> tuple[float, float] | None:
    """The sides that the sample entry says, where it names the pixels' aspect, or is asked for them anyway."""
    if entry is None or entry.end - entry.body < _PICTURE_FIELDS:
        return None
    width, height = unpack(_TWO_SHORTS, moov, entry, 24)
    pasp = index(moov, entry, _PICTURE_FIELDS).get(b"pasp")
    horizontal, vertical = unpack(_TWO_LONGS, moov, pasp) if pasp else (0, 0)
    if horizontal and vertical:
        return width * horizontal / vertical, height
    return (width, height) if is_asked else None


def _read_edits(moov: bytes, elst: Box | None) -> list[tuple[int, bool]]:
    """The edits that show something: ticks of the film's clock, and whether it is one frame that stands still."""
    if elst is None:
        return []
    is_large = moov[elst.body] == _LARGE_FLAG
    (count,) = unpack(_LONG, moov, elst, 4)
    rows = table(moov, elst, 8, count, 20 if is_large else 12)
    if count > MOST_ENTRIES:
        return []
    return [
        (duration, rate == 0)
        for duration, start, rate, _ in iter_unpack(">Qqhh" if is_large else ">Iihh", rows)
        if start >= 0
    ]


def _find_data_end(moov: bytes, stbl: Mapping[bytes, Box]) -> int:
    """The byte of the file behind the last chunk that the tables name; 0 where they name none."""
    chunks = stbl.get(b"co64") or stbl.get(b"stco")
    if chunks is None:
        return 0
    width = 8 if chunks.kind == b"co64" else 4
    (count,) = unpack(_LONG, moov, chunks, 4)
    offsets = table(moov, chunks, 8, count, width)
    if not count:
        return 0
    last = int.from_bytes(offsets[-width:])
    end = last + _measure_last_chunk(moov, stbl)
    if count > MOST_ENTRIES:
        return end
    furthest: int = max(struct.unpack(f">{count}{'Q' if width == 8 else 'I'}", offsets))
    return max(end, furthest)


def _measure_last_chunk(moov: bytes, stbl: Mapping[bytes, Box]) -> int:
    """The bytes of the samples in the last chunk; 0 where that is not said in the usual way."""
    if not {b"stsz", b"stsc"} <= stbl.keys():
        return 0
    size, count = unpack(_TWO_LONGS, moov, stbl[b"stsz"], 4)
    (runs,) = unpack(_LONG, moov, stbl[b"stsc"], 4)
    if not runs:
        return 0
    samples = min(int.from_bytes(table(moov, stbl[b"stsc"], 8, runs, 12)[-8:-4]), count)
    if size:
        return size * samples
    sizes = table(moov, stbl[b"stsz"], 12, count, 4)[(count - samples) * 4 :]
    return sum(struct.unpack(f">{samples}I", sizes)) if samples <= MOST_ENTRIES else 0


def shown_seconds(track: Track, film: Clock) -> float | None:
    """How long the track is shown, in seconds: its samples, or what its edit list shows of them; None where unknown.

    The film's clock may be coarse: what differs by less than two of its ticks is the length of the samples.
    """
    if not track.timescale or not track.duration:
        return None
    whole = track.duration / track.timescale
    if not film.timescale or not track.edits or any(not ticks for ticks, _ in track.edits):  # 0: all there is
        return whole
    lengths = ((ticks / film.timescale, is_still) for ticks, is_still in track.edits)
    shown = sum(length if is_still else min(length, whole) for length, is_still in lengths)
    return whole if abs(shown - whole) < 2 / film.timescale else shown


def check_data(tracks: list[Track], size: int) -> None:
    """Raise BadMedia where a track's samples lie beyond the end of a file of `size` bytes."""
    end = max((track.data_end for track in tracks), default=0)
    if end > size:
        raise BadMedia(f"is cut off: {size:,} bytes, and its samples reach to byte {end:,}")
