"""Who may read a library and its copies, and what those see who may read it and not write its folder."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
import warnings
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog import database
from catalog.capture.spool import rewrite_note, set_aside, write_note
from catalog.database import Database
from catalog.errors import CatalogError
from catalog.library import backup, check_library, create_library, migrate, open_library, restore
from catalog.sharing import ChangedMeanwhile, Readers, leaves_log, retried
from tests.house import new_library
from tests.test_database import ADD_VIDEO, run_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534
GROUP = 54321


def modes(folder: Path) -> dict[str, str]:
    return {path.name: f"{stat.S_IMODE(path.stat().st_mode):o}" for path in sorted(folder.iterdir())}


def add(library: Database, name: str) -> None:
    with library.write() as connection:
        connection.execute(ADD_VIDEO, (name, "a prompt " * 50))


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


# How private copies are


@pytest.mark.usefixtures("umask")
def test_a_library_and_all_that_is_made_of_it_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    folder.chmod(0o755)
    library = new_library(folder / "catalog.db")
    add(library, "v1")
    note = write_note(library.path, {"kind": "call"})
    assert modes(note.parent) == {note.name: "600"}
    backup(library.path, folder / "copy.db")
    backup(library.path)
    restore(library.path, folder / "copy.db")
    restore(folder / "new.db", folder / "copy.db")
    assert set_aside(note).parent.stat().st_mode & 0o777 == 0o700
    files = modes(folder)
    assert files.pop("catalog.db.spool") == "700"
    assert set(files.values()) == {"600"}
    assert len(files) >= 6, files
    library.close()


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A library that its owner opened to a group."""
    path = tmp_path / "catalog.db"
    library = new_library(path)
    add(library, "v1")
    library.close()
    path.chmod(0o660)
    with suppress(PermissionError):
        os.chown(path, -1, GROUP)
    return path


@pytest.mark.usefixtures("umask")
def test_a_mode_and_group_that_the_owner_chose_are_kept_on_all_of_them(shared: Path) -> None:
    library = open_library(shared)
    add(library, "v2")
    copy = backup(shared)
    backup(shared, shared.with_name("copy.db"))
    restore(shared, copy)
    restore(shared.with_name("new.db"), copy)
    shared.write_bytes(b"damaged " * 1000)
    restore(shared, copy)
    assert set(modes(shared.parent).values()) == {"660"}
    assert {file.stat().st_gid for file in shared.parent.iterdir()} == {shared.stat().st_gid}
    library.close()


def test_a_note_is_read_by_whom_the_library_is_open_to_and_written_by_its_user_alone(shared: Path) -> None:
    note = write_note(shared, {"kind": "call"})
    assert modes(note.parent) == {note.name: "640"}
    assert stat.S_IMODE(note.parent.stat().st_mode) == 0o750
    assert note.stat().st_gid == note.parent.stat().st_gid == shared.stat().st_gid
    rewrite_note(note, {"kind": "call", "seen": True})
    assert modes(note.parent) == {note.name: "640"}


def test_a_copy_made_before_a_migration_is_as_private_as_the_library(tmp_path: Path) -> None:
    from catalog.library import APPLICATION_ID
    from catalog.upgrading import upgrade

    path = tmp_path / "catalog.db"
    run_sql(path, f"PRAGMA application_id={APPLICATION_ID}")
    upgrade(path, "0001")
    path.chmod(0o640)
    copy = migrate(path).backup
    assert copy is not None
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640


