"""A walk over a folder: what it sees, what it passes over, and that it ends."""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog.watch.scanning import (
    HIDDEN,
    LINK,
    NOT_A_FILE,
    OF_A_SYSTEM,
    OF_THE_LIBRARY,
    OTHER,
    PORTION,
    UNFINISHED,
    Walk,
    stamp_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


def see(walk: Walk) -> list[str]:
    return sorted(path for portion in walk for path, _ in portion)


@pytest.mark.parametrize(
    "ending", ["mp4", "mov", "m4v", "webm", "mkv", "avi", "webp", "png", "jpg", "jpeg", "gif", "MP4", "Mov"]
)
def test_clips_and_pictures_are_seen_by_their_endings(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a.{ending}").touch()
    ((path, stamp),) = next(iter(Walk(str(tmp_path))))
    assert path == f"a.{ending}"
    assert stamp == stamp_of((tmp_path / path).stat())


def test_files_that_may_hold_answers_are_told_from_clips(tmp_path: Path) -> None:
    for name in ("a.json", "b.mp4"):
        (tmp_path / name).touch()
    for seeks, clips in ((False, ["b.mp4"]), (True, [])):
        walk = Walk(str(tmp_path), endings={".json"}, seeks_documents=seeks)
        assert (see(walk), [path for path, _ in walk.documents], walk.skipped) == (clips, ["a.json"], {})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("._a.mp4", HIDDEN),
        (".a.mp4", HIDDEN),
        (".DS_Store", HIDDEN),
        ("a.mp4.part", UNFINISHED),
        ("a.mp4.crdownload", UNFINISHED),
        (".~a.mp4", UNFINISHED),
        ("~$a.mp4", UNFINISHED),
        ("a.tmp", UNFINISHED),
        ("notes.md", OTHER),
        ("mp4", OTHER),
        ("Thumbs.db", OF_A_SYSTEM),
    ],
)
def test_what_is_passed_over_is_counted_with_the_reason(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / name).touch()
    walk = Walk(str(tmp_path))
    assert see(walk) == []
    assert (walk.skipped, walk.named) == ({reason: 1}, {reason: [name]})


@pytest.mark.parametrize(("name", "reason"), [(".git", HIDDEN), ("@eaDir", OF_A_SYSTEM), ("__MACOSX", OF_A_SYSTEM)])
def test_folders_of_systems_are_not_entered(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.mp4").touch()
    walk = Walk(str(tmp_path))
    assert (see(walk), walk.skipped) == ([], {reason: 1})


def test_links_pipes_and_sockets_are_not_files(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "b.mp4").symlink_to("a.mp4")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.mp4").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "s.mp4"))
        walk = Walk(str(tmp_path))
        assert (see(walk), walk.skipped) == (["a.mp4"], {LINK: 3, NOT_A_FILE: 2})


def test_names_are_taken_as_the_system_gives_them(tmp_path: Path) -> None:
    names = [
        b"caf\xe9.mp4",
        b"a\nb.mp4",
        "a\u0301.mp4".encode(),
        "\u00e1.mp4".encode(),
        b"A.mp4",
        b"a.mp4",
        b"'\";.mp4",
    ]
    for name in names:
        os.close(os.open(os.fsencode(tmp_path) + b"/" + name, os.O_CREAT))
    assert see(Walk(str(tmp_path))) == sorted(map(os.fsdecode, names))


def test_a_folder_called_like_a_clip_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    (tmp_path / "a.mp4" / "b.mp4").touch()
    assert see(Walk(str(tmp_path))) == ["a.mp4/b.mp4"]


def test_other_roots_and_the_media_folder_are_left_out(tmp_path: Path) -> None:
    for name in ("inner", "media", "own"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.mp4").touch()
    walk = Walk(str(tmp_path), elsewhere=[str(tmp_path / "inner")], media=str(tmp_path / "media"))
    assert (see(walk), walk.skipped) == (["own/a.mp4"], {OF_THE_LIBRARY: 1})


@contextmanager
def unprivileged() -> Iterator[None]:
    """Act as a user whom permissions bind: root, whom they do not, as nobody."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_folder_that_cannot_be_read_is_named_and_nothing_is_known_of_it() -> None:
    with tempfile.TemporaryDirectory() as folder:  # where nobody may look, unlike below `tmp_path`
        Path(folder).chmod(0o755)
        closed = Path(folder, "a")
        (closed / "b").mkdir(parents=True)
        closed.chmod(0)
        with unprivileged():
            walk = Walk(folder)
            assert see(walk) == []
        closed.chmod(0o700)
    assert walk.unread == {"a": "permission denied"}


def test_what_lies_in_a_folder_that_was_not_read_is_not_covered(tmp_path: Path) -> None:
    walk = Walk(str(tmp_path))
    walk.unread["a/b"] = "input/output error"
    assert [walk.covers(path) for path in ("a/b/c.mp4", "a/b/c/d.mp4", "a/c.mp4", "a/bc/d.mp4", "x.mp4")] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_a_root_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        see(Walk(str(tmp_path / "gone")))


MANY = 12 * PORTION + 1  # what a walk does with a portion does not depend on how many came before


def test_the_files_of_a_large_folder_come_in_portions(tmp_path: Path) -> None:
    for number in range(MANY):
        os.mknod(f"{tmp_path}/{number}.mp4")
    sizes = [len(portion) for portion in Walk(str(tmp_path))]
    assert (sum(sizes), max(sizes)) == (MANY, PORTION)


def test_a_path_longer_than_the_system_takes_is_named(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=folder)
        inner = os.open("x" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    walk = Walk(str(tmp_path))
    assert see(walk) == []
    assert list(walk.unread.values()) == ["file name too long"]
