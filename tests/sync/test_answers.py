"""An answer is about what was asked: one about another job changes nothing, and the report says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.server import response
from tests.sync.account import CREATED

if TYPE_CHECKING:
    from tests.sync.account import Account

STRAYS = "SELECT asked_id, answered_id FROM stray_answers ORDER BY id"
ROWS = "SELECT remote_id, status, prompt, model FROM videos ORDER BY remote_id"


def test_a_retrieve_that_answers_another_known_job_changes_neither(account: Account) -> None:
    account.have("a", status="queued")
    account.have("b")
    account.say(account.jobs["b"], "a")
    report = account.sync()
    assert account.rows(ROWS) == [("a", "queued", "scene a", "sora-2"), ("b", "completed", "scene b", "sora-2")]
    assert account.rows("SELECT * FROM video_aliases") == []
    assert account.rows(STRAYS) == [("a", "b")]
    assert list(report.strays) == list(report.missed) == ["a"]
    assert "the answer is about the job b, which the library knows as another video" in report.missed["a"]
    assert report.suspicion
    assert report.suspicion in report.notes
    assert account.health == "suspect"
    assert account.rows("SELECT strays, suspicion FROM sync_runs") == [(1, report.suspicion)]


@pytest.mark.parametrize("differing", [{"prompt": "other"}, {"model": "other"}, {"created_at": CREATED + 1}])
def test_an_unknown_job_that_says_otherwise_is_not_the_one_asked_for(account: Account, differing: dict) -> None:
    account.have("a", status="queued")
    account.say({**account.jobs["a"], "id": "b", "status": "completed", **differing}, "a")
    assert list(account.sync().strays) == ["a"]
    assert account.rows(ROWS) == [("a", "queued", "scene a", "sora-2")]


def test_a_gateway_that_renames_its_jobs_is_understood(account: Account) -> None:
    account.have("a", status="queued")
    account.say({**account.jobs["a"], "id": "b", "status": "completed"}, "a")
    report = account.sync()
    assert (dict(report.strays), report.suspicion, account.health) == ({}, None, "ok")
    assert account.rows(ROWS) == [("a", "completed", "scene a", "sora-2")]
    assert account.rows("SELECT alias FROM video_aliases") == [("b",)]


def test_a_source_that_answers_rightly_again_is_no_longer_suspect(account: Account) -> None:
    account.have("a", status="queued")
    account.have("b")
    account.say(account.jobs["b"], "a")
    account.sync()
    account.answers.clear()
    account.have("a")
    assert account.sync().suspicion is None
    assert account.health == "ok"


@pytest.mark.parametrize("form", ["page", "list"])
def test_a_retrieve_that_answers_a_list_tells_only_of_the_job_asked_for(account: Account, form: str) -> None:
    account.have("a", status="queued")
    account.have("b", "c")
    jobs = [{**account.jobs["b"], "prompt": "other"}, {**account.jobs["a"], "status": "completed"}]
    page = {"object": "list", "data": jobs} if form == "page" else jobs
    account.say(lambda _: response(page), "a")
    assert dict(account.sync().strays) == {}
    assert [row[:3] for row in account.rows(ROWS)][:2] == [
        ("a", "completed", "scene a"),
        ("b", "completed", "scene b"),
    ]


def test_a_retrieve_that_answers_a_list_of_others_is_kept_apart(account: Account) -> None:
    account.have("a", status="queued")
    account.have("b", "c")
    account.say(lambda _: response({"object": "list", "data": [account.jobs["b"], account.jobs["c"]]}), "a")
    assert list(account.sync().strays) == ["a"]
    assert account.value("SELECT status FROM videos WHERE remote_id = 'a'") == "queued"


def test_one_job_for_every_id_that_is_added_is_none_of_them(unlisted: Account) -> None:
    unlisted.have("b")
    unlisted.say(unlisted.jobs["b"], "a1", "a2", "a3")
    report = unlisted.add("a1", "a2", "a3")
    assert sorted(report.strays) == ["a1", "a2", "a3"]
    assert unlisted.rows("SELECT remote_id, status, prompt FROM videos ORDER BY 1") == [
        (name, "unknown", None) for name in ("a1", "a2", "a3")
    ]
    assert unlisted.health == "suspect"


def test_an_id_that_is_added_beside_its_stranger_is_told_from_it(unlisted: Account) -> None:
    unlisted.have("b")
    unlisted.say(unlisted.jobs["b"], "a")
    assert list(unlisted.add("a", "b").strays) == ["a"]
    assert unlisted.rows("SELECT remote_id, prompt FROM videos ORDER BY 1") == [("a", None), ("b", "scene b")]


def test_waiting_ends_for_a_job_that_is_answered_with_another(unlisted: Account) -> None:
    unlisted.have("a", status="queued")
    unlisted.have("b")
    unlisted.add("a", "b")
    unlisted.say({**unlisted.jobs["b"], "polling_interval_seconds": 0}, "a")
    report = unlisted.sync(wait=True)
    assert (list(report.strays), report.unfinished) == (["a"], 1)


def test_a_suspect_source_marks_no_other_job_as_gone(unlisted: Account) -> None:
    unlisted.have("a", "c", status="queued")
    unlisted.have("b")
    unlisted.add("a", "b", "c")
    unlisted.say(unlisted.jobs["b"], "a")
    unlisted.say(404, "c")
    unlisted.sync()
    assert unlisted.gone() == []


def test_a_job_that_ends_otherwise_than_before_is_named_and_counted(account: Account) -> None:
    account.have("a")
    account.sync()
    account.have("a", status="failed", error={"code": "late", "message": "no"})
    report = account.add("a")
    assert dict(report.overturned) == {"a": "completed, now failed"}
    assert account.value("SELECT status FROM videos") == "failed"
    assert account.rows("SELECT overturned FROM sync_runs ORDER BY id") == [(0,), (1,)]
    assert account.add("a").overturned == {}
