"""Links of what credentials say that videos were made of: derived, they follow the newest checks.

They have the origin `c2pa`, one for a child and a parent, whichever of the two was checked first. The relation is that
of another link between the two, else by what the ingredient is: a parent is remixed, anything else is a reference.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.ingredients import PARENT, find_parents, list_naming, read_traits
from catalog.store.bulk import insert_rows
from catalog.store.descent import measure
from catalog.store.indexes import descending
from catalog.store.inheritance import follow_links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from catalog.database import Writer

    Edge = tuple[int, str, str, str]  # child, relation, source and id of the parent

_PORTION = 500  # children whose links are in memory at once

_HAVING = "SELECT DISTINCT child_id FROM links WHERE child_id IN :ids AND origin = 'c2pa'"
_ALL = (
    "SELECT video_id FROM files WHERE check_id IS NOT NULL UNION SELECT child_id FROM links WHERE origin = 'c2pa' "
    "ORDER BY 1"
)
_KEPT = (
    "SELECT child_id, relation, parent_source, parent_remote_id, id FROM links "
    "WHERE child_id IN :ids AND origin = 'c2pa'"
)
_RELATIONS = (
    "SELECT child_id, parent_id, relation FROM links "
    "WHERE child_id IN :ids AND origin <> 'c2pa' AND parent_id IS NOT NULL ORDER BY id"
)
_NAMES = "SELECT id, source, remote_id FROM videos WHERE id IN :ids"


class _Difference(NamedTuple):
    """What is to be done to the links of videos: the rows to take out by id, those to put in, and whose they are."""

    stale: list[int]
    new: list[dict[str, Any]]
    children: set[int]


@contextmanager
def followed(connection: Writer, ids: Iterable[int]) -> Iterator[None]:
    """Bring links up to date with what the block makes of the files of these videos and of their checks."""
    videos = list(ids)
    before = read_traits(connection, videos)
    yield
    naming = list_naming(connection, before, read_traits(connection, videos))
    link_ingredients(connection, naming.union(videos))


def link_ingredients(connection: Writer, ids: Iterable[int]) -> None:
    """Make the links of these videos what their credentials say now."""
    videos = sorted(ids)
    changed: list[int] = []
    for start in range(0, len(videos), _PORTION):
        difference = _compare(connection, videos[start : start + _PORTION])
        with descending(connection, difference.children):
            _write(connection, difference)
        changed += difference.children
    measure(connection, changed)


def link_again(connection: Writer, ids: Collection[int]) -> None:
    """Do that for videos of which links of another origin changed; inside `indexed`, and before `measure`."""
    having = [row[0] for row in connection.execute(_HAVING, {"ids": list(ids)})]
    if having:
        _write(connection, _compare(connection, having))


def rebuild_ingredients(connection: Writer) -> None:
    """Make the links of all credentials again."""
    link_ingredients(connection, [row[0] for row in connection.execute(_ALL)])


def _compare(connection: Writer, ids: Sequence[int]) -> _Difference:
    parameters = {"ids": list(ids)}
    wanted = _list_edges(connection, parameters)
    kept: dict[Edge, int] = {tuple(row[:4]): row[4] for row in connection.execute(_KEPT, parameters)}
    stale = [link_id for edge, link_id in kept.items() if edge not in wanted]
    new = [_row(edge, parent) for edge, parent in wanted.items() if edge not in kept]
    children = {edge[0] for edge in wanted.keys() ^ kept.keys()}
    return _Difference(stale, new, children)


def _list_edges(connection: Writer, parameters: dict[str, list[int]]) -> dict[Edge, int]:
    """The rows of the parents by the edges that lead to them."""
    made = find_parents(connection, parameters["ids"])
    relations: dict[tuple[int, int], str] = {}
    for child, parent, relation in connection.execute(_RELATIONS, parameters) if made else ():
        relations.setdefault((child, parent), relation)
    parents = {parent for each in made.values() for parent in each.parents}
    names = {row[0]: (row[1], row[2]) for row in connection.execute(_NAMES, {"ids": list(parents)})}
    return {
        (child, relations.get((child, parent)) or _relate(ingredient.relationship), *names[parent]): parent
        for child, each in made.items()
        for parent, ingredient in each.parents.items()
    }


def _relate(relationship: str) -> str:
    return "remix" if relationship == PARENT else "reference"


def _row(edge: Edge, parent: int) -> dict[str, Any]:
    child, relation, source, remote_id = edge
    return {
        "child_id": child,
        "relation": relation,
        "origin": "c2pa",
        "parent_source": source,
        "parent_remote_id": remote_id,
        "parent_id": parent,
    }


def _write(connection: Writer, difference: _Difference) -> None:
    connection.execute("DELETE FROM links WHERE id IN :ids", {"ids": difference.stale})
    insert_rows(connection, "links", difference.new)
    follow_links(connection, difference.children)
