"""Folders that leave the list of those that are watched: nothing that came from them does."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog, ConfigError
from tests.house import wait_until
from tests.watch.conftest import CLIP, clip
from tests.watch.test_watching import count, home, run, start

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["home"]


def lay(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    (home / "clips" / "half.mp4").write_bytes(CLIP[:900])
    assert run(home, "watch", "clips", "--once").returncode == 0


def test_a_folder_is_forgotten_and_what_came_from_it_stays(home: Path) -> None:
    lay(home)
    with Catalog.open(home / "catalog.db") as cat:
        (before,) = cat.search("fox").videos
    forgotten = run(home, "watch", "--forget", "clips")
    assert (forgotten.returncode, forgotten.stderr) == (0, "")
    assert forgotten.stdout == f"{home / 'clips'}: not watched any more; what the library has of its 1 file stays\n"
    with Catalog.open(home / "catalog.db") as cat:
        assert cat.watched().folders == cat.watched().growing == ()
        assert cat.search("fox").videos == (before,)
        with pytest.raises(ConfigError, match="no folder is watched"):
            cat.watch(once=True)
        assert cat.check().found == {}
        assert cat.watch(home / "clips", once=True).folders[0].taken == 0
        assert cat.search("fox").videos == (before,)


def test_what_is_forgotten_is_told_as_it_was(home: Path) -> None:
    lay(home)
    (folder,) = json.loads(run(home, "watch", "--forget", "clips", "--json").stdout)
    assert (folder["path"], folder["files"], folder["growing"]) == (str(home / "clips"), 1, 1)
    assert json.loads(run(home, "watch", "--status", "--json").stdout) == {"folders": [], "growing": []}


def test_a_folder_that_is_away_can_be_forgotten(home: Path) -> None:
    (home / "drive").mkdir()
    (home / "clips").rmdir()
    (home / "clips").symlink_to("drive")
    lay(home)
    (home / "drive").rename(home / "gone")
    with Catalog.open(home / "catalog.db") as cat:
        assert [folder.path for folder in cat.unwatch("clips")] == [str(home / "drive")]


def test_all_or_none_of_the_folders_are_forgotten(home: Path) -> None:
    lay(home)
    refused = run(home, "watch", "--forget", "clips", "other")
    assert (refused.returncode, refused.stderr) == (
        1,
        f"Error: {home / 'other'} is not watched: `catalog watch --status` lists the folders\n",
    )
    with Catalog.open(home / "catalog.db") as cat:
        assert len(cat.watched().folders) == 1


@pytest.mark.parametrize("words", [["--forget"], ["--forget", "clips", "--once"], ["--status", "--accept"]])
def test_options_that_do_not_go_together_are_refused(home: Path, words: list[str]) -> None:
    assert run(home, "watch", *words).returncode == 2
    assert [path.name for path in home.iterdir()] == ["clips"]


def test_an_inner_folder_that_is_forgotten_is_scanned_with_the_outer_one(home: Path) -> None:
    (home / "clips" / "inner").mkdir()
    (home / "clips" / "fox.mp4").write_bytes(clip(1))
    (home / "clips" / "inner" / "owl.mp4").write_bytes(clip(2))
    with Catalog.open(home / "catalog.db") as cat:
        cat.watch(home / "clips", home / "clips" / "inner", once=True)
        cat.unwatch(home / "clips" / "inner")
        (report,) = cat.watch(once=True).folders
        assert (report.files, report.moved, report.missed) == (2, 1, 0)
        (place,) = cat.search("owl").videos[0].files[0].places
        assert (place.path, place.state) == (str(home / "clips" / "inner" / "owl.mp4"), "present")


def test_who_watches_a_folder_leaves_it_alone_once_it_is_forgotten(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(clip(1))
    (home / "other").mkdir()
    process = start(home, "watch", "clips", "other", "--every", "1")
    try:
        wait_until(lambda: count(home, "fox") == 1)
        wait_until(lambda: run(home, "watch", "--forget", "clips").returncode == 0)
        (home / "other" / "owl.mp4").write_bytes(clip(2))
        wait_until(lambda: count(home, "owl") == 1)
        (home / "clips" / "wolf.mp4").write_bytes(clip(3))
        assert run(home, "watch", "--forget", "other").returncode == 0
        assert process.wait(60) == 0
        assert process.stderr is not None
        said = process.stderr.read().decode()
        assert f"{home / 'clips'} is not watched any more\n" in said
        assert f"{home / 'other'} is not watched any more\n" in said
        with Catalog.open(home / "catalog.db") as cat:
            assert cat.watched().folders == ()
            assert cat.count("wolf") == 0
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
