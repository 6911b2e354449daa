from __future__ import annotations

from datetime import UTC, datetime

import pytest

from catalog.search.values import number_bounds, time_bounds

NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("8", [(">=", 8), ("<=", 8)]),
        ("=8", [(">=", 8), ("<=", 8)]),
        (">8", [(">", 8)]),
        ("<=8.5", [("<=", 8.5)]),
        ("4..12", [(">=", 4), ("<=", 12)]),
        ("8..", [(">=", 8)]),
        ("..12", [("<=", 12)]),
        ("-1e2", [(">=", -100), ("<=", -100)]),
    ],
)
def test_numbers_have_bounds(text: str, bounds: list[tuple[str, float]]) -> None:
    assert number_bounds(text) == bounds


@pytest.mark.parametrize("text", ["", "abc", "..", ">", "=>8", "nan", "inf", "1e999", "1_0", "8s", "٣", "4..x"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reader of the clause words the message
        number_bounds(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ("2026-12", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ("2028-02", "2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"),
        ("2026-10-05", "2026-10-05T00:00:00.000Z", "2026-10-06T00:00:00.000Z"),
        ("2026-10-05T10", "2026-10-05T10:00:00.000Z", "2026-10-05T11:00:00.000Z"),
        ("2026-10-05 10:57", "2026-10-05T10:57:00.000Z", "2026-10-05T10:58:00.000Z"),
        ("2026-10-05T10:57:03Z", "2026-10-05T10:57:03.000Z", "2026-10-05T10:57:04.000Z"),
        ("2026-10-05T10:57:03.25Z", "2026-10-05T10:57:03.250Z", "2026-10-05T10:57:03.251Z"),
        ("2026-10-05T01:00+02:00", "2026-10-04T23:00:00.000Z", "2026-10-04T23:01:00.000Z"),
        ("-7d", "2026-10-03T12:00:00.000Z", "2026-10-10T12:00:00.000Z"),
        ("+90m", "2026-10-10T12:00:00.000Z", "2026-10-10T13:30:00.000Z"),
    ],
)
def test_a_date_is_its_whole_period(text: str, start: str, end: str) -> None:
    assert time_bounds(text, NOW) == [(">=", start), ("<", end)]


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        (">2026-10", (">=", "2026-11-01T00:00:00.000Z")),
        (">=2026-10", (">=", "2026-10-01T00:00:00.000Z")),
        ("<2026-10", ("<", "2026-10-01T00:00:00.000Z")),
        ("<=2026-10", ("<", "2026-11-01T00:00:00.000Z")),
        ("..2026-10", ("<", "2026-11-01T00:00:00.000Z")),
        ("-1w..", (">=", "2026-10-03T12:00:00.000Z")),
        ("<+1h", ("<", "2026-10-10T13:00:00.000Z")),
    ],
)
def test_a_comparison_looks_at_the_right_end_of_the_period(text: str, bound: tuple[str, str]) -> None:
    assert time_bounds(text, NOW) == [bound]


@pytest.mark.parametrize(
    "text", ["soon", "2026-13", "2026-02-30", "2026-10-05T25", "9999", "0001-01-01T00:00+05:00", "-999999w", "26", ".."]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reader of the clause words the message
        time_bounds(text, NOW)
