"""Saved searches in queries: `query:NAME` stands for what is saved under the name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.errors import CatalogError, QueryError
from catalog.reading.searches import find_search
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.query import Not, Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.database import Reader
    from catalog.search.query import Node


def require_savable(connection: Reader, name: str, query: str) -> None:
    """Raise QueryError for a query that cannot be read, CatalogError for an empty one or one that contains itself."""
    if parse(query) is None:
        raise CatalogError(f"the search {name} has an empty query: write what it should find")
    fields = Fields(connection)
    way = _find_way(connection, fields, name.lower(), query, (name,))
    if way:
        raise QueryError(f"the search {name} would contain itself: {' names '.join(way)}")


def _find_way(connection: Reader, fields: Fields, end: str, query: str, way: tuple[str, ...]) -> tuple[str, ...]:
    """The names from a query to the one that it must not name; empty where it does not."""
    for name in _list_named(fields, parse(query)):
        if name.lower() == end:
            return (*way, name)
        saved = find_search(connection, name)
        if saved and saved.name not in way and (found := _find_way(connection, fields, end, saved.query, (*way, name))):
            return found
    return ()


def _list_named(fields: Fields, node: Node | None) -> Iterator[str]:
    """The names of the searches that a tree stands on."""
    if isinstance(node, Term):
        field = fields.find(node.name) if node.name else None
        if field is not None and field.kind == "saved":
            yield from (value.text for value in node.values)
    elif node is not None:
        for operand in (node.operand,) if isinstance(node, Not) else node.operands:
            yield from _list_named(fields, operand)
