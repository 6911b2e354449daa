"""What a reader gets: harmless text, columns, trees, JSON."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from catalog.cli import render
from catalog.cli.fitting import measure
from catalog.reports import LineageNode

OBEYED = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u2028\ud800",
]


def printed(call, *arguments, **options) -> str:
    @click.command()
    def show() -> None:
        call(*arguments, **options)

    result = CliRunner().invoke(show)
    assert result.exit_code == 0, result.exception
    return result.stdout


@pytest.mark.parametrize("char", OBEYED, ids=lambda char: f"{ord(char):04x}")
def test_nothing_that_a_terminal_obeys_is_in_a_plain_text(char):
    assert char not in render.plain(f"a{char}b")


@pytest.mark.parametrize("text", ["東京の夜", "naïve café", "👩‍🎬 scene", "שלום", "a\u00a0b"])
def test_every_script_stays_as_it_is(text):
    assert render.plain(text) == text


@given(st.text(alphabet=st.characters(), max_size=80), st.integers(2, 40))
def test_a_clipped_text_fits(text, width):
    clipped = render.clip(text, width)
    assert len(clipped) <= len(render.plain(text)) + 1
    assert measure(clipped) <= width


def test_a_text_that_fits_is_not_clipped():
    assert render.clip("  a\n neon  street ", 13) == "a neon street"


def test_a_wide_character_counts_twice():
    assert render.clip("東京の夜", 8) == "東京の夜"
    assert render.clip("東京の夜空", 8) == "東京の…"


@given(st.recursive(st.text(st.characters(codec=None)) | st.integers() | st.none(), st.lists, max_leaves=8))
def test_a_document_means_what_it_was_made_of(value):
    text = printed(render.document, value)
    text.encode()
    assert json.loads(text) == value


def test_columns_stand_below_each_other_whatever_the_script():
    lines = printed(
        render.table, ("n", "name", "x"), [("1", "東京", "a"), ("22", None, "b")], right=("n",)
    ).splitlines()
    assert lines == [" n  name  x", " 1  東京  a", "22        b"]


def test_a_table_keeps_every_cell_on_its_line():
    assert printed(render.table, ("a",), [("x\ny\x1b",)]).splitlines() == ["a", "x y\\x1b"]


def test_a_tree_shows_who_stands_under_whom():
    leaves = tuple(LineageNode(ref, None) for ref in "cd")
    root = LineageNode("a", None, children=(LineageNode("b", None, children=leaves), LineageNode("e", None)))
    lines = printed(render.tree, root, lambda node, width: [[node.ref], ["more"]]).splitlines()
    assert lines[::2] == ["a", "├── b", "│   ├── c", "│   └── d", "└── e"]
    assert lines[1::2] == ["more", "│   more", "│   │   more", "│       more", "    more"]


@pytest.mark.parametrize(
    ("amount", "text"), [(0.8, "$0.80"), (0, "$0.00"), (1234.5, "$1,234.50"), (0.0125, "$0.0125"), (3, "$3.00")]
)
def test_money_has_the_decimals_it_needs(amount, text):
    assert render.dollars(amount) == text


def test_a_complaint_is_remembered():
    @click.command()
    @click.pass_context
    def fail(ctx: click.Context) -> None:
        assert not render.has_complained(ctx)
        render.complain("no\x1bgood")
        assert render.has_complained(ctx)

    result = CliRunner().invoke(fail)
    assert result.exit_code == 0
    assert result.stderr == "Error: no\\x1bgood\n"


def test_nothing_is_drawn_where_nobody_looks(capsys):
    with render.progress() as tell:
        tell("studio", 1, 2, "listing")
        tell("prompts", 1, 2, "reading")
    assert capsys.readouterr() == ("", "")


def test_work_that_an_interrupted_run_left_is_announced_once(capsys):
    with render.progress() as tell:
        for done in range(3):
            tell("prompts", done, 5, "reading 3 prompts left unread by earlier runs")
    assert capsys.readouterr() == ("", "reading 3 prompts left unread by earlier runs\n")
