"""The library file: opening whatever a path holds, and reading and writing from several processes at once."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from catalog import database
from catalog.database import Database, connections
from catalog.errors import CatalogError, NotFound, SchemaError, SchemaOutdated, SchemaTooNew
from catalog.library import (
    APPLICATION_ID,
    NO_SCHEMA,
    SCHEMA_VERSION,
    backup,
    create_library,
    migrate,
    open_library,
    read_version,
    restore,
)
from catalog.upgrading import upgrade
from tests.house import LONG, new_library, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.synchronize import Barrier

SPAWN = multiprocessing.get_context("spawn")
NOBODY = 65534

ADD_SOURCE = "INSERT INTO sources (name, health, cursor) VALUES ('studio', 'ok', '0')"
LATE = "SELECT count(*) FROM videos WHERE prompt = 'late'"
ADD_VIDEO = "INSERT INTO videos (source, remote_id, kind, status, prompt) VALUES ('studio', ?, 'video', 'queued', ?)"


def write(library: Database, *statements: str) -> None:
    with library.write() as connection:
        for statement in statements:
            connection.execute(statement)


def fill(library: Database, count: int = 2000) -> None:
    with library.write() as connection:
        connection.executemany(ADD_VIDEO, [(f"v{number}", f"prompt {number} " * 5) for number in range(count)])


def fill_one(library: Database, name: str) -> None:
    with library.write() as connection:
        connection.execute(ADD_VIDEO, (name, "made by me"))


def value(library: Database, query: str) -> Any:
    with library.read() as connection:
        return connection.execute(query).fetchone()[0]


def run_sql(path: Path, *statements: str) -> None:
    with closing(database.driver.connect(str(path), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def damage(path: Path, needle: bytes, filler: bytes = b"\xa5" * 3000) -> None:
    """Overwrite the page that holds the needle."""
    content = bytearray(path.read_bytes())
    start = content.index(needle) // 4096 * 4096
    content[start : start + len(filler)] = filler
    path.write_bytes(content)


def message(error: pytest.ExceptionInfo[BaseException]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


# Opening


def test_a_missing_file_becomes_a_library_where_asked_to(tmp_path: Path) -> None:
    library = new_library(tmp_path / "new.db")
    assert value(library, "SELECT count(*) FROM videos") == 0
    library.close()


def test_a_library_that_is_there_is_left_as_it_is(library: Database) -> None:
    fill(library, 3)
    create_library(library.path)
    assert value(library, "SELECT count(*) FROM videos") == 3


def test_a_missing_file_is_not_made_by_opening_reading_or_writing(tmp_path: Path) -> None:
    library = open_library(tmp_path / "none.db")
    missing = r"no library at .*none.db: check the path, or make one with `catalog init`"
    with pytest.raises(NotFound, match=missing) as error:
        value(library, "SELECT count(*) FROM videos")
    assert error.value.path == str(tmp_path / "none.db")
    with pytest.raises(NotFound, match=missing):
        write(library, ADD_SOURCE)
    assert not library.is_made
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("begun", ["nothing", "an empty file", "an unfinished library"])
def test_a_library_that_is_made_after_opening_is_read_and_written(tmp_path: Path, begun: str) -> None:
    path = tmp_path / "late.db"
    if begun == "an empty file":
        path.touch()
    elif begun == "an unfinished library":
        run_sql(path, f"PRAGMA application_id={APPLICATION_ID}")
    library = open_library(path)
    content = path.read_bytes() if path.exists() else None
    for _ in range(2):
        with pytest.raises(NotFound):
            value(library, "SELECT count(*) FROM videos")
        with pytest.raises(NotFound):
            write(library, ADD_SOURCE)
    assert (path.read_bytes() if path.exists() else None) == content
    create_library(path)
    write(library, ADD_SOURCE)
    assert value(library, "SELECT count(*) FROM sources") == 1
    library.close()


def test_another_file_that_comes_after_opening_is_told(tmp_path: Path, old_path: Path) -> None:
    library = open_library(tmp_path / "late.db")
    shutil.copy(old_path, library.path)
    with pytest.raises(SchemaOutdated, match=r"run `catalog migrate`"):
        value(library, "SELECT 1")
    with pytest.raises(SchemaOutdated):
        write(library, ADD_SOURCE)
    library.path.write_text("hello")
    with pytest.raises(SchemaError, match=r"not a catalog library"):
        value(library, "SELECT 1")


def test_the_first_write_makes_the_library_where_that_is_meant(tmp_path: Path) -> None:
    library = open_library(tmp_path / "new.db")
    made: list[Path] = []

    def make() -> None:
        create_library(library.path)
        made.append(library.path)

    with library.making(make):
        with pytest.raises(NotFound):
            value(library, "SELECT 1")
        assert made == []
        write(library, ADD_SOURCE, "UPDATE sources SET cursor = '1'")
        write(library, "UPDATE sources SET cursor = '2'")
    assert (made, value(library, "SELECT cursor FROM sources")) == ([library.path], "2")
    library.close()


def test_only_the_thread_that_means_it_makes_a_library(tmp_path: Path) -> None:
    library = open_library(tmp_path / "new.db")
    with library.making(lambda: create_library(library.path)), ThreadPoolExecutor(1) as pool:
        refused = pool.submit(write, library, ADD_SOURCE).exception()
    assert isinstance(refused, NotFound)
    with pytest.raises(NotFound):
        write(library, ADD_SOURCE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_an_interrupted_creation_is_completed(tmp_path: Path, journal: str) -> None:
    path = tmp_path / "half.db"
    run_sql(path, f"PRAGMA application_id={APPLICATION_ID}", f"PRAGMA journal_mode={journal}")
    with pytest.raises(NotFound, match=r"no library at .*half.db"):
        migrate(path)
    library = new_library(path)
    fill(library, 1)
    library.close()


def test_a_library_is_known_as_one_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if path.exists() and path.stat().st_size:
                seen.add(read_version(path))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        create_library(path)
    finally:
        done.set()
        watcher.join()
    assert seen <= {NO_SCHEMA, SCHEMA_VERSION}


def test_a_name_with_the_characters_of_a_uri_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20 é.db"
    create_library(path)
    assert path.stat().st_size > 0


@pytest.fixture
def old_path(tmp_path: Path) -> Path:
    """A library as the first version made it, with three videos."""
    path = tmp_path / "old.db"
    run_sql(path, f"PRAGMA application_id={APPLICATION_ID}", "PRAGMA journal_mode=WAL")
    upgrade(path, "0001")
    library = Database(path)
    fill(library, 3)
    library.close()
    return path


def test_an_old_schema_names_the_command_that_helps(old_path: Path) -> None:
    with pytest.raises(SchemaOutdated, match=r"has schema 0001, but this catalog needs \d{4}: run `catalog migrate`"):
        open_library(old_path)


def test_a_newer_schema_asks_for_a_newer_package(library_path: Path) -> None:
    run_sql(library_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match=r"schema 9999, newer than .*: upgrade the catalog package"):
        open_library(library_path)


@pytest.mark.parametrize(
    "loss",
    [
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
        "UPDATE alembic_version SET version_num = 'next'",
        "UPDATE alembic_version SET version_num = '0000'",
        "INSERT INTO alembic_version VALUES ('0000')",
    ],
)
def test_a_lost_schema_version_is_told(library_path: Path, loss: str) -> None:
    run_sql(library_path, loss)
    with pytest.raises(SchemaError, match=r"has lost its schema version: run `catalog restore BACKUP`"):
        open_library(library_path)


@pytest.mark.parametrize("statement", ["CREATE TABLE other (a)", "PRAGMA user_version=3"])
def test_another_programs_database_is_left_alone(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "places.sqlite"
    run_sql(path, statement)
    before = path.read_bytes()
    with pytest.raises(SchemaError, match=r"places.sqlite is an SQLite database but not a catalog library"):
        open_library(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"hello", b"hello, world\n" * 1000])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=r"notes.txt is not a catalog library: it is not an SQLite file"):
        open_library(path)
    assert path.read_bytes() == content


def test_a_damaged_schema_is_found_on_opening(library_path: Path) -> None:
    content = bytearray(library_path.read_bytes())
    content[100:700] = b"\xff" * 600
    library_path.write_bytes(content)
    with pytest.raises(SchemaError, match=r"is damaged .*: run `catalog restore BACKUP`"):
        open_library(library_path)


def test_a_library_cut_short_is_found_on_opening(library_path: Path) -> None:
    os.truncate(library_path, 5000)
    with pytest.raises(SchemaError, match=r"is damaged"):
        open_library(library_path)


def test_a_folder_is_not_a_library(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"is a folder: name the library file in it"):
        open_library(tmp_path)


def test_a_device_is_not_a_library() -> None:
    with pytest.raises(SchemaError, match=r"/dev/null is not a file"):
        open_library(os.devnull)


@pytest.mark.parametrize("inside", ["nowhere/catalog.db", "file/catalog.db"])
def test_a_missing_folder_is_named(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CatalogError, match=r"cannot make the library .*: create the folder .* first"):
        create_library(tmp_path / inside)
    with pytest.raises(NotFound, match="no library at"):
        value(open_library(tmp_path / inside), "SELECT 1")


def test_a_nul_in_the_path_is_refused_before_sqlite_cuts_the_name_there(tmp_path: Path) -> None:
    for opening in (open_library, create_library):
        with pytest.raises(CatalogError, match=r"a path cannot contain NUL") as error:
            opening(f"{tmp_path}/a\0b.db")
        assert "\0" not in message(error)
    assert list(tmp_path.iterdir()) == []


def test_a_name_too_long_is_refused_in_a_short_message(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"too long") as error:
        open_library(tmp_path / ("a" * 5000))
    assert len(message(error)) < 400


# Folders that we may not write. Root may write anywhere, so these run as another user then.


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder with a library that may be read and not written."""
    folder = Path(tempfile.mkdtemp())
    library = new_library(folder / "catalog.db")
    fill(library, 3)
    library.close()
    for leftover in ("catalog.db-wal", "catalog.db-shm"):
        (folder / leftover).unlink(missing_ok=True)
    (folder / "catalog.db").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def outcome_unprivileged(action: Callable[[], object]) -> str:
    """What `action` returns or raises, as text, in a process without root's rights."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads about: the child only runs this
        child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            answer = repr(action())
        except CatalogError as error:
            answer = f"{type(error).__name__}: {error}"
        except BaseException:  # noqa: BLE001
            answer = traceback.format_exc()
        os.write(writing, answer.encode()[:4000])
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:  # noqa: PTH123
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def test_a_library_cannot_be_made_in_a_closed_folder(closed_folder: Path) -> None:
    answer = outcome_unprivileged(lambda: create_library(closed_folder / "new.db"))
    assert answer.startswith(f"CatalogError: cannot make the library {closed_folder}/new.db: ")


def test_a_library_in_a_closed_folder_can_be_read(closed_folder: Path) -> None:
    def count() -> Any:
        return value(open_library(closed_folder / "catalog.db"), "SELECT count(*) FROM videos")

    assert outcome_unprivileged(count) == "3"


def test_a_library_in_a_closed_folder_can_be_backed_up_elsewhere(closed_folder: Path, tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    try:
        answer = outcome_unprivileged(lambda: backup(closed_folder / "catalog.db", folder / "copy.db").name)
        assert answer == "'copy.db'"
        copy = open_library(folder / "copy.db")
        assert value(copy, "SELECT count(*) FROM videos") == 3
        copy.close()
    finally:
        shutil.rmtree(folder)


def test_a_write_in_a_closed_folder_says_what_failed(closed_folder: Path) -> None:
    answer = outcome_unprivileged(lambda: write(Database(closed_folder / "catalog.db"), ADD_SOURCE))
    assert answer.startswith(f"CatalogError: cannot write to the library {closed_folder}/catalog.db: ")


def test_a_folder_that_may_not_be_entered_is_told() -> None:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0)
    try:
        answer = outcome_unprivileged(lambda: open_library(folder / "catalog.db"))
    finally:
        folder.rmdir()
    assert answer == f"CatalogError: cannot open '{folder}/catalog.db': Permission denied"


# Damage that shows later


def test_damage_that_shows_while_reading_names_the_file_and_the_way_out(library_path: Path) -> None:
    library = open_library(library_path)
    fill(library)
    library.close()
    damage(library_path, b"prompt 1000 ")
    with pytest.raises(SchemaError, match=r"catalog.db is damaged .*: run `catalog restore BACKUP`") as error:
        value(library, "SELECT sum(length(prompt)) FROM videos")
    assert "malformed" in message(error)
    library.close()


def test_damaged_letters_are_told_without_repeating_them(library_path: Path) -> None:
    library = open_library(library_path)
    fill(library, 3)
    library.close()
    content = library_path.read_bytes()
    library_path.write_bytes(content.replace(b"prompt 1 prompt", b"pro\xff\xfet 1 prompt"))
    with pytest.raises(SchemaError, match=r"is damaged \(Could not decode to UTF-8 column 'prompt'\)"):
        value(library, "SELECT prompt FROM videos WHERE remote_id = 'v1'")
    library.close()


def test_a_damaged_full_text_index_is_damage_too(library_path: Path) -> None:
    library = open_library(library_path)
    fill(library, 300)
    write(library, "INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")
    library.close()
    run_sql(library_path, "UPDATE videos_fts_data SET block = x'00ff00ff00ff' WHERE id > 10")
    with pytest.raises(SchemaError, match=r"is damaged"):
        value(library, "SELECT count(*) FROM videos_fts WHERE videos_fts MATCH 'prompt'")
    library.close()


def test_damage_that_shows_while_writing_is_told(library_path: Path) -> None:
    library = open_library(library_path)
    fill(library)
    library.close()
    damage(library_path, b"prompt 1000 ")
    with pytest.raises(SchemaError, match=r"is damaged"):
        write(library, "UPDATE videos SET prompt = upper(prompt)")
    library.close()


def test_a_library_that_vanished_is_told(library_path: Path) -> None:
    library = open_library(library_path)
    library_path.unlink()
    library.close()
    with pytest.raises(NotFound, match=r"no library at"):
        value(library, "SELECT 1")
    with pytest.raises(NotFound, match=r"no library at"):
        write(library, ADD_SOURCE)
    assert not library_path.exists()


def test_an_error_in_our_own_sql_stays_a_bug(library: Database) -> None:
    with pytest.raises(database.OperationalError, match=r"no such column"):
        value(library, "SELECT no_such FROM videos")
    with pytest.raises(Exception, match=r"no such table") as error:
        write(library, "DELETE FROM no_such")
    assert not isinstance(error.value, CatalogError)


def test_a_reader_cannot_write(library: Database) -> None:
    with pytest.raises(CatalogError, match=r"cannot read the library .*: attempt to write a readonly database"):
        value(library, "DELETE FROM videos RETURNING 1")


# Transactions


def test_an_exception_undoes_the_whole_write(library: Database) -> None:
    with suppress(RuntimeError), library.write() as connection:
        connection.execute(ADD_SOURCE)
        raise RuntimeError
    assert value(library, "SELECT count(*) FROM sources") == 0


def test_a_read_is_one_snapshot_of_its_beginning_while_another_writes(library: Database) -> None:
    fill(library, 1)
    with library.read() as connection, closing(Database(library.path)) as other:
        write(other, "DELETE FROM videos")
        with library.read() as inner:
            assert inner is connection
        assert connection.execute("SELECT count(*) FROM videos").fetchone()[0] == 1
        assert value(other, "SELECT count(*) FROM videos") == 0
    assert value(library, "SELECT count(*) FROM videos") == 0


def test_a_write_inside_a_read_is_refused_and_one_of_another_thread_is_not(library: Database) -> None:
    with library.read(), library.read(), ThreadPoolExecutor(1) as pool:
        with pytest.raises(CatalogError, match=r"cannot write to the library .* inside `reading\(\)`: end that block"):
            write(library, ADD_SOURCE)
        pool.submit(fill, library, 1).result()
    write(library, ADD_SOURCE)
    assert value(library, "SELECT (SELECT count(*) FROM sources) + (SELECT count(*) FROM videos)") == 2


def test_damage_met_inside_a_read_is_told_where_it_is_met(library_path: Path) -> None:
    library = open_library(library_path)
    fill(library)
    library.close()
    damage(library_path, b"prompt 1000 ")
    with library.read(), pytest.raises(SchemaError, match="is damaged"):
        value(library, "SELECT sum(length(prompt)) FROM videos")
    library.close()


def test_a_failed_read_leaves_no_snapshot_behind(library: Database) -> None:
    with suppress(RuntimeError), library.read() as connection:
        connection.execute("SELECT count(*) FROM videos").fetchone()
        raise RuntimeError
    fill(library, 1)
    assert value(library, "SELECT count(*) FROM videos") == 1


def test_a_reader_and_a_writer_do_not_block_each_other(library_path: Path) -> None:
    library = open_library(library_path, busy_timeout=0.0)
    with library.read(), closing(open_library(library_path, busy_timeout=0.0)) as other:
        fill(other, 1)
    with library.write() as writer:
        writer.execute("DELETE FROM videos")
        assert value(library, "SELECT count(*) FROM videos") == 1
    library.close()


def test_threads_read_through_connections_of_their_own_and_hand_them_on(library: Database) -> None:
    fill(library, 1)
    together = threading.Barrier(4)
    seen: list[int] = []

    def look() -> None:
        with library.read() as connection:
            together.wait()
            seen.append(id(connection))
            assert connection.execute("SELECT count(*) FROM videos").fetchone()[0] == 1
            together.wait()

    for _ in range(2):
        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(seen), len(set(seen))) == (8, 4)


@pytest.mark.parametrize("count", [0, 1, 40_000])
def test_a_list_of_any_length_reaches_a_statement(library: Database, count: int) -> None:
    fill(library, 3)
    names = [f"v{number}" for number in range(count)]
    with library.read() as connection:
        query = "SELECT remote_id FROM videos WHERE source = :source AND remote_id IN :names AND id IN :ids ORDER BY id"
        rows = connection.execute(query, {"source": "studio", "names": names, "ids": [3, 2, 1]}).fetchall()
    assert [row["remote_id"] for row in rows] == names[:3]


def test_a_list_is_looked_up_in_an_index(library: Database) -> None:
    query = "EXPLAIN QUERY PLAN SELECT id FROM videos WHERE source = 'studio' AND remote_id IN :names"
    with library.read() as connection:
        plan = [row["detail"] for row in connection.execute(query, {"names": ["v1"]})]
    assert any(step.startswith("SEARCH videos") and "remote_id=?" in step for step in plan), plan


def test_a_list_that_stands_after_no_in_is_refused(library: Database) -> None:
    with library.read() as connection, pytest.raises(ValueError, match="'names' stands after no IN"):
        connection.execute("SELECT :names", {"names": ["a"]})


@pytest.mark.parametrize("hidden", ["nothing", "pysqlite3"])
def test_texts_in_a_list_stay_whole_with_either_sqlite(library: Database, hidden: str) -> None:
    """Older libraries end a text in JSON at a NUL; ours is hidden here, so that the standard library's serves."""
    texts = ["a\0b", "'; DROP TABLE videos", "東京", 'quote " and \\u0000']
    with library.write() as connection:
        connection.executemany(ADD_VIDEO, [(text, "a prompt") for text in [*texts, "a"]])
    program = (
        f"import sys; sys.modules[{hidden!r}] = None\n"
        "from catalog.database import Database\n"
        f"with Database({str(library.path)!r}).read() as connection:\n"
        f"    query = 'SELECT remote_id FROM videos WHERE remote_id IN :texts ORDER BY id'\n"
        f"    print([row['remote_id'] for row in connection.execute(query, {{'texts': {texts!r}}})] == {texts!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_one_writer_is_kept_and_used_again(library: Database) -> None:
    with library.write() as first:
        pass
    with library.write() as second:
        assert second is first
    library.close()
    with library.write() as third:
        assert third is not first


def test_a_write_that_failed_leaves_no_transaction_behind(library: Database) -> None:
    for _ in range(2):
        with pytest.raises(database.IntegrityError):
            write(library, ADD_SOURCE, ADD_SOURCE)
    write(library, ADD_SOURCE)
    assert value(library, "SELECT count(*) FROM sources") == 1


def test_a_row_of_a_writer_is_read_by_index_and_by_name(library: Database) -> None:
    with library.write() as connection:
        connection.execute(ADD_SOURCE)
        row = connection.execute("SELECT name, health FROM sources").fetchone()
    assert (row[0], row["health"]) == ("studio", "ok")


def test_foreign_keys_bind_every_writer(library: Database) -> None:
    with pytest.raises(Exception, match=r"FOREIGN KEY"):
        write(library, "INSERT INTO changes (video_id, field, observed_at) VALUES (99, 'status', 'now')")


def test_a_writer_waits_for_the_disk(library: Database) -> None:
    with library.write() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_file_is_put_into_wal_mode_as_soon_as_another_writer_ends(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with closing(database.connect(path)) as other, closing(database.connect(path)) as connection:
        other.execute("CREATE TABLE one (a)")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(database.OperationalError, match="locked"):
            database.use_wal(connection, 0.0)
        timer = threading.Timer(0.1, other.execute, ["COMMIT"])
        timer.start()
        database.use_wal(connection)
        timer.join()
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_library_that_a_power_cut_left_outside_of_its_wal_is_rolled_back(library: Database, tmp_path: Path) -> None:
    """As one is while it is made, or when a copied backup is written to for the first time."""
    fill(library)
    copied = backup(library.path, tmp_path / "copy.db")
    cut = tmp_path / "cut.db"
    with closing(database.connect(copied)) as connection:
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE videos SET prompt = 'half of it'")
        for suffix in ("", "-journal"):
            shutil.copy(f"{copied}{suffix}", f"{cut}{suffix}")
    assert value(open_library(cut), "SELECT count(*) FROM videos WHERE prompt = 'half of it'") == 0
    assert not Path(f"{cut}-journal").exists()


def test_a_library_whose_making_a_power_cut_took_back_is_made_again(tmp_path: Path) -> None:
    cut = tmp_path / "cut.db"
    with closing(database.connect(tmp_path / "new.db")) as connection:
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE filling (a)")
        connection.execute("INSERT INTO filling SELECT randomblob(1000000)")
        for suffix in ("", "-journal"):
            shutil.copy(tmp_path / f"new.db{suffix}", f"{cut}{suffix}")
    assert cut.stat().st_size
    assert not open_library(cut).is_made
    create_library(cut)
    assert value(open_library(cut), "SELECT count(*) FROM videos") == 0


def test_a_busy_library_is_told_after_the_time_out(library_path: Path) -> None:
    library = open_library(library_path)
    impatient = open_library(library_path, busy_timeout=0.05)
    with library.write() as connection:
        connection.execute(ADD_SOURCE)
        with pytest.raises(CatalogError, match=r"is busy: another process has been writing for too long, try again"):
            write(impatient, "DELETE FROM sources")
    library.close()
    impatient.close()


def test_a_writer_gets_its_turn_beside_one_that_hardly_pauses(library: Database) -> None:
    """Ten writes, each while another thread is in one long transaction after another, a millisecond between them."""
    write(library, ADD_SOURCE)
    turns, held, done = 0, threading.Event(), threading.Event()
    waits = []

    def write_without_end() -> None:
        nonlocal turns
        while not done.wait(0.001):
            with library.write():
                turns += 1
                held.set()
                time.sleep(0.03)

    other = threading.Thread(target=write_without_end)
    other.start()
    try:
        for _ in range(10):
            held.clear()
            held.wait(LONG)
            before = turns
            write(library, "UPDATE sources SET cursor = 'mine'")
            waits.append(turns - before)
    finally:
        done.set()
        other.join()
    assert sum(waits) < 150


def test_a_waiting_writer_tries_more_often_the_longer_it_waits() -> None:
    averages = [sum(connections._pause(age) for _ in range(200)) / 200 for age in (0.0, 0.1, 10.0)]
    assert averages == sorted(averages, reverse=True)
    assert 0 < averages[-1] < 0.005


def count_up(library: Database, times: int) -> None:
    """Read a number, then write the next: what loses updates where a write does not begin with the lock."""
    for _ in range(times):
        with library.write() as connection:
            number = connection.execute("SELECT cursor FROM sources").fetchone()[0]
            connection.execute("UPDATE sources SET cursor = ?", (str(int(number) + 1),))


def count_up_in_a_process(path: Path, times: int) -> None:
    count_up(open_library(path), times)


def test_processes_that_read_then_write_lose_nothing(library_path: Path) -> None:
    library = open_library(library_path)
    write(library, ADD_SOURCE)
    with SPAWN.Pool(3) as pool:
        pool.starmap(count_up_in_a_process, [(library_path, 40)] * 3, chunksize=1)
    assert value(library, "SELECT cursor FROM sources") == "120"
    library.close()


def test_threads_that_read_then_write_lose_nothing(library: Database) -> None:
    write(library, ADD_SOURCE)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            count_up(library, 10)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert value(library, "SELECT cursor FROM sources") == "120"


def test_a_writer_keeps_its_connection_while_other_threads_wait(library_path: Path) -> None:
    library = open_library(library_path, busy_timeout=0.02)
    refusals: list[str] = []

    def try_to_write() -> None:
        try:
            write(library, ADD_SOURCE)
        except CatalogError as error:
            refusals.append(str(error))

    with library.write() as connection:
        connection.execute(ADD_SOURCE)
        threads = [threading.Thread(target=try_to_write) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        connection.execute("UPDATE sources SET cursor = 'kept'")
    assert len(refusals) == 8
    assert value(library, "SELECT cursor FROM sources") == "kept"
    library.close()


def meet(barrier: Barrier) -> None:
    """Give a process of a pool the barrier at which it meets the others."""
    global together  # noqa: PLW0603 - only a pool's initializer can hand over a barrier
    together = barrier


def create_together(path: Path, name: str) -> str:
    together.wait(LONG)
    library = new_library(path)
    fill_one(library, name)
    library.close()
    return read_version(path)


def test_processes_may_create_one_library_at_once(tmp_path: Path) -> None:
    tasks = [(tmp_path / f"{turn}.db", f"v{name}") for turn in range(2) for name in range(4)]
    with SPAWN.Pool(4, meet, (SPAWN.Barrier(4),)) as pool:
        assert set(pool.starmap(create_together, tasks, chunksize=1)) == {SCHEMA_VERSION}
    assert [count_videos(tmp_path / f"{turn}.db") for turn in range(2)] == [4, 4]


def test_threads_may_create_libraries_at_once(tmp_path: Path) -> None:
    """Several of them one library, and several libraries at the same time."""
    together = threading.Barrier(6)

    def make(number: int) -> None:
        together.wait(LONG)
        path = tmp_path / f"{number % 3}.db"
        library = open_library(path)
        with library.making(lambda: create_library(path)):
            fill_one(library, f"v{number}")
        library.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(make, range(6)))
    assert [count_videos(tmp_path / f"{number}.db") for number in range(3)] == [2, 2, 2]


# Backup and restore


def test_a_backup_is_a_library_itself(library: Database, tmp_path: Path) -> None:
    fill(library, 3)
    copy = open_library(backup(library.path, tmp_path / "copy.db"))
    with copy.write() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert value(copy, "SELECT count(*) FROM videos") == 3
    copy.close()


def test_a_backup_made_while_another_writes_holds_what_was_committed(library: Database, tmp_path: Path) -> None:
    fill(library, 3)
    with library.write() as connection:
        connection.execute("DELETE FROM videos")
        backup(library.path, tmp_path / "copy.db")
    copy = open_library(tmp_path / "copy.db")
    assert value(copy, "SELECT count(*) FROM videos") == 3
    copy.close()


def test_a_backup_never_writes_over_a_file(library: Database, tmp_path: Path) -> None:
    target = tmp_path / "mine.txt"
    target.write_text("mine")
    with pytest.raises(CatalogError, match=r"cannot back up to .*mine.txt: it already exists"):
        backup(library.path, target)
    assert target.read_text() == "mine"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere/copy.db", "create the folder .* first"),
        ("a\0b.db", "cannot contain NUL"),
        ("b" * 300, "too long"),
    ],
)
def test_a_backup_to_an_impossible_place_is_one_clear_line(
    library: Database, tmp_path: Path, target: str, reason: str
) -> None:
    with pytest.raises(CatalogError, match=reason) as error:
        backup(library.path, tmp_path / target)
    assert message(error)
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []


