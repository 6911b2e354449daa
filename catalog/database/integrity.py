"""What SQLite itself can say of a library file: whether it is whole, and what schema it has."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from catalog.database.driver import DatabaseError
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from catalog.database.driver import Reader, Writer

_FAULTS = 100  # of one kind that are read
# What SQLite makes by itself, and the rows of which depend on use alone.
_INDEXES = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5(%'"
_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL"


class Differs(CatalogError):
    """What is derived is not what the rows say."""


class BrokenKey(NamedTuple):
    """A row that refers to one which is not there."""

    table: str
    row_id: int | None
    parent: str


def list_integrity_faults(connection: Reader, *, is_whole: bool) -> list[str]:
    """What SQLite finds wrong in the file, the first hundred; `is_whole` compares indexes with their rows too."""
    _look_at_indexes(connection)
    check = "integrity_check" if is_whole else "quick_check"
    lines = [line for row in connection.execute(f"PRAGMA {check}({_FAULTS})") for line in str(row[0]).splitlines()]
    return [] if lines == ["ok"] else lines


def _look_at_indexes(connection: Reader) -> None:
    """Have FTS5 read the structure of its indexes as it is now.

    What this connection has kept of it from an earlier read is taken for corruption by a check, and for nothing else,
    where another connection has written since (SQLite 3.53.4).
    """
    for (name,) in connection.execute(_INDEXES).fetchall():
        with suppress(DatabaseError):
            connection.execute(f'SELECT rowid FROM "{name}" WHERE "{name}" MATCH \'a\' LIMIT 1').fetchone()


def list_broken_keys(connection: Reader) -> list[BrokenKey]:
    """The rows that refer to one which is not there."""
    return [BrokenKey(row[0], row[1], row[2]) for row in connection.execute("PRAGMA foreign_key_check")]


def read_schema(connection: Reader) -> dict[tuple[str, str], str]:
    """The statement that makes each thing in the file, by its type (`table index trigger view`) and name."""
    return {(row[0], row[1]): row[2] for row in connection.execute(_SCHEMA)}


def are_alike(statement: str, other: str) -> bool:
    """Whether two statements make the same: blanks and quotes around names count for nothing."""
    return _bare(statement) == _bare(other)


def _bare(statement: str) -> str:
    return re.sub(r"\s*([(),=<>])\s*", r"\1", " ".join(re.sub(r'["`\[\]]', "", statement).split())).lower()


def make_index(connection: Writer, name: str, statement: str) -> None:
    """Make an index, in the place of one of this name."""
    connection.execute(f'DROP INDEX IF EXISTS "{name}"')
    connection.execute(statement)


def rebuild_indexes(connection: Writer) -> None:
    """Make all indexes again from the rows."""
    connection.execute("REINDEX")
