"""What the user does to videos: tags, given facets, links, and tombstones that can be lifted; each can be undone.

The edits (`tag_videos give_facets link_videos unlink_videos delete_videos undelete_videos`) keep what they change in
the journal, as one act however many videos it is about, and return what they changed. `save_tags` writes none: the tags
of a captured call come in with its video.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import CatalogError
from catalog.records import utc_text
from catalog.store.attached import refresh_links
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.descent import find_line, find_parents
from catalog.store.facets import replace_given
from catalog.store.indexes import indexed
from catalog.store.journal import journaled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer


_MOST_SHOWN = 5  # videos of a line in a message
_NAMERS = {"api": "its server names", "request": "its request names", "c2pa": "its credentials name"}

_LINKS = (
    "SELECT child_id, relation, origin, id FROM links "
    "WHERE child_id IN :ids AND parent_source = :source AND parent_remote_id = :remote_id"
)
_REFS = "SELECT id, ref FROM videos WHERE id IN :ids"


class Changed(NamedTuple):
    """The row ids of the videos that an edit changed, and of those whose prompts have to be read again for it."""

    videos: Sequence[int]
    due: Sequence[int] = ()


class ParentName(NamedTuple):
    """The two parts of the ref of a parent."""

    source: str
    remote_id: str

    @property
    def ref(self) -> str:
        """What it is called everywhere."""
        return f"{self.source}:{self.remote_id}"


def tag_videos(
    connection: Writer, ids: Iterable[int], tags: Mapping[str, str], *, removed: Iterable[str] = (), made_at: datetime
) -> Changed:
    """Take the user's tags with the keys `removed` off videos, and set these: one edit."""
    keys = list(dict.fromkeys([*removed, *tags]))
    with journaled(connection, "tag" if tags else "untag", made_at=made_at) as act:
        for videos in act.portions("tags", ids, keys):
            _replace_tags(connection, videos, keys, tags)
    return Changed(act.videos)


def give_facets(
    connection: Writer, ids: Iterable[int], facets: Mapping[str, Sequence[str]], *, made_at: datetime
) -> Changed:
    """Make the given facets of videos, for these names, these values: one edit. See `save_given`."""
    due: list[int] = []
    with journaled(connection, "give", made_at=made_at) as act:
        for videos in act.portions("given_facets", ids, facets):
            due += replace_given(connection, dict.fromkeys(videos, facets))[1]
    return Changed(act.videos, due)


def link_videos(
    connection: Writer, ids: Iterable[int], parent: ParentName, relation: str, *, made_at: datetime
) -> Changed:
    """Link videos to a parent, which the library need not have: one edit.

    Raises CatalogError for a video that is its own parent, or that the parent comes from.
    """
    wanted = list(ids)
    _require_descent(connection, wanted, parent)
    row = {"relation": relation, "origin": "user", "parent_source": parent.source, "parent_remote_id": parent.remote_id}
    with journaled(connection, "link", made_at=made_at) as act:
        for videos in act.portions("links", wanted, [_key(relation, parent)]):
            linked = {child for child, _, _ in _list_links(connection, videos, parent, {relation})}
            new = [video_id for video_id in videos if video_id not in linked]
            with indexed(connection, new):
                insert_rows(connection, "links", [{"child_id": video_id, **row} for video_id in new])
                refresh_links(connection, new)
    return Changed(act.videos)


def unlink_videos(
    connection: Writer, ids: Iterable[int], parent: ParentName, relations: Collection[str], *, made_at: datetime
) -> Changed:
    """Take the user's links with one of these relations to a parent off videos: one edit.

    Raises CatalogError where there is none and others than the user link them: such links stay.
    """
    wanted = list(ids)
    with journaled(connection, "unlink", made_at=made_at) as act:
        for videos in act.portions("links", wanted, [_key(relation, parent) for relation in relations]):
            links = _list_links(connection, videos, parent, relations)
            children = {child for child, _, _ in links}
            with indexed(connection, children):
                connection.execute("DELETE FROM links WHERE id IN :ids", {"ids": [row_id for _, _, row_id in links]})
                refresh_links(connection, children)
    if not act.videos:
        _refuse_to_unlink(connection, wanted, parent)
    return Changed(act.videos)