def test_a_backup_of_nothing_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        backup(tmp_path / "none.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_library_is_not_backed_up_in_silence(library_path: Path, tmp_path: Path) -> None:
    library = open_library(library_path)
    fill(library)
    library.close()
    damage(library_path, b"prompt 1000 ")
    with pytest.raises(SchemaError, match=r"is damaged"):
        backup(library_path, tmp_path / "copy.db")
    assert not [path for path in tmp_path.iterdir() if "copy" in path.name]


@pytest.fixture
def saved(library_path: Path, tmp_path: Path) -> Path:
    """A backup with three videos, of a library that has two thousand more by now."""
    library = open_library(library_path)
    fill(library, 3)
    copy = backup(library_path, tmp_path / "saved.db")
    write(library, "DELETE FROM videos")
    fill(library)
    library.close()
    return copy


def count_videos(path: Path) -> int:
    library = open_library(path)
    try:
        return int(value(library, "SELECT count(*) FROM videos"))
    finally:
        library.close()


def test_a_restore_keeps_what_it_replaces(library_path: Path, saved: Path) -> None:
    point = restore(library_path, saved)
    assert point is not None
    assert point.name.startswith("catalog.db.")
    assert (count_videos(library_path), count_videos(point), count_videos(saved)) == (3, 2000, 3)


def test_a_restore_with_no_library_makes_one(tmp_path: Path, saved: Path) -> None:
    assert restore(tmp_path / "fresh.db", saved) is None
    assert count_videos(tmp_path / "fresh.db") == 3


def test_an_open_reader_sees_the_old_library_then_the_new(library: Database, saved: Path) -> None:
    with library.read() as connection:
        before = connection.execute("SELECT count(*) FROM videos").fetchone()[0]
        restore(library.path, saved)
        assert connection.execute("SELECT count(*) FROM videos").fetchone()[0] == before == 2000
    assert value(library, "SELECT count(*) FROM videos") == 3


def test_a_restored_library_can_be_written_by_those_who_had_it_open(library: Database, saved: Path) -> None:
    write(library, ADD_SOURCE)
    restore(library.path, saved)
    write(library, ADD_SOURCE)
    assert value(library, "SELECT count(*) FROM sources") == 1
    assert value(library, "PRAGMA quick_check") == "ok"


@pytest.mark.parametrize("needle", [b"prompt 1 ", b"SQLite format 3"])
def test_a_damaged_backup_changes_nothing(library_path: Path, saved: Path, needle: bytes) -> None:
    damage(saved, needle)
    names = {path.name for path in library_path.parent.iterdir()}
    with pytest.raises(SchemaError, match=r"damaged|not an SQLite file"):
        restore(library_path, saved)
    assert count_videos(library_path) == 2000
    assert {path.name for path in library_path.parent.iterdir()} <= names | {"catalog.db-wal", "catalog.db-shm"}


@pytest.mark.parametrize("needle", [b"prompt 1000 ", b"SQLite format 3"])
def test_a_damaged_library_is_put_aside_and_replaced(library_path: Path, saved: Path, needle: bytes) -> None:
    damage(library_path, needle)
    broken = library_path.read_bytes()
    point = restore(library_path, saved)
    assert count_videos(library_path) == 3
    assert point is not None
    assert point.read_bytes() == broken


def test_a_backup_of_another_program_is_refused(library_path: Path, tmp_path: Path) -> None:
    run_sql(tmp_path / "other.db", "CREATE TABLE other (a)")
    with pytest.raises(SchemaError, match=r"not a catalog library"):
        restore(library_path, tmp_path / "other.db")


def test_a_missing_backup_is_told(library_path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no backup at .*none.db"):
        restore(library_path, tmp_path / "none.db")


def test_a_library_is_not_restored_from_itself(library_path: Path, tmp_path: Path) -> None:
    (tmp_path / "same.db").symlink_to(library_path)
    with pytest.raises(CatalogError, match=r"from itself"):
        restore(library_path, tmp_path / "same.db")


def test_an_older_backup_is_restored_and_then_asks_to_be_migrated(library_path: Path, old_path: Path) -> None:
    restore(library_path, old_path)
    with pytest.raises(SchemaOutdated, match=r"run `catalog migrate`"):
        open_library(library_path)
    migrate(library_path)
    assert count_videos(library_path) == 3


def test_a_backup_from_a_newer_version_is_refused(library_path: Path, saved: Path) -> None:
    run_sql(saved, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match=r"saved.db has schema 9999"):
        restore(library_path, saved)
    assert count_videos(library_path) == 2000


def test_a_restore_gives_up_where_another_holds_the_library(library_path: Path, saved: Path) -> None:
    library = open_library(library_path)
    with library.write() as connection:
        connection.execute(ADD_SOURCE)
        with pytest.raises(CatalogError, match=r"cannot restore .*: another process has been writing for too long"):
            restore(library_path, saved, busy_timeout=0.05)
    assert value(library, "SELECT count(*) FROM videos") == 2000
    library.close()


def test_a_restore_goes_between_the_transactions_of_a_sync(library_path: Path, saved: Path) -> None:
    library = open_library(library_path)
    done = threading.Event()
    failures: list[BaseException] = []

    def sync() -> None:
        number = 10_000
        while not done.is_set():
            number += 1
            try:
                with library.write() as connection:
                    connection.execute(ADD_VIDEO, (f"v{number}", "late"))
            except BaseException as error:  # noqa: BLE001
                failures.append(error)
                return

    writer = threading.Thread(target=sync)
    writer.start()
    try:
        wait_until(lambda: value(library, LATE) > 2)
        restore(library_path, saved)
        wait_until(lambda: failures or value(library, LATE) > 2)
    finally:
        done.set()
        writer.join()
    assert failures == []
    assert value(library, "SELECT count(*) FROM videos WHERE prompt <> 'late'") == 3
    assert value(library, "PRAGMA quick_check") == "ok"
    library.close()


def test_backups_of_one_second_have_names_of_their_own(library: Database) -> None:
    """No two take the same name, however close together they are made."""
    fill(library, 3)
    together = threading.Barrier(6)

    def back_up(_: int) -> Path:
        together.wait()
        return backup(library.path)

    with ThreadPoolExecutor(6) as pool:
        copies = list(pool.map(back_up, range(6)))
    assert len(set(copies)) == 6
    assert all(".backup" in copy.name for copy in copies)
    for copy in copies:
        assert value(Database(copy), "SELECT count(*) FROM videos") == 3
    assert not list(library.path.parent.glob("*.part"))


def test_a_backup_that_fails_gives_its_name_back(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be read as one. " * 100)
    with pytest.raises(SchemaError):
        backup(path)
    assert list(tmp_path.iterdir()) == [path]
