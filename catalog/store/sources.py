"""What the library remembers about its sources: how far a walk has come, their health, and who is syncing them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from catalog.records import read_utc, utc_text
from catalog.redaction import redact_text
from catalog.rows import stored
from catalog.store.bulk import insert_rows, update_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from catalog.database import Writer


def save_source(connection: Writer, name: str, **columns: Any) -> None:
    """Set columns of a source; one that is not known yet is added."""
    row = {column: _clean(value) for column, value in columns.items()}
    is_new = connection.execute("SELECT 1 FROM sources WHERE name = :name", {"name": name}).fetchone() is None
    if is_new:
        insert_rows(connection, "sources", [{"name": name, "health": "new"} | row])
    elif row:
        update_rows(connection, "sources", [{"name": name} | row], key="name")


def lock_source(
    connection: Writer, name: str, *, holder: str, now: datetime, is_stale: Callable[[str, datetime], bool]
) -> tuple[str, datetime] | None:
    """Lock the source for one run; returns None, or who holds it and since when they have given no sign of life.

    A lock for which `is_stale(holder, since)` is taken over.
    """
    save_source(connection, name)
    other, since = _read_lock(connection, name)
    if other and since and not is_stale(other, since):
        return other, since
    save_source(connection, name, lock_holder=holder, locked_at=now)
    return None


def renew_lock(connection: Writer, name: str, *, holder: str, now: datetime) -> bool:
    """Give a sign of life, if `holder` still holds the source, and return whether it does.

    The time of the lock moves, even where clocks do not.
    """
    other, since = _read_lock(connection, name)
    if other == holder:
        moment = now if utc_text(now) != utc_text(since or now) else now + timedelta(milliseconds=1)
        save_source(connection, name, locked_at=moment)
    return other == holder


def _read_lock(connection: Writer, name: str) -> tuple[str | None, datetime | None]:
    query = "SELECT lock_holder, locked_at FROM sources WHERE name = :name"
    holder, text = connection.execute(query, {"name": name}).fetchone() or (None, None)
    return holder, read_utc(text)


def unlock_source(connection: Writer, name: str, *, holder: str) -> None:
    """Unlock the source, if `holder` still holds it."""
    connection.execute(
        "UPDATE sources SET lock_holder = NULL, locked_at = NULL WHERE name = :name AND lock_holder = :holder",
        {"name": name, "holder": holder},
    )


def save_run(connection: Writer, **columns: Any) -> None:
    """Keep the report of one run."""
    insert_rows(connection, "sync_runs", [{column: _clean(value) for column, value in columns.items()}])


def _clean(value: Any) -> Any:
    """The value as the library stores it, without secrets."""
    return stored(redact_text(value) if isinstance(value, str) else value)
