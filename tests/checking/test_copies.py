"""Backups that take the media along, and restores that put back what is missing of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog, CatalogError, DiskFull, MediaOffline
from catalog.library import create_library
from catalog.media import keep
from tests.checking.conftest import Shelf, clip
from tests.checking.test_check import flip
from tests.house import job

if TYPE_CHECKING:
    from pathlib import Path

    from catalog import MediaCopy


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "another disk"
    folder.mkdir()
    return folder


def back_up(shelf: Shelf, path: Path) -> MediaCopy:
    told: list[MediaCopy] = []
    shelf.cat.backup(path, media=True, on_media=told.append)
    return told[0]


def list_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_with_media_is_a_whole_library_of_its_own(shelf: Shelf, disk: Path) -> None:
    told = back_up(shelf, disk / "monday.db")
    assert (told.folder, told.files, told.copied, told.failed) == (disk / "media", 2, 2, 0)
    assert told.bytes == len(clip("a")) + len(clip("b"))
    with Catalog.open(disk / "monday.db") as copy:
        assert copy.check(read_data=True).is_sound
        path = copy.get("studio:a").files[0].path
    assert path is not None
    assert path.startswith(str(disk))
    assert os.stat(path).st_nlink == 1  # noqa: PTH116


def test_the_next_one_copies_what_is_new(shelf: Shelf, disk: Path) -> None:
    back_up(shelf, disk / "monday.db")
    times = {path: path.stat().st_mtime_ns for path in disk.rglob("*.mp4")}
    shelf.keep("c")
    told = back_up(shelf, disk / "tuesday.db")
    assert (told.files, told.copied) == (3, 1)
    assert all(path.stat().st_mtime_ns == moment for path, moment in times.items())
    assert back_up(shelf, disk / "wednesday.db").copied == 0


def test_a_backup_into_a_folder_is_named_after_the_time(shelf: Shelf, disk: Path) -> None:
    path = shelf.cat.backup(disk, media=True)
    assert path.parent == disk
    assert path.name.startswith("catalog.db.2")
    assert len(list_files(disk / "media")) == 2


def test_without_media_a_backup_is_what_it_was(shelf: Shelf, disk: Path) -> None:
    shelf.cat.backup(disk / "plain.db")
    assert list_files(disk) == {"plain.db"}


@pytest.mark.parametrize("name", [None, "copy.db"])
def test_a_backup_beside_the_library_would_share_its_media(shelf: Shelf, name: str | None) -> None:
    before = list_files(shelf.path.parent)
    with pytest.raises(CatalogError, match="would share its media"):
        shelf.cat.backup(name and shelf.path.with_name(name), media=True)
    assert {path for path in list_files(shelf.path.parent) - before if not path.endswith(("-wal", "-shm"))} == set()


def test_what_is_not_whole_does_not_arrive_and_is_told(shelf: Shelf, disk: Path) -> None:
    flip(shelf.keep("a"))
    shelf.keep("b").unlink()
    shelf.keep("c")
    told = back_up(shelf, disk / "copy.db")
    assert (told.files, told.copied, told.failed) == (3, 1, 2)
    assert sorted((fault.ref, fault.kind) for fault in told.faults) == [
        ("studio:a", "damaged"),
        ("studio:b", "missing"),
    ]
    assert len(list_files(disk / "media")) == 1


def test_a_damaged_file_does_not_replace_the_whole_one_of_the_last_backup(shelf: Shelf, disk: Path) -> None:
    path = shelf.keep("a")
    back_up(shelf, disk / "monday.db")
    flip(path)
    shelf.cat.check(read_data=True)
    back_up(shelf, disk / "tuesday.db")
    assert (disk / path.relative_to(shelf.path.parent)).read_bytes() == clip("a")


def test_only_files_of_this_library_come_along(shelf: Shelf, disk: Path) -> None:
    shelf.put(b"an orphan")
    assert back_up(shelf, disk / "copy.db").files == 2
    assert len(list_files(disk / "media")) == 2


def test_an_unplugged_media_folder_makes_no_backup(shelf: Shelf, disk: Path) -> None:
    shelf.media.rename(shelf.media.with_name("elsewhere"))
    with pytest.raises(MediaOffline):
        back_up(shelf, disk / "copy.db")
    assert list_files(disk) == set()


def test_a_full_disk_makes_no_backup_and_the_next_goes_on(
    shelf: Shelf, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = keep.Part.write, []

    def fill(part: keep.Part, data: bytes) -> None:
        with keep.explained(part.path):
            if written:
                raise OSError(28, "No space left on device")
        written.append(len(data))
        write(part, data)

    with monkeypatch.context() as patch:
        patch.setattr(keep.Part, "write", fill)
        with pytest.raises(DiskFull, match="is full: make room"):
            back_up(shelf, disk / "copy.db")
    assert not (disk / "copy.db").exists()
    assert not [name for name in list_files(disk) if "part" in name]
    told = back_up(shelf, disk / "copy.db")
    assert (told.files, told.copied) == (2, 1)


def restore(copy: Path, path: Path) -> list[MediaCopy]:
    told: list[MediaCopy] = []
    Catalog.restore(copy, path, on_media=told.append)
    return told


def test_a_restore_puts_back_what_is_missing_and_leaves_what_is_whole(shelf: Shelf, disk: Path) -> None:
    gone, whole = shelf.keep("a"), shelf.keep("b")
    back_up(shelf, disk / "copy.db")
    gone.unlink()
    shelf.cat.check()
    moment = whole.stat().st_mtime_ns
    (told,) = restore(disk / "copy.db", shelf.path)
    assert (told.copied, told.failed) == (1, 0)
    assert gone.read_bytes() == clip("a")
    assert whole.stat().st_mtime_ns == moment
    assert shelf.cat.check(read_data=True).is_sound


@pytest.mark.parametrize("is_found", [False, True])
def test_a_restore_puts_whole_bytes_in_the_place_of_damaged_ones(shelf: Shelf, disk: Path, is_found: bool) -> None:
    cut, flipped = shelf.keep("a"), shelf.keep("b")
    back_up(shelf, disk / "copy.db")
    cut.write_bytes(b"short")
    if is_found:
        flip(flipped)
        shelf.cat.check(read_data=True)
    restore(disk / "copy.db", shelf.path)
    assert cut.read_bytes() == clip("a")
    assert flipped.read_bytes() == clip("b")


def test_a_restore_to_where_nothing_is_brings_everything(shelf: Shelf, disk: Path, tmp_path: Path) -> None:
    back_up(shelf, disk / "copy.db")
    (tmp_path / "new").mkdir()
    restore(disk / "copy.db", tmp_path / "new" / "catalog.db")
    with Catalog.open(tmp_path / "new" / "catalog.db") as cat:
        assert cat.check(read_data=True).is_sound
        assert cat.count("has:file") == 2


def test_a_damaged_backup_of_a_file_is_told_and_not_put_back(shelf: Shelf, disk: Path) -> None:
    path = shelf.keep("a")
    back_up(shelf, disk / "copy.db")
    flip(disk / path.relative_to(shelf.path.parent))
    path.unlink()
    (told,) = restore(disk / "copy.db", shelf.path)
    assert [fault.ref for fault in told.faults] == ["studio:a"]
    assert not path.exists()


def test_a_backup_without_media_is_restored_as_ever(shelf: Shelf, disk: Path) -> None:
    shelf.cat.backup(disk / "plain.db")
    shelf.hear(job("later"))
    assert restore(disk / "plain.db", shelf.path) == []
    assert shelf.find("") == ["a", "b", "c"]


def test_a_failed_restore_of_media_leaves_the_library_as_it_was(
    shelf: Shelf, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(shelf, disk / "copy.db")
    shelf.keep("a").unlink()
    shelf.hear(job("later"))
    before = list_files(shelf.path.parent)

    def refuse(part: keep.Part, _: bytes) -> None:
        with keep.explained(part.path):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(keep.Part, "write", refuse)
    with pytest.raises(DiskFull):
        restore(disk / "copy.db", shelf.path)
    assert shelf.find("") == ["a", "b", "c", "later"]
    assert list_files(shelf.path.parent) - before == set()


def test_a_library_without_files_is_backed_up_with_no_media(tmp_path: Path, disk: Path) -> None:
    create_library(tmp_path / "empty.db")
    told: list[MediaCopy] = []
    with Catalog.open(tmp_path / "empty.db") as cat:
        cat.backup(disk / "copy.db", media=True, on_media=told.append)
    assert (told[0].files, told[0].copied) == (0, 0)
    assert (disk / "copy.db").exists()
