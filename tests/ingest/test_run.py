"""The journey: dry runs, progress, sources, transactions."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from catalog import store
from catalog.errors import ConfigError
from catalog.records import to_json
from tests.ingest.conftest import job

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench


def hashes(bench: Bench) -> dict[str, str]:
    """What the library and its log hold; the shared memory beside them also moves when somebody reads."""
    files = [bench.library.path, bench.library.path.with_name("catalog.db-wal")]
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(bench: Bench):
    bench.put_lines("first.jsonl", job("v1"), job("v2"))
    bench.take_in()
    before = hashes(bench)
    bench.put_lines("second.jsonl", job("v2", prompt="rain"), job("v3"), job("v3"), "x")
    report = bench.take_in(dry_run=True)
    assert report.is_dry_run
    assert (report.added, report.changed, report.unchanged, report.refusals) == (1, 1, 3, 1)
    assert hashes(bench) == before


def test_the_import_comes_out_as_the_dry_run_said(bench: Bench):
    bench.put_lines("jobs.jsonl", job("v1"), job("v1", prompt="rain"), job("v2"))
    said, done = bench.take_in(dry_run=True), bench.take_in()
    assert said.files == done.files


def test_progress_is_told_by_the_thousand(bench: Bench):
    bench.put_lines("jobs.jsonl", *(job(f"v{number}") for number in range(2500)))
    told: list[tuple[int, int | None, str]] = []
    bench.take_in(on_progress=lambda _, *rest: told.append(rest))
    assert told == [(1000, None, "importing"), (2000, None, "importing")]


def test_the_source_is_remembered(bench: Bench):
    bench.put("a.json", job())
    bench.take_in(source="old-account")
    assert bench.rows("SELECT name FROM sources") == [("old-account",)]
    assert bench.rows("SELECT ref FROM videos") == [("old-account:v1",)]


def test_a_name_that_no_source_can_have_is_refused(bench: Bench):
    with pytest.raises(ConfigError, match="lower-case letters"):
        bench.take_in(source="My Account")


def test_a_tombstone_is_not_lifted_by_an_import(bench: Bench):
    bench.put("a.json", job())
    bench.take_in()
    with bench.library.write() as connection:
        connection.execute("UPDATE videos SET deleted_at = '2026-01-01T00:00:00.000Z'")
    bench.put("a.json", job(prompt="rain"))
    bench.take_in()
    assert bench.column("deleted_at", "v1") == "2026-01-01T00:00:00.000Z"


def test_a_report_is_json(bench: Bench):
    bench.put_lines("jobs.jsonl", job(), "x")
    told = to_json(bench.take_in())
    assert told["files"][0]["refused"] == [
        {"place": 2, "reason": "not JSON: Expecting value at column 1", "field": None}
    ]
    assert (told["added"], told["refusals"]) == (1, 1)


def test_many_answers_about_one_job_are_folded_a_few_times_and_to_the_same_row(bench: Bench) -> None:
    answers = [job("a", status="in_progress", prompt=f"take {n}", progress=n, metadata={"n": n}) for n in range(40)]
    for number, answer in enumerate([*answers, job("a", status="failed"), job("b")]):
        bench.put(f"{number:02}.json", answer)
    report = bench.take_in()
    assert (report.added, report.changed + report.unchanged) == (2, 40)
    assert report.changed < 12
    assert bench.value("SELECT count(*) FROM observations") == 42
    row = bench.rows("SELECT * FROM videos ORDER BY remote_id")
    assert bench.column("status", "a") == "failed"
    number = json.loads(bench.column("metadata", "a"))["n"]
    assert bench.rows("SELECT value FROM tags WHERE origin = 'provider'") == [(str(number),)]
    with bench.library.write() as connection:
        store.refold_all(connection)
    assert bench.rows("SELECT * FROM videos ORDER BY remote_id") == row
    again = bench.take_in()
    assert (again.added, again.changed, again.unchanged) == (0, 0, 42)
    assert bench.rows("SELECT * FROM videos ORDER BY remote_id") == row
