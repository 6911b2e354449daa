"""The words that Datasette shows, against the schema they describe."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog
from catalog.fields import TABLE
from catalog.web.metadata import database_name, metadata_for

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.database import Database

TABLES = metadata_for("catalog.db")["databases"]["catalog"]["tables"]
QUERIES = metadata_for("catalog.db")["databases"]["catalog"]["queries"]


def read_schema(library: Database) -> dict[str, list[str]]:
    """The columns of every table but those of the full-text index."""
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'videos_fts%'"
    with library.read() as connection:
        return {
            name: [row["name"] for row in connection.execute(f"PRAGMA table_xinfo({name})")]
            for (name,) in connection.execute(names).fetchall()
        }


def names_in(table: dict[str, Any]) -> set[str]:
    """Every column that the metadata of a table relies on."""
    single = {table[key] for key in ("label_column", "sort", "sort_desc") if key in table}
    return single | {facet for facet in table.get("facets", ()) if isinstance(facet, str)}


def test_every_table_and_column_is_described(library: Database) -> None:
    schema = read_schema(library)
    hidden = {name for name, table in TABLES.items() if table.get("hidden")}
    assert hidden == {"alembic_version", "bitmaps", "sqlite_sequence"}
    described = {name: set(table["columns"]) for name, table in TABLES.items() if "columns" in table}
    own = schema.keys() - {"alembic_version", "sqlite_sequence"}
    assert described == {name: set(schema[name]) for name in own}
    assert all(
        table.get("description") or table.get("description_html") for table in TABLES.values() if table.get("columns")
    )


def test_the_columns_of_videos_are_described_in_the_words_and_the_order_of_their_table() -> None:
    assert list(TABLES["videos"]["columns"].items()) == [(column.name, column.words) for column in TABLE]


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if names_in(table)])
def test_facets_labels_and_sort_orders_are_columns(library: Database, name: str) -> None:
    assert names_in(TABLES[name]) <= set(read_schema(library)[name])


def test_facets_of_the_query_language_are_known_to_it(library_path: Path) -> None:
    names = [facet["catalog"] for facet in TABLES["videos"]["facets"]]
    with Catalog.open(library_path) as catalog:
        assert list(catalog.facets(names)) == names


@pytest.mark.parametrize("name", QUERIES)
def test_every_named_query_is_told_in_words(name: str) -> None:
    assert QUERIES[name]["title"]
    assert QUERIES[name]["description"]
    assert QUERIES[name]["hide_sql"]


def test_sql_of_visitors_is_off_and_no_query_writes() -> None:
    assert metadata_for("catalog.db")["allow_sql"] is False
    assert not any(query.get("write") for query in QUERIES.values())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("catalog.db", "catalog"),
        ("/clips/my.clips.2026.db", "my.clips.2026"),
        ("no extension", "no extension"),
        (".db", ".db"),
        ("東京 100%.sqlite", "東京 100%"),
        ("_internal.db", "_internal_2"),
        ("bad\udcff.db", "bad?"),
    ],
)
def test_the_words_follow_the_name_of_the_file(path: str, name: str) -> None:
    assert database_name(path) == name
    assert list(metadata_for(path)["databases"]) == [name]


def test_two_callers_do_not_share_one_answer() -> None:
    metadata_for("a.db")["databases"].clear()
    assert metadata_for("a.db")["databases"]


def test_a_next_page_is_read_in_the_order_of_its_index(library_path: Path) -> None:
    from catalog.web.application import keep_order

    asked = (
        "select * from videos where (created_at < :p0 or created_at is null or (created_at = :p0 and ([id] > :p1))) "
        "order by created_at desc, id limit 51"
    )
    with closing(sqlite3.connect(library_path)) as connection:
        values = {"p0": "2026", "p1": "1"}
        before, after = (
            [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            for sql in (asked, keep_order(asked))
        )
    assert before[0] == "MULTI-INDEX OR"
    assert after[0] == "SCAN videos USING INDEX ix_videos_created_at"
