"""What a repair makes whole again, what it says that it cannot, and what it never touches."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog, bitmaps, fulltext, store
from catalog.checking import check
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import HOUR, Job
from catalog.errors import DiskFull
from tests.checking.conftest import NOW, Shelf, clip
from tests.checking.test_check import flip

if TYPE_CHECKING:
    from collections.abc import Sequence

DAMAGES = {
    "rows": "UPDATE videos SET model = 'another', prompt = 'a blue whale', seconds = 99 WHERE remote_id = 'a'",
    "the full text": "INSERT INTO videos_fts(videos_fts) VALUES ('delete-all')",
    "bitmaps": "DELETE FROM bitmaps WHERE field = 'status'",
    "an index": "DROP INDEX ix_files_sha256",
    "another index": "DROP INDEX ix_file_places_name",
}


@pytest.mark.parametrize("read_data", [False, True])
@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_derived_is_made_again(shelf: Shelf, name: str, read_data: bool) -> None:
    before = shelf.rows("SELECT * FROM videos ORDER BY id")
    shelf.spoil(DAMAGES[name])
    report = shelf.cat.check(repair=True, read_data=read_data)
    assert report.found
    assert report.is_sound
    assert all(fault.is_repaired and fault.hint is None for fault in report.faults)
    again = shelf.cat.check(read_data=True)
    assert again.is_sound
    assert not again.found
    assert [row[:20] for row in shelf.rows("SELECT * FROM videos ORDER BY id")] == [row[:20] for row in before]
    assert shelf.find("fox") == ["a", "b", "c"]
    assert shelf.find("whale") == []
    assert shelf.find("status:completed") == ["a", "b", "c"]
    with shelf.library.write() as connection:
        fulltext.check(connection)
        bitmaps.check(connection)


def test_what_the_user_gave_survives_a_repair(shelf: Shelf) -> None:
    shelf.cat.tag("a", "campaign=launch")
    shelf.cat.give("a", style="noir")
    for statement in DAMAGES.values():
        shelf.spoil(statement)
    assert shelf.cat.check(repair=True).is_sound
    assert shelf.find("campaign=launch") == shelf.find("style:noir") == ["a"]


def test_a_table_that_is_gone_is_said_to_need_a_backup(shelf: Shelf) -> None:
    shelf.spoil("DROP TABLE archives")
    report = shelf.cat.check(repair=True)
    assert not report.is_sound
    assert report.faults[0].hint == "run `catalog restore BACKUP`"


@pytest.mark.parametrize("lose", ["gone", "cut", "flipped"])
def test_whole_bytes_under_another_name_take_the_place_of_those_that_are_not(shelf: Shelf, lose: str) -> None:
    path = shelf.keep("a")
    orphan = path.with_suffix(".mov")
    orphan.write_bytes(clip("a"))
    match lose:
        case "gone":
            path.unlink()
        case "cut":
            path.write_bytes(clip("a")[:100])
        case "flipped":
            flip(path)
    damaged = path.read_bytes() if path.exists() else None
    told = [fault for fault in shelf.cat.check(read_data=True).faults if fault.ref]
    relative = orphan.relative_to(shelf.path.parent).as_posix()
    assert told[0].hint == f"{relative} has its bytes: run `catalog check --repair`"
    report = shelf.cat.check(read_data=True, repair=True)
    assert [fault.is_repaired for fault in report.faults if fault.ref] == [True]
    assert (shelf.file("a").state, [place.path for place in shelf.file("a").places]) == ("present", [str(orphan)])
    assert shelf.find("missing:file") == shelf.find("is:damaged") == []
    assert (path.read_bytes() if path.exists() else None) == damaged  # never removed


def test_another_name_with_other_bytes_is_not_taken_for_whole(shelf: Shelf) -> None:
    path = shelf.keep("a")
    path.unlink()
    path.with_suffix(".mov").write_bytes(clip("b"))
    report = shelf.cat.check(repair=True)
    assert dict(report.found) == {"missing": 1, "orphan": 1}
    assert dict(report.repaired) == {}
    assert shelf.file("a").places[0].path == str(path)


def test_bytes_whose_row_a_killed_run_did_not_write_are_taken_in(shelf: Shelf) -> None:
    shelf.spoil("DELETE FROM file_places")
    report = shelf.cat.check(repair=True)
    assert report.repaired["missing"] == 2
    assert shelf.cat.check(read_data=True, repair=True).is_sound
    assert shelf.cat.check(read_data=True).is_sound


class Server:
    """Fetches what a check asks for, as the download does; `lacks` are the ids that it does not have any more."""

    def __init__(self, shelf: Shelf, lacks: Sequence[str] = ()) -> None:
        self.shelf = shelf
        self.lacks = lacks
        self.asked: list[str] = []

    def __call__(self, refs: Sequence[str]) -> dict[str, str]:
        self.asked += refs
        for name in (ref.partition(":")[2] for ref in refs):
            if name not in self.lacks:
                self.shelf.keep(name)
        return {f"studio:{name}": "it is gone" for name in self.lacks}


def spoil_all(shelf: Shelf) -> None:
    flip(shelf.keep("a"))
    shelf.keep("b").unlink()
    shelf.keep("c").write_bytes(b"short")


def test_the_rest_is_fetched_again_and_damaged_bytes_stay_until_then(shelf: Shelf) -> None:
    spoil_all(shelf)
    server = Server(shelf, lacks=["c"])
    report = check(shelf.library, part=None, repair=True, fetch=server)
    assert [fault.hint for fault in report.faults if not fault.is_repaired] == [
        "it could not be downloaded again: it is gone"
    ]
    assert sorted(server.asked) == ["studio:b", "studio:c"]  # nothing has read `a` yet
    report = shelf.cat.check(read_data=True)
    assert dict(report.found) == {"damaged": 2}
    server = Server(shelf)
    report = check(shelf.library, repair=True, fetch=server)
    assert sorted(server.asked) == ["studio:a", "studio:c"]
    assert report.is_sound
    assert all(shelf.file(name).state == "present" for name in "abc")
    assert not shelf.cat.check(read_data=True).found


def test_what_cannot_be_fetched_is_said_and_stays_as_it_is(shelf: Shelf) -> None:
    path = shelf.keep("a")
    path.write_bytes(b"short")

    def fail(_: Sequence[str]) -> dict[str, str]:
        raise DiskFull("the disk is full: make room, and run this again")

    report = check(shelf.library, repair=True, fetch=fail)
    assert not report.is_sound
    assert report.notes == ("the disk is full: make room, and run this again",)
    assert report.faults[0].hint == "run `catalog download studio:a`"
    assert path.read_bytes() == b"short"


def test_nothing_is_fetched_unless_a_repair_is_asked_for(shelf: Shelf) -> None:
    spoil_all(shelf)
    server = Server(shelf)
    check(shelf.library, fetch=server)
    assert server.asked == []


def test_a_damaged_file_that_is_put_again_is_whole(shelf: Shelf) -> None:
    path = shelf.keep("a")
    flip(path)
    shelf.keep("a")
    assert path.read_bytes() == clip("a")


def test_a_place_that_is_taken_in_is_indexed(shelf: Shelf) -> None:
    path = shelf.keep("a")
    with shelf.library.write() as connection:
        store.save_places(connection, {path.relative_to(shelf.path.parent).as_posix(): "missing"}, at=NOW)
    assert shelf.find("missing:file") == ["a"]
    with shelf.library.write() as connection:
        store.save_place(connection, path.stem, f"media/{path.parts[-3]}/{path.parts[-2]}/{path.stem}.mov", at=NOW)
        bitmaps.check(connection)
    assert shelf.find("missing:file") == []


def test_a_repair_downloads_again_what_is_gone_or_damaged(library_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time())
    monkeypatch.setenv("CATALOG_TEST_KEY", "a-key")
    jobs = [
        Job(id=f"video_{number}", model="sora-2", prompt=f"scene {number}", created_at=now - 600, keeps_for=24 * HOUR)
        for number in range(3)
    ]
    with Gateway(jobs=jobs, clock=lambda: now, key="a-key") as gateway:
        library_path.with_name("catalog.toml").write_text(
            f'[sources.studio]\nbase_url = "{gateway.base_url}"\nkey_env = "CATALOG_TEST_KEY"\n'
        )
        with Catalog.open(library_path) as cat:
            cat.sync()
            cat.download(variants=["video"])
            names = [video.ref for video in cat.search("has:file").videos]
            gone, damaged = (Path(cat.get(name).files[0].path or "") for name in names[:2])
            whole = gone.read_bytes(), damaged.read_bytes()
            gone.unlink()
            flip(damaged)
            report = cat.check(read_data=True, repair=True)
            assert report.found == report.repaired == {"missing": 1, "damaged": 1}
            assert (gone.read_bytes(), damaged.read_bytes()) == whole
            assert not cat.check(read_data=True).found
            cat.retire("studio")
            gone.unlink()
            report = cat.check(repair=True)
            assert (dict(report.found), dict(report.repaired)) == ({"missing": 1}, {})
            assert cat.download().notes[0].startswith("studio: retired on ")
