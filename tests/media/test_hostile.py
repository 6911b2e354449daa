"""Bytes that lie, end early or go on: each is refused with a reason, in little time and memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from catalog.demo import clips
from catalog.errors import BadMedia
from catalog.media import boxes as walk
from catalog.media import tracks
from catalog.media.boxes import list_boxes
from catalog.media.examine import examine, examine_file
from catalog.media.images import MOST_PIXELS
from catalog.media.probe import Probe
from tests.media.boxes import FTYP, box, elst, entry, film, full, longs, mvhd, stbl, trak
from tests.media.test_probe import encode, read

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = (b"\0\0\0\0", b"\0\0\0\1", b"\0\0\0\x10", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"moov")
CLIP = (clips.FOLDER / "square.mp4").read_bytes()
FRAGMENTED = encode(audio="aac", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}, rate=4)
FRAGMENTS = encode(options={"movflags": "frag_every_frame+empty_moov+default_base_moof"}, frames=6)
WEBM = encode("webm", "libvpx-vp9", frames=6)
AVI = encode("avi", frames=6)


def refuse(data: bytes, variant: str = "video") -> str:
    with pytest.raises(BadMedia) as error:
        examine_file(io.BytesIO(data), variant)  # type: ignore[arg-type]
    assert "\n" not in error.value.reason
    return error.value.reason


def list_edges(data: bytes) -> list[int]:
    return [box.start for box in list_boxes(io.BytesIO(data))]


# Cut off


@pytest.mark.parametrize("data", [CLIP, film(), encode("mov", frames=4), encode(options={"movflags": "faststart"})])
def test_a_clip_that_is_cut_at_or_in_any_box_is_refused(data: bytes) -> None:
    last = len(data)
    for edge in list_edges(data):
        for cut in (edge, edge + 1, edge + 7, edge + 8, edge + 9):
            if cut < last:
                assert refuse(data[:cut])
    assert refuse(data[:-1])


def test_a_cut_says_how_much_is_there() -> None:
    data = film(data=2_048_000 - 8)
    start = len(data) - 2_048_000
    assert refuse(data[: start + 1024]) == "is cut off: 1,024 of 2,048,000 bytes of box mdat"


def test_a_clip_whose_data_come_first_is_refused_where_it_is_cut() -> None:
    whole = film(trak(offset=36))
    moov, mdat = whole[len(FTYP) : -408], whole[-408:]
    assert read(FTYP + mdat + moov).seconds == 4.0
    assert refuse(FTYP + mdat) == "is cut off: it has no box moov"
    assert refuse(FTYP + mdat + moov[:-1]).startswith("is cut off: ")


def test_data_to_the_end_of_the_file_are_measured_by_the_tables() -> None:
    moov = film()[len(FTYP) : -408]
    offset = len(FTYP) + len(moov) + 8
    moov = film(trak(offset=offset))[len(FTYP) : -408]
    open_end = struct.pack(">I4s", 0, b"mdat")
    assert read(FTYP + moov + open_end + bytes(400)).seconds == 4.0
    assert refuse(FTYP + moov + open_end + bytes(399)) == (
        f"is cut off: {offset + 399:,} bytes, and its samples reach to byte {offset + 400:,}"
    )


@pytest.mark.parametrize("data", [FRAGMENTED, FRAGMENTS], ids=["one", "many"])
def test_fragments_are_refused_where_they_are_cut(data: bytes) -> None:
    assert read(data).seconds
    for top in list_boxes(io.BytesIO(data)):
        assert refuse(data[: top.end - 1])
        if top.kind in {b"ftyp", b"moof"}:
            assert refuse(data[: top.end])


def test_an_index_that_names_more_than_there_is_shows_a_cut() -> None:
    def sidx(size: int) -> bytes:
        return full("sidx", longs(1, 1000, 0, 0, 1, size, 1000, 0))

    start = FRAGMENTED.index(b"moof") - 4
    head, media = FRAGMENTED[:start], FRAGMENTED[start:]
    assert read(head + sidx(len(media)) + media).seconds == 6.0
    assert "bytes that its index names" in refuse(head + sidx(len(media) + 1) + media)


@pytest.mark.parametrize("data", [WEBM, AVI], ids=["webm", "avi"])
def test_other_containers_are_refused_where_they_are_cut(data: bytes) -> None:
    for cut in (len(data) - 1, len(data) // 2, 100, 40, 12):
        assert refuse(data[:cut])
    assert refuse(data + b"junk junk junk")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_that_is_cut_anywhere_is_refused(form: str) -> None:
    target = io.BytesIO()
    Image.effect_noise((60, 40), 90).convert("RGB").save(target, form)
    data = target.getvalue()
    assert examine_file(io.BytesIO(data), "thumbnail").size == len(data)
    for cut in {*range(1, len(data), max(1, len(data) // 40)), len(data) - 1, len(data) - 2, len(data) - 4}:
        assert refuse(data[:cut], "thumbnail")


# Bytes that go on


@pytest.mark.parametrize(
    "junk",
    [
        b"x",
        b"\0",
        bytes(8),
        bytes(100),
        b"junk junk junk",
        b"<html>Bad gateway</html>",
        b"\0\0\0\x10\xff\xfe\0\0" + bytes(8),
    ],
)
def test_bytes_behind_the_last_box_are_refused(junk: bytes) -> None:
    assert refuse(CLIP + junk).startswith("is damaged: behind its last box there ")


def test_boxes_that_may_be_there_are_no_junk() -> None:
    later = (box("abcd", b"of a later standard"), box("gps ", bytes(9)))
    for more in (box("free"), box("uuid", bytes(40)), box("skip", bytes(3)), *later):
        assert read(CLIP + more) == read(CLIP)


# Boxes that lie


@pytest.mark.parametrize("size", range(1, 8))
def test_a_box_smaller_than_its_header_is_refused(size: int) -> None:
    header = struct.pack(">I4s", size, b"free")
    assert refuse(FTYP + header + (bytes(8) if size == 1 else b""))
    assert "does not fit in box" in refuse(FTYP + box("moov", mvhd(), header))


@pytest.mark.parametrize("size", [0, 15, 2**63, 2**63 - 1, 2**64 - 1])
def test_a_box_of_64_bits_that_lies_is_refused(size: int) -> None:
    header = struct.pack(">I4sQ", 1, b"mdat", size)
    assert refuse(film() + header).startswith(("is cut off", "is damaged"))
    assert refuse(FTYP + box("moov", mvhd(), header))


def test_a_box_of_64_bits_that_is_right_is_read() -> None:
    data = film()
    large = struct.pack(">I4sQ", 1, b"mdat", 416) + bytes(400)
    assert read(data[:-408] + large) == read(data)


def test_a_description_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with path.open("wb") as file:
        file.write(FTYP + struct.pack(">I4s", 2**30, b"moov"))
        file.truncate(len(FTYP) + 2**30)
    with pytest.raises(BadMedia, match="has a box moov of 1,073,741,824 bytes, more than 32 MiB"):
        examine(path, "video")


@pytest.mark.parametrize("kind", ["moov", "trak", "free"])
def test_boxes_nested_without_end_are_not_followed(kind: str) -> None:
    data = b""
    for _ in range(20_000):
        data = struct.pack(">I4s", 8 + len(data), kind.encode()) + data
    assert refuse(FTYP + box("moov", mvhd(), data))


def test_a_file_of_nothing_but_small_boxes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refuse(FTYP + box("moov", mvhd(), box("free") * (walk.MOST_CHILDREN + 1))) == (
        "is damaged: box moov holds more than 1,000 boxes"
    )
    monkeypatch.setattr(walk, "MOST_BOXES", 50)
    assert refuse(FTYP + box("free") * 51) == "is damaged: it has more than 50 boxes"


def claim(kind: str, offset: int) -> bytes:
    """A clip whose table `kind` says that it has a billion entries."""
    data = bytearray(film())
    at = data.index(kind.encode()) + 4 + offset
    data[at : at + 4] = struct.pack(">I", 10**9)
    return bytes(data)


@pytest.mark.parametrize(("kind", "offset"), [("stts", 4), ("stco", 4), ("stsc", 4)])
def test_a_table_that_claims_a_billion_entries_is_refused(kind: str, offset: int) -> None:
    assert refuse(claim(kind, offset)) == (
        f"is damaged: box {kind} says that it has 1,000,000,000 entries, which do not fit in it"
    )


def test_other_tables_that_claim_a_billion_entries_are_refused() -> None:
    samples = bytearray(stbl(stsd=entry("avc1", 64, 48), stts=longs(1, 40, 1), size=0))
    at = samples.index(b"stsz") + 12
    samples[at : at + 4] = longs(10**9)
    assert "1,000,000,000 entries" in refuse(film(trak(table=bytes(samples))))
    edits = bytearray(elst((4000, 0, 1)))
    edits[20:24] = longs(10**9)
    assert "1,000,000,000 entries" in refuse(film(trak(edits=bytes(edits))))
    run = full("trun", longs(10**9), flags=0x100)
    moof = box("moof", box("traf", full("tfhd", longs(1)), run))
    fragmented = FTYP + box(
        "moov", mvhd(), trak(samples=0, stts=longs(0)), box("mvex", full("trex", longs(1, 1, 1, 1, 0)))
    )
    assert "1,000,000,000 entries" in refuse(fragmented + moof)


def test_a_sample_table_beyond_the_end_is_refused() -> None:
    assert refuse(film(trak(offset=10**6))).startswith("is cut off: ")
    assert refuse(film(trak(sample_bytes=2**31))).startswith("is cut off: ")


def test_a_table_with_an_entry_for_each_frame_is_summed(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = struct.pack(">I", 5000) + struct.pack(">II", 1, 2) * 5000
    clip = film(trak(stts=rows, timescale=1000, duration=9000))
    assert read(clip).seconds == 10.0
    monkeypatch.setattr(tracks, "MOST_ENTRIES", 4999)  # then what the track says counts
    assert read(clip) == Probe(9.0, 64, 48, 4.444, "h264")


# Pictures


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_a_picture_of_ten_gigapixels_is_refused_before_it_is_decoded() -> None:
    tracemalloc.start()
    try:
        reason = refuse(png(100_000, 100_000), "image")
        assert tracemalloc.get_traced_memory()[1] < 50 * 1024**2
    finally:
        tracemalloc.stop()
    assert reason == "is a picture of 100,000 x 100,000 pixels: more than 67 megapixels"
    side = int(MOST_PIXELS**0.5)
    assert "more than" in refuse(png(side + 1, side), "image")


def test_a_picture_named_as_a_clip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    Image.new("RGB", (8, 8)).save(path, "PNG")
    with pytest.raises(BadMedia, match=r"clip\.mp4 is a PNG picture, not a video"):
        examine(path, "video")


# Whatever


@given(st.data())
def test_whatever_is_changed_in_a_clip_it_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(
        data.draw(st.sampled_from([CLIP[:40] + CLIP[-3000:], film(), FRAGMENTED[:3000], WEBM[:600], AVI[:6000]]))
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, min(len(whole), 4000) - 5))
        whole[at : at + 4] = data.draw(st.sampled_from(NUMBERS))
    cut = data.draw(st.integers(1, len(whole)) | st.just(len(whole)))
    for variant in ("video", "image", "reference"):
        with suppress(BadMedia):
            examine_file(io.BytesIO(bytes(whole[:cut])), variant)
