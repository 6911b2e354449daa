"""Families: where a video comes from and what was made from it, along the links.

A link names its parent by its ref, so the parent may be missing from the library: it stays in the tree under that ref.
A video that the user deleted stays too, because it holds its branches together. Servers have been seen to close
circles, so every walk visits a video once. Who speaks of an edge, and how the credentials compare, stands beside it:
see `reading.evidence`. Trees have a bounded depth, because readers of nested records recurse: what
lies deeper becomes a tree of its own.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.reading.evidence import PORTION, compare_evidence, order_origins, read_statuses
from catalog.reading.files import read_names
from catalog.reports import Lineage, LineageNode
from catalog.rows import SELECT_VIDEO, read_video

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from catalog.database import Reader
    from catalog.records import Video

MAX_DEPTH = 100  # levels of one tree

# CROSS JOIN makes SQLite walk from the family to its links, each by an index, whatever its statistics say.
_UPWARD = """
WITH RECURSIVE upward(id) AS (
    SELECT :me UNION
    SELECT links.parent_id FROM upward CROSS JOIN links WHERE links.child_id = upward.id AND links.parent_id IS NOT NULL
)
"""
_CHILDREN = "SELECT links.child_id FROM family CROSS JOIN links WHERE links.parent_id = family.id"
# Those above and all their descendants, and those of parents that the library does not have; the nearest first.
_FAMILY = f"""{_UPWARD}, family(id) AS (
    SELECT id FROM upward
    UNION SELECT links.child_id FROM upward CROSS JOIN links AS lost CROSS JOIN links
    WHERE lost.child_id = upward.id AND lost.parent_id IS NULL AND links.parent_id IS NULL
    AND links.parent_source = lost.parent_source AND links.parent_remote_id = lost.parent_remote_id
    UNION {_CHILDREN}
)
"""
_DESCENDANTS = f"WITH RECURSIVE family(id) AS (SELECT :me UNION {_CHILDREN})"
_WALKS = (
    f"{_UPWARD} SELECT id FROM upward",
    f"{_DESCENDANTS} SELECT id FROM family",
    f"{_FAMILY} SELECT id FROM family",
)
_COUNT_DESCENDANTS = f"{_DESCENDANTS} SELECT count(*) - 1 FROM family"
_COUNT_FAMILY = f"""{_FAMILY}
SELECT (SELECT count(*) FROM upward), (SELECT count(*) FROM family), count(*) FROM (
    SELECT DISTINCT parent_source, parent_remote_id FROM upward CROSS JOIN links
    WHERE links.child_id = upward.id AND links.parent_id IS NULL
)
"""
_VIDEOS = f"SELECT videos.id AS row_id, {SELECT_VIDEO} FROM videos WHERE videos.id IN :ids"
_EDGES = """
SELECT links.child_id, links.parent_id, links.parent_source || ':' || links.parent_remote_id, links.relation,
links.origin
FROM videos CROSS JOIN links WHERE videos.id IN :ids AND links.child_id = videos.id
ORDER BY videos.created_at IS NULL, videos.created_at, videos.id, links.origin = 'c2pa', links.id
"""

_Member = int | str  # the row of a video, or the ref of one that the library does not have


class _Edge(NamedTuple):
    """The relation of the first link between two, who else makes one, and what the credentials say of it."""

    relation: str
    origins: tuple[str, ...]
    evidence: str | None = None


# By parent, then by child in order of creation.
_Edges = dict[_Member, dict[_Member, _Edge]]


class _Known(NamedTuple):
    """The members that the library has, the status of the credentials of those that were checked, and the names of
    files."""

    videos: Mapping[_Member, Video]
    statuses: Mapping[int, str]
    names: Mapping[int, str]


def read_lineage(connection: Reader, me: int, limit: int | None = None) -> Lineage:
    """The family of the video of a row: its ancestors, nearest first, and the trees from its oldest ancestors down.

    At most `limit` videos of it: first the ancestors, then the descendants, then the others, each the nearest first.
    """
    ids = list_members(connection, me, limit)
    edges = _read_edges(connection, ids)
    videos = {video_id: read_video(row) for video_id, *row in connection.execute(_VIDEOS, {"ids": ids})}
    known = _Known(videos, read_statuses(connection, ids), read_names(connection, ids))
    nearest = _climb(me, edges, known)
    roots = _grow(_find_roots(me, nearest, edges), edges, known)
    upward, family, lost = _count_family(connection, me)
    ancestors = upward - 1 + lost
    descendants = connection.execute(_COUNT_DESCENDANTS, {"me": me}).fetchone()[0] if ancestors else family - 1
    return Lineage(videos[me].ref, tuple(nearest.values()), roots, ancestors, descendants, family + lost)


def count_members(connection: Reader, me: int) -> int:
    """How many the whole family has, parents that the library does not have included."""
    _, family, lost = _count_family(connection, me)
    return family + lost


def _count_family(connection: Reader, me: int) -> tuple[int, int, int]:
    """The video and its ancestors, the family, and the parents that the library does not have."""
    upward, family, lost = connection.execute(_COUNT_FAMILY, {"me": me}).fetchone()
    return upward, family, lost


def list_ancestors(connection: Reader, me: int, limit: int) -> list[int]:
    """The row of a video, then those of its ancestors in the library, the nearest first, at most so many."""
    return [row[0] for row in connection.execute(f"{_WALKS[0]} LIMIT :limit", {"me": me, "limit": limit})]


def list_members(connection: Reader, me: int, limit: int | None) -> list[int]:
    """The rows of the videos of the family, those that matter most first, at most so many."""
    if limit is None:
        return [row[0] for row in connection.execute(_WALKS[-1], {"me": me})]
    ids: dict[int, None] = {}
    for walk in _WALKS:
        rows = connection.execute(f"{walk} LIMIT :limit", {"me": me, "limit": limit})
        ids |= dict.fromkeys(row[0] for row in rows)
        if len(ids) >= limit:
            break
    return list(islice(ids, max(1, limit)))


def _read_edges(connection: Reader, ids: list[int]) -> _Edges:
    members = set(ids)
    links: dict[tuple[_Member, int], tuple[str, set[str]]] = {}
    for child, parent_id, parent_ref, relation, origin in connection.execute(_EDGES, {"ids": ids}):
        if parent_id is None or parent_id in members:
            parent = parent_ref if parent_id is None else parent_id
            links.setdefault((parent, child), (relation, set()))[1].add(origin)
    words = _read_evidence(connection, ids)
    edges: _Edges = {}
    for (parent, child), (relation, origins) in links.items():
        edge = _Edge(relation, order_origins(origins), words.get((child, parent)))
        edges.setdefault(parent, {})[child] = edge
    return edges


def _read_evidence(connection: Reader, ids: list[int]) -> dict[tuple[_Member, _Member], str]:
    """What the credentials say of edges, by child and parent."""
    return {
        (child, parent): row.evidence
        for start in range(0, len(ids), PORTION)
        for child, rows in compare_evidence(connection, ids[start : start + PORTION]).items()
        for row in rows
        for parent in row.parents
    }


def _climb(me: _Member, edges: _Edges, known: _Known) -> dict[_Member, LineageNode]:
    """The ancestors, nearest first; `relation` is the one to the family member through which each was reached."""
    parents: dict[_Member, dict[_Member, _Edge]] = {}
    for parent, children in edges.items():
        for child, edge in children.items():
            parents.setdefault(child, {})[parent] = edge
    ancestors: dict[_Member, LineageNode] = {}
    waiting = deque([(me, 0)])
    while waiting:
        child, depth = waiting.popleft()
        for parent, edge in parents.get(child, {}).items():
            if parent != me and parent not in ancestors:
                ancestors[parent] = _node(parent, known, edge, depth - 1)
                waiting.append((parent, depth - 1))
    return ancestors


def _find_roots(me: _Member, nearest: Iterable[_Member], edges: _Edges) -> list[_Member]:
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


def _descend(roots: Iterable[_Member], edges: _Edges) -> Iterator[_Member]:
    """The roots and all below them, each once."""
    waiting = list(roots)
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        yield name
        below = edges.get(name, {}).keys() - seen
        seen |= below
        waiting.extend(below)


def _grow(roots: Iterable[_Member], edges: _Edges, known: _Known) -> tuple[LineageNode, ...]:
    """The trees from these roots down; a video whose branches are drawn elsewhere is a leaf marked as a repeat."""
    drawn: set[_Member] = set()
    waiting = deque(roots)

    def grow(name: _Member, edge: _Edge | None, depth: int) -> LineageNode:
        children = edges.get(name, {})
        is_repeat = name in drawn
        if not is_repeat and depth == MAX_DEPTH and children:
            waiting.append(name)
            is_repeat = True
        else:
            drawn.add(name)
        branches = () if is_repeat else tuple(grow(*child, depth + 1) for child in children.items())
        return _node(name, known, edge, depth, is_repeat=is_repeat, children=branches)

    trees = []
    while waiting:
        name = waiting.popleft()
        if name not in drawn:
            trees.append(grow(name, None, 0))
    return tuple(trees)


def _node(member: _Member, known: _Known, edge: _Edge | None, depth: int, **more: Any) -> LineageNode:
    if edge is not None:
        more |= edge._asdict()
    if isinstance(member, str):
        return LineageNode(member, None, depth=depth, **more)
    video = known.videos[member]
    more |= {"credentials": known.statuses.get(member), "name": known.names.get(member)}
    return LineageNode(video.ref, video, depth=depth, **more)
