"""What jobs cost: reported, estimated, and unknown with the reason; kept, rejected and failed ones stand apart."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from catalog.cost_reports import CostGroup, Costs, CostSum, FailedCosts, UnknownCosts
from catalog.errors import QueryError
from catalog.pricing import (
    FAILURE_RULES,
    LIMIT,
    STORED,
    PricedJob,
    are_same,
    explain_unknown,
    from_texts,
    provider_of,
)
from catalog.reading.names import list_video_sources
from catalog.reading.outcomes import DELIVERED, FATE, HAS_FAILED
from catalog.reading.stacks import list_covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Reader
    from catalog.pricing import Price

    Payers = Mapping[str, tuple[str | None, str | None]]

GROUPINGS = {
    "model": "model",
    "project": (
        "(SELECT value FROM tags WHERE video_id = videos.id AND key = :tag ORDER BY origin = 'user' DESC LIMIT 1)"
    ),
    "month": "substr(created_at, 1, 7)",
    "source": "source",
    "status": "status",
    "tier": "tier",
    "stack": "(SELECT CAST(stack_id AS TEXT) FROM stack_videos WHERE video_id = videos.id)",
}
"""What costs can be grouped by, with the SQL of each value.

A project is the value of a tag, preferably the user's; a stack has a number here, and is named by its prompt."""

