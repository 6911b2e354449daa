"""Plain reads: one video with its tags, links and facets, its changes, the sources."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from catalog.reading.names import get_name
from catalog.records import Facet, Link, Tag, read_utc
from catalog.reports import Change, SourceState
from catalog.rows import SELECT_VIDEO, read_video

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.config import Source
    from catalog.database import Reader
    from catalog.records import Video

_ROW = f"SELECT {SELECT_VIDEO} FROM videos WHERE id = :id"
_LINKS = """
SELECT videos.ref, links.parent_source || ':' || links.parent_remote_id, links.relation, links.origin
FROM links JOIN videos ON videos.id = links.child_id
WHERE links.child_id = :id OR (links.parent_source = :source AND links.parent_remote_id = :remote_id)
ORDER BY links.child_id <> :id, links.id
"""
_FACETS = """
SELECT facet_values.facet, facet_values.value, origin, start, "end", shot
FROM video_facets JOIN facet_values ON facet_values.id = value_id WHERE video_id = :id
ORDER BY origin <> 'given', facet, shot, start, video_facets.id
"""


def get_video(connection: Reader, ref: str) -> Video:
    """The video with its tags, links and facets (given ones first, then by name, shot, position); raises NotFound."""
    name = get_name(connection, ref)
    arguments = name._asdict()
    row = connection.execute(_ROW, arguments).fetchone()
    links = [Link(*edge) for edge in connection.execute(_LINKS, arguments)]
    facets = [Facet(*facet) for facet in connection.execute(_FACETS, arguments)]
    return read_video(row, read_tags(connection, [name.id]).get(name.id, ()), links, facets)


def read_tags(connection: Reader, ids: Iterable[int]) -> dict[int, list[Tag]]:
    """The tags of the videos with these row ids, by row id, in order of key."""
    tags: dict[int, list[Tag]] = {}
    query = "SELECT video_id, key, value, origin FROM tags WHERE video_id IN :ids ORDER BY key"
    for row in connection.execute(query, {"ids": list(ids)}):
        tags.setdefault(row["video_id"], []).append(Tag(row["key"], row["value"], row["origin"]))
    return tags


def list_changes(connection: Reader, ref: str) -> list[Change]:
    """What changed on a video, oldest first; raises NotFound."""
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
