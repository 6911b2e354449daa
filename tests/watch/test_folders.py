"""Folders: which one a file belongs to, when one is offline, and which names are one entry."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from catalog.watch.folders import Known, device_of, explain_offline, innermost, is_gone, is_same_entry

if TYPE_CHECKING:
    from pathlib import Path


def explain(root: Path, *known: Known, device: int | None = None) -> str | None:
    return explain_offline(str(root), device, lambda: iter(known), lambda: len(known))


def test_the_innermost_folder_wins() -> None:
    roots = ["/a", "/a/b", "/a/bc"]
    assert [innermost(path, roots) for path in ("/a/b/x", "/a/bcd/x", "/a/bc/d/x", "/b/x", "/a/b")] == [
        "/a/b",
        "/a",
        "/a/bc",
        None,
        "/a",
    ]


def test_a_new_folder_is_online_even_if_it_is_empty(tmp_path: Path) -> None:
    assert explain(tmp_path) is None


def test_a_folder_that_is_not_there_or_no_folder_is_offline(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert explain(tmp_path / "gone") == "cannot be read: no such file or directory"
    assert explain(tmp_path / "file") == "cannot be read: not a directory"
    (tmp_path / "loop").symlink_to("loop")
    assert explain(tmp_path / "loop") == "cannot be read: too many levels of symbolic links"


def test_an_empty_folder_that_was_not_is_offline(tmp_path: Path) -> None:
    assert explain(tmp_path, Known("a.mp4", 1)) == "is empty, though the 1 file should be in it"


def test_a_folder_that_holds_none_of_its_files_is_offline(tmp_path: Path) -> None:
    (tmp_path / "b.mp4").touch()
    (tmp_path / "c.mp4").write_bytes(b"other")
    reason = "holds none of the 2 files that should be in it"
    assert explain(tmp_path, Known("a.mp4", 1), Known("c.mp4", 1)) == reason
    assert explain(tmp_path, Known("a.mp4", 1), Known("c.mp4", 5)) is None


def test_another_device_is_believed_only_with_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    known = [Known("a.mp4", 0)]
    here = device_of(tmp_path.stat())
    assert explain(tmp_path, *known, Known("b.mp4", 0), device=here + 1) == "is on another device"
    assert explain(tmp_path, *known, Known("b.mp4", 0), device=here) is None
    assert explain(tmp_path, *known, device=here + 1) is None


def test_only_what_is_not_there_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert [is_gone(str(tmp_path / name)) for name in ("a", "b", "a/b", "loop", "x" * 300)] == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(("old", "new"), [("a.mp4", "A.mp4"), ("a\u0301.mp4", "\u00e1.mp4")])
def test_twins_on_a_disk_that_tells_them_apart_are_two_entries(tmp_path: Path, old: str, new: str) -> None:
    first, second = str(tmp_path / old), str(tmp_path / new)
    (tmp_path / old).touch()
    assert not is_same_entry(first, second)
    os.link(first, second)
    assert not is_same_entry(first, second)
