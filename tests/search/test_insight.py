"""Numbers for pictures: each is what its query finds, and costs are those of `catalog stats --cost`."""

from __future__ import annotations

import random
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog, QueryError
from catalog.search.insight import Asked, read_insight
from catalog.search.page import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.insight_reports import Insight
    from tests.search.conftest import Library

NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)
QUERIES = (
    "",
    "model:sora-2,veo",
    "-status:completed OR seconds:8",
    'neon (2 OR "street 3',
    "sort:created_at verdict:keep",
)


def make_rows() -> Iterator[dict[str, Any]]:
    chosen = random.Random(5)
    for number in range(240):
        status = chosen.choice(["completed"] * 5 + ["failed", "failed", "queued", "in_progress", "cancelled"])
        created = NOW - timedelta(days=chosen.randrange(500), hours=chosen.randrange(24))
        if status in {"queued", "in_progress"}:
            created = NOW - timedelta(minutes=chosen.choice([5, 90]))
        yield {
            "remote_id": f"v{number}",
            "prompt": f"neon street {number % 9}",
            "status": status,
            "model": chosen.choice(["sora-2", "veo", 'a "b", c', None]),
            "seconds": chosen.choice([7.6, 8.0, 8.2, 5.0, None]),
            "created_at": created.isoformat() if number % 11 else None,
            "completed_at": (created + timedelta(seconds=chosen.randrange(30, 900))).isoformat(),
            "error_code": chosen.choice(["moderation", "timeout", None]) if status == "failed" else None,
            "verdict": chosen.choice(["keep", "reject", None, None]),
            "extra": {"cost": round(chosen.random(), 3)} if chosen.random() < 0.7 else {},
            "facets": {
                name: values
                for name, values in {
                    "camera_movement": chosen.sample(["pan", "pan_left", "push_in", "static"], chosen.randrange(3)),
                    "shot_size": chosen.sample(["close_up", "extreme_close_up", "wide"], 1),
                }.items()
                if values
            },
        }


@pytest.fixture
def filled(library: Library) -> Library:
    library.add_all(*make_rows())
    library.add("gone", model="veo", status="failed", deleted_at="2026-10-01T00:00:00+00:00")
    return library


def read(library: Library, query: str = "", **asked: Any) -> Insight:
    values = {"facet": "camera_movement", "rows": "camera_movement", "columns": "model", "grouping": "model"} | asked
    with library.database.read() as connection:
        return read_insight(connection, query, Asked(**values), now=NOW)


def list_numbers(insight: Insight) -> Iterator[tuple[int, str]]:
    """Every number of videos, with its query."""
    yield from ((each.videos, each.query) for each in (*insight.queue, *insight.latency, *insight.days))
    yield from ((each.failed, each.query) for each in (*insight.failures, *insight.facet_failures))
    yield from ((each.videos, each.query) for each in insight.coverage.cells)
    for each in (*insight.months, *insight.spending):
        yield each.costs.cost.jobs + each.costs.failed.jobs, each.query


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_beside_a_number_finds_as_many_videos(filled: Library, query: str) -> None:
    for rows, columns in (("camera_movement", "model"), ("seconds", "effective.shot_size"), ("verdict", "status")):
        insight = read(filled, query, rows=rows, columns=columns, facet=columns, grouping="status")
        with filled.database.read() as connection:
            for number, narrower in list_numbers(insight):
                assert count(connection, narrower, now=NOW) == number, narrower
            assert insight.total == count(connection, query, now=NOW)
    assert insight.total > 10


@pytest.mark.parametrize("query", ["", "model:sora-2", "verdict:keep", "status:failed", "nothing"])
def test_costs_are_those_of_the_statistics(filled: Library, query: str) -> None:
    with ExitStack() as stack:
        catalog = stack.enter_context(Catalog.open(filled.database.path))
        for grouping in ("model", "source", "status", "tier"):
            insight = catalog.insight(query, grouping=grouping)
            costs = catalog.costs([grouping, "month"], query=query)
            assert [each.costs for each in insight.spending] == list(costs.by[grouping])
        assert [each.costs for each in insight.months] == list(costs.by["month"])
        assert (insight.spent.cost, insight.spent.failed) == (costs.cost, costs.failed)
        assert insight.spent.usd_per_kept_second == costs.usd_per_kept_second


def test_percentiles_are_those_of_the_rows(filled: Library) -> None:
    with Catalog.open(filled.database.path) as catalog:
        for each in read(filled, "seconds:*").latency:
            videos = list(catalog.iterate(each.query))
            seconds = sorted((video.completed_at - video.created_at).total_seconds() for video in videos)
            assert each.videos == len(seconds)
            assert each.median == seconds[(len(seconds) + 1) // 2 - 1]
            assert each.p90 == seconds[(len(seconds) * 90 + 99) // 100 - 1]


def test_empty_cells_are_cells(library: Library) -> None:
    library.add("a", model="x", facets={"camera_movement": ["pan"]}, verdict="keep")
    library.add("b", model="y", facets={"camera_movement": ["tilt"]})
    coverage = read(library).coverage
    cells = {(cell.row, cell.column): (cell.videos, cell.kept, cell.keep_rate) for cell in coverage.cells}
    assert cells["pan", "x"] == (1, 1, 1.0)
    assert cells["pan", "y"] == (0, 0, None)
    assert len(cells) == len(coverage.rows) * len(coverage.columns) == 4


def test_the_days_are_those_of_one_year(filled: Library) -> None:
    insight = read(filled)
    assert insight.year == 2026
    assert {day.day.year for day in insight.days} == {2026}
    assert sum(day.videos for day in insight.days) == insight.years[2026]
    assert read(filled, year=2025).year == 2025
    assert read(filled, year=1999).days == ()
    assert sum(insight.years.values()) + insight.undated == insight.total


def test_stalled_are_those_that_wait_for_an_hour(filled: Library) -> None:
    states = {each.state: each.videos for each in read(filled).queue}
    assert 0 < states["stalled"] < states["queued"] + states["in_progress"]


def test_an_empty_library_has_no_numbers(library: Library) -> None:
    insight = read(library)
    assert (insight.total, insight.failures, insight.latency, insight.days, insight.year) == (0, (), (), (), None)
    assert insight.coverage.cells == ()


def test_unknown_names_are_refused(library: Library) -> None:
    for asked in ({"rows": "colour"}, {"facet": "colour"}, {"grouping": "colour"}):
        with pytest.raises(QueryError, match="colour"):
            read(library, **asked)


def test_the_dearest_stacks_are_named_by_their_prompt(filled: Library) -> None:
    with Catalog.open(filled.database.path) as catalog:
        catalog.reindex(stacks=True)
        insight = catalog.insight("status:completed", grouping="stack")
        costs = catalog.costs(["stack"], query="status:completed").by["stack"]
        assert [each.costs for each in insight.spending] == [group for group in costs if group.value][:12]
        for each in insight.spending:
            assert catalog.count(each.query) == each.costs.cost.jobs
    assert len(insight.spending) > 3
