"""An answer under another id than the one asked for: another name of the job, or kept apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.wire.parse import parse_videos
from tests.store.conftest import Desk, job

if TYPE_CHECKING:
    from collections.abc import Collection

KNOWN = {"prompt": "a red kite over dunes", "model": "sora-2", "created_at": 1_790_000_000}
STRAYS = "SELECT asked_id, answered_id, channel, http_status, times_seen FROM stray_answers ORDER BY id"


def answer(
    desk: Desk, asked: dict[str, dict[str, Any]], *, channel: str = "get", others: Collection[str] = ()
) -> store.Saved:
    """Take in what a server answered when it was asked for these ids."""
    desk.minutes += 1
    videos = [parse_videos(payload, asked_id=name).videos[0] for name, payload in asked.items()]
    with desk.library.write() as connection:
        return store.save_videos(connection, "studio", videos, channel=channel, received_at=desk.now, asked=others)


def believed(desk: Desk, payload: dict[str, Any], name: str = "a") -> bool:
    """Whether the answer becomes part of the video; if not, nothing of any video changes, and it is kept apart."""
    before = desk.rows("SELECT * FROM videos"), desk.rows("SELECT * FROM video_aliases")
    saved = answer(desk, {name: payload})
    if saved.strays:
        assert (desk.rows("SELECT * FROM videos"), desk.rows("SELECT * FROM video_aliases")) == before
        assert json.loads(desk.value("SELECT payload FROM stray_answers")) == payload
        assert (saved.added, saved.changed, saved.unchanged) == ([], [], [])
    return not saved.strays


def test_another_name_of_a_job_that_agrees_is_an_alias(desk: Desk) -> None:
    desk.hear(job("a", status="queued", **KNOWN))
    assert believed(desk, job("b", **KNOWN))
    assert desk.rows("SELECT remote_id, status FROM videos") == [("a", "completed")]
    assert desk.rows("SELECT alias FROM video_aliases") == [("b",)]


def test_another_name_of_a_job_of_which_nothing_is_known_is_an_alias(desk: Desk) -> None:
    desk.hear({"id": "a", "object": "video"}, channel="import")
    assert believed(desk, job("b", **KNOWN))
    assert desk.rows("SELECT remote_id, prompt FROM videos") == [("a", KNOWN["prompt"])]


@pytest.mark.parametrize(
    "told",
    [
        {"prompt": "a red kite  over\ndunes ", "model": "sora-2", "created_at": 1_790_000_000},
        {"model": "openai/Sora-2"},
        {"model": "sora-2-2025-10-06"},
        {"created_at": 1_790_000_000},
        {"prompt": "", "model": None, "created_at": None},
    ],
    ids=["white space", "the model behind its provider", "the model of a day", "only the time", "nothing at all"],
)
def test_what_says_the_same_or_nothing_contradicts_nothing(desk: Desk, told: dict[str, Any]) -> None:
    desk.hear(job("a", status="queued", **KNOWN))
    assert believed(desk, {"object": "video", "status": "in_progress", **told})
    assert believed(desk, {"id": "b", "object": "video", "status": "completed", **told})


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"prompt": "a glass whale"}, "whose prompt differs from what is known"),
        ({"model": "sora-2-pro"}, "whose model differs from what is known"),
        ({"created_at": 1_790_000_001}, "whose time of creation differs from what is known"),
        ({"model": "veo", "created_at": 5, "prompt": "x"}, "whose prompt, model and time of creation differ"),
    ],
)
def test_a_job_that_says_otherwise_is_another(desk: Desk, told: dict[str, Any], words: str) -> None:
    desk.hear(job("a", status="queued", **KNOWN))
    saved = answer(desk, {"a": job("b", **{**KNOWN, **told})})
    assert words in saved.strays["a"]
    assert desk.rows("SELECT remote_id, status, prompt, model FROM videos") == [
        ("a", "queued", KNOWN["prompt"], "sora-2")
    ]
    assert desk.rows(STRAYS) == [("a", "b", "get", 200, 1)]
    nameless = answer(desk, {"a": {"status": "failed", **KNOWN, **told}})
    assert words in nameless.strays["a"]
    assert "a job that it does not name" in nameless.strays["a"]
    assert desk.value("SELECT status FROM videos") == "queued"
    assert desk.rows(STRAYS)[1:] == [("a", "", "get", 200, 1)]


def test_an_answer_without_an_id_is_believed_where_nothing_is_known(desk: Desk) -> None:
    desk.hear({"id": "a", "object": "video"}, channel="import")
    assert believed(desk, {"status": "completed", **KNOWN, "video_url": "https://cdn.example/key.mp4"})
    assert not believed(desk, {"status": "failed", "prompt": "a glass whale"})
    assert desk.rows("SELECT status, prompt FROM videos") == [("completed", KNOWN["prompt"])]


def test_a_finished_job_is_not_overwritten_either(desk: Desk) -> None:
    desk.hear(job("a", **KNOWN), channel="get")
    assert not believed(desk, job("b", status="failed", prompt="a glass whale", error={"message": "no"}))


@pytest.mark.parametrize("asked", ["a", "b"])
def test_the_id_of_another_video_is_no_other_name(desk: Desk, asked: str) -> None:
    desk.hear(job("a", **KNOWN), job("b", **KNOWN))
    other = "b" if asked == "a" else "a"
    assert not believed(desk, job(other, **KNOWN), asked)


def test_an_alias_of_another_video_is_no_other_name(desk: Desk) -> None:
    desk.hear(job("a", **KNOWN), {**job("c", **KNOWN), "aliases": ["b"]})
    assert not believed(desk, job("b", **KNOWN))


def test_a_second_name_in_the_answer_counts_too(desk: Desk) -> None:
    desk.hear(job("a"), job("c"))
    assert not believed(desk, {"task_id": "b", "id": "c", "status": "completed"})


def test_an_answer_that_names_the_job_among_others_is_about_it(desk: Desk) -> None:
    desk.hear(job("a", **KNOWN))
    assert believed(desk, {"id": "b", "task_id": "a", "status": "failed", "prompt": "a glass whale"})
    desk.hear({"id": "a", "object": "video"}, channel="import")
    assert believed(desk, {"id": "b", "aliases": ["a"], "status": "failed"})


def test_a_known_alias_is_believed_as_long_as_it_agrees(desk: Desk) -> None:
    desk.hear({"id": "a", "object": "video"}, channel="import")
    assert believed(desk, job("b", status="queued", **KNOWN))
    assert believed(desk, job("b", **KNOWN))
    assert not believed(desk, job("b", **{**KNOWN, "prompt": "a glass whale"}))


def test_one_answer_for_several_jobs_is_the_answer_for_none(desk: Desk) -> None:
    desk.hear({"id": "a", "object": "video"}, {"id": "c", "object": "video"}, channel="import")
    saved = answer(desk, {"a": job("b"), "c": job("b")})
    assert sorted(saved.strays) == ["a", "c"]
    assert desk.rows("SELECT status FROM videos") == [("unknown",)] * 2


def test_a_job_that_is_asked_for_itself_is_no_other_name(desk: Desk) -> None:
    saved = answer(desk, {"a": job("b"), "b": job("b")}, others=["a", "b"])
    assert (list(saved.strays), saved.added) == (["a"], ["b"])


def test_a_repeated_stray_answer_is_counted(desk: Desk) -> None:
    desk.hear(job("a"), job("b"))
    for _ in range(3):
        answer(desk, {"a": job("b")})
    assert desk.rows(STRAYS) == [("a", "b", "get", 200, 3)]
    assert desk.value("SELECT received_at < last_received_at FROM stray_answers") == 1


def test_what_is_kept_apart_is_redacted_too(desk: Desk) -> None:
    desk.hear(job("a"), job("b"))
    answer(desk, {"a": job("b", prompt="key sk-abcdef0123456789abcdef", b64_json="AAAA")})
    kept = str(desk.rows("SELECT * FROM stray_answers"))
    assert "sk-abcdef0123456789abcdef" not in kept
    assert "AAAA" not in kept


def test_a_prompt_with_a_secret_in_it_agrees_with_itself(desk: Desk) -> None:
    secret = {"prompt": "a fox says sk-abcdef0123456789abcdef"}
    desk.hear(job("a", **secret))
    assert believed(desk, job("b", **secret))


@pytest.mark.parametrize("channel", ["get", "capture", "import"])
def test_a_retrieve_is_judged_whatever_way_it_came(desk: Desk, channel: str) -> None:
    desk.hear(job("a"), job("b"))
    assert list(answer(desk, {"a": job("b")}, channel=channel).strays) == ["a"]


def test_a_listed_job_under_an_alias_that_says_otherwise_is_kept_apart(desk: Desk) -> None:
    desk.hear({**job("a", **KNOWN), "aliases": ["b"]}, channel="get")
    saved = desk.hear(job("b", status="failed", prompt="a glass whale"), job("c"))
    assert (list(saved.strays), saved.added) == (["b"], ["c"])
    assert desk.rows("SELECT status, prompt FROM videos WHERE remote_id = 'a'") == [("completed", KNOWN["prompt"])]
    assert desk.hear(job("b", **KNOWN)).strays == {}


def test_a_job_that_ended_otherwise_than_before_is_named(desk: Desk) -> None:
    desk.hear(job("a"), job("b", status="queued"))
    saved = desk.hear(job("a", status="failed"), job("b", status="failed"), channel="get")
    assert saved.overturned == {"a": ("completed", "failed")}
    assert desk.hear(job("a", status="completed")).overturned == {}
    assert desk.value("SELECT status FROM videos WHERE remote_id = 'a'") == "failed"
