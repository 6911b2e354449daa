"""What a person thinks of videos: ratings, verdicts and notes, each edit one act in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.store.bulk import insert_rows, update_rows
from catalog.store.edits import Changed
from catalog.store.indexes import indexed, judging
from catalog.store.journal import journaled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from catalog.database import Writer

_ROWS = "SELECT video_id, id FROM annotations WHERE video_id IN :ids"


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
    rows = _make_rows(connection, wanted)
    following = indexed if column == "note" else judging
    with journaled(connection, verb, made_at=made_at) as act:
        for videos in act.portions(f"{column}s", wanted):
            with following(connection, videos):
                update_rows(connection, "annotations", [{"id": rows[video], column: value} for video in videos])
    return Changed(act.videos)


def _make_rows(connection: Writer, ids: Sequence[int]) -> dict[int, int]:
    """The rows of these videos, made where they lack one: the journal names rows, so they are never taken away."""
    rows = dict(connection.execute(_ROWS, {"ids": ids}).fetchall())
    if new := [video_id for video_id in ids if video_id not in rows]:
        insert_rows(connection, "annotations", [{"video_id": video_id, "rating": None} for video_id in new])
        rows |= dict(connection.execute(_ROWS, {"ids": new}).fetchall())
    return rows
