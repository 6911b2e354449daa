"""Saved searches, as the library has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.choice_reports import SavedSearch

if TYPE_CHECKING:
    from catalog.database import Reader

_ALL = "SELECT name, query FROM saved_searches ORDER BY id"
_NAMED = "SELECT name, query FROM saved_searches WHERE lower(name) = lower(:name) ORDER BY name <> :name, id LIMIT 1"


def list_searches(connection: Reader) -> list[SavedSearch]:
    """All of them, in the order in which they were first saved."""
    return [SavedSearch(*row) for row in connection.execute(_ALL)]


def find_search(connection: Reader, name: str) -> SavedSearch | None:
    """The one with this name, else with one that differs in the case of ASCII letters only."""
    row = connection.execute(_NAMED, {"name": name}).fetchone()
    return row and SavedSearch(*row)
