"""What the user does to videos: tags, given facets, and tombstones that can be lifted; each act can be undone.

The edits (`tag_videos give_facets delete_videos undelete_videos`) keep what they change in the journal, as one act
however many videos it is about, and return what they changed. `save_tags` writes none: the tags of a captured call come
in with its video.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.records import utc_text
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.facets import replace_given
from catalog.store.indexes import indexed
from catalog.store.journal import journaled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer


class Changed(NamedTuple):
    """The row ids of the videos that an edit changed, and of those whose prompts have to be read again for it."""

    videos: Sequence[int]
    due: Sequence[int] = ()


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
