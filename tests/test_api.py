"""The face: one library, opened and used as a program would."""

from __future__ import annotations

import json
import queue
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from catalog import Catalog, CatalogError, ConfigError, NotFound, store
from catalog.demo.gateway import Gateway
from catalog.demo.sample import sample_jobs
from catalog.facets import count_due
from catalog.library import open_library
from catalog.wire.parse import parse_videos
from catalog.wire.webhooks import sign
from tests.house import LONG, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.hooks import Receiver

NOW = 1_795_000_000
KEY = "key-of-the-face"
PROMPT = "Wide shot of a neon street in the rain at night, slow push in, 35 mm lens, soft key light, teal and orange."
SECRET = "a-webhook-secret-of-the-tests-of-the-face"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(jobs=sample_jobs(NOW), clock=lambda: NOW, key=KEY) as gateway:
        yield gateway


@pytest.fixture
def cat(gateway: Gateway, library_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setenv("CATALOG_BASE_URL", gateway.base_url)
    monkeypatch.setenv("CATALOG_API_KEY", KEY)
    with Catalog.open(library_path) as catalog:
        yield catalog


def test_the_main_job_from_end_to_end(cat: Catalog) -> None:
    [report] = cat.sync()
    assert (report.source, report.added, report.error) == ("default", 240, None)
    page = cat.search("neon rain", facets=["model"], limit=3)
    assert page.total > 3
    assert sum(count.count for count in page.facets["model"]) == page.total
    following = cat.search("neon rain", limit=3, after=page.next)
    assert not {video.ref for video in page.videos} & {video.ref for video in following.videos}
    video = cat.get(page.videos[0].ref)
    assert video.prompt
    assert cat.stats().total == 240


def test_a_remix_chain_is_a_tree(cat: Catalog) -> None:
    cat.sync()
    remixes = [video for video in cat.search("", limit=1000).videos if video.remixed_from_id]
    depths = [len(cat.lineage(video.ref).ancestors) for video in remixes]
    assert max(depths) >= 5


def test_tags_are_set_found_and_taken_off(cat: Catalog) -> None:
    cat.sync()
    ref = cat.search("", limit=1).videos[0].ref
    cat.tag(ref, "campaign=launch", "keeper")
    assert [video.ref for video in cat.search("tag:campaign=launch tag:keeper").videos] == [ref]
    cat.untag(ref, "keeper")
    assert cat.search("tag:keeper").total == 0


def test_a_deleted_video_is_hidden_stays_hidden_after_a_sync_and_comes_back(cat: Catalog) -> None:
    cat.sync()
    ref = cat.search("", limit=1).videos[0].ref
    cat.delete(ref)
    cat.sync(full=True)
    assert cat.search("").total == 239
    assert cat.search("is:deleted").videos[0].ref == ref
    cat.undelete(ref)
    assert cat.search("").total == 240


def test_a_backup_restores_what_was_there(cat: Catalog, tmp_path: Path) -> None:
    cat.sync()
    copy = cat.backup(tmp_path / "copy.db")
    ref = cat.search("", limit=1).videos[0].ref
    cat.tag(ref, "after-the-backup")
    point = Catalog.restore(copy, cat.path)
    assert point is not None
    assert point.exists()
    assert cat.search("tag:after-the-backup").total == 0
    assert cat.search("").total == 240


def test_undo_outlives_a_rebuild_a_full_sync_and_a_restore(cat: Catalog, tmp_path: Path) -> None:
    cat.sync()
    ref = cat.search("", limit=1).videos[0].ref
    before = cat.get(ref)
    cat.tag(ref, "campaign=launch")
    cat.delete(ref)
    cat.reindex()
    cat.sync(full=True)
    copy = cat.backup(tmp_path / "copy.db")
    cat.tag(ref, "after-the-backup")
    Catalog.restore(copy, cat.path)
    assert [(edit.act, edit.refs) for edit in cat.history()] == [("delete", (ref,)), ("tag", (ref,))]
    assert [edit.summary for edit in cat.undo()] == [f"deleted {ref}"]
    assert [video.ref for video in cat.search("tag:campaign").videos] == [ref]
    [edit] = cat.undo(5)
    assert edit.undone_at is not None
    assert (cat.search("tag:campaign").total, cat.undo()) == (0, [])
    after = cat.get(ref)
    assert (after.tags, after.facets, after.deleted_at) == (before.tags, before.facets, None)
    assert [edit.undone_at for edit in cat.redo(2)] == [None, None]
    assert cat.search("").total == 239


def test_an_import_is_no_edit_and_its_repetition_leaves_undo_what_it_was(cat: Catalog, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(json.dumps({"id": "video_1", "object": "video", "prompt": PROMPT, "facets": {"client": "acme"}}))
    cat.import_path(saved, source="studio")
    facets = cat.get("video_1").facets
    assert cat.history() == []
    cat.tag("video_1", "keeper")
    cat.delete("video_1")
    cat.import_path(saved, source="studio", facets={"style": "noir"})
    assert [edit.act for edit in cat.undo(2)] == ["delete", "tag"]
    video = cat.get("video_1")
    assert (video.tags, video.deleted_at) == ((), None)
    assert set(facets) - set(video.facets) == {facet for facet in facets if facet.name == "style"}
    assert {facet.value for facet in video.facets if facet.origin == "given"} == {"acme", "noir"}


def test_an_unknown_ref_and_source_are_clear_errors(cat: Catalog) -> None:
    with pytest.raises(NotFound, match="no video 'default:none'"):
        cat.get("default:none")
    with pytest.raises(ConfigError, match="no source 'studio' is configured: use one of default"):
        cat.sync("studio")


@pytest.mark.parametrize("tag", ["", "=value", "  =x"])
def test_a_tag_without_a_key_is_refused(cat: Catalog, tag: str) -> None:
    cat.sync()
    with pytest.raises(CatalogError, match="a tag is KEY or KEY=VALUE"):
        cat.tag(cat.search("", limit=1).videos[0].ref, tag)


def test_a_failing_source_is_reported_and_the_others_go_on(
    gateway: Gateway, library_path: Path, tmp_path: Path
) -> None:
    config = tmp_path / "two.toml"
    config.write_text(
        f'[sources.broken]\nbase_url = "http://127.0.0.1:9/v1"\n[sources.good]\nbase_url = "{gateway.base_url}"\n'
        'key_env = "CATALOG_TEST_GOOD_KEY"\n[sync]\ndeadline_seconds = 0.3\n'
    )
    with pytest.MonkeyPatch.context() as patch, Catalog.open(library_path, config=config) as catalog:
        patch.setenv("CATALOG_TEST_GOOD_KEY", KEY)
        broken, good = catalog.sync()
    assert broken.error
    assert (good.added, good.error) == (240, None)


def test_one_catalog_serves_many_threads(cat: Catalog) -> None:
    cat.sync()
    totals: list[int] = []
    threads = [threading.Thread(target=lambda: totals.append(cat.search("neon").total)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(totals)) == 1
    assert len(totals) == 8


@contextmanager
def receiving(cat: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The receiver of webhooks, running in a thread."""
    monkeypatch.setenv("CATALOG_WEBHOOK_SECRET", SECRET)
    servers: queue.Queue[Receiver] = queue.Queue()
    thread = threading.Thread(target=cat.hooks, kwargs={"port": 0, "on_ready": servers.put})
    thread.start()
    server = servers.get(timeout=LONG)
    try:
        yield server
    finally:
        server.stop()
        thread.join(LONG)
    assert not thread.is_alive()


def deliver(server: Receiver, remote_id: str) -> int:
    """Send a signed delivery about a job: the status of the answer."""
    told = {"id": "evt_1", "object": "event", "type": "video.completed", "data": {"id": remote_id}}
    body, sent_at = json.dumps(told).encode(), int(time.time())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(sent_at), "content-type": "application/json"}
    headers["webhook-signature"] = sign(SECRET, "msg_1", sent_at, body)
    return httpx.post(f"{server.url}/webhook", content=body, headers=headers, trust_env=False, timeout=LONG).status_code


def test_a_webhook_brings_in_a_job_and_what_its_prompt_asks_for(
    cat: Catalog, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = next(job for job in gateway.jobs if "neon" in job.prompt and job.at(NOW).status == "completed")
    with receiving(cat, monkeypatch) as server:
        assert deliver(server, finished.id) == 200
        wait_until(lambda: cat.search("has:lighting").total)
        assert cat.search("has:lighting").videos[0].remote_id == finished.id


def test_a_webhook_is_acknowledged_while_thousands_of_prompts_are_still_to_be_read(
    cat: Catalog, library_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [
        {"id": f"video_due_{number}", "status": "completed", "prompt": f"{PROMPT} Take {number}."}
        for number in range(4000)
    ]
    with closing(open_library(library_path)) as library:
        with library.write() as connection:
            videos = parse_videos({"object": "list", "data": jobs}).videos
            store.save_videos(connection, "studio", videos, channel="list", received_at=datetime.now(UTC))
        with receiving(cat, monkeypatch) as server:
            assert deliver(server, next(iter(gateway.jobs)).id) == 200
            assert count_due(library) > 0


def test_every_method_takes_the_beginning_of_a_name(cat: Catalog) -> None:
    cat.sync()
    ref = cat.search("neon rain", limit=1).videos[0].ref
    short = ref.removeprefix("default:")[:14]
    assert cat.get(short).ref == cat.lineage(short).ref == ref
    assert cat.tag(short, "keeper").ref == cat.untag(short, "keeper").ref == ref
    assert all(change.ref == ref for change in cat.changes(short))
    assert cat.diff(short, ref).is_same
    assert cat.generations(short) == cat.generations(ref)
    assert cat.delete([short, ref]).refs == cat.undelete([ref, short]).refs == (ref,)
    assert [video.ref for video in cat.search(f"id:{short}").videos] == [ref]


def test_progress_that_cannot_be_written_stops_nothing(cat: Catalog, tmp_path: Path) -> None:
    (tmp_path / "jobs.json").write_text('{"id": "v1", "status": "completed", "prompt": "Rain."}')

    def show(*_: object) -> None:
        raise BrokenPipeError

    assert cat.sync(on_progress=show)[0].added == 240
    assert cat.import_path(tmp_path / "jobs.json", on_progress=show).added == 1
    assert cat.reindex(on_progress=show).rebuilt
    assert cat.add("default", ["video_of_nobody"], on_progress=show).requests


def test_progress_may_stop_a_journey_on_purpose(cat: Catalog) -> None:
    class Enough(Exception):
        pass

    def show(*_: object) -> None:
        raise Enough

    with pytest.raises(Enough):
        cat.sync(on_progress=show)
