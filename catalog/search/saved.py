"""Saved searches in queries: `query:NAME` stands for what is saved under the name."""

from __future__ import annotations

from collections import deque
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

_SHOWN = 6  # names on a way round that are shown


def require_savable(connection: Reader, name: str, query: str) -> None:
    """Raise QueryError for a query that cannot be read, CatalogError for an empty one or one that contains itself."""
    if parse(query) is None:
        raise CatalogError(f"the search {name} has an empty query: write what it should find")
    way = _find_way(connection, name, query)
    if way:
        shown = way if len(way) <= _SHOWN else (*way[: _SHOWN - 2], "…", way[-1])
        raise QueryError(f"the search {name} would contain itself: {' names '.join(shown)}")


def _find_way(connection: Reader, name: str, query: str) -> tuple[str, ...]:
    """The names from a query that is to have this name back to the name; empty where it does not lead there."""
    fields = Fields(connection)
    seen = {name}
    waiting: deque[tuple[str, tuple[str, ...]]] = deque([(query, (name,))])
    while waiting:
        text, way = waiting.popleft()
        for named in _list_named(fields, parse(text)):
            if named.lower() == name.lower():
                return (*way, named)
            saved = find_search(connection, named)
            if saved and saved.name not in seen:
                seen.add(saved.name)
                waiting.append((saved.query, (*way, named)))
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
