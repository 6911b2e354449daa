"""Files that lie in folders of the user's: what backups, archives, checks and downloads do with them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from catalog import Catalog
from catalog.cli.main import cli
from catalog.credentials.run import check_due
from catalog.download.queue import Choice, estimate
from catalog.pictures import make_thumbnails
from tests.archive.test_archive import ADDRESS, list_keys, s3, server
from tests.house import job, new_library
from tests.test_recognition import hear, hold
from tests.watch.conftest import Pasture, clip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog import MediaCopy

__all__ = ["s3", "server"]


@pytest.fixture
def pasture(tmp_path: Path) -> Pasture:
    """A library in a folder of its own, and a folder of clips elsewhere that was scanned."""
    (tmp_path / "home").mkdir()
    (tmp_path / "clips").mkdir()
    pasture = Pasture(new_library(tmp_path / "home" / "catalog.db"), tmp_path / "clips")
    pasture.put("a.mp4", clip(1))
    pasture.put("b.mp4", clip(2))
    pasture.scan()
    return pasture


@pytest.fixture
def cat(pasture: Pasture) -> Iterator[Catalog]:
    with Catalog.open(pasture.library.path) as opened:
        yield opened


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


def back_up(cat: Catalog, path: Path, **options: Any) -> MediaCopy:
    reports: list[MediaCopy] = []
    cat.backup(path, media=True, on_media=reports.append, **options)
    return reports[0]


def restore(copy: Path, path: Path) -> MediaCopy:
    reports: list[MediaCopy] = []
    Catalog.restore(copy, path, on_media=reports.append)
    return reports[0]


def list_media(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "media").rglob("*.mp4"))


def kept_places(cat: Catalog) -> dict[str, list[str]]:
    """The states of the places of each video's clip, those in the media folder last."""
    return {
        video.ref: [place.state for place in sorted(video.files[0].places, key=lambda place: "/media/" in place.path)]
        for video in cat.search("").videos
    }


# Backups


def test_a_backup_takes_along_what_lies_in_folders_of_the_user_s(cat: Catalog, pasture: Pasture, disk: Path) -> None:
    report = back_up(cat, disk / "monday.db")
    assert (report.files, report.copied, report.outside, report.left, report.failed) == (2, 2, 2, 0, 0)
    assert len(list_media(disk)) == 2
    assert all(path.is_file() for path in (pasture.folder / "a.mp4", pasture.folder / "b.mp4"))
    shutil.rmtree(pasture.folder)
    with Catalog.open(disk / "monday.db") as copy:
        assert copy.check(read_data=True).is_sound
        assert copy.count("missing:file") == 0
    assert list(kept_places(cat).values()) == [["present"], ["present"]]


def test_the_next_backup_copies_what_is_new_and_knows_of_all(cat: Catalog, pasture: Pasture, disk: Path) -> None:
    back_up(cat, disk / "monday.db")
    pasture.put("c.mp4", clip(3))
    pasture.scan()
    assert back_up(cat, disk / "tuesday.db").copied == 1
    with Catalog.open(disk / "tuesday.db") as copy:
        assert copy.check(read_data=True).is_sound


def test_they_can_be_left_out_and_are_counted(cat: Catalog, pasture: Pasture, disk: Path) -> None:
    hold(pasture, "video_1", clip(9))
    report = back_up(cat, disk / "monday.db", folders=False)
    assert (report.files, report.copied, report.outside, report.left) == (3, 1, 2, 2)
    shown = CliRunner().invoke(
        cli, ["backup", str(disk / "b.db"), "--media", "--no-folders", "--db", str(pasture.library.path)]
    )
    assert shown.exit_code == 0
    assert "left out: 2 files in watched and imported folders" in shown.output


def test_a_file_that_is_not_there_is_told_and_another_place_of_it_taken(
    cat: Catalog, pasture: Pasture, disk: Path
) -> None:
    pasture.put("other/a.mp4", clip(1))
    pasture.scan()
    (pasture.folder / "a.mp4").unlink()
    (pasture.folder / "b.mp4").unlink()
    report = back_up(cat, disk / "monday.db")
    assert (report.copied, report.failed) == (1, 1)
    assert [(fault.kind, fault.path) for fault in report.faults] == [("missing", str(pasture.folder / "b.mp4"))]