_COSTS = f"""
SELECT {{value}}, {FATE}, count(*),
       count(cost_usd) FILTER (WHERE cost_basis = 'reported'), count(cost_usd) FILTER (WHERE cost_basis = 'estimated'),
       count(*) - count(cost_usd),
       sum(cost_usd) FILTER (WHERE cost_basis = 'reported'), sum(cost_usd) FILTER (WHERE cost_basis = 'estimated'),
       sum(CASE WHEN {FATE} = 'kept' AND cost_usd IS NOT NULL THEN {DELIVERED} END)
FROM videos LEFT JOIN annotations ON annotations.video_id = videos.id WHERE {{chosen}} GROUP BY 1, 2 ORDER BY 1, 2
"""
# Of the length only whether it is known decides about the reason, and of the time only the day.
_UNKNOWN = f"""
SELECT source, kind, status, model, CASE WHEN seconds > 0 AND seconds < {LIMIT} THEN 1.0 END, width, height, size_text,
       tier, substr(created_at, 1, 10), count(*)
FROM videos WHERE {{chosen}} AND cost_usd IS NULL AND NOT {HAS_FAILED} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""
_FAILED = "SELECT source, count(*) FROM videos WHERE {chosen} AND status = 'failed' GROUP BY 1 ORDER BY 2 DESC, 1"
_PRICES = f"SELECT {', '.join(STORED)} FROM prices ORDER BY id"
_PAYERS = "SELECT name, dialect, provider FROM sources"
_UNESTIMATED = "not estimated yet: run `catalog reindex --costs`"
_NOTHING = CostSum()
FATES = ("kept", "rejected", "undecided", "failed")
_COUNTS = ("jobs", "reported", "estimated", "unknown")


def read_costs(
    connection: Reader,
    by: Iterable[str],
    tag: str,
    *,
    among: Sequence[int] | None = None,
    prices_changed: bool = False,
    notes: tuple[str, ...] = (),
) -> Costs:
    """What the jobs cost, in total and by each of GROUPINGS that `by` names: months in order, others dearest first.

    `among` are the row ids of the videos to count, by default all but the deleted ones. Raises QueryError for another
    grouping.
    """
    names = list(dict.fromkeys(by))
    if unknown := [name for name in names if name not in GROUPINGS]:
        raise QueryError(f"costs cannot be grouped by {unknown[0]!r}: choose from {', '.join(GROUPINGS)}")
    (total,) = _sum_costs(connection, "NULL", tag, among) or [make_group(None, {}, {})]
    covers = list_covers(connection, among) if "stack" in names else {}
    labels = {"stack": {stack: cover.prompt for stack, cover in covers.items()}}
    groups = {name: _sum_costs(connection, GROUPINGS[name], tag, among, labels.get(name)) for name in names}
    for name, group in groups.items():
        group.sort(key=_by_value if name == "month" else by_amount)
    return Costs(
        total.cost,
        total.failed,
        {name: tuple(group) for name, group in groups.items()},
        tag,
        unknown=_explain_unknown(connection, among) if total.cost.unknown else (),
        failed_rules=_list_rules(connection, among) if total.failed.jobs else (),
        prices_changed=prices_changed,
        notes=notes,
        kept=total.kept,
        rejected=total.rejected,
        undecided=total.undecided,
        kept_seconds=total.kept_seconds,
        usd_per_kept_second=total.usd_per_kept_second,
    )


def are_in_force(connection: Reader, prices: Iterable[Price], payers: Payers) -> bool:
    """Whether costs in the library were estimated by these prices, with these sources as (dialect, `prices`).

    True where the library has no video to which they could apply.
    """
    sources = list_video_sources(connection)
    current = _read_providers(connection)
    is_paid = all(provider_of(*payers[name]) == current.get(name) for name in sources if name in payers)
    return not sources or (is_paid and are_same(prices, _read_prices(connection)))


def _read_prices(connection: Reader) -> list[Price]:
    return [from_texts(row) for row in connection.execute(_PRICES)]


def _select(
    connection: Reader, query: str, among: Sequence[int] | None, *, tag: str = "", **parts: str
) -> Iterable[Sequence[Any]]:
    chosen = "deleted_at IS NULL" if among is None else "videos.id IN :among"
    values = {"tag": tag} | ({} if among is None else {"among": list(among)})
    return connection.execute(query.format(chosen=chosen, **parts), values)


def _sum_costs(
    connection: Reader,
    value: str,
    tag: str,
    among: Sequence[int] | None,
    labels: Mapping[str, str] | None = None,
) -> list[CostGroup]:
    groups = []
    for key, rows in groupby(_select(connection, _COSTS, among, tag=tag, value=value), itemgetter(0)):
        sums: dict[str, CostSum] = {}
        lengths: dict[str, float | None] = {}
        for _, fate, *counts, reported, estimated, seconds in rows:
            sums[fate] = CostSum(*counts, *map(_rounded, (reported, estimated)))
            lengths[fate] = _rounded(seconds)
        groups.append(make_group(labels.get(key or "") if labels is not None else key, sums, lengths))
    return groups


def make_group(value: str | None, parts: Mapping[str, CostSum], lengths: Mapping[str, float | None]) -> CostGroup:
    """What the jobs with this value cost, by each of FATES and the seconds that it delivered."""
    kept, rejected, undecided, failed = (parts.get(fate, _NOTHING) for fate in FATES)
    usd, seconds = _known(parts.values()), lengths.get("kept")
    return CostGroup(
        value,
        _add(kept, rejected, undecided),
        failed,
        kept,
        rejected,
        undecided,
        kept_seconds=seconds,
        usd_per_kept_second=round(usd / seconds, 6) if usd is not None and seconds else None,
    )


def _add(*parts: CostSum) -> CostSum:
    some = [part for part in parts if part.jobs]
    if len(some) == 1:
        return some[0]
    columns = [[getattr(part, name) for part in some] for name in _COUNTS]
    amounts = ([part.reported_usd for part in some], [part.estimated_usd for part in some])
    return CostSum(*map(sum, columns), *map(_total, amounts))


def _known(parts: Iterable[CostSum]) -> float | None:
    """All that is known of what they cost."""
    return _total([amount for part in parts for amount in (part.reported_usd, part.estimated_usd)])


def _total(amounts: Iterable[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return _rounded(math.fsum(known)) if known else None


def _explain_unknown(connection: Reader, among: Sequence[int] | None) -> tuple[UnknownCosts, ...]:
    """Why costs are unknown, the most frequent reason first."""
    prices, providers = _read_prices(connection), _read_providers(connection)
    counts: Counter[tuple[str, str | None, str]] = Counter()
    for source, *facts, day, jobs in _select(connection, _UNKNOWN, among):
        job = PricedJob._make([*facts, day and datetime.fromisoformat(f"{day}T12:00:00Z"), None])
        reason = explain_unknown(job, prices, providers.get(source), source=source) or _UNESTIMATED
        counts[source, job.model, reason] += jobs
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or "", item[0][2]))
    return tuple(UnknownCosts(reason, jobs, source, model) for (source, model, reason), jobs in ordered)


def _list_rules(connection: Reader, among: Sequence[int] | None) -> tuple[FailedCosts, ...]:
    """What the provider of each source documents about failed jobs; nothing of those that document nothing."""
    providers = _read_providers(connection)
    return tuple(
        FailedCosts(source, provider, jobs, rule.text, rule.is_charged, rule.reference)
        for source, jobs in _select(connection, _FAILED, among)
        if (provider := providers.get(source)) and (rule := FAILURE_RULES.get(provider))
    )


def _read_providers(connection: Reader) -> dict[str, str | None]:
    return {name: provider_of(dialect, provider) for name, dialect, provider in connection.execute(_PAYERS)}


def _rounded(usd: float | None) -> float | None:
    return None if usd is None else round(usd, 6)


def _by_value(group: CostGroup) -> tuple[bool, str]:
    return group.value is None, group.value or ""


def by_amount(group: CostGroup) -> tuple[float, int, str]:
    """What puts the dearest first."""
    usd = sum(amount or 0 for part in (group.cost, group.failed) for amount in (part.reported_usd, part.estimated_usd))
    return -usd, -group.cost.jobs - group.failed.jobs, group.value or ""
