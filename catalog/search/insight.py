"""A library in numbers for pictures: what waits, fails, takes long, costs, is covered, and when it was made.

Counts are sizes of intersections of bitmaps, sums and percentiles come from indexes: under a second at a million.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from catalog.bitmaps import HAS
from catalog.insight_reports import (
    Coverage,
    CoverageCell,
    DayCount,
    FailureRate,
    Insight,
    ModelLatency,
    QueueCount,
)
from catalog.reading.statistics import STALLED_AFTER
from catalog.records import TERMINAL_STATUSES, UNFINISHED_STATUSES, utc_text
from catalog.search.bits import Bits, bitmap
from catalog.search.clauses import close, narrow, write_clause
from catalog.search.counts import count_values
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.fields import Field
    from catalog.search.measures import Measures

QUEUE = ("unfinished", "in_progress", "queued", "stalled", "expiring")
_CODES, _MODELS, _VALUES = 8, 8, 12  # the most frequent that failures are shown of
_FAILURES = 16  # rates that are shown
_ROWS, _COLUMNS = 14, 8  # of coverage
_CREATED = "SELECT json_group_array(id) FROM videos WHERE created_at >= ?"
_SEEN = "SELECT json_group_array(id) FROM videos WHERE first_seen_at >= ?"
_EPOCH = date(1970, 1, 1)

Value = str | None


class Asked(NamedTuple):
    """What the numbers are asked by: facets of failures and of coverage, a grouping of costs, a year of days."""

    facet: str
    rows: str
    columns: str
    grouping: str
    year: int | None = None


def read_insight(connection: Reader, query: str, asked: Asked, *, now: datetime | None = None) -> Insight:
    """The numbers of the videos that match; raises QueryError."""
    from catalog.search.measures import Measures
    from catalog.search.spending import Ledger

    now = now or datetime.now(UTC)
    reader = _Reader(connection, query, now)
    measures = Measures(connection, reader.bits)
    ledger = Ledger(connection, reader.bits, measures, reader.hits)
    spending, has_more_spending = ledger.list_groups(asked.grouping, reader.prefix)
    years = reader.count_years()
    year = asked.year if asked.year is not None else max(years, default=None)
    return Insight(
        total=len(reader.hits),
        queue=reader.count_queue(),
        failures=reader.list_failures(),
        facet=asked.facet,
        facet_failures=reader.list_failures(asked.facet),
        latency=tuple(reader.list_latency(measures)),
        spent=ledger.sum_all(),
        months=ledger.list_months(reader.prefix),
        grouping=asked.grouping,
        spending=spending,
        has_more_spending=has_more_spending,
        coverage=reader.cover(asked.rows, asked.columns),
        year=year,
        years=years,
        days=() if year is None else tuple(reader.count_days(measures, year)),
        undated=len(reader.hits - reader.bits.having(HAS, "month")),
        notes=reader.notes,
    )


class _Reader:
    """The videos of a query, and what is counted of them; `prefix` is the query, closed for more clauses."""

    def __init__(self, connection: Reader, query: str, now: datetime) -> None:
        self._connection, self._now = connection, now
        self._fields = Fields(connection)
        plan = make_plan(parse(query), connection, self._fields, now=now)
        self.bits = Bits(connection)
        self.hits = plan.find(self.bits)
        self.notes = plan.notes
        self.prefix = close(query)

    def count_queue(self) -> tuple[QueueCount, ...]:
        waiting = {status: self.hits & self.bits.having("status", status) for status in UNFINISHED_STATUSES}
        unfinished = bitmap().union(*waiting.values())
        found = {
            **waiting,
            "unfinished": unfinished,
            "stalled": unfinished - self._list_recent(),
            "expiring": self._find("is:expiring"),
        }
        return tuple(QueueCount(name, len(found[name]), narrow(self.prefix, f"is:{name}")) for name in QUEUE)

    def list_failures(self, facet: str | None = None) -> tuple[FailureRate, ...]:
        """The most frequent failures by error, model and, with a facet, its values; the rarest are left out."""
        failed = self.hits & self.bits.having("status", "failed")
        ended = self.hits & bitmap().union(*(self.bits.having("status", status) for status in TERMINAL_STATUSES))
        codes, models = self._fields.get_facet("error_code"), self._fields.get_facet("model")
        field = None if facet is None else self._fields.get_facet(facet)
        values = [None] if field is None else self._list_values(field, failed, _VALUES)
        known_codes = self._list_values(codes, failed, _CODES)
        if failed - self.bits.having(HAS, codes.name):
            known_codes.append(None)
        rates = []
        for model, value in product(self._list_values(models, failed, _MODELS), values):
            of = self._members(models, model)
            clauses = [self._write(models, model)]
            if field is not None:
                of = of & self._members(field, value)
                clauses.append(self._write(field, value))
            if not (failed_so := failed & of):
                continue
            total = ended.intersection_cardinality(of)
            for code in known_codes:
                if count := failed_so.intersection_cardinality(self._members(codes, code)):
                    found = narrow(self.prefix, "status:failed", self._write(codes, code), *clauses)
                    rates.append(FailureRate(code, model, value, count, total, round(count / total, 4), found))
        rates.sort(key=lambda rate: (-rate.failed, -rate.rate, rate.model or "", rate.value or "", rate.error or ""))
        return tuple(rates[:_FAILURES])

    def list_latency(self, measures: Measures) -> Iterator[ModelLatency]:
        """By model, of the completed videos whose times are known."""
        timed = self.hits & self.bits.having("status", "completed") & self.bits.having(HAS, "latency")
        models = self._fields.get_facet("model")
        values = self._list_values(models, timed, _MODELS)
        if not values:
            return
        ordered = measures.list_ordered("latency")
        labels = measures.label(self._members(models, value) & timed for value in values)[ordered]
        picked = []
        for number, value in enumerate(values, 1):
            ids = ordered[labels == number]
            count = len(ids)
            picked.append((value, count, int(ids[(count + 1) // 2 - 1]), int(ids[(count * 90 + 99) // 100 - 1])))
        seconds = measures.read_values("latency", {each for pick in picked for each in pick[2:]})
        for value, count, median, p90 in picked:
            query = narrow(self.prefix, "status:completed", "has:latency", self._write(models, value))
            yield ModelLatency(value, count, seconds[median], seconds[p90], query)

    def cover(self, rows: str, columns: str) -> Coverage:
        """The most frequent values of two facets against each other."""
        down, across = self._fields.get_facet(rows), self._fields.get_facet(columns)
        row_values, column_values = (
            self._list_values(field, self.hits, most + 1) for field, most in ((down, _ROWS), (across, _COLUMNS))
        )
        has_more = len(row_values) > _ROWS or len(column_values) > _COLUMNS
        row_values, column_values = row_values[:_ROWS], column_values[:_COLUMNS]
        kept, rejected = (self.bits.having("verdict", verdict) for verdict in ("keep", "reject"))
        column_sets = {value: self._members(across, value) for value in column_values}
        cells = []
        for row in row_values:
            members = self.hits & self._members(down, row)
            for column, ids in column_sets.items():
                both = members & ids
                keeps = both.intersection_cardinality(kept)
                cells.append(
                    CoverageCell(
                        row,
                        column,
                        len(both),
                        keeps,
                        both.intersection_cardinality(rejected),
                        round(keeps / len(both), 4) if both else None,
                        narrow(self.prefix, self._write(down, row), self._write(across, column)),
                    )
                )
        return Coverage(down.name, across.name, tuple(row_values), tuple(column_values), tuple(cells), has_more)

    def count_years(self) -> dict[int, int]:
        """How many videos were created in each year, in order."""
        years: dict[int, int] = {}
        for month, ids in sorted(self.bits.read_field("month").sets.items()):
            if month[:4].isdigit() and (count := self.hits.intersection_cardinality(ids)):
                years[int(month[:4])] = years.get(int(month[:4]), 0) + count
        return years

    def count_days(self, measures: Measures, year: int) -> Iterator[DayCount]:
        """The days of a year that have videos, in order."""
        created = measures.read_created(year)
        if not len(created.ids):
            return
        days = created.values[measures.mark(self.hits)[created.ids]]
        first = (date(year, 1, 1) - _EPOCH).days
        for number, count in enumerate(measures.count(days - first)):
            if count:
                day = date(year, 1, 1) + timedelta(days=number)
                yield DayCount(day, count, narrow(self.prefix, f"created:{day.isoformat()}"))

    def _list_recent(self) -> BitMap:
        """The videos that are too new to be stalled."""
        since = [utc_text(self._now - timedelta(seconds=STALLED_AFTER))]
        undated = self.bits.all - self.bits.having(HAS, "created_at")
        return self.bits.read(_CREATED, since) | (self.bits.read(_SEEN, since) & undated)

    def _find(self, clause: str) -> BitMap:
        """Those of the videos that a clause finds."""
        plan = make_plan(parse(clause), self._connection, self._fields, now=self._now)
        return self.hits & plan.find(self.bits)

    def _list_values(self, field: Field, hits: BitMap, most: int) -> list[Value]:
        """The most frequent values of a field among these videos, None among them for those that have none."""
        return [each.value for each in count_values(self._connection, self.bits, field, hits, most)]

    def _members(self, field: Field, value: Value) -> BitMap:
        """The videos that have a value, as `count_values` counts it."""
        if value is None:
            return self.bits.all - self.bits.having(HAS, field.name)
        if field.name == "seconds":
            sets = self.bits.read_field(field.name).sets
            return bitmap().union(*(ids for text, ids in sets.items() if _round(text) == value))
        if field.is_effective:
            return self.bits.read_field(field.name).sets.get(value, bitmap())
        return self.bits.having(field.name, value)

    def _write(self, field: Field, value: Value) -> str:
        """The clause that finds exactly those videos."""
        if value is not None and field.name == "seconds":
            return f"seconds:>={int(value) - 0.5} seconds:<{int(value) + 0.5}"
        return write_clause(field.name, value, is_exact=field.is_prompt_facet or field.kind == "credentials")


def _round(text: str) -> str:
    """A length by whole numbers, halves up."""
    return str(int(float(text) + 0.5))
