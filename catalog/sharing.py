"""How a library file is read beside those who write it, and by whom.

Readers are never in the way of a writer and see what it writes, because SQLite locks their reads in the index beside
the write-ahead log. Where a reader may not write the folder, that takes a log and an index that stand there already:
the last writer leaves them, if others may read the library. Where there is none, a reader opens the file without locks:
such a connection is used only while nothing changes, and what was read while something did is not believed.

This module knows files, but no SQL and no driver. See https://sqlite.org/wal.html#read_only_databases.
"""

from __future__ import annotations

import os
import stat
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from catalog.disk import NOT_REGULAR, create, is_shared, open_as
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Stamp = tuple[tuple[int, ...] | None, ...]

Answer = TypeVar("Answer")

BESIDE = ("-wal", "-shm", "-journal")  # what SQLite appends to the name of a library for files of its own

# Ways to open the file, as the `mode` of SQLite's URI.
LOCKED = "ro"
IN_MEMORY = "ro&vfs=unix-none"  # a log without an index: its content is read into memory
FROZEN = "ro&immutable=1"  # no log


class ChangedMeanwhile(CatalogError):
    """The library was written while it was read without locks: what was read may be half old, half new."""


class Readers:
    """The connections that `connect` opens and threads borrow, each for as long as it shows what is in the file."""

    def __init__(self, path: Path, connect: Callable[[], Any]) -> None:
        self._path = path
        self._connect = connect
        self._lock = threading.Lock()
        self._idle: list[Any] = []

    @contextmanager
    def borrow(self) -> Iterator[Any]:
        """A connection that nobody else uses meanwhile, outside any transaction.

        Raises ChangedMeanwhile at the end of a block that read without locks while the file changed.
        """
        connection = self._take()
        try:
            yield connection
        except Exception as error:
            self._refuse_mixture(connection, error)
            raise
        else:
            self._refuse_mixture(connection)
        finally:
            self._put_back(connection)

    def close(self) -> None:
        """Close every idle connection; the object can be used again."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def _take(self) -> Any:
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection = self._idle.pop()
            if self._is_current(connection):
                return connection
            connection.close()
        before = read_stamp(self._path, is_locked=False)
        connection = self._connect()
        connection.stamp = read_stamp(self._path, is_locked=True) if connection.is_locked else before
        return connection

    def _put_back(self, connection: Any) -> None:
        if connection.in_transaction:
            connection.rollback()
        with self._lock:
            self._idle.append(connection)

    def _is_current(self, connection: Any) -> bool:
        return bool(connection.stamp == read_stamp(self._path, is_locked=connection.is_locked))

    def _refuse_mixture(self, connection: Any, error: Exception | None = None) -> None:
        if not connection.is_locked and not self._is_current(connection):
            raise ChangedMeanwhile(f"the library {self._path} was written while it was read: try again") from error


def retried(read: Callable[[], Answer]) -> Answer:
    """The answer of a read that can be repeated, and is where the file changes while it is read without locks."""
    for _ in range(4):
        with suppress(ChangedMeanwhile):
            return read()
    return read()


def read_stamp(path: Path, *, is_locked: bool) -> Stamp:
    """What tells the file and its log from those that stand there later; without locks, also from what they hold."""
    return tuple(_identify(file, is_locked=is_locked) for file in (path, _log(path)))


def _identify(file: Path, *, is_locked: bool) -> tuple[int, ...] | None:
    status = _look(file)
    if status is None:
        return None
    identity = (status.st_dev, status.st_ino)
    return identity if is_locked else (*identity, status.st_size, status.st_mtime_ns)


def list_ways(path: Path) -> list[str]:
    """The ways that may serve a reader, the best first; none where the log holds something that this user may not read.

    Who may write the folder and not the file must make no log there: it would lock the owner out.
    """
    if _look(path) is None:
        return [LOCKED]
    if is_closed_log(path):
        return []
    log = _look(_log(path))
    is_open = log is not None and _look(_index(path)) is not None
    does_no_harm = os.access(path, os.W_OK) or is_in_closed_folder(path)
    return [*([LOCKED] if is_open or does_no_harm else []), IN_MEMORY if log is not None and log.st_size else FROZEN]


def is_in_closed_folder(path: Path) -> bool:
    """Whether this user may make no file beside the library."""
    return not os.access(beside(path, "").parent, os.W_OK)


def is_closed_log(path: Path) -> bool:
    """Whether the log of the library holds something that this user may not read.

    A log that its last writer takes away just now is none: so it is looked at again where it cannot be read.
    """
    log = _look(_log(path))
    if log is None or log.st_size == 0 or os.access(_log(path), os.R_OK):
        return False
    return _look(_log(path)) is not None


def leaves_log(path: Path) -> bool:
    """Make the log of a library that others may read, where there is none; returns whether it needs its index."""
    library = _look(path)
    if library is None or not is_shared(library) or _look(_log(path)) is not None:
        return False
    share_log(path)
    return True


def share_log(path: Path) -> None:
    """Open the log and its index to whom the library is open to: SQLite takes over its mode, but not its group."""
    library = _look(path)
    if library is None or os.name == "nt":
        return
    if is_shared(library):
        with suppress(OSError):
            create(_log(path), library)
    for file in (_log(path), _index(path)):
        with suppress(OSError):
            status = file.lstat()
            is_ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
            if is_ours and (status.st_mode, status.st_gid) != (library.st_mode, library.st_gid):
                open_as(file, library)


def require_regular(path: Path) -> None:
    """Raise CatalogError where a name that SQLite uses beside the library is taken by something that is not a file.

    It would wait for a pipe, and write where a link leads.
    """
    for suffix in BESIDE:
        file = beside(path, suffix)
        with suppress(OSError, ValueError):
            if not stat.S_ISREG(file.lstat().st_mode):
                raise CatalogError(f"cannot open the library {path}: {file} is {NOT_REGULAR}, remove it")


def _look(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except (OSError, ValueError):
        return None


def _log(path: Path) -> Path:
    return beside(path, "-wal")


def _index(path: Path) -> Path:
    return beside(path, "-shm")


def beside(path: Path, suffix: str) -> Path:
    """Where a file that belongs to the library stands: beside the file that a link leads to."""
    file = Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114 - for any text, no error
    return file.with_name(file.name + suffix)
