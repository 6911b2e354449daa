"""One value at a time: what each reader accepts, what it takes for unknown, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.wire import values

READERS = (
    values.read_text,
    values.read_scalar_text,
    values.read_number,
    values.read_integer,
    values.read_seconds,
    values.read_progress,
    values.read_fraction,
    values.read_money,
    values.read_ticks,
    values.read_time,
    values.read_pixels,
)
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just([]) | st.just({})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        1758941485,
        1758941485.9,
        1758941485999,
        "1758941485",
        "1758941485.25",
        "1758941485123",
        "2025-09-27T02:51:25Z",
        "2025-09-27T02:51:25.875729Z",
        "2025-09-27T02:51:25.123456789Z",
        "2025-09-27 02:51:25",
        "2025-09-27T04:51:25+02:00",
        " 2025-09-27t02:51:25z ",
    ],
)
def test_a_time_is_read_from_every_notation(raw: object) -> None:
    assert values.read_time(raw) == at("2025-09-27T02:51:25")


@pytest.mark.parametrize("raw", [0, 0.0, "0", "", "  ", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_zero_time_is_unknown(raw: object) -> None:
    assert values.read_time(raw) is None


@pytest.mark.parametrize(
    "raw",
    [-1, 10**400, 1e300, float("nan"), float("inf"), "nan", True, [], "soon", "1960-01-01T00:00:00Z", "1_758_941_485"],
)
def test_an_impossible_time_is_refused(raw: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any reason will do
        values.read_time(raw)


def test_a_time_is_milliseconds_only_above_a_hundred_billion() -> None:
    assert values.read_time(100_000_000_000) == at("5138-11-16T09:46:40")
    assert values.read_time(100_000_001_000) == at("1973-03-03T09:46:41")


@pytest.mark.parametrize(
    ("raw", "seconds"), [("8", 8.0), (8, 8.0), ("5.06", 5.06), (5.0, 5.0), (" 20 ", 20.0), ("1e1", 10.0)]
)
def test_a_length_is_a_real_number(raw: object, seconds: float) -> None:
    assert values.read_seconds(raw) == seconds


@pytest.mark.parametrize("raw", ["auto", "Auto", "", 0, "0"])
def test_an_automatic_or_zero_length_is_unknown(raw: object) -> None:
    assert values.read_seconds(raw) is None


@pytest.mark.parametrize("raw", [-4, True, "eight", float("nan"), [], {}, 10**400])
def test_an_impossible_length_is_refused(raw: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        values.read_seconds(raw)


@pytest.mark.parametrize(
    ("raw", "percent"),
    [
        (55, 55.0),
        (55.5, 55.5),
        ("55", 55.0),
        ("45%", 45.0),
        ("0", 0.0),
        (1, 1.0),
        (-3, 0.0),
        (250, 100.0),
        (10**400, 100.0),
    ],
)
def test_progress_is_per_cent_within_its_bounds(raw: object, percent: float) -> None:
    assert values.read_progress(raw) == percent


@pytest.mark.parametrize(("raw", "percent"), [(0.93, 93.0), (1, 100.0), (0, 0.0), (45, 45.0), ("0.5%", 0.5)])
def test_a_fraction_of_one_becomes_per_cent(raw: object, percent: float) -> None:
    assert values.read_fraction(raw) == pytest.approx(percent)


@pytest.mark.parametrize("text", ["1280x720", "1280X720", "1280*720", "1280×720", " 1280 x 720 "])
def test_a_frame_is_read_from_every_sign_of_multiplication(text: str) -> None:
    assert values.read_frame(text) == (1280, 720)


@pytest.mark.parametrize(
    "text", ["auto", "480p", "720P", "large", "16:9", "1280x", "x720", "0x0", "1280x720x3", "9" * 5000 + "x1"]
)
def test_no_frame_is_derived_from_a_name(text: str) -> None:
    assert values.read_frame(text) is None


@pytest.mark.parametrize("raw", [1.5, -1, True, "wide", 10**9])
def test_an_impossible_number_of_pixels_is_refused(raw: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        values.read_pixels(raw)


@pytest.mark.parametrize(
    ("raw", "number"),
    [(2**62 + 1, 2**62 + 1), (f" {2**62 + 1} ", 2**62 + 1), ("-7", -7), (8.0, 8), ("1e3", 1000), (0, 0), (" ", None)],
)
def test_a_whole_number_is_read_exactly(raw: object, number: int | None) -> None:
    assert values.read_integer(raw) == number


@pytest.mark.parametrize("raw", [1.5, "1.5", True, "many", 2**63, str(2**63), float(2**63), [], None])
def test_what_is_not_a_whole_number_of_64_bits_is_refused(raw: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        values.read_integer(raw)


@pytest.mark.parametrize(("raw", "text"), [(400, "400"), (400.0, "400"), ("bad", "bad"), (None, None), (" ", None)])
def test_a_code_becomes_text(raw: object, text: str | None) -> None:
    assert values.read_scalar_text(raw) == text


@pytest.mark.parametrize("raw", ["http://a.example/v", "HTTPS://a.example", " https://a.example/v?x=1 "])
def test_a_web_address_is_a_url(raw: str) -> None:
    assert values.find_url(raw) == raw.strip()


@pytest.mark.parametrize(
    "raw",
    [
        "data:video/mp4;base64,AA",
        "file:///v.mp4",
        "/v1/videos/a",
        "https://",
        "https:///x",
        "https://a b",
        "",
        5,
        None,
        [],
    ],
)
def test_anything_else_is_no_url(raw: object) -> None:
    assert values.find_url(raw) is None


@settings(LAW)
@given(SCALARS)
def test_a_reader_raises_nothing_but_value_errors(raw: Any) -> None:
    for read in READERS:
        try:
            read(raw)
        except ValueError:
            continue
    assert values.find_url(raw) is None or isinstance(raw, str)


@settings(LAW)
@given(st.integers(1, 253_402_300_799))
def test_a_time_is_read_back_from_the_notations_that_hold_every_second(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert values.read_time(moment.isoformat()) == moment
    if seconds <= 100_000_000_000:
        assert values.read_time(seconds) == values.read_time(str(seconds)) == values.read_time(seconds + 0.5) == moment
    if seconds > 100_000_000:
        assert values.read_time(seconds * 1000 + 999) == moment


@settings(LAW)
@given(st.floats(min_value=0.001, max_value=1e9))
def test_a_length_is_read_back_from_a_number_and_from_text(seconds: float) -> None:
    assert values.read_seconds(seconds) == values.read_seconds(repr(seconds)) == seconds


@settings(LAW)
@given(st.floats(min_value=0, max_value=100))
def test_a_percentage_is_not_a_fraction(percent: float) -> None:
    assert values.read_fraction(f"{percent!r}%") == values.read_progress(percent) == percent
