"""The README speaks of everything that is public, and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import catalog
from catalog.cli.main import VERBS
from catalog.wire.dialects import DIALECTS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", catalog.__all__)
def test_every_public_name_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_shown_in_the_readme(verb: str) -> None:
    assert re.search(rf"catalog {verb}\b", README)


def test_every_command_line_in_the_readme_names_a_verb() -> None:
    shown = re.findall(r"^\$ (?:venv/bin/)?catalog (\S+)", README, re.MULTILINE)
    assert set(shown) <= set(VERBS)
    assert shown


def test_every_dialect_named_in_the_readme_exists() -> None:
    table = README.partition("| dialect | for |")[2].partition("\n\n")[0]
    names = [
        name
        for row in table.splitlines()
        for name in re.findall(r"`([a-z-]+)`", row.partition("|")[2].partition("|")[0])
    ]
    assert set(names) <= set(DIALECTS)
    assert len(names) > 10


@pytest.mark.parametrize("path", re.findall(r"`python (benchmarks/\w+\.py)`", README))
def test_every_benchmark_that_backs_a_figure_exists(path: str) -> None:
    assert (Path(__file__).parents[1] / path).is_file()
