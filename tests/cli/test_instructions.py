"""What remixes inherit, as `show`, `diff`, `lineage --diff` and `facets` tell it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import job

SCENE = "Slow push in on a fisherman on a wooden pier in heavy rain at dusk, 35mm, soft light."
NIGHT = "Same shot, but at night,\nwithout the rain."
ON_A_LINE = NIGHT.replace("\n", " ")


@pytest.fixture(autouse=True)
def _remixed(run, hear):
    hear(job("a", prompt=SCENE), job("b", prompt=NIGHT, remixed_from_video_id="a"))
    hear(job("c", prompt=SCENE.replace("dusk", "dawn"), remixed_from_video_id="a"))
    assert run("reindex", "--facets").exit_code == 0


def test_a_diff_of_a_remix_shows_its_instruction_whole_and_what_it_does(run):
    lines = run("diff", "b").stdout.splitlines()
    assert lines[0] == ON_A_LINE
    assert lines[1:4] == ["- time_of_day:dusk  (replaced)", "- weather:rain", "+ time_of_day:night"]
    assert set(lines[4:]) == {
        f"= {value}  (inherited)"
        for value in ("camera_movement:push_in", "lens:35mm", "lighting:soft", "setting:pier", "subject:fisherman")
    }
    assert run("diff", "a", "b").stdout.splitlines() == lines


def test_the_document_of_a_diff_tells_the_instruction(ask):
    change = ask("diff", "b")
    assert change["instruction"] == NIGHT
    assert (change["added"], change["replaced"]) == ([["time_of_day", "night"]], [["time_of_day", "dusk"]])
    assert change["removed"] == [["weather", "rain"]]
    assert ["lens", "35mm"] in change["inherited"]
    assert [span["kind"] for span in change["words"]] == ["removed", "added"]


def test_a_prompt_that_was_rewritten_is_compared_word_by_word(run, ask):
    assert "at [-dusk-]{+dawn+}, 35mm" in run("diff", "c").stdout
    assert ask("diff", "c")["instruction"] is None


def test_prompts_that_do_not_resemble_each_other_stand_one_below_the_other(run):
    assert run("diff", "b", "a").stdout.splitlines()[:2] == [f"[-{ON_A_LINE}-]", f"{{+{SCENE}+}}"]


def test_a_video_without_a_parent_has_nothing_to_be_compared_with(run):
    result = run("diff", "a")
    assert result.exit_code == 1
    assert "studio:a was not made from a video in the library" in result.stderr
    assert "`catalog diff REF studio:a`" in result.stderr


def test_a_step_of_a_family_shows_the_instruction(run, ask):
    line = next(line for line in run("lineage", "a", "--diff").stdout.splitlines() if "studio:b" in line)
    assert line.endswith(
        "-time_of_day:dusk -weather:rain +time_of_day:night  Same shot, but at night, without the rain."
    )
    steps = {step["ref"]: step["change"]["instruction"] for step in ask("lineage", "a", "--diff")}
    assert steps == {"studio:b": NIGHT, "studio:c": None}


def test_inherited_facets_are_shown_apart(run, ask):
    lines = [line.split() for line in run("show", "b").stdout.splitlines()]
    assert ["inherited", "lens", "=", "35mm"] in lines
    assert not any(line[:2] == ["facet", "lens"] for line in lines)
    video = ask("show", "b")
    assert {facet["name"] for facet in video["facets"]} == {"time_of_day"}
    inherited = {"name": "lens", "value": "35mm", "origin": "inherited", "start": None, "end": None, "shot": None}
    assert inherited in video["inherited"]
    assert ask("show", "a")["inherited"] == []
    assert [facet["origin"] for facet in ask("facets", "--explain", "b", "lens")] == ["inherited"]


def test_effective_facets_are_found_counted_and_explained(run, ask):
    assert run("search", "lens:35mm", "--ids").stdout.split() == ["studio:c", "studio:a"]
    assert run("search", "effective.lens:35mm", "--ids").stdout.split() == ["studio:c", "studio:b", "studio:a"]
    assert run("search", "missing:effective.weather", "--ids").stdout.split() == ["studio:b"]
    counts = ask("facets", "effective.time_of_day", "lens")
    assert counts["effective.time_of_day"] == [
        {"value": "dawn", "count": 1}, {"value": "dusk", "count": 1}, {"value": "night", "count": 1},
    ]  # fmt: skip
    assert counts["lens"] == [{"value": "35mm", "count": 2}]
    assert "bitmaps: lens, inherited.lens" in run("search", "effective.lens:35mm", "--explain").stdout


def test_given_facets_of_a_parent_reach_its_remixes_at_once(run):
    run("facets", "--give", "a", "client=acme")
    assert run("search", "effective.client:acme", "--ids").stdout.split() == ["studio:b", "studio:a"]
    run("undo")
    assert run("search", "effective.client:acme", "--ids").stdout == ""
