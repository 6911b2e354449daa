"""Cells of tables as people and spreadsheets write them: units, currencies, dates; what is not read, and why."""

from __future__ import annotations

import re

import pytest

from catalog.ingest.cells import read_cell


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("8s", 8),
        ("12 sec", 12),
        ("12 secs.", 12),
        ("4.5 seconds", 4.5),
        ("8,5 s", 8.5),
        ("8,5", 8.5),
        ("8 Sek.", 8),
        ("8秒", 8),
        ("１２ 秒", 12),
        ("00:08", 8),
        ("1:05", 65),
        ("00:00:08", 8),
        ("00:08.5", 8.5),
        ("1 min 5 s", 65),
        ("2 min", 120),
        ("8000 ms", 8),
        ("8\N{NO-BREAK SPACE}s", 8),
        ("n/a", None),
        ("–", None),
    ],
)
def test_a_length_is_read_with_its_unit(cell: str, seconds: float | None):
    assert read_cell("seconds", cell, None) == seconds


@pytest.mark.parametrize(
    ("cell", "dollars"),
    [
        ("$0.80", 0.8),
        ("0,80", 0.8),
        ("0,800", 0.8),
        ("0.80 USD", 0.8),
        ("usd 1.25", 1.25),
        ("US$ 1.25", 1.25),
        ("1,25 US dollars", 1.25),
        ("$ .80", 0.8),
        ("80¢", 0.8),
        ("1,234.56", 1234.56),
        ("1.234,56", 1234.56),
        ("1 234,50", 1234.5),
        ("1’234.50", 1234.5),
        ("1,234,567", 1234567),
    ],
)
def test_money_is_read_with_its_sign(cell: str, dollars: float):
    assert read_cell("cost_usd", cell, None) == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("field", "cell", "advice"),
    [
        ("seconds", "eight", ""),
        ("seconds", "8 frames", ""),
        ("seconds", "00:99", ""),
        ("seconds", "8 s or so", ""),
        ("seconds", "1,234", "it may be 1.234 or 1234"),
        ("cost_usd", "€0.80", "only US dollars are read"),
        ("cost_usd", "0,80 EUR", "only US dollars are read"),
        ("cost_usd", "C$0.80", "only US dollars are read"),
        ("cost_usd", "-$0.80", "it is negative"),
        ("cost_usd", "free", ""),
        ("cost_usd", "#REF!", ""),
        ("output_urls", "see the drive", "not an http or https address"),
        ("created_at", "15092026", "too small a number for a time"),
        ("created_at", "yesterday", ""),
        ("created_at", "03.04.2026", "state the order of day, month and year with --dates dmy, mdy or ymd"),
    ],
)
def test_what_cannot_be_read_is_not_guessed(field: str, cell: str, advice: str):
    with pytest.raises(ValueError, match=f"^(?:: {re.escape(advice)})?$") as caught:
        read_cell(field, cell, None)
    assert bool(str(caught.value)) == bool(advice)


@pytest.mark.parametrize(
    ("cell", "order", "moment"),
    [
        ("03.04.2026", "dmy", "2026-04-03T00:00:00+00:00"),
        ("03/04/2026", "mdy", "2026-03-04T00:00:00+00:00"),
        ("3/4/26 9:05", "mdy", "2026-03-04T09:05:00+00:00"),
        ("15.9.2026, 12:00:59", "dmy", "2026-09-15T12:00:59+00:00"),
        ("09/15/2026 12:05 AM", "mdy", "2026-09-15T00:05:00+00:00"),
        ("15.09.2026 12:00 +02:00", "dmy", "2026-09-15T12:00:00+02:00"),
        ("26-09-15", "ymd", "2026-09-15T00:00:00+00:00"),
        ("2026/09/15 12:00", "dmy", "2026-09-15T12:00:00+00:00"),
        ("2026-09-15 12:00", "dmy", "2026-09-15 12:00"),
        ("15 Sep 2026", None, "2026-09-15T00:00:00+00:00"),
        ("September 15th, 2026 3:00 PM", None, "2026-09-15T15:00:00+00:00"),
        ("Tue, 15 Sep 2026 12:00:00 GMT", None, "2026-09-15T12:00:00+00:00"),
        ("20260915", None, "2026-09-15"),
        ("46280.5", None, "2026-09-15T12:00:00+00:00"),
        ("2026-09-15T12:00:00Z", None, "2026-09-15T12:00:00Z"),
        ("2026-09-15 12:00 UTC", None, "2026-09-15 12:00Z"),
        ("1789473600", None, "1789473600"),
    ],
)
def test_a_date_is_read_in_the_order_that_is_stated(cell: str, order: str | None, moment: str):
    assert read_cell("created_at", cell, order) == moment


@pytest.mark.parametrize(
    ("cell", "order"),
    [("31.02.2026", "dmy"), ("15.09.2026", "mdy"), ("15.09.2026", "ymd"), ("9/15/2026 13:00 PM", "mdy")],
)
def test_a_date_that_does_not_exist_in_that_order_is_not_turned_round(cell: str, order: str):
    with pytest.raises(ValueError, match=r"no such day|not a date in the order|^$"):
        read_cell("created_at", cell, order)


def test_plain_cells_stay_as_they_are():
    assert [read_cell(field, "8.50", None) for field in ("seconds", "cost_usd", "prompt")] == ["8.50"] * 3
    assert read_cell("prompt", "8s for $0.80", None) == "8s for $0.80"


def test_sizes_lose_their_unit_and_addresses_are_told_apart():
    assert read_cell("size", "1280 x 720 px", None) == "1280 x 720"
    assert read_cell("width", "1,280 px", None) == 1280
    assert read_cell("progress", "45 %", None) == 45
    two = "https://x.example/a.mp4; https://x.example/b,c.mp4"
    assert read_cell("output_urls", two, None) == ["https://x.example/a.mp4", "https://x.example/b,c.mp4"]
