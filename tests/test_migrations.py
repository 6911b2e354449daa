"""Migrations: forward only, all or nothing, and rows in every table survive every one of them."""

from __future__ import annotations

import ast
import contextlib
import multiprocessing
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from catalog import bitmaps, database, fulltext
from catalog.api import Catalog
from catalog.cli import main
from catalog.errors import CatalogError, NotFound, SchemaError, SchemaTooNew
from catalog.library import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    create_library,
    migrate,
    read_version,
)
from catalog.search.page import search
from catalog.upgrading import migrations_folder, upgrade
from catalog.upkeep_reports import Migration
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    Rows = dict[str, list[tuple[Any, ...]]]

FOLDER = migrations_folder()
SCRIPTS = sorted((FOLDER / "versions").glob("[0-9]*.py"))
REVISIONS = [script.name[:4] for script in SCRIPTS]

RENAMED = {"cjk_grams": "grams"}  # columns, by the names that older versions gave them

LIST_TABLES = """
SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND name NOT LIKE 'sqlite%'
AND name <> 'alembic_version' ORDER BY name
"""


def query(path: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with contextlib.closing(database.driver.connect(str(path), isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def make(path: Path, revision: str) -> Path:
    """A library as the version with this schema made it."""
    path.write_bytes(read_made(revision))
    return path


@cache
def read_made(revision: str) -> bytes:
    """The file of such a library, which is made once, from the one of the version before."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        if revision == REVISIONS[0]:
            query(path, f"PRAGMA application_id={APPLICATION_ID}")
            query(path, "PRAGMA journal_mode=WAL")
        else:
            path.write_bytes(read_made(REVISIONS[REVISIONS.index(revision) - 1]))
        upgrade(path, revision)
        return path.read_bytes()


def columns(path: Path, table: str) -> list[tuple[str, str]]:
    """Name and type of the columns that hold something of their own."""
    return [(name, kind) for _, name, kind, *_, hidden in query(path, f"PRAGMA table_xinfo({table})") if not hidden]


def fill(path: Path) -> None:
    """Two rows in every table, a value in every column; row n of a child hangs on row n of its parent."""
    by_type: dict[str, Callable[[str, int], object]] = {
        "INTEGER": lambda _, number: number,
        "FLOAT": lambda _, number: number + 0.5,
        "JSON": lambda name, number: f'{{"{name}": {number}}}',
    }
    for (table,) in query(path, LIST_TABLES):
        named = columns(path, table)
        query(path, f"DELETE FROM {table}")
        for number in (1, 2):
            values = [by_type.get(kind, lambda name, number: f"{name} {number}")(name, number) for name, kind in named]
            names = ", ".join(f'"{name}"' for name, _ in named)
            query(path, f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", *values)
    query(path, "INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")


def read(path: Path, shape: dict[str, list[tuple[str, str]]]) -> Rows:
    """What these columns of these tables hold, under the names that they have by now."""
    rows = {}
    for table, named in shape.items():
        present = {name for name, _ in columns(path, table)}
        names = ", ".join(f'"{name if name in present else RENAMED[name]}"' for name, _ in named)
        rows[table] = query(path, f"SELECT {names} FROM {table} ORDER BY id")
    return rows


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A library as the first version made it, rows in every table."""
    path = make(tmp_path / "old.db", REVISIONS[0])
    fill(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the scripts, to add one to."""
    return Path(shutil.copytree(FOLDER, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__")))


NEXT = f"{int(REVISIONS[-1]) + 1:04}"


def add_script(folder: Path, body: str) -> str:
    """Adds the next migration, with this body, to the folder: its revision."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    header = f"from alembic import op\n\nrevision = '{NEXT}'\ndown_revision = '{REVISIONS[-1]}'\n"
    (folder / "versions" / f"{NEXT}_next.py").write_text(f"{header}\n\ndef upgrade():\n{lines}\n")
    return NEXT


# The scripts


def test_the_schema_version_is_the_newest_script() -> None:
    assert REVISIONS[-1] == SCHEMA_VERSION


def test_the_scripts_are_one_line_without_gaps() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    for script, revision, before in zip(SCRIPTS, REVISIONS, [None, *REVISIONS], strict=False):
        assigned = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in ast.parse(script.read_text()).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        assert (assigned["revision"], assigned["down_revision"]) == (revision, before)


@pytest.mark.parametrize("script", [FOLDER / "env.py", *SCRIPTS], ids=lambda path: path.name)
def test_a_script_imports_nothing_of_the_package_and_goes_forward_only(script: Path) -> None:
    tree = ast.parse(script.read_text())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= {"alembic", "sqlalchemy", "json", "re", "datetime"}
    assert "downgrade" not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


# Rows


@pytest.mark.parametrize("start", REVISIONS)
def test_rows_in_every_table_survive_every_migration(tmp_path: Path, start: str) -> None:
    path = make(tmp_path / "library.db", start)
    fill(path)
    shape = {table: columns(path, table) for (table,) in query(path, LIST_TABLES)}
    before = read(path, shape)
    assert all(len(rows) == 2 for rows in before.values())
    for revision in REVISIONS[REVISIONS.index(start) + 1 :]:
        upgrade(path, revision)
        assert read_version(path) == revision
        assert read(path, shape) == before
        assert query(path, "SELECT rowid FROM videos_fts WHERE videos_fts MATCH '\"prompt 2\"'") == [(2,)]
    assert query(path, "PRAGMA foreign_key_check") == []
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_step_by_step_leads_where_a_new_library_is(tmp_path: Path) -> None:
    create_library(tmp_path / "new.db")
    stepped = tmp_path / "stepped.db"
    for revision in REVISIONS:
        make(stepped, revision)
    listing = "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2"
    assert query(stepped, listing) == query(tmp_path / "new.db", listing)


# migrate()


def test_a_migration_makes_a_backup_first(old: Path) -> None:
    done = migrate(old)
    before, after, copy = done.before, done.after, done.backup
    assert (before, after) == (REVISIONS[0], REVISIONS[-1])
    assert copy is not None
    assert copy.parent == old.parent
    assert read_version(copy) == REVISIONS[0]
    assert query(copy, "SELECT count(*) FROM videos") == query(old, "SELECT count(*) FROM videos") == [(2,)]
    assert read_version(old) == REVISIONS[-1]


def test_a_library_that_is_up_to_date_is_left_alone(library_path: Path) -> None:
    names = set(library_path.parent.iterdir())
    version = SCHEMA_VERSION
    assert migrate(library_path) == Migration(version, version)
    assert {path for path in library_path.parent.iterdir() if "before" in path.name} <= names


def test_a_newer_library_is_never_taken_back(library_path: Path) -> None:
    query(library_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew):
        migrate(library_path)
    assert [path.name for path in library_path.parent.iterdir() if "before" in path.name] == []


def test_nothing_is_not_migrated(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no library at"):
        migrate(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_another_programs_database_is_not_migrated(tmp_path: Path) -> None:
    query(tmp_path / "other.db", "CREATE TABLE other (a)")
    with pytest.raises(SchemaError, match="not a catalog library"):
        migrate(tmp_path / "other.db")


def test_without_room_for_a_backup_nothing_is_migrated(old: Path) -> None:
    long = old.with_name("l" * 240 + ".db")
    old.rename(long)
    with pytest.raises(CatalogError, match="too long"):
        migrate(long)
    assert read_version(long) == REVISIONS[0]


def test_two_processes_may_migrate_at_once(old: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        answers = pool.map(migrate, [old, old], chunksize=1)
    assert {done.after for done in answers} == {REVISIONS[-1]}
    assert query(old, "SELECT count(*) FROM videos") == [(2,)]


@pytest.mark.parametrize("start", REVISIONS[:-1])
def test_what_is_new_in_a_row_is_read_from_the_answers_that_were_kept(tmp_path: Path, start: str) -> None:
    path = make(tmp_path / "old.db", start)
    fill(path)
    payload = '{"id": "remote_id 1", "status": "Success", "seed": 18446744073709551615, "input": {"steps": 30}}'
    if ("prices",) in query(path, LIST_TABLES):
        query(path, "DELETE FROM prices")  # the rows of `fill` have no dates
    query(path, "UPDATE observations SET payload = ?, http_status = 200 WHERE id = 1", payload)
    shown: list[tuple[str, int, int | None, str]] = []
    Catalog.migrate(path, on_progress=lambda *progress: shown.append(progress))
    assert shown == [
        ("library", 0, None, "upgrading"),
        ("library", 2, 2, "making bitmaps"),
        ("library", 2, None, "folding"),
        ("library", 2, None, "indexing"),
    ]
    rows = query(path, "SELECT status, seed, parameters, prompt FROM videos ORDER BY id")
    filled = ("seed 2", '{"parameters": 2}') if start >= "0005" else (None, None)
    assert rows == [("completed", "18446744073709551615", '{"steps":30}', None), ("status 2", *filled, "prompt 2")]


@pytest.mark.parametrize("start", REVISIONS[:-1])
def test_what_folding_adds_is_found_in_a_library_of_every_older_version(tmp_path: Path, start: str) -> None:
    path = make(tmp_path / "old.db", start)
    fill(path)
    if ("prices",) in query(path, LIST_TABLES):
        query(path, "DELETE FROM prices")  # the rows of `fill` have no dates
    query(path, "UPDATE videos SET prompt = ?, error_message = ? WHERE id = 2", "海边的灯塔16:9 วิ่ง", "提示词包含Straße")
    query(path, "DELETE FROM observations WHERE video_id = 2")  # which would make the row again
    query(path, "INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")
    Catalog.migrate(path)
    rows = query(path, "SELECT grams, error_grams FROM videos ORDER BY id")
    assert rows == [(None, None), (fulltext.grams("海边的灯塔16:9 วิ่ง"), fulltext.grams("提示词包含Straße"))]
    library = database.Database(path)
    with library.write() as connection:
        fulltext.check(connection)
        for words in ("灯塔", "16:9", "วิ่ง", "prompt:海", "error:strasse", "提示"):
            assert search(connection, words, include_deleted=True, limit=0).total == 1
    library.close()


@pytest.mark.parametrize("start", REVISIONS[:-1])
def test_a_library_of_any_version_counts_right_once_it_is_migrated(tmp_path: Path, start: str) -> None:
    path = make(tmp_path / "old.db", start)
    fill(path)
    if ("prices",) in query(path, LIST_TABLES):
        query(path, "DELETE FROM prices")
    Catalog.migrate(path)
    with contextlib.closing(database.Database(path)) as library, library.read() as connection:
        bitmaps.check(connection)
        assert bitmaps.read_field(connection, "status").keys() >= {"status 2"}
        assert list(bitmaps.read_all(connection)) == [1, 2]


def test_marks_of_an_older_library_are_asked_for_once_it_is_migrated(tmp_path: Path) -> None:
    path = make(tmp_path / "old.db", "0012")
    fill(path)
    query(path, "DELETE FROM prices")
    query(path, "DELETE FROM file_marks")
    query(path, "UPDATE files SET variant = 'video'")
    graph, label = "ab" * 32, '{"Label":"1","ProduceID":"t"}'
    marks: tuple[tuple[Any, ...], ...] = (
        (1, "aigc", "mdta", "AIGC", label, 0, 0),
        (1, "platform", "mdta", "comment", "vid:v12044gd0000c", 0, 0),
        (1, "workflow", "mdta", "workflow", graph, 0, 0),
        (1, "workflow", "mdta", "prompt", "{", 1, 0),
        (1, "iptc", "uuid", "DigitalSourceType", "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", 0, 0),
        (1, "hint", "mdta", "encoder", "Lavf60", 0, 0),
    )
    for mark in marks:
        names = 'file_id, kind, carrier, "key", value, is_broken, is_truncated'
        query(path, f"INSERT INTO file_marks ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", *mark)
    Catalog.migrate(path)
    assert query(path, "SELECT claims, tool FROM file_marks ORDER BY id") == [
        ("ai aigc", None),
        (None, None),
        (None, "comfyui"),
        (None, None),
        ("iptc", None),
        (None, None),
    ]
    said = "mark:ai mark:aigc mark:iptc tool:comfyui workflow:workflow"
    assert query(path, "SELECT marks FROM files ORDER BY id") == [(said,), (None,)]
    with contextlib.closing(database.Database(path)) as library, library.read() as connection:
        bitmaps.check(connection)
        for words, count in (*((word, 1) for word in said.split()), ("has:workflow", 1), ("mark:platform", 0)):
            assert search(connection, words, include_deleted=True, limit=0).total == count


@pytest.mark.parametrize("start", REVISIONS[:-1])
def test_remixes_of_an_older_library_inherit_once_it_is_reindexed(tmp_path: Path, start: str) -> None:
    path = make(tmp_path / "old.db", start)
    fill(path)
    if ("prices",) in query(path, LIST_TABLES):
        query(path, "DELETE FROM prices")
    query(path, "DELETE FROM observations")
    query(path, "DELETE FROM links WHERE id = 2")
    query(path, "UPDATE links SET child_id = 2, relation = 'remix', origin = 'api', parent_source = 'source 1'")
    query(path, "UPDATE links SET parent_remote_id = 'remote_id 1'")
    for table in ("given_facets", "video_facets", "inherited_facets"):
        if (table,) in query(path, LIST_TABLES):
            query(path, f"DELETE FROM {table}")
    query(path, "UPDATE videos SET source = 'source 1', prompt = 'A fox in heavy rain at dusk.' WHERE id = 1")
    query(path, "UPDATE videos SET source = 'source 1', prompt = 'Same, but at night.' WHERE id = 2")
    query(path, "INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")
    Catalog.migrate(path)
    with Catalog.open(path) as catalog:
        catalog.reindex(facets=True, all_prompts=True)
        for words, count in (("weather:rain", 1), ("effective.weather:rain", 2), ("effective.time_of_day:dusk", 1)):
            assert catalog.search(f"{words} (is:deleted OR -is:deleted)", limit=0).total == count


def test_a_terminal_shows_that_a_migration_goes_on(old: Path) -> None:
    status, drawn = on_terminal(["migrate", "--db", str(old)])
    assert status == 0
    assert "folding" in drawn or "indexing" in drawn


def test_a_pipe_is_told_only_what_became_of_a_migration(old: Path) -> None:
    done = CliRunner().invoke(main.cli, ["migrate", "--db", str(old)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2


# What goes wrong is undone


def test_orphans_undo_the_migration(library_path: Path, folder: Path) -> None:
    fill(library_path)
    revision = add_script(folder, "op.execute('CREATE TABLE extra (a)')\nop.execute('DELETE FROM videos WHERE id = 1')")
    with pytest.raises(
        SchemaError, match=rf"migration {revision} would leave \d+ orphan rows in .*: it was not applied"
    ):
        upgrade(library_path, revision, folder)
    assert read_version(library_path) == REVISIONS[-1]
    assert query(library_path, "SELECT count(*) FROM videos") == [(2,)]
    assert ("extra",) not in query(library_path, LIST_TABLES)


def test_a_migration_that_fails_half_way_leaves_nothing(library_path: Path, folder: Path) -> None:
    revision = add_script(folder, "op.execute('CREATE TABLE extra (a)')\nraise RuntimeError('half way')")
    with pytest.raises(RuntimeError, match="half way"):
        upgrade(library_path, revision, folder)
    assert read_version(library_path) == REVISIONS[-1]
    assert ("extra",) not in query(library_path, LIST_TABLES)


REBUILD = """
bind = op.get_bind()
sql = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'videos'").scalar()
names = ", ".join(f'"{row[1]}"' for row in bind.exec_driver_sql("PRAGMA table_info(videos)"))
op.execute(sql.replace("CREATE TABLE videos", "CREATE TABLE videos_new", 1))
op.execute(f"INSERT INTO videos_new ({names}) SELECT {names} FROM videos")
op.execute("DROP TABLE videos")
op.execute("ALTER TABLE videos_new RENAME TO videos")
"""


def test_a_rebuilt_table_keeps_its_children(library_path: Path, folder: Path) -> None:
    fill(library_path)
    children = ("observations", "changes", "tags", "links")
    shape = {table: columns(library_path, table) for table in ("videos", *children)}
    before = read(library_path, shape)
    upgrade(library_path, add_script(folder, REBUILD), folder)
    assert read_version(library_path) == NEXT
    assert read(library_path, shape) == before


def test_readers_see_the_old_schema_until_the_migration_is_done(library_path: Path, folder: Path) -> None:
    library = database.Database(library_path)
    revision = add_script(folder, "op.execute('ALTER TABLE videos ADD COLUMN extra_column')")
    with library.read() as connection:
        before = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        upgrade(library_path, revision, folder)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone()[0] == before
    library.close()


def test_the_scripts_may_lie_in_a_folder_with_a_percent_sign(tmp_path: Path, folder: Path) -> None:
    odd = folder.rename(tmp_path / "100% new:er")
    path = tmp_path / "library.db"
    query(path, f"PRAGMA application_id={APPLICATION_ID}")
    upgrade(path, REVISIONS[-1], odd)
    assert read_version(path) == REVISIONS[-1]
