"""The fields of families and stacks: `descends: ancestor: family: parent: similar:REF` and `depth:>=3`.

A link names its parent by its ref, and the parent may be missing from the library; such a one still counts for depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.errors import NotFound
from catalog.reading.names import find_name
from catalog.search.condition import Condition, Unreadable
from catalog.search.fields import shorten
from catalog.search.values import COMPARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.database import Reader
    from catalog.reading.names import VideoName
    from catalog.search.condition import Setting
    from catalog.search.query import Term
    from catalog.search.values import Bound

# CROSS JOIN makes SQLite walk from the family to its links, each by an index, whatever its statistics say.
_CHILDREN = "SELECT links.child_id FROM kin CROSS JOIN links WHERE links.parent_id = kin.id"
_PARENTS = """
SELECT links.parent_id FROM {kin} CROSS JOIN links WHERE links.child_id = {kin}.id AND links.parent_id IS NOT NULL
"""
_WALK = "WITH RECURSIVE kin(id) AS (SELECT ? UNION {steps}) SELECT id FROM kin"
_OTHERS = " WHERE id <> ?"
_FAMILY = f"""
WITH RECURSIVE upward(id) AS (SELECT ? UNION {_PARENTS.format(kin="upward")}), kin(id) AS (
    SELECT id FROM upward
    UNION SELECT links.child_id FROM upward CROSS JOIN links AS lost CROSS JOIN links
    WHERE lost.child_id = upward.id AND lost.parent_id IS NULL AND links.parent_id IS NULL
    AND links.parent_source = lost.parent_source AND links.parent_remote_id = lost.parent_remote_id
    UNION {_CHILDREN}
) SELECT id FROM kin
"""
_SIMILAR = """
SELECT videos.id FROM stack_videos CROSS JOIN videos ON videos.id = stack_videos.video_id AND videos.deleted_at IS NULL
WHERE stack_id = (SELECT stack_id FROM stack_videos WHERE video_id = ?) UNION SELECT ?
"""
_OF_PARENT = "SELECT links.child_id AS id FROM links WHERE links.parent_id = ?"


def with_kin(name: str, term: Term, setting: Setting) -> Condition:
    """The videos that are so related to one of these; raises Unreadable where a ref names no video, or several."""
    sets = [_make_set(name, _find(setting.connection, value.text).id) for value in term.values]
    sql = sets[0].sql if len(sets) == 1 else " UNION ALL ".join(f"SELECT id FROM ({kin.sql})" for kin in sets)
    return Condition(sql, [value for kin in sets for value in kin.values], is_set=True)


def with_depth(spans: Sequence[Sequence[Bound]]) -> Condition:
    """The videos with so many generations above them, within one of the spans."""
    tests = [
        " AND ".join(["links.depth IS NOT NULL", *(f"links.depth {sign} ?" for sign, _ in span)]) for span in spans
    ]
    values = [end for span in spans for _, end in span]
    takes_roots = any(all(COMPARE[sign](0, end) for sign, end in span) for span in spans)
    return Condition(
        f"SELECT links.child_id AS id FROM links WHERE {' OR '.join(tests)}",
        values,
        is_set=True,
        takes_roots=takes_roots,
    )


def _find(connection: Reader, ref: str) -> VideoName:
    try:
        video = find_name(connection, ref)
    except NotFound as error:
        raise Unreadable(str(error)) from error
    if video is None:
        raise Unreadable(f"no video {shorten(ref)} in the library")
    return video


def _make_set(name: str, video_id: int) -> Condition:
    if name == "parent":
        return Condition(_OF_PARENT, [video_id], is_set=True)
    if name == "similar":
        return Condition(_SIMILAR, [video_id, video_id], is_set=True)
    if name == "family":
        return Condition(_FAMILY, [video_id], is_set=True)
    steps = _CHILDREN if name == "descends" else _PARENTS.format(kin="kin")
    return Condition(_WALK.format(steps=steps) + _OTHERS, [video_id, video_id], is_set=True)
