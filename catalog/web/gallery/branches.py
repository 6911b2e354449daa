"""Which part of a family is drawn: as much as one can read, the path to one video always. Pure.

A family that is small enough is drawn whole. Of a larger one, what is nearest to the video comes first; leaves beside
each other that are much the same are drawn as one, and so is whatever else hangs on a video that is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.reports import LineageNode

MOST_DRAWN = 60  # videos; the path to the one that is asked for comes on top
_MANY = 6  # leaves that are much the same, from which on they are drawn as one
_SHOWN = 2  # of these that are drawn by themselves


@dataclass(slots=True, eq=False)
class Branch:
    """A part of a drawn tree: a video or, without a `node`, `hidden` videos: those that are `similar`, or simply more.

    `circle` marks a video that stands above itself, `is_focus` the one that was asked for.
    """

    node: LineageNode | None = None
    above: Branch | None = None
    children: list[Branch] = field(default_factory=list)
    hidden: int = 0
    similar: Sequence[LineageNode] = ()
    is_focus: bool = False
    is_circle: bool = False

    def walk(self) -> Iterator[Branch]:
        """The branch and all below it, in the order of a document."""
        waiting = [self]
        while waiting:
            branch = waiting.pop()
            yield branch
            waiting.extend(reversed(branch.children))


def choose_branches(roots: Sequence[LineageNode], ref: str, most: int = MOST_DRAWN) -> list[Branch]:
    """The trees as they are drawn."""
    sizes = _measure(roots)
    path = _find_path(roots, ref)
    similar = {} if sum(sizes[id(root)] for root in roots) <= most else _find_similar(roots, path)
    shown = _choose_nearest(roots, path, {id(node) for group in similar.values() for node in group}, most)
    return [_grow(root, shown, sizes, similar, ref) for root in roots if id(root) in shown] + _gather(
        [root for root in roots if id(root) not in shown], sizes
    )


def _walk(roots: Iterable[LineageNode]) -> Iterator[LineageNode]:
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children)


def _measure(roots: Iterable[LineageNode]) -> dict[int, int]:
    """How many videos are in each subtree, by the identity of its node; repeats count where they are drawn."""
    sizes: dict[int, int] = {}
    for node in reversed(list(_walk(roots))):
        sizes[id(node)] = (not node.is_repeat) + sum(sizes[id(child)] for child in node.children)
    return sizes


def _find_path(roots: Sequence[LineageNode], ref: str) -> list[LineageNode]:
    """The nodes from a root to the video."""
    above: dict[int, LineageNode] = {}
    for node in _walk(roots):
        if node.ref == ref and not node.is_repeat:
            path = [node]
            while id(path[-1]) in above:
                path.append(above[id(path[-1])])
            return path[::-1]
        above.update((id(child), node) for child in node.children)
    return []


def _find_similar(roots: Sequence[LineageNode], path: Sequence[LineageNode]) -> dict[int, list[LineageNode]]:
    """Of leaves that are much the same, those that are not drawn by themselves, by the identity of their parent."""
    kept = {id(node) for node in path}
    similar: dict[int, list[LineageNode]] = {}
    for parent in _walk(roots):
        groups: dict[tuple[object, ...], list[LineageNode]] = {}
        for child in parent.children:
            video = child.video
            is_leaf = not child.children and not child.is_repeat and id(child) not in kept
            if is_leaf and video and video.deleted_at is None:  # a hidden one would be in no result
                kind = (child.relation, child.origins, child.evidence, video.status, video.model)
                groups.setdefault(kind, []).append(child)
        if rest := [node for group in groups.values() if len(group) >= _MANY for node in group[_SHOWN:]]:
            similar[id(parent)] = rest
    return similar


def _choose_nearest(
    roots: Sequence[LineageNode], path: Sequence[LineageNode], left_out: set[int], most: int
) -> set[int]:
    """The identities of the nodes that are drawn: the path, then the nearest to its end."""
    shown: set[int] = set()
    waiting: list[tuple[int, int, LineageNode]] = []
    numbers = iter(range(1 << 62))

    def show(node: LineageNode, distance: int) -> None:
        shown.add(id(node))
        for child in node.children:
            if id(child) not in shown and id(child) not in left_out:
                heappush(waiting, (distance + 1, next(numbers), child))

    for distance, node in enumerate(reversed(path)):
        show(node, distance)
    for root in roots:
        if id(root) not in shown:
            heappush(waiting, (len(path) + 1, next(numbers), root))
    budget = len(path) + most
    while waiting and len(shown) < budget:
        distance, _, node = heappop(waiting)
        show(node, distance)
    return shown


def _grow(
    root: LineageNode, shown: set[int], sizes: dict[int, int], similar: dict[int, list[LineageNode]], ref: str
) -> Branch:
    top = Branch(root, is_focus=root.ref == ref and not root.is_repeat)
    waiting = [top]
    while waiting:
        branch = waiting.pop()
        node = branch.node
        if node is None:
            continue
        alike = similar.get(id(node), [])
        for child in node.children:
            if id(child) in shown:
                below = Branch(child, branch, is_focus=child.ref == ref and not child.is_repeat)
                below.is_circle = child.is_repeat and _is_above(branch, child.ref)
                branch.children.append(below)
        if alike:
            branch.children.append(Branch(above=branch, hidden=len(alike), similar=alike))
        known = {id(child) for child in alike} | shown
        branch.children += _gather([child for child in node.children if id(child) not in known], sizes, branch)
        waiting.extend(branch.children)
    return top


def _gather(nodes: Sequence[LineageNode], sizes: dict[int, int], above: Branch | None = None) -> list[Branch]:
    """The branch that stands for all of these."""
    return [Branch(above=above, hidden=max(1, sum(sizes[id(node)] for node in nodes)))] if nodes else []


def _is_above(branch: Branch | None, ref: str) -> bool:
    while branch is not None:
        if branch.node is not None and branch.node.ref == ref:
            return True
        branch = branch.above
    return False
