"""Files are read only where they are files."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog import disk
from catalog.database import Database
from catalog.errors import CatalogError
from catalog.library import backup, create_library, migrate, open_library, restore
from catalog.prices import load_prices
from catalog.settings import find_file, load_settings
from tests.house import new_library

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["pipe", "link to a pipe", "socket", "device"])
def oddity(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A path of something that is not a regular file, and that one would wait for, or read without end."""
    path = tmp_path / "catalog.toml"
    if request.param == "device":
        path.symlink_to("/dev/zero")
    elif request.param == "socket":
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
            yield path
        return
    else:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        path.symlink_to(pipe) if "link" in request.param else pipe.rename(path)
    yield path


def test_what_is_not_a_regular_file_is_refused_at_once(oddity: Path):
    with pytest.raises(OSError, match=disk.NOT_REGULAR):
        disk.read_file(oddity)


def test_settings_and_prices_are_files(oddity: Path):
    for read in (load_settings, load_prices, lambda path: find_file(Path("catalog.db"), path)):
        with pytest.raises(CatalogError, match=disk.NOT_REGULAR) as caught:
            read(oddity)  # type: ignore[operator]  # one of three functions
        assert "\n" not in str(caught.value)


def test_a_folder_is_said_to_be_one(tmp_path: Path):
    with pytest.raises(IsADirectoryError):
        disk.read_file(tmp_path)


def test_a_file_that_is_read_whole_has_a_bound(tmp_path: Path):
    path = tmp_path / "ids.txt"
    path.touch()
    os.truncate(path, disk.MOST_READ)
    assert len(disk.read_file(path)) == disk.MOST_READ
    os.truncate(path, disk.MOST_READ + 1)
    with pytest.raises(OSError, match="more than 32 MiB"):
        disk.read_file(path)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_stands_under_a_name_of_sqlites_is_refused_at_once(tmp_path: Path, suffix: str, kind: str) -> None:
    library = new_library(tmp_path / "catalog.db")
    library.close()
    copy = backup(library.path, tmp_path / "copy.db")
    (tmp_path / "other").touch()
    for path in (library.path, copy, tmp_path / "new.db"):
        oddity = path.with_name(path.name + suffix)
        oddity.unlink(missing_ok=True)
        {"pipe": os.mkfifo, "folder": Path.mkdir}.get(kind, lambda it: it.symlink_to("other"))(oddity)
    match = rf"cannot open the library .*: .*\.db{suffix} is not a regular file, remove it$"
    actions = (
        lambda: open_library(library.path),
        lambda: Database(library.path).write().__enter__(),
        lambda: backup(library.path),
        lambda: restore(library.path, copy),
        lambda: create_library(tmp_path / "new.db"),
        lambda: migrate(library.path),
    )
    for act in actions:
        with pytest.raises(CatalogError, match=match):
            act()  # type: ignore[operator]  # one of several functions
    assert not (tmp_path / "new.db").exists()
    assert os.path.lexists(tmp_path / f"new.db{suffix}")
