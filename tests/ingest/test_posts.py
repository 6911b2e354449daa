"""What people saved of the Sora app: feeds, drafts, pages of tasks and of posts, with the parents of remixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench


def item(name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    """An item of a feed: a post with its clip, and the profile of who posted it."""
    clip = {
        "id": f"s_{name}-attachment-0",
        "kind": "sora",
        "generation_id": f"gen_{name}",
        "task_id": f"task_{name}",
        "url": f"https://cdn.example.com/{name}.mp4",
        "width": 704,
        "height": 1280,
        "n_frames": 300,
        "prompt": None,
    }
    post = {
        "id": f"s_{name}",
        "text": f"a {name} surfs",
        "posted_at": 1_760_000_500.5,
        "attachments": [clip],
        "parent_post_id": parent,
        "permalink": f"https://app.example.com/p/s_{name}",
    }
    return {"post": post, "profile": {"user_id": "user-1", "username": "someone"}} | more


def draft(name: str, parent: str) -> dict[str, Any]:
    return {
        "id": f"gen_{name}",
        "kind": "sora_draft",
        "generation_id": f"gen_{name}",
        "task_id": f"task_{name}",
        "created_at": 1_760_000_000.1,
        "url": f"https://cdn.example.com/{name}.mp4",
        "prompt": f"a {name} at sunset",
        "creation_config": {"remix_target_post": {"post": {"id": parent}}},
    }


FAMILY = [("s_corgi", None), ("s_heron", "s_corgi"), ("s_otter", "s_heron")]
CORGI, HERON, OTTER = (item(name.removeprefix("s_"), parent) for name, parent in FAMILY)


@pytest.mark.parametrize(
    "page",
    [
        {"items": [CORGI, HERON, OTTER], "cursor": "abc"},
        [CORGI, HERON, OTTER],
        [{"items": [CORGI, HERON], "cursor": "a"}, {"items": [OTTER], "cursor": None}],
        {"profile": {"user_id": "user-1"}, "feed": {"items": [CORGI, HERON, OTTER], "cursor": None}},
        {**CORGI, "remix_posts": {"items": [{**HERON, "remix_posts": {"items": [OTTER]}}], "cursor": None}},
        {**OTTER, "ancestors": {"items": [HERON, CORGI]}},
        {**CORGI, "post": {**CORGI["post"], "children": [HERON, OTTER]}},
    ],
)
def test_every_post_of_a_page_is_a_video_with_its_parent(bench: Bench, page: Any):
    bench.put("saved.json", page)
    file = bench.take_one()
    assert (file.added, file.refusals) == (3, 0)
    assert sorted(bench.rows("SELECT remote_id, remixed_from_id FROM videos")) == sorted(FAMILY)
    assert len(bench.rows("SELECT 1 FROM video_aliases WHERE alias LIKE 'gen_%'")) == 3
    assert bench.column("prompt || ' ' || status || ' ' || width", "s_otter") == "a otter surfs completed 704"


def test_a_draft_and_its_post_are_one_video(bench: Bench):
    bench.put("a-feed.json", {"items": [HERON], "cursor": None})
    bench.put("drafts.json", {"items": [draft("heron", "s_corgi"), draft("tern", "s_heron")], "cursor": None})
    report = bench.take_in()
    assert (report.added, report.refusals) == (2, 0)
    assert bench.rows("SELECT remote_id, remixed_from_id FROM videos ORDER BY id") == [
        ("s_heron", "s_corgi"),
        ("gen_tern", "s_heron"),
    ]


def test_a_task_of_the_older_app_is_one_video_with_all_its_clips(bench: Bench):
    clips = [{"id": f"gen_{n}", "task_id": "task_1", "url": f"https://cdn.example.com/{n}.mp4"} for n in range(2)]
    task = {"id": "task_1", "prompt": "a boat", "status": "succeeded", "created_at": "2025-11-12T14:32:01.234Z"}
    failed = {"id": "task_2", "prompt": "a gull", "status": "failed", "failure_reason": "blocked", "generations": []}
    bench.put("tasks.json", {"task_responses": [{**task, "generations": clips}, failed], "has_more": True})
    assert bench.take_one().added == 2
    assert bench.rows("SELECT remote_id, status, json_array_length(output_urls), error_message FROM videos") == [
        ("task_1", "completed", 2, None),
        ("task_2", "failed", None, "blocked"),
    ]


@pytest.mark.parametrize(
    "post", [None, 7, [], {}, {"id": 5}, {"id": "s_1", "attachments": 3}, {"id": "s_1", "remix_posts": [1]}]
)
def test_an_odd_post_stops_nothing(bench: Bench, post: Any):
    bench.put("feed.json", {"items": [{"post": post}, CORGI], "cursor": None})
    bench.take_in()
    assert "s_corgi" in bench.ids()
