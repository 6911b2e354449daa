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
import re
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from catalog.errors import CatalogError, NotFound, SchemaError
from catalog.sharing import (
    IN_MEMORY,
    LOCKED,
    Readers,
    is_closed_log,
    is_in_closed_folder,
    leaves_log,
    list_ways,
    read_stamp,
    share_log,
)

try:
    import pysqlite3 as _sqlite
except ImportError:  # pragma: no cover - no wheel for this platform
    import sqlite3 as _sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Parameters = Mapping[str, Any] | Sequence[Any]

driver: Any = _sqlite
_STEPS = 1000  # of SQLite's machine between two looks at the clock, about 0.1 ms
BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another before it gives up
_FIRST_PAUSE, _SHORTEST_PAUSE = 0.010, 0.002  # seconds between two tries of a waiting writer, at first and in the end

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
_CODES = {"disk I/O error": 10, "database or disk is full": 13}  # the driver's `backup` gives no codes
_CLOSED = frozenset({3, 8, 14})  # what SQLite answers where it may neither open nor make a write-ahead log
_NO_LOG = _CLOSED | {10, 13}  # or cannot, because the disk is full


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
    """The driver's connection, which reads lists; `is_locked` and `stamp` are for `sharing`."""

    is_locked = True
    stamp: Any = None

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
        self._readers = Readers(self.path, self._connect_reader)
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

    def close(self) -> None:
        """Close every idle connection; the object can be used again."""
        self._readers.close()
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            close_writer(writer, self.path)

    def _connect_reader(self) -> Any:
        self._check(self.path)
        return connect_read_only(self.path, self.busy_timeout)

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
            close_writer(connection, self.path)
            raise
        with self._lock:
            if self._writer is None:
                self._writer = connection
                return
        close_writer(connection, self.path)


def begin_write(connection: Any, patience: float) -> None:
    """Begin a write transaction once no process and no thread is in one; raises OperationalError after the patience.

    Who has waited longer tries more often, so that each gets its turn. SQLite's own wait does the reverse: a newcomer
    tries at once and whoever waits every 100 ms, so that one of eight writers may wait until the others are done.
    """
    started = time.monotonic()
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except OperationalError as error:
            age = time.monotonic() - started
            if not is_busy(error) or age >= patience:
                raise
            time.sleep(min(_pause(age), patience - age))
        else:
            return


def _pause(age: float) -> float:
    """The seconds until the next try of a writer that has waited for so long, give or take a half."""
    from random import uniform

    return max(_SHORTEST_PAUSE, _FIRST_PAUSE / (1 + 20 * age)) * uniform(0.5, 1.5)  # noqa: S311 - no secret


