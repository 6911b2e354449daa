"""Plain reads: videos with their tags, links, facets, files and inputs.

A search reads its page here, so nothing is loaded that a page does not need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from catalog.choice_reports import Annotation
from catalog.reading.collections import read_paths
from catalog.reading.files import read_files, read_inputs
from catalog.records import UNDECIDED, Facet, Link, Tag
from catalog.rows import SELECT_BRIEF, SELECT_VIDEO, read_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.database import Reader
    from catalog.records import Video

Attached = TypeVar("Attached", Tag, Link, Facet)

_ROWS = f"SELECT videos.id AS row_id, {SELECT_VIDEO} FROM videos WHERE videos.id IN :ids"
_BRIEF_ROWS = f"SELECT videos.id AS row_id, {SELECT_BRIEF} FROM videos WHERE videos.id IN :ids"
_TAGS = "SELECT video_id, key, value, origin FROM tags WHERE video_id IN :ids ORDER BY key, id"
_PARENTS = """
SELECT links.child_id, videos.ref, links.parent_source || ':' || links.parent_remote_id, links.relation, links.origin
FROM links JOIN videos ON videos.id = links.child_id
WHERE links.child_id IN :ids ORDER BY links.id
"""
_CHILDREN = """
SELECT parent.id, child.ref, parent.ref, links.relation, links.origin
FROM videos AS parent
CROSS JOIN links ON links.parent_id = parent.id
CROSS JOIN videos AS child ON child.id = links.child_id
WHERE parent.id IN :ids AND child.id <> parent.id ORDER BY links.id
"""
_FACETS = """
SELECT video_id, facet_values.facet, facet_values.value, origin, start, "end", shot
FROM video_facets JOIN facet_values ON facet_values.id = value_id WHERE video_id IN :ids
ORDER BY origin <> 'given', facet, shot, start, video_facets.id
"""
_INHERITED = """
SELECT video_id, facet_values.facet, facet_values.value, 'inherited'
FROM inherited_facets JOIN facet_values ON facet_values.id = value_id WHERE video_id IN :ids
ORDER BY facet, inherited_facets.id
"""
_ANNOTATED = """
SELECT videos.id, ref, rating, verdict FROM videos LEFT JOIN annotations ON annotations.video_id = videos.id
WHERE videos.id IN :ids
"""
_ANNOTATIONS = "SELECT video_id, rating, verdict, note FROM annotations WHERE video_id IN :ids"


def get_video(connection: Reader, ref: str) -> Video:
    """The video with all that hangs on it; raises NotFound."""
    from catalog.reading.names import get_name

    return _read_video(connection, get_name(connection, ref).id)


def find_video(connection: Reader, ref: str) -> Video | None:
    """The video with all that hangs on it, None where no video has the name; raises NotFound where several do."""
    from catalog.reading.names import find_name

    name = find_name(connection, ref)
    return name and _read_video(connection, name.id)


def _read_video(connection: Reader, video_id: int) -> Video:
    return read_videos(connection, [video_id])[video_id]


def read_videos(connection: Reader, ids: Iterable[int], *, details: bool = True) -> dict[int, Video]:
    """The videos with these row ids, in their order, each with all that hangs on it; unknown ids are left out.

    Tags are in order of key; links to parents come before those to children; given facets come first, then by name,
    shot and position in the prompt; inherited ones are in order of name. Each is one query for all of the videos.
    Without `details` they lack tags, facets, inputs, collections, and the lists and maps of their own.
    """
    wanted = list(ids)
    detailed = wanted if details else []
    rows = {video_id: row for video_id, *row in connection.execute(_ROWS if details else _BRIEF_ROWS, {"ids": wanted})}
    tags = _attach(connection, _TAGS, detailed, Tag)
    parents = _attach(connection, _PARENTS, wanted, Link)
    children = _attach(connection, _CHILDREN, wanted, Link)
    facets = _attach(connection, _FACETS, detailed, Facet)
    inherited = _attach(connection, _INHERITED, detailed, Facet)
    annotations, paths = _read_annotations(connection, wanted), read_paths(connection, detailed)
    files, inputs = read_files(connection, wanted), read_inputs(connection, detailed)
    return {
        video_id: read_video(
            rows[video_id],
            annotations.get(video_id, {}),
            tags=tags.get(video_id, ()),
            links=parents[video_id] + children[video_id],
            facets=facets.get(video_id, ()),
            files=files.get(video_id, ()),
            inputs=inputs.get(video_id, ()),
            inherited=inherited.get(video_id, ()),
            collections=paths.get(video_id, ()),
        )
        for video_id in wanted
        if video_id in rows
    }


def list_annotations(connection: Reader, ids: Sequence[int]) -> list[Annotation]:
    """What a person thinks of each of these videos, in their order, of those without a word as well."""
    annotations = {
        row["id"]: Annotation(row["ref"], row["rating"], row["verdict"] or UNDECIDED)
        for row in connection.execute(_ANNOTATED, {"ids": ids})
    }
    return [annotations[video_id] for video_id in ids]


def _read_annotations(connection: Reader, ids: list[int]) -> dict[int, dict[str, Any]]:
    """What a person thinks of the videos, where anything was said."""
    return {
        row["video_id"]: {"rating": row["rating"], "verdict": row["verdict"] or UNDECIDED, "note": row["note"]}
        for row in connection.execute(_ANNOTATIONS, {"ids": ids})
    }


def _attach(connection: Reader, query: str, ids: list[int], kind: Callable[..., Attached]) -> dict[int, list[Attached]]:
    """The records of what hangs on the videos, by row id: each row is the id and the values of one record."""
    attached: dict[int, list[Attached]] = {video_id: [] for video_id in ids}
    if not ids:
        return attached
    for video_id, *values in connection.execute(query, {"ids": ids}):
        attached[video_id].append(kind(*values))
    return attached
