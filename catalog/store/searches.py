"""Searches that the user saved under a name: each edit is one act in the journal, and can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.errors import NotFound
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.journal import journaled

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.database import Writer

_FIND = "SELECT id FROM saved_searches WHERE name = :name"


def save_search(connection: Writer, name: str, query: str, *, made_at: datetime) -> None:
    """Keep a query under a name, in the place of the one that has it: one edit."""
    row = connection.execute(_FIND, {"name": name}).fetchone()
    with (
        journaled(connection, "save", made_at=made_at, detail=f"the search {name}") as act,
        act.whole("saved_searches"),
    ):
        if row is None:
            insert_rows(connection, "saved_searches", [{"name": name, "query": query}])
        else:
            update_rows(connection, "saved_searches", [{"id": row[0], "query": query}])


def remove_search(connection: Writer, name: str, *, made_at: datetime) -> None:
    """Remove a saved search: one edit. Raises NotFound for an unknown one."""
    row = connection.execute(_FIND, {"name": name}).fetchone()
    if row is None:
        raise NotFound(f"no search is saved as {name}: `catalog saved list` lists them")
    with (
        journaled(connection, "unsave", made_at=made_at, detail=f"the search {name}") as act,
        act.whole("saved_searches"),
    ):
        connection.execute("DELETE FROM saved_searches WHERE id = :id", {"id": row[0]})
