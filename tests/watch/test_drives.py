"""Folders on drives that are unplugged and exchanged, and a library on a disk that is full."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.house import wait_until
from tests.watch.conftest import clip
from tests.watch.drives import Drives

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY = 2200
FULL = 3400  # kB that a library of so many clips does not fit into, though one of some of them does
FULL_SAID = re.compile(r"cannot write to the library .*: (database or disk is full|disk I/O error)")


@pytest.fixture
def drives(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drives]:
    """The drive `first` with two clips, plugged in and scanned; by request, or for lack of mounts, folders."""
    drives = Drives(tmp_path, has_spaces=getattr(request, "param", True))
    try:
        drives.put("red fox.mp4", clip(1))
        drives.put("b.mp4", clip(2))
        drives.plug_in()
        scanned = drives.catalog("watch", "clips", "--once")
        assert (scanned.returncode, scanned.stdout) == (0, f"{drives.clips}: 2 files, 2 new\n"), scanned.stderr
        yield drives
    finally:
        drives.close()


def list_places(drives: Drives) -> dict[str, str]:
    """The states of all places, by the names of the files."""
    shown = json.loads(drives.catalog("search", "", "--json").stdout)
    return {
        place["path"].rpartition("/")[2]: place["state"]
        for video in shown["videos"]
        for file in video["files"]
        for place in file["places"]
    }


def read_root(drives: Drives) -> dict[str, Any]:
    (folder,) = json.loads(drives.catalog("watch", "--status", "--json").stdout)["folders"]
    return folder


BOTH = {"red fox.mp4": "present", "b.mp4": "present"}


# Folders stand for mounts where there are none: that they behave alike shows in the longest of these journeys.
@pytest.mark.parametrize("drives", [True, False], ids=["mounts", "folders"], indirect=True)
def test_an_unplugged_drive_is_offline_and_found_when_it_is_back(drives: Drives) -> None:
    drives.unplug()
    for _ in range(3):
        scanned = drives.catalog("watch", "--once")
        assert scanned.returncode == 1
        assert "is empty, though the 2 files should be in it: it is offline" in scanned.stderr
    assert read_root(drives)["state"] == "offline"
    assert list_places(drives) == BOTH
    drives.put("c.mp4", clip(3))
    drives.plug_in()
    scanned = drives.catalog("watch", "--once")
    assert (scanned.returncode, scanned.stdout) == (0, f"{drives.clips}: 3 files, 1 new\n")
    assert list_places(drives) == {**BOTH, "c.mp4": "present"}


def test_another_drive_in_its_place_is_offline_and_nothing_of_it_is_taken_in(drives: Drives) -> None:
    drives.put("red fox.mp4", clip(1), "other")
    drives.put("stranger.mp4", clip(9), "other")
    drives.plug_in("other")
    for _ in range(2):
        scanned = drives.catalog("watch", "clips", "--once")
        assert (scanned.returncode, scanned.stdout) == (1, f"{drives.clips}: offline, it is on another device\n")
        imported = drives.catalog("import", "clips")
        assert imported.returncode == 1
    assert list_places(drives) == BOTH
    drives.plug_in()
    assert drives.catalog("watch", "--once").returncode == 0
    assert read_root(drives)["state"] == "online"


def test_another_drive_that_holds_the_same_files_is_the_same_folder(drives: Drives) -> None:
    for name, number in (("red fox.mp4", 1), ("b.mp4", 2), ("c.mp4", 3)):
        drives.put(name, clip(number), "other")
    drives.plug_in("other")
    scanned = drives.catalog("watch", "--once", "--json")
    (folder,) = json.loads(scanned.stdout)["folders"]
    assert (scanned.returncode, folder["made"], folder["missed"]) == (0, 1, 0)
    assert list_places(drives) == {**BOTH, "c.mp4": "present"}


def test_a_drive_that_goes_and_comes_while_it_is_watched_loses_nothing(drives: Drives) -> None:
    process = drives.start("watch", "clips", "--every", "1")
    assert process.stdout
    assert process.stdout.readline().startswith("watching")
    for number in (3, 4):
        drives.unplug()
        wait_until(lambda: read_root(drives)["state"] == "offline", pause=0.3)
        drives.put(f"{number}.mp4", clip(number))
        drives.plug_in()
        wait_until(lambda: len(list_places(drives)) == number, pause=0.3)  # noqa: B023 - waited for at once
        assert set(list_places(drives).values()) == {"present"}


@pytest.fixture
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drives]:
    """A disk that has no room for a library of MANY clips."""
    drives = Drives(tmp_path, disk_kb=FULL, has_spaces=getattr(request, "param", True))
    yield drives
    drives.close()


def put_many(drives: Drives) -> None:
    for number in range(MANY):
        (drives.clips / f"{number}.mp4").write_bytes(clip(number))


def count(drives: Drives) -> int:
    found = drives.catalog("search", "has:file", "--json", "--limit", "1").stdout  # nothing before a library is made
    return int(json.loads(found)["total"]) if found else 0


# A full disk and a limit on the size of files are two errors of the system; what follows on them is the same code.
@pytest.mark.parametrize("full", [True, False], ids=["mounts", "limits"], indirect=True)
def test_a_disk_that_fills_ends_an_import_in_one_line_and_the_same_again_goes_on(full: Drives) -> None:
    put_many(full)
    imported = full.catalog("import", "clips")
    assert imported.returncode == 1
    assert FULL_SAID.search(imported.stderr.rstrip("\n")), imported.stderr
    kept = count(full)
    assert 0 < kept < MANY
    assert f"(kept so far: {kept:,} files; " in imported.stderr
    full.make_room()
    imported = full.catalog("import", "clips", "--json")
    assert (imported.returncode, json.loads(imported.stdout)["added"]) == (0, MANY - kept)
    assert count(full) == MANY
    assert json.loads(full.catalog("check", "--json").stdout)["found"] == {}


def test_a_disk_that_fills_does_not_end_watching(full: Drives) -> None:
    (full.clips / "first.mp4").write_bytes(clip(MANY))
    process = full.start("watch", "clips")
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline().startswith("watching")
    wait_until(lambda: count(full) == 1, pause=0.3)
    put_many(full)
    while not FULL_SAID.search(line := process.stderr.readline().rstrip("\n")):
        assert line or process.poll() is None
    full.make_room()
    wait_until(lambda: count(full) == MANY + 1, pause=0.3)
