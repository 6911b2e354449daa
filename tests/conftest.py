"""What every test may ask for: the shared reference sets, a migrated library, a running sample gateway."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from catalog.library import create_library, open_library
from tests.signed import expired, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Database

__all__ = ["expired", "signed"]  # fixtures

SLOWEST = frozenset({"test_documents.py", "test_wheel.py", "test_serve.py"})
SHARED = Path(__file__).resolve().parents[2] / "shared"


# `make soak` runs the laws of hypothesis with this profile: as many examples of each as it has time for.
settings.register_profile("soak", max_examples=int(os.environ.get("CATALOG_EXAMPLES", "100")), deadline=None)


def pytest_configure() -> None:
    """Take Ctrl-C as usual, here and in the programs we start, though a background job's shell has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest modules, so that no core is left with one of them in the end."""
    items.sort(key=lambda item: item.path.name not in SLOWEST)


def _refuse_skip(report: pytest.CollectReport | pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        *_, reason = report.longrepr if isinstance(report.longrepr, tuple) else (report.longrepr,)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} is skipped, and CI runs every test: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Fail in CI what would be skipped: a test that does not run proves nothing."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Fail in CI a module that would be skipped."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference sets beside the checkout: required in CI, optional on a user's machine."""
    folder = Path(os.environ.get("CATALOG_SHARED", SHARED))
    if folder.is_dir():
        return folder
    pytest.skip(f"no reference sets at {folder}")


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "catalog.db"
    create_library(path)
    return path


@pytest.fixture
def library_path(_migrated: Path, tmp_path: Path) -> Path:
    """The path of a new library: a copy of one that was migrated once."""
    return Path(shutil.copy(_migrated, tmp_path / "catalog.db"))


@pytest.fixture
def library(library_path: Path) -> Iterator[Database]:
    """An open, empty library."""
    database = open_library(library_path)
    yield database
    database.close()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a disk with these options."""
    folders: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"disk {len(folders)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if os.geteuid() or subprocess.run(command, check=False).returncode:
            pytest.skip("a disk of one's own takes root and mount")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", "-l", folder], check=True)
