"""A library's life: it is created, opened, checked, migrated, backed up and restored.

Connections are the business of `database`. Creating and migrating load SQLAlchemy and Alembic; nothing else does.
"""

from __future__ import annotations

import re
import stat
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.database import (
    BUSY_CODES,
    BUSY_TIMEOUT,
    Database,
    connect,
    connect_read_only,
    connect_writer,
    driver,
    explained,
    use_wal,
)
from catalog.disk import put_in_place
from catalog.errors import CatalogError, NotFound, SchemaError, SchemaOutdated, SchemaTooNew
from catalog.fields import SCHEMA_VERSION
from catalog.leftovers import held, name_part, remove_part

if TYPE_CHECKING:
    from catalog.reports import Migration

APPLICATION_ID = 0x43617456  # "CatV", in the file's header
NO_SCHEMA = "0000"  # the version of a library whose creation has not ended

_upgrading = threading.Lock()


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
    with explained(path), closing(connect_read_only(path)) as connection:
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

    Raises SchemaError for any other file there, CatalogError if the folder is missing or forbids it.
    """
    path = Path(path)
    with suppress(NotFound):
        check_library(path)
        return
    if not path.parent.is_dir():
        raise CatalogError(f"cannot make the library {path}: create the folder {path.parent} first")
    # The id is written first, in one atomic write: from then on the file counts as a library, if an unfinished one.
    with explained(path, "make"), closing(connect(path)) as connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        use_wal(connection)
    upgrade(path, SCHEMA_VERSION, at_once=True)


def migrate(path: str | Path) -> Migration:
    """Migrate the library to this schema, after a backup beside it."""
    from catalog.reports import Migration

    path = Path(path)
    old = read_version(path) if _size(path) else NO_SCHEMA
    if old == NO_SCHEMA:
        raise _missing(path)
    if old == SCHEMA_VERSION:
        return Migration(old, old)
    if old > SCHEMA_VERSION:
        check_version(path, old)
    copy = backup(path, purpose=f"before-{SCHEMA_VERSION}")
    upgrade(path, SCHEMA_VERSION)
    return Migration(old, SCHEMA_VERSION, copy)


def backup(path: Path, target: Path | None = None, *, purpose: str = "backup") -> Path:
    """Copy the library while others read and write: the path of the copy, which is compact, consistent and a library.

    Without a target it is made beside the library, under a name that says when and for what purpose.
    """
    if not _size(path):
        raise _missing(path)
    if target is None:
        target = _take_spare_path(path, purpose)
        try:
            with held(target):
                return _copy(path, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    if _size(target) is not None:
        raise CatalogError(f"cannot back up to {target}: it already exists, name a new file")
    if not target.parent.is_dir():
        raise CatalogError(f"cannot back up to {target}: create the folder {target.parent} first")
    return _copy(path, target)


def _copy(path: Path, target: Path) -> Path:
    part = name_part(target)
    try:
        part.touch(exist_ok=False)
        try:
            with held(part), explained(path, f"back up to {target}"), closing(connect_read_only(path)) as connection:
                connection.execute("VACUUM INTO :part", {"part": part.absolute().as_uri()})
            put_in_place(part, target)
        finally:
            remove_part(part)
    except OSError as error:
        raise CatalogError(f"cannot back up to {target}: {error.strerror}") from error
    return target


def _take_spare_path(path: Path, purpose: str) -> Path:
    """A new, empty file beside `path` whose name says when and why: `catalog.db.20261121T105703Z.before-restore`.

    The file is created at once, so that no other process takes the same name in the same second.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    first = path.with_name(f"{path.name}.{stamp}.{purpose}")
    names = (first, *(first.with_name(f"{first.name}-{number}") for number in range(2, 1000)))
    for name in names:
        try:
            name.touch(exist_ok=False)
        except FileExistsError:
            continue
        except OSError as error:
            raise CatalogError(f"cannot back up to {name}: {error.strerror}") from error
        return name
    raise CatalogError(f"cannot back up {path}: {len(names)} backups were made within this second, try again")


def restore(path: Path, copy: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> Path | None:
    """Replace the library at `path` by the backup `copy`, and return the path of a restore point made of it before.

    The content is copied through SQLite, in one transaction: open readers see the old or the new library, never a mix.
    A backup with an older schema is restored as it is and can then be migrated. Raises SchemaError, and changes
    nothing, if the backup is foreign, damaged or newer than this version.
    """
    _check_backup(path, copy)
    restore_point = _make_restore_point(path)
    with (
        explained(path, "restore"),
        closing(connect_read_only(copy)) as source,
        closing(connect(path, busy_timeout=busy_timeout)) as target,
    ):
        source.backup(target, progress=lambda status, *_: _refuse_busy(path, status))
        use_wal(target, busy_timeout)
    return restore_point


def upgrade(path: Path, target: str, folder: Path | None = None, *, at_once: bool = False) -> None:
    """Run each missing migration in a transaction of its own, foreign keys off inside and checked before the commit.

    Rebuilding a table with foreign keys on would delete its children. `at_once` runs all migrations in one transaction,
    so that no other process sees a new library half made. One thread at a time, because Alembic keeps the library that
    it works on in globals.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import StaticPool, create_engine, event

    config = Config()
    config.set_main_option("script_location", str(folder or migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = [] if at_once else ScriptDirectory.from_config(config).walk_revisions("base", target)
    stops = [script.revision for script in scripts] or [target]
    with _upgrading, explained(path, "migrate"), closing(connect_writer(path)) as writer:
        writer.execute("PRAGMA foreign_keys=OFF")
        engine = create_engine("sqlite://", module=driver, creator=lambda: writer, poolclass=StaticPool)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        for revision in reversed(stops):
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
                orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if orphans:
                    raise SchemaError(
                        f"migration {revision} would leave {len(orphans)} orphan rows in {path}: it was not applied",
                        path=str(path),
                    )


def migrations_folder() -> Path:
    """The Alembic scripts: inside the installed package, or at the top of the checkout."""
    package = Path(__file__).parent
    inside, beside = package / "migrations", package.parent / "migrations"
    return inside if inside.is_dir() else beside


def _check_backup(path: Path, copy: Path) -> None:
    """Raise unless the backup is an undamaged library with this schema or an older one."""
    if not _size(copy):
        raise NotFound(f"no backup at {copy}", path=str(copy))
    if _size(path) is not None and path.samefile(copy):
        raise CatalogError(f"cannot restore {path} from itself: name a backup of it")
    version = read_version(copy)
    if version > SCHEMA_VERSION:
        check_version(copy, version)
    with explained(copy), closing(connect_read_only(copy)) as connection:
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise SchemaError(
            f"the backup {copy} is damaged ({fault}): nothing was restored, name another backup", path=str(copy)
        )


def _make_restore_point(path: Path) -> Path | None:
    """A copy of the library that a restore will replace; a file too damaged to be read is moved aside instead."""
    if not _size(path):
        return None
    try:
        return backup(path, purpose="before-restore")
    except SchemaError:
        target = _take_spare_path(path, "before-restore")
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(target.with_name(target.name + suffix))
        return target


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
