"""A disk that is full or read-only: one clear line, the library as it was, and nothing left behind."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.library import APPLICATION_ID, backup, create_library, migrate, open_library, read_version, restore
from catalog.upgrading import upgrade
from tests.house import job, new_library
from tests.test_database import ADD_VIDEO, fill, run_sql, value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = "SELECT count(*) FROM videos"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A backup of a library with 2,000 videos."""
    library = new_library(tmp_path / "large.db")
    fill(library)
    library.close()
    return backup(library.path, tmp_path / "copy.db")


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if not file.name.endswith(("-wal", "-shm"))}


def fails(action: Callable[[], object], match: str) -> None:
    with pytest.raises(CatalogError, match=match) as error:
        action()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("spare", [0, 8, 40, 100, 300])
def test_a_backup_and_a_restore_that_do_not_fit_change_nothing(mounted, copy: Path, spare: int) -> None:
    disk = mounted(f"size={copy.stat().st_size // 1024 + spare + 4}k")
    shutil.copy(copy, disk / "catalog.db")
    fails(lambda: backup(disk / "catalog.db"), "cannot (read|back up) the library .*(disk is full|I/O error)")
    fails(lambda: backup(disk / "catalog.db", disk / "x.db"), "cannot (read|back up) the library ")
    fails(lambda: restore(disk / "catalog.db", copy), "cannot (read|back up) the library ")
    assert names(disk) == {"catalog.db"}
    (disk / "catalog.db").unlink()
    small = mounted(f"size={spare}k") if spare else mounted("size=4k")
    fails(lambda: restore(small / "catalog.db", copy), "cannot (restore|make) the library .*(full|I/O error)")
    assert list(small.iterdir()) == []


@pytest.mark.parametrize("spare", [4, 8, 40, 100, 200])
def test_a_library_that_cannot_be_made_leaves_nothing(mounted, spare: int) -> None:
    disk = mounted(f"size={spare}k")
    fails(lambda: create_library(disk / "catalog.db"), "cannot make the library .*(disk is full|I/O error)")
    assert list(disk.iterdir()) == []


def test_a_restore_that_fails_puts_a_damaged_library_back(mounted, copy: Path) -> None:
    disk = mounted("size=60k")
    (disk / "catalog.db").write_bytes(b"damaged " * 1000)
    fails(lambda: restore(disk / "catalog.db", copy), "cannot restore the library ")
    assert names(disk) == {"catalog.db"}
    assert (disk / "catalog.db").read_bytes() == b"damaged " * 1000


def test_a_migration_that_does_not_fit_changes_nothing_and_names_the_backup(mounted, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    run_sql(old, f"PRAGMA application_id={APPLICATION_ID}", "PRAGMA journal_mode=WAL")
    upgrade(old, "0001")
    with_rows = ", ".join(f"('studio', 'v{number}', 'video', 'queued', 'a prompt')" for number in range(500))
    run_sql(old, f"INSERT INTO videos (source, remote_id, kind, status, prompt) VALUES {with_rows}")
    size = old.stat().st_size // 1024
    disk = mounted(f"size={size * 2 + 100}k")
    shutil.copy(old, disk / "catalog.db")
    match = r"cannot migrate the library .* \(nothing was changed, and the library as it is was backed up to .*before-"
    fails(lambda: migrate(disk / "catalog.db"), match)
    assert read_version(disk / "catalog.db") == "0001"
    (copy,) = names(disk) - {"catalog.db"}
    assert read_version(disk / copy) == "0001"
    full = mounted(f"size={size + 60}k")
    shutil.copy(old, full / "catalog.db")
    fails(lambda: migrate(full / "catalog.db"), "cannot back up the library ")
    assert names(full) == {"catalog.db"}


def test_a_migration_whose_last_step_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    run_sql(path, f"PRAGMA application_id={APPLICATION_ID}")
    upgrade(path, "0001")

    def complete(connection: object) -> None:
        connection.execute(ADD_VIDEO, ("v1", "a prompt"))  # type: ignore[attr-defined]
        raise ValueError("a prompt\nthat nobody can read")

    fails(lambda: migrate(path, complete), "cannot migrate the library .*: a prompt that nobody can read .nothing was")
    assert read_version(path) == "0001"


def test_a_library_on_a_full_disk_can_be_read_and_copied_elsewhere(mounted, copy: Path, tmp_path: Path) -> None:
    disk = mounted(f"size={copy.stat().st_size // 1024 + 4}k")
    shutil.copy(copy, disk / "catalog.db")
    library = open_library(disk / "catalog.db")
    assert value(library, COUNT) == 2000
    library.close()
    assert backup(disk / "catalog.db", tmp_path / "elsewhere.db").exists()


def test_every_writing_on_a_read_only_disk_says_so(mounted, copy: Path) -> None:
    disk = mounted("size=8m")
    shutil.copy(copy, disk / "catalog.db")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for action in (
        lambda: backup(disk / "catalog.db"),
        lambda: backup(copy, disk / "x.db"),
        lambda: restore(disk / "catalog.db", copy),
        lambda: restore(disk / "new.db", copy),
        lambda: create_library(disk / "new.db"),
    ):
        fails(action, r"cannot (back up|make) the library .*: Read-only file system$")
    fails(
        lambda: fill(open_library(disk / "catalog.db")), "cannot write to the library .*: its folder cannot be written"
    )
    assert names(disk) == {"catalog.db"}


def test_an_import_on_a_disk_that_fills_says_what_is_kept_and_the_same_again_goes_on(mounted, tmp_path: Path) -> None:
    disk = mounted("size=3m")
    (tmp_path / "many").mkdir()
    for number in range(3):
        jobs = [job(f"v{number}-{other}", prompt=f"a kite {number} {other} " * 20) for other in range(1000)]
        (tmp_path / f"many/{number}.jsonl").write_text("\n".join(map(json.dumps, jobs)))
    with Catalog.open(disk / "catalog.db") as catalog:
        with pytest.raises(CatalogError, match=r"full \(.*; import the same again to add the rest\)$") as error:
            catalog.import_path(tmp_path / "many")
        said = re.search(r"\(kept so far: ([\d,]+) jobs? from (\d) files?;", str(error.value))
        assert said, error.value
        kept = int(said[1].replace(",", ""))
        assert catalog.stats().total == kept > 0
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        report = catalog.import_path(tmp_path / "many")
        assert (report.added, report.unchanged) == (3000 - kept, kept)
