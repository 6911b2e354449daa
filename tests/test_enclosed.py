"""Bytes inside answers and requests become files of their videos, whichever way they come in, and stay out of rows."""

from __future__ import annotations

import json
import os
import tracemalloc
from base64 import b64encode
from contextlib import closing
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from catalog import capture, store
from catalog.capture.spool import PART_SECONDS, list_notes, write_note
from catalog.client.client import Client
from catalog.demo.clips import ready_made
from catalog.enclosed import keep_enclosed
from catalog.library import open_library
from catalog.reading.files import list_unfetched_inputs, read_inputs
from catalog.search.page import search
from catalog.store.enclosed import MAX_FAILED
from catalog.wire.parse import parse_videos
from tests.capture.conftest import Studio as Captured
from tests.capture.server import VideoServer
from tests.client.server import RawServer, always
from tests.demo.conftest import job as planned
from tests.house import LONG, job
from tests.ingest.conftest import Bench
from tests.store.conftest import Desk
from tests.sync.conftest import clock, studio
from tests.sync.conftest import job as job_of
from tests.test_hooks import event, running, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from catalog.database import Database
    from tests.house import Shelf
    from tests.sync.conftest import Studio

__all__ = ["clock", "studio"]

CLIP = ready_made(planned(1))
OTHER = ready_made(planned(2))
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)
FILES = "SELECT remote_id, variant, number, sha256, origin, files.state FROM files JOIN videos ON videos.id = video_id"
INPUTS = "SELECT role, name, sha256 FROM video_inputs LEFT JOIN files ON files.id = file_id ORDER BY video_inputs.id"


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def url(data: bytes, kind: str = "video/mp4") -> str:
    return f"data:{kind};base64,{b64(data)}"


def name(data: bytes) -> str:
    return sha256(data).hexdigest()


def require_kept(shelf: Shelf, *contents: bytes) -> None:
    """The bytes lie in the media folder, and in no row."""
    folder = shelf.library.path.parent
    for data in contents:
        ((path, state),) = shelf.rows("SELECT path, state FROM file_places WHERE sha256 = ?", name(data))
        assert (folder / path).read_bytes() == data
        assert state == "present"
        for table in ("observations", "videos", "stray_answers", "deliveries"):
            assert b64(data)[:60] not in str(shelf.rows(f"SELECT * FROM {table}"))


class Counter(Desk):
    """A desk that keeps what answers hold inside before it takes them in, as every journey does."""

    def take(self, *payloads: dict[str, Any]) -> store.Saved:

        self.minutes += 1
        videos = [video for payload in payloads for video in parse_videos(payload).videos]
        enclosed = keep_enclosed(self.library, videos)
        with self.library.write() as connection:
            return store.save_videos(
                connection, "studio", videos, channel="get", received_at=self.now, enclosed=enclosed
            )

    def inputs(self) -> list[Any]:
        with self.library.read() as connection:
            return read_inputs(connection, [row[0] for row in self.rows("SELECT id FROM videos")]).get(1, [])

    def find(self, query: str) -> list[str]:
        with self.library.read() as connection:
            return sorted(video.remote_id for video in search(connection, query, limit=50).videos)


@pytest.fixture
def counter(library: Database) -> Counter:
    return Counter(library)


# Ways in


@pytest.mark.parametrize("inline", ["b64_json", "data_url"])
def test_a_synced_answer(studio: Callable[..., Studio], inline: str) -> None:
    one = studio(job_of(1, inline=inline, outputs=2), job_of(2, kind="image", inline=inline))
    one.sync()
    files = one.rows(f"{FILES} ORDER BY remote_id, variant, number")
    assert [(file[:3], file[4:]) for file in files] == [
        (("video_0001", "video", 1), ("inline", "present")),
        (("video_0001", "video", 2), ("inline", "present")),
        (("video_0002", "image", 1), ("inline", "present")),
    ]
    made = one.gateway.jobs.find("video_0001")
    assert made is not None
    clips = [one.gateway.media.asset(made, "video", number).data for number in (0, 1)]
    assert [file[3] for file in files[:2]] == list(map(name, clips))
    require_kept(one, *clips)
    one.sync()
    one.add("video_0001")
    assert one.rows(f"{FILES} ORDER BY remote_id, variant, number") == files


