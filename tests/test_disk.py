"""Files are read only where they are files."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog import disk
from catalog.errors import CatalogError
from catalog.prices import load_prices
from catalog.settings import find_file, load_settings

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
