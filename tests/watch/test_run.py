"""One scan after another: what is taken in, what moves, what is missing, and what is left alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from catalog import bitmaps
from catalog.api import Catalog
from catalog.intake import fold_again
from catalog.reading.files import read_files
from catalog.search.page import search
from catalog.watch.scanning import Sighted, Stamp, Walk
from catalog.watch.settling import SPARSE, settle
from tests.house import job
from tests.watch.conftest import CLIP, clip

if TYPE_CHECKING:
    from tests.watch.conftest import Pasture

HALF = CLIP[:2000]
LARGE = CLIP + pack(">I4s", 9_000_000, b"free") + bytes(9_000_000 - 8)  # more than is read at once
MANY = 3_000


def find(pasture: Pasture, query: str) -> list[str]:
    with pasture.library.read() as connection:
        bitmaps.check(connection)
        return sorted(video.ref for video in search(connection, query, now=pasture.now).videos)


# Taking in


def test_a_clip_becomes_a_video_of_its_own_that_is_found_by_its_name(pasture: Pasture) -> None:
    path = pasture.put("Red Fox_take 2.mp4")
    report = pasture.scan()
    assert (report.files, report.made, report.taken) == (1, 1, 1)
    (ref,) = report.refs
    assert ref.startswith("files:")
    for query in ("fox", '"red fox"', "take", "has:file", "source:files", "width:320", "seconds:4", "file:Red*"):
        assert find(pasture, query) == [ref], query
    ((variant, state, origin, seconds),) = pasture.rows("SELECT variant, state, origin, seconds FROM files")
    assert (variant, state, origin, seconds) == ("video", "present", "file", 4.0)
    assert path.read_bytes() == CLIP
    assert not (pasture.library.path.parent / "media").exists()


def test_a_picture_becomes_an_image(pasture: Pasture) -> None:
    Image.new("RGB", (40, 30)).save(pasture.folder / "fox.png")
    pasture.scan()
    assert pasture.rows("SELECT kind, variant FROM videos JOIN files ON video_id = videos.id") == [("image", "image")]


def test_its_row_is_what_its_observation_folds_to(pasture: Pasture) -> None:
    pasture.put("fox.mp4")
    Image.new("RGB", (40, 30)).save(pasture.folder / "fox.png")
    os.utime(pasture.put("old.mp4", clip(1)), (0, 0))
    pasture.scan()
    before = pasture.rows("SELECT * FROM videos")
    fold_again(pasture.library)
    assert pasture.rows("SELECT * FROM videos") == before


def test_the_same_bytes_are_one_file_with_a_place_for_each(pasture: Pasture) -> None:
    for name in ("a.mp4", "b/a.mp4", "c.mp4"):
        pasture.put(name)
    report = pasture.scan()
    assert (report.made, report.copies, report.taken) == (1, 2, 3)
    assert len(pasture.refs()) == pasture.value("SELECT count(*) FROM files") == 1
    assert set(pasture.places()) == {"a.mp4", "b/a.mp4", "c.mp4"}


def test_thousands_of_copies_are_places_of_one_file_and_move_as_these(pasture: Pasture) -> None:
    for number in range(MANY):
        pasture.put(f"{number}.mp4")
    report = pasture.scan()
    assert (report.made, report.copies) == (1, MANY - 1)
    for number in range(0, MANY, 3):
        (pasture.folder / f"{number}.mp4").rename(pasture.folder / f"take {number}.mp4")
    assert pasture.scan().made == 0
    assert pasture.scan().missed == 0
    assert set(pasture.places()) == {path.name for path in pasture.folder.iterdir()}
    assert set(pasture.places().values()) == {"present"}


def test_a_second_scan_changes_nothing(pasture: Pasture) -> None:
    for number in range(5):
        pasture.put(f"{number}.mp4", clip(number))
    pasture.scan()
    before = [pasture.rows(f"SELECT * FROM {table}") for table in ("videos", "files", "file_places", "observations")]
    report = pasture.scan()
    assert (report.files, report.taken, report.moved, report.missed) == (5, 0, 0, 0)
    assert before == [
        pasture.rows(f"SELECT * FROM {table}") for table in ("videos", "files", "file_places", "observations")
    ]


@pytest.mark.parametrize(
    "name", [b"caf\xe9.mp4", b"a\nb.mp4", "a\u0301.mp4".encode(), "狐.mp4".encode(), b"\xff\xfe/x.mp4"]
)
def test_any_name_is_taken_and_found_again(pasture: Pasture, name: bytes) -> None:
    pasture.put(name)
    pasture.put("other.mp4", clip(1))
    pasture.scan()
    assert pasture.scan().taken == 0
    assert set(pasture.places()) == {os.fsdecode(name), "other.mp4"}
    path = f"{pasture.folder}/{os.fsdecode(name)}"
    with pasture.library.read() as connection:
        files = read_files(connection, [1, 2])
    assert path in {place.path for own in files.values() for file in own for place in file.places}
    Path(path).unlink()
    pasture.scan()
    pasture.scan()
    assert pasture.places()[os.fsdecode(name)] == "missing"


@pytest.mark.parametrize("twin", ["A.mp4", "\u00e1.mp4"])
def test_twins_by_case_or_by_composition_are_two_places(pasture: Pasture, twin: str) -> None:
    pasture.put("a.mp4")
    pasture.put("a\u0301.mp4")
    pasture.put(twin)
    for _ in range(2):
        pasture.scan()
    assert pasture.places() == {"a.mp4": "present", "a\u0301.mp4": "present", twin: "present"}
    assert len(pasture.refs()) == 1


# Jobs


def test_a_clip_goes_to_the_job_whose_id_or_alias_is_its_name(pasture: Pasture, tmp_path: Path) -> None:
    saved = tmp_path / "jobs.json"
    saved.write_text(json.dumps([job("video_123"), job("video_456", task_id="task_789012")]))
    pasture.put("video_123.mp4", clip(1))
    pasture.put("video_456.mp4", clip(2))
    shutil.copy(saved, pasture.folder / "jobs.json")
    report = pasture.watch()
    assert (report.made, report.joined) == (0, 2)
    assert find(pasture, "has:file") == ["studio:task_789012", "studio:video_123"]


def test_a_clip_goes_to_the_job_that_its_sidecar_names(pasture: Pasture) -> None:
    pasture.put("fox.mp4", clip(1))
    pasture.put("fox.json", json.dumps(job("video_9", prompt="a red fox")).encode())
    report = pasture.watch()
    assert (report.made, report.joined) == (0, 1)
    assert find(pasture, "has:file") == pasture.refs() == ["studio:video_9"]


def test_a_sidecar_is_found_among_more_files_than_are_looked_through(pasture: Pasture) -> None:
    for number in range(80):
        pasture.put(f"{number}.dat", b"")
    pasture.put("fox.mp4", clip(1))
    pasture.put("fox.mp4.JSON", json.dumps(job("video_9", prompt="a red fox")).encode())
    assert pasture.watch().joined == 1


def test_of_a_folder_that_was_changed_in_one_place_that_is_taken_in(pasture: Pasture) -> None:
    names = ['a "fox".mp4', "b\\fox.mp4", "c\nfox.mp4", "d'fox.mp4", "e\x01\u2028.mp4", "Füchsin 雪.mp4"]
    for number, name in enumerate(names):
        pasture.put(name, clip(number))
        pasture.put(f"apart/{number}.mp4", clip(10 + number))
    assert pasture.scan().made == 12
    assert (pasture.scan().taken, pasture.scan().files) == (0, 12)
    pasture.put("apart/3.mp4", clip(99))
    report = pasture.scan()
    assert (report.made, report.taken, report.files, report.missed) == (1, 1, 12, 0)
    (pasture.folder / "apart" / "0.mp4").unlink()
    reports = [pasture.scan() for _ in range(2)]
    assert [(report.missed, report.missing, report.files) for report in reports] == [(1, 0, 11), (0, 1, 11)]
    pasture.put("apart/0.mp4", clip(10))
    assert pasture.scan().files == 12
    assert set(pasture.places().values()) == {"present"}


def test_a_sidecar_that_comes_after_its_clip_gives_it_to_its_job(pasture: Pasture) -> None:
    pasture.put("fox.mp4", clip(1))
    (own,) = pasture.watch().refs
    with Catalog.open(pasture.library.path) as cat:
        cat.tag(own, "keeper")
        cat.rate(own, 4)
        cat.verdict(own, "keep")
        cat.note(own, "zebra")
        cat.collect("launch", own)
    pasture.put("fox.json", json.dumps(job("video_9", prompt="a red fox")).encode())
    report = pasture.watch()
    assert (report.made, report.joined, report.refs) == (0, 1, ("studio:video_9",))
    assert pasture.refs() == find(pasture, "has:file") == find(pasture, "tag:keeper") == ["studio:video_9"]
    assert find(pasture, "rating:4 verdict:keep zebra collection:launch") == ["studio:video_9"]
    assert pasture.watch().joined == 0


def test_files_that_were_all_renamed_are_there_still(pasture: Pasture) -> None:
    for number in range(3):
        pasture.put(f"{number}.mp4", clip(number))
    pasture.scan()
    for number in range(3):
        (pasture.folder / f"{number}.mp4").rename(pasture.folder / f"take {number}.mp4")
    report = pasture.scan()
    assert (report.state, report.moved, report.made) == ("online", 3, 0)


def test_a_short_name_does_not_give_other_bytes_to_a_job(pasture: Pasture) -> None:
    pasture.put("a/clip1.mp4", clip(1))
    pasture.put("a/clip1.txt", b"a fox")
    pasture.watch()
    pasture.put("b/clip1.mp4", clip(2))
    report = pasture.watch()
    assert (report.made, report.joined) == (1, 0)


def test_known_bytes_stay_with_their_job_whatever_their_name(pasture: Pasture, tmp_path: Path) -> None:
    pasture.put("video_123.mp4", clip(1))
    (pasture.folder / "jobs.json").write_text(json.dumps([job("video_123"), job("video_456")]))
    pasture.watch()
    pasture.put("video_456.mp4", clip(1))
    assert pasture.watch().copies == 1
    assert find(pasture, "has:file") == ["studio:video_123"]


# Growing


def test_a_file_that_is_cut_off_is_tried_until_it_is_whole(pasture: Pasture) -> None:
    pasture.put("a.mp4", HALF)
    for _ in range(2):
        report = pasture.scan()
        assert (report.taken, report.growing) == (0, 1)
        assert report.unfinished["a.mp4"].startswith("is cut off")
    assert pasture.refs() == []
    pasture.put("a.mp4")
    report = pasture.scan()
    assert (report.taken, report.growing) == (1, 0)
    assert pasture.value("SELECT count(*) FROM scanned_files") == 0


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "is empty"), (b"<html></html>", "is an HTML page"), (b"\x89PNG\r\n\x1a\nxx", "is ")]
)
def test_what_is_no_clip_is_named_with_the_reason(pasture: Pasture, content: bytes, reason: str) -> None:
    pasture.put("a.mp4", content)
    assert pasture.scan().unfinished["a.mp4"].startswith(reason)
    assert pasture.refs() == []


def test_a_growing_file_that_is_gone_is_forgotten(pasture: Pasture) -> None:
    path = pasture.put("a.mp4", HALF)
    pasture.scan()
    path.unlink()
    pasture.scan()
    assert pasture.value("SELECT count(*) FROM scanned_files") == 0


def look(folder: Path) -> Sighted:
    ((seen,),) = list(Walk(str(folder)))
    return Sighted(seen[0], Stamp(*seen[1]))


def test_a_file_that_changes_between_two_looks_is_growing(pasture: Pasture) -> None:
    path = pasture.put("a.mp4")
    seen = look(pasture.folder)
    with path.open("ab") as file:
        file.write(b"\0")
    assert settle(str(pasture.folder), seen, now=0.0).reason == "is being written"  # type: ignore[union-attr]
    os.utime(path, ns=(0, seen.stamp[1]))
    os.truncate(path, seen.stamp[0])
    os.utime(path, ns=(0, seen.stamp[1]))  # same size and time of change: its ctime tells
    assert settle(str(pasture.folder), seen, now=0.0).reason == "is being written"  # type: ignore[union-attr]


@pytest.mark.parametrize("content", [CLIP, LARGE], ids=["small", "large"])
def test_a_file_that_is_replaced_while_it_is_read_is_growing(
    pasture: Pasture, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    path = pasture.put("a.mp4", content)
    seen = look(pasture.folder)
    lstat = os.lstat

    def replace(name: str) -> os.stat_result:
        pasture.put("new", clip(1))
        (pasture.folder / "new").replace(path)
        return lstat(name)

    monkeypatch.setattr(os, "lstat", replace)
    assert settle(str(pasture.folder), seen, now=0.0).reason == "was changed while it was read"  # type: ignore[union-attr]


def test_a_large_file_is_read_to_its_last_byte(pasture: Pasture) -> None:
    pasture.put("a.mp4", LARGE)
    pasture.put("b.mp4", LARGE[:-1])
    report = pasture.scan()
    assert (report.made, report.growing) == (1, 1)
    assert report.unfinished["b.mp4"].startswith("is cut off")
    assert pasture.rows("SELECT sha256, seconds FROM files") == [(hashlib.sha256(LARGE).hexdigest(), 4.0)]


@pytest.mark.parametrize("content", [CLIP, LARGE], ids=["small", "large"])
def test_bytes_behind_the_last_box_are_damage_after_an_hour(pasture: Pasture, content: bytes) -> None:
    path = pasture.put("a.mp4", content + b"\xff" * 20)
    report = pasture.scan()
    assert (report.taken, report.growing) == (0, 1)
    earlier = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    os.utime(path, (earlier, earlier))
    report = pasture.scan()
    assert (report.made, report.growing) == (1, 0)
    assert report.damaged == {"a.mp4": "is damaged: behind its last box there are 20 bytes of no box"}
    assert find(pasture, "is:damaged") == list(report.refs)
    assert pasture.rows("SELECT state, seconds FROM files") == [("damaged", 4.0)]


def test_a_sparse_giant_is_passed_over(pasture: Pasture) -> None:
    path = pasture.put("a.mp4")
    os.truncate(path, 100 * 1024**3)
    report = pasture.scan()
    assert (report.taken, report.skipped) == (0, {SPARSE: 1})


# Moving and missing


def test_a_rename_keeps_the_file_and_all_that_is_known(pasture: Pasture) -> None:
    path = pasture.put("a/old.mp4")
    pasture.scan()
    (pasture.folder / "b").mkdir()
    path.rename(pasture.folder / "b" / "new fox.mp4")
    report = pasture.scan()
    assert (report.moved, report.taken, report.missed) == (1, 0, 0)
    assert pasture.places() == {"b/new fox.mp4": "present"}
    assert len(pasture.refs()) == 1
    assert (find(pasture, "fox"), find(pasture, "old")) == (pasture.refs(), [])


def test_a_move_between_roots_of_one_scan_keeps_the_file(pasture: Pasture, tmp_path: Path) -> None:
    other = tmp_path / "other"
    pasture.put("a.mp4", folder=other)
    pasture.put("b.mp4", clip(1))
    pasture.put("c.mp4", clip(2), folder=other)
    pasture.scan_all(pasture.folder, other)
    (other / "a.mp4").rename(pasture.folder / "a.mp4")
    reports = pasture.scan_all(pasture.folder, other)
    assert sum(report.moved for report in reports) == 1
    assert pasture.rows("SELECT root, state FROM file_places WHERE path = 'a.mp4'") == [
        (str(pasture.folder), "present")
    ]


def test_names_that_are_exchanged_stay_with_their_bytes(pasture: Pasture) -> None:
    for name, number in (("a.mp4", 1), ("b.mp4", 2)):
        pasture.put(name, clip(number))
    pasture.scan()
    before = dict(pasture.rows("SELECT path, sha256 FROM file_places"))
    (pasture.folder / "a.mp4").rename(pasture.folder / "x.mp4")
    (pasture.folder / "b.mp4").rename(pasture.folder / "a.mp4")
    (pasture.folder / "x.mp4").rename(pasture.folder / "b.mp4")
    pasture.scan()
    after = dict(pasture.rows("SELECT path, sha256 FROM file_places"))
    assert after == {"a.mp4": before["b.mp4"], "b.mp4": before["a.mp4"]}
    assert len(pasture.refs()) == 2


def test_missing_takes_two_scans_and_nothing_is_deleted(pasture: Pasture) -> None:
    path = pasture.put("a.mp4")
    pasture.put("b.mp4", clip(1))
    pasture.scan()
    path.unlink()
    report = pasture.scan()
    assert (report.missed, report.missing, pasture.places()["a.mp4"]) == (1, 0, "present")
    report = pasture.scan()
    assert (report.missed, report.missing, pasture.places()["a.mp4"]) == (0, 1, "missing")
    assert len(pasture.refs()) == 2
    assert len(find(pasture, "missing:file")) == 1
    assert (pasture.scan().missed, pasture.scan().missing) == (0, 0)
    pasture.put("a.mp4")
    report = pasture.scan()
    assert (pasture.places()["a.mp4"], find(pasture, "missing:file"), report.made) == ("present", [], 0)


def test_a_file_that_is_back_before_the_second_scan_was_never_missing(pasture: Pasture) -> None:
    path = pasture.put("a.mp4")
    pasture.put("b.mp4", clip(1))
    pasture.scan()
    away = path.with_name("away")
    path.rename(away)
    pasture.scan()
    away.rename(path)
    pasture.scan()
    path.rename(away)
    assert pasture.scan().missing == 0


def test_other_bytes_under_a_known_name_are_another_file(pasture: Pasture) -> None:
    pasture.put("a.mp4", clip(1))
    pasture.scan()
    pasture.put("a.mp4", clip(2))
    assert pasture.scan().made == 1
    assert len(pasture.refs()) == 2
    assert len(find(pasture, "missing:file")) == 1


# Roots


def test_an_empty_folder_that_was_not_is_offline_and_nothing_is_marked(pasture: Pasture, tmp_path: Path) -> None:
    pasture.put("a.mp4")
    pasture.scan()
    pasture.folder.rename(tmp_path / "away")
    for _ in range(2):
        report = pasture.scan()
        assert (report.state, report.reason) == ("offline", "cannot be read: no such file or directory")
    pasture.folder.mkdir()
    for _ in range(2):
        assert pasture.scan().reason == "is empty, though the 1 file should be in it"
    assert pasture.places() == {"a.mp4": "present"}
    assert pasture.rows("SELECT state FROM roots") == [("offline",)]
    pasture.folder.rmdir()
    (tmp_path / "away").rename(pasture.folder)
    assert pasture.scan().state == "online"
    assert pasture.rows("SELECT state, reason FROM roots") == [("online", None)]


def test_a_folder_that_was_replaced_is_offline_until_it_is_accepted(pasture: Pasture, tmp_path: Path) -> None:
    pasture.put("a.mp4")
    pasture.scan()
    pasture.folder.rename(tmp_path / "away")
    pasture.put("b.mp4", clip(1))
    for _ in range(2):
        assert pasture.scan().reason == "holds none of the 1 file that should be in it"
    assert pasture.places() == {"a.mp4": "present"}
    assert pasture.scan(accept=True).made == 1
    pasture.scan()
    assert pasture.places() == {"a.mp4": "missing", "b.mp4": "present"}


def test_a_file_below_two_roots_has_one_place_of_the_innermost(pasture: Pasture) -> None:
    pasture.put("a.mp4", clip(1))
    pasture.put("inner/b.mp4", clip(2))
    pasture.scan()
    inner = pasture.folder / "inner"
    assert pasture.scan(inner).moved == 1
    expected = {(str(pasture.folder), "a.mp4"), (str(inner), "b.mp4")}
    assert set(pasture.rows("SELECT root, path FROM file_places")) == expected
    pasture.put("inner/c.mp4", clip(3))
    reports = pasture.scan_all()
    assert [(report.path, report.made, report.missed) for report in reports] == [
        (str(inner), 1, 0),
        (str(pasture.folder), 0, 0),
    ]
    assert set(pasture.rows("SELECT root, path FROM file_places")) == {*expected, (str(inner), "c.mp4")}


def test_single_files_are_taken_in_below_their_folder(pasture: Pasture) -> None:
    path = pasture.put("a.mp4")
    pasture.put("b.mp4", clip(1))
    (report,) = pasture.take_in(path)
    assert (report.path, report.made) == (str(pasture.folder), 1)
    assert list(pasture.places()) == ["a.mp4"]


def test_an_edit_of_a_library_of_clips_survives_a_move(pasture: Pasture) -> None:
    path = pasture.put("a.mp4")
    (ref,) = pasture.scan().refs
    with Catalog.open(pasture.library.path) as cat:
        cat.tag(ref, "keeper")
        path.rename(pasture.folder / "b.mp4")
        pasture.scan()
        assert [tag.key for tag in cat.get(ref).tags] == ["keeper"]
        assert cat.get(ref).files[0].places[0].path == str(pasture.folder / "b.mp4")