def test_a_webhook_that_holds_its_clip(library: Database) -> None:
    body = json.dumps({**json.loads(event()), "data": job("video_1", output=[{"b64_json": b64(CLIP)}])}).encode()
    with running(library, pause=3600) as hooks:
        assert hooks.post(body, signed(body)) == 200
        assert hooks.rows(FILES) == [("video_1", "video", 1, name(CLIP), "inline", "present")]
        require_kept(hooks, CLIP)


def test_a_job_that_the_receiver_asks_for(library: Database) -> None:
    told = job("video_1", output=[{"b64_json": b64(PNG)}])
    with RawServer(always(told)) as server:
        client = lambda: Client(server.base_url, source="studio", deadline=LONG)  # noqa: E731
        with running(library, client=client) as hooks:
            assert hooks.post(event()) == 200
            hooks.wait_for(FILES, [("video_1", "image", 1, name(PNG), "inline", "present")])
            require_kept(hooks, PNG)


@pytest.fixture
def bench(library: Database, tmp_path: Path) -> Bench:
    (tmp_path / "saved").mkdir()
    return Bench(library, tmp_path / "saved")


def test_imported_files(bench: Bench) -> None:
    answer = job("v3", output=[{"b64_json": b64(OTHER)}])
    asked = {"prompt": "a fox", "image": url(PNG, "image/png"), "input_reference": {"file_id": "file_1"}}
    bench.put("jobs.json", [job("v1", video=url(CLIP)), job("v2")])
    batch = {"custom_id": "a", "response": {"status_code": 200, "body": answer}}
    bench.put_lines("spring-output.jsonl", batch)
    bench.put_lines("spring-input.jsonl", {"custom_id": "a", "method": "POST", "url": "/v1/videos", "body": asked})
    call = {
        "request": {"method": "POST", "url": "https://a.example/v1/videos", "postData": {"text": json.dumps(asked)}},
        "response": {"status": 200, "content": {"text": json.dumps(job("v4", cover_url=url(PNG, "image/png")))}},
    }
    bench.put("session.har", {"log": {"entries": [call]}})
    for _ in range(2):
        assert bench.take_in().notes == ()
    assert bench.rows(f"{FILES} ORDER BY remote_id, variant") == [
        ("v1", "video", 1, name(CLIP), "inline", "present"),
        ("v3", "reference", 1, name(PNG), "captured", "present"),
        ("v3", "video", 1, name(OTHER), "inline", "present"),
        ("v4", "reference", 1, name(PNG), "captured", "present"),
        ("v4", "thumbnail", 1, name(PNG), "inline", "present"),
    ]
    ours = [("reference", "file_1", None), ("reference", f"sha256:{name(PNG)}", name(PNG))]
    assert sorted(bench.rows(INPUTS)) == sorted([*ours, *ours])
    require_kept(bench, CLIP, OTHER, PNG)


def test_a_dry_run_keeps_no_bytes(bench: Bench) -> None:
    bench.put("jobs.json", [job("v1", video=url(CLIP))])
    assert bench.take_in(dry_run=True).added == 1
    assert not (bench.library.path.parent / "media").exists()


