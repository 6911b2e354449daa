"""Families: where a video comes from and what was made of it, along the links. Reads only.

A parent is named, not numbered, so it may be unknown to the library: it stays in the tree under its ref. A video that
the user deleted stays too, as what holds its branches. Servers have been seen to close circles; every walk here visits
a video once. Trees are grown to a bounded height, because readers of nested records recurse: what stands higher is a
tree of its own.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from catalog.reports import Lineage, LineageNode
from catalog.rows import SELECT_VIDEO, read_video

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from catalog.database import Reader
    from catalog.records import Video

MAX_DEPTH = 100  # levels of one tree

# CROSS JOIN makes SQLite walk from the family to its links, each found in an index, whatever it believes of the tables.
_FAMILY = """
WITH RECURSIVE upward(source, remote_id) AS (
    SELECT :source, :remote_id
    UNION
    SELECT links.parent_source, links.parent_remote_id FROM upward CROSS JOIN videos CROSS JOIN links
    WHERE videos.source = upward.source AND videos.remote_id = upward.remote_id AND links.child_id = videos.id
), family(source, remote_id) AS (
    SELECT source, remote_id FROM upward
    UNION
    SELECT videos.source, videos.remote_id FROM family CROSS JOIN links CROSS JOIN videos
    WHERE links.parent_source = family.source AND links.parent_remote_id = family.remote_id
    AND videos.id = links.child_id
)
"""
_VIDEOS = f"""{_FAMILY}
SELECT {SELECT_VIDEO} FROM family CROSS JOIN videos
WHERE videos.source = family.source AND videos.remote_id = family.remote_id
"""
_EDGES = f"""{_FAMILY}
SELECT videos.source, videos.remote_id, links.parent_source, links.parent_remote_id, links.relation
FROM family CROSS JOIN videos CROSS JOIN links
WHERE videos.source = family.source AND videos.remote_id = family.remote_id AND links.child_id = videos.id
ORDER BY videos.created_at IS NULL, videos.created_at, videos.id, links.id
"""


class _Name(NamedTuple):
    source: str
    remote_id: str

    @property
    def ref(self) -> str:
        return f"{self.source}:{self.remote_id}"


# By parent, then by child in order of creation, the relation; a second link between the same two adds nothing.
_Edges = dict[_Name, dict[_Name, str]]


def read_lineage(connection: Reader, source: str, remote_id: str) -> Lineage:
    """The family of one video: its ancestors, nearest first, and the trees from its oldest ancestors down."""
    me = _Name(source, remote_id)
    edges = _read_edges(connection, me)
    videos = _read_videos(connection, me)
    nearest = _climb(me, edges, videos)
    descendants = sum(1 for _ in _descend([me], edges)) - 1
    return Lineage(me.ref, tuple(nearest.values()), _grow(_find_roots(me, nearest, edges), edges, videos), descendants)


def _read_edges(connection: Reader, me: _Name) -> _Edges:
    edges: _Edges = {}
    for *pair, relation in connection.execute(_EDGES, me._asdict()):
        child, parent = _Name(*pair[:2]), _Name(*pair[2:])
        edges.setdefault(parent, {}).setdefault(child, relation)
    return edges


def _read_videos(connection: Reader, me: _Name) -> dict[_Name, Video]:
    rows = connection.execute(_VIDEOS, me._asdict())
    return {_Name(row["source"], row["remote_id"]): read_video(row) for row in rows}


def _climb(me: _Name, edges: _Edges, videos: Mapping[_Name, Video]) -> dict[_Name, LineageNode]:
    """The ancestors, nearest first; `relation` is the one to the member through which each was reached."""
    parents: dict[_Name, dict[_Name, str]] = {}
    for parent, children in edges.items():
        for child, relation in children.items():
            parents.setdefault(child, {})[parent] = relation
    ancestors: dict[_Name, LineageNode] = {}
    waiting = deque([(me, 0)])
    while waiting:
        child, depth = waiting.popleft()
        for parent, relation in parents.get(child, {}).items():
            if parent != me and parent not in ancestors:
                ancestors[parent] = LineageNode(parent.ref, videos.get(parent), relation, depth - 1)
                waiting.append((parent, depth - 1))
    return ancestors


def _find_roots(me: _Name, nearest: Iterable[_Name], edges: _Edges) -> list[_Name]:
    """Where to grow trees from, so that every ancestor is in one: who has no parents, then the farthest of a circle."""
    children = {child for brood in edges.values() for child in brood}
    oldest_first = [*reversed([*nearest]), me]
    roots = [name for name in oldest_first if name not in children]
    reached = set(_descend(roots, edges))
    for name in oldest_first:
        if name not in reached:
            roots.append(name)
            reached.update(_descend([name], edges))
    return roots


def _descend(roots: Iterable[_Name], edges: _Edges) -> Iterator[_Name]:
    """The roots and all below them, each once."""
    waiting = list(roots)
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        yield name
        below = edges.get(name, {}).keys() - seen
        seen |= below
        waiting.extend(below)


def _grow(roots: Iterable[_Name], edges: _Edges, videos: Mapping[_Name, Video]) -> tuple[LineageNode, ...]:
    """The trees from these roots down; a video whose branches stand elsewhere is a leaf marked as a repeat."""
    drawn: set[_Name] = set()
    waiting = deque(roots)

    def grow(name: _Name, relation: str | None, depth: int) -> LineageNode:
        children = edges.get(name, {})
        is_repeat = name in drawn
        if not is_repeat and depth == MAX_DEPTH and children:
            waiting.append(name)
            is_repeat = True
        else:
            drawn.add(name)
        branches = () if is_repeat else tuple(grow(child, how, depth + 1) for child, how in children.items())
        return LineageNode(name.ref, videos.get(name), relation, depth, is_repeat, branches)

    trees = []
    while waiting:
        name = waiting.popleft()
        if name not in drawn:
            trees.append(grow(name, None, 0))
    return tuple(trees)
