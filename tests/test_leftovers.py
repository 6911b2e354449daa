"""What a killed run leaves: the next one removes it, and nothing that is another's or in use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog.ingest import import_paths
from catalog.leftovers import held, name_part, remove_part, temporary_folder
from catalog.library import backup
from tests.house import LONG

if TYPE_CHECKING:
    from catalog.database import Database

pytestmark = pytest.mark.skipif(os.name != "posix", reason="nobody holds a file there")

HOLD = """
import sys, time
from pathlib import Path
from catalog.leftovers import held, name_part, temporary_folder
target = Path(sys.argv[1])
part = name_part(target)
part.write_bytes(b"half")
part.with_name(part.name + "-journal").touch()
with held(part), temporary_folder("test") as folder:
    print(part, folder, sep="\\n", flush=True)
    time.sleep(600)
"""


def hold(target: Path) -> tuple[subprocess.Popen[str], Path, Path]:
    """A process that holds a part beside the target and a temporary folder."""
    command = [sys.executable, "-c", HOLD, str(target)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip()), Path(process.stdout.readline().strip())


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONG)


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_backup_removes_what_a_killed_one_left_beside_it(library: Database, tmp_path: Path) -> None:
    process, part, folder = hold(tmp_path / "other.db")
    reserved = tmp_path / "catalog.db.20261121T105703Z.backup"
    reserved.touch()
    with held(reserved):
        backup(library.path, tmp_path / "first.db")
        assert part.exists()
        assert reserved.exists()
    kill(process)
    backup(library.path, tmp_path / "second.db")
    assert not part.exists()
    assert not reserved.exists()
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == []
    assert folder.exists()
    with temporary_folder("test"):
        assert not folder.exists()


def test_a_name_just_taken_is_nobodys_leftover(library: Database) -> None:
    """However many copies are made at once, each keeps the name that it took."""
    gone = []

    def back_up(_: int) -> list[Path]:
        copies = []
        for _ in range(6):
            copies.append(backup(library.path))
            if not copies[-1].stat().st_size:
                gone.append(copies[-1])
        return copies

    with ThreadPoolExecutor(6) as pool:
        copies = [copy for made in pool.map(back_up, range(6)) for copy in made]
    assert gone == []
    assert len(set(copies)) == 36


def test_what_a_killed_run_left_goes_while_nobody_has_waited_for_its_process(library: Database, tmp_path: Path) -> None:
    process, part, folder = hold(tmp_path / "other.db")
    process.send_signal(signal.SIGKILL)
    assert process.stdout is not None
    assert process.stdout.read() == ""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    backup(library.path, tmp_path / "copy.db")
    assert not part.exists()
    with temporary_folder("test"):
        assert not folder.exists()
    process.communicate(timeout=LONG)


def test_a_dry_run_removes_the_copy_of_a_killed_one(library: Database, tmp_path: Path) -> None:
    place = tmp_path / "temporary"
    dead = place / f"catalog-dry-run-{_dead_process()}-abc12_3"
    dead.mkdir()
    (dead / "catalog.db").touch()
    alive = place / f"catalog-dry-run-{os.getppid()}-abc"
    alive.mkdir()
    other = place / "catalog-dry-run-of-mine"
    other.mkdir()
    import_paths(library, [tmp_path / "temporary"], source="studio", dry_run=True)
    assert sorted(place.iterdir()) == sorted([alive, other])


def test_one_that_this_process_is_about_to_write_stays(tmp_path: Path) -> None:
    part = name_part(tmp_path / "copy.db")
    part.touch()
    name_part(tmp_path / "other.db")
    assert part.exists()
    remove_part(part)
    assert not part.exists()


def test_a_running_one_with_our_own_number_is_held(tmp_path: Path) -> None:
    part = tmp_path / f"copy.db.{os.getpid()}.catalog.part"
    part.touch()
    with held(part):
        name_part(tmp_path / "other.db")
        assert part.exists()
    name_part(tmp_path / "other.db")
    assert not part.exists()


def test_parts_of_earlier_versions_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    dead = _dead_process()
    ours = {f"a.db.{dead}.part": b"SQLite format 3\0...", f"a.db.{dead}.part-journal": b"\xd9\xd5\x05\xf9 \xa1c\xd7.."}
    others = {
        f"film.mp4.{dead}.part": b"\0\0\0 ftypisom",
        f"empty.{dead}.part": b"",
        "film.part": b"SQLite format 3\0",
        f"a.db.{os.getppid()}.part": b"SQLite format 3\0",
        f"a.db.{os.getppid()}.catalog.part": b"",
        "catalog.db.20261121T105703Z.backup": b"SQLite format 3\0",
    }
    for name, content in (ours | others).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / f"link.{dead}.catalog.part").symlink_to(tmp_path / "film.part")
    (tmp_path / f"folder.{dead}.catalog.part").mkdir()
    name_part(tmp_path / "new.db")
    left = {path.name for path in tmp_path.iterdir()} - {"temporary"}
    assert left == others.keys() | {f"link.{dead}.catalog.part", f"folder.{dead}.catalog.part"}


def test_a_dry_run_without_a_place_for_temporary_files_is_an_error_that_says_so(
    library: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog.errors import CatalogError

    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    with pytest.raises(CatalogError, match="TMPDIR"):
        import_paths(library, ["x.json"], source="studio", dry_run=True)


def _dead_process() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(LONG)
    return process.pid
