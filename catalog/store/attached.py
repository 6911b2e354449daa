"""What hangs on a video and follows its row: the provider's tags, links to parents, other ids."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from catalog.fold import json_text, stored
from catalog.store.bulk import delete_in, insert_rows, select_in
from catalog.wire.redact import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection


def provider_tags(metadata: str | None) -> list[tuple[str, str]]:
    """The provider's metadata map as tags: `true`, numbers and nested values as their JSON text."""
    if metadata is None:
        return []
    pairs = json.loads(metadata).items()
    tags = {stored(key): stored(value if isinstance(value, str) else json_text(value)) for key, value in pairs}
    return sorted(tags.items())


def write_tags(connection: Connection, metadata: Mapping[int, str | None]) -> None:
    """Give new videos the tags in their metadata."""
    rows = [
        {"video_id": video_id, "key": key, "value": value, "origin": "provider"}
        for video_id, text in metadata.items()
        for key, value in provider_tags(text)
    ]
    insert_rows(connection, "tags", rows)


def rewrite_tags(connection: Connection, metadata: Mapping[int, str | None]) -> None:
    """Make the provider's tags of these videos what their metadata says; the user's tags stay."""
    delete_in(connection, "DELETE FROM tags WHERE origin = 'provider' AND video_id IN :values", metadata)
    write_tags(connection, metadata)


def write_remixes(connection: Connection, source: str, parents: Mapping[int, str | None]) -> None:
    """Link new videos to the parents that the server named."""
    edge = {"relation": "remix", "origin": "api", "parent_source": source}
    rows = [
        {"child_id": video_id, "parent_remote_id": parent, **edge}
        for video_id, parent in parents.items()
        if parent is not None
    ]
    insert_rows(connection, "links", rows)


def rewrite_remixes(connection: Connection, source: str, parents: Mapping[int, str | None]) -> None:
    """Make the links that the server told of what the rows say; links of other origins stay."""
    delete_in(connection, "DELETE FROM links WHERE origin = 'api' AND child_id IN :values", parents)
    write_remixes(connection, source, parents)


def save_links(
    connection: Connection, source: str, video_id: int, links: Iterable[tuple[str, str]], *, origin: str
) -> int:
    """Keep edges from a video to parents, each `(relation, parent's id or URL)`: how many were new."""
    query = "SELECT relation, parent_remote_id FROM links WHERE origin = :origin AND child_id IN :values"
    known = {(row[0], row[1]) for row in select_in(connection, query, [video_id], origin=origin)}
    told = dict.fromkeys((relation, stored(redact_text(parent))) for relation, parent in links)
    rows = [
        {
            "child_id": video_id,
            "relation": relation,
            "origin": origin,
            "parent_source": source,
            "parent_remote_id": parent,
        }
        for relation, parent in told
        if (relation, parent) not in known
    ]
    insert_rows(connection, "links", rows)
    return len(rows)


def write_aliases(connection: Connection, source: str, aliases: Mapping[int, Iterable[str]]) -> None:
    """Keep other ids of videos; an alias that another video has stays with it, and the newest spelling comes last."""
    told = {stored(alias): video_id for video_id, names in aliases.items() for alias in names}
    if not told:
        return
    query = "SELECT alias FROM video_aliases WHERE source = :source AND alias IN :values"
    known = {row[0] for row in select_in(connection, query, told, source=source)}
    rows = [
        {"video_id": video_id, "source": source, "alias": alias}
        for alias, video_id in told.items()
        if alias not in known
    ]
    insert_rows(connection, "video_aliases", rows)


def find_ids(connection: Connection, source: str, remote_ids: Iterable[str]) -> dict[str, int]:
    """The row ids of those of the ids that the library knows, as a video's own id or as an alias of it."""
    wanted = list(remote_ids)
    by_id = "SELECT remote_id, id FROM videos WHERE source = :source AND remote_id IN :values"
    found = {row[0]: row[1] for row in select_in(connection, by_id, wanted, source=source)}
    others = [remote_id for remote_id in wanted if remote_id not in found]
    by_alias = "SELECT alias, video_id FROM video_aliases WHERE source = :source AND alias IN :values"
    return found | {row[0]: row[1] for row in select_in(connection, by_alias, others, source=source)}
