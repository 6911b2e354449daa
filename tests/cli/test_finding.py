"""`search` and `facets`."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import job


@pytest.fixture
def _some(hear):
    hear(
        job("v1", prompt="A neon street at night", model="sora-2", seconds="8", size="1280x720"),
        job("v2", prompt="A quiet street by day", model="sora-2-pro", seconds="12"),
        job("v3", prompt="A neon sign over the hands of a clock", status="failed", error={"code": "blocked"}),
    )


pytestmark = pytest.mark.usefixtures("_some")


def refs(result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return sorted(result.stdout.split())


def test_words_are_joined_into_one_query(run):
    assert refs(run("search", "--ids", "neon", "street")) == ["studio:v1"]


@pytest.mark.parametrize(
    "words",
    [
        ["neon", "-status:failed"],
        ["-status:failed", "neon"],
        ["neon", "-hands"],
        ["neon", "--sort", "-created_at", "-hands"],
        ["--limit", "5", "--", "neon", "-hands"],
    ],
    ids=" ".join,
)
def test_a_word_with_a_minus_is_a_word_of_the_query(run, words):
    assert refs(run("search", "--ids", *words)) == ["studio:v1"]


def test_a_misspelt_option_is_a_usage_error_with_a_proposal(run):
    result = run("search", "neon", "--lmit", "3")
    assert result.exit_code == 2
    assert "--limit" in result.stderr


def test_all_behind_two_dashes_are_words(run):
    assert run("search", "--", "--lmit").exit_code == 0


def test_h_alone_still_asks_for_help(run):
    assert run("search", "neon", "-h").stdout.startswith("Usage:")


def test_the_listing_has_the_facts_the_snippet_and_the_total(run):
    first, second, total = run("search", "night").stdout.splitlines()
    assert first.split()[:6] == ["studio:v1", "completed", "sora-2", "1280x720", "8", "s"]
    assert second == "    A neon street at [night]"
    assert total == "1 video"


def test_a_listing_without_a_query_shows_prompts(run):
    assert "A quiet street by day" in run("search").stdout


def test_facets_are_counted_below_the_listing(run):
    lines = run("search", "street", "--facet", "model", "--facet", "status", "--limit", "0").stdout.splitlines()
    assert lines[0] == "2 videos, 0 shown"
    assert "     1  sora-2-pro" in lines
    assert "     2  completed" in lines


def test_the_next_page_begins_where_the_first_ended(run):
    first = run("search", "--ids", "--limit", "2")
    assert first.stderr.startswith("next page: add --after ")
    second = run("search", "--ids", "--limit", "2", "--after", first.stderr.split()[-1])
    assert sorted([*refs(first), *refs(second)]) == ["studio:v1", "studio:v2", "studio:v3"]
    assert not second.stderr


def test_the_document_is_the_page(ask):
    page = ask("search", "neon", "street", "--facet", "model")
    assert page["total"] == 1
    assert page["videos"][0]["ref"] == "studio:v1"
    assert page["facets"] == {"model": [{"value": "sora-2", "count": 1}]}
    assert page["snippets"] == {"studio:v1": "A [neon] [street] at night"}
    assert page["next"] is None


def test_deleted_videos_are_shown_on_request(run):
    run("delete", "v1")
    assert "studio:v1" not in refs(run("search", "--ids"))
    assert "studio:v1" in refs(run("search", "--ids", "--deleted"))
    assert "deleted here" in run("search", "--deleted").stdout


@pytest.mark.parametrize(
    "arguments",
    [["--sort", "colour"], ["--facet", "colour"], ["--after", "nonsense"], ["--limit", "-1"], ["x" * 10_001]],
    ids=lambda arguments: " ".join(arguments)[:20],
)
def test_what_cannot_be_searched_is_one_line(run, arguments):
    result = run("search", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("query", ['"neon', "c++", "16:9", "it's", "close-up", "( AND", "*", "\udcff"])
def test_every_character_can_be_searched_for(run, query):
    assert run("search", query).exit_code == 0


def test_what_strangers_wrote_obeys_nobody(run, hear):
    hear(job("evil", prompt="evil \x1b]0;title\x07\r\u202eover\n\x9b2J", model="m\x1b[31m"))
    text = run("search", "evil").stdout
    assert not set("\x1b\x07\r\u202e\x9b") & set(text)
    assert "\\x1b]0;title\\x07" in text


def test_a_document_keeps_what_strangers_wrote_and_has_it_escaped(run, hear):
    prompt = "evil \x1b]0;title\x07\r\u202eover\n\x9b2J 東京"
    hear(job("evil", prompt=prompt))
    text = run("search", "evil", "--json").stdout
    assert not set("\x1b\x07\r\u202e\x9b") & set(text)
    assert "東京" in text
    assert json.loads(text)["videos"][0]["prompt"] == prompt


def test_the_facets_named_are_counted(run):
    assert run("facets", "status").stdout.splitlines() == ["videos  status", "     2  completed", "     1  failed"]


def test_all_facets_are_counted_where_none_is_named(ask):
    assert {"status", "model", "source"} <= set(ask("facets"))


def test_facets_of_a_query_count_its_matches(ask):
    counts = ask("facets", "model", "--query", "street -sign", "--limit", "1")
    assert counts == {"model": [{"value": "sora-2", "count": 1}]}


def test_videos_without_a_value_are_counted_as_such(run):
    assert "(none)" in run("facets", "model").stdout
