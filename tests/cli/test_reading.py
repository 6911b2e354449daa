"""`show`, `lineage`, `changes` and `stats`."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import CREATED, job


@pytest.fixture
def _family(hear):
    hear(
        job("old", prompt="The first", remixed_from_video_id="lost"),
        job("me", prompt="A neon street\nat night", model="sora-2", size="1280x720", remixed_from_video_id="old"),
        job("a", remixed_from_video_id="me", status="failed", error={"code": "blocked", "message": "No."}),
        job("b", remixed_from_video_id="me", completed_at=CREATED + 90),
    )


pytestmark = pytest.mark.usefixtures("_family")


def test_show_prints_what_is_known_and_names_what_is_not(run):
    run("tag", "me", "campaign=launch")
    lines = [line.strip() for line in run("show", "studio:me").stdout.splitlines()]
    assert lines[0] == "studio:me"
    assert any(line.split() == ["size", "1280x720"] for line in lines)
    assert any(line.split() == ["tag", "campaign=launch"] for line in lines)
    assert any(line.startswith("made from") and "studio:old" in line for line in lines)
    assert sum(line.startswith("made into") for line in lines) == 2
    assert any(line.startswith("unknown") and "expires_at" in line for line in lines)
    assert ["created_at", "2026-11-17", "08:00:00", "UTC"] in [line.split() for line in lines]
    assert not any("COMPUTED" in line for line in lines)


def test_a_prompt_of_several_lines_keeps_them(run):
    lines = run("show", "studio:me").stdout.splitlines()
    first = next(position for position, line in enumerate(lines) if "A neon street" in line)
    assert lines[first + 1].strip() == "at night"
    assert lines[first].index("A") == lines[first + 1].index("at")


def test_show_of_one_ref_is_one_object(ask):
    video = ask("show", "studio:me")
    assert video["ref"] == "studio:me"
    assert video["prompt"] == "A neon street\nat night"
    assert len(video["links"]) == 3


def test_show_of_several_refs_is_a_list(ask):
    assert [video["ref"] for video in ask("show", "studio:me", "studio:old")] == ["studio:me", "studio:old"]
    assert [video["ref"] for video in ask("show", "-", stdin="\ufeffstudio:me\r\n\n")] == ["studio:me"]


def test_a_ref_that_names_nothing_is_told_and_the_others_are_shown(run):
    result = run("show", "nobody", "studio:me", "--json")
    assert result.exit_code == 1
    assert "nobody" in result.stderr
    assert [video["ref"] for video in json.loads(result.stdout)] == ["studio:me"]


def test_lineage_is_a_tree_from_the_oldest_known_name(run):
    lines = run("lineage", "studio:me").stdout.splitlines()
    assert lines == [
        "studio:lost  (not in the library)",
        "└── The first  studio:old  remix (API)  completed",
        "    └── A neon street at night  studio:me *  remix (API)  completed",
        "        ├── studio:a  remix (API)  failed  blocked",
        "        └── studio:b  remix (API)  completed",
        "studio:me: 2 ancestors, 2 descendants",
    ]


def test_a_diff_is_whole_in_a_pipe(run, hear, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    hear(job("x", prompt="A red door"), job("y", prompt="A " + "very " * 300 + "blue door", remixed_from_video_id="x"))
    line = run("lineage", "x", "--diff").stdout.splitlines()[1]
    assert line.startswith("└── studio:y  remix (API)  completed  ")
    assert line.count("very") == 300
    assert "-color:red" in line
    assert "\x1b" not in line


def test_the_document_of_a_lineage_nests(ask):
    family = ask("lineage", "me")
    assert [node["ref"] for node in family["ancestors"]] == ["studio:old", "studio:lost"]
    assert family["roots"][0]["children"][0]["children"][0]["ref"] == "studio:me"
    assert family["descendants"] == 2


def test_a_circle_of_parents_ends_where_it_began(run, hear):
    hear(job("x", remixed_from_video_id="y"), job("y", remixed_from_video_id="x"))
    result = run("lineage", "x")
    assert result.exit_code == 0
    assert "(drawn above)" in result.stdout


def test_changes_are_listed_with_old_and_new(run, hear):
    hear(job("q", status="queued"))
    assert "nothing has changed" in run("changes", "q").stderr
    hear(job("q", status="completed"))
    lines = run("changes", "q").stdout.splitlines()
    assert lines[0].split() == ["observed", "(UTC)", "field", "old", "new"]
    assert ["2026-11-21", "12:00:00", "status", "queued", "completed"] in [line.split() for line in lines]


def test_the_document_of_changes_is_a_list(ask, hear):
    hear(job("q", status="queued"))
    assert ask("changes", "q") == []


def test_stats_count_and_time(run, hear):
    hear(job("stuck", status="queued"))
    text = run("stats").stdout
    assert text.startswith("5 videos\n")
    assert "     3  completed" in text
    assert "     1  blocked" in text
    assert "unfinished for more than 1 h:\n  studio:stuck\n" in text
    assert ["completed", "1", "90", "90"] in [line.split() for line in text.splitlines()]


def test_the_document_of_stats_has_the_same_numbers(ask):
    numbers = ask("stats")
    assert numbers["total"] == 4
    assert numbers["by_status"] == {"completed": 3, "failed": 1}
    assert numbers["latency"][0]["p50"] == 90


@pytest.fixture
def _paid(hear, run):
    hear(
        job("p1", model="sora-2", cost=1.5, seconds="8"),
        job("p2", model="sora-2", cost=2.25, metadata={"project": "launch"}),
        job("p3", model="kling", status="failed", cost=0.5),
    )
    run("tag", "p1", "project=teaser", "client=acme")


@pytest.mark.usefixtures("_paid")
def test_costs_are_told_by_model_and_project_and_month(run):
    text = run("stats", "--cost").stdout
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["jobs", "reported", "$", "estimated", "$", "unknown"]
    assert lines[1] == ["5", "3.7500", "3", "all"]
    assert ["3", "3.7500", "1", "sora-2"] in lines
    assert ["1", "1.5000", "0", "teaser"] in lines
    assert ["1", "2.2500", "0", "launch"] in lines
    assert ["5", "3.7500", "3", "2026-11"] in lines


@pytest.mark.usefixtures("_paid")
def test_failed_jobs_stand_apart_from_the_others_costs(run):
    lines = [line.split() for line in run("stats", "--cost", "--by", "model").stdout.splitlines()]
    assert ["failed", "reported", "$", "estimated", "$", "unknown", "model"] in lines
    assert ["1", "0.5000", "0", "kling"] in lines


@pytest.mark.usefixtures("_paid")
def test_the_document_of_costs_has_sums_and_groups(ask):
    told = ask("stats", "--cost", "--by", "project", "--tag", "client")
    assert told["cost"] == {
        "jobs": 5,
        "reported": 2,
        "estimated": 0,
        "unknown": 3,
        "reported_usd": 3.75,
        "estimated_usd": None,
    }
    assert (told["failed"]["jobs"], told["failed"]["reported_usd"]) == (2, 0.5)
    assert [(group["value"], group["cost"]["reported_usd"]) for group in told["by"]["project"]] == [
        (None, 2.25),
        ("acme", 1.5),
    ]


@pytest.mark.usefixtures("_paid")
def test_what_was_spent_on_what_is_shown_where_something_was_judged(run, ask):
    assert "kept" not in run("stats", "--cost", "--by", "model").stdout
    run("verdict", "p1", "keep")
    run("verdict", "p2", "reject")
    lines = [line.split() for line in run("stats", "--cost", "--by", "model").stdout.splitlines()]
    assert ["kept", "$", "rejected", "$", "undecided", "$", "failed", "$", "$/kept", "s", "model"] in lines
    assert ["1.5000", "2.2500", "0.4688", "sora-2"] in lines
    assert ["0.5000", "kling"] in lines
    told = ask("stats", "--cost", "--by", "model")
    (sora,) = (group for group in told["by"]["model"] if group["value"] == "sora-2")
    assert (sora["kept"]["reported_usd"], sora["rejected"]["reported_usd"]) == (1.5, 2.25)
    assert (sora["kept_seconds"], sora["usd_per_kept_second"]) == (8.0, 0.46875)
    assert told["usd_per_kept_second"] == 0.53125


def test_groupings_without_costs_are_a_usage_error(run):
    assert run("stats", "--by", "model").exit_code == 2
    assert run("stats", "--cost", "--by", "weather").exit_code == 2


@pytest.mark.parametrize("verb", ["lineage", "changes", "show"])
def test_an_unknown_ref_is_one_line(run, verb):
    result = run(verb, "studio:nobody")
    assert result.exit_code == 1
    assert result.stderr == "Error: no video 'studio:nobody' in the library: find its ref with `catalog search`\n"


@pytest.mark.parametrize("ref", ["studio:clip-9b9b", "clip-9b9b", "studio:clip-9b9bfdee", "cgt-2026"])
def test_every_command_takes_any_name_of_a_video_and_its_beginning(run, hear, ref):
    hear(job("clip-9b9bfdee", prompt="A neon street", aliases=["cgt-20261001"]))
    assert run("show", ref).stdout.startswith("studio:clip-9b9bfdee\n")
    assert "studio:clip-9b9bfdee *" in run("lineage", ref).stdout
    assert "[- at night-]" in run("diff", "me", ref).stdout
    assert run("changes", ref).exit_code == 0
    assert run("facets", "--explain", ref).exit_code == 0
    assert run("tag", ref, "keeper").stdout == "studio:clip-9b9bfdee  keeper\n"
    assert run("search", "tag:keeper", "--ids").stdout == "studio:clip-9b9bfdee\n"


def test_a_slip_is_answered_with_the_nearest(run, hear):
    hear(job("clip-9b9bfdee"), job("clip-9b9bffff"))
    result = run("show", "clip-9b9c")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean studio:clip-9b9bf" in result.stderr
    assert "studio:clip-9b9bfdee, studio:clip-9b9bffff" in run("lineage", "clip-9b9b").stderr
    assert "at least 4 characters after 'clip-'" in run("changes", "clip-9").stderr


def test_a_search_by_a_name_that_no_video_has_says_which_is_near(run, hear):
    hear(job("clip-9b9bfdee"))
    result = run("search", "id:clip-9b9c")
    assert (result.exit_code, result.stdout) == (0, "0 videos\n")
    assert 'did you mean "studio:clip-9b9bfdee"?' in result.stderr
