"""The library in numbers, against a naive count over the same rows."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import store
from catalog.reading.statistics import read_stats
from catalog.records import PromptsRead, utc_text
from catalog.reports import Latency, Stats
from catalog.search.page import search

if TYPE_CHECKING:
    from catalog.database import Database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_numbers = count()


def add(library: Database, *rows: dict[str, Any]) -> list[str]:
    """Adds videos, completed unless a row says otherwise; the refs."""
    refs = []
    with library.write() as connection:
        for row in rows:
            columns = {
                "source": "studio",
                "remote_id": f"v{next(_numbers)}",
                "kind": "video",
                "status": "completed",
                **row,
            }
            texts = [utc_text(item) if isinstance(item, datetime) else item for item in columns.values()]
            marks = ", ".join("?" * len(columns))
            connection.execute(f"INSERT INTO videos ({', '.join(columns)}) VALUES ({marks})", tuple(texts))
            refs.append(f"{columns['source']}:{columns['remote_id']}")
        store.rebuild_bitmaps(connection)
    return refs


def read(library: Database) -> Stats:
    with library.read() as connection:
        return read_stats(connection, NOW)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def test_an_empty_library_has_empty_numbers(library: Database) -> None:
    stats = read(library)
    assert (stats.total, stats.by_status, stats.by_model, stats.by_error) == (0, {}, {}, {})
    assert (stats.latency, stats.stalled, stats.expiring) == ((), (), ())
    assert stats.prompts == PromptsRead(0, 0)


def test_prompts_that_are_still_due_are_counted(library: Database) -> None:
    add(library, {"prompt": "Neon."}, {"prompt": "Fog.", "extracted_by": "today"}, {"prompt": None})
    prompts = read(library).prompts
    assert (prompts, prompts.read, str(prompts)) == (PromptsRead(2, 1), 1, "1 of 2 prompts read")
    assert prompts.to_dict() == {"read": 1, "total": 2, "due": 1}


def test_videos_are_counted_by_status_and_by_model_most_first(library: Database) -> None:
    add(library, {"model": "b"}, {"model": "b", "status": "failed"}, {"model": "a"}, {"model": None})
    stats = read(library)
    assert stats.total == 4
    assert list(stats.by_status.items()) == [("completed", 3), ("failed", 1)]
    assert list(stats.by_model.items()) == [("b", 2), (None, 1), ("a", 1)]


def test_only_failures_are_counted_by_error(library: Database) -> None:
    add(
        library,
        {"status": "failed", "error_code": "moderation_blocked"},
        {"status": "failed", "error_code": None},
        {"status": "completed", "error_code": "warning"},
    )
    assert read(library).by_error == {None: 1, "moderation_blocked": 1}


def test_deleted_videos_are_in_no_number(library: Database) -> None:
    add(
        library,
        {"deleted_at": NOW, "status": "failed", "error_code": "x", "model": "m"},
        {"deleted_at": NOW, "status": "queued", "created_at": ago(days=2)},
        {"deleted_at": NOW, "expires_at": NOW + timedelta(minutes=5)},
        {"deleted_at": NOW, "created_at": ago(hours=1), "completed_at": NOW},
    )
    assert read(library) == read(library).__class__(0, {}, {}, {}, (), (), (), 3600.0)


def nearest_rank(values: list[int], percent: int) -> float:
    return sorted(values)[math.ceil(percent * len(values) / 100) - 1]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_percentiles_are_those_of_the_nearest_rank(library: Database, lengths: list[int]) -> None:
    with library.write() as connection:
        connection.execute("DELETE FROM videos")
    add(library, *({"created_at": ago(seconds=length), "completed_at": NOW} for length in lengths))
    expected = Latency(None, None, "completed", len(lengths), nearest_rank(lengths, 50), nearest_rank(lengths, 95))
    assert read(library).latency == (expected,)


def test_latency_is_grouped_by_model_and_size_and_status_largest_group_first(library: Database) -> None:
    timed = {"created_at": ago(seconds=90), "completed_at": NOW}
    add(
        library,
        {**timed, "model": "a", "width": 1280, "height": 720},
        {**timed, "model": "a", "size_text": "720p"},
        {**timed, "model": "a", "size_text": "720p"},
        {**timed, "model": "a", "size_text": "720p", "status": "failed"},
    )
    assert [(row.model, row.size, row.status, row.count) for row in read(library).latency] == [
        ("a", "720p", "completed", 2),
        ("a", "1280x720", "completed", 1),
        ("a", "720p", "failed", 1),
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"created_at": NOW, "completed_at": ago(seconds=1)},
        {"created_at": None, "completed_at": NOW},
        {"created_at": NOW, "completed_at": None},
        {"created_at": ago(hours=1), "completed_at": NOW, "status": "in_progress"},
    ],
    ids=["backwards", "no start", "no end", "not at its end"],
)
def test_a_pair_of_times_that_tells_nothing_is_left_out(library: Database, row: dict[str, Any]) -> None:
    add(library, row)
    assert read(library).latency == ()


@pytest.mark.parametrize("status", ["queued", "in_progress", "unknown"])
def test_a_job_unfinished_for_more_than_an_hour_is_stalled(library: Database, status: str) -> None:
    _, late, latest, _ = add(
        library,
        {"status": status, "created_at": ago(hours=1)},
        {"status": status, "created_at": ago(hours=1, seconds=1)},
        {"status": status, "created_at": ago(days=3)},
        {"status": "failed", "created_at": ago(days=3)},
    )
    assert read(library).stalled == (latest, late)


def test_a_job_of_unknown_start_is_stalled_an_hour_after_it_was_first_seen(library: Database) -> None:
    (old, _) = add(
        library,
        {"status": "queued", "first_seen_at": ago(hours=2)},
        {"status": "queued", "first_seen_at": ago(minutes=2)},
    )
    assert read(library).stalled == (old,)


def test_links_that_die_within_the_hour_are_told_soonest_first(library: Database) -> None:
    _, soonest, last, _, _ = add(
        library,
        {"expires_at": NOW},
        {"expires_at": NOW + timedelta(seconds=1)},
        {"expires_at": NOW + timedelta(hours=1)},
        {"expires_at": NOW + timedelta(hours=1, seconds=1)},
        {"expires_at": NOW + timedelta(minutes=1), "status": "failed"},
    )
    assert read(library).expiring == (soonest, last)


def test_where_no_answer_names_an_expiry_the_lifetime_of_the_dialect_counts(library: Database) -> None:
    with library.write() as connection:
        store.save_source(connection, "lab", dialect="ark")
        store.save_source(connection, "shed", dialect="luma")
    due = {"source": "lab", "completed_at": ago(hours=23, minutes=30)}
    about, told, by_creation, *_ = add(
        library,
        due,
        due | {"expires_at": NOW + timedelta(minutes=1)},
        {"source": "lab", "created_at": ago(hours=23, minutes=10)},
        due | {"expires_at": NOW + timedelta(hours=9)},
        due | {"status": "failed"},
        due | {"source": "shed"},
        due | {"source": "unheard"},
        due | {"completed_at": ago(hours=24, minutes=1)},
        due | {"completed_at": ago(hours=22)},
        {"source": "lab"},
    )
    stats = read(library)
    assert stats.expiring == (told, about, by_creation)
    assert stats.expiring_about == (about, by_creation)
    with library.read() as connection:
        found = search(connection, "is:expiring", now=NOW, sort="id").videos
        left = search(connection, "-is:expiring", now=NOW).total
        assert search(connection, "has:expires").total == 2, "a reckoned time is not kept"
    assert sorted(video.ref for video in found) == sorted(stats.expiring)
    assert left == 7


def test_long_lists_of_refs_are_cut_at_the_worst_hundred(library: Database) -> None:
    refs = add(library, *({"status": "queued", "created_at": ago(hours=200 - number)} for number in range(120)))
    assert read(library).stalled == tuple(refs[:100])
