"""The library file: the only module that imports a database driver.

Readers get a `mode=ro` connection inside one snapshot; writers get a connection inside one `BEGIN IMMEDIATE`
transaction, so that a read-modify-write is never lost to another process. One SQLite library serves the whole process:
`pysqlite3` where it is installed (Datasette uses it too), else the standard library's. This module knows SQLite, but no
video and no schema.

Everything above takes a `Reader` or a `Writer` and uses portable SQL with named parameters; what only SQLite knows
stays here, in the indexes and in `search`. Another backend is another module of this shape, whose `execute` translates
`:name` and `IN :name`: to `%(name)s` and `= ANY(%(name)s)` for PostgreSQL.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from catalog.errors import CatalogError, NotFound, SchemaError

try:
    import pysqlite3 as _sqlite
except ImportError:  # pragma: no cover - no wheel for this platform
    import sqlite3 as _sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Parameters = Mapping[str, Any] | Sequence[Any]

driver: Any = _sqlite
BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another before it gives up

DatabaseError = driver.DatabaseError
IntegrityError = driver.IntegrityError
OperationalError = driver.OperationalError
Row = driver.Row
sqlite_version: str = driver.sqlite_version

# Primary result codes, https://sqlite.org/rescode.html: they concern the file and never our SQL.
BUSY_CODES = frozenset({5, 6})
_CORRUPT = 11
_NOT_A_DATABASE = 26
_UNREACHABLE = frozenset({3, 8, 10, 13, 14})  # permission, read-only, I/O, disk full, cannot open


class Rows(Protocol):
    """The result of a statement; each row can be read by index and by name."""

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
    """A connection inside a write transaction."""

    def executemany(self, sql: str, rows: Iterable[Parameters], /) -> Any:
        """Run one statement for each row of parameters."""


class _Connection(driver.Connection):  # type: ignore[misc]  # pysqlite3 has no types
    """The driver's connection, which reads lists."""

    def execute(self, sql: str, parameters: Parameters = (), /) -> Any:
        if isinstance(parameters, dict):
            for name, values in list(parameters.items()):
                if isinstance(values, list):
                    sql, parameters = _with_list(sql, parameters, name, values)
        return super().execute(sql, parameters)


def _with_list(sql: str, parameters: Mapping[str, Any], name: str, values: list[Any]) -> tuple[str, Mapping[str, Any]]:
    text = json.dumps(values)
    if r"\u0000" not in text:
        return _replace_list(sql, name, f"SELECT value FROM json_each(:{name})"), {**parameters, name: text}
    # SQLite 3.40 ends a text in JSON at its first NUL.
    items = {f"{name}_{number}": value for number, value in enumerate(values)}
    return _replace_list(sql, name, ", ".join(f":{item}" for item in items)), {**parameters, **items}


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


