"""What files say of themselves: kept however the bytes came, read for what nobody has said of their jobs, and shown."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog, NotFound, bitmaps, store
from catalog.demo.media import Asset, Media
from catalog.enclosed import keep_enclosed
from catalog.media.keep import MediaFolder
from catalog.wire.parse import parse_videos
from tests.capture.conftest import Studio as Captured
from tests.capture.server import VideoServer
from tests.cli.conftest import ask, run
from tests.download.conftest import clock, studio
from tests.download.conftest import job as planned
from tests.house import Shelf, job
from tests.media.marks.carriers import GRAPH_TEXT, LABEL_TEXT, PARAMETERS, WORKFLOW_TEXT, itxt, png, tagged
from tests.store.conftest import START, Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from catalog.database import Database

__all__ = ["ask", "clock", "run", "studio"]

COMFY = tagged({"prompt": GRAPH_TEXT, "workflow": WORKFLOW_TEXT, "encoder": "Lavf60"})
PICTURE = png(itxt("parameters", PARAMETERS), itxt("AIGC", LABEL_TEXT))
MARKS = "SELECT kind, key, claims, tool FROM file_marks ORDER BY file_id, id"
OF_COMFY = [
    ("workflow", "prompt", None, "comfyui"),
    ("workflow", "workflow", None, "comfyui"),
    ("hint", "encoder", None, None),
]
OF_PICTURE = [("tool", "parameters", None, "a1111"), ("aigc", "AIGC", "ai aigc", None)]


class Marked(Media):
    """Media whose clips hold a graph."""

    def asset(self, made: Any, variant: str, number: int = 0) -> Asset:
        return Asset(COMFY, "video/mp4") if variant == "video" else super().asset(made, variant, number)


@pytest.fixture
def desk(library: Database) -> Desk:
    return Desk(library)


# Ways in


def test_a_downloaded_file(studio: Callable[..., Any]) -> None:
    one = studio(planned(1), dialect="openai")
    one.gateway.media = one.gateway._desk.media = Marked()
    with one.library.write() as connection:
        connection.execute("UPDATE observations SET payload = json_remove(payload, '$.prompt')")
        store.fold_again(connection, [1])
    assert one.download(variants=("video",)).files == 1
    assert one.rows(MARKS) == OF_COMFY
    assert one.rows("SELECT prompt, seed, extracted_by IS NOT NULL FROM videos") == [
        ("a red fox in snow", "18446744073709551615", 1)
    ]
    assert one.rows(
        "SELECT value FROM video_facets JOIN facet_values ON facet_values.id = value_id WHERE facet = 'subject'"
    ) == [("fox",)]


def take(desk: Desk, *payloads: dict[str, Any]) -> None:
    videos = [video for payload in payloads for video in parse_videos(payload).videos]
    enclosed = keep_enclosed(desk.library, videos)
    with desk.library.write() as connection:
        store.save_videos(connection, "studio", videos, channel="get", received_at=desk.now, enclosed=enclosed)


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def test_a_file_inside_an_answer(desk: Desk) -> None:
    take(
        desk,
        job("v1", output=[{"b64_json": b64(COMFY)}]),
        job("v2", prompt="its own", output=[{"b64_json": b64(PICTURE)}]),
    )
    assert desk.rows(MARKS) == OF_COMFY + OF_PICTURE
    assert desk.rows("SELECT prompt, model, json_extract(extra, '$.prompt_origin') FROM videos ORDER BY id") == [
        ("a red fox in snow", "wan2.2_t2v_14B.safetensors", "comfyui"),
        ("its own", "sea-v4", None),
    ]
    assert desk.rows("SELECT channel FROM observations ORDER BY id") == [("get",), ("get",), ("file",), ("file",)]
    with desk.library.read() as connection:
        bitmaps.check(connection)


@pytest.fixture
def captured(library_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with VideoServer() as server:
        yield Captured(server, library_path)


def test_an_upload_is_read_and_says_nothing_of_what_was_made_of_it(captured: Captured) -> None:
    with captured.client() as client:
        files = {"input_reference": ("cat.png", BytesIO(PICTURE), "image/png")}
        client.post(f"{captured.server.base_url}/videos", data={"model": "sora-2"}, files=files)
    assert captured.rows("SELECT variant, marks FROM files") == [("reference", "mark:ai mark:aigc tool:a1111")]
    assert captured.rows(MARKS) == OF_PICTURE
    assert captured.rows("SELECT prompt, seed FROM videos") == [(None, None)]


def test_bytes_that_are_known_get_the_same_marks(desk: Desk) -> None:
    take(desk, job("v1", output=[{"b64_json": b64(COMFY)}]))
    desk.hear(job("v2"))
    data = store.Bytes(sha256(COMFY).hexdigest(), len(COMFY), "video/mp4", "media/x.mp4")  # not read for marks
    with desk.library.write() as connection:
        store.save_file(connection, store.Spot(2, "video"), data, origin="download", at=START)
        bitmaps.check(connection)
    assert desk.rows(MARKS) == OF_COMFY * 2
    assert len(desk.rows("SELECT DISTINCT marks FROM files")) == 1


# Files that were held before


class Held(Shelf):
    """A library of an older version, which has files and has not read what they say."""

    def keep(self, name: str, data: bytes, ending: str = "mp4", variant: str = "video") -> Path:
        folder = MediaFolder(self.library.path.parent / "media")
        with folder.part() as part:
            part.write(data)
            path = folder.commit(part, ending)
        with self.library.write() as connection:
            video = parse_videos(job(name)).videos
            store.save_videos(connection, "studio", video, channel="list", received_at=START)
            video_id = store.find_ids(connection, "studio", [name])[name]
            held = store.Bytes(sha256(data).hexdigest(), len(data), "video/mp4", path)
            store.save_file(connection, store.Spot(video_id, variant), held, origin="download", at=START)
        return self.library.path.parent / path


@pytest.fixture
def held(library: Database) -> Held:
    return Held(library)


@pytest.fixture
def cat(held: Held) -> Iterator[Catalog]:
    with Catalog.open(held.library.path) as opened:
        yield opened


def test_files_that_were_held_before_are_read_by_reindex(held: Held, cat: Catalog) -> None:
    held.keep("v1", COMFY)
    held.keep("v2", COMFY)
    held.keep("v3", PICTURE, "png", "reference")
    assert cat.count("has:workflow") == 0
    report = cat.reindex(marks=True)
    assert report.marks is not None
    assert (report.rebuilt, report.marks.files, report.marks.left) == (("marks",), 3, 0)
    assert held.rows(MARKS) == OF_COMFY * 2 + OF_PICTURE
    assert cat.count("has:workflow tool:comfyui") == 2
    assert held.rows("SELECT prompt FROM videos ORDER BY id") == [("a red fox in snow",)] * 2 + [(None,)]
    assert cat.count("subject:fox") == 2
    again = cat.reindex(marks=True).marks
    assert again is not None
    assert again.files == 0
    assert cat.check(read_data=True).faults == ()


def test_a_file_that_is_not_there_or_another_by_now_stays_due(held: Held, cat: Catalog) -> None:
    held.keep("v1", COMFY).unlink()
    held.keep("v2", PICTURE).write_bytes(b"cut")
    report = cat.reindex(marks=True)
    assert report.marks is not None
    assert (report.marks.files, report.marks.left) == (0, 2)
    held.keep("v1", COMFY)
    assert cat.reindex().marks == type(report.marks)(1, 1)


# An adoption that is undone and redone


def test_marks_go_with_a_file_that_is_adopted_also_when_that_is_redone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CATALOG_BASE_URL", "CATALOG_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "x.mp4").write_bytes(COMFY)
    written = (tmp_path / "clips" / "x.mp4").stat().st_mtime
    known = {"seconds": "4", "size": "64x48", "created_at": int(written) - 180, "prompt": "A red fox in deep snow."}
    (tmp_path / "jobs.json").write_text(json.dumps([job("video_1", **known)]))
    with Catalog.open(tmp_path / "catalog.db") as cat:
        cat.import_path("clips")
        cat.import_path("jobs.json", source="studio")
        (proposal,) = cat.adopt().proposed
        (own,) = cat.search("has:workflow").videos
        cat.adopt(pairs={proposal.ref: proposal.job})
        marks = own.files[0].marks
        assert len(marks) == 3
        for act, ref in (
            (cat.undo, own.ref),
            (cat.redo, "studio:video_1"),
            (cat.undo, own.ref),
            (cat.redo, "studio:video_1"),
        ):
            act()
            (video,) = cat.search("has:workflow").videos
            assert (video.ref, video.files[0].marks) == (ref, marks)
            assert cat.check().faults == ()


def test_files_beside_the_adopted_one_keep_their_marks_and_checks_when_it_is_undone(desk: Desk) -> None:
    desk.hear(job("v1"), job("v2"))
    first, second = (
        store.Bytes(name * 64, 9, "video/mp4", f"media/{name}.mp4", marks=marks)
        for name, marks in (("a", parse_marks(COMFY)), ("b", parse_marks(PICTURE)))
    )
    with desk.library.write() as connection:
        store.save_file(connection, store.Spot(1, "video"), first, origin="download", at=START)
        store.save_file(connection, store.Spot(2, "video"), second, origin="file", at=START)
        store.adopt_files(connection, {2: 1}, made_at=START)
        assert connection.execute("SELECT count(*) FROM file_marks").fetchone()[0] == 3 + 2 + 2
        store.undo(connection, 1, undone_at=START)
        bitmaps.check(connection)
    assert desk.rows("SELECT file_id, count(*) FROM file_marks GROUP BY file_id") == [(1, 3), (2, 2)]


def parse_marks(data: bytes) -> Any:
    from catalog.media.marks import read_marks_of

    return read_marks_of(BytesIO(data))


def test_a_prompt_in_a_file_is_the_jobs_while_it_is_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CATALOG_BASE_URL", "CATALOG_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "x.mp4").write_bytes(COMFY)
    written = (tmp_path / "clips" / "x.mp4").stat().st_mtime
    known = {"seconds": "4", "size": "64x48", "created_at": int(written) - 180, "model": "sora-2"}
    (tmp_path / "jobs.json").write_text(json.dumps([job("video_1", **known)]))
    with Catalog.open(tmp_path / "catalog.db") as cat:
        cat.import_path("clips")
        cat.import_path("jobs.json", source="studio")
        before = cat.get("video_1")
        cat.adopt(above=0.5)
        for act in (None, cat.undo, cat.redo):
            if act:
                act()
            video = cat.get("video_1")
            if act == cat.undo:
                assert video == before
                assert cat.count("source:studio subject:fox") == 0
            else:
                assert (video.prompt, video.seed, video.model) == (
                    "a red fox in snow",
                    "18446744073709551615",
                    "sora-2",
                )
                assert [found.ref for found in cat.search("subject:fox fox").videos] == [video.ref]
            assert cat.check(read_data=True).faults == ()
        assert cat.changes("video_1") == []


# Shown


def show(cat: Catalog, run: Callable[..., Any], *arguments: str) -> Any:
    return run("show", *arguments, "--db", os.fspath(cat.path))


def test_what_a_file_says_is_shown_as_unsigned(held: Held, cat: Catalog, run: Callable[..., Any]) -> None:
    held.keep("v1", COMFY)
    held.keep("v2", PICTURE, "png", "image")
    held.keep("v3", tagged({"comment": "vid:v12044gd0000c"}))
    cat.reindex(marks=True)
    text = show(cat, run, "v1").stdout
    assert "label in the file, not signed: workflow, comfyui, 80 bytes  (workflow in moov/udta/meta)" in text
    assert "hint in the file, not signed: Lavf60  (encoder in moov/udta/meta)" in text
    assert "of the file, in ComfyUI's graph: no server has said one" in text
    text = show(cat, run, "v2").stdout
    assert "label in the file, not signed: aigc, says that it is generated: {" in text
    assert "label in the file, not signed: a1111: a lighthouse" in text
    assert "id in the file, not signed: vid:v12044gd0000c  (comment in" in show(cat, run, "v3").stdout


def test_a_document_has_the_marks_and_of_a_workflow_its_length_and_hash(
    held: Held, cat: Catalog, run: Callable[..., Any]
) -> None:
    held.keep("v1", COMFY)
    cat.reindex(marks=True)
    document = json.loads(show(cat, run, "v1", "--json").stdout)
    graph, workflow, hint = document["files"][0]["marks"]
    assert workflow == {
        "kind": "workflow",
        "carrier": "moov/udta/meta",
        "key": "workflow",
        "value": None,
        "is_broken": False,
        "is_truncated": False,
        "claims": [],
        "tool": "comfyui",
        "size": len(WORKFLOW_TEXT),
        "sha256": sha256(WORKFLOW_TEXT.encode()).hexdigest(),
    }
    assert (graph["size"], graph["value"]) == (len(GRAPH_TEXT), None)
    assert (hint["kind"], hint["value"], hint["size"], hint["sha256"]) == ("hint", "Lavf60", 6, None)


def test_a_workflow_is_printed_whole_to_the_byte(held: Held, cat: Catalog, run: Callable[..., Any]) -> None:
    text = json.dumps({"nodes": [{"id": 1, "type": "東京" * 400_000}]}, ensure_ascii=False)
    held.keep("v1", tagged({"workflow": text}))
    held.keep("v2", tagged({"prompt": GRAPH_TEXT}))
    held.keep("v3", COMFY)
    cat.reindex(marks=True)
    assert show(cat, run, "v1", "--workflow").stdout_bytes == text.encode()
    assert show(cat, run, "v2", "--workflow").stdout == GRAPH_TEXT
    both = show(cat, run, "v3", "--workflow")
    assert both.stdout == WORKFLOW_TEXT
    assert "1 other in its files" in both.stderr
    found = cat.workflow("v3")
    assert (found.content, found.key, found.others) == (WORKFLOW_TEXT, "workflow", 1)


def test_what_has_none_or_only_the_beginning_of_one_is_said(held: Held, cat: Catalog, run: Callable[..., Any]) -> None:
    long = png(itxt("workflow", json.dumps({"nodes": ["x" * 5_000_000]})), itxt("parameters", PARAMETERS))
    deep = png(itxt("workflow", '{"nodes": ' + "[" * 5_000 + "]" * 5_000 + "}"))
    held.keep("v1", long, "png", "image")
    held.keep("v2", tagged({}))
    held.keep("v3", deep, "png", "image")
    cat.reindex(marks=True)
    assert held.rows("SELECT prompt IS NOT NULL FROM videos ORDER BY id") == [(1,), (0,), (0,)]
    (mark, _) = cat.get("v1").files[0].marks
    assert (mark.is_truncated, mark.value, mark.sha256, (mark.size or 0) > 5_000_000) == (True, None, None, True)
    with pytest.raises(NotFound, match="longer than 4 MB"):
        cat.workflow("v1")
    result = show(cat, run, "v2", "--workflow")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the library knows of no workflow in its files" in result.stderr
    assert cat.workflow("v3").is_broken
    assert [video.remote_id for video in cat.search("has:workflow").videos] == ["v1"]
    assert show(cat, run, "v1", "v2", "--workflow").exit_code == 2
