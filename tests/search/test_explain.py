"""How a query is read: its parts, what each matches by itself, and how."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from catalog.cli.main import cli
from catalog.query_reports import QueryPart
from catalog.search.explain import explain
from tests.search.conftest import NOW, Library

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.query_reports import Explanation


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, _migrated: Path) -> Library:
    path = tmp_path_factory.mktemp("explained") / "catalog.db"
    path.write_bytes(_migrated.read_bytes())
    library = Library(path)
    library.add("a", prompt="Neon rain", model="sora-2", seconds=8)
    library.add("b", prompt="Neon street", model="sora-2-pro", seconds=4)
    library.add("c", prompt="A fox", model="sora-2-pro", status="failed")
    return library


def read(library: Library, query: str, **options: object) -> Explanation:
    with library.database.read() as connection:
        return explain(connection, query, now=NOW, **options)


def test_each_part_has_the_number_of_videos_that_it_matches_by_itself(library: Library) -> None:
    explanation = read(library, "neon (model:sora-2 OR is:failed) -rain")
    assert [(part.depth, part.text, part.videos) for part in explanation.parts] == [
        (0, "AND", 0),
        (1, "neon", 2),
        (1, "OR", 2),
        (2, "model:sora-2", 1),
        (2, "is:failed", 1),
        (1, "NOT", 2),
        (2, "rain", 1),
    ]
    assert (explanation.total, explanation.sort, explanation.notes) == (0, "relevance", ())


@pytest.mark.parametrize(
    ("query", "way"),
    [
        ("neon", 'full-text index: "neon"'),
        ("model:sora-2", "bitmaps: model"),
        ("seconds:>=8", "bitmaps: seconds"),
        ("created:2026", "an index of the table"),
        ("url:example", "reads every row"),
        ("extra:trace", "reads every row"),
        ("metadata:x", "reads every row"),
        ("negative:x", "reads every row"),
        ("sort:created", "the order of the matches"),
    ],
)
def test_each_term_says_how_its_videos_are_found(library: Library, query: str, way: str) -> None:
    [part] = read(library, query).parts
    assert way in part.ways


def test_what_is_read_as_text_is_shown_as_that_with_the_remark(library: Library) -> None:
    explanation = read(library, "is:faild")
    assert explanation.parts == (QueryPart(0, "is:faild", 0, ('full-text index: "is faild"',)),)
    assert explanation.notes == ('"is:faild" is searched for as text: no claim "faild": did you mean failed?',)


def test_the_order_is_the_one_that_a_search_would_have(library: Library) -> None:
    assert read(library, "").sort == "-created_at"
    assert read(library, "neon sort:seconds").sort == "seconds"
    assert read(library, "neon", sort="-model").sort == "-model"
    assert read(library, "").parts == ()


def test_the_shell_shows_it_as_a_table_and_as_json(library: Library) -> None:
    command = ["search", "neon -rain", "--explain", "--db", str(library.database.path)]
    lines = CliRunner().invoke(cli, command).stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:-1]] == [["1", "AND"], ["2", "neon"], ["2", "NOT"], ["1", "rain"]]
    assert lines[-1] == "1 video, sorted by relevance"
    document = json.loads(CliRunner().invoke(cli, [*command, "--json"]).stdout)
    assert document == read(library, "neon -rain").to_dict()


def test_it_goes_with_no_option_about_the_videos_shown(library: Library) -> None:
    result = CliRunner().invoke(cli, ["search", "neon", "--explain", "--ids", "--db", str(library.database.path)])
    assert result.exit_code == 2
    assert "it shows no videos" in result.stderr


@pytest.mark.parametrize(
    "query", ["(" * 200 + "neon" + ")" * 200, "neon " * 500, '"' * 999, "\x00 OR \ud800", "- OR ( AND"]
)
def test_no_text_is_too_odd_to_be_explained(library: Library, query: str) -> None:
    assert read(library, query).total >= 0
