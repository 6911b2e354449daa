"""The library in numbers: counts, latency, failures, stalled and expiring jobs, costs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from catalog.database import epoch
from catalog.errors import QueryError
from catalog.reading.expiry import EXPIRES, EXPIRING, EXPIRING_WITHIN, IS_ABOUT
from catalog.records import UNFINISHED_STATUSES, utc_text
from catalog.reports import CostGroup, Costs, CostSum, Latency, Stats
from catalog.rows import SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from catalog.database import Reader

STALLED_AFTER = 3600.0  # seconds, queued or in progress, after which a job counts as stalled
_LISTED = 100  # refs listed of stalled and of expiring videos, worst first

_START = "coalesce(created_at, first_seen_at)"
_UNFINISHED = f"status IN {UNFINISHED_STATUSES} AND deleted_at IS NULL"

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

GROUPINGS = {
    "model": "model",
    "project": (
        "(SELECT value FROM tags WHERE video_id = videos.id AND key = :tag ORDER BY origin = 'user' DESC LIMIT 1)"
    ),
    "month": "substr(created_at, 1, 7)",
    "source": "source",
    "status": "status",
    "tier": "tier",
}
"""What costs can be grouped by, with the SQL of each value; a project is the value of a tag, preferably the user's."""

_COSTS = """
SELECT {value}, status IN ('failed', 'cancelled', 'expired'), count(*),
       count(cost_usd) FILTER (WHERE cost_basis = 'reported'), count(cost_usd) FILTER (WHERE cost_basis = 'estimated'),
       count(*) - count(cost_usd),
       sum(cost_usd) FILTER (WHERE cost_basis = 'reported'), sum(cost_usd) FILTER (WHERE cost_basis = 'estimated')
FROM videos WHERE deleted_at IS NULL GROUP BY 1, 2
"""
_NOTHING = CostSum()


def read_stats(connection: Reader, now: datetime) -> Stats:
    """Counts and latency by model, size and status; percentiles are nearest-rank, in seconds."""
    moments = {
        "now": utc_text(now),
        "soon": utc_text(now + timedelta(seconds=EXPIRING_WITHIN)),
        "stalled": utc_text(now - timedelta(seconds=STALLED_AFTER)),
    }
    stalled = f"SELECT ref FROM videos WHERE {_UNFINISHED} AND {_START} < :stalled ORDER BY {_START} LIMIT {_LISTED}"
    expiring = f"SELECT ref, {IS_ABOUT} FROM videos WHERE {EXPIRING} ORDER BY {EXPIRES} LIMIT {_LISTED}"
    soonest = connection.execute(expiring, moments).fetchall()
    by_status = _count(connection, "status")
    return Stats(
        total=sum(by_status.values()),
        by_status=by_status,
        by_model=_count(connection, "model"),
        by_error=_count(connection, "error_code", "AND status = 'failed'"),
        latency=tuple(Latency(*row) for row in connection.execute(_LATENCY)),
        stalled=tuple(row[0] for row in connection.execute(stalled, moments)),
        expiring=tuple(row[0] for row in soonest),
        stalled_after=STALLED_AFTER,
        expiring_about=tuple(row[0] for row in soonest if row[1]),
    )


def read_costs(connection: Reader, by: Iterable[str], tag: str) -> Costs:
    """What all jobs cost, in total and by each of GROUPINGS that `by` names: months in order, others dearest first."""
    names = list(dict.fromkeys(by))
    if unknown := [name for name in names if name not in GROUPINGS]:
        raise QueryError(f"costs cannot be grouped by {unknown[0]!r}: choose from {', '.join(GROUPINGS)}")
    (total,) = _sum_costs(connection, "NULL", tag) or [CostGroup(None, _NOTHING, _NOTHING)]
    groups = {name: _sum_costs(connection, GROUPINGS[name], tag) for name in names}
    for name, group in groups.items():
        group.sort(key=_by_value if name == "month" else _by_amount)
    return Costs(total.cost, total.failed, {name: tuple(group) for name, group in groups.items()}, tag)


def _sum_costs(connection: Reader, value: str, tag: str) -> list[CostGroup]:
    sums: dict[str | None, dict[int, CostSum]] = {}
    for key, has_failed, *counts, reported, estimated in connection.execute(_COSTS.format(value=value), {"tag": tag}):
        sums.setdefault(key, {})[has_failed] = CostSum(*counts, *map(_rounded, (reported, estimated)))
    return [CostGroup(key, parts.get(0, _NOTHING), parts.get(1, _NOTHING)) for key, parts in sums.items()]


def _rounded(usd: float | None) -> float | None:
    return None if usd is None else round(usd, 6)


def _by_value(group: CostGroup) -> tuple[bool, str]:
    return group.value is None, group.value or ""


def _by_amount(group: CostGroup) -> tuple[float, int, str]:
    usd = sum(amount or 0 for part in (group.cost, group.failed) for amount in (part.reported_usd, part.estimated_usd))
    return -usd, -group.cost.jobs - group.failed.jobs, group.value or ""


def _count(connection: Reader, column: str, condition: str = "") -> dict[Any, int]:
    query = (
        f"SELECT {column}, count(*) FROM videos WHERE deleted_at IS NULL {condition} "
        f"GROUP BY 1 ORDER BY 2 DESC, coalesce({column}, '')"
    )
    return dict(map(tuple, connection.execute(query)))
