"""The fragments of an mp4 file (ISO/IEC 14496-12, 8.8): how long each makes its tracks, and where their data lie."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, unpack_from
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import BadMedia
from catalog.media.boxes import MOST_METADATA, Box, children, read_box, root, table, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from catalog.media.tracks import Track

_LONG = Struct(">I")
_SIGNED = Struct(">i")
_LARGE = Struct(">Q")
_TWO_LONGS = Struct(">II")
_FIVE_LONGS = Struct(">5I")

# Flags of tfhd and trun: which of their optional fields are there.
_BASE, _DESCRIPTION, _DURATION, _SIZE, _FROM_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20000
_OFFSET, _FIRST_FLAGS, _DURATIONS, _SIZES, _FLAGS, _SHIFTS = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800


class Defaults(NamedTuple):
    """Ticks and bytes of a sample where a run names none."""

    duration: int
    size: int


@dataclass(slots=True)
class Fragmented:
    """A track with fragments, which reach from tick `start` to `end` of its clock; `start` is None before the first."""

    track: Track
    default: Defaults
    start: int | None
    end: int = 0


def read_defaults(moov: bytes, mvex: Box) -> dict[int, Defaults]:
    """By the number of the track, what `trex` says for it."""
    rows = (unpack(_FIVE_LONGS, moov, trex, 4) for trex in children(moov, mvex) if trex.kind == b"trex")
    return {number: Defaults(duration, size) for number, _, duration, size, _ in rows}


def add_fragments(file: BinaryIO, boxes: Iterable[Box], tracks: Iterable[Track], defaults: dict[int, Defaults]) -> None:
    """Add what lies in the fragments to the tracks; raises BadMedia where they are damaged, or too many to be read.

    A track is as long as its samples, or as the times at which its fragments begin say: programs that write a fragment
    for each frame do not know yet how long that will be shown.
    """
    left = MOST_METADATA
    by_number = {
        track.number: Fragmented(track, defaults.get(track.number, Defaults(0, 0)), 0 if track.samples else None)
        for track in tracks
    }
    for fragmented in by_number.values():
        if not fragmented.track.samples:
            fragmented.track.duration = 0  # what it says it has is that of its fragments
    for box in boxes:
        if box.kind == b"moof":
            left -= box.end - box.start
            if left < 0:
                raise BadMedia(f"has fragments described by more than {MOST_METADATA // 1024**2} MiB")
            moof = read_box(file, box)
            for traf in children(moof, root(moof)):
                if traf.kind == b"traf":
                    _add_fragment(moof, children(moof, traf), box.start, by_number)
    for fragmented in by_number.values():
        fragmented.track.duration = max(fragmented.track.duration, fragmented.end - (fragmented.start or 0))


def _add_fragment(moof: bytes, boxes: list[Box], moof_start: int, by_number: dict[int, Fragmented]) -> None:
    tfhd = next((box for box in boxes if box.kind == b"tfhd"), None)
    if tfhd is None:
        raise BadMedia("is damaged: a fragment of no track")
    flags, number = unpack(_TWO_LONGS, moof, tfhd)
    fragmented = by_number.get(number)
    if fragmented is None:
        return
    base, default = _read_tfhd(moof, tfhd, flags, moof_start, fragmented.default)
    end = base if flags & (_BASE | _FROM_MOOF) else None  # else it follows what another track has there
    before = fragmented.track.duration
    for box in boxes:
        if box.kind == b"trun":
            end = _add_run(moof, box, fragmented.track, default, base, end)
    ticks = fragmented.track.duration - before
    tfdt = next((box for box in boxes if box.kind == b"tfdt"), None)
    if tfdt and ticks:
        (time,) = unpack(_LARGE if moof[tfdt.body] == 1 else _LONG, moof, tfdt, 4)
        fragmented.start = time if fragmented.start is None else min(fragmented.start, time)
        fragmented.end = max(fragmented.end, time + ticks)


def _read_tfhd(moof: bytes, tfhd: Box, flags: int, base: int, default: Defaults) -> tuple[int, Defaults]:
    """Where the fragment's data are counted from, in bytes of the file, and what holds for its samples."""
    offset = 8
    if flags & _BASE:
        (base,) = unpack(_LARGE, moof, tfhd, offset)
        offset += 8
    if flags & _DESCRIPTION:
        offset += 4
    if flags & _DURATION:
        default = default._replace(duration=unpack(_LONG, moof, tfhd, offset)[0])
        offset += 4
    if flags & _SIZE:
        default = default._replace(size=unpack(_LONG, moof, tfhd, offset)[0])
    return base, default


def _add_run(moof: bytes, trun: Box, track: Track, default: Defaults, base: int, end: int | None) -> int | None:
    """Add a run to its track; return the byte of the file behind its data, None where it cannot be known."""
    flags, count = unpack(_TWO_LONGS, moof, trun)
    offset = 8
    if flags & _OFFSET:
        end = base + unpack(_SIGNED, moof, trun, offset)[0]
        offset += 4
    offset += 4 if flags & _FIRST_FLAGS else 0
    fields = [flag for flag in (_DURATIONS, _SIZES, _FLAGS, _SHIFTS) if flags & flag]
    columns = len(fields)
    rows = unpack_from(f">{count * columns}I", table(moof, trun, offset, count, 4 * columns)) if fields else ()

    def total(flag: int, usual: int) -> int:
        return sum(rows[fields.index(flag) :: columns]) if flag in fields else count * usual

    track.duration += total(_DURATIONS, default.duration)
    track.samples += count
    if end is not None:
        end += total(_SIZES, default.size)
        track.data_end = max(track.data_end, end)
    return end


def check_index(file: BinaryIO, boxes: Iterable[Box], size: int) -> None:
    """Raise BadMedia where a segment index (`sidx`) names bytes beyond the end of a file of `size` bytes."""
    for box in boxes:
        if box.kind == b"sidx":
            sidx = read_box(file, box)
            whole = root(sidx)
            is_large = sidx[whole.body] == 1
            (first,) = unpack(_LARGE if is_large else _LONG, sidx, whole, 20 if is_large else 16)
            header = 32 if is_large else 24
            count = unpack(_LONG, sidx, whole, header - 4)[0] & 0xFFFF
            rows = table(sidx, whole, header, count, 12)
            sizes = unpack_from(f">{count * 3}I", rows)[::3]
            end = box.end + first + sum(number & 0x7FFFFFFF for number in sizes)
            if end > size:
                raise BadMedia(f"is cut off: {size:,} of the {end:,} bytes that its index names")
