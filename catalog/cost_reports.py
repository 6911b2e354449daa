"""What jobs cost, in sums and groups. Dataclasses like those of `records`; money is US dollars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class CostSum(Record):
    """What some jobs cost, in US dollars, by how it is known; an unknown amount is None, never 0.

    `jobs` are those with a `reported` cost, those with an `estimated` one and those whose cost is `unknown`.
    """

    jobs: int = 0
    reported: int = 0
    estimated: int = 0
    unknown: int = 0
    reported_usd: float | None = None
    estimated_usd: float | None = None


_NO_COST = CostSum()


@dataclass(frozen=True, slots=True)
class CostGroup(Record):
    """What the jobs with one value cost; `value` is None for those that have none.

    `failed` are those that ended without a video (failed, cancelled, expired) and are not in `cost`, which is the sum
    of `kept`, `rejected` and `undecided`, by the verdicts. `kept_seconds` were delivered by the kept ones of known
    cost: those of the files at hand, else of the job. `usd_per_kept_second` is all known money of the group, that of
    failed jobs too, for each of them; both are None where nothing was kept.
    """

    value: str | None
    cost: CostSum
    failed: CostSum
    kept: CostSum = _NO_COST
    rejected: CostSum = _NO_COST
    undecided: CostSum = _NO_COST
    kept_seconds: float | None = None
    usd_per_kept_second: float | None = None


@dataclass(frozen=True, slots=True)
class UnknownCosts(Record):
    """Why the costs of some jobs of one model and source are unknown."""

    reason: str
    jobs: int
    source: str
    model: str | None


@dataclass(frozen=True, slots=True)
class FailedCosts(Record):
    """What the provider of a source documents about the costs of failed jobs, and how many `jobs` of it have failed.

    `is_charged` is None where it depends; `reference` is the address of the document, where it has one.
    """

    source: str
    provider: str
    jobs: int
    rule: str
    is_charged: bool | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Costs(Record):
    """What jobs cost, in total and by each requested grouping; `tag` is the key that names projects.

    `unknown` gives the reasons for `cost.unknown`, the most frequent first; `failed_rules` are about failed jobs, for
    the providers that document something. `prices_changed` says that the prices in force are no longer those of the
    estimates. `notes` are remarks about the query for the person who wrote it. `kept` and what follows are those of a
    CostGroup, of all the jobs.
    """

    cost: CostSum
    failed: CostSum
    by: Mapping[str, tuple[CostGroup, ...]]
    tag: str
    unknown: tuple[UnknownCosts, ...] = ()
    failed_rules: tuple[FailedCosts, ...] = ()
    prices_changed: bool = False
    notes: tuple[str, ...] = ()
    kept: CostSum = _NO_COST
    rejected: CostSum = _NO_COST
    undecided: CostSum = _NO_COST
    kept_seconds: float | None = None
    usd_per_kept_second: float | None = None

    def __post_init__(self) -> None:
        self._freeze("by")
