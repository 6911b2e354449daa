"""The library file: the only module that imports a database driver.

Readers get a `mode=ro` connection inside one snapshot; writers get a SQLAlchemy Core connection inside one
`BEGIN IMMEDIATE` transaction, so that a read-modify-write is never lost to another process. One SQLite library serves
the whole process: `pysqlite3` where it is installed (Datasette takes it too), else the standard library's. It knows
SQLite and the schema's version; it knows no video.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError, SchemaError

try:
    import pysqlite3 as driver
except ImportError:  # pragma: no cover - no wheel for this platform
    import sqlite3 as driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another one, before it gives up

DatabaseError = driver.DatabaseError
OperationalError = driver.OperationalError
Row = driver.Row
sqlite_version: str = driver.sqlite_version

# Primary result codes, https://sqlite.org/rescode.html: what they say is about the file and never about our SQL.
BUSY_CODES = frozenset({5, 6})
_CORRUPT = 11
_NOT_A_DATABASE = 26
_UNREACHABLE = frozenset({3, 8, 10, 13, 14})  # permission, read-only, I/O, disk full, cannot open


class Database:
    """One library file. Safe to share between threads: each reads through a connection of its own."""

    def __init__(self, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.path = Path(path)
        self.busy_timeout = busy_timeout
        self._local = threading.local()
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @contextmanager
    def read(self) -> Iterator[Any]:
        """A read-only driver connection in one snapshot; rows can be read by index and by name.

        A read inside a read shares its snapshot. Raises CatalogError when the file fails, never for a query of ours.
        """
        outer = getattr(self._local, "connection", None)
        if outer is not None:
            yield outer
            return
        with explained(self.path):
            connection = self._take_reader()
            self._local.connection = connection
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                self._local.connection = None
                self._put_back(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A Core connection in one write transaction: commits at the end, rolls back on any exception.

        Raises CatalogError when the file fails or stays busy.
        """
        with explained(self.path, "write to"), self.engine.begin() as connection:
            yield connection

    @property
    def engine(self) -> Engine:
        """The writers' engine, made at first use."""
        with self._lock:
            if self._engine is None:
                self._engine = make_engine(self.path, self.busy_timeout)
            return self._engine

    def close(self) -> None:
        """Close every idle connection; the object can be used again."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def _take_reader(self) -> Any:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return connect_read_only(self.path, self.busy_timeout)

    def _put_back(self, connection: Any) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            self._idle.append(connection)


def connect_read_only(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A read-only driver connection; in a folder that cannot be written, one that takes the file as unchanging."""
    frozen = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    connection = connect(path, mode="ro&immutable=1" if frozen else "ro", busy_timeout=busy_timeout)
    connection.row_factory = Row
    return connection


@contextmanager
def explained(path: Path, action: str = "read") -> Iterator[None]:
    """Turn what SQLite says of the file into a CatalogError; what it says of our own SQL stays what it is, a bug."""
    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", error)  # SQLAlchemy wraps the driver's errors
        clear = _explain(path, action, cause) if isinstance(cause, DatabaseError) else None
        if clear is None:
            raise
        raise clear from error


def _explain(path: Path, action: str, error: Exception) -> CatalogError | None:
    text = str(error)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _NOT_A_DATABASE:
        return SchemaError(f"{path} is no catalog library: it is not an SQLite file", path=str(path))
    if code == _CORRUPT or text.startswith("Could not decode to UTF-8"):
        text = text.partition(" with text")[0]
        return SchemaError(f"the library {path} is damaged ({text}): run `catalog restore BACKUP`", path=str(path))
    if code in BUSY_CODES:
        return CatalogError(f"the library {path} is busy: another process has been writing for long, try again")
    return CatalogError(f"cannot {action} the library {path}: {text}") if code in _UNREACHABLE else None


def connect(path: Path, mode: str = "rwc", busy_timeout: float = BUSY_TIMEOUT) -> Any:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = driver.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={round(busy_timeout * 1000)}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def make_engine(path: Path, busy_timeout: float = BUSY_TIMEOUT, *, foreign_keys: bool = True) -> Engine:
    from sqlalchemy import QueuePool, create_engine, event

    def connect_writer() -> Any:
        connection = connect(path, mode="rw", busy_timeout=busy_timeout)
        connection.execute("PRAGMA journal_mode=WAL")  # a backup that was copied into place is not in it
        connection.execute("PRAGMA cache_size=-65536")
        if not foreign_keys:
            connection.execute("PRAGMA foreign_keys=OFF")
        return connection

    # One connection stays open; the lock in the file, and no queue of ours, decides which thread writes.
    engine = create_engine(
        "sqlite://", module=driver, creator=connect_writer, poolclass=QueuePool, pool_size=1, max_overflow=-1
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
