"""What remixes inherit of their parents' facets: derived from what both ask for, a portion of the due links at a time.

The rule is `prompts.inheritance`'s. From a parent that the library does not have a video inherits nothing, nor on a
circle of links or below one; a parent that the user deleted counts. Whatever changes what a video asks for makes its
own links and those of its children due (`is_inherited` NULL); what changes in its turn makes the links below due.
Depths are the order: nobody is reckoned before the parent is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.prompts import LONGEST_READ
from catalog.prompts.inheritance import Asked, Line, choose_parent, inherit
from catalog.records import Facet
from catalog.store.bulk import insert_rows
from catalog.store.indexes import descending

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from catalog.database import Reader, Writer
    from catalog.prompts import Vocabulary
    from catalog.prompts.removals import Value

PORTION = 250  # videos in a transaction

_IS_UNREAD = "videos.extracted_by IS NULL AND videos.prompt IS NOT NULL"
_DUE = f"""
SELECT DISTINCT links.depth, links.child_id FROM links JOIN videos ON videos.id = links.child_id
WHERE links.is_inherited IS NULL AND (links.depth > :depth OR (links.depth = :depth AND links.child_id > :child))
AND NOT ({_IS_UNREAD}) ORDER BY links.depth, links.child_id LIMIT :limit
"""
_BELOW = f"""
SELECT DISTINCT links.child_id FROM links JOIN videos ON videos.id = links.child_id
WHERE links.parent_id IN :ids AND NOT ({_IS_UNREAD}) LIMIT :limit
"""
_LINKS = (
    "SELECT id, child_id, parent_id, relation, origin, depth, is_circular, is_inherited FROM links "
    "WHERE child_id IN :ids ORDER BY id"
)
_PROMPTS = f"SELECT id, substr(prompt, 1, {LONGEST_READ}), avoided FROM videos WHERE id IN :ids"
_FACETS = """
SELECT video_id, facet_values.facet, facet_values.value, origin, start, "end", shot, value_id
FROM video_facets JOIN facet_values ON facet_values.id = value_id WHERE video_id IN :ids
ORDER BY origin <> 'given', facet, shot, start, video_facets.id
"""
_INHERITED = """
SELECT video_id, facet_values.facet, facet_values.value, value_id
FROM inherited_facets JOIN facet_values ON facet_values.id = value_id
WHERE video_id IN :ids ORDER BY inherited_facets.id
"""
_OWN_DUE = "UPDATE links SET is_inherited = NULL WHERE child_id IN :ids AND is_inherited IS NOT NULL"
_BELOW_DUE = "UPDATE links SET is_inherited = NULL WHERE parent_id IN :ids AND is_inherited IS NOT NULL"
_DONE = "UPDATE links SET is_inherited = 1 WHERE child_id IN :ids AND is_inherited IS NULL"
_UNLINKED = "NOT EXISTS (SELECT 1 FROM links WHERE links.child_id = inherited_facets.video_id)"

Place = tuple[int, int]  # of a link among those that are due: its depth and its child
START: Place = (-1, 0)


class Reckoned(NamedTuple):
    """A portion: how many videos it was about, how many of them inherit otherwise now, and where to go on after."""

    videos: int
    changed: int
    place: Place


class _Child(NamedTuple):
    """A video with parents: the one that it inherits from, if any, the depth, and whether that is due."""

    parent: int | None
    depth: int
    is_due: bool


def inherit_next(connection: Writer, load: Callable[[], Vocabulary], after: Place = START) -> Reckoned | None:
    """Reckon what the next videos inherit whose links are due, and those below them that it changes.

    Videos whose prompts are due to be read wait for that. `load` is called for the vocabulary where it is needed.
    Returns None where no link is due behind the place.
    """
    depth, child = after
    due = connection.execute(_DUE, {"depth": depth, "child": child, "limit": PORTION}).fetchall()
    if not due:
        return None
    children = _read_children(connection, _list_below(connection, [row[1] for row in due]))
    before, after_it, ids = _reckon(connection, children, load)
    changed = [video_id for video_id in after_it if after_it[video_id] != before[video_id]]
    with descending(connection, changed):
        connection.execute("DELETE FROM inherited_facets WHERE video_id IN :ids", {"ids": changed})
        rows = [{"video_id": video_id, "value_id": ids[value]} for video_id in changed for value in after_it[video_id]]
        insert_rows(connection, "inherited_facets", rows)
    connection.execute(_BELOW_DUE, {"ids": changed})
    connection.execute(_DONE, {"ids": list(after_it)})
    return Reckoned(len(after_it), len(changed), tuple(due[-1]))


def make_inheritance_due(connection: Writer, ids: Iterable[int]) -> None:
    """Let what these videos and their children inherit be reckoned again: what these ask for has changed."""
    videos = list(ids)
    connection.execute(_OWN_DUE, {"ids": videos})
    connection.execute(_BELOW_DUE, {"ids": videos})


def follow_links(connection: Writer, ids: Collection[int]) -> None:
    """Let what these videos inherit follow their links, of which some were taken away or changed; inside `indexed`.

    Those that have no link any more inherit nothing from now on.
    """
    videos = list(ids)
    connection.execute(_OWN_DUE, {"ids": videos})
    query = f"SELECT DISTINCT video_id FROM inherited_facets WHERE video_id IN :ids AND {_UNLINKED}"
    _disinherit(connection, [row[0] for row in connection.execute(query, {"ids": videos})])


def forget_inherited(connection: Writer) -> None:
    """Make what every video inherits due."""
    unlinked = [
        row[0] for row in connection.execute(f"SELECT DISTINCT video_id FROM inherited_facets WHERE {_UNLINKED}")
    ]
    with descending(connection, unlinked):
        _disinherit(connection, unlinked)
    connection.execute("UPDATE links SET is_inherited = NULL WHERE is_inherited IS NOT NULL")


def _disinherit(connection: Writer, ids: Sequence[int]) -> None:
    if ids:
        connection.execute("DELETE FROM inherited_facets WHERE video_id IN :ids", {"ids": ids})
        connection.execute(_BELOW_DUE, {"ids": ids})


def _list_below(connection: Reader, due: Sequence[int]) -> list[int]:
    """The videos that are due, with some of those below them, so that a line of many is not a transaction each."""
    videos = dict.fromkeys(due)
    nearest = list(due)
    while nearest and len(videos) < PORTION:
        rows = connection.execute(_BELOW, {"ids": nearest, "limit": PORTION})
        nearest = [row[0] for row in rows if row[0] not in videos][: PORTION - len(videos)]
        videos |= dict.fromkeys(nearest)
    return list(videos)


def _read_children(connection: Reader, ids: Sequence[int]) -> dict[int, _Child]:
    """The videos by their depth, the nearest to the top first."""
    links: dict[int, list[Mapping[str, Any]]] = {}
    for row in connection.execute(_LINKS, {"ids": ids}):
        links.setdefault(row["child_id"], []).append(row)
    children = {
        video_id: _Child(
            choose_parent(_read_line(row) for row in rows),
            max(row["depth"] for row in rows),
            any(row["is_inherited"] is None for row in rows),
        )
        for video_id, rows in links.items()
    }
    return dict(sorted(children.items(), key=lambda item: (item[1].depth, item[0])))


def _read_line(row: Mapping[str, Any]) -> Line:
    return Line(row["relation"], row["origin"], row["parent_id"], bool(row["is_circular"]))


def _reckon(
    connection: Reader, children: Mapping[int, _Child], load: Callable[[], Vocabulary]
) -> tuple[Mapping[int, Sequence[Value]], dict[int, list[Value]], Mapping[Value, int]]:
    """What the children inherit as it is kept, what those that are due do now, and the ids of the values."""
    parents = [child.parent for child in children.values() if child.parent is not None]
    asked, ids = _read_asked(connection, list(dict.fromkeys([*children, *parents])))
    before = {video_id: asked[video_id].inherited for video_id in children}
    reckoned: dict[int, list[Value]] = {}
    changed: set[int] = set()
    for video_id, child in children.items():
        if not child.is_due and child.parent not in changed:
            continue
        own = asked[video_id]
        inherited = [] if child.parent is None else inherit(own, asked[child.parent], load)
        reckoned[video_id] = inherited
        if inherited != before[video_id]:
            changed.add(video_id)
            asked[video_id] = own._replace(inherited=inherited)
    return before, reckoned, ids


def _read_asked(connection: Reader, ids: Sequence[int]) -> tuple[dict[int, Asked], dict[Value, int]]:
    """What these videos ask for and have inherited, and the ids of the values."""
    facets: dict[int, list[Facet]] = {video_id: [] for video_id in ids}
    inherited: dict[int, list[Value]] = {video_id: [] for video_id in ids}
    value_ids: dict[Value, int] = {}
    for video_id, *facet, value_id in connection.execute(_FACETS, {"ids": ids}):
        facets[video_id].append(Facet(*facet))
        value_ids[facet[0], facet[1]] = value_id
    for video_id, name, value, value_id in connection.execute(_INHERITED, {"ids": ids}):
        inherited[video_id].append((name, value))
        value_ids[name, value] = value_id
    asked = {
        video_id: Asked(prompt, facets[video_id], avoided, inherited[video_id])
        for video_id, prompt, avoided in connection.execute(_PROMPTS, {"ids": ids})
    }
    return asked, value_ids
