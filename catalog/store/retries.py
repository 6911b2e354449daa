"""Jobs whose last retrievals failed: how often in a row, and when they may be asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.records import utc_text
from catalog.store.bulk import insert_rows
from catalog.store.names import find_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from catalog.database import Writer


class Failure(NamedTuple):
    """The last of so many failures in a row to retrieve a job, and when it may be asked for again."""

    failures: int
    due_at: datetime
    message: str


def save_failures(connection: Writer, source: str, failures: Mapping[str, Failure], *, failed_at: datetime) -> None:
    """Remember failed retrievals of jobs that the library has."""
    ids = find_ids(connection, source, failures)
    _forget(connection, ids.values())
    rows = [
        {
            "video_id": ids[name],
            "failures": failure.failures,
            "failed_at": utc_text(failed_at),
            "due_at": utc_text(failure.due_at),
            "message": failure.message,
        }
        for name, failure in failures.items()
        if name in ids
    ]
    insert_rows(connection, "retries", rows)


def forget_failures(connection: Writer, source: str, remote_ids: Iterable[str]) -> None:
    """Forget the failures of jobs that have been retrieved."""
    _forget(connection, find_ids(connection, source, remote_ids).values())


def _forget(connection: Writer, video_ids: Iterable[int]) -> None:
    connection.execute("DELETE FROM retries WHERE video_id IN :ids", {"ids": list(video_ids)})