@pytest.fixture
def captured(library_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with VideoServer() as server:
        running = Captured(server, library_path)
        yield running
        running.close()


def test_a_captured_form_and_its_answer(captured: Captured) -> None:
    captured.server.videos["video_9"] = job("video_9", output=[{"b64_json": b64(CLIP)}])
    with captured.client() as client:
        base = captured.server.base_url
        files = {"input_reference": ("cat.png", BytesIO(PNG), "image/png")}
        client.post(f"{base}/videos", data={"prompt": "a fox", "model": "sora-2"}, files=files)
        client.get(f"{base}/videos/video_9")
        client.post(f"{base}/videos", json={"prompt": "a fox", "input_reference": {"image_url": url(PNG, "image/png")}})
    assert sorted(captured.rows(FILES)) == [
        ("video_1", "reference", 1, name(PNG), "captured", "present"),
        ("video_2", "reference", 1, name(PNG), "captured", "present"),
        ("video_9", "video", 1, name(CLIP), "inline", "present"),
    ]
    assert captured.rows(INPUTS) == [
        ("reference", "cat.png", name(PNG)),
        ("reference", f"sha256:{name(PNG)}", name(PNG)),
    ]
    assert captured.notes() == []
    assert not captured.library.with_name("catalog.db.spool").exists()


def test_captured_media_wait_in_the_spool_while_the_folder_cannot_be_reached(captured: Captured) -> None:
    media = captured.library.with_name("media")
    media.write_text("no folder")
    with captured.client() as client:
        files = {"input_reference": ("cat.png", BytesIO(PNG), "image/png")}
        client.post(f"{captured.server.base_url}/videos", data={"prompt": "a fox"}, files=files)
    assert captured.rows("SELECT prompt FROM videos") == [("a fox",)]
    assert captured.look(FILES) == []
    media.unlink()
    assert captured.take_in() == 0
    assert captured.look(INPUTS) == [("reference", "cat.png", name(PNG))]
    assert captured.notes() == []
    assert captured.take_in() == 0


def test_media_without_their_note_are_removed_once_nobody_writes_it(captured: Captured) -> None:

    note = write_note(captured.library, {"kind": "answer"})
    old, new, own = (note.with_name(f"{stem}.answer.json.media") for stem in ("old", "new", note.name[:-12]))
    for path in (old, new, own):
        path.write_bytes(PNG)
    for path in (old, own):
        os.utime(path, (1, path.stat().st_mtime - PART_SECONDS - 1))
    list_notes(captured.library)
    assert [path.exists() for path in (old, new, own)] == [False, True, True]


# What is kept


def test_the_same_answer_again_adds_nothing(counter: Counter) -> None:
    answer = job("v1", output=[{"b64_json": b64(CLIP)}, {"b64_json": b64(OTHER)}])
    counter.take(answer)
    rows = counter.rows("SELECT * FROM files"), counter.rows("SELECT * FROM file_places")
    counter.take(answer)
    counter.take({**answer, "progress": 100})
    assert (counter.rows("SELECT * FROM files"), counter.rows("SELECT * FROM file_places")) == rows


def test_bytes_whose_row_was_not_written_are_adopted_by_the_next_answer(counter: Counter) -> None:

    answer = job("v1", video=url(CLIP))
    keep_enclosed(counter.library, parse_videos(answer).videos)
    assert counter.rows(FILES) == []
    counter.take(answer)
    require_kept(counter, CLIP)


def test_the_same_bytes_twice_are_one_output(counter: Counter) -> None:
    counter.take(job("v1", output=[{"b64_json": b64(CLIP)}, {"b64_json": b64(CLIP)}, {"b64_json": b64(OTHER)}]))
    assert [row[1:4] for row in counter.rows(FILES)] == [("video", 1, name(CLIP)), ("video", 2, name(OTHER))]


def test_outputs_with_an_address_come_first(counter: Counter) -> None:
    clips = [{"url": "https://a.example/1.mp4"}, {"b64_json": b64(CLIP)}]
    counter.take(job("v1", output=clips))
    counter.take(job("v2", output=[{"url": "https://a.example/1.mp4", "b64_json": b64(OTHER)}]))
    assert [row[:4] for row in counter.rows(FILES)] == [("v1", "video", 2, name(CLIP)), ("v2", "video", 1, name(OTHER))]


def test_the_bytes_say_what_a_file_is(counter: Counter) -> None:
    counter.take(job("v1", output=[{"type": "video", "url": url(PNG)}, {"url": url(CLIP, "image/png")}]))
    assert sorted(row[1:4] for row in counter.rows(FILES)) == [("image", 1, name(PNG)), ("video", 1, name(CLIP))]


@pytest.mark.parametrize(
    ("output", "reason", "has_failed"),
    [
        ({"b64_json": "A" * 50 + "!" * 50}, "is not base64", True),
        ({"b64_json": b64(CLIP)[:4000]}, "ends", True),
        ({"url": url(b"<html><body>no such thing, sorry</body></html>", "text/html")}, "is an HTML page", False),
        ({"b64_json": b64(b"<html><body>no such thing, sorry</body></html>")}, "is an HTML page", True),
    ],
)
def test_what_is_no_media_is_said_and_loses_nothing(
    counter: Counter, output: dict[str, str], reason: str, has_failed: bool
) -> None:
    saved = counter.take(job("v1", prompt="a fox", output=[output]), job("v2"))
    assert counter.rows("SELECT remote_id FROM videos") == [("v1",), ("v2",)]
    assert len(saved.remarks) == 1
    failed = counter.rows("SELECT variant, number, state FROM files")
    assert failed == ([("video", 1, "failed")] if has_failed else [])
    if reason != "ends":
        assert reason in saved.remarks[0]
    counter.take(job("v1", output=[{"b64_json": b64(CLIP)}]))
    assert [row[1:] for row in counter.rows(FILES)] == [("video", 1, name(CLIP), "inline", "present")]


def test_a_folder_that_cannot_be_reached_loses_no_answer(counter: Counter) -> None:
    media = counter.library.path.parent / "media"
    media.write_text("no folder")
    saved = counter.take(job("v1", prompt="a fox", output=[{"b64_json": b64(CLIP)}]))
    assert counter.rows("SELECT prompt FROM videos") == [("a fox",)]
    ((state, reason),) = counter.rows("SELECT state, reason FROM files")
    assert (state, "cannot be reached" in reason) == ("failed", True)
    assert "cannot be reached" in saved.remarks[0]
    media.unlink()
    counter.take(job("v1", prompt="a fox", output=[{"b64_json": b64(CLIP)}]))
    require_kept(counter, CLIP)


def test_a_thousand_small_items_that_are_no_media_are_one_remark(counter: Counter) -> None:
    saved = counter.take(job("v1", output=[{"b64_json": b64(b"nothing" * 9)}] * 1000))
    assert saved.remarks == ["v1: what the answer holds inside is text, not a video (1000 times)"]
    assert counter.value("SELECT count(*) FROM files WHERE state = 'failed'") == MAX_FAILED


def test_many_files_of_one_answer_are_numbered_in_its_order(counter: Counter) -> None:
    pictures = [PNG + number.to_bytes(2, "big") for number in range(20)]
    counter.take(job("v1", output=[{"b64_json": b64(data)} for data in pictures]))
    assert [row[1:4] for row in counter.rows(FILES)] == [
        ("image", number, name(data)) for number, data in enumerate(pictures, 1)
    ]


def test_thirty_megabytes_of_base64_take_little_memory(counter: Counter) -> None:

    clip = CLIP + (22_000_000).to_bytes(4) + b"free" + bytes(22_000_000 - 8)
    videos = parse_videos(job("v1", output=[{"b64_json": b64(clip)}])).videos
    tracemalloc.start()
    try:
        kept = keep_enclosed(counter.library, videos)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert kept["v1"][0].data is not None
    assert peak < 16_000_000


# What went into a job


def test_inputs_are_found_and_can_be_fetched(counter: Counter) -> None:
    asked = {"image_url": "https://a.example/x.png?sig=secret", "last_frame_image": url(PNG, "image/png")}
    counter.take(job("v1", input=asked, characters=[{"id": "char_1"}]), job("v2", input_reference="file_7"))
    assert [(one.role, one.name) for one in counter.inputs()] == [
        ("reference", "https://a.example/x.png"),
        ("character", "char_1"),
        ("last_frame", f"sha256:{name(PNG)}"),
    ]
    assert counter.find("character:char_1") == ["v1"]
    assert counter.find("reference:file_7") == ["v2"]
    with counter.library.read() as connection:
        (unfetched,) = list_unfetched_inputs(connection, [1, 2])
    assert (unfetched.ref, unfetched.role, unfetched.url) == ("studio:v1", "reference", "https://a.example/x.png")


def test_an_answer_that_says_less_takes_no_input_away(counter: Counter) -> None:
    counter.take(job("v1", input_reference=["file_1", "file_2"]))
    counter.take(job("v1", input_reference=["file_2", "file_3"]))
    counter.take(job("v1"))
    assert [(one.number, one.name) for one in counter.inputs()] == [(1, "file_1"), (2, "file_2"), (3, "file_3")]


def test_inputs_of_a_captured_call_are_found_by_a_search(captured: Captured) -> None:
    with captured.client() as client:
        client.post(f"{captured.server.base_url}/videos", json={"prompt": "x"})
        body = {"prompt": "x", "video": {"id": "video_1"}, "characters": [{"id": "char_1"}]}
        client.post(f"{captured.server.base_url}/videos/extensions", json=body)
    assert capture.flush(captured.library, LONG)
    assert captured.look(INPUTS) == [("source", "video_1", None), ("character", "char_1", None)]
    with closing(open_library(captured.library)) as library:
        queries = ("relation:extension", "parent:studio:video_1", "character:char_1")
        assert [Counter(library).find(query) for query in queries] == [["video_2"]] * 3
