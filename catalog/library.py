"""A library's life: it is created, opened, checked, migrated, backed up and restored.

Connections are the business of `database`, migrations that of `upgrading`, which loads SQLAlchemy and Alembic.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.database import (
    BUSY_CODES,
    BUSY_TIMEOUT,
    Database,
    DatabaseError,
    begin_write,
    close_writer,
    connect,
    explained,
    is_busy,
    reading_alone,
    use_wal,
)
from catalog.disk import create, put_in_place
from catalog.errors import CatalogError, NotFound, SchemaError, SchemaOutdated, SchemaTooNew
from catalog.fields import SCHEMA_VERSION
from catalog.leftovers import held_from_the_start, name_part, remove_part
from catalog.sharing import BESIDE, beside, require_regular, retried
from catalog.upgrading import run_migrations, upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Writer
    from catalog.upkeep_reports import Migration

APPLICATION_ID = 0x43617456  # "CatV", in the file's header
NO_SCHEMA = "0000"  # the version of a library whose creation has not ended

_PARTS = (*BESIDE, "")  # of a library: the file itself last

_making = threading.Lock()


def open_library(path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> Database:
    """The library at `path`, checked if there is one, and nothing is made.

    Without one, reads and writes raise NotFound until somebody has made it; `Database.making` lets a write make it.
    Raises SchemaOutdated, SchemaTooNew or SchemaError (foreign or damaged).
    """
    database = Database(path, busy_timeout=busy_timeout, check=check_library)
    with suppress(NotFound), database.read():
        pass
    return database


def check_library(path: Path) -> None:
    """Raise the error that fits, unless the file is a library of this schema version.

    A missing library is NotFound; so is an empty file, and one whose creation has not ended.
    """
    version = read_version(path) if _size(path) else NO_SCHEMA
    if version == NO_SCHEMA:
        raise _missing(path)
    check_version(path, version)


def check_version(path: Path, version: str) -> None:
    """Raise the SchemaError that fits, unless the version is this schema's."""
    if version == SCHEMA_VERSION:
        return
    if version < SCHEMA_VERSION:
        raise SchemaOutdated(
            f"the library {path} has schema {version}, but this catalog needs {SCHEMA_VERSION}: run `catalog migrate`",
            path=str(path),
        )
    raise SchemaTooNew(
        f"the library {path} has schema {version}, newer than {SCHEMA_VERSION}: upgrade the catalog package",
        path=str(path),
    )


def read_version(path: Path) -> str:
    """The schema version of the file; raises SchemaError if it is not a library, or not a readable one."""
    with explained(path):
        return retried(lambda: _read_version(path))


def _read_version(path: Path) -> str:
    with reading_alone(path) as connection:
        if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
            return NO_SCHEMA  # it was being made, and a power cut has taken that back
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        if application != APPLICATION_ID:
            raise SchemaError(
                f"{path} is an SQLite database but not a catalog library: name another file", path=str(path)
            )
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if not tables:
            return NO_SCHEMA
        rows = connection.execute("SELECT * FROM alembic_version").fetchall() if "alembic_version" in tables else []
    if len(rows) != 1 or not re.fullmatch(r"(?!0000)\d{4}", str(rows[0][0])):
        raise SchemaError(
            f"the library {path} has lost its schema version: run `catalog restore BACKUP`", path=str(path)
        )
    return str(rows[0][0])


def create_library(path: str | Path) -> None:
    """Make a library unless there is one, even if other processes and threads do so at once; folders are not made.

    It is its owner's alone. Raises SchemaError for any other file there, CatalogError if the folder is missing or
    forbids it, or the disk is full, and then leaves nothing.
    """
    path = Path(path)
    with suppress(NotFound):
        check_library(path)
        return
    if not path.parent.is_dir():
        raise CatalogError(f"cannot make the library {path}: create the folder {path.parent} first")
    with _making, explained(path, "make"):
        is_new = _create_file(path)
        try:
            # The id is written first, in one atomic write: from then on the file counts as a library.
            with closing(connect(path)) as connection:
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                use_wal(connection)
            run_migrations(path, SCHEMA_VERSION)
        except BaseException:
            if is_new:
                _discard_unfinished(path)
            raise


def _create_file(path: Path, like: os.stat_result | None = None) -> bool:
    """Create the empty file of a library; returns False where there is one."""
    require_regular(path)
    try:
        create(beside(path, ""), like)
    except FileExistsError:
        return False
    except OSError as error:
        raise CatalogError(f"cannot make the library {path}: {error.strerror}") from error
    return True


