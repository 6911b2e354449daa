"""The derived text columns of videos and the full-text index, updated together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import fulltext
from catalog.store.bulk import update_rows
from catalog.wire.cuts import cut_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.database import Writer

_PORTION = 500  # videos whose texts are in memory at once

_SELECT = "SELECT id, prompt, error_message, labels, cjk_grams FROM videos WHERE id IN :ids"
_TAGS = "SELECT video_id, key, value FROM tags WHERE video_id IN :ids ORDER BY key, origin"
_NEXT = f"SELECT id FROM videos WHERE id > :last ORDER BY id LIMIT {_PORTION}"


def labels_of(tags: Iterable[tuple[str, str]]) -> str | None:
    """The `labels` column: the tags as a person writes them, `campaign=launch, keeper`, as far as a text is kept."""
    return cut_text(", ".join(f"{key}={value}" if value else key for key, value in tags)) or None


def grams_of(*texts: str | None) -> str | None:
    """The `cjk_grams` column of a video with these texts."""
    return " ".join(grams for grams in map(fulltext.cjk_grams, texts) if grams) or None


def read_entries(connection: Writer, ids: Iterable[int]) -> dict[int, fulltext.Entry]:
    """The index entries of these videos, to be handed to `refresh` after a change."""
    return {row[0]: tuple(row) for row in connection.execute(_SELECT, {"ids": list(ids)})}


def refresh(connection: Writer, before: Mapping[int, fulltext.Entry], *, is_indexed: bool = True) -> None:
    """Derive the text columns of these videos again, and index those whose text differs from `before`."""
    tags: dict[int, list[tuple[str, str]]] = {}
    for video_id, key, value in connection.execute(_TAGS, {"ids": list(before)}):
        tags.setdefault(video_id, []).append((key, value))
    old, new, columns = [], [], []
    for video_id, row in read_entries(connection, before).items():
        _, prompt, error, *_ = row
        labels = labels_of(tags.get(video_id, ()))
        entry = (video_id, prompt, error, labels, grams_of(prompt, labels))
        if entry != before[video_id]:
            old.append(before[video_id])
            new.append(entry)
            columns.append({"id": video_id, "labels": entry[3], "cjk_grams": entry[4]})
    update_rows(connection, "videos", columns)
    if is_indexed:
        fulltext.remove(connection, old)
        fulltext.add(connection, new)


def rebuild_texts(connection: Writer) -> None:
    """Derive the text columns of every video again and rebuild the full-text index from them."""
    last = 0
    while ids := [row[0] for row in connection.execute(_NEXT, {"last": last})]:
        refresh(connection, read_entries(connection, ids), is_indexed=False)
        last = ids[-1]
    fulltext.rebuild(connection)
