"""The library in numbers: counts, latency, failures, stalled and expiring jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from catalog.database import epoch
from catalog.reading.expiry import EXPIRES, EXPIRING, EXPIRING_WITHIN, IS_ABOUT
from catalog.reading.prompts import count_prompts
from catalog.records import UNFINISHED_STATUSES, utc_text
from catalog.reports import Latency, Stats
from catalog.rows import SIZE

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.database import Reader

STALLED_AFTER = 3600.0  # seconds, queued or in progress, after which a job counts as stalled
_LISTED = 100  # refs listed of stalled and of expiring videos, worst first

_START = "coalesce(videos.created_at, videos.first_seen_at)"

# Both times come from the provider, in whole seconds; a pair in the wrong order is left out.
_LATENCY = f"""
WITH timed AS (
    SELECT model, {SIZE} AS size, status,
           {epoch("completed_at")} - {epoch("created_at")} AS seconds
    FROM videos
    WHERE completed_at >= created_at AND status IN ('completed', 'failed') AND deleted_at IS NULL
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY model, size, status ORDER BY seconds) AS nth,
           count(*) OVER (PARTITION BY model, size, status) AS total
    FROM timed
)
SELECT model, size, status, total,
       max(CASE WHEN nth = (total + 1) / 2 THEN seconds END),
       max(CASE WHEN nth = (total * 95 + 99) / 100 THEN seconds END)
FROM ranked GROUP BY model, size, status ORDER BY total DESC, model, size, status
"""


def stalled(since: str = ":stalled") -> str:
    """SQL for videos that are queued or in progress since before the time of this placeholder."""
    return f"videos.status IN {UNFINISHED_STATUSES} AND videos.deleted_at IS NULL AND {_START} < {since}"


def read_stats(connection: Reader, now: datetime) -> Stats:
    """Counts and latency by model, size and status; percentiles are nearest-rank, in seconds."""
    moments = {
        "now": utc_text(now),
        "soon": utc_text(now + timedelta(seconds=EXPIRING_WITHIN)),
        "stalled": utc_text(now - timedelta(seconds=STALLED_AFTER)),
    }
    stuck = f"SELECT ref FROM videos WHERE {stalled()} ORDER BY {_START} LIMIT {_LISTED}"
    expiring = f"SELECT ref, {IS_ABOUT} FROM videos WHERE {EXPIRING} ORDER BY {EXPIRES} LIMIT {_LISTED}"
    soonest = connection.execute(expiring, moments).fetchall()
    by_status = _count(connection, "status")
    return Stats(
        total=sum(by_status.values()),
        by_status=by_status,
        by_model=_count(connection, "model"),
        by_error=_count(connection, "error_code", "AND status = 'failed'"),
        latency=tuple(Latency(*row) for row in connection.execute(_LATENCY)),
        stalled=tuple(row[0] for row in connection.execute(stuck, moments)),
        expiring=tuple(row[0] for row in soonest),
        stalled_after=STALLED_AFTER,
        expiring_about=tuple(row[0] for row in soonest if row[1]),
        prompts=count_prompts(connection),
    )


def _count(connection: Reader, column: str, condition: str = "") -> dict[Any, int]:
    query = (
        f"SELECT {column}, count(*) FROM videos WHERE deleted_at IS NULL {condition} "
        f"GROUP BY 1 ORDER BY 2 DESC, coalesce({column}, '')"
    )
    return dict(map(tuple, connection.execute(query)))
