"""Saved JSON of any server: one answer, a list, a page, JSON lines."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ingest.conftest import SAVED, job, reasons

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.conftest import Bench


def test_one_saved_answer_becomes_a_video(bench: Bench):
    bench.put("answer.json", json.dumps(job(prompt="neon street"), indent=2))
    file = bench.take_one()
    assert (file.form, file.added, file.refusals) == ("json", 1, 0)
    assert bench.column("prompt", "v1") == "neon street"


def test_a_bare_list_becomes_its_videos(bench: Bench):
    bench.put("list.json", [job("v1"), job("v2")])
    assert bench.take_one().added == 2


def test_a_page_becomes_its_videos(bench: Bench):
    bench.put("page.json", {"object": "list", "data": [job("v1"), job("v2")], "has_more": False})
    assert bench.take_one().added == 2


def test_an_empty_page_is_nothing_and_no_fault(bench: Bench):
    bench.put("page.json", {"object": "list", "data": [], "has_more": False})
    file = bench.take_one()
    assert (file.added, file.refusals) == (0, 0)


def test_lines_of_mixed_kinds_each_become_what_they_tell(bench: Bench):
    page = {"object": "list", "data": [job("v2"), job("v3")], "has_more": False}
    wrapped = {"code": 200, "data": {"task_id": "task_4", "status": "SUCCESS"}}
    bench.put_lines("mixed.jsonl", job("v1"), page, "", wrapped)
    file = bench.take_one()
    assert (file.form, file.added) == ("jsonl", 4)
    assert bench.ids() == ["v1", "v2", "v3", "task_4"]


def test_json_lines_are_known_by_their_first_line_whatever_the_name(bench: Bench):
    bench.put_lines("export.json", job("v1"), job("v2"))
    file = bench.take_one()
    assert (file.form, file.added) == ("jsonl", 2)


def test_two_answers_about_one_job_meet_in_its_row(bench: Bench):
    bench.put_lines("jobs.jsonl", job(status="queued"), job(prompt="rain"), job(prompt="rain"))
    file = bench.take_one()
    assert (file.added, file.changed, file.unchanged) == (1, 1, 1)
    assert bench.column("status || prompt", "v1") == "completedrain"


def test_importing_again_adds_nothing(bench: Bench):
    bench.put_lines("jobs.jsonl", job("v1", prompt="rain"), job("v2"))
    bench.take_in()
    report = bench.take_in()
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert bench.rows("SELECT count(*) FROM observations") == [(2,)]


def test_the_time_of_the_file_is_the_time_of_an_answer_that_tells_none(bench: Bench):
    bench.put("answer.json", job())
    bench.take_in()
    assert bench.rows("SELECT channel, as_of, received_at FROM observations") == [
        ("import", "2026-10-01T08:00:00.000Z", "2026-11-21T12:00:00.000Z")
    ]


def test_standard_input_is_read_as_lines(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    lines = "".join(json.dumps(job(f"v{number}")) + "\n" for number in range(3))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    file = bench.take_one("-")
    assert (file.path, file.added) == ("-", 3)


def test_a_prompt_that_was_imported_is_found(bench: Bench):
    bench.put("answer.json", job(prompt="a lighthouse in fog"))
    bench.take_in()
    assert bench.rows("SELECT rowid FROM videos_fts WHERE videos_fts MATCH 'lighthouse'") == [(1,)]


def test_a_deleted_answer_is_kept_as_what_the_server_said(bench: Bench):
    bench.put("old.json", job())
    later = bench.put("new.json", {"id": "v1", "object": "video.deleted", "deleted": True})
    os.utime(later, (SAVED.timestamp() + 60,) * 2)
    assert bench.take_in().refusals == 0
    assert bench.column("status", "v1") == "deleted"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            {"id": "evt_1", "object": "event", "type": "video.completed", "data": {"id": "video_1"}},
            "a webhook event, which only names a job: fetch it with `catalog add SOURCE video_1`",
        ),
        (
            {"error": {"message": "Incorrect API key provided: sk-abcdef123456", "code": "invalid_api_key"}},
            "an error answer: invalid_api_key: Incorrect API key provided: [removed]",
        ),
        ({"detail": "Not Found"}, "an error answer: Not Found"),
        ({"prompt": "rain", "model": "sora-2"}, "a request without its answer"),
        ({"id": "char_1", "name": "Mira", "created_at": 1_790_000_000}, "a character"),
        ({"id": "batch_1", "object": "batch"}, "a batch, not a video: import its input and output files"),
        ({"object": "video", "status": "queued"}, "the job has no id"),
        ("hello", "no job in it"),
        (7, "no job in it"),
        (None, "no job in it"),
    ],
)
def test_what_is_no_job_is_refused_with_its_line_and_the_reason(bench: Bench, told: object, reason: str):
    bench.put_lines("jobs.jsonl", job("v1"), json.dumps(told), job("v2"))
    file = bench.take_one()
    assert (file.added, reasons(file)) == (2, [(2, reason)])


def test_an_item_of_a_page_that_is_no_job_is_refused_by_its_number(bench: Bench):
    bench.put("page.json", {"object": "list", "data": [job("v1"), 5, {"object": "event"}], "has_more": False})
    assert reasons(bench.take_one()) == [(2, "item 2 is not an object"), (3, "item 3 is not a job")]


def test_secrets_of_an_answer_do_not_reach_the_library(bench: Bench):
    bench.put("answer.json", job(url="https://cdn.example/v.mp4?X-Amz-Signature=abc", b64_json="AAAA"))
    bench.take_in()
    ((payload,),) = bench.rows("SELECT payload FROM observations")
    assert "Signature" not in payload
    assert "AAAA" not in payload


def test_every_reference_answer_is_taken_in_or_refused_with_a_reason(bench: Bench, shared: Path):
    expected = [json.loads(line) for line in (shared / "payloads/EXPECTED.jsonl").read_text().splitlines()]
    for case in expected:
        file = bench.take_one(shared / "payloads" / case["file"], source="reference")
        videos = case["videos"] if case["kind"] in {"video", "list", "delete", "batch_line"} else []
        named = [video for video in videos if video.get("remote_id") not in (None, case.get("asked_id"))]
        taken = file.added + file.changed + file.unchanged
        assert taken >= len(named), case["file"]
        assert taken + file.refusals + file.waiting > 0 or not videos, case["file"]
