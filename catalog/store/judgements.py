"""What a person thinks of videos: ratings, verdicts and notes, each edit one act in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.store.bulk import insert_rows, update_rows
from catalog.store.edits import Changed
from catalog.store.indexes import judging, noting
from catalog.store.journal import journaled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from catalog.database import Writer

_KNOWN = "SELECT video_id FROM annotations WHERE video_id IN :ids"


def rate_videos(connection: Writer, ids: Iterable[int], rating: int | None, *, made_at: datetime) -> Changed:
    """Rate videos, 1 to 5, or take their ratings off: one edit."""
    return _annotate(connection, "rate", "rating", ids, rating, made_at)


def judge_videos(connection: Writer, ids: Iterable[int], verdict: str | None, *, made_at: datetime) -> Changed:
    """Keep or reject videos, or take the verdict back: one edit."""
    return _annotate(connection, "verdict", "verdict", ids, verdict, made_at)


def note_videos(connection: Writer, ids: Iterable[int], note: str | None, *, made_at: datetime) -> Changed:
    """Write a note on videos in the place of the one that they have, or take it off: one edit."""
    return _annotate(connection, "note", "note", ids, note, made_at)


def _annotate(connection: Writer, verb: str, column: str, ids: Iterable[int], value: Any, made_at: datetime) -> Changed:
    wanted = list(dict.fromkeys(ids))
    make_annotations(connection, wanted)
    following = noting if column == "note" else judging
    with journaled(connection, verb, made_at=made_at) as act:
        for videos in act.portions(f"{column}s", wanted):
            with following(connection, videos):
                annotate(connection, column, dict.fromkeys(videos, value))
    return Changed(act.videos)


def make_annotations(connection: Writer, ids: Iterable[int]) -> None:
    """Give videos rows that say nothing, where they lack one: the journal names rows, which are never taken away."""
    wanted = list(dict.fromkeys(ids))
    known = {row[0] for row in connection.execute(_KNOWN, {"ids": wanted})}
    new = [{"video_id": video_id, "rating": None} for video_id in wanted if video_id not in known]
    insert_rows(connection, "annotations", new)


def annotate(connection: Writer, column: str, values: Mapping[int, Any]) -> None:
    """Write this column of what is said of videos, in the rows that they have; the caller keeps the indexes true."""
    rows = [{"video_id": video_id, column: value} for video_id, value in values.items()]
    update_rows(connection, "annotations", rows, key="video_id")