def delete_videos(connection: Writer, ids: Iterable[int], *, deleted_at: datetime) -> Changed:
    """Put tombstones on videos: hidden, never made again by a sync, nothing of them lost; one edit.

    A tombstone that is there already stays as it is.
    """
    with journaled(connection, "delete", made_at=deleted_at) as act:
        for videos in act.portions("videos", ids):
            rows = [{"id": video_id, "at": utc_text(deleted_at)} for video_id in videos]
            with indexed(connection, videos):
                connection.executemany("UPDATE videos SET deleted_at = :at WHERE id = :id AND deleted_at IS NULL", rows)
    return Changed(act.videos)


def undelete_videos(connection: Writer, ids: Iterable[int], *, made_at: datetime) -> Changed:
    """Take the tombstones off videos: one edit."""
    with journaled(connection, "undelete", made_at=made_at) as act:
        for videos in act.portions("videos", ids):
            with indexed(connection, videos):
                update_rows(connection, "videos", [{"id": video_id, "deleted_at": None} for video_id in videos])
    return Changed(act.videos)


def save_tags(connection: Writer, video_id: int, tags: Mapping[str, str]) -> None:
    """Set the user's tags with these keys on a video; other keys stay as they are."""
    _replace_tags(connection, [video_id], list(tags), tags)


def _key(relation: str, parent: ParentName) -> str:
    """The subject of a link: see `TABLES` of `subjects`."""
    return f"{relation} {parent.ref}"


def _list_links(
    connection: Writer, ids: Sequence[int], parent: ParentName, relations: Collection[str]
) -> list[tuple[int, str, int]]:
    """The child, the relation and the row of the user's links from these videos to a parent."""
    query = f"{_LINKS} AND origin = 'user' AND relation IN :relations ORDER BY id"
    parameters = {"ids": list(ids), "relations": list(relations), **parent._asdict()}
    return [(row[0], row[1], row[3]) for row in connection.execute(query, parameters)]


def _require_descent(connection: Writer, ids: Sequence[int], parent: ParentName) -> None:
    """Raise CatalogError if one of the videos is the parent, or above it."""
    parents = find_parents(connection, parent.source, [parent.remote_id])
    line = find_line(connection, parents[parent.remote_id], set(ids)) if parents else []
    if len(line) == 1:
        raise CatalogError(f"{parent.ref} cannot be made from itself: name another parent")
    if line:
        names = dict(connection.execute(_REFS, {"ids": line}).fetchall())
        refs = [names[video_id] for video_id in line]
        shown = refs if len(refs) <= _MOST_SHOWN else [*refs[:2], f"{len(refs) - 3:,} others", refs[-1]]
        raise CatalogError(
            f"{refs[-1]} cannot be made from {refs[0]}, which comes from {', which comes from '.join(shown[1:])}: "
            "`catalog lineage` draws the family, and `catalog unlink` takes a link of yours off"
        )


def _refuse_to_unlink(connection: Writer, ids: Sequence[int], parent: ParentName) -> None:
    rows = connection.execute(f"{_LINKS} AND origin <> 'user' ORDER BY id", {"ids": list(ids), **parent._asdict()})
    row = rows.fetchone()
    if row is not None:
        child = connection.execute(_REFS, {"ids": [row[0]]}).fetchone()[1]
        raise CatalogError(
            f"{child} has no link of yours to {parent.ref}: {_NAMERS.get(row[2], row[2])} it as {row[1]}. "
            "Only what you linked can be unlinked; the rest is evidence, which `catalog lineage --evidence` compares"
        )


def _replace_tags(connection: Writer, ids: list[int], keys: list[str], tags: Mapping[str, str]) -> None:
    """Make `tags` what the videos have under the keys; a tag that is right already keeps its row."""
    query = "SELECT id, video_id, key, value FROM tags WHERE origin = 'user' AND video_id IN :ids AND key IN :keys"
    rows = connection.execute(query, {"ids": ids, "keys": keys}).fetchall()
    right = {(video_id, key): row_id for row_id, video_id, key, value in rows if tags.get(key) == value}
    wrong = {row[0] for row in rows}.difference(right.values())
    new = [
        {"video_id": video_id, "key": key, "value": value, "origin": "user"}
        for video_id in ids
        for key, value in tags.items()
        if (video_id, key) not in right
    ]
    with indexed(connection, ids):
        connection.execute("DELETE FROM tags WHERE id IN :ids", {"ids": list(wrong)})
        insert_rows(connection, "tags", new)