def test_an_open_log_is_closed_with_the_library(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    library = new_library(path)
    path.chmod(0o644)
    add(library, "v1")
    library.close()
    assert modes(tmp_path) == {"catalog.db": "644", "catalog.db-shm": "644", "catalog.db-wal": "644"}
    path.chmod(0o600)
    add(library, "v2")
    assert set(modes(tmp_path).values()) == {"600"}
    library.close()


def test_a_backup_that_others_could_read_is_restored_for_its_owner_alone(library_path: Path, tmp_path: Path) -> None:
    copy = backup(library_path, tmp_path / "copy.db")
    copy.chmod(0o644)
    restore(tmp_path / "new.db", copy)
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_a_library_behind_a_link_is_private_and_its_log_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "catalog.db"
    link.symlink_to(tmp_path / "disk" / "real.db")
    library = new_library(link)
    link.chmod(0o640)
    add(library, "v1")
    library.close()
    assert modes(tmp_path / "disk") == {"real.db": "640", "real.db-shm": "640", "real.db-wal": "640"}


# What a reader sees who may not write


@contextmanager
def reader(path: Path) -> Iterator[Callable[[], str]]:
    """A process of another user's that keeps the library open, and is asked for the number of videos.

    It is forked, so this process must have no connection to the library then: SQLite's would be shared.
    """
    if os.geteuid():
        pytest.skip("another user's process takes root")
    (asked, ask_in), (answered, answer_in) = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads about: the child only runs this
        child = os.fork()
    if child == 0:
        os.close(ask_in)
        os.setgroups([GROUP])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        answer(path, asked, answer_in)
        os._exit(0)
    for handle in (asked, answer_in):
        os.close(handle)

    def ask() -> str:
        os.write(ask_in, b"?")
        return os.read(answered, 4000).decode()

    yield ask
    for handle in (ask_in, answered):
        os.close(handle)
    os.waitpid(child, 0)


def answer(path: Path, asked: int, answer_in: int) -> None:
    library = Database(path, check=check_library)
    while os.read(asked, 1):
        try:
            with library.read() as connection:
                text = str(connection.execute("SELECT count(*) FROM videos").fetchone()[0])
        except Exception as error:  # noqa: BLE001
            text = f"{type(error).__name__}: {error}"
        os.write(answer_in, text.encode())


@pytest.fixture(params=[0o750, 0o770, 0o755])
def house(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A library that a group may read, in folders of several modes; without a log, as earlier versions closed it."""
    folder = Path(tempfile.mkdtemp())
    library = new_library(folder / "catalog.db")
    add(library, "v1")
    library.close()
    for file in folder.glob("catalog.db-*"):
        file.unlink()
    for file in (folder, folder / "catalog.db"):
        with suppress(PermissionError):
            os.chown(file, -1, GROUP)
    (folder / "catalog.db").chmod(0o640)
    folder.chmod(request.param)
    yield folder
    shutil.rmtree(folder)


def test_a_reader_sees_what_the_owner_writes_opens_and_closes(house: Path) -> None:
    with reader(house / "catalog.db") as ask:
        seen = [ask()]
        for number in range(3):
            library = open_library(house / "catalog.db")
            seen.append(ask())
            add(library, f"w{number}")
            seen.append(ask())
            with library.write() as connection:
                connection.executemany(ADD_VIDEO, [(f"{number}-{row}", "prompt " * 300) for row in range(2999)])
            seen.append(ask())
            library.close()
            seen.append(ask())
        with reader(house / "catalog.db") as another:
            assert another() == seen[-1]
    assert seen == ["1", "1", "2", "3001", "3001", "3001", "3002", "6001", "6001", "6001", "6002", "9001", "9001"]
    assert {file.stat().st_uid for file in house.iterdir()} == {os.geteuid()}


def test_a_reader_leaves_no_log_that_would_lock_the_owner_out(house: Path) -> None:
    with reader(house / "catalog.db") as ask:
        assert ask() == "1"
    assert set(modes(house)) == {"catalog.db"}


def test_a_reader_sees_a_library_that_took_the_place_of_another(house: Path) -> None:
    path = house / "catalog.db"
    with reader(path) as ask:
        library = open_library(path)
        add(library, "v2")
        assert ask() == "2"
        copy = backup(path, house / "copy.db")
        add(library, "v3")
        assert ask() == "3"
        library.close()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink()
        copy.replace(path)
        assert ask() == "2"
        library = open_library(path)
        add(library, "v4")
        assert ask() == "3"
        library.close()


def test_a_log_that_only_its_owner_may_read_is_named(house: Path) -> None:
    path = house / "catalog.db"
    with reader(path) as ask:
        library = open_library(path)
        add(library, "v2")
        (house / "catalog.db-wal").chmod(0o600)
        assert f"CatalogError: cannot read the library {path}, because you may not read the log beside it" in ask()
        library.close()
        assert ask() == "2"
        add(library, "v3")
        assert ask() == "3"
        library.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, which can be made read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=False).returncode:
        pytest.skip("a disk of one's own takes root and mount")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("leftovers", [["-wal", "-shm"], ["-wal"], []])
def test_a_read_only_disk_shows_what_was_committed(disk: Path, library_path: Path, leftovers: list[str]) -> None:
    library = open_library(library_path)
    add(library, "v1")
    for suffix in ["", *leftovers]:
        shutil.copy(f"{library_path}{suffix}", disk / f"catalog.db{suffix}")
    library.close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    library = open_library(disk / "catalog.db")
    with library.read() as connection:
        assert connection.execute("SELECT count(*) FROM videos").fetchone()[0] == (1 if leftovers else 0)
        assert connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    assert backup(disk / "catalog.db", library_path.with_name("copy.db")).exists()
    library.close()


def test_what_was_read_without_locks_while_the_file_changed_is_not_believed(library_path: Path) -> None:
    library = open_library(library_path)
    add(library, "v1")
    library.close()
    readers = Readers(library_path, lambda: frozen(library_path))
    with readers.borrow() as first:
        pass
    with readers.borrow() as second:
        assert second is first
    with pytest.raises(CatalogError, match=r"catalog.db was written while it was read: try again"), readers.borrow():
        add(library, "v2")
    with (
        pytest.raises(CatalogError, match="try again"),
        suppress(database.OperationalError),
        readers.borrow() as second,
    ):
        second.execute(f"SELECT {add(library, 'v3')} what a mixture leads to")
    with readers.borrow() as third:
        assert third is not first
    readers.close()
    library.close()


def frozen(path: Path) -> object:
    connection = database.connect(path, mode="ro&immutable=1")
    connection.is_locked = False
    return connection


def test_a_private_library_leaves_no_log(tmp_path: Path) -> None:
    create_library(tmp_path / "catalog.db")
    assert not leaves_log(tmp_path / "catalog.db")
    assert modes(tmp_path) == {"catalog.db": "600"}
    library = open_library(tmp_path / "catalog.db")
    with closing(Database(tmp_path / "catalog.db")) as other:
        add(other, "v1")
    library.close()


def test_a_read_that_can_be_repeated_is_while_the_file_changes() -> None:
    tries = iter([True, True, False])

    def read() -> str:
        if next(tries):
            raise ChangedMeanwhile("try again")
        return "whole"

    assert retried(read) == "whole"
    tries = iter([True] * 99)
    with pytest.raises(ChangedMeanwhile):
        retried(read)
