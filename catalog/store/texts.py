"""The derived text columns of videos, and the full-text index of them, updated together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import fulltext
from catalog.rows import encodable, read_path
from catalog.store.bulk import update_rows
from catalog.store.stacks import change_prompts
from catalog.wire.cuts import cut_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.database import Writer

_PORTION = 500  # videos whose texts are in memory at once

_SELECT = "SELECT id, prompt, error_message, labels, grams, error_grams FROM videos WHERE id IN :ids"
_TAGS = "SELECT video_id, key, value FROM tags WHERE video_id IN :ids ORDER BY key, origin"
_NAMES = """
SELECT files.video_id, file_places.name FROM files
CROSS JOIN file_places ON file_places.sha256 = files.sha256 AND file_places.root <> ''
WHERE files.video_id IN :ids ORDER BY file_places.id
"""
_NOTES = "SELECT video_id, note FROM annotations WHERE video_id IN :ids AND note IS NOT NULL"
_NEXT = f"SELECT id FROM videos WHERE id > :last ORDER BY id LIMIT {_PORTION}"


def labels_of(tags: Iterable[tuple[str, str]], more: Iterable[str] = ()) -> str | None:
    """The `labels` column: the tags as a person writes them, `campaign=launch, keeper`, as far as a text is kept.

    Then the names of files that lie outside of the library, and the note. Or their words, folded, where that says more.
    """
    written = cut_text(", ".join([*(f"{key}={value}" if value else key for key, value in tags), *more]))
    return fulltext.folded(written) or None


def read_entries(connection: Writer, ids: Iterable[int]) -> dict[int, fulltext.Entry]:
    """The index entries of these videos, to be handed to `refresh` after a change."""
    return {row[0]: tuple(row) for row in connection.execute(_SELECT, {"ids": list(ids)})}


def refresh(connection: Writer, before: Mapping[int, fulltext.Entry], *, is_indexed: bool = True) -> bool:
    """Derive the text columns of these videos again, and index those whose text differs from `before`, if any."""
    tags: dict[int, list[tuple[str, str]]] = {}
    for video_id, key, value in connection.execute(_TAGS, {"ids": list(before)}):
        tags.setdefault(video_id, []).append((key, value))
    more: dict[int, list[str]] = {}
    for video_id, name in connection.execute(_NAMES, {"ids": list(before)}):
        more.setdefault(video_id, []).append(encodable(read_path(name)))
    for video_id, note in connection.execute(_NOTES, {"ids": list(before)}):
        more.setdefault(video_id, []).append(note)
    old, new, columns = [], [], []
    prompts: dict[int, str | None] = {}
    for video_id, row in read_entries(connection, before).items():
        _, prompt, error, *_ = row
        labels = labels_of(tags.get(video_id, ()), more.get(video_id, ()))
        entry = (video_id, prompt, error, labels, fulltext.grams(prompt), fulltext.grams(error))
        if prompt != before[video_id][1]:
            prompts[video_id] = before[video_id][1]
        if entry != before[video_id]:
            old.append(before[video_id])
            new.append(entry)
            columns.append({"id": video_id, "labels": labels, "grams": entry[4], "error_grams": entry[5]})
    update_rows(connection, "videos", columns)
    change_prompts(connection, prompts)
    if is_indexed:
        fulltext.remove(connection, old)
        fulltext.add(connection, new)
    return bool(new)


def refresh_next(connection: Writer, after: int, *, is_indexed: bool = True) -> int | None:
    """`refresh` the next videos after this row, and return the row to go on after, None at the end."""
    ids = [row[0] for row in connection.execute(_NEXT, {"last": after})]
    refresh(connection, read_entries(connection, ids), is_indexed=is_indexed)
    return ids[-1] if ids else None
