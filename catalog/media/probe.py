"""What a file of video or a picture says about itself: length, frame, rate, codecs, when it was made."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from struct import Struct
from typing import TYPE_CHECKING

from catalog.disk import open_file
from catalog.errors import BadMedia
from catalog.media.boxes import BytesBehind, children, list_boxes, read_box, root
from catalog.media.fragments import add_fragments, check_index, read_defaults
from catalog.media.matroska import read_matroska
from catalog.media.sniff import AVI, EMPTY, HEAD, M4V, MKV, MOV, MP4, WEBM, FileType, sniff
from catalog.media.tracks import AUDIO, VIDEO, Clock, Track, check_data, list_tracks, read_clock, shown_seconds
from catalog.records import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from catalog.media.boxes import Box
    from catalog.media.marks import Marks


_FILMS = frozenset({MP4, M4V, MOV})
_AVI_MAIN = Struct("<4xI12xI12xII")  # of its main header: microseconds a frame, frames, width, height
_AVI_MAIN_AT = 28
_AVI_HEADERS = 64 * 1024  # bytes in which they are
_AVI_STREAM = {
    "vids": re.compile(rb"strh.{4}vids(.{4})", re.DOTALL),
    "auds": re.compile(rb"strh.{4}auds.*?strf.{4}(..)", re.DOTALL),
}
_AVI_AUDIO = {b"\x01\0": "pcm", b"\x55\0": "mp3", b"\x00\x20": "ac3", b"\xff\0": "aac"}


def probe(path: Path) -> Probe:
    """What a file of video, or a picture, says about itself; raises BadMedia where it is neither, or not whole.

    Raises OSError where it cannot be read.
    """
    with open_media(path) as (file, file_type):
        return read_probe(file, file_type)


@contextmanager
def open_media(path: Path) -> Iterator[tuple[BinaryIO, FileType]]:
    """A file, open, and its type; a BadMedia of the block names it. Raises OSError."""
    with open_file(path) as file:
        try:
            yield file, sniff(file.read(HEAD))
        except BadMedia as error:
            raise BadMedia(error.reason, path=str(path)) from error


def read_probe(file: BinaryIO, file_type: FileType) -> Probe:
    """What a file of this type says about itself, as `probe`."""
    if file_type in _FILMS:
        return _probe_boxes(file, *_read_boxes(file))
    if file_type in {WEBM, MKV}:
        return _probe_matroska(file)
    if file_type == AVI:
        return _probe_avi(file)
    if file_type.kind == "image":
        from catalog.media.images import read_size

        width, height = read_size(file, file_type)
        return Probe(width=width, height=height)
    if file_type.kind == "video":
        raise BadMedia(f"is {file_type.noun}, which cannot be checked here")
    raise BadMedia("is empty" if file_type == EMPTY else f"is {file_type.noun}, not a video")


def describe(file: BinaryIO, file_type: FileType) -> tuple[Probe, Marks]:
    """As `read_probe`, and the marks of the file too: of an mp4, mov or m4v file from the same walk."""
    from catalog.media.marks import read_film_marks, read_marks_of

    if file_type not in _FILMS:
        return read_probe(file, file_type), read_marks_of(file, file_type)
    boxes, moov = _read_boxes(file)
    return _probe_boxes(file, boxes, moov), read_film_marks(file, boxes, moov)


def _read_boxes(file: BinaryIO) -> tuple[list[Box], bytes]:
    """The boxes at the top of a film, and its `moov`."""
    boxes = list_boxes(file)
    top = next((box for box in boxes if box.kind == b"moov"), None)
    if top is None:
        is_segment = any(box.kind == b"moof" for box in boxes)
        raise BadMedia("is a segment of a stream, not a whole clip" if is_segment else "is cut off: it has no box moov")
    return boxes, read_box(file, top)


def _probe_boxes(file: BinaryIO, boxes: Sequence[Box], moov: bytes) -> Probe:
    size = boxes[-1].end
    whole = root(moov)
    within = children(moov, whole)
    mvhd, mvex = (next((box for box in within if box.kind == kind), None) for kind in (b"mvhd", b"mvex"))
    film = read_clock(moov, mvhd) if mvhd else Clock(0, None, None)
    tracks = list(list_tracks(moov, within))
    if mvex:
        add_fragments(file, boxes, tracks, read_defaults(moov, mvex))
        check_index(file, boxes, size)
        film = film._replace(timescale=0)  # its edit lists speak of what moov holds alone
    check_data(tracks, size)
    described = _describe(tracks, film)
    if not any(box.kind == b"mdat" for box in boxes):
        raise BadMedia("is cut off: it has no box mdat")
    return described


def _describe(tracks: Sequence[Track], film: Clock) -> Probe:
    videos = [track for track in tracks if track.handler == VIDEO]
    video = next((track for track in videos if track.samples), videos[0] if videos else None)
    if video is None:
        raise BadMedia("has no track of video")
    if not video.samples:
        raise BadMedia("has a track of video without a frame")
    seconds = shown_seconds(video, film)
    length = video.duration / video.timescale if video.timescale else 0
    return Probe(
        seconds=_rounded(seconds),
        width=video.width,
        height=video.height,
        fps=_rounded(video.samples / length if length else None),
        codec=video.codec,
        audio=next((track.codec for track in tracks if track.handler == AUDIO), None),
        created_at=film.created_at or video.created_at,
    )


def _rounded(number: float | None) -> float | None:
    """To a thousandth, which no two lengths or rates that people mean differ by less than."""
    return None if number is None else round(number, 3) or None


def _probe_matroska(file: BinaryIO) -> Probe:
    found = read_matroska(file)
    if found.codec is None:
        raise BadMedia("has no track of video")
    return replace(found, seconds=_rounded(found.seconds), fps=_rounded(found.fps))


def _probe_avi(file: BinaryIO) -> Probe:
    """What its main header says; raises BadMedia where its RIFF chunks do not fill the file."""
    size, at = file.seek(0, 2), 0
    while at < size:
        file.seek(at)
        head = file.read(8)
        end = at + 8 + int.from_bytes(head[4:], "little")
        if head[:4] not in {b"RIFF", b"JUNK"} or len(head) < 8:
            raise BytesBehind(f"is damaged: {size - at:,} bytes at its end are of no chunk", at)
        if end > size:
            raise BadMedia(f"is cut off: {size:,} of {end:,} bytes")
        at = end + end % 2
    file.seek(0)
    head = file.read(_AVI_HEADERS)
    if head[24:28] != b"avih" or len(head) < _AVI_MAIN_AT + _AVI_MAIN.size:
        raise BadMedia("is damaged: it has no main header")
    frame_time, frames, width, height = _AVI_MAIN.unpack_from(head, _AVI_MAIN_AT)
    video, audio = (_AVI_STREAM[kind].search(head) for kind in ("vids", "auds"))
    return Probe(
        seconds=_rounded(frames * frame_time / 1e6),
        width=width or None,
        height=height or None,
        fps=_rounded(1e6 / frame_time if frame_time else None),
        codec=video[1].decode("latin-1").strip("\0 ").lower() if video else None,
        audio=_AVI_AUDIO.get(audio[1], "unknown") if audio else None,
    )
