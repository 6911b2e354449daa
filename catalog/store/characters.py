"""Characters: what a server made of a clip, for use in later prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from catalog.tables import Characters

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Table

_CHARACTERS: Table = Characters.__table__  # type: ignore[attr-defined]


def save_character(
    connection: Connection,
    source: str,
    remote_id: str,
    *,
    name: str | None,
    created_at: datetime | None,
    seen_at: datetime,
) -> bool:
    """Keep a character: whether it was new. A known one is only filled in, never blanked."""
    columns = _CHARACTERS.c
    known = connection.execute(
        select(columns.id, columns.name, columns.created_at).where(
            columns.source == source, columns.remote_id == remote_id
        )
    ).first()
    if known is None:
        row = {"source": source, "remote_id": remote_id, "name": name, "created_at": created_at}
        connection.execute(insert(_CHARACTERS).values(**row, first_seen_at=seen_at))
        return True
    news: dict[str, Any] = {}
    if name and name != known.name:
        news["name"] = name
    if created_at and known.created_at is None:
        news["created_at"] = created_at
    if news:
        connection.execute(update(_CHARACTERS).where(columns.id == known.id).values(**news))
    return False
