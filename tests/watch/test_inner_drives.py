"""Drives that are mounted inside a folder: once unplugged, their files are offline, not missing."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.watch.scanning import Walk, read_device
from tests.watch.conftest import clip

if TYPE_CHECKING:
    from tests.watch.conftest import Pasture


def mount(drive: Path, status: os.stat_result) -> int:
    """The device of a file, where the folder `drive`, which holds something, is one of its own."""
    is_drive = drive.is_dir() and any(drive.iterdir()) and os.path.samestat(status, drive.stat())
    return read_device(status) + is_drive


def test_a_walk_does_not_enter_another_device() -> None:
    walk = Walk("/dev")
    for _ in walk:
        pass
    assert {name for name in walk.mounts if "/" not in name} == {
        path.name for path in Path("/dev").iterdir() if path.is_dir() and not path.is_symlink() and path.is_mount()
    }


def test_a_drive_in_a_folder_is_a_root_of_its_own(pasture: Pasture) -> None:
    drive = pasture.folder / "drive"
    device = partial(mount, drive)
    pasture.put("fox.mp4", clip(1))
    pasture.put("drive/owl.mp4", clip(2))
    reports = pasture.scan_all(device=device)
    assert [(report.path, report.files, report.made) for report in reports] == [
        (str(pasture.folder), 1, 1),
        (str(drive), 1, 1),
    ]
    drive.rename(pasture.folder.parent / "unplugged")
    drive.mkdir()
    for _ in range(3):
        inner, outer = pasture.scan_all(device=device)
        assert (inner.path, inner.reason) == (str(drive), "is empty, though the 1 file should be in it")
        assert (outer.state, outer.missed, outer.missing) == ("online", 0, 0)
    assert pasture.places() == {"fox.mp4": "present", "owl.mp4": "present"}
    drive.rmdir()
    (pasture.folder.parent / "unplugged").rename(drive)
    assert [report.state for report in pasture.scan_all(device=device)] == ["online", "online"]


def test_files_that_were_known_before_it_was_a_drive_go_with_it(pasture: Pasture) -> None:
    drive = pasture.folder / "drive"
    pasture.put("fox.mp4", clip(1))
    pasture.put("drive/owl.mp4", clip(2))
    pasture.scan()
    assert pasture.places() == {"fox.mp4": "present", "drive/owl.mp4": "present"}
    reports = pasture.scan_all(device=partial(mount, drive))
    assert [(report.files, report.moved, report.missed) for report in reports] == [(1, 0, 0), (1, 1, 0)]
    assert pasture.places() == {"fox.mp4": "present", "owl.mp4": "present"}
    assert len(pasture.refs()) == 2


def test_what_a_drive_hides_is_not_marked(pasture: Pasture) -> None:
    drive = pasture.folder / "drive"
    pasture.put("fox.mp4", clip(1))
    pasture.put("drive/owl.mp4", clip(2))
    pasture.scan()
    drive.rename(pasture.folder.parent / "hidden")
    pasture.put("drive/wolf.mp4", clip(3))
    for _ in range(3):
        pasture.scan_all(device=partial(mount, drive))
    assert pasture.places() == {"fox.mp4": "present", "drive/owl.mp4": "present", "wolf.mp4": "present"}


def test_a_drive_without_clips_is_not_listed(pasture: Pasture) -> None:
    drive = pasture.folder / "drive"
    pasture.put("fox.mp4", clip(1))
    pasture.put("drive/readme.txt", b"none")
    pasture.scan_all(device=partial(mount, drive), is_watched=True)
    assert [Path(path).name for (path,) in pasture.rows("SELECT path FROM roots")] == ["clips"]


def test_files_that_are_away_with_an_inner_folder_are_not_missing(pasture: Pasture) -> None:
    pasture.put("fox.mp4", clip(1))
    pasture.put("inner/owl.mp4", clip(2))
    inner = pasture.folder / "inner"
    pasture.scan()
    pasture.put("inner/wolf.mp4", clip(3))
    (inner / "owl.mp4").rename(pasture.folder.parent / "owl.mp4")
    pasture.scan(inner)  # which knows nothing of the owl
    inner.rename(pasture.folder.parent / "away")
    for _ in range(3):
        pasture.scan()
    assert pasture.places() == {"fox.mp4": "present", "inner/owl.mp4": "present", "wolf.mp4": "present"}