def test_what_has_changed_since_does_not_arrive(cat: Catalog, pasture: Pasture, disk: Path) -> None:
    (pasture.folder / "a.mp4").write_bytes(clip(7))
    report = back_up(cat, disk / "monday.db")
    assert [fault.kind for fault in report.faults] == ["damaged"]


def test_a_damaged_copy_in_the_media_folder_is_taken_from_the_folder(
    cat: Catalog, pasture: Pasture, disk: Path
) -> None:
    hold(pasture, "video_1", clip(1))
    (path,) = (pasture.library.path.parent / "media").rglob("*.mp4")
    path.unlink()
    assert back_up(cat, disk / "monday.db").failed == 0
    assert len(list_media(disk)) == 2


def test_a_restore_brings_back_what_lies_nowhere_else(cat: Catalog, pasture: Pasture, disk: Path) -> None:
    back_up(cat, disk / "monday.db")
    (pasture.folder / "a.mp4").unlink()
    report = restore(disk / "monday.db", pasture.library.path)
    assert (report.copied, report.failed, report.left) == (1, 0, 0)
    assert len(list_media(pasture.library.path.parent)) == 1
    with Catalog.open(pasture.library.path) as restored:
        assert restored.check(read_data=True).is_sound
        assert sorted(map(len, kept_places(restored).values())) == [1, 2]


def test_a_restore_on_another_machine_has_all_bytes(pasture: Pasture, disk: Path, tmp_path: Path) -> None:
    with Catalog.open(pasture.library.path) as cat:
        back_up(cat, disk / "monday.db")
    shutil.rmtree(pasture.folder)
    (tmp_path / "new").mkdir()
    assert restore(disk / "monday.db", tmp_path / "new" / "catalog.db").copied == 2
    with Catalog.open(tmp_path / "new" / "catalog.db") as restored:
        assert restored.check(read_data=True).is_sound
        assert restored.count("has:file") == 2
        (path,) = {Path(video.files[0].path or "").parents[3] for video in restored.search("").videos}
        assert path == tmp_path / "new"


def test_a_name_that_is_not_utf8_comes_along_too(cat: Catalog, pasture: Pasture, disk: Path) -> None:
    pasture.put(b"caf\xe9.mp4", clip(3))
    pasture.scan()
    assert back_up(cat, disk / "monday.db").copied == 3


# Archives


def test_an_archive_takes_them_and_never_removes_them(s3: Any, cat: Catalog, pasture: Pasture) -> None:
    hold(pasture, "video_1", clip(9))
    report = cat.archive(ADDRESS, drop_local=True)
    assert (report.copied, report.dropped, report.stayed, report.failed) == (3, 1, 2, {})
    assert len(list_keys(s3)) == 3
    assert sorted(os.listdir(pasture.folder)) == ["a.mp4", "b.mp4"]  # noqa: PTH208
    assert cat.count("is:archived") == 3
    assert cat.count("missing:file") == 0


def test_what_lies_in_a_folder_is_not_brought_back_and_what_is_gone_is(s3: Any, cat: Catalog, pasture: Pasture) -> None:
    cat.archive(ADDRESS)
    assert cat.unarchive().copied == 0
    (pasture.folder / "a.mp4").unlink()
    pasture.scan()
    pasture.scan()
    report = cat.unarchive()
    assert (report.copied, report.failed) == (1, {})
    assert len(list_media(pasture.library.path.parent)) == 1
    assert cat.check(read_data=True).is_sound


def test_a_file_that_was_changed_never_becomes_the_copy(s3: Any, cat: Catalog, pasture: Pasture) -> None:
    (pasture.folder / "a.mp4").write_bytes(clip(7))
    report = cat.archive(ADDRESS)
    assert report.copied == 1
    assert list(report.failed.values()) == ["its bytes have changed since they were kept"]


# Checks


