"""The media of sample jobs are real: a player decodes them, and the same job always has the same bytes."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import av
import pytest
from PIL import Image

from catalog.demo.clips import FOLDER, SHAPES
from catalog.demo.media import VARIANTS, Media, Pictures, playable
from catalog.demo.sample import sample_jobs
from tests.demo.conftest import NOW, failed, job

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.demo.gateway.jobs import Job
    from catalog.demo.media import Asset


def decode(data: bytes) -> tuple[str, int, int, float, list[bytes]]:
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_image().resize((8, 8)).tobytes() for frame in container.decode(stream)]
        return stream.codec_context.name, stream.width, stream.height, container.duration / av.time_base, frames


def all_of(job: Job) -> list[Asset]:
    pictures = Pictures(job)
    return [getattr(pictures, variant) for variant in VARIANTS]


def test_a_clip_is_h264_and_as_long_as_was_asked_for():
    codec, width, height, duration, frames = decode(Pictures(job(1, seconds="4", size="1280x720")).video.data)
    assert (codec, width, height) == ("h264", 320, 180)
    assert duration == pytest.approx(4, abs=0.1)
    assert len(frames) == 48


def test_a_clip_has_the_shape_that_was_asked_for():
    assert decode(Pictures(job(1, size="720x1280")).video.data)[1:3] == (180, 320)


def test_the_pictures_of_a_clip_move():
    assert len(set(decode(Pictures(job(1)).video.data)[4])) > 10


def test_two_jobs_do_not_look_alike():
    assert Pictures(job(1)).video.data != Pictures(job(2)).video.data


def test_the_same_job_has_the_same_bytes_each_time():
    assert all_of(job(1)) == all_of(job(1))


def test_the_thumbnail_is_webp():
    asset = Pictures(job(1)).thumbnail
    assert asset.content_type == "image/webp"
    assert Image.open(io.BytesIO(asset.data)).format == "WEBP"


def test_the_sprite_sheet_is_jpeg_with_twelve_pictures():
    asset = Pictures(job(1, size="1280x720")).spritesheet
    sheet = Image.open(io.BytesIO(asset.data))
    assert (asset.content_type, sheet.format, sheet.size) == ("image/jpeg", "JPEG", (4 * 160, 3 * 90))


@pytest.mark.parametrize("prompt", ["", "雨の夜", "\0\x07", "x" * 5000])
def test_any_prompt_can_be_drawn(prompt: str):
    assert Pictures(job(1, prompt=prompt)).video.data


def test_eager_media_are_made_before_they_are_asked_for():
    media = Media(eager=3)
    assert media.make_ready(job(number) for number in range(9)) == 3
    assert len(media) == 3


def test_media_keep_no_more_than_they_may():
    media = Media(keep=2)
    for number in range(4):
        media.pictures(job(number))
    assert len(media) == 2


def test_only_completed_jobs_whose_assets_have_not_expired_are_playable():
    jobs = [job(1), job(2, keeps_for=1), failed(3), job(4, runs_for=9999)]
    assert list(playable(jobs, NOW)) == [jobs[0]]


# --- Ready-made clips


@pytest.fixture
def without_av(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)


SIZES = {"1280x720": (320, 180), "720x1280": (180, 320), "960x960": (320, 320), "832x480": (320, 180)}


@pytest.mark.parametrize("size", SIZES)
def test_without_pyav_a_clip_has_the_shape_that_was_asked_for(monkeypatch: pytest.MonkeyPatch, size: str):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "av", None)
        clip = Pictures(job(1, size=size)).video
    codec, width, height, duration, frames = decode(clip.data)
    assert (codec, (width, height), clip.content_type) == ("h264", SIZES[size], "video/mp4")
    assert (duration, len(frames)) == (pytest.approx(4, abs=0.1), 32)
    assert len(set(frames)) > 10


def test_without_pyav_two_jobs_have_different_bytes_and_each_the_same_every_time(without_av):
    one, other, again = (Pictures(job(number)).video.data for number in (1, 2, 1))
    assert one == again != other


def test_without_pyav_thumbnail_and_sheet_are_those_of_the_job(monkeypatch: pytest.MonkeyPatch):
    video, *drawn = all_of(job(1))
    monkeypatch.setitem(sys.modules, "av", None)
    ready_made, *others = all_of(job(1))
    assert others == drawn
    assert ready_made != video


def test_every_sample_job_has_a_ready_made_clip(without_av):
    clips = {Pictures(job).video.data[4:8] for job in sample_jobs(NOW) if job.kind == "video"}
    assert clips == {b"ftyp"}


def test_the_ready_made_clips_are_few_and_small():
    clips = sorted(FOLDER.glob("*.mp4"))
    assert [clip.stem for clip in clips] == sorted(SHAPES)
    assert all(clip.stat().st_size < 10_000 for clip in clips)


def test_the_ready_made_clips_are_what_their_program_draws(tmp_path: Path):
    subprocess.run([sys.executable, "-m", "catalog.demo.clips", str(tmp_path)], check=True, timeout=60)
    for shape in SHAPES:
        *facts, frames = decode((tmp_path / f"{shape}.mp4").read_bytes())
        *kept_facts, kept_frames = decode((FOLDER / f"{shape}.mp4").read_bytes())
        assert facts == kept_facts
        assert len(frames) == len(kept_frames)
        assert abs(frames[16][0] - kept_frames[16][0]) < 16  # another release of x264 may round differently
