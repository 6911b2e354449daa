"""A library in pictures: what waits, fails, takes long, costs, is covered. Dataclasses like those of `records`.

Durations are seconds, money is US dollars, days are UTC. The `query` beside a number finds the videos that it counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from catalog.cost_reports import CostGroup


@dataclass(frozen=True, slots=True)
class QueueCount(Record):
    """How many videos wait, or need somebody before they are lost: `state` is what `is:` finds them by.

    One of `unfinished in_progress queued stalled expiring`.
    """

    state: str
    videos: int
    query: str


@dataclass(frozen=True, slots=True)
class FailureRate(Record):
    """How many jobs `failed` with one error, of those of a model that have `ended`; `rate` is from 0 to 1.

    `error` and `model` are None where nothing is known of them. `value` is that of the facet that was asked for, None
    where the rate is about all of them: otherwise both numbers count only the jobs that have it.
    """

    error: str | None
    model: str | None
    value: str | None
    failed: int
    ended: int
    rate: float
    query: str


@dataclass(frozen=True, slots=True)
class ModelLatency(Record):
    """How long the completed videos of a model took, from queue to completion: nearest-rank, in seconds."""

    model: str | None
    videos: int
    median: float
    p90: float
    query: str


@dataclass(frozen=True, slots=True)
class Spending(Record):
    """What the jobs of one group cost."""

    costs: CostGroup
    query: str


@dataclass(frozen=True, slots=True)
class CoverageCell(Record):
    """How many videos have two values at once, and how many of them are kept and rejected.

    `keep_rate` is the kept part of them, from 0 to 1, None where there are none.
    """

    row: str | None
    column: str | None
    videos: int
    kept: int
    rejected: int
    keep_rate: float | None
    query: str


@dataclass(frozen=True, slots=True)
class Coverage(Record):
    """Two facets against each other, by their most frequent values: `cells` row by row, the empty ones too.

    `has_more` is whether a facet has values beyond these.
    """

    row_facet: str
    column_facet: str
    rows: tuple[str | None, ...]
    columns: tuple[str | None, ...]
    cells: tuple[CoverageCell, ...]
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class DayCount(Record):
    """How many videos were created on a day."""

    day: date
    videos: int
    query: str


@dataclass(frozen=True, slots=True)
class Insight(Record):
    """The videos that match a query, `total` of them, in the numbers that pictures are made of.

    `failures` are by error and model, `facet_failures` also by the values of `facet`; the most failures come first.
    `latency` is by model, the most videos first. `spent` is the cost of all; `months` are in order, and `spending` is
    by `grouping`, the dearest first, with `has_more_spending` where there are more groups. `days` are those of `year`
    that have videos; `years` counts the videos of each year, `undated` those without a date. `notes` are remarks about
    the query.
    """

    total: int
    queue: tuple[QueueCount, ...]
    failures: tuple[FailureRate, ...]
    facet: str
    facet_failures: tuple[FailureRate, ...]
    latency: tuple[ModelLatency, ...]
    spent: CostGroup
    months: tuple[Spending, ...]
    grouping: str
    spending: tuple[Spending, ...]
    coverage: Coverage
    year: int | None = None
    years: Mapping[int, int] = field(default_factory=dict)
    days: tuple[DayCount, ...] = ()
    undated: int = 0
    has_more_spending: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._freeze("years")
