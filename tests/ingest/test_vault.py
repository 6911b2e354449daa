"""Exports of SoraVault: manifests, chains of remixes, prompt sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.ingest.conftest import reasons

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench

TXT = """\
Source         : v2_profile
Generation ID  : s_one-attachment-0
Task ID        : task_one
Date           : 2026-04-15
Post ID        : s_one
Duration       : 10s
Resolution     : 720 × 1280 px
Aspect ratio   : 9:16

── Prompt ─────────────────────────────────────────────────
A fox runs
through snow."""


def item(post_id: str | None = "s_one", **fields: Any) -> dict[str, Any]:
    return {
        "mode": "v2",
        "source": "v2_profile",
        "genId": f"{post_id}-attachment-0",
        "taskId": "task_one",
        "postId": post_id,
        "date": "2026-04-15",
        "prompt": "A fox runs through snow.",
        "downloadUrl": "https://videos.example/raw?sig=abc",
        "width": 720,
        "height": 1280,
        "ratio": "9:16",
        "duration": 10,
        "model": None,
        "_raw": {"post": {"id": post_id, "posted_at": 1_776_250_000.5, "text": "A fox"}, "profile": {}},
        **fields,
    }


def manifest(*items: Any, **fields: Any) -> dict[str, Any]:
    return {"soravault_version": "2.7.0", "exported_at": "2026-04-18T12:00:00Z", "items": list(items), **fields}


def test_the_items_of_a_manifest_become_videos(bench: Bench):
    bench.put("soravault_manifest_2026-04-18.json", manifest(item()))
    file = bench.take_one()
    assert (file.form, file.added) == ("soravault", 1)
    query = "SELECT remote_id, status, prompt, seconds, width, height, created_at, output_urls FROM videos"
    assert bench.rows(query) == [
        (
            "s_one",
            "completed",
            "A fox runs through snow.",
            10.0,
            720,
            1280,
            "2026-04-15T10:46:40.000Z",
            '["https://videos.example/raw"]',
        )
    ]


def test_the_original_item_is_kept(bench: Bench):
    bench.put("soravault_manifest_2026-04-18.json", manifest(item(author="mira")))
    bench.take_in()
    assert bench.column("extra ->> '$.soravault.author'", "s_one") == "mira"


def test_a_draft_is_known_by_its_generation(bench: Bench):
    draft = {"mode": "v2", "source": "v2_drafts", "genId": "gen_1", "postId": None, "prompt": "x", "_raw": {}}
    bench.put("soravault_manifest_2026-04-18.json", manifest(draft))
    bench.take_in()
    assert bench.ids() == ["gen_1"]


def test_a_picture_of_the_first_sora_is_an_image(bench: Bench):
    picture = {"mode": "v1", "genId": "gen_1", "isVideo": False, "pngUrl": "https://x.example/a.png"}
    bench.put("soravault_manifest_2026-04-18.json", manifest(picture))
    bench.take_in()
    assert bench.column("kind", "gen_1") == "image"


def test_an_item_without_an_id_is_refused_by_its_number(bench: Bench):
    bench.put("soravault_manifest_2026-04-18.json", manifest(item(), {"prompt": "x"}, 5))
    file = bench.take_one()
    assert (file.added, reasons(file)) == (1, [(2, "the item has no id"), (3, "the item is not an object")])


def record(direction: str, child: str, parent: str | None, post: dict[str, Any] | None, prompt: str = "") -> dict:
    return {
        "capturedAt": "2026-04-18T12:00:00Z",
        "direction": direction,
        "source": "v2_remix_children",
        "childPostId": child,
        "parentPostId": parent,
        "rootPostId": parent,
        "parentPath": [],
        "prompt": prompt,
        "raw": post and {"post": post, "profile": None},
    }


def test_chains_become_links_between_the_clips(bench: Bench):
    chains = [record("child", "s_two", "s_one", {"id": "s_two", "text": "the fox swims"}, "the fox swims")]
    bench.put("soravault_manifest_2026-04-18.json", manifest(item()))
    bench.put("sora_v2_remix_chains/remix_chains.json", {"soravault_version": "2.7.0", "chains": chains})
    bench.take_in()
    query = "SELECT remote_id, prompt, parent_remote_id, relation FROM links JOIN videos ON videos.id = child_id"
    assert bench.rows(query) == [("s_two", "the fox swims", "s_one", "remix")]


def test_a_record_of_the_parent_tells_the_prompt_of_the_parent(bench: Bench):
    chains = [record("parent", "s_one", "s_zero", {"id": "s_zero", "text": "a fox sleeps"}, "a fox sleeps")]
    bench.put("remix_chains.json", {"chains": chains})
    bench.take_in()
    query = "SELECT remote_id, prompt, remixed_from_id FROM videos ORDER BY remote_id"
    assert bench.rows(query) == [("s_one", None, "s_zero"), ("s_zero", "a fox sleeps", None)]


def test_chains_inside_a_manifest_and_as_a_bare_list_are_read_too(bench: Bench):
    bench.put("soravault_manifest_a.json", manifest(remix_chains=[record("child", "s_2", "s_1", None)]))
    bench.put("remix_chains.json", [record("child", "s_3", "s_2", None)])
    bench.take_in()
    query = "SELECT remote_id, remixed_from_id FROM videos ORDER BY remote_id"
    assert bench.rows(query) == [("s_2", "s_1"), ("s_3", "s_2")]


def test_a_record_without_a_parent_is_refused(bench: Bench):
    bench.put("remix_chains.json", {"chains": [record("parent", "s_1", None, None), 7]})
    reason = "the record names no clip with its parent"
    assert reasons(bench.take_one()) == [(1, reason), (2, reason)]


def test_a_prompt_sidecar_tells_of_the_clip_of_the_manifest(bench: Bench):
    bench.put("soravault_manifest_2026-04-18.json", manifest(item()))
    bench.put("sora_v2_profile/s_one-attachment-0_2026-04-15_A_fox.mp4", b"mp4")
    bench.put("sora_v2_profile/s_one-attachment-0_2026-04-15_A_fox.txt", TXT)
    report = bench.take_in()
    assert (report.refusals, bench.ids()) == (0, ["s_one"])


def test_a_prompt_sidecar_alone_is_enough(bench: Bench):
    bench.put("clip.txt", TXT)
    file = bench.take_one()
    assert (file.form, file.added) == ("soravault", 1)
    query = "SELECT remote_id, prompt, seconds, width, height, created_at FROM videos"
    assert bench.rows(query) == [("s_one", "A fox runs\nthrough snow.", 10.0, 720, 1280, "2026-04-15T00:00:00.000Z")]
    assert bench.rows("SELECT channel FROM observations") == [("sidecar",)]


def test_a_manifest_of_mirrored_clips_is_read(bench: Bench):
    entry = {"key": "gen_9", "genId": "gen_9", "postId": None, "mode": "v2", "prompt": "rain", "filename": "a.mp4"}
    bench.put("mirror_manifest.json", {"version": 1, "count": 1, "entries": [entry]})
    bench.take_in()
    assert bench.column("prompt", "gen_9") == "rain"


def test_importing_an_export_again_adds_nothing(bench: Bench):
    bench.put(
        "soravault_manifest_2026-04-18.json", manifest(item(), remix_chains=[record("child", "s_2", "s_one", None)])
    )
    bench.put("clip.txt", TXT)
    bench.take_in()
    report = bench.take_in()
    assert (report.added, report.changed) == (0, 0)
