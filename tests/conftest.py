"""What every test may ask for: the shared reference sets, a migrated library, a running sample gateway."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog.library import open_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.database import Database

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_configure() -> None:
    """Take Ctrl-C as usual, here and in the programs we start, though a background job's shell has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference sets beside the checkout: required in CI, optional on a user's machine."""
    folder = Path(os.environ.get("CATALOG_SHARED", SHARED))
    if folder.is_dir():
        return folder
    reason = f"no reference sets at {folder}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "catalog.db"
    open_library(path, create=True).close()
    return path


@pytest.fixture
def library_path(_migrated: Path, tmp_path: Path) -> Path:
    """The path of a new library: a copy of one that was migrated once."""
    return Path(shutil.copy(_migrated, tmp_path / "catalog.db"))


@pytest.fixture
def library(library_path: Path) -> Iterator[Database]:
    """An open, empty library."""
    database = open_library(library_path, create=False)
    yield database
    database.close()
