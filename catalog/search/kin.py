"""The fields of families: `descends:REF`, `ancestor:REF`, `family:REF`, `parent:REF` and `depth:>=3`.

A link names its parent by its ref, and the parent may be missing from the library; such a one still counts for depth.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from catalog.errors import NotFound
from catalog.reading.names import find_name
from catalog.search.conditions import Condition, Unreadable, any_of
from catalog.search.fields import shorten
from catalog.search.values import COMPARE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.database import Reader
    from catalog.reading.names import VideoName
    from catalog.search.conditions import Setting
    from catalog.search.query import Term
    from catalog.search.values import Bound

_Name = tuple[str, str]  # source and id

# CROSS JOIN makes SQLite walk from the family to its links, each by an index, whatever its statistics say.
_CHILDREN = """
SELECT videos.source, videos.remote_id FROM kin CROSS JOIN links CROSS JOIN videos
WHERE links.parent_source = kin.source AND links.parent_remote_id = kin.remote_id AND videos.id = links.child_id
"""
_PARENTS = """
SELECT links.parent_source, links.parent_remote_id FROM kin CROSS JOIN videos CROSS JOIN links
WHERE videos.source = kin.source AND videos.remote_id = kin.remote_id AND links.child_id = videos.id
"""
_WALK = """
SELECT videos.id AS id FROM (
    WITH RECURSIVE kin(source, remote_id) AS (SELECT ?, ? UNION {steps}) SELECT source, remote_id FROM kin
) AS kin CROSS JOIN videos WHERE videos.source = kin.source AND videos.remote_id = kin.remote_id
"""
_OTHERS = " AND videos.id <> ?"
_FAMILY = f"""
SELECT videos.id AS id FROM (
    WITH RECURSIVE upward(source, remote_id) AS (
        SELECT ?, ? UNION {_PARENTS.replace("kin", "upward")}
    ), kin(source, remote_id) AS (
        SELECT source, remote_id FROM upward UNION {_CHILDREN}
    ) SELECT source, remote_id FROM kin
) AS kin CROSS JOIN videos WHERE videos.source = kin.source AND videos.remote_id = kin.remote_id
"""
_OF_PARENT = "SELECT links.child_id AS id FROM links WHERE links.parent_source = ? AND links.parent_remote_id = ?"

_EDGES = """
SELECT videos.source, videos.remote_id, links.parent_source, links.parent_remote_id, videos.id
FROM links CROSS JOIN videos WHERE videos.id = links.child_id
"""


def with_kin(name: str, term: Term, setting: Setting) -> Condition:
    """The videos that are so related to one of these; raises Unreadable where a ref names no video, or several."""
    sets = [_make_set(name, _find(setting.connection, value.text)) for value in term.values]
    if len(sets) == 1:
        return sets[0]
    return any_of(Condition(f"videos.id IN ({kin.sql})", kin.values) for kin in sets)


def with_depth(connection: Reader, spans: Sequence[Sequence[Bound]]) -> Condition:
    """The videos with so many generations above them, within one of the spans."""

    def is_within(depth: int) -> bool:
        return any(all(COMPARE[sign](depth, end) for sign, end in bounds) for bounds in spans)

    takes_roots = is_within(0)
    ids = [video_id for video_id, depth in read_depths(connection).items() if is_within(depth) != takes_roots]
    listed = "SELECT value AS id FROM json_each(?)"
    if takes_roots:
        return Condition(f"videos.id NOT IN ({listed})", [json.dumps(ids)])
    return Condition(listed, [json.dumps(ids)], is_set=True)


def read_depths(connection: Reader) -> dict[int, int]:
    """By row id, how many generations are above each video that has a parent.

    With several parents the longest line counts; on a circle and below one, the number of distinct ancestors.
    """
    parents: dict[_Name, list[_Name]] = {}
    children: dict[_Name, list[_Name]] = {}
    ids: dict[_Name, int] = {}
    for source, remote_id, parent_source, parent_remote_id, video_id in connection.execute(_EDGES):
        child, parent = (source, remote_id), (parent_source, parent_remote_id)
        ids[child] = video_id
        parents.setdefault(child, []).append(parent)
        children.setdefault(parent, []).append(child)
    depths = _measure_lines(parents, children)
    return {
        video_id: depths[name] if name in depths else len(_list_ancestors(name, parents))
        for name, video_id in ids.items()
    }


def _measure_lines(
    parents: Mapping[_Name, Sequence[_Name]], children: Mapping[_Name, Sequence[_Name]]
) -> dict[_Name, int]:
    """The longest line above each, from the roots down; what is on or below a circle is never reached."""
    depths = {name: 0 for name in children if name not in parents}
    unseen = {child: len(above) for child, above in parents.items()}
    waiting = list(depths)
    while waiting:
        parent = waiting.pop()
        for child in children.get(parent, ()):
            depths[child] = max(depths.get(child, 0), depths[parent] + 1)
            unseen[child] -= 1
            if not unseen[child]:
                waiting.append(child)
    return {name: depth for name, depth in depths.items() if not unseen.get(name)}


def _list_ancestors(name: _Name, parents: Mapping[_Name, Sequence[_Name]]) -> set[_Name]:
    ancestors: set[_Name] = set()
    waiting = [name]
    while waiting:
        above = set(parents.get(waiting.pop(), ())) - ancestors - {name}
        ancestors |= above
        waiting.extend(above)
    return ancestors


def _find(connection: Reader, ref: str) -> VideoName:
    try:
        video = find_name(connection, ref)
    except NotFound as error:
        raise Unreadable(str(error)) from error
    if video is None:
        raise Unreadable(f"no video {shorten(ref)} in the library")
    return video


def _make_set(name: str, video: VideoName) -> Condition:
    me = [video.source, video.remote_id]
    if name == "parent":
        return Condition(_OF_PARENT, me, is_set=True)
    if name == "family":
        return Condition(_FAMILY, me, is_set=True)
    steps = _CHILDREN if name == "descends" else _PARENTS
    return Condition(_WALK.format(steps=steps) + _OTHERS, [*me, video.id], is_set=True)
