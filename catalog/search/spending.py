"""What the videos of a query cost, as `reading.costs` sums it up, from indexes and bitmaps: at once for a million."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from catalog.cost_reports import CostSum
from catalog.errors import QueryError
from catalog.insight_reports import Spending
from catalog.reading.costs import FATES, by_amount, make_group
from catalog.reading.outcomes import FAILED_STATUSES
from catalog.reading.stacks import list_covers, sum_delivered
from catalog.search.bits import bitmap
from catalog.search.clauses import narrow, write_clause
from catalog.search.measures import list_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyroaring import BitMap

    from catalog.cost_reports import CostGroup
    from catalog.database import Reader
    from catalog.search.bits import Bits
    from catalog.search.measures import Measures, Numbers

GROUPINGS = ("model", "stack", "source", "tier", "status")
MOST = 12  # groups of one grouping
_BASES = ("reported", "estimated")
_MONTHS = "month"


class _Sums(NamedTuple):
    """By group, fate and basis: how many jobs, and what they cost; by group what was delivered of what is kept."""

    jobs: Numbers
    usd: Numbers
    seconds: Numbers


class Ledger:
    """The costs of some videos."""

    def __init__(self, connection: Reader, bits: Bits, measures: Measures, hits: BitMap) -> None:
        self._connection, self._bits, self._measures, self._hits = connection, bits, measures, hits
        self._ids = list_ids(hits)
        costs = measures.read_costs()
        self._usd = measures.spread(costs)
        self._is_known = np.zeros(len(self._usd), np.bool_)
        self._is_known[costs.ids] = True
        self._fates = self._list_fates()
        self._bases = measures.label([bits.having("cost_basis", name) for name in _BASES])
        self._delivered = self._read_delivered()

    def sum_all(self) -> CostGroup:
        """What all of them cost."""
        return self._sum({None: self._hits})[0]

    def list_months(self, prefix: str) -> tuple[Spending, ...]:
        """What those of each month cost, in order; `prefix` is the query that they match."""
        groups = self._sum(self._list_sets(_MONTHS))
        groups.sort(key=lambda group: (group.value is None, group.value or ""))
        return tuple(Spending(group, _find(prefix, _MONTHS, group.value)) for group in groups)

    def list_groups(self, grouping: str, prefix: str) -> tuple[tuple[Spending, ...], bool]:
        """The dearest of one of GROUPINGS, and whether there are more; raises QueryError for any other."""
        if grouping not in GROUPINGS:
            raise QueryError(f"costs are not shown by {grouping!r}: choose from {', '.join(GROUPINGS)}")
        if grouping == "stack":
            return self._list_stacks(prefix)
        groups = sorted(self._sum(self._list_sets(grouping)), key=by_amount)
        shown = tuple(Spending(group, _find(prefix, grouping, group.value)) for group in groups[:MOST])
        return shown, len(groups) > MOST

    def _list_stacks(self, prefix: str) -> tuple[tuple[Spending, ...], bool]:
        stacks = self._measures.read_stacks()
        is_hit = self._measures.mark(self._hits)[stacks.ids] if len(stacks.ids) else np.zeros(0, np.bool_)
        ids, numbers = stacks.ids[is_hit], stacks.values[is_hit]
        if not len(ids):
            return (), False
        sums = np.bincount(numbers, weights=self._usd[ids])
        dearest = np.argsort(-sums, kind="stable")[:MOST]
        dearest = dearest[sums[dearest] > 0]
        sets = {str(stack): bitmap(ids[numbers == stack].tolist()) for stack in dearest.tolist()}
        covers = list_covers(self._connection, [each for members in sets.values() for each in members])
        named = [(group, covers[group.value]) for group in self._sum(sets) if group.value in covers]
        shown = tuple(
            Spending(replace(group, value=cover.prompt), narrow(prefix, write_clause("similar", cover.ref)))
            for group, cover in sorted(named, key=lambda item: by_amount(item[0]))
        )
        return shown, int(np.count_nonzero(sums)) > len(shown)

    def _list_sets(self, name: str) -> dict[str | None, BitMap]:
        """The videos by their values of a field, those without one under None."""
        members = self._bits.read_field(name).sets
        sets: dict[str | None, BitMap] = {value: mine for value, ids in members.items() if (mine := ids & self._hits)}
        if missing := self._hits.difference(*sets.values()) if sets else self._hits:
            sets[None] = missing
        return sets

    def _list_fates(self) -> Numbers:
        """For every video the number of its fate: what failed, whatever was said of it; what nobody judged last."""
        bits = self._bits
        kept, rejected = (bits.having("verdict", verdict) for verdict in ("keep", "reject"))
        failed = bitmap().union(*(bits.having("status", status) for status in FAILED_STATUSES))
        sets = {"kept": kept, "rejected": rejected, "undecided": bits.all - kept - rejected, "failed": failed}
        return self._measures.label(sets[fate] for fate in FATES)

    def _read_delivered(self) -> Numbers:
        """For every kept video of known cost the seconds that it delivered."""
        kept = self._bits.having("verdict", "keep") & self._hits
        chosen = [video_id for video_id in kept if self._is_known[video_id]]
        delivered = np.zeros(len(self._usd), np.float64)
        for video_id, seconds in sum_delivered(self._connection, chosen).items():
            delivered[video_id] = seconds
        return delivered

    def _sum(self, sets: Mapping[Any, BitMap]) -> list[CostGroup]:
        """The groups of these videos, which no two of the sets share."""
        labels = self._measures.label(sets.values())
        ids = self._ids[labels[self._ids] > 0]
        basis = np.where(self._is_known[ids], self._bases[ids], 3)
        groups = labels[ids].astype(np.intp) - 1
        keys = (groups * len(FATES) + self._fates[ids] - 1) * 4 + basis
        shape, size = (len(sets), len(FATES), 4), len(sets) * len(FATES) * 4
        sums = _Sums(
            np.bincount(keys, minlength=size).reshape(shape),
            np.bincount(keys, self._usd[ids], size).reshape(shape),
            np.bincount(groups, np.where(self._fates[ids] == 1, self._delivered[ids], 0), len(sets)),
        )
        return [_make_group(value, sums, number) for number, value in enumerate(sets)]


def _find(prefix: str, field: str, value: str | None) -> str:
    return narrow(prefix, write_clause(field, value))


def _make_group(value: str | None, sums: _Sums, number: int) -> CostGroup:
    parts = {
        fate: _make_sum(sums.jobs[number, index], sums.usd[number, index])
        for index, fate in enumerate(FATES)
        if sums.jobs[number, index].any()
    }
    return make_group(value, parts, {"kept": round(float(sums.seconds[number]), 6) or None})


def _make_sum(jobs: Any, usd: Any) -> CostSum:
    _, reported, estimated, unknown = jobs.tolist()
    amounts = [round(float(usd[index]), 6) if jobs[index] else None for index in (1, 2)]
    return CostSum(int(jobs.sum()), reported, estimated, unknown, *amounts)
