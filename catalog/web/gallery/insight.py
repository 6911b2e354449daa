"""The library in pictures: what waits, fails, takes long and costs, what is covered, and when it was made.

A query narrows all of them. Each picture has its numbers beside it, and each number leads to its videos in the grid.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from catalog.errors import QueryError
from catalog.web.gallery import charts, pages
from catalog.web.gallery.kept import find_answer
from catalog.web.gallery.state import State
from catalog.web.gallery.svg import fit
from catalog.web.gallery.tiles import title_of
from catalog.web.gallery.visits import page

if TYPE_CHECKING:
    from catalog.cost_reports import CostGroup, CostSum
    from catalog.insight_reports import FailureRate, Insight, Spending
    from catalog.records import Video
    from catalog.web.gallery.visits import Answer, Visit

AXES = (
    "model", "status", "size", "seconds", "source", "quality", "tier", "rating", "verdict", "shot_size",
    "camera_angle", "camera_movement", "lens", "focus", "lighting", "palette", "color", "style", "mood", "weather",
    "time_of_day", "season", "speed", "audio",
)  # fmt: skip
GROUPINGS = ("model", "stack", "source", "tier", "status")
CHOICES = {"facet": "camera_movement", "rows": "camera_movement", "columns": "model", "by": "model"}
_LISTED = 8  # videos of the queue that are named
_MOST_MONTHS = 36
_NONE = "none"
_STATES = {
    "in_progress": "In progress",
    "queued": "Queued",
    "stalled": "Stalled for over an hour",
    "expiring": "Expiring within an hour",
}
_FATES = ("kept", "undecided", "rejected", "failed")


class Waiting(NamedTuple):
    """A line of the queue: a video and how long it waits, or how long its addresses still work."""

    href: str
    title: str
    facts: str
    time: str


def show(visit: Visit) -> Answer:
    """The page of a query, perhaps as it was made before."""
    question = ("insight", *(visit.query.get(name, "") for name in ("q", "year", *CHOICES)))
    return find_answer(visit, question, lambda: _answer(visit))


def _answer(visit: Visit) -> Answer:
    query = visit.query.get("q", "")
    chosen = {name: visit.query.get(name) or usual for name, usual in CHOICES.items()}
    year = visit.query.get("year", "")
    values: dict[str, Any] = {}
    fault, status = None, HTTPStatus.OK
    with visit.catalog.reading():
        try:
            insight = visit.catalog.insight(
                query,
                facet=chosen["facet"],
                rows=chosen["rows"],
                columns=chosen["columns"],
                grouping=chosen["by"],
                year=int(year) if year.isascii() and year.isdigit() and 0 < int(year[:5]) < 10_000 else None,
            )
            values = {"insight": insight, "whole": visit.catalog.count(), **_describe(visit, insight)}
        except QueryError as error:
            fault, status = error, HTTPStatus.BAD_REQUEST
    text = pages.render(
        visit,
        "insight.html",
        q=query,
        chosen=chosen,
        axes=AXES,
        groupings=GROUPINGS,
        fault=fault,
        grid=lambda found: _grid(visit, found),
        change=lambda **more: f"{visit.base}/insight?{urlencode({'q': query, **chosen, **more})}",
        describe_costs=describe_costs,
        money=money,
        length=length,
        percent=percent,
        name=_name,
        **values,
    )
    return page(text, status)


def _describe(visit: Visit, insight: Insight) -> dict[str, Any]:
    """What is drawn."""
    if not insight.total:
        return {}
    states = {each.state: each for each in insight.queue}
    queue = [(_STATES[name], states[name]) for name in _STATES]
    months = insight.months[-_MOST_MONTHS:]
    coverage = insight.coverage
    return {
        "queue": queue,
        "queue_picture": charts.draw_rows(
            (label, f"{each.videos:,}", _grid(visit, each.query), [(each.state, each.videos)]) for label, each in queue
        )
        if any(each.videos for _, each in queue)
        else None,
        "waiting": _list_waiting(visit, states["unfinished"].query) if states["unfinished"].videos else [],
        "expiring": _list_expiring(visit, states["expiring"].query) if states["expiring"].videos else [],
        "failure_picture": _draw_failures(visit, insight.failures),
        "facet_picture": _draw_failures(visit, insight.facet_failures, has_values=True),
        "latency_picture": charts.draw_spans(
            (
                _name(each.model),
                f"{length(each.median)} to {length(each.p90)}",
                _grid(visit, each.query),
                each.median,
                each.p90,
            )
            for each in insight.latency
        ),
        "months": months,
        "has_more_months": len(insight.months) > len(months),
        "has_costs": _sum_known(insight.spent) is not None,
        "month_picture": charts.draw_columns(
            [
                (_name(each.costs.value), money(_sum_known(each.costs)), _grid(visit, each.query), _split(each.costs))
                for each in months
            ],
            money,
        ),
        "spending_picture": _draw_spending(visit, insight.spending),
        "coverage_picture": charts.draw_matrix(
            [_name(value) for value in coverage.rows],
            [_name(value) for value in coverage.columns],
            [
                (
                    cell.videos,
                    f"{percent(cell.keep_rate)} kept" if cell.kept else "",
                    f"{_name(cell.row)}, {_name(cell.column)}: {cell.videos:,} videos, {cell.kept:,} kept",
                    _grid(visit, cell.query),
                )
                for cell in coverage.cells
            ],
        ),
        "cells": [
            (row, coverage.cells[number * len(coverage.columns) : (number + 1) * len(coverage.columns)])
            for number, row in enumerate(coverage.rows)
        ],
        "year_picture": _draw_year(visit, insight),
        "year_months": _sum_months(insight),
    }


def _draw_failures(visit: Visit, rates: tuple[FailureRate, ...], *, has_values: bool = False) -> charts.Picture:
    return charts.draw_rows(
        [
            (
                " · ".join(map(_name, (*([each.value] if has_values else []), each.error, each.model))),
                f"{percent(each.rate)}, {each.failed:,} of {each.ended:,}",
                _grid(visit, each.query),
                [("failed", each.rate)],
            )
            for each in rates
        ]
    )


def _draw_spending(visit: Visit, spending: tuple[Spending, ...]) -> charts.Picture:
    """What a kept second cost, of the groups that have one."""
    return charts.draw_rows(
        [
            (_name(each.costs.value), f"{money(usd)} a second", _grid(visit, each.query), [("kept", usd)])
            for each in spending
            if (usd := each.costs.usd_per_kept_second) is not None
        ]
    )


def _draw_year(visit: Visit, insight: Insight) -> charts.Cells | None:
    if insight.year is None:
        return None
    counts: dict[date, int] = {each.day: each.videos for each in insight.days}
    return charts.draw_year(insight.year, counts, {each.day: _grid(visit, each.query) for each in insight.days})


def _sum_months(insight: Insight) -> list[tuple[str, int, list[Any]]]:
    """The days of each month that has any, with their sum."""
    months: dict[str, list[Any]] = {}
    for each in insight.days:
        months.setdefault(each.day.isoformat()[:7], []).append(each)
    return [(month, sum(each.videos for each in days), days) for month, days in months.items()]


def _list_waiting(visit: Visit, query: str) -> list[Waiting]:
    """Those that wait for longest."""
    now = datetime.now(UTC)
    videos = visit.catalog.search(query, sort="created_at", limit=_LISTED, snippets=False).videos
    return [_wait(visit, video, _since(video, now)) for video in videos]


def _list_expiring(visit: Visit, query: str) -> list[Waiting]:
    """Those whose addresses end first."""
    now = datetime.now(UTC)
    videos = visit.catalog.search(query, sort="expires_at", limit=_LISTED, snippets=False).videos
    return [
        _wait(visit, video, f"in {length((video.expires_at - now).total_seconds())}" if video.expires_at else "soon")
        for video in videos
    ]


def _since(video: Video, now: datetime) -> str:
    since = video.created_at or video.first_seen_at
    return f"for {length((now - since).total_seconds())}" if since else "since nobody knows when"


def _wait(visit: Visit, video: Video, time: str) -> Waiting:
    facts = ", ".join(filter(None, (video.model, video.status.replace("_", " "))))
    return Waiting(f"{visit.base}/{State(open=video.ref).query()}", fit(title_of(video), 90), facts, time)


def _split(group: CostGroup) -> list[tuple[str, float]]:
    parts = {"kept": group.kept, "undecided": group.undecided, "rejected": group.rejected, "failed": group.failed}
    return [(fate, usd) for fate in _FATES if (usd := _sum_usd(parts[fate]))]


def _sum_usd(cost: CostSum) -> float | None:
    known = [usd for usd in (cost.reported_usd, cost.estimated_usd) if usd is not None]
    return sum(known) if known else None


def _sum_known(group: CostGroup) -> float | None:
    known = [usd for cost in (group.cost, group.failed) if (usd := _sum_usd(cost)) is not None]
    return sum(known) if known else None


def describe_costs(group: CostGroup) -> dict[str, float | None]:
    """What a group cost, in all and by what became of it."""
    parts = {fate: _sum_usd(getattr(group, fate)) for fate in _FATES}
    return {"all": _sum_known(group), **parts}


def money(usd: float | None) -> str:
    """`$1,204.50`, `$0.0125`, and `unknown` where nothing is known."""
    if usd is None:
        return "unknown"
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.2g}" if usd < 0.01 else f"${usd:.3f}".rstrip("0")


def length(seconds: float) -> str:
    """`45 s`, `3 min 5 s`, `2 h 10 min`, `4 days`."""
    total = round(max(0, seconds))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min" + (f" {total % 60} s" if total % 60 and total < 600 else "")
    if total < 172_800:
        return f"{total // 3600} h" + (f" {total % 3600 // 60} min" if total % 3600 // 60 else "")
    return f"{total // 86_400:,} days"


def percent(rate: float | None) -> str:
    """A part of 1 as a percentage; nothing of what is not known."""
    if rate is None:
        return ""
    return f"{rate:.1%}" if 0 < rate < 0.1 else f"{rate:.0%}"


def _name(value: str | None) -> str:
    return _NONE if value is None else value


def _grid(visit: Visit, query: str) -> str:
    return f"{visit.base}/{State(q=query).query()}"
