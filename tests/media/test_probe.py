"""What a file says about itself: as PyAV measures it, and where files are put together by hand."""

from __future__ import annotations

import io
import os
import struct
import sys
import tempfile
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from catalog.demo import clips
from catalog.errors import BadMedia
from catalog.media.probe import probe, read_probe
from catalog.media.sniff import HEAD, sniff
from catalog.records import Probe
from tests.media.boxes import FTYP, TURNED, UNITY, box, elst, film, full, longs, mkv, mvhd, trak


def read(data: bytes) -> Probe:
    return read_probe(io.BytesIO(data), sniff(data[:HEAD]))


def encode(
    form: str = "mp4",
    codec: str = "libx264",
    *,
    size: tuple[int, int] = (64, 48),
    rate: int | Fraction = 12,
    frames: int = 24,
    audio: str | None = None,
    aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
) -> bytes:
    """A clip as PyAV makes it, with a little more sound than picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip"
        with av.open(str(path), "w", format=form, options=options or {}) as container:
            container.metadata.update(metadata or {})
            stream = container.add_stream(codec, rate=rate)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            if codec == "libx265":
                stream.codec_context.options = {"x265-params": "log-level=none"}
            if aspect:
                stream.codec_context.sample_aspect_ratio = aspect
            sound = container.add_stream(audio, rate=48_000, layout="mono") if audio else None
            for index in range(frames):
                frame = av.VideoFrame(*size, "yuv420p")
                frame.planes[0].update(bytes([index * 9 % 256]) * frame.planes[0].buffer_size)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
            if sound:
                for _ in range(int(frames / rate * 50) + 3):
                    silence = av.AudioFrame("fltp" if audio == "aac" else "flt", "mono", 960)
                    silence.rate = 48_000
                    silence.planes[0].update(bytes(silence.planes[0].buffer_size))
                    container.mux(sound.encode(silence))
                container.mux(sound.encode())
        return path.read_bytes()


def measure(source: Any) -> Probe:
    """What PyAV says of a file."""
    with av.open(source) as container:
        video = container.streams.video[0]
        seconds = float(video.duration * video.time_base) if video.duration else container.duration / av.time_base
        created = container.metadata.get("creation_time")
        return Probe(
            seconds=round(seconds, 3),
            width=video.width,
            height=video.height,
            fps=round(float(video.average_rate), 3),
            codec={"libdav1d": "av1"}.get(video.codec_context.name, video.codec_context.name),
            audio=container.streams.audio[0].codec_context.name if container.streams.audio else None,
            created_at=datetime.fromisoformat(created) if created else None,
        )


def list_clips(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".mp4", ".mov"})


@pytest.mark.parametrize("name", ["landscape", "portrait", "square"])
def test_ready_made_clips_are_read_as_pyav_reads_them(name: str) -> None:
    path = clips.FOLDER / f"{name}.mp4"
    assert probe(path) == measure(str(path))


def test_clips_of_the_reference_sets_are_read_as_pyav_reads_them(shared: Path) -> None:
    compared = 0
    for path in list_clips(shared / "c2pa-fixtures"):
        try:
            found = probe(path)
        except BadMedia:
            continue
        assert found == measure(str(path)), path.name
        compared += 1
    assert compared >= 25


def test_pictures_of_the_reference_sets_are_read_as_pillow_reads_them(shared: Path) -> None:
    compared = 0
    for path in sorted((shared / "c2pa-fixtures").rglob("*")):
        if path.suffix in {".jpg", ".jpeg", ".png", ".webp"} and path.name != "wrong-extension.jpg":
            with Image.open(path) as picture:
                turned = picture.getexif().get(0x0112, 1) > 4
                assert probe(path) == Probe(width=picture.size[turned], height=picture.size[not turned], codec=None), (
                    path.name
                )
            compared += 1
    assert compared >= 30


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated.mp4", "is cut off: 426 of 1,126 bytes of box moov"),
        ("junk-appended.mp4", "is damaged: behind its last box there are 8 bytes of no box"),
        ("empty.mp4", "is empty"),
        ("not-a-video.mp4", "is text, not a video"),
    ],
)
def test_broken_clips_of_the_reference_sets_are_refused(shared: Path, name: str, reason: str) -> None:
    path = shared / "c2pa-fixtures" / "made-here" / name
    with pytest.raises(BadMedia) as error:
        probe(path)
    assert error.value.reason == reason
    assert str(error.value) == f"{path} {reason}"


@pytest.mark.parametrize("form", ["mp4", "mov", "ipod", "webm", "matroska", "avi"])
def test_every_container_is_read_as_pyav_reads_it(form: str) -> None:
    codec, audio = ("libvpx-vp9", "libopus") if form == "webm" else ("libx264", "aac")
    data = encode(form, codec, audio=audio, metadata={"creation_time": "2026-11-29T10:20:30.000000Z"})
    measured = measure(io.BytesIO(data))
    assert measured.audio == {"webm": "opus"}.get(form, "aac")
    assert read(data) == measured


@pytest.mark.parametrize(
    "codec", sorted({"libx264", "libx265", "libsvtav1", "libvpx-vp9", "mpeg4"} & av.codecs_available)
)
def test_every_codec_has_the_name_that_pyav_gives_it(codec: str) -> None:
    data = encode(codec=codec, frames=4)
    if hasattr(os, "sched_setscheduler"):  # as root, libsvtav1 gives the thread that calls it real-time priority
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    assert read(data) == measure(io.BytesIO(data))


@pytest.mark.parametrize(("rate", "frames"), [(24, 37), (Fraction(30000, 1001), 41), (7, 1), (60, 5)])
def test_lengths_and_rates_that_are_not_round_are_read_as_pyav_reads_them(rate: Any, frames: int) -> None:
    data = encode(rate=rate, frames=frames, audio="aac")
    assert read(data) == measure(io.BytesIO(data))


@pytest.mark.parametrize(
    "flags",
    [
        "frag_keyframe+empty_moov+default_base_moof",
        "frag_keyframe+empty_moov+omit_tfhd_offset",
        "frag_keyframe",
        "frag_every_frame",
        "cmaf+frag_keyframe",
        "dash+global_sidx+frag_keyframe",
        "faststart",
        "rtphint",
        "use_metadata_tags",
    ],
)
def test_a_clip_in_fragments_is_as_long_as_all_of_them(flags: str) -> None:
    data = encode(audio="aac", options={"movflags": flags})
    found = read(data)
    assert found == Probe(2.0, 64, 48, 12.0, "h264", "aac")


def test_pixels_that_are_not_square_count_as_shown() -> None:
    data = encode(size=(60, 48), aspect=Fraction(4, 3))
    assert (read(data).width, read(data).height) == (80, 48)
    assert_size(film(trak(inside=box("pasp", longs(3, 2)))), 96, 48)
    assert_size(film(trak(inside=box("pasp", longs(0, 0)))), 64, 48)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ((), (60, 48)),
        ((mkv(0x54B0, b"\x50"), mkv(0x54BA, b"\x30")), (80, 48)),  # in pixels
        ((mkv(0x54B0, b"\5"), mkv(0x54BA, b"\3"), mkv(0x54B2, b"\3")), (80, 48)),  # a ratio
        ((mkv(0x54B0, b"\5"), mkv(0x54BA, b"\3"), mkv(0x54B2, b"\1")), (60, 48)),  # centimetres
        ((mkv(0x54B0, b""), mkv(0x54BA, b"\3")), (60, 48)),
    ],
)
def test_a_matroska_file_has_its_sides_as_shown(shown: tuple[bytes, ...], expected: tuple[int, int]) -> None:
    video = mkv(0xE0, mkv(0xB0, b"\x3c"), mkv(0xBA, b"\x30"), *shown)
    track = mkv(0xAE, mkv(0x83, b"\1"), mkv(0x86, b"V_AV1"), mkv(0x23E383, (40_000_000).to_bytes(4)), video)
    info = mkv(0x1549A966, mkv(0x2AD7B1, (1_000_000).to_bytes(3)), mkv(0x4489, struct.pack(">f", 2500)))
    data = mkv(0x1A45DFA3, mkv(0x4282, b"matroska")) + mkv(0x18538067, info, mkv(0x1654AE6B, track))
    assert read(data) == Probe(2.5, *expected, 25.0, "av1")


def assert_size(data: bytes, width: int | None, height: int | None) -> None:
    found = read(data)
    assert (found.width, found.height) == (width, height)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_film_that_was_held_upright_has_its_sides_as_shown(degrees: int) -> None:
    turned = (64, 48) if degrees == 180 else (48, 64)
    assert_size(film(trak(matrix=TURNED[degrees])), *turned)
    plain = encode(frames=2)
    before, _, behind = plain.rpartition(struct.pack(">9i", *UNITY))
    assert_size(before + struct.pack(">9i", *TURNED[degrees]) + behind, *turned)


def test_a_matrix_scales_and_one_that_shows_nothing_is_ignored() -> None:
    twice = (2 << 16, 0, 0, 0, 2 << 16, 0, 0, 0, 1 << 30)
    assert_size(film(trak(matrix=twice)), 128, 96)
    assert_size(film(trak(matrix=(0,) * 9)), 64, 48)


def test_a_track_that_does_not_say_its_size_has_that_of_its_samples() -> None:
    data = film(trak(size=(64, 48)))
    tkhd = struct.pack(">II", 64 << 16, 48 << 16)
    assert data.count(tkhd) == 1
    assert_size(data.replace(tkhd, bytes(8)), 64, 48)


@pytest.mark.parametrize(
    ("edits", "seconds"),
    [
        (b"", 4.0),
        (elst((4000, 0, 1)), 4.0),
        (elst((4000, 20, 1)), 4.0),  # what reordered frames begin with
        (elst((2500, 10, 1)), 2.5),
        (elst((1000, 0, 1), (500, 30, 1)), 1.5),
        (elst((1000, -1, 1), (4000, 0, 1)), 4.0),  # a second of nothing is no film
        (elst((3999, 0, 1)), 4.0),  # the film's clock is coarse
        (elst((9000, 0, 1)), 4.0),
        (elst((0, 0, 1)), 4.0),  # all there is
        (elst((4000, 0, 1), (2000, 39, 0)), 6.0),  # the last frame stands still
        (elst((2500, 10, 1), version=1), 2.5),
        (elst(), 4.0),
    ],
)
def test_an_edit_list_says_what_is_shown(edits: bytes, seconds: float) -> None:
    assert read(film(trak(edits=edits))).seconds == seconds


def test_an_edit_list_of_a_film_in_fragments_says_nothing_about_them() -> None:
    track = trak(samples=0, stts=longs(0), edits=elst((1000, 0, 1)))
    head = FTYP + box("moov", mvhd(), track, box("mvex", full("trex", longs(1, 1, 1, 0, 0))))
    run = full("trun", longs(40, *range(10, 50)), flags=0x200)  # the size of each sample
    data = head + box("moof", box("traf", full("tfhd", longs(1)), run)) + box("mdat", bytes(2000))
    assert read(data) == Probe(4.0, 64, 48, 10.0, "h264")


def test_the_length_is_that_of_the_video_and_not_of_the_film() -> None:
    assert read(film(head=mvhd(duration=4027))).seconds == 4.0
    assert read(film(trak(duration=0))).seconds == 4.0  # as live recordings leave it
    assert read(film(trak(stts=longs(2, 20, 1, 20, 3)))) == Probe(8.0, 64, 48, 5.0, "h264")


def test_long_clocks_are_read() -> None:
    head = full("mvhd", struct.pack(">QQIQ", 0, 0, 1000, 4000), bytes(80), version=1)
    assert read(film(head=head)).seconds == 4.0


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (0, None),
        (3_879_000_000, datetime(2026, 12, 1, 10, 0, tzinfo=UTC)),
        (1_795_946_400, datetime(2026, 11, 29, 10, 0, tzinfo=UTC)),  # counted from 1970
    ],
)
def test_the_time_of_making_is_read(created: int, expected: datetime | None) -> None:
    found = read(film(head=mvhd(created=created))).created_at
    assert (found is None) == (expected is None)
    if found and expected:
        assert abs((found - expected).days) <= 1


def test_a_time_beyond_all_calendars_is_none() -> None:
    head = full("mvhd", struct.pack(">QQIQ", 2**62, 0, 1000, 4000), bytes(80), version=1)
    assert read(film(head=head)).created_at is None


def test_the_first_track_of_video_with_frames_counts() -> None:
    tracks = (
        trak(handler=b"soun", codec="mp4a"),
        trak(samples=0, stts=longs(0), size=(10, 10)),
        trak(codec="hvc1", size=(32, 16)),
        trak(size=(100, 100)),
    )
    assert read(film(*tracks)) == Probe(4.0, 32, 16, 10.0, "hevc", "aac")


def test_a_codec_without_a_common_name_keeps_its_own() -> None:
    assert read(film(trak(codec="xYz "))).codec == "xyz"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (FTYP, "is cut off: it has no box moov"),
        (FTYP + box("mdat", bytes(9)), "is cut off: it has no box moov"),
        (FTYP + box("moof"), "is a segment of a stream, not a whole clip"),
        (film(trak(handler=b"soun")), "has no track of video"),
        (film(trak(samples=0, stts=longs(0))), "has a track of video without a frame"),
        (FTYP + box("moov"), "has no track of video"),
        (film()[:-408], "is cut off: it has no box mdat"),
    ],
)
def test_a_file_without_video_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadMedia) as error:
        read(data)
    assert error.value.reason == reason


@pytest.mark.parametrize(
    "form", sorted({"PNG", "JPEG", "WEBP", "GIF", "AVIF"} & {*Image.registered_extensions().values()})
)
def test_a_picture_has_a_size(form: str) -> None:
    target = io.BytesIO()
    Image.new("RGB", (33, 21)).save(target, form)
    assert read(target.getvalue()) == Probe(width=33, height=21)


def test_a_picture_that_this_pillow_cannot_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    with pytest.raises(BadMedia, match="is an AVIF picture, which this Pillow cannot read"):
        read(box("ftyp", b"avif", bytes(4)))


def test_a_picture_is_as_large_as_shown() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    Image.new("RGB", (33, 21)).save(target, "JPEG", exif=exif)
    assert read(target.getvalue()) == Probe(width=21, height=33)


def test_a_webm_that_was_recorded_live_is_as_long_as_its_blocks() -> None:
    data = encode("webm", "libvpx-vp9", options={"live": "1"})
    assert read(data) == Probe(2.0, 64, 48, 12.0, "vp9")
