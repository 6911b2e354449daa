"""Families: where a video comes from and what was made from it, along the links.

A link names its parent by its ref, so the parent may be missing from the library: it stays in the tree under that ref.
A video that the user deleted stays too, because it holds its branches together. Servers have been seen to close
circles, so every walk visits a video once. Trees have a bounded depth, because readers of nested records recurse: what
lies deeper becomes a tree of its own.
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

# CROSS JOIN makes SQLite walk from the family to its links, each by an index, whatever its statistics say.
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


# The relation by parent, then by child in order of creation; a second link between the same two adds nothing.
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
    """The ancestors, nearest first; `relation` is the one to the family member through which each was reached."""
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
    """The roots of trees that hold every ancestor: those without parents, then the farthest member of each circle."""
    children = {child for children_of in edges.values() for child in children_of}
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
    """The trees from these roots down; a video whose branches are drawn elsewhere is a leaf marked as a repeat."""
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
        branches = () if is_repeat else tuple(grow(*child, depth + 1) for child in children.items())
        return LineageNode(name.ref, videos.get(name), relation, depth, is_repeat, branches)

    trees = []
    while waiting:
        name = waiting.popleft()
        if name not in drawn:
            trees.append(grow(name, None, 0))
    return tuple(trees)
