"""What the library remembers of its sources: where a walk stands, how they fare, and who is syncing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from catalog.errors import CatalogError
from catalog.tables import Sources, SyncRuns

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Table

_SOURCES: Table = Sources.__table__  # type: ignore[attr-defined]


def save_source(connection: Connection, name: str, **columns: Any) -> None:
    """Set columns of a source, which is remembered from its first mention on."""
    statement = update(_SOURCES).where(_SOURCES.c.name == name).values(**columns)
    if columns and connection.execute(statement).rowcount:
        return
    if connection.execute(select(_SOURCES.c.id).where(_SOURCES.c.name == name)).first() is None:
        connection.execute(insert(_SOURCES).values(name=name, **({"health": "new"} | columns)))


def lock_source(
    connection: Connection, name: str, *, holder: str, now: datetime, is_stale: Callable[[str, datetime], bool]
) -> None:
    """Take the source for one sync; raises CatalogError while another holds it, unless `is_stale(holder, since)`."""
    save_source(connection, name)
    row = connection.execute(select(_SOURCES.c.lock_holder, _SOURCES.c.locked_at).where(_SOURCES.c.name == name)).one()
    if row.lock_holder and not is_stale(row.lock_holder, row.locked_at):
        raise CatalogError(
            f"source {name} is being synced by {row.lock_holder} since {row.locked_at:%Y-%m-%d %H:%M:%S} UTC: "
            "wait for it to end"
        )
    save_source(connection, name, lock_holder=holder, locked_at=now)


def unlock_source(connection: Connection, name: str, *, holder: str) -> None:
    """Give the source free again, if `holder` still has it."""
    mine = (_SOURCES.c.name == name) & (_SOURCES.c.lock_holder == holder)
    connection.execute(update(_SOURCES).where(mine).values(lock_holder=None, locked_at=None))


def save_run(connection: Connection, **columns: Any) -> None:
    """Keep the report of one run."""
    connection.execute(insert(SyncRuns).values(**columns))
