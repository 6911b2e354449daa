"""What each server says, and what the parser makes of it: one case per line of tests/payloads/answers.jsonl."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.wire.parse import Answer, parse_videos
from tests.wire.laws import list_lost

CASES = Path(__file__).parents[1] / "payloads" / "answers.jsonl"
NOT_FIELDS = {"case", "file", "payload", "asked_id", "http_status", "kind", "videos", "error", "webhook"}


def read_cases() -> list[Any]:
    cases = [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]
    return [pytest.param(case, id=case["case"]) for case in cases]


def plain(value: Any) -> Any:
    """The value as an expectation writes it: times as Unix seconds, tuples as lists."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    return list(value) if isinstance(value, tuple) else value


def check(case: dict[str, Any], answer: Answer) -> None:
    assert answer.kind == case["kind"]
    read = [{name: plain(getattr(video, name)) for name in want} for video, want in zip_videos(answer, case)]
    assert read == case.get("videos", [])
    for name in case.keys() - NOT_FIELDS:
        assert getattr(answer, name) == case[name], name
    error = case.get("error")
    assert (answer.error is not None) == (error is not None)
    assert {name: answer.error[name] for name in error or {}} == (error or {})


def zip_videos(answer: Answer, case: dict[str, Any]) -> list[Any]:
    wanted = case.get("videos", [])
    assert len(answer.videos) == len(wanted), answer.flaws
    return list(zip(answer.videos, wanted, strict=True))


@pytest.mark.parametrize("case", read_cases())
def test_every_server_is_understood(case: dict[str, Any]) -> None:
    check(case, parse_videos(case["payload"], asked_id=case["asked_id"], http_status=case["http_status"]))


@pytest.mark.parametrize("case", read_cases())
def test_nothing_that_a_server_says_of_a_job_is_lost(case: dict[str, Any]) -> None:
    for video in parse_videos(case["payload"], asked_id=case["asked_id"], http_status=case["http_status"]).videos:
        assert list_lost(video) == []


def test_every_reference_answer_gives_the_expected_values(shared: Path) -> None:
    for line in (shared / "payloads" / "EXPECTED.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        payload = json.loads((shared / "payloads" / case["file"]).read_text("utf-8"))
        check(case, parse_videos(payload, asked_id=case["asked_id"], http_status=case["http_status"]))


def test_nothing_of_a_reference_payload_is_lost(shared: Path) -> None:
    for file in sorted((shared / "payloads").glob("*.json")):
        for video in parse_videos(json.loads(file.read_text("utf-8")), asked_id="asked").videos:
            assert list_lost(video) == [], file.name
