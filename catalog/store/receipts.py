"""Answers that were received before: which they were, when last, and what a repetition changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.store.bulk import update_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Writer

Identity = tuple[str, int, str]  # what makes an observation of a video distinct: channel, HTTP status, payload's hash


class Receipt(NamedTuple):
    """How often a stored observation was received, and when last; `id` is its row's."""

    id: int
    last_received_at: str
    times_seen: int


def read_receipts(connection: Writer, ids: Iterable[int], hashes: Sequence[str]) -> dict[tuple[int, Identity], Receipt]:
    """Which answers with these hashes were received of these videos, by the video and what makes them distinct."""
    query = (
        "SELECT video_id, channel, http_status, payload_hash, id, last_received_at, times_seen "
        "FROM observations WHERE video_id IN :ids AND payload_hash IN :hashes"
    )
    rows = connection.execute(query, {"ids": list(ids), "hashes": hashes})
    return {(row[0], (row[1], row[2], row[3])): Receipt(*row[4:]) for row in map(tuple, rows)}


def list_latest(connection: Writer, ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """When each of these videos was last answered about, and by how many distinct answers at that time."""
    query = (
        "SELECT video_id, last_received_at, count(*) FROM observations WHERE video_id IN :ids "
        "GROUP BY video_id, last_received_at ORDER BY last_received_at"
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query, {"ids": list(ids)})}


def touch(connection: Writer, times: Mapping[int, str], absent: set[int]) -> None:
    """Set the one column that a repetition of the newest answer changes: when the video, or its absence, was seen.

    Both have a value already, so nothing that is indexed changes.
    """
    seen = [{"id": video_id, "last_seen_at": time} for video_id, time in times.items() if video_id not in absent]
    update_rows(connection, "videos", seen)
    update_rows(connection, "videos", [{"id": video_id, "gone_at": times[video_id]} for video_id in absent])
