"""`tag`, `delete` and `undelete`, and `history`, `undo` and `redo`."""

from __future__ import annotations

from getpass import getuser

import pytest

from catalog import store
from tests.cli.conftest import job


@pytest.fixture
def _some(hear):
    hear(job("v1"), job("v2"), job("odd=="))


pytestmark = pytest.mark.usefixtures("_some")


def test_tags_are_set_and_listed(run):
    assert run("tag", "studio:v1", "campaign=launch", "keeper").stdout == "studio:v1  campaign=launch, keeper\n"


def test_a_tag_that_is_set_again_has_the_new_value(run):
    run("tag", "v1", "campaign=launch", "keeper")
    assert run("tag", "v1", "campaign=spring").stdout == "studio:v1  campaign=spring, keeper\n"


def test_tags_are_taken_off_by_their_keys(run):
    run("tag", "v1", "campaign=launch", "keeper")
    assert run("tag", "v1", "--remove", "campaign").stdout == "studio:v1  keeper\n"
    assert run("tag", "v1", "--remove", "keeper", "new").stdout == "studio:v1  new\n"
    assert run("tag", "v1", "--remove", "new").stdout == "studio:v1  no tags\n"


def test_words_with_a_colon_are_further_refs(run):
    lines = run("tag", "v1", "studio:v2", "studio:odd==", "time=10:30").stdout.splitlines()
    assert lines == ["studio:v1  time=10:30", "studio:v2  time=10:30", "studio:odd==  time=10:30"]


def test_refs_come_from_standard_input_one_a_line(run, ask):
    result = run("tag", "-", "keeper", stdin="studio:v1\n\n  studio:v2\r\nstudio:v1\n")
    assert result.stdout == "studio:v1  keeper\nstudio:v2  keeper\n"
    assert ask("search", "tag:keeper")["total"] == 2


def test_an_empty_standard_input_is_nothing_to_do(run):
    result = run("tag", "-", "keeper")
    assert (result.exit_code, result.stdout) == (0, "")


def test_bytes_that_are_no_text_name_no_video(run):
    result = run("tag", "-", "keeper", stdin=b"studio:v1\n\xff\xfe\n")
    assert (result.exit_code, result.stdout) == (1, "")


def test_a_ref_without_a_tag_is_a_usage_error(run):
    assert run("tag", "v1").exit_code == 2


def test_a_tag_that_is_not_utf_8_is_replaced_where_it_is_not(run):
    assert run("tag", "v1", "caf\udce9=1").stdout == "studio:v1  caf?=1\n"
    assert run("tag", "v1", "--remove", "caf\udce9").stdout == "studio:v1  no tags\n"


def test_a_tag_without_a_key_is_refused(run):
    assert run("tag", "v1", "=value").exit_code == 1


def test_deleted_videos_are_hidden_and_come_back(run, ask):
    result = run("delete", "studio:v1", "studio:v2")
    assert "2 videos hidden; nothing was deleted at the provider" in result.stdout
    assert ask("search")["total"] == 1
    assert run("undelete", "-", stdin="studio:v1\nstudio:v2\n").stdout == "2 videos brought back\n"
    assert ask("search")["total"] == 3


def test_a_video_that_is_named_twice_counts_once(run, hear, ask):
    hear(job("clip-9b9bfdee"), job("clip-777777"))
    assert run("delete", "clip-9b9b", "studio:clip-9b9bfdee", "clip-7777").stdout.startswith("2 videos hidden")
    assert ask("search")["total"] == 3
    assert run("undelete", "clip-9b9b", "clip-9b9bf").stdout == "1 video brought back\n"
    assert ask("search")["total"] == 4


def test_a_beginning_of_several_videos_edits_none(run, hear, ask):
    hear(job("clip-9b9bfdee"), job("clip-9b9b0000"))
    assert run("delete", "v1", "clip-9b9b").exit_code == 1
    assert run("tag", "clip-9b9b", "keeper").exit_code == 1
    assert (ask("search")["total"], ask("search", "tag:keeper")["total"]) == (5, 0)


def test_what_was_edited_is_listed_newest_first(run, ask):
    run("tag", "v1", "campaign=launch")
    run("delete", "v1", "v2")
    run("undo")
    lines = run("history").stdout.splitlines()
    assert lines[0].split() == ["edit", "made", "(UTC)", "via", "state", "what"]
    assert [line.split("  ")[-1] for line in lines[1:]] == ["deleted 2 videos", "tagged studio:v1 campaign=launch"]
    assert ["undone" in line for line in lines[1:]] == [True, False]
    newest, _ = ask("history")
    assert (newest["number"], newest["act"], newest["videos"]) == (2, "delete", 2)
    assert (newest["refs"], newest["undone_at"] is None) == (["studio:v1", "studio:v2"], False)
    assert (newest["author"], newest["via"]) == (getuser(), "shell")
    assert [edit["number"] for edit in ask("history", "--limit", "1")] == [2]


def test_a_history_of_nothing_is_empty(run, ask):
    assert ask("history") == []
    result = run("history")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing was edited so far\n")


def test_edits_are_undone_and_redone_in_words(run, ask):
    run("tag", "v1", "campaign=launch", "keeper")
    run("tag", "v1", "--remove", "keeper", "final")
    run("delete", "v1")
    assert ask("search")["total"] == 2
    assert run("undo").stdout == "undone: deleted studio:v1\n"
    assert ask("search", "tag:campaign=launch")["total"] == 1
    assert run("undo", "5").stdout.splitlines() == [
        "undone: tagged studio:v1 final, no keeper",
        "undone: tagged studio:v1 campaign=launch, keeper",
        "nothing more to undo",
    ]
    assert ask("search", "tag:*")["total"] == 0
    assert run("redo", "2").stdout.splitlines()[1] == "redone: tagged studio:v1 final, no keeper"
    assert run("tag", "v1", "campaign=spring").stdout == "studio:v1  campaign=spring, final\n"
    assert run("redo").stdout == "nothing to redo\n"


@pytest.mark.parametrize("verb", ["undo", "redo"])
def test_nothing_to_take_back_is_no_failure(run, verb):
    result = run(verb)
    assert (result.exit_code, result.stdout) == (0, f"nothing to {verb}\n")
    assert run(verb, "0").exit_code == 2


def test_what_something_else_overwrote_is_left_alone_and_said(run, library):
    run("tag", "v1", "take=1")
    with library.write() as connection:
        store.save_tags(connection, 1, {"take": "2"})
    assert run("undo").stderr == "1 change of this edit left alone: something else has written there since\n"
    assert run("tag", "v1", "keeper").stdout == "studio:v1  keeper, take=2\n"


@pytest.mark.parametrize("verb", ["history", "undo", "redo"])
def test_there_is_nothing_to_take_back_without_a_library(run, tmp_path, verb):
    result = run(verb, "--db", str(tmp_path / "none.db"))
    assert result.exit_code == 1
    assert "no library at" in result.stderr
    assert not (tmp_path / "none.db").exists()
