"""Characters: what a server made of a clip, for use in later prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.rows import stored
from catalog.store.bulk import insert_rows, update_rows

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.database import Writer


def save_character(
    connection: Writer,
    source: str,
    remote_id: str,
    *,
    name: str | None,
    created_at: datetime | None,
    seen_at: datetime,
) -> bool:
    """Keep a character and return whether it is new; one that the library has is only filled in, never blanked."""
    query = "SELECT id, name, created_at FROM characters WHERE source = :source AND remote_id = :remote_id"
    earlier = connection.execute(query, {"source": source, "remote_id": remote_id}).fetchone()
    row: dict[str, Any] = {"name": stored(name), "created_at": stored(created_at)}
    if earlier is None:
        row |= {"source": source, "remote_id": remote_id, "first_seen_at": stored(seen_at)}
        insert_rows(connection, "characters", [row])
        return True
    if not name:
        del row["name"]
    if created_at is None or earlier["created_at"] is not None:
        del row["created_at"]
    if row:
        update_rows(connection, "characters", [{"id": earlier["id"]} | row])
    return False
