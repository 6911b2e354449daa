"""Many rows at once, in one call of the driver's. Values are given as the library stores them: see `rows.stored`.

Rows go to the driver as tuples: by name it looks up every column of every row, which costs a fifth of a wide insert
(measured on SQLite). A backend that writes its parameters otherwise than `?` replaces this module.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.database import Writer


def insert_rows(connection: Writer, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, which all have the same columns, two or more."""
    if rows:
        names = list(rows[0])
        columns, values = ", ".join(map(_quoted, names)), ", ".join("?" * len(names))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({values})"
        connection.executemany(statement, map(itemgetter(*names), rows))


def insert_new(connection: Writer, table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert the rows but those whose first column is there already, and return how many were inserted."""
    if not rows:
        return 0
    columns, values = ", ".join(map(_quoted, names)), ", ".join("?" * len(names))
    statement = f"INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT ({_quoted(names[0])}) DO NOTHING"
    return int(connection.executemany(statement, rows).rowcount)


def update_rows(connection: Writer, table: str, rows: Sequence[Mapping[str, Any]], key: str = "id") -> None:
    """Set the columns of the rows, which all have the same columns, `key` among them to find each by."""
    if rows:
        names = [name for name in rows[0] if name != key]
        changes = ", ".join(f"{_quoted(name)} = ?" for name in names)
        statement = f"UPDATE {table} SET {changes} WHERE {_quoted(key)} = ?"
        connection.executemany(statement, map(itemgetter(*names, key), rows))


def _quoted(column: str) -> str:
    return f'"{column}"'  # `end` is a word of SQL
