"""Runs the migrations on a library file. Only this module loads SQLAlchemy and Alembic."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.database import Row, close_writer, connect_writer, driver, explained
from catalog.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Writer

_running = threading.Lock()


def upgrade(
    path: Path, target: str, folder: Path | None = None, *, complete: Callable[[Writer], object] | None = None
) -> None:
    """Run the missing migrations, and then `complete`, in one transaction: all is done, or nothing."""
    with explained(path, "migrate"):
        run_migrations(path, target, folder, complete)


def run_migrations(
    path: Path, target: str, folder: Path | None = None, complete: Callable[[Writer], object] | None = None
) -> None:
    """`upgrade`, with the errors of SQLite: foreign keys are off, and are checked before the commit.

    Rebuilding a table with foreign keys on would delete its children. One thread at a time, because Alembic keeps the
    library that it works on in globals.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import StaticPool, create_engine, event

    config = Config()
    config.set_main_option("script_location", str(folder or migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _running, _writing(path) as writer:
        writer.execute("PRAGMA foreign_keys=OFF")
        engine = create_engine("sqlite://", module=driver, creator=lambda: writer, poolclass=StaticPool)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, target)
            if complete is not None:
                writer.row_factory = Row
                complete(writer)
            orphans = writer.execute("PRAGMA foreign_key_check").fetchall()
            if orphans:
                raise SchemaError(
                    f"migration {target} would leave {len(orphans)} orphan rows in {path}: it was not applied",
                    path=str(path),
                )


@contextmanager
def _writing(path: Path) -> Iterator[Any]:
    writer = connect_writer(path)
    try:
        yield writer
    finally:
        close_writer(writer, path)


def migrations_folder() -> Path:
    """The Alembic scripts: inside the installed package, or at the top of the checkout."""
    package = Path(__file__).parent
    inside, beside = package / "migrations", package.parent / "migrations"
    return inside if inside.is_dir() else beside
