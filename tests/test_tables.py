"""The tables declare what the migrations build, and the records read what the tables hold."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import JSON, Float, Integer, Text, create_engine
from sqlmodel import SQLModel

from catalog import database, fields, fulltext, tables
from catalog.library import create_library
from catalog.reports import SourceState, SyncReport

if TYPE_CHECKING:
    from pathlib import Path

DECLARED = sorted(SQLModel.metadata.tables)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A connection to what the migrations build."""
    path = tmp_path_factory.mktemp("built") / "catalog.db"
    create_library(path)
    with contextlib.closing(database.driver.connect(str(path))) as connection:
        yield connection


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A connection to what the tables declare."""
    path = tmp_path_factory.mktemp("declared") / "scratch.db"
    engine = create_engine("sqlite://", module=database.driver, creator=lambda: database.driver.connect(str(path)))
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    with contextlib.closing(database.driver.connect(str(path))) as connection:
        yield connection


def list_tables(connection: Any) -> list[str]:
    rows = connection.execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
    return sorted(name for (name,) in rows if not name.startswith("sqlite_") and name != "alembic_version")


def sql_of(connection: Any, name: str) -> str:
    (sql,) = connection.execute("SELECT ifnull(sql, '') FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return re.sub(r"\s+", " ", sql)


def describe_columns(connection: Any, table: str) -> dict[str, tuple[Any, ...]]:
    """Type, nullability, default, place in the key and whether it is computed, by column; their order may differ."""
    return {row[1]: row[2:] for row in connection.execute(f"PRAGMA table_xinfo({table})")}


def describe_indexes(connection: Any, table: str) -> set[tuple[Any, ...]]:
    """Name, uniqueness, columns and condition; the indexes behind unique constraints go without their names."""
    found = set()
    for _, name, unique, origin, partial in connection.execute(f"PRAGMA index_list({table})").fetchall():
        parts = tuple(
            (column, descending, collation)
            for _, _, column, descending, collation, is_key in connection.execute(f"PRAGMA index_xinfo('{name}')")
            if is_key
        )
        condition = sql_of(connection, name).partition(" WHERE ")[2]
        found.add((name if origin == "c" else "", unique, origin, partial, parts, condition))
    return found


def describe_foreign_keys(connection: Any, table: str) -> set[tuple[Any, ...]]:
    return {row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})")}


def test_the_migrations_build_the_tables_that_are_declared(built: Any, declared: Any) -> None:
    assert list_tables(built) == list_tables(declared) == DECLARED


@pytest.mark.parametrize("table", DECLARED)
@pytest.mark.parametrize("describe", [describe_columns, describe_indexes, describe_foreign_keys])
def test_the_migrations_build_what_the_tables_declare(built: Any, declared: Any, describe: Any, table: str) -> None:
    assert describe(built, table) == describe(declared, table)


@pytest.mark.parametrize("table", DECLARED)
def test_ids_are_never_used_twice(built: Any, declared: Any, table: str) -> None:
    for connection in (built, declared):
        assert re.search(r"id INTEGER (NOT NULL )?PRIMARY KEY AUTOINCREMENT", sql_of(connection, table))


def test_a_computed_column_is_computed_alike(built: Any, declared: Any) -> None:
    pattern = r"ref TEXT GENERATED ALWAYS AS \((.*?)\)( \w+)?,"
    there, here = (re.search(pattern, sql_of(connection, "videos")) for connection in (built, declared))
    assert there is not None
    assert here is not None
    assert there.groups() == here.groups()


def test_every_time_is_text_of_fixed_width() -> None:
    for table in SQLModel.metadata.tables.values():
        for column in table.columns:
            if column.name.endswith("_at") or column.name == "as_of":
                assert isinstance(column.type, tables.UtcText), f"{table.name}.{column.name}"


def test_videos_has_the_columns_of_the_table_of_fields_in_their_order() -> None:
    columns = SQLModel.metadata.tables["videos"].columns
    types = {datetime: tables.UtcText, str: Text, int: Integer, float: Float, list: JSON, dict: JSON}
    assert [(column.name, type(column.type)) for column in columns] == [
        (column.name, types[column.type]) for column in fields.TABLE
    ]


def test_what_a_run_reports_is_kept() -> None:
    kept = set(SQLModel.metadata.tables["sync_runs"].columns.keys()) - {"id", "started_at", "finished_at"}
    assert kept <= {item.name for item in dataclasses.fields(SyncReport)}


def test_what_a_source_tells_of_itself_is_kept_or_computed() -> None:
    computed = {"is_configured", "has_key", "videos"}
    columns = set(SQLModel.metadata.tables["sources"].columns.keys())
    assert {item.name for item in dataclasses.fields(SourceState)} - computed <= columns


def test_the_full_text_index_holds_columns_of_videos(built: Any) -> None:
    assert tuple(describe_columns(built, "videos_fts"))[: len(fulltext.COLUMNS)] == fulltext.COLUMNS
    assert set(fulltext.COLUMNS) <= set(describe_columns(built, "videos"))
    assert 'content="videos"' in sql_of(built, "videos_fts")


def test_a_library_says_what_it_is_in_its_header(library_path: Path) -> None:
    assert library_path.read_bytes()[68:72] == b"CatV"
