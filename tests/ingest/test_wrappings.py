"""What programs wrap answers in: items of n8n, records of a log, maps by id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingest.conftest import job, reasons

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench


def test_the_items_of_n8n_are_opened(bench: Bench):
    items = [
        {"json": job("v1"), "pairedItem": {"item": 0}},
        {"json": {"body": job("v2"), "headers": {"authorization": "Bearer abc1234567"}, "statusCode": 200}},
        {"json": {"body": json.dumps(job("v3")), "headers": {}, "statusCode": 200}, "binary": {}},
        {"json": {"object": "list", "data": [job("v4")], "has_more": False}},
    ]
    bench.put("items.json", items)
    file = bench.take_one()
    assert (file.added, file.refusals) == (4, 0)
    assert "abc1234567" not in "\n".join(bench.library_dump())


def test_an_item_of_n8n_without_a_job_is_refused_by_its_number(bench: Bench):
    bench.put("items.json", [{"json": job("v1")}, {"json": {"x": 1}}])
    assert reasons(bench.take_one()) == [(2, "no job in it")]


@pytest.mark.parametrize(
    "record",
    [
        {"log": json.dumps(job("v1")) + "\n", "stream": "stdout", "time": "2026-09-15T12:00:00Z"},
        {"level": "info", "ts": 1, "msg": "polled", "response": job("v1")},
        {"time": "2026-09-15", "message": f"answer: {json.dumps(job('v1'))}"},
        {"severity": "INFO", "timestamp": "2026-09-15", "jsonPayload": job("v1")},
    ],
)
def test_the_job_in_a_record_of_a_log_is_read(bench: Bench, record: dict[str, Any]):
    bench.put_lines("log.jsonl", record, {"level": "info", "msg": "waiting 5 s"})
    file = bench.take_one()
    assert (file.added, file.refusals, file.passed_over) == (1, 0, 1)
    assert bench.ids() == ["v1"]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda jobs: jobs,
        lambda jobs: {"version": 2, "jobs": jobs},
        lambda jobs: {"state": {"videos": jobs, "selected": None}},
    ],
)
@pytest.mark.parametrize("has_ids", [True, False])
def test_a_map_by_id_gives_its_jobs(bench: Bench, wrap: Any, has_ids: bool):
    jobs = {name: job(name, prompt=name) for name in ("v1", "v2", "v3")}
    if not has_ids:
        for value in jobs.values():
            del value["id"]
    bench.put("state.json", wrap(jobs))
    file = bench.take_one()
    assert (file.added, file.refusals) == (3, 0)
    assert bench.rows("SELECT remote_id, prompt FROM videos ORDER BY id") == [(name, name) for name in jobs]


def test_a_map_of_one_job_needs_a_name_like_an_id(bench: Bench):
    bench.put("a.json", {"video_68a1": {"status": "queued", "prompt": "rain"}})
    bench.put("b.json", {"server": {"status": "up"}})
    assert [file.added for file in bench.take_in().files] == [1, 0]
    assert bench.ids() == ["video_68a1"]


@pytest.mark.parametrize(
    "value",
    [
        {"servers": {"a1": {"url": "https://x.example"}, "b2": {"url": "https://y.example", "port": 1}}},
        {"dependencies": {"left-pad": {"version": "1.3.0"}, "is2": {"version": "2"}}},
        {"json": 5},
        {"body": None, "headers": {}},
        {"level": "info", "msg": {"a": {"b": [[[]]]}}},
        {"log": {"entries": 5}},
    ],
)
def test_what_only_looks_like_a_wrapping_makes_no_video(bench: Bench, value: dict[str, Any]):
    bench.put("x.json", value)
    assert bench.take_one().added == 0


def test_wrappings_in_wrappings_end(bench: Bench):
    value: Any = {"x": 1}
    for _ in range(60):
        value = {"json": value}
    bench.put("deep.json", value)
    assert bench.take_one().refusals == 1


def test_lists_in_lists_end(bench: Bench):
    bench.put("deep.json", "[" * 400 + "]" * 400)
    assert bench.take_one().refusals == 1


def test_a_value_of_an_answer_that_cannot_be_read_is_named_with_its_line(bench: Bench):
    bench.put_lines("jobs.jsonl", job("v1"), job("v2", seconds="eight", created_at="someday"))
    file = bench.take_one()
    assert (file.added, file.refusals, file.unread) == (2, 0, 2)
    assert {(refusal.place, refusal.field) for refusal in file.refused} == {(2, "seconds"), (2, "created_at")}
    assert json.loads(bench.column("extra", "v2")) == {"seconds": "eight", "created_at": "someday"}
