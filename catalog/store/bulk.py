"""Many rows at once, at the driver's speed: Core compiles the statement once, the driver runs it over plain tuples.

Values are given as the library stores them (times and JSON as text), so no type of SQLAlchemy's touches a row.
"""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, text, update
from sqlmodel import SQLModel

from catalog import tables  # noqa: F401 - declares what SQLModel.metadata holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, CursorResult, Dialect, Table

IDS_PER_QUERY = 500


def insert_rows(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, which all have the same columns."""
    if rows:
        _execute(connection, _insert(connection.dialect, table, tuple(rows[0])), rows)


def update_rows(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]], key: str = "id") -> None:
    """Set the columns of the rows, which all have the same columns, `key` among them to find each by."""
    if rows:
        _execute(connection, _update(connection.dialect, table, tuple(rows[0]), key), rows)


def select_in(connection: Connection, query: str, values: Iterable[Any], **parameters: Any) -> Iterator[Any]:
    """The rows of a query with `IN :values`, asked for in portions that every backend takes."""
    for result in _portions(connection, query, values, parameters):
        yield from result


def delete_in(connection: Connection, query: str, values: Iterable[Any]) -> None:
    """Run a DELETE with `IN :values`, in the same portions."""
    for _ in _portions(connection, query, values, {}):
        pass


def _portions(
    connection: Connection, query: str, values: Iterable[Any], parameters: Mapping[str, Any]
) -> Iterator[CursorResult[Any]]:
    wanted = list(values)
    statement = text(query).bindparams(bindparam("values", expanding=True))
    for start in range(0, len(wanted), IDS_PER_QUERY):
        yield connection.execute(statement, {"values": wanted[start : start + IDS_PER_QUERY], **parameters})


def _execute(connection: Connection, statement: tuple[str, tuple[str, ...]], rows: Sequence[Mapping[str, Any]]) -> None:
    sql, names = statement
    values = itemgetter(*names)
    connection.exec_driver_sql(sql, [values(row) for row in rows])


@cache
def _insert(dialect: Dialect, table: str, columns: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return _compile(dialect, insert(_table(table)).values({name: bindparam(name) for name in columns}))


@cache
def _update(dialect: Dialect, table: str, columns: tuple[str, ...], key: str) -> tuple[str, tuple[str, ...]]:
    target = _table(table)
    changes: dict[str, Any] = {name: bindparam(name) for name in columns if name != key}
    return _compile(dialect, update(target).where(target.c[key] == bindparam(f"old_{key}")).values(changes), key)


def _compile(dialect: Dialect, statement: Any, key: str = "") -> tuple[str, tuple[str, ...]]:
    compiled = statement.compile(dialect=dialect)
    names = compiled.positiontup or list(compiled.params)
    return str(compiled), tuple(key if name == f"old_{key}" else name for name in names)


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]
