"""What a check finds: everything that can be wrong with a library and its files, made by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog, ConfigError, NotFound, store
from catalog.checking.run import Part
from catalog.database import connect
from catalog.library import create_library
from catalog.media.keep import hash_file
from tests.checking.conftest import NOW, Shelf, clip
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from catalog import CheckReport, Fault


def only(report: CheckReport, kind: str) -> Fault:
    """The one fault of the report."""
    assert dict(report.found) == {kind: 1}, report.faults
    assert not report.is_sound
    (fault,) = report.faults
    return fault


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def test_a_sound_library_is_sound_and_nothing_is_written(shelf: Shelf) -> None:
    before = shelf.rows("SELECT * FROM files"), shelf.rows("SELECT * FROM file_places")
    report = shelf.cat.check()
    assert report.is_sound
    assert (dict(report.found), report.faults, report.part) == ({}, (), None)
    assert (report.checked["rows"], report.checked["files"]) == (3, 2)
    assert (shelf.rows("SELECT * FROM files"), shelf.rows("SELECT * FROM file_places")) == before


def test_what_another_connection_has_indexed_since_is_no_damage(tmp_path: Path) -> None:
    jobs = [job(f"v{n}", prompt=f"a fox number {n} runs") for n in range(5_000)]
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(jobs))
    with Catalog.open(tmp_path / "catalog.db") as cat:
        cat.import_path(answers, source="studio")
        assert cat.check().faults == ()
        cat.tag("keeper", query="fox")
        assert cat.check().faults == ()


def test_what_was_read_is_kept_as_checked(shelf: Shelf) -> None:
    report = shelf.cat.check(read_data=True)
    assert report.is_sound
    assert report.part == "1/1"
    assert report.checked["read"] == 2
    assert report.checked["bytes"] == len(clip("a")) + len(clip("b"))
    assert all(row[0] > "2026-11-22" for row in shelf.rows("SELECT checked_at FROM files"))


def test_a_library_without_files_or_folder_is_sound(library_path: Path) -> None:
    with Catalog.open(library_path) as cat:
        assert cat.check(read_data=True, repair=True).is_sound
    assert not (library_path.parent / "media").exists()


# Files


def test_a_file_that_is_gone_is_missing(shelf: Shelf) -> None:
    path = shelf.keep("a")
    path.unlink()
    fault = only(shelf.cat.check(), "missing")
    assert (fault.ref, fault.variant, fault.number, fault.path) == ("studio:a", "video", 1, str(path))
    assert fault.hint == "run `catalog download studio:a`"
    assert shelf.find("missing:file") == ["a"]
    assert (shelf.file("a").state, shelf.file("a").places[0].state) == ("present", "missing")
    path.write_bytes(clip("a"))
    assert shelf.cat.check().is_sound
    assert shelf.find("missing:file") == []


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"x", lambda _: b""])
def test_a_file_of_another_size_is_damaged(shelf: Shelf, change: Callable[[bytes], bytes]) -> None:
    path = shelf.keep("a")
    path.write_bytes(change(clip("a")))
    fault = only(shelf.cat.check(), "damaged")
    assert f"bytes instead of {len(clip('a')):,}" in fault.reason
    assert shelf.find("is:damaged") == ["a"]
    assert shelf.file("a").reason == fault.reason
    path.write_bytes(clip("a"))
    assert shelf.cat.check().is_sound
    assert (shelf.file("a").state, shelf.file("a").reason) == ("present", None)


def test_a_flipped_bit_is_damage_that_takes_reading_to_find(shelf: Shelf) -> None:
    flip(shelf.keep("a"))
    assert shelf.cat.check().is_sound
    assert only(shelf.cat.check(read_data=True), "damaged").reason == "its bytes are not those that it had"
    assert only(shelf.cat.check(), "damaged").ref == "studio:a"  # what is known to be damaged is always read
    assert shelf.file("b").state == "present"


def test_every_part_is_read_in_as_many_nights_as_there_are_parts(shelf: Shelf) -> None:
    for number in range(40):
        shelf.hear(job(f"n{number}"))
        flip(shelf.keep(f"n{number}"))
    counts, found = [], Counter[str]()
    for night in (1, 2, 3):
        report = shelf.cat.check(read_data=f"{night}/3")
        assert report.part == f"{night}/3"
        counts.append(report.checked["read"])
        found.update(fault.ref or "" for fault in report.faults if fault.kind == "damaged")
    assert len(found) == 40
    assert all(counts)
    assert shelf.file("a").state == "present"


@pytest.mark.parametrize("text", ["0/3", "4/3", "2", "a/b", "1/0", "-1/3", "1/2/3", ""])
def test_what_is_no_part_is_refused(shelf: Shelf, text: str) -> None:
    with pytest.raises(ConfigError, match="is not a part: write N/T"):
        shelf.cat.check(read_data=text)


def test_parts_are_disjoint_and_hold_all() -> None:
    hashes = [f"{number * 2654435761 % 2**32:08x}{'0' * 56}" for number in range(500)]
    for sha256 in hashes:
        assert sum(Part(number, 7).holds(sha256) for number in range(1, 8)) == 1


def test_a_folder_that_is_unplugged_is_offline_and_nothing_is_missing(shelf: Shelf) -> None:
    away = shelf.media.rename(shelf.media.with_name("elsewhere"))
    for unplug in (lambda: None, shelf.media.mkdir, lambda: (shelf.media.rmdir(), shelf.media.symlink_to("nowhere"))):
        unplug()
        report = shelf.cat.check(read_data=True)
        assert dict(report.found) == {"offline": 2}
        assert {fault.hint for fault in report.faults} == {"connect its drive, and check again"}
        assert shelf.find("missing:file") == []
        assert shelf.file("a").places[0].state == "offline"
        assert shelf.file("a").state == "present"
    shelf.media.unlink()
    away.rename(shelf.media)
    assert shelf.cat.check().is_sound
    assert shelf.file("a").places[0].state == "present"


def test_a_drive_that_goes_while_it_is_looked_at_is_offline(shelf: Shelf) -> None:
    def unplug(about: str, *_: object) -> None:
        if about == "files" and shelf.media.exists():
            shelf.media.rename(shelf.media.with_name("elsewhere"))

    assert dict(shelf.cat.check(on_progress=unplug).found) == {"offline": 2}
    assert shelf.find("missing:file") == []


def test_a_folder_in_the_place_of_a_file_is_damage(shelf: Shelf) -> None:
    path = shelf.keep("a")
    path.unlink()
    path.mkdir()
    report = shelf.cat.check()
    assert report.found["damaged"] == 1
    assert "something other than a file" in report.faults[0].reason


def test_bytes_that_several_videos_have_are_told_for_each(shelf: Shelf) -> None:
    shelf.keep("c", clip("a")).unlink()
    report = shelf.cat.check()
    assert dict(report.found) == {"missing": 2}
    assert {fault.ref for fault in report.faults} == {"studio:a", "studio:c"}
    assert report.checked["files"] == 2


def test_bytes_that_lie_whole_elsewhere_are_not_missing(shelf: Shelf, tmp_path: Path) -> None:
    path = shelf.keep("a")
    (tmp_path / "watched").mkdir()
    copy = shutil.copy(path, tmp_path / "watched" / "fox.mp4")
    shelf.spoil(
        "INSERT INTO file_places (sha256, root, path, name, state, changed_at) VALUES (?, ?, 'fox.mp4', 'fox.mp4', "
        "'present', '2026-11-21T12:00:00.000Z')",
        path.stem,
        str(tmp_path / "watched"),
    )
    path.unlink()
    assert shelf.cat.check().is_sound
    assert [place.state for place in shelf.file("a").places] == ["present", "missing"]
    other = tmp_path / "watched" / "other.mp4"
    other.touch()
    os.unlink(copy)  # noqa: PTH108
    assert only(shelf.cat.check(), "missing").ref == "studio:a"
    other.unlink()  # as the folder of a drive that is not mounted
    assert only(shelf.cat.check(), "offline").ref == "studio:a"
    (tmp_path / "watched").rmdir()
    assert only(shelf.cat.check(), "offline").ref == "studio:a"


def test_what_is_archived_and_dropped_is_not_missing(shelf: Shelf) -> None:
    path = shelf.keep("a")
    with shelf.library.write() as connection:
        store.save_archived(connection, {path.stem: "s3://bucket/a"}, at=NOW)
        store.forget_places(connection, [path.relative_to(shelf.path.parent).as_posix()])
    path.unlink()
    assert shelf.cat.check().is_sound


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        ("made", "run `catalog reindex --pictures`"),
        ("inline", "its bytes came inside an answer, once: only a backup has them"),
    ],
)
def test_what_no_server_has_is_not_to_be_downloaded(shelf: Shelf, origin: str, hint: str) -> None:
    shelf.keep("c", origin=origin).unlink()
    fault = only(shelf.cat.check(repair=True), "missing")
    assert (fault.hint, fault.is_repaired) == (hint, False)


# What else lies in the media folder


def test_a_file_that_no_video_has_is_an_orphan_and_stays(shelf: Shelf) -> None:
    path = shelf.path.parent / shelf.put(clip("nobody's"))
    fault = only(shelf.cat.check(repair=True), "orphan")
    assert fault.path == str(path)
    assert path.read_bytes() == clip("nobody's")


@pytest.mark.parametrize(
    "name", ["notes.txt", "00/notes.txt", "00/11/notes.txt", f"00/11/{'ab' * 32}.mp4", "2026/x.mp4"]
)
def test_a_foreign_file_is_told_and_stays(shelf: Shelf, name: str) -> None:
    path = shelf.media / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    report = shelf.cat.check(repair=True)
    assert dict(report.found) == {"orphan": 1}
    assert path.read_text() == "mine"


def test_what_systems_put_there_is_passed_over(shelf: Shelf) -> None:
    for name in (".DS_Store", "Thumbs.db", "aa/.hidden"):
        (shelf.media / name).parent.mkdir(exist_ok=True)
        (shelf.media / name).touch()
    assert shelf.cat.check().is_sound


def test_a_file_of_another_library_beside_this_one_is_no_orphan(shelf: Shelf) -> None:
    create_library(shelf.path.with_name("other.db"))
    other = Shelf(shelf.path.with_name("other.db"))
    other.hear(job("x"))
    other.keep("x")
    other.close()
    report = shelf.cat.check()
    assert report.is_sound
    assert "1 files in the media folder belong to other libraries beside this one" in report.notes


def test_what_a_killed_run_left_is_told_and_removed_by_a_repair(shelf: Shelf) -> None:
    program = (
        "import os; from pathlib import Path; from catalog.media.keep import MediaFolder\n"
        f"with MediaFolder(Path({str(shelf.media)!r})).part() as part: part.write(b'half'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    (left,) = shelf.media.glob("*.part")
    assert only(shelf.cat.check(), "leftover").path == str(left)
    assert left.exists()
    assert shelf.cat.check(repair=True).is_sound
    assert not left.exists()


# The library


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE videos SET model = 'another' WHERE remote_id = 'a'", "rows"),
        ("UPDATE videos SET prompt = 'a blue whale' WHERE remote_id = 'a'", "rows"),
        ("UPDATE videos SET prompt = 'a blue whale' WHERE remote_id = 'a'", "fts"),
        ("INSERT INTO videos_fts(videos_fts) VALUES ('delete-all')", "fts"),
        ("DELETE FROM bitmaps WHERE field = 'status'", "bitmaps"),
        ("UPDATE files SET state = 'damaged' WHERE number = 1", "bitmaps"),
        ("INSERT INTO tags (video_id, key, value, origin) VALUES (1, 'k', 'v', 'user')", "bitmaps"),
        ("DROP INDEX ix_files_sha256", "schema"),
        ("DROP TABLE archives", "schema"),
        ("ALTER TABLE files ADD COLUMN mine TEXT", "schema"),
    ],
)
def test_what_something_else_did_to_the_library_is_found(shelf: Shelf, statement: str, kind: str) -> None:
    shelf.spoil(statement)
    report = shelf.cat.check(read_data=True)
    assert kind in report.found
    assert not report.is_sound
    assert all(fault.hint for fault in report.faults)


def test_a_row_without_what_it_belongs_to_is_found(shelf: Shelf) -> None:
    connection = connect(shelf.path)
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("UPDATE observations SET video_id = 99 WHERE id = 1")
    connection.close()
    report = shelf.cat.check()
    (fault,) = [fault for fault in report.faults if fault.kind == "keys"]
    assert fault.reason == "row 1 of observations belongs to a row of videos that is not there"


def test_an_index_of_the_users_own_is_remarked_on_and_no_fault(shelf: Shelf) -> None:
    shelf.spoil("CREATE INDEX mine ON videos (prompt)")
    report = shelf.cat.check()
    assert report.is_sound
    assert report.notes == ("the index mine is not the catalog's",)


def test_pages_that_are_damaged_are_found_and_end_no_other_check(shelf: Shelf) -> None:
    shelf.keep("a").unlink()
    (root,) = shelf.rows("SELECT rootpage FROM sqlite_master WHERE name = 'changes'")[0]
    size = shelf.rows("PRAGMA page_size")[0][0]
    shelf.close()
    connection = connect(shelf.path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with shelf.path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    report = shelf.cat.check(repair=True)
    assert report.found["database"] >= 1
    assert "run `catalog restore BACKUP`" in {fault.hint for fault in report.faults}
    assert report.found["missing"] == 1


def test_a_library_that_cannot_be_written_is_checked_all_the_same(shelf: Shelf) -> None:
    shelf.keep("a").unlink()
    holder = connect(shelf.path)
    holder.execute("BEGIN IMMEDIATE")
    shelf.cat.close()
    with Catalog.open(shelf.path) as cat:
        cat._database.busy_timeout = 0.05
        report = cat.check()
    holder.execute("ROLLBACK")
    holder.close()
    assert dict(report.found) == {"missing": 1}
    assert any("what was found is not kept in the library" in note for note in report.notes)
    assert any("the full-text index was not checked" in note for note in report.notes)


def test_a_check_of_no_library_says_so(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "none.db") as cat, pytest.raises(NotFound):
        cat.check()


def test_an_interrupted_check_keeps_what_it_has_seen_and_blocks_nobody(shelf: Shelf) -> None:
    def stop(about: str, done: int, *_: object) -> None:
        if about == "folder":
            raise KeyboardInterrupt
        if about == "files":
            with shelf.library.write():  # nobody holds the library while files are looked at
                pass

    shelf.keep("a").unlink()
    with pytest.raises(KeyboardInterrupt):
        shelf.cat.check(read_data=True, on_progress=stop)
    assert shelf.find("missing:file") == ["a"]
    assert hash_file(shelf.keep("b"))[0] == shelf.file("b").sha256
