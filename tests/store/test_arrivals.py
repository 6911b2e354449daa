"""What the store makes of answers, first and repeated, about videos new and known."""

from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from catalog import fulltext, store
from catalog.library import open_library
from tests.store.conftest import Desk, job

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_video_gets_a_row_an_observation_and_words_in_the_index(desk: Desk) -> None:
    saved = desk.hear(job(prompt="a red kite over dunes"))
    assert saved.added == ["v1"]
    assert desk.value("SELECT prompt FROM videos") == "a red kite over dunes"
    assert desk.rows("SELECT channel, http_status, times_seen FROM observations") == [("list", 200, 1)]
    assert desk.find("kite dunes") == ["v1"]


def test_a_first_sight_writes_no_change(desk: Desk) -> None:
    desk.hear(job())
    assert desk.rows("SELECT * FROM changes") == []


def test_a_repeated_answer_adds_no_observation_and_counts_as_unchanged(desk: Desk) -> None:
    desk.hear(job())
    first = desk.now
    saved = desk.hear(job())
    assert saved.unchanged == ["v1"]
    query = "SELECT times_seen, received_at < last_received_at FROM observations"
    assert desk.rows(query) == [(2, 1)]
    assert desk.value("SELECT last_seen_at FROM videos") != first
    assert desk.value("SELECT first_seen_at < last_seen_at FROM videos") == 1


def test_a_moved_field_is_recorded_with_both_values(desk: Desk) -> None:
    desk.hear(job(status="queued"))
    saved = desk.hear(job(status="in_progress", progress=30))
    assert saved.changed == ["v1"]
    moved = desk.rows("SELECT field, old, new FROM changes ORDER BY field")
    assert moved == [
        ("progress", None, "30.0"),
        ("provider_status", "queued", "in_progress"),
        ("status", "queued", "in_progress"),
    ]


def test_a_list_entry_without_a_prompt_keeps_the_known_prompt_findable(desk: Desk) -> None:
    desk.hear(job(prompt="a paper boat", status="queued"))
    desk.hear(job(status="completed"))
    assert desk.rows("SELECT prompt, status FROM videos") == [("a paper boat", "completed")]
    assert desk.find("boat") == ["v1"]


def test_a_changed_prompt_leaves_no_old_words_in_the_index(desk: Desk) -> None:
    desk.hear(job(prompt="a paper boat"))
    desk.hear(job(prompt="a glass whale"), channel="get")
    assert (desk.find("boat"), desk.find("whale")) == ([], ["v1"])
    with desk.library.write() as connection:
        fulltext.check(connection)


def test_two_answers_about_one_job_in_one_page_are_both_kept(desk: Desk) -> None:
    saved = desk.hear(job(status="queued"), job(status="completed"), job("v2"))
    assert (saved.added, saved.changed) == (["v1", "v2"], ["v1"])
    assert desk.value("SELECT count(*) FROM observations") == 3
    assert desk.value("SELECT status FROM videos WHERE remote_id = 'v1'") == "completed"


def test_the_same_id_on_two_sources_is_two_videos(desk: Desk) -> None:
    desk.hear(job(), source="studio")
    desk.hear(job(), source="agency")
    assert desk.rows("SELECT ref FROM videos ORDER BY ref") == [("agency:v1",), ("studio:v1",)]


def test_a_404_is_an_observation_and_the_video_stays(desk: Desk) -> None:
    desk.hear(job(prompt="still here"))
    assert desk.miss("v1").changed == ["v1"]
    assert desk.value("SELECT gone_at IS NOT NULL FROM videos") == 1
    assert desk.find("still here") == ["v1"]


def test_a_job_seen_again_after_a_404_is_not_gone(desk: Desk) -> None:
    desk.hear(job())
    desk.miss("v1")
    desk.hear(job())
    assert desk.value("SELECT gone_at FROM videos") is None
    assert desk.value("SELECT count(*) FROM observations") == 2


def test_a_repeated_404_moves_the_time_of_the_absence_only(desk: Desk) -> None:
    desk.hear(job())
    desk.miss("v1")
    first = desk.rows("SELECT gone_at, last_seen_at FROM videos")[0]
    assert desk.miss("v1").unchanged == ["v1"]
    second = desk.rows("SELECT gone_at, last_seen_at FROM videos")[0]
    assert (second[0] > first[0], second[1] == first[1]) == (True, True)


def test_a_404_about_an_unknown_id_makes_no_video(desk: Desk) -> None:
    desk.miss("never-seen")
    assert desk.rows("SELECT * FROM videos") == []


