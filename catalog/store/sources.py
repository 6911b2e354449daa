"""What the library remembers about its sources: how far a walk has come, their health, and who is syncing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.records import read_utc
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
) -> None:
    """Lock the source for one sync; raises CatalogError while another holds it, unless `is_stale(holder, since)`."""
    save_source(connection, name)
    query = "SELECT lock_holder, locked_at FROM sources WHERE name = :name"
    other, text = connection.execute(query, {"name": name}).fetchone()
    since = read_utc(text)
    if other and since and not is_stale(other, since):
        raise CatalogError(
            f"source {name} is being synced by {other}, last active {since:%Y-%m-%d %H:%M:%S} UTC: wait until it ends"
        )
    save_source(connection, name, lock_holder=holder, locked_at=now)


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