def _roll_back(connection: Any) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def connect_read_only(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A read-only driver connection, by the first way to open the file that works; `sharing` says what it shows.

    Raises CatalogError where the log of the library is closed to this user.
    """
    _recover(path)
    failure: Exception | None = None
    for mode in list_ways(path):
        connection = _open(path, mode, busy_timeout)
        connection.row_factory = Row
        connection.is_locked = mode == LOCKED
        try:
            if mode == IN_MEMORY:
                connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except BaseException as error:
            connection.close()
            if not isinstance(error, OperationalError) or _primary_code(error) not in _NO_LOG:
                raise
            failure = failure or error
        else:
            return connection
    if failure is None or is_closed_log(path):
        raise CatalogError(
            f"cannot read the library {path}, because you may not read the log beside it: ask its owner to run "
            "`catalog backup`, which opens the log to whom the library is open to"
        ) from failure
    raise failure


@contextmanager
def reading_alone(path: Path) -> Iterator[Any]:
    """A read-only connection that is closed afterwards; raises ChangedMeanwhile as `Readers.borrow` does."""
    readers = Readers(path, lambda: connect_read_only(path))
    try:
        with readers.borrow() as connection:
            yield connection
    finally:
        readers.close()


def _recover(path: Path) -> None:
    """Roll back what was interrupted while the file was no WAL yet, which no read-only connection does."""
    if path.with_name(path.name + "-journal").exists():
        with suppress(OperationalError), closing(connect(path, mode="rw")) as connection:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")


def connect_writer(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A driver connection that writes to an existing library, outside any transaction; `close_writer` closes it."""
    share_log(path)
    connection = connect(path, mode="rw", busy_timeout=busy_timeout)
    use_wal(connection, busy_timeout)  # a backup that was copied here is not in WAL mode
    share_log(path)
    connection.execute("PRAGMA cache_size=-65536")
    connection.stamp = read_stamp(path, is_locked=True)
    return connection


def close_writer(connection: Any, path: Path) -> None:
    """Close a writer; the log of a library that others may read stays, because without one they see it frozen."""
    connection.close()
    if leaves_log(path):
        with suppress(OSError, DatabaseError), closing(connect_read_only(path)):
            pass  # a reader makes the log and, unlike a writer, does not remove it


def use_wal(connection: Any, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Put the file into WAL mode; where two do so at once, SQLite refuses one without waiting, so it tries again."""
    end = time.monotonic() + busy_timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except OperationalError as error:
            if not is_busy(error) or time.monotonic() >= end:
                raise
            time.sleep(0.005)
        else:
            return


def bound_memory(connection: Any, size: int) -> None:
    """Let the SQLite of this process hold at most so many bytes, what it sorts included, until the process ends."""
    connection.execute("PRAGMA temp_store=MEMORY")  # what is sorted counts, and fills no disk
    connection.execute(f"PRAGMA hard_heap_limit={size}")
    if hasattr(connection, "setlimit"):  # pysqlite3 has none; some systems build SQLite without the limit above
        connection.setlimit(driver.SQLITE_LIMIT_LENGTH, size)


@contextmanager
def interrupted_after(connection: Any, seconds: float) -> Iterator[None]:
    """Inside, a statement of the connection that runs longer ends with an OperationalError, `interrupted`.

    One step of SQLite is never interrupted, and may be a long one: `GLOB` over a long text.
    """
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() >= end, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def make_rows(names: Sequence[str], values: Iterable[Sequence[Any]]) -> tuple[list[Any], Any]:
    """Rows as a connection reads them, of values that come from elsewhere, and the cursor's description of them."""
    columns = ", ".join(f'NULL AS "{_double_quotes(name)}"' for name in names) or "NULL"
    with closing(driver.connect(":memory:")) as connection:
        cursor = connection.execute(f"SELECT {columns}")
        return [Row(cursor, tuple(row)) for row in values], cursor.description


def _double_quotes(name: str) -> str:
    return name.replace('"', '""')


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
    code = _primary_code(error)
    if code == _NOT_A_DATABASE:
        return SchemaError(f"{path} is not a catalog library: it is not an SQLite file", path=str(path))
    if code == _CORRUPT or text.startswith("Could not decode to UTF-8"):
        text = text.partition(" with text")[0]
        return SchemaError(f"the library {path} is damaged ({text}): run `catalog restore BACKUP`", path=str(path))
    if is_busy(error):
        return CatalogError(f"the library {path} is busy: another process has been writing for too long, try again")
    if code in _CLOSED and is_in_closed_folder(path):
        text = "its folder cannot be written"
    return CatalogError(f"cannot {action} the library {path}{whither}: {text}") if code in _UNREACHABLE else None


def _primary_code(error: Exception) -> int:
    code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
    return code or _CODES.get(str(error), 0)


def is_busy(error: Exception) -> bool:
    """Whether SQLite refused because somebody else holds the file."""
    return _primary_code(error) in BUSY_CODES


def connect(path: Path, mode: str = "rwc", busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A driver connection in autocommit mode, with the durability and the checks that every library gets."""
    connection = _open(path, mode, busy_timeout)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _open(path: Path, mode: str, busy_timeout: float) -> Any:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = driver.connect(uri, uri=True, isolation_level=None, check_same_thread=False, factory=_Connection)
    connection.execute(f"PRAGMA busy_timeout={round(busy_timeout * 1000)}")
    return connection
