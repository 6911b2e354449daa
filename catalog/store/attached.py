"""What hangs on a video and follows its row: the provider's tags and the links to parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.redaction import redact_text
from catalog.rows import json_text, stored
from catalog.store.bulk import insert_rows
from catalog.store.descent import find_parents, lead, measure
from catalog.store.indexes import indexed
from catalog.store.ingredients import link_again
from catalog.store.inheritance import follow_links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from catalog.database import Writer


def provider_tags(metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The provider's metadata map as tags: `true`, numbers and nested values as their JSON text."""
    if not metadata:
        return []
    pairs = metadata.items()
    tags = {stored(key): stored(value if isinstance(value, str) else json_text(value)) for key, value in pairs}
    return sorted(tags.items())


def write_tags(connection: Writer, tags: Mapping[int, Iterable[tuple[str, str]]]) -> None:
    """Give new videos these tags of their provider's."""
    rows = [
        {"video_id": video_id, "key": key, "value": value, "origin": "provider"}
        for video_id, pairs in tags.items()
        for key, value in pairs
    ]
    insert_rows(connection, "tags", rows)


def rewrite_tags(connection: Writer, tags: Mapping[int, Iterable[tuple[str, str]]]) -> None:
    """Replace the provider's tags of these videos with these; the user's tags stay."""
    connection.execute("DELETE FROM tags WHERE origin = 'provider' AND video_id IN :ids", {"ids": list(tags)})
    write_tags(connection, tags)


def write_remixes(connection: Writer, source: str, parents: Mapping[int, str | None]) -> None:
    """Link new videos to the parents that the server named."""
    named = {video_id: [("remix", parent)] for video_id, parent in parents.items() if parent is not None}
    _insert_links(connection, source, named, origin="api")
    link_again(connection, named)
    measure(connection, named)


def rewrite_remixes(connection: Writer, source: str, parents: Mapping[int, str | None]) -> None:
    """Replace the links that the server named with those in the rows; links of other origins stay."""
    connection.execute("DELETE FROM links WHERE origin = 'api' AND child_id IN :ids", {"ids": list(parents)})
    write_remixes(connection, source, parents)
    parentless = [video_id for video_id, parent in parents.items() if parent is None]
    link_again(connection, parentless)
    measure(connection, parentless)
    follow_links(connection, parents)


def save_links(connection: Writer, source: str, video_id: int, links: Iterable[tuple[str, str]], *, origin: str) -> int:
    """Keep links from a video to parents, each `(relation, parent's id or URL)`, and return how many are new."""
    query = "SELECT relation, parent_remote_id FROM links WHERE origin = :origin AND child_id = :id"
    existing = {(row[0], row[1]) for row in connection.execute(query, {"origin": origin, "id": video_id})}
    unique = dict.fromkeys((relation, stored(redact_text(parent))) for relation, parent in links)
    new = [link for link in unique if link not in existing]
    with indexed(connection, [video_id] if new else ()):
        if new:
            _insert_links(connection, source, {video_id: new}, origin=origin)
            refresh_links(connection, [video_id])
    return len(new)


def refresh_links(connection: Writer, children: Collection[int]) -> None:
    """Bring up to date what follows from the links of these videos, which others than the server changed.

    Inside `indexed`: where they lead, which of those of credentials stand, what is above the videos, and what of it
    they inherit.
    """
    lead(connection, children)
    link_again(connection, children)
    measure(connection, children)
    follow_links(connection, children)


def _insert_links(
    connection: Writer, source: str, links: Mapping[int, Sequence[tuple[str, str]]], *, origin: str
) -> None:
    """Link videos to parents, each `(relation, parent's id)`."""
    rows = find_parents(connection, source, {parent for pairs in links.values() for _, parent in pairs})
    insert_rows(
        connection,
        "links",
        [
            {
                "child_id": video_id,
                "relation": relation,
                "origin": origin,
                "parent_source": source,
                "parent_remote_id": parent,
                "parent_id": rows.get(parent),
            }
            for video_id, pairs in links.items()
            for relation, parent in pairs
        ],
    )
