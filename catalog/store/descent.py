"""Lines of descent: which row each link leads to, and how many generations are above its child.

Both follow from the names in the links, and are kept so that families are walked and depths are asked for by number.
Depth is the longest line of parents; on a circle, and below one, the number of distinct ancestors. A parent that the
library does not have counts as one without parents.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from catalog import bitmaps
from catalog.store.bulk import update_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from catalog.database import Writer

Member = int | tuple[str, str]  # the row of a video, or the name of one that the library does not have
Item = TypeVar("Item")


class Line(NamedTuple):
    """What is above a video: how many generations, and whether a circle of links is."""

    depth: int
    is_circular: bool


_ROOT = Line(0, is_circular=False)
_WAITING = (
    "SELECT parent_remote_id, id FROM links "
    "WHERE parent_id IS NULL AND parent_source = :source AND parent_remote_id IN :names"
)
_JOIN = (
    "UPDATE links SET is_inherited = NULL, parent_id = "
    "(SELECT id FROM videos WHERE source = links.parent_source AND remote_id = links.parent_remote_id)"
)
_LEAD = f"{_JOIN} WHERE child_id IN :ids AND parent_id IS NULL"
_UPWARD = """
WITH RECURSIVE upward(id) AS (
    SELECT :me UNION
    SELECT links.parent_id FROM upward CROSS JOIN links WHERE links.child_id = upward.id AND parent_id IS NOT NULL
)
"""
_AMONG = f"{_UPWARD} SELECT id FROM upward WHERE id IN :among LIMIT 1"
_PARENTS = "SELECT child_id, parent_id FROM links WHERE child_id IN :ids AND parent_id IS NOT NULL ORDER BY id"
_BELOW = """
WITH RECURSIVE below(id) AS (
    SELECT child_id FROM links WHERE child_id IN :ids
    UNION SELECT child_id FROM links WHERE parent_id IN :ids
    UNION SELECT links.child_id FROM below CROSS JOIN links WHERE links.parent_id = below.id
) SELECT id FROM below
"""
_ABOVE = (
    "SELECT child_id, parent_id, parent_source, parent_remote_id, depth, is_circular FROM links WHERE child_id IN :ids"
)
_LINES = "SELECT child_id, depth, is_circular FROM links WHERE child_id IN :ids"
_ANCESTORS = f"""{_UPWARD}
SELECT count(*) FROM (
    SELECT id, NULL FROM upward WHERE id <> :me UNION
    SELECT parent_source, parent_remote_id FROM upward CROSS JOIN links
    WHERE links.child_id = upward.id AND parent_id IS NULL
)
"""


def find_parents(connection: Writer, source: str, names: Collection[str]) -> dict[str, int]:
    """The rows of parents by their own ids, of those that the library has."""
    if not names:
        return {}
    query = "SELECT remote_id, id FROM videos WHERE source = :source AND remote_id IN :names"
    return dict(connection.execute(query, {"source": source, "names": list(names)}).fetchall())


def adopt(connection: Writer, source: str, ids: Mapping[str, int]) -> None:
    """Lead the links that name one of these new videos to its row; `ids` are the rows by the videos' own ids.

    What is above the children stays as it is until `measure` is told of the videos that have parents themselves.
    """
    waiting = connection.execute(_WAITING, {"source": source, "names": list(ids)}).fetchall()
    update_rows(connection, "links", [{"id": link_id, "parent_id": ids[name]} for name, link_id in waiting])


def lead(connection: Writer, children: Collection[int]) -> None:
    """Lead the links of these videos to the rows of the parents that they name, before `measure`."""
    connection.execute(_LEAD, {"ids": list(children)})


def find_line(connection: Writer, video: int, among: Collection[int]) -> list[int]:
    """The shortest line of parents from a video up to one of these, both included; empty where none is above it."""
    if connection.execute(_AMONG, {"me": video, "among": list(among)}).fetchone() is None:
        return []
    below: dict[int, int] = {video: 0}
    reached = [video]
    while not (ends := [each for each in reached if each in among]):
        rows = connection.execute(_PARENTS, {"ids": reached}).fetchall()
        reached = []
        for child, parent in rows:
            if parent not in below:
                below[parent] = child
                reached.append(parent)
    line = ends[:1]
    while below[line[-1]]:
        line.append(below[line[-1]])
    return line[::-1]


def measure(connection: Writer, changed: Iterable[int]) -> None:
    """Bring depths up to date: those of the videos whose links changed, and of all that descend from them."""
    ids = list(changed)
    if not ids:
        return
    bitmaps.tell_of(connection, bitmaps.LINKS)
    below = [row[0] for row in connection.execute(_BELOW, {"ids": ids})]
    above: dict[Member, set[Member]] = defaultdict(set)
    before: dict[Member, set[tuple[int | None, int | None]]] = defaultdict(set)  # of a new link there is nothing yet
    for child, parent, source, name, *line in connection.execute(_ABOVE, {"ids": below}):
        above[child].add((source, name) if parent is None else parent)
        before[child].add(tuple(line))
    lines = _read_lines(connection, {parent for parents in above.values() for parent in parents} - above.keys())
    measured = list(_measure(connection, above, lines))
    rows = [{"child_id": child, **line._asdict()} for child, line in measured if before[child] != {line}]
    update_rows(connection, "links", rows, key="child_id")
    turned = [
        child for child, line in measured if {is_circular for _, is_circular in before[child]} != {line.is_circular}
    ]
    update_rows(connection, "links", [{"child_id": child, "is_inherited": None} for child in turned], key="child_id")


def rebuild_descent(connection: Writer) -> None:
    """Derive again, from the names in all links, which rows they lead to and what is above their children."""
    connection.execute(_JOIN)
    measure(connection, [row[0] for row in connection.execute("SELECT DISTINCT child_id FROM links")])


def _read_lines(connection: Writer, members: Iterable[Member]) -> dict[Member, Line]:
    ids = [member for member in members if isinstance(member, int)]
    return {row[0]: Line(row[1], bool(row[2])) for row in connection.execute(_LINES, {"ids": ids})}


def _measure(
    connection: Writer, above: Mapping[Member, set[Member]], lines: dict[Member, Line]
) -> Iterator[tuple[Member, Line]]:
    """The line of each video of `above`, which has their parents; `lines` has those of parents that are not in it."""
    acyclic = _sort(above)
    entangled = above.keys() - acyclic
    children: dict[Member, set[Member]] = {member: set() for member in entangled}
    for child in entangled:
        for parent in above[child] & entangled:
            children[parent].add(child)
    beneath = _sort(children)  # the circles, the lowest first
    circles = entangled - set(beneath)
    for member in (*acyclic, *circles, *reversed(beneath)):
        parents = [lines.get(parent, _ROOT) for parent in above[member]]
        is_circular = member in circles or any(line.is_circular for line in parents)
        if member in circles or (is_circular and len(parents) > 1):
            depth = connection.execute(_ANCESTORS, {"me": member}).fetchone()[0]
        else:
            depth = 1 + max(line.depth for line in parents)
        lines[member] = Line(depth, is_circular)
        yield member, lines[member]


def _sort(before: Mapping[Item, Collection[Item]]) -> list[Item]:
    """The items, each after all that are before it; those on circles, and those that come after one, are left out."""
    after: dict[Item, list[Item]] = defaultdict(list)
    unseen: dict[Item, int] = {}
    for item, others in before.items():
        within = [other for other in others if other in before]
        unseen[item] = len(within)
        for other in within:
            after[other].append(item)
    ready = [item for item, count in unseen.items() if not count]
    for item in ready:
        for other in after[item]:
            unseen[other] -= 1
            if not unseen[other]:
                ready.append(other)
    return ready
