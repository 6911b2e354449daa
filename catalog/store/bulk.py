"""Many rows at once, in one call of the driver's. Values are given as the library stores them: see `rows.stored`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.database import Writer


def insert_rows(connection: Writer, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, which all have the same columns."""
    if rows:
        columns, values = ", ".join(map(_quoted, rows[0])), ", ".join(f":{name}" for name in rows[0])
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)


def update_rows(connection: Writer, table: str, rows: Sequence[Mapping[str, Any]], key: str = "id") -> None:
    """Set the columns of the rows, which all have the same columns, `key` among them to find each by."""
    if rows:
        changes = ", ".join(f"{_quoted(name)} = :{name}" for name in rows[0] if name != key)
        connection.executemany(f"UPDATE {table} SET {changes} WHERE {_quoted(key)} = :{key}", rows)


def _quoted(column: str) -> str:
    return f'"{column}"'  # `end` is a word of SQL
