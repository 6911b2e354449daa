"""The driver and what it raises: the only module that imports one.

One SQLite library serves the whole process: `pysqlite3` where it is installed (Datasette uses it too), else the
standard library's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from catalog.errors import CatalogError, SchemaError
from catalog.sharing import is_in_closed_folder

try:
    import pysqlite3 as _sqlite
except ImportError:  # pragma: no cover - no wheel for this platform
    import sqlite3 as _sqlite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Parameters = Mapping[str, Any] | Sequence[Any]

driver: Any = _sqlite

DatabaseError = driver.DatabaseError
IntegrityError = driver.IntegrityError
OperationalError = driver.OperationalError
Row = driver.Row
sqlite_version: str = driver.sqlite_version

# Primary result codes, https://sqlite.org/rescode.html: they concern the file and never our SQL.
BUSY_CODES = frozenset({5, 6})
_CORRUPT = 11
_NOT_A_DATABASE = 26
CLOSED_CODES = frozenset({3, 8, 14})  # what SQLite answers where it may neither open nor make a write-ahead log
_UNREACHABLE = frozenset({3, 8, 10, 13, 14})  # permission, read-only, I/O, disk full, cannot open
_CODES = {"disk I/O error": 10, "database or disk is full": 13}  # the driver's `backup` gives no codes


class Rows(Protocol):
    """The result of a statement; each row can be read by index and by name. `rowcount` is how many were written."""

    rowcount: int

    def fetchone(self) -> Any:
        """The next row, None after the last."""

    def fetchall(self) -> list[Any]:
        """The remaining rows."""

    def __iter__(self) -> Iterator[Any]: ...


class Reader(Protocol):
    """A connection that answers questions."""

    def execute(self, sql: str, parameters: Parameters = ..., /) -> Rows:
        """Run one statement; a list among named parameters is written `column IN :name` and may be of any length."""


class Writer(Reader, Protocol):
    """A connection inside a write transaction; `via` is what the user edits through."""

    via: str

    def executemany(self, sql: str, rows: Iterable[Parameters], /) -> Any:
        """Run one statement for each row of parameters."""


class Connection(driver.Connection):  # type: ignore[misc]  # pysqlite3 has no types
    """The driver's connection, which reads lists; `is_locked` and `stamp` are for `sharing`.

    `shared` is what the readers of one open library keep in memory from one read to the next, None where none do.
    `via` is what the user edits through.
    """

    is_locked = True
    stamp: Any = None
    shared: dict[str, Any] | None = None
    via = "python"

    def execute(self, sql: str, parameters: Parameters = (), /) -> Any:
        if isinstance(parameters, dict):
            for name, values in list(parameters.items()):
                if isinstance(values, list):
                    sql, parameters = _with_list(sql, parameters, name, values)
        return super().execute(sql, parameters)


def _with_list(sql: str, parameters: Mapping[str, Any], name: str, values: list[Any]) -> tuple[str, Mapping[str, Any]]:
    text = json.dumps(values)
    if r"\u0000" not in text:
        return _with_subquery(sql, name), {**parameters, name: text}
    # SQLite 3.40 ends a text in JSON at its first NUL.
    items = {f"{name}_{number}": value for number, value in enumerate(values)}
    return _replace_list(sql, name, ", ".join(f":{item}" for item in items)), {**parameters, **items}


@lru_cache(maxsize=256)  # statements are few, and finding the list in one takes as long as running it
def _with_subquery(sql: str, name: str) -> str:
    return _replace_list(sql, name, f"SELECT value FROM json_each(:{name})")


def _replace_list(sql: str, name: str, content: str) -> str:
    replaced, count = re.subn(rf"\bIN :{name}\b", lambda _: f"IN ({content})", sql)
    if not count:
        raise ValueError(f"the list {name!r} stands after no IN: {sql}")
    return replaced


def epoch(column: str) -> str:
    """SQL for the Unix time, in whole seconds, of a time column; like `shifted`, not standard SQL."""
    return f"unixepoch({column})"


def shifted(moment: str, seconds: str) -> str:
    """SQL for the time so many seconds after a moment, as the library writes times; NULL where either is."""
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {moment}, ({seconds}) || ' seconds')"


def gathered(column: str) -> str:
    """SQL for all values of a column as one list in JSON, which holds no bytes; like `shifted`, not standard SQL.

    What is read of very many rows costs half of what it costs a row at a time.
    """
    return f"json_group_array({column})"


@contextmanager
def explained(path: Path, action: str = "read", whither: str = "") -> Iterator[None]:
    """Turn an error of SQLite about the file into a CatalogError; one about our own SQL is a bug and stays as it is.

    The message says that we cannot `action` the library `whither`.
    """
    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", error)  # SQLAlchemy, which migrates, wraps the driver's errors
        clear = _explain(path, action, whither, cause) if isinstance(cause, DatabaseError) else None
        if clear is None:
            raise
        raise clear from error


def _explain(path: Path, action: str, whither: str, error: Exception) -> CatalogError | None:
    text = str(error)
    code = primary_code(error)
    if code == _NOT_A_DATABASE:
        return SchemaError(f"{path} is not a catalog library: it is not an SQLite file", path=str(path))
    if code == _CORRUPT or text.startswith("Could not decode to UTF-8"):
        text = text.partition(" with text")[0]
        return SchemaError(f"the library {path} is damaged ({text}): run `catalog restore BACKUP`", path=str(path))
    if is_busy(error):
        return CatalogError(f"the library {path} is busy: another process has been writing for too long, try again")
    if code in CLOSED_CODES and is_in_closed_folder(path):
        text = "its folder cannot be written"
    return CatalogError(f"cannot {action} the library {path}{whither}: {text}") if code in _UNREACHABLE else None


def primary_code(error: Exception) -> int:
    code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
    return code or _CODES.get(str(error), 0)


def is_busy(error: Exception) -> bool:
    """Whether SQLite refused because somebody else holds the file."""
    return primary_code(error) in BUSY_CODES
