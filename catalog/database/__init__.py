"""The library file: connections and transactions of one backend.

Readers get a `mode=ro` connection inside one snapshot; writers get a connection inside one `BEGIN IMMEDIATE`
transaction, so that a read-modify-write is never lost to another process. This package knows SQLite, but no video and
no schema.

Everything above takes a `Reader` or a `Writer` and uses portable SQL with named parameters; what only SQLite knows
stays here, in the indexes and in `search`. Another backend is another package of this shape, whose `execute` translates
`:name` and `IN :name`: to `%(name)s` and `= ANY(%(name)s)` for PostgreSQL.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.database.connections import (
    BUSY_TIMEOUT,
    begin_write,
    bound_memory,
    close_writer,
    connect,
    connect_read_only,
    connect_writer,
    interrupted_after,
    make_rows,
    overwrite,
    path_of,
    reading_alone,
    roll_back,
    scratch,
    use_wal,
)
from catalog.database.driver import (
    BUSY_CODES,
    DatabaseError,
    IntegrityError,
    OperationalError,
    Parameters,
    Reader,
    Row,
    Writer,
    driver,
    epoch,
    explained,
    gathered,
    is_busy,
    shifted,
    sqlite_version,
)
from catalog.errors import CatalogError, NotFound
from catalog.sharing import Readers, read_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "BUSY_CODES",
    "BUSY_TIMEOUT",
    "Database",
    "DatabaseError",
    "IntegrityError",
    "OperationalError",
    "Parameters",
    "Reader",
    "Row",
    "Writer",
    "begin_write",
    "bound_memory",
    "close_writer",
    "connect",
    "connect_read_only",
    "connect_writer",
    "driver",
    "epoch",
    "explained",
    "gathered",
    "interrupted_after",
    "is_busy",
    "make_rows",
    "overwrite",
    "path_of",
    "reading_alone",
    "scratch",
    "shifted",
    "sqlite_version",
    "use_wal",
]


class Database:
    """One library file. Safe to share between threads: each reads and writes through a connection of its own.

    `check(path)` runs before every new connection and raises unless the file is a library: NotFound where there is
    none, so that one which is made later can then be read. `via` is what the user edits through, as the journal says.
    """

    def __init__(
        self, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT, check: Callable[[Path], object] | None = None
    ) -> None:
        self.path = Path(path)
        self.busy_timeout = busy_timeout
        self.via = "python"
        self._check = check or (lambda _: None)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._readers = Readers(self.path, self._connect_reader)
        self._watcher, self._watching = Readers(self.path, self._connect_reader), threading.Lock()
        self._shared: dict[str, Any] = {}
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
        CatalogError if the file fails, or changed while it could not be locked, and never for a query of ours.
        """
        outer = getattr(self._local, "connection", None)
        with explained(self.path):
            if outer is not None:
                yield outer
                return
            with self._readers.borrow() as connection:
                self._local.connection = connection
                try:
                    connection.execute("BEGIN")
                    connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")  # BEGIN alone takes no snapshot
                    yield connection
                finally:
                    self._local.connection = None

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
                begin_write(connection, self.busy_timeout)
                yield connection
                connection.execute("COMMIT")
            finally:
                self._put_back_writer(connection)

    def stamp(self) -> object:
        """What equals an earlier one only where no connection has written to the file meanwhile; raises as `read`.

        It is a connection that nobody else uses, and the number of changes that it has seen: another file in the place
        of this one gets another connection.
        """
        with explained(self.path), self._watching, self._watcher.borrow() as connection:
            return connection, connection.execute("PRAGMA data_version").fetchone()[0]

    def close(self) -> None:
        """Close every idle connection; the object can be used again."""
        self._readers.close()
        self._watcher.close()
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            close_writer(writer, self.path)

    def _connect_reader(self) -> Any:
        self._check(self.path)
        connection = connect_read_only(self.path, self.busy_timeout)
        connection.shared = self._shared
        return connection

    def _take_writer(self) -> Any:
        with self._lock:
            connection, self._writer = self._writer, None
        if connection is not None and connection.stamp != read_stamp(self.path, is_locked=True):
            connection.close()
            connection = None
        if connection is None:
            self._check_or_make()
            connection = connect_writer(self.path, self.busy_timeout)
            connection.execute("PRAGMA busy_timeout=0")  # begin_write waits
            connection.row_factory = Row
        connection.via = self.via
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
            roll_back(connection)
        except DatabaseError:
            close_writer(connection, self.path)
            raise
        with self._lock:
            if self._writer is None:
                self._writer = connection
                return
        close_writer(connection, self.path)
