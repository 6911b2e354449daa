"""Families and audits as other programs read them: Mermaid, Graphviz, JSON, PROV-JSON, a page of HTML.

Each module is a pure function from records to pieces of text, so that what is large is written as it is read. This room
knows no library, no file and no terminal.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.reading.families import Family

_HOMES = {"mermaid": "mermaid", "dot": "graphviz", "json": "documents", "prov": "prov"}
FORMS = tuple(_HOMES)  # in which a family can be written
MOST_EDGES = 500  # that Mermaid draws where its own settings allow no more: `maxEdges`


def write_family(family: Family, form: str) -> Iterator[str]:
    """The family in one of FORMS, in pieces; raises CatalogError for any other."""
    if form not in _HOMES:
        raise CatalogError(f"a family cannot be written as {form!r}: choose from {', '.join(FORMS)}")
    module: Any = import_module(f"catalog.exports.{_HOMES[form]}")
    pieces: Iterator[str] = module.write_family(family)
    return pieces