def test_a_tombstone_survives_a_later_answer(desk: Desk) -> None:
    desk.hear(job(status="queued"))
    with desk.library.write() as connection:
        store.delete_videos(connection, [1], deleted_at=desk.now)
    desk.hear(job(status="completed"))
    assert desk.rows("SELECT status, deleted_at IS NOT NULL FROM videos") == [("completed", 1)]


def test_the_providers_metadata_becomes_tags_and_findable_labels(desk: Desk) -> None:
    desk.hear(job(metadata={"campaign": "launch", "take": "2"}))
    tags = desk.rows("SELECT key, value, origin FROM tags ORDER BY key")
    assert tags == [("campaign", "launch", "provider"), ("take", "2", "provider")]
    assert desk.value("SELECT labels FROM videos") == "campaign=launch, take=2"
    assert desk.find("labels: launch") == ["v1"]


def test_changed_metadata_replaces_the_providers_tags_and_keeps_the_users(desk: Desk) -> None:
    desk.hear(job(metadata={"campaign": "launch"}))
    with desk.library.write() as connection:
        store.save_tags(connection, 1, {"keeper": ""})
    desk.hear(job(metadata={"campaign": "autumn"}), channel="get")
    assert desk.rows("SELECT key, value FROM tags ORDER BY key") == [("campaign", "autumn"), ("keeper", "")]
    assert desk.value("SELECT labels FROM videos") == "campaign=autumn, keeper"
    assert (desk.find("launch"), desk.find("autumn keeper")) == ([], ["v1"])


def test_a_remix_is_linked_to_a_parent_that_was_never_seen(desk: Desk) -> None:
    desk.hear(job(remixed_from_video_id="v0"))
    links = desk.rows("SELECT relation, origin, parent_source, parent_remote_id FROM links")
    assert links == [("remix", "api", "studio", "v0")]


def test_a_lineage_told_later_is_linked_once(desk: Desk) -> None:
    desk.hear(job())
    desk.hear(job(remixed_from_video_id="v0"), channel="get")
    desk.hear(job(remixed_from_video_id="v0", quality="hd"), channel="get")
    assert desk.value("SELECT count(*) FROM links") == 1


def test_signed_queries_and_inline_media_never_reach_a_row(desk: Desk) -> None:
    url = "https://cdn.example.com/v.mp4?X-Amz-Signature=feedbeef&X-Amz-Expires=3600"
    desk.hear(job(output_url=url, b64_json="AAAA", error={"message": "bad key sk-abcdef0123456789abcdef"}))
    stored = json.dumps(desk.rows("SELECT * FROM videos") + desk.rows("SELECT * FROM observations"))
    assert "feedbeef" not in stored
    assert "AAAA" not in stored
    assert "sk-abcdef0123456789abcdef" not in stored


def test_two_characters_of_a_japanese_prompt_find_it(desk: Desk) -> None:
    desk.hear(job(prompt="夜の東京塔の下を歩く女性"))
    assert desk.find('grams: "東京"') == ["v1"]


@pytest.mark.parametrize("prompt", ["lone \ud800 surrogate", "nul \x00 inside", "", "x" * 100_000])
def test_hostile_text_is_kept_and_raises_nothing(desk: Desk, prompt: str) -> None:
    assert desk.hear(job(prompt=prompt)).added == ["v1"]
    with desk.library.write() as connection:
        fulltext.check(connection)


def test_a_flawed_field_flags_the_row(desk: Desk) -> None:
    desk.hear(job(created_at={"not": "a time"}))
    assert desk.value("SELECT created_at FROM videos") is None
    assert "created_at" in str(desk.value("SELECT flaws FROM videos"))


ANSWERS = [
    ("list", job(status="queued", prompt="a fox")),
    ("get", job(status="in_progress", progress=40)),
    ("list", job(status="completed", completed_at=1_790_000_100, prompt="a red fox")),
    ("get", job(status="completed", metadata={"take": "1"}, remixed_from_video_id="v0")),
]


def test_any_order_of_arrival_gives_the_same_row(library_path: Path, tmp_path: Path) -> None:
    columns = "status, provider_status, progress, prompt, completed_at, metadata, remixed_from_id, labels, grams"
    outcomes = set()
    for number, order in enumerate(permutations(ANSWERS)):
        path = tmp_path / f"{number}.db"
        path.write_bytes(library_path.read_bytes())
        desk = Desk(open_library(path))
        for channel, answer in order:
            desk.hear(answer, channel=channel)
        outcomes.add(desk.rows(f"SELECT {columns} FROM videos")[0])
        assert desk.find("fox") == ["v1"]
        desk.library.close()
    assert len(outcomes) == 1


def test_a_large_batch_is_saved_whole(desk: Desk) -> None:
    saved = desk.hear(*(job(f"v{number}") for number in range(1234)))
    assert len(saved.added) == 1234
    assert desk.value("SELECT count(*) FROM observations") == 1234
