"""What fits: the width of any text, cutting, lines, columns."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from catalog.cli.fitting import cut, fit, flow, measure, pad
from catalog.cli.render import plain

TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("ab 東京の\u0301\ufe0f\u200d👩🎬❤🇩🇪👍🏽한\u1100\u1161"), max_size=60
).map(plain)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("neon", 4),
        ("東京", 4),
        ("e\u0301", 1),
        ("❤️", 2),
        ("👍", 2),
        ("🫨", 2),
        ("🇩🇪", 4),  # a flag is two columns where it is drawn, two letters elsewhere
        ("👩\u200d🎬", 4),
        ("한국", 4),
        ("\u1112\u1161\u11ab", 2),
        ("ﾃｽﾄ", 3),
        ("a\u200bb", 2),
    ],
    ids=ascii,
)
def test_a_text_is_as_wide_as_terminals_show_it(text, width):
    assert measure(text) == width


def test_no_character_is_wider_than_it_is_measured():
    named = [*range(0x20, 0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE0200)]
    others = range(0x20000, sys.maxunicode, 97)  # ideographs, private use and nothing yet, of one width each
    chars = map(chr, [*named, *others])
    assert [hex(ord(char)) for char in chars if plain(char) == char and cell_len(char) > measure(char)] == []


@given(TEXTS)
def test_no_text_is_wider_than_it_is_measured(text):
    assert cell_len(text) <= measure(text)


@given(TEXTS, st.integers(1, 30))
def test_what_is_cut_fits_and_begins_as_before(text, width):
    short = cut(text, width)
    assert measure(short) <= width
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_marks_piled_on_one_character_are_cut():
    assert len(cut("a" + "\u0301" * 10_000, 10)) <= 81


@given(st.lists(TEXTS, max_size=8), st.integers(2, 30))
def test_lines_fit_and_lose_nothing(texts, width):
    lines = flow([(text, "name") for text in texts], width, "")
    rows = ["".join(part[0] for part in line if isinstance(part, tuple)) for line in lines]
    assert "".join(rows) == "".join(texts)
    assert all(measure(row) <= width for row in rows)


def test_parts_stand_side_by_side_while_they_fit():
    rows = [
        "".join(part if isinstance(part, str) else part[0] for part in line) for line in flow(["abc", "de", "f"], 6)
    ]
    assert rows == ["abc de", "f"]


def test_a_long_word_is_broken_in_time_that_grows_with_it():
    assert len(flow(["東" * 200_000], 40)) == 10_000


def test_blanks_fill_a_cell_on_either_side():
    assert pad("東", 4) == "東  "
    assert pad("8", 3, is_right=True) == "  8"


def test_the_widest_columns_are_cut_and_those_that_stay_are_not():
    assert fit([20, 40, 9], 60, [True, False, False]) == [20, 27, 9]
    assert fit([10, 10], 60, [False, False]) == [10, 10]


@pytest.mark.parametrize(("widths", "whole"), [([50, 30], [True, False]), ([70], [True]), ([30, 30, 30], [False] * 3)])
def test_a_table_that_cannot_be_read_is_none(widths, whole):
    assert fit(widths, 40, whole) is None
