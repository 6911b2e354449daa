"""Connections to a library file: how it is opened to read and to write, and how they wait for each other."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.database.driver import (
    CLOSED_CODES,
    Connection,
    DatabaseError,
    OperationalError,
    Row,
    driver,
    is_busy,
    primary_code,
)
from catalog.errors import CatalogError
from catalog.sharing import (
    IN_MEMORY,
    LOCKED,
    Readers,
    beside,
    is_closed_log,
    leaves_log,
    list_ways,
    read_stamp,
    require_regular,
    share_log,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.database.driver import Reader, Writer

BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another before it gives up
_FIRST_PAUSE, _SHORTEST_PAUSE = 0.010, 0.002  # seconds between two tries of a waiting writer, at first and in the end
_STEPS = 1000  # of SQLite's machine between two looks at the clock, about 0.1 ms
_NO_LOG = CLOSED_CODES | {10, 13}  # or cannot, because the disk is full


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


def roll_back(connection: Any) -> None:
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
            connection.execute("PRAGMA cache_size=-8192")  # a page of search visits more than the usual 2 MB
        except BaseException as error:
            connection.close()
            if not isinstance(error, OperationalError) or primary_code(error) not in _NO_LOG:
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
    if beside(path, "-journal").exists():
        with suppress(OperationalError), closing(connect(path, mode="rw")) as connection:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")


def connect_writer(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A driver connection that writes to an existing library, outside any transaction; `close_writer` closes it."""
    share_log(path)
    connection = connect(path, mode="rw", busy_timeout=busy_timeout)
    use_wal(connection, busy_timeout)  # a backup that was copied here is not in WAL mode
    share_log(path)
    connection.execute("PRAGMA cache_size=-16384")
    connection.stamp = read_stamp(path, is_locked=True)
    return connection


def close_writer(connection: Any, path: Path) -> None:
    """Close a writer; the log of a library that others may read stays, because without one they see it frozen."""
    connection.close()
    if leaves_log(path):
        with suppress(OSError, DatabaseError), closing(connect_read_only(path)):
            pass  # a reader makes the log and, unlike a writer, does not remove it


def overwrite(connection: Any) -> None:
    """From now on, what the connection replaces or removes is overwritten in the file too, not only given up."""
    connection.execute("PRAGMA secure_delete=ON")


@contextmanager
def scratch() -> Iterator[Writer]:
    """A connection to a database of its own in memory, which is gone when the block ends."""
    connection = driver.connect(":memory:", isolation_level=None, factory=Connection)
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


def path_of(connection: Reader) -> Path:
    """The library file that the connection is to."""
    return Path(connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0])


def connect(path: Path, mode: str = "rwc", busy_timeout: float = BUSY_TIMEOUT) -> Any:
    """A driver connection in autocommit mode, with the durability and the checks that every library gets."""
    connection = _open(path, mode, busy_timeout)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _open(path: Path, mode: str, busy_timeout: float) -> Any:
    require_regular(path)
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = driver.connect(uri, uri=True, isolation_level=None, check_same_thread=False, factory=Connection)
    connection.execute(f"PRAGMA busy_timeout={round(busy_timeout * 1000)}")
    return connection
