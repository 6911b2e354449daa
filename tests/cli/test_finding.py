"""`search` and `facets`."""

from __future__ import annotations

import json

import pytest

from catalog.cli import columns
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


def test_the_listing_has_the_snippet_then_the_facts_and_the_total(run):
    first, second, total = run("search", "night").stdout.splitlines()
    assert first == "A neon street at [night]"
    assert second == "    studio:v1  completed  sora-2  1280x720  8 s  2026-11-17 08:00 UTC"
    assert total == "1 video"


def test_a_failure_shows_its_code_and_a_cost_is_shown_where_there_is_one(run, hear):
    hear(job("v4", prompt="A dear fox", cost=1.5))
    assert run("search", "sign").stdout.splitlines()[1].split("  ")[:5] == ["", "", "studio:v3", "failed", "blocked"]
    assert run("search", "fox").stdout.splitlines()[1].endswith(" UTC  $1.50")


def test_a_video_without_a_prompt_is_listed_by_what_went_wrong(run, hear):
    hear(job("v4", status="failed", error={"code": "x", "message": "The gateway was asleep"}), job("v5"))
    lines = run("search", "id:v4,v5").stdout.splitlines()
    assert sorted(lines[:4:2]) == ["(no prompt)", "The gateway was asleep"]


def test_of_a_large_family_the_first_are_drawn_and_all_are_counted(run, hear):
    hear(job("v0"), *(job(f"v{number}", remixed_from_video_id="v0") for number in range(1, 6)))
    drawn = run("lineage", "v3", "--limit", "3")
    assert len(drawn.stdout.splitlines()) == 4
    assert drawn.stdout.splitlines()[-1] == "studio:v3: 1 ancestor, 0 descendants"
    assert drawn.stderr == "3 of 6 members of the family are shown: --limit 6 shows all\n"
    document = run("lineage", "v0", "--limit", "3", "--json")
    family = json.loads(document.stdout)
    assert (len(family["roots"][0]["children"]), family["descendants"], family["members"]) == (2, 5, 6)
    assert "3 of 6" in document.stderr
    assert run("lineage", "v0", "--limit", "6").stderr == run("lineage", "v0").stderr == ""


def test_a_prompt_in_json_is_shown_as_words(run, hear):
    prompt = {"subject": "a nurse\nasleep", "camera": {"move": "push in", "lens": ["35mm", "f2"]}, "seconds": 8}
    hear(job("v4", prompt=json.dumps(prompt)), job("v5", prompt=f"Like this: {json.dumps(prompt)} but slow"))
    assert run("search", "id:v4").stdout.splitlines()[0] == "a nurse asleep, push in, 35mm, f2"
    assert run("search", "id:v5").stdout.splitlines()[0] == "Like this: a nurse asleep, push in, 35mm, f2 but slow"
    assert run("search", "push", "id:v4").stdout.splitlines()[0] == "a nurse asleep, [push] in, 35mm, f2"
    assert "lineage" in run("lineage", "v4", "--help").stdout
    assert run("lineage", "v4").stdout.startswith("a nurse asleep, push in, 35mm, f2  studio:v4 *")


def test_a_match_far_behind_is_shown(run, hear):
    hear(job("v4", prompt=json.dumps({"subject": "a dull thing " * 40, "mood": "zany"})))
    line = run("search", "zany").stdout.splitlines()[0]
    assert "[zany]" in line
    assert len(line) <= 120


def test_a_ref_is_whole_in_a_pipe(run, hear):
    remote_id = "video_" + "0123456789abcdef" * 3
    hear(job(remote_id, prompt="A dear fox"))
    for arguments in (["search", "fox"], ["search", "fox", "--columns", "ref"], ["lineage", remote_id]):
        assert f"studio:{remote_id}" in run(*arguments).stdout


def test_columns_are_chosen_and_separated_by_tabs(run):
    result = run("search", "neon", "--columns", "ref, Status,error-code,seconds,created", "--sort", "ref")
    assert result.stdout.splitlines() == [
        "ref\tstatus\terror_code\tseconds\tcreated_at",
        "studio:v1\tcompleted\t\t8\t2026-11-17 08:00:00 UTC",
        "studio:v3\tfailed\tblocked\t\t2026-11-17 08:00:00 UTC",
    ]
    assert result.stderr == "2 videos\n"


def test_every_column_can_be_shown_and_holds_one_line(run, hear):
    hear(job("v4", prompt="evil\n\t\x1b[2J", metadata={"a": "b\tc"}, remixed_from_video_id="v1", cost=0.5))
    lines = run("search", "--columns", ",".join(columns.NAMES)).stdout.split("\n")
    assert {line.count("\t") for line in lines[:-1]} == {len(columns.NAMES) - 1}
    assert len(lines) == 6
    assert "studio:v4 remix of studio:v1" in lines[0 + 1] + lines[2] + lines[3] + lines[4]
    assert not set("\x1b") & set("".join(lines))


def test_a_document_has_the_chosen_columns_only(ask):
    page = ask("search", "neon", "street", "--columns", "ref,seconds,tags")
    assert page["videos"] == [{"ref": "studio:v1", "seconds": 8.0, "tags": []}]
    assert page["total"] == 1


@pytest.mark.parametrize("names", ["colour", "", "ref,", "ref;status"])
def test_an_unknown_column_is_a_usage_error_with_the_names(run, names):
    result = run("search", "--columns", names)
    assert result.exit_code == 2
    assert "ref, size, source, remote_id" in result.stderr
    assert run("search", "--columns", "modle").stderr.count("did you mean model?") == 1


def test_columns_and_ids_are_a_usage_error(run):
    assert run("search", "--ids", "--columns", "ref").exit_code == 2


def test_an_option_without_its_value_is_a_usage_error(run):
    result = run("search", "neon", "--sort")
    assert result.exit_code == 2
    assert "requires an argument" in result.stderr


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


def test_the_page_before_is_the_one_that_came_before(ask):
    first = ask("search", "--limit", "2")
    second = ask("search", "--limit", "2", "--after", first["next"])
    assert first["previous"] is None
    assert ask("search", "--limit", "2", "--before", second["previous"])["videos"] == first["videos"]


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
    [
        ["--sort", "colour"],
        ["--facet", "colour"],
        ["--after", "nonsense"],
        ["--before", "nonsense"],
        ["--limit", "-1"],
        ["x" * 10_001],
    ],
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
