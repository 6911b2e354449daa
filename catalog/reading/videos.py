"""Plain reads: one video with its tags, links and facets, its changes, the sources."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from catalog.records import Facet, Link, Tag, read_utc
from catalog.reports import Change, SourceState
from catalog.rows import SELECT_VIDEO, read_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from catalog.config import Source
    from catalog.database import Reader
    from catalog.records import Video

Attached = TypeVar("Attached", Tag, Link, Facet)

_ROWS = f"SELECT videos.id AS row_id, {SELECT_VIDEO} FROM videos WHERE videos.id IN :ids"
_TAGS = "SELECT video_id, key, value, origin FROM tags WHERE video_id IN :ids ORDER BY key, id"
_PARENTS = """
SELECT links.child_id, videos.ref, links.parent_source || ':' || links.parent_remote_id, links.relation, links.origin
FROM links JOIN videos ON videos.id = links.child_id
WHERE links.child_id IN :ids ORDER BY links.id
"""
_CHILDREN = """
SELECT parent.id, child.ref, parent.ref, links.relation, links.origin
FROM videos AS parent
CROSS JOIN links ON links.parent_source = parent.source AND links.parent_remote_id = parent.remote_id
CROSS JOIN videos AS child ON child.id = links.child_id
WHERE parent.id IN :ids AND child.id <> parent.id ORDER BY links.id
"""
_FACETS = """
SELECT video_id, facet_values.facet, facet_values.value, origin, start, "end", shot
FROM video_facets JOIN facet_values ON facet_values.id = value_id WHERE video_id IN :ids
ORDER BY origin <> 'given', facet, shot, start, video_facets.id
"""


def get_video(connection: Reader, ref: str) -> Video:
    """The video with all that hangs on it; raises NotFound."""
    from catalog.reading.names import get_name

    video_id = get_name(connection, ref).id
    return read_videos(connection, [video_id])[video_id]


def read_videos(connection: Reader, ids: Iterable[int]) -> dict[int, Video]:
    """The videos with these row ids, in their order, each with its tags, links and facets.

    Tags are in order of key; links to parents come before those to children; given facets come first, then by name,
    shot and position in the prompt. Each is one query for all of the videos.
    """
    wanted = list(ids)
    rows = {row["row_id"]: row for row in connection.execute(_ROWS, {"ids": wanted})}
    tags = _attach(connection, _TAGS, wanted, Tag)
    parents = _attach(connection, _PARENTS, wanted, Link)
    children = _attach(connection, _CHILDREN, wanted, Link)
    facets = _attach(connection, _FACETS, wanted, Facet)
    return {
        video_id: read_video(rows[video_id], tags[video_id], parents[video_id] + children[video_id], facets[video_id])
        for video_id in wanted
    }


def _attach(connection: Reader, query: str, ids: list[int], kind: Callable[..., Attached]) -> dict[int, list[Attached]]:
    """The records of what hangs on the videos, by row id: each row is the id and the values of one record."""
    attached: dict[int, list[Attached]] = {video_id: [] for video_id in ids}
    for video_id, *values in connection.execute(query, {"ids": ids}):
        attached[video_id].append(kind(*values))
    return attached


def list_changes(connection: Reader, ref: str) -> list[Change]:
    """What changed on a video, oldest first; raises NotFound."""
    from catalog.reading.names import get_name

    name = get_name(connection, ref)
    query = "SELECT field, old, new, observed_at FROM changes WHERE video_id = :id ORDER BY observed_at, id"
    rows = connection.execute(query, {"id": name.id})
    return [Change(name.ref, field, old, new, moment) for field, old, new, text in rows if (moment := read_utc(text))]


def list_sources(
    connection: Reader, configured: Iterable[Source], environment: Mapping[str, str] = os.environ
) -> list[SourceState]:
    """The configured sources, then those that only the library knows, each with its state and its count of videos."""
    settings = {source.name: source for source in configured}
    states = {row["name"]: row for row in connection.execute("SELECT * FROM sources")}
    counts = dict(
        map(tuple, connection.execute("SELECT source, count(*) FROM videos WHERE deleted_at IS NULL GROUP BY 1"))
    )
    names = dict.fromkeys([*settings, *sorted({*states, *counts})])
    return [_state(name, settings.get(name), states.get(name), counts.get(name, 0), environment) for name in names]


def _state(name: str, source: Source | None, row: Any, videos: int, environment: Mapping[str, str]) -> SourceState:
    memory = dict(row) if row is not None else {}
    return SourceState(
        name=name,
        base_url=source.base_url if source else memory.get("base_url"),
        dialect=source.dialect if source else memory.get("dialect"),
        is_configured=source is not None,
        has_key=bool(source and source.key_env and environment.get(source.key_env)),
        videos=videos,
        health=memory.get("health", "new"),
        message=memory.get("message"),
        cursor=memory.get("cursor"),
        last_run_at=read_utc(memory.get("last_run_at")),
        last_success_at=read_utc(memory.get("last_success_at")),
    )
