"""What a file of video says about itself: as PyAV measures it, and where films are put together by hand."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

import av
import pytest

from catalog.demo import clips
from catalog.media.probe import probe, read_probe
from catalog.media.sniff import HEAD, sniff

if TYPE_CHECKING:
    from catalog.records import Probe


def read(data: bytes) -> Probe:
    return read_probe(io.BytesIO(data), sniff(data[:HEAD]))


def encode(
    form: str = "mp4",
    codec: str = "libx264",
    *,
    size: tuple[int, int] = (64, 48),
    rate: int = 12,
    frames: int = 24,
    audio: str | None = None,
    options: dict[str, str] | None = None,
    prepare: Any = lambda stream: None,
) -> bytes:
    """A clip as PyAV makes it."""
    target = io.BytesIO()
    target.name = f"clip.{form}"
    with av.open(target, "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        prepare(stream)
        sound = container.add_stream(audio, rate=48_000) if audio else None
        for index in range(frames):
            frame = av.VideoFrame(*size, "yuv420p")
            frame.planes[0].update(bytes([index * 9 % 256]) * frame.planes[0].buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            for _ in range(frames * 48_000 // rate // 960 + 3):
                silence = av.AudioFrame("fltp", "mono", 960)
                silence.rate = 48_000
                silence.planes[0].update(bytes(silence.planes[0].buffer_size))
                container.mux(sound.encode(silence))
            container.mux(sound.encode())
    return target.getvalue()


def measure(source: Any) -> tuple[Any, ...]:
    """What PyAV says: seconds, width, height, frames a second, codec, audio, when it was made."""
    with av.open(source) as container:
        video = container.streams.video[0]
        seconds = float(video.duration * video.time_base) if video.duration else container.duration / av.time_base
        sound = container.streams.audio[0].codec_context.name if container.streams.audio else None
        created = container.metadata.get("creation_time")
        rate = float(video.average_rate or 0)
        return (seconds, video.width, video.height, rate, video.codec_context.name, sound, created)


def assert_equal(found: Probe, measured: tuple[Any, ...]) -> None:
    seconds, width, height, rate, codec, sound, created = measured
    assert found.seconds == pytest.approx(seconds, abs=0.002)
    assert (found.width, found.height, found.codec, found.audio) == (width, height, codec, sound)
    assert found.fps == pytest.approx(rate, rel=0.001)
    assert found.created_at == (datetime.fromisoformat(created) if created else None)


@pytest.mark.parametrize("name", ["landscape", "portrait", "square"])
def test_the_ready_made_clips_are_read_as_pyav_reads_them(name: str) -> None:
    path = clips.FOLDER / f"{name}.mp4"
    assert_equal(probe(path), measure(str(path)))


def test_an_avi_file_is_read_as_pyav_reads_it() -> None:
    data = encode("avi", audio="aac")
    assert_equal(read(data), measure(io.BytesIO(data)))