def test_a_check_reads_them(cat: Catalog, pasture: Pasture) -> None:
    report = cat.check(read_data=True)
    assert (report.checked["files"], report.checked["read"], report.is_sound) == (2, 2, True)
    data = bytearray(clip(1))
    data[-1] ^= 1
    (pasture.folder / "a.mp4").write_bytes(data)
    found = cat.check(read_data=True)
    assert dict(found.found) == {"damaged": 1}
    assert "catalog import" in (found.faults[0].hint or "")


@pytest.mark.parametrize("leaves", [None, "lost+found", ".keep"])
def test_an_unmounted_folder_is_offline_for_a_check(cat: Catalog, pasture: Pasture, leaves: str | None) -> None:
    away = pasture.folder.with_name("away")
    pasture.folder.rename(away)
    if leaves:
        (pasture.folder / leaves).mkdir(parents=True)
    report = cat.check(repair=True)
    assert dict(report.found) == {"offline": 2}
    assert cat.count("missing:file") == 0
    if leaves:
        shutil.rmtree(pasture.folder)
    away.rename(pasture.folder)
    assert cat.check().is_sound
    assert {place for states in kept_places(cat).values() for place in states} == {"present"}


def test_a_file_that_is_gone_alone_is_missing_and_no_server_is_asked(cat: Catalog, pasture: Pasture) -> None:
    (pasture.folder / "a.mp4").unlink()
    report = cat.check(repair=True)
    (fault,) = report.faults
    assert (fault.kind, fault.is_repaired) == ("missing", False)
    assert fault.hint == "put it back, or say where it lies now: `catalog import DIR`"
    assert report.notes == ()
    assert cat.count("missing:file") == 1
    pasture.put("a.mp4", clip(1))
    pasture.scan()
    assert cat.count("missing:file") == 0


def test_one_of_two_places_gone_is_no_fault(cat: Catalog, pasture: Pasture) -> None:
    pasture.put("other/a.mp4", clip(1))
    pasture.scan()
    (pasture.folder / "a.mp4").unlink()
    assert cat.check(read_data=True).is_sound
    assert cat.count("missing:file") == 0
    states = sorted(state for states in kept_places(cat).values() for state in states)
    assert states == ["missing", "present", "present"]


# Downloads, retirement, rescue


def test_what_lies_in_a_folder_is_not_downloaded_nor_lost(cat: Catalog, pasture: Pasture, tmp_path: Path) -> None:
    hear(pasture, job("0217640001abcd", status="completed"), job("0217640009ffff", status="completed"))
    pasture.put("0217640001abcd.mp4", clip(3))
    pasture.scan()
    (tmp_path / "home" / "catalog.toml").write_text('[sources.studio]\nbase_url = "http://127.0.0.1:9/v1"\n')
    with Catalog.open(pasture.library.path) as configured:
        queue = estimate(pasture.library, configured.settings, Choice())
    assert [item.ref for item in queue.jobs] == ["studio:0217640009ffff"]
    lost = cat.retire("studio")
    assert [video.ref for video in lost.lost] == ["studio:0217640009ffff"]


# Credentials and pictures


def test_provenance_and_audits_find_the_files_whatever_their_names(cat: Catalog, pasture: Pasture) -> None:
    pasture.put(b"caf\xe9.mp4", clip(3))
    pasture.scan()
    assert check_due(pasture.library).checked == 3
    refs = pasture.refs()
    paths = {os.fsencode(cat.provenance(ref).files[0].path or "") for ref in refs}
    assert {os.path.basename(path) for path in paths} == {b"a.mp4", b"b.mp4", b"caf\xe9.mp4"}  # noqa: PTH119


def test_a_check_of_credentials_takes_the_place_that_is_there(cat: Catalog, pasture: Pasture, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    pasture.put("a.mp4", clip(1), other)
    pasture.scan(other)
    shutil.rmtree(pasture.folder)
    pasture.scan()
    assert pasture.rows("SELECT state FROM roots ORDER BY path") == [("offline",), ("online",)]
    report = check_due(pasture.library)
    assert (report.checked, report.offline) == (1, 1)
    made = make_thumbnails(pasture.library, [row[0] for row in pasture.rows("SELECT id FROM videos")])
    assert made.made == 1
    paths = {cat.provenance(ref).files[0].path for ref in pasture.refs()}
    assert paths == {str(other / "a.mp4"), str(pasture.folder / "b.mp4")}
