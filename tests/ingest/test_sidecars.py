"""Files beside clips: `clip.json`, `clip.mp4.json`, `clip.txt`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from catalog.ingest.sidecars import may_hold_sidecars
from tests.ingest.conftest import job, reasons

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.conftest import Bench


@pytest.mark.parametrize("name", ["clip.json", "clip.mp4.json"])
def test_the_answer_beside_a_clip_is_a_sidecar(bench: Bench, name: str):
    bench.put("clip.mp4", b"mp4")
    bench.put(name, job("video_7", prompt="rain"))
    file = bench.take_one()
    assert (file.form, file.added) == ("sidecar", 1)
    assert bench.rows("SELECT remote_id, channel FROM videos JOIN observations ON video_id = videos.id") == [
        ("video_7", "sidecar")
    ]


def test_settings_without_an_id_belong_to_the_clip_by_its_name(bench: Bench):
    bench.put("video_abc.mp4", b"mp4")
    bench.put("video_abc.json", {"prompt": "rain", "model": "sora-2", "size": "1280x720"})
    bench.take_in()
    query = "SELECT remote_id, status, prompt, model, width FROM videos"
    assert bench.rows(query) == [("video_abc", "completed", "rain", "sora-2", 1280)]


def test_the_text_beside_a_clip_is_its_prompt(bench: Bench):
    bench.put("video_abc.MP4", b"mp4")
    bench.put("video_abc.txt", "  東京の夜\n")
    bench.take_in()
    assert bench.column("prompt", "video_abc") == "東京の夜"


def test_the_text_goes_to_the_id_that_the_json_tells(bench: Bench):
    bench.put("clip.mp4", b"mp4")
    bench.put("clip.txt", "rain")
    bench.put("clip.json", job("video_7"))
    bench.take_in()
    assert (bench.ids(), bench.column("prompt", "video_7")) == (["video_7"], "rain")


def test_naming_a_clip_reads_what_lies_beside_it(bench: Bench):
    clip = bench.put("clip.mp4", b"mp4")
    bench.put("clip.txt", "rain")
    assert bench.take_one(clip).path == str(clip.with_suffix(".txt"))
    assert bench.ids() == ["clip"]


def test_naming_a_clip_with_nothing_beside_it_says_so(bench: Bench):
    clip = bench.put("clip.mp4", b"mp4")
    assert reasons(bench.take_one(clip)) == [(None, "no .json or .txt lies beside the clip")]


def test_a_text_with_no_clip_is_refused_where_it_was_named(bench: Bench):
    readme = bench.put("readme.txt", "Hello")
    assert reasons(bench.take_one(readme)) == [(None, "no clip lies beside it, and it names none")]


def test_a_readme_among_clips_is_a_file_of_another_kind(bench: Bench):
    readme = bench.put("readme.txt", 'Clips of spring. A job looks like {"id": "video_1", "status": "queued"}.')
    bench.put("clip.mp4", b"mp4")
    bench.put("clip.txt", "rain")
    for paths in ((), (readme, bench.folder / "clip.txt", bench.folder / "clip.mp4")):
        report = bench.take_in(*paths)
        assert (len(report.files), report.refusals, report.ignored, report.others) == (1, 0, 1, (str(readme),))


def test_json_beside_a_clip_that_tells_nothing_of_it_is_refused(bench: Bench):
    bench.put("clip.mp4", b"mp4")
    bench.put("clip.json", {"streams": []})
    assert reasons(bench.take_one()) == [(None, "no job in it")]


def test_broken_json_beside_a_clip_is_refused_and_its_prompt_taken(bench: Bench):
    bench.put("clip.mp4", b"mp4")
    bench.put("clip.json", '{"id": ')
    bench.put("clip.txt", "rain")
    report = bench.take_in()
    assert (report.added, report.refusals) == (1, 1)
    assert report.files[0].refused[0].reason.startswith("not JSON: ")


def test_the_polls_of_a_clip_may_follow_each_other_beside_it(bench: Bench):
    bench.put("clip.mp4", b"mp4")
    bench.put("clip.json", json.dumps(job("v1", status="queued", prompt="rain")) + json.dumps(job("v1"), indent=2))
    file = bench.take_one()
    assert (file.form, file.added, file.changed, file.refusals) == ("sidecar", 1, 1, 0)
    assert bench.rows("SELECT remote_id, status, prompt FROM videos") == [("v1", "completed", "rain")]


def test_importing_sidecars_again_adds_nothing(bench: Bench):
    bench.put("clip.mp4", b"mp4")
    bench.put("clip.txt", "rain")
    bench.put("clip.json", {"prompt": "rain", "seconds": "8"})
    bench.take_in()
    report = bench.take_in()
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)


def test_a_folder_may_hold_sidecars_by_the_names_in_it(tmp_path: Path):
    for number in range(5):
        (tmp_path / f"{number}.mp4").touch()
    assert not may_hold_sidecars(str(tmp_path), 5)
    assert may_hold_sidecars(str(tmp_path), 4)
    assert may_hold_sidecars(str(tmp_path / "elsewhere"), 5)
    (tmp_path / "clip.Txt").touch()
    assert may_hold_sidecars(str(tmp_path), 9)