class Database:
    """One library file. Safe to share between threads: each reads and writes through a connection of its own.

    `check(path)` runs before every new connection and raises unless the file is a library: NotFound where there is
    none, so that one which is made later can then be read.
    """

    def __init__(
        self, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT, check: Callable[[Path], object] | None = None
    ) -> None:
        self.path = Path(path)
        self.busy_timeout = busy_timeout
        self._check = check or (lambda _: None)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._readers: list[Any] = []
        self._writer: Any = None

    @property
    def is_made(self) -> bool:
        """Whether there is a library at the path; raises SchemaError where something else is."""
        try:
            self._check(self.path)
        except NotFound:
            return False
        return True

    @contextmanager
    def making(self, make: Callable[[], object]) -> Iterator[None]:
        """Inside, this thread's first write to a missing library calls `make`, which makes it."""
        self._local.make = make
        try:
            yield
        finally:
            self._local.make = None

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A read-only connection in one snapshot, of the moment when the block begins.

        A read inside a read of the same thread shares its snapshot. Raises NotFound if the library is missing and
        CatalogError if the file fails, never for a query of ours.
        """
        outer = getattr(self._local, "connection", None)
        with explained(self.path):
            if outer is not None:
                yield outer
                return
            connection = self._take_reader()
            self._local.connection = connection
            try:
                connection.execute("BEGIN")
                connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")  # BEGIN alone takes no snapshot
                yield connection
            finally:
                self._local.connection = None
                self._put_back_reader(connection)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """A connection in one write transaction: commits at the end, rolls back on any exception.

        Raises NotFound if the library is missing, unless inside `making`, and CatalogError if the file fails or stays
        busy, or inside a read of the same thread, which would go on with what the write has made outdated.
        """
        if getattr(self._local, "connection", None) is not None:
            raise CatalogError(f"cannot write to the library {self.path} inside `reading()`: end that block first")
        with explained(self.path, "write to"):
            connection = self._take_writer()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                self._put_back_writer(connection)

    def close(self) -> None:
        """Close every idle connection; the object can be used again."""
        with self._lock:
            while self._readers:
                self._readers.pop().close()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _take_reader(self) -> Any:
        with self._lock:
            if self._readers:
                return self._readers.pop()
        self._check(self.path)
        return connect_read_only(self.path, self.busy_timeout)

    def _put_back_reader(self, connection: Any) -> None:
        _roll_back(connection)
        with self._lock:
            self._readers.append(connection)

    def _take_writer(self) -> Any:
        with self._lock:
            connection, self._writer = self._writer, None
        if connection is None:
            self._check_or_make()
            connection = connect_writer(self.path, self.busy_timeout)
            connection.row_factory = Row
        return connection

    def _check_or_make(self) -> None:
        try:
            self._check(self.path)
        except NotFound:
            make = getattr(self._local, "make", None)
            if make is None:
                raise
            make()

    def _put_back_writer(self, connection: Any) -> None:
        """Keep one writer open; the lock in the file decides which thread writes, not a queue of ours."""
        try:
            _roll_back(connection)
        except DatabaseError:
            connection.close()
            raise
        with self._lock:
            if self._writer is None:
                self._writer = connection
                return
        connection.close()


def _roll_back(connection: Any) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def connect_read_only(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A read-only driver connection; in a folder that cannot be written, one that takes the file as immutable."""
    is_immutable = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    connection = connect(path, mode="ro&immutable=1" if is_immutable else "ro", busy_timeout=busy_timeout)
    connection.row_factory = Row
    return connection


def connect_writer(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A driver connection that writes to an existing library, outside any transaction."""
    connection = connect(path, mode="rw", busy_timeout=busy_timeout)
    use_wal(connection, busy_timeout)  # a backup that was copied here is not in WAL mode
    connection.execute("PRAGMA cache_size=-65536")
    return connection


@contextmanager
def scratch() -> Iterator[Writer]:
    """A connection to a database of its own in memory, which is gone when the block ends."""
    connection = driver.connect(":memory:", isolation_level=None, factory=_Connection)
    try:
        yield connection
    finally:
        connection.close()


def use_wal(connection: Any, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Put the file into WAL mode; where two do so at once, SQLite refuses one without waiting, so it tries again."""
    end = time.monotonic() + busy_timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= end:
                raise
            time.sleep(0.005)
        else:
            return


@contextmanager
def explained(path: Path, action: str = "read") -> Iterator[None]:
    """Turn an error of SQLite about the file into a CatalogError; one about our own SQL is a bug and stays as it is."""
    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", error)  # SQLAlchemy, which migrates, wraps the driver's errors
        clear = _explain(path, action, cause) if isinstance(cause, DatabaseError) else None
        if clear is None:
            raise
        raise clear from error


def _explain(path: Path, action: str, error: Exception) -> CatalogError | None:
    text = str(error)
    code = _primary_code(error)
    if code == _NOT_A_DATABASE:
        return SchemaError(f"{path} is not a catalog library: it is not an SQLite file", path=str(path))
    if code == _CORRUPT or text.startswith("Could not decode to UTF-8"):
        text = text.partition(" with text")[0]
        return SchemaError(f"the library {path} is damaged ({text}): run `catalog restore BACKUP`", path=str(path))
    if _is_busy(error):
        return CatalogError(f"the library {path} is busy: another process has been writing for too long, try again")
    return CatalogError(f"cannot {action} the library {path}: {text}") if code in _UNREACHABLE else None


def _primary_code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _is_busy(error: Exception) -> bool:
    return _primary_code(error) in BUSY_CODES


def connect(path: Path, mode: str = "rwc", busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A driver connection in autocommit mode, with the durability and the checks that every library gets."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = driver.connect(uri, uri=True, isolation_level=None, check_same_thread=False, factory=_Connection)
    connection.execute(f"PRAGMA busy_timeout={round(busy_timeout * 1000)}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection
