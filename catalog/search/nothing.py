"""Why a search finds nothing: which parts of the query no video matches, or without which there would be some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.reading.names import find_nearest
from catalog.search.fields import shorten
from catalog.search.query import And, Term
from catalog.search.vocabulary import find_nearest_word

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from catalog.database import Reader
    from catalog.search.fields import Fields
    from catalog.search.query import Node

    Count = Callable[[Node], int]

_PARTS = 10  # of a query that are tried by themselves, or left out


def remark_on_parts(
    connection: Reader, query: Node, fields: Fields, count: Count, explained: Container[Node]
) -> Iterator[str]:
    """A remark for each part that empties the answer, but for those in `explained`; `count` is for a part by itself."""
    parts = query.operands if isinstance(query, And) else (query,)
    empty = [part for part in parts[:_PARTS] if part in explained or not count(part)]
    if not empty:
        yield from _try_without(parts, count)
    for part in empty:
        near = None if part in explained else find_near(connection, part, fields)
        if near:
            yield f"no video matches {shorten(str(part))}: did you mean {shorten(near)}?"
        elif part not in explained and len(parts) > 1:
            yield f"no video matches {shorten(str(part))}"


def _try_without(parts: Sequence[Node], count: Count) -> Iterator[str]:
    for part in parts if len(parts) <= _PARTS else ():
        others = tuple(other for other in parts if other is not part)
        if found := count(And(others) if len(others) > 1 else others[0]):
            yield f"without {shorten(str(part))} it finds {found:,} video{'s' if found > 1 else ''}"


def find_near(connection: Reader, part: Node, fields: Fields) -> str | None:
    """What was perhaps meant by a word that is nowhere: one that is, or the name of a video."""
    if not isinstance(part, Term) or len(part.values) > 1 or part.values[0].is_prefix:
        return None
    text = part.values[0].text
    if part.name:
        field = fields.find(part.name)
        is_about_words = field is not None and field.kind == "words"
        near = find_nearest_word(connection, text) if is_about_words else None
        return near and f"{part.name}:{near}"
    near = find_nearest_word(connection, text)
    return near or (find_nearest(connection, text) if any(map(str.isdigit, text)) else None)