def _discard_unfinished(path: Path) -> None:
    """Remove what a failed creation left, unless another process is going on with it or has completed it."""
    with suppress(OSError):
        try:
            with closing(connect(path, mode="rw", busy_timeout=0)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None:
                    _remove(path)
        except DatabaseError as error:
            if not is_busy(error):
                _remove(path)


def _remove(path: Path) -> None:
    for suffix in _PARTS:
        beside(path, suffix).unlink(missing_ok=True)


def migrate(path: str | Path, complete: Callable[[Writer], object] | None = None) -> Migration:
    """Migrate the library to this schema, after a backup beside it; `complete` ends it, in the same transaction.

    A migration that fails changes nothing; the CatalogError that it raises names the backup.
    """
    from catalog.upkeep_reports import Migration

    path = Path(path)
    old = read_version(path) if _size(path) else NO_SCHEMA
    if old == NO_SCHEMA:
        raise _missing(path)
    if old == SCHEMA_VERSION:
        return Migration(old, old)
    if old > SCHEMA_VERSION:
        check_version(path, old)
    copy = backup(path, purpose=f"before-{SCHEMA_VERSION}")
    try:
        upgrade(path, SCHEMA_VERSION, complete=complete)
    except Exception as error:
        reason = str(error) if isinstance(error, CatalogError) else f"cannot migrate the library {path}: {error}"
        raise CatalogError(
            f"{' '.join(reason.split())} (nothing was changed, and the library as it is was backed up to {copy})"
        ) from error
    return Migration(old, SCHEMA_VERSION, copy)


def backup(
    path: Path,
    target: Path | None = None,
    *,
    purpose: str = "backup",
    carry: Callable[[Path], object] | None = None,
) -> Path:
    """Copy the library while others read and write: the path of the copy, which is compact, consistent and a library.

    Without a target it is made beside the library, or in the folder that the target is, under a name that says when and
    for what purpose. It has the mode of the library and, where this user may give it, its group. `carry` takes along
    what belongs to it, before it gets its name.
    """
    if not _size(path):
        raise _missing(path)
    if target is None or os.path.isdir(target):  # noqa: PTH112 - False for a name that is too long
        with _spare_path(path, purpose, target) as spare:
            return _copy(path, spare, carry)
    if _size(target) is not None:
        raise CatalogError(f"cannot back up to {target}: it already exists, name a new file")
    if not target.parent.is_dir():
        raise CatalogError(f"cannot back up to {target}: create the folder {target.parent} first")
    return _copy(path, target, carry)


def _copy(path: Path, target: Path, carry: Callable[[Path], object] | None = None) -> Path:
    part = name_part(target)
    try:
        with held_from_the_start(part, path.stat()):
            with explained(path, "back up", f" to {target}"), reading_alone(path) as connection:
                connection.execute("VACUUM INTO :part", {"part": part.absolute().as_uri()})
            if carry is not None:
                carry(part)
            put_in_place(part, target)
    except OSError as error:
        raise CatalogError(f"cannot back up the library {path} to {target}: {error.strerror}") from error
    finally:
        remove_part(part)
    return target


@contextmanager
def _spare_path(path: Path, purpose: str, folder: Path | None = None) -> Iterator[Path]:
    """A new, empty file beside `path`, or in a folder, named like `catalog.db.20261121T105703Z.before-restore`.

    The file is made and held at once, so that no other process takes the same name in the same second. A block that
    fails leaves no such file.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    first = (folder or path.parent) / f"{path.name}.{stamp}.{purpose}"
    names = (first, *(first.with_name(f"{first.name}-{number}") for number in range(2, 1000)))
    with ExitStack() as stack:
        name = next((name for name in names if _is_spare(name, path, stack)), None)
        if name is None:
            raise CatalogError(f"cannot back up {path}: {len(names)} backups were made within this second, try again")
        try:
            yield name
        except BaseException:
            name.unlink(missing_ok=True)
            raise


def _is_spare(name: Path, path: Path, stack: ExitStack) -> bool:
    try:
        stack.enter_context(held_from_the_start(name, path.stat()))
    except FileExistsError:
        return False
    except OSError as error:
        raise CatalogError(f"cannot back up the library {path} to {name}: {error.strerror}") from error
    return True


def amend(path: Path, change: Callable[[Writer], object]) -> None:
    """Change a copy of the library that nobody uses yet, in one transaction."""
    with explained(path, "back up"), closing(connect(path, mode="rw")) as connection:
        begin_write(connection, BUSY_TIMEOUT)
        change(connection)
        connection.execute("COMMIT")


def restore(
    path: Path,
    copy: Path,
    *,
    busy_timeout: float = BUSY_TIMEOUT,
    complete: Callable[[Writer], object] | None = None,
    carry: Callable[[os.stat_result | None], object] | None = None,
) -> Path | None:
    """Replace the library at `path` by the backup `copy`, and return the path of a restore point made of it before.

    The content is copied through SQLite, in one transaction: open readers see the old or the new library, never a mix.
    The library keeps its mode; where there is none, it gets that of the backup if no others may read it. A backup with
    an older schema is restored as it is and can then be migrated; any other is ended by `complete`, in a transaction of
    its own. `carry` takes along what belongs to the backup, before anything is replaced. Raises SchemaError if the
    backup is foreign, damaged or newer than this version, CatalogError if the disk is full or read-only, and changes
    nothing then.
    """
    version = _check_backup(path, copy)
    with _restore_point(path) as (restore_point, before):
        like = before or _if_private(copy.stat())
        if carry is not None:
            carry(like)
        is_new = _create_file(path, like)
        try:
            with explained(path, "restore"), reading_alone(copy) as source:
                target = connect(path, busy_timeout=busy_timeout)
                try:
                    source.backup(target, progress=lambda status, *_: _refuse_busy(path, status))
                    use_wal(target, busy_timeout)
                    if complete is not None and version == SCHEMA_VERSION:
                        begin_write(target, busy_timeout)
                        complete(target)
                        target.execute("COMMIT")
                finally:
                    close_writer(target, path)
        except BaseException:
            if is_new:
                _remove(path)
            raise
    return restore_point


def _if_private(status: os.stat_result) -> os.stat_result | None:
    return None if status.st_mode & stat.S_IRWXO else status


def _check_backup(path: Path, copy: Path) -> str:
    """The schema of the backup; raises unless it is an undamaged library with this schema or an older one."""
    if not _size(copy):
        raise NotFound(f"no backup at {copy}", path=str(copy))
    if _size(path) is not None and path.samefile(copy):
        raise CatalogError(f"cannot restore {path} from itself: name a backup of it")
    version = read_version(copy)
    if version > SCHEMA_VERSION:
        check_version(copy, version)
    with explained(copy), reading_alone(copy) as connection:
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise SchemaError(
            f"the backup {copy} is damaged ({fault}): nothing was restored, name another backup", path=str(copy)
        )
    return version


@contextmanager
def _restore_point(path: Path) -> Iterator[tuple[Path | None, os.stat_result | None]]:
    """A copy of the library that a restore will replace, and its status; a block that fails leaves all as it was.

    A file too damaged to be read is moved aside instead of copied.
    """
    if not _size(path):
        yield None, None
        return
    before = path.stat()
    moved: list[tuple[Path, Path]] = []
    try:
        point = backup(path, purpose="before-restore")
    except SchemaError:
        with _spare_path(path, "before-restore") as point:
            for suffix in _PARTS:
                file = beside(path, suffix)
                with suppress(FileNotFoundError):
                    moved.append((file.rename(beside(point, suffix)), file))
    try:
        yield point, before
    except BaseException:
        with suppress(OSError):
            if not moved:
                point.unlink()
            for aside, file in moved:
                aside.replace(file)
        raise


def _refuse_busy(path: Path, status: int) -> None:
    """Raise if the target is busy: the driver would retry for ever, and each try has waited for the busy time-out."""
    if status in BUSY_CODES:
        raise CatalogError(f"cannot restore {path}: another process has been writing for too long, try again")


def _missing(path: Path) -> NotFound:
    return NotFound(
        f"no library at {path}: check the path, or make one with `catalog init`, `catalog sync` or `catalog import`",
        path=str(path),
    )


def _size(path: Path) -> int | None:
    """The size of the file in bytes, None if there is none; raises CatalogError for an impossible path of a library."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a path cannot contain NUL"
        raise CatalogError(f"cannot open {str(path)[:200]!r}: {reason}") from error
    if not stat.S_ISREG(status.st_mode):
        what = "a folder: name the library file in it" if stat.S_ISDIR(status.st_mode) else "not a file"
        raise SchemaError(f"{path} is {what}", path=str(path))
    return status.st_size
