"""Edits of many videos: which ones, from refs, standard input or a query; asked before, and counted afterwards."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.cli.conftest import job
from tests.house import read_rows

PROGRAM = (sys.executable, "-W", "error", "-m", "catalog")
VERBS = {
    "tag": ("tag", "keeper"),
    "untag": ("tag", "--remove", "old"),
    "give": ("facets", "--give", "style=noir"),
    "take back": ("facets", "--give", "--remove", "mood"),
    "rate": ("rate", "4"),
    "judge": ("verdict", "keep"),
    "note": ("note", "words"),
    "delete": ("delete",),
    "undelete": ("undelete",),
}
USERS = (
    "SELECT video_id, key, value FROM tags WHERE origin = 'user' ORDER BY id",
    "SELECT video_id, facet, value FROM given_facets ORDER BY id",
    "SELECT video_id, rating, verdict, note FROM annotations WHERE coalesce(rating, verdict, note) IS NOT NULL",
    "SELECT collection_id, video_id FROM collection_videos ORDER BY position",
    "SELECT id, deleted_at FROM videos ORDER BY id",
    "SELECT id, act, undone_at FROM edits ORDER BY id",
)


def names(count: int) -> list[str]:
    return [f"studio:clip-{number:04}" for number in range(count)]


@pytest.fixture
def many(hear: Any) -> Any:
    """Put in so many videos of a fox, `clip-0000` and on, and one of an owl."""

    def put_in(count: int) -> list[str]:
        hear(*(job(name.partition(":")[2], prompt="a fox") for name in names(count)), job("owl", prompt="an owl"))
        return names(count)

    return put_in


@pytest.fixture
def prepared(many: Any, run: Any) -> Any:
    """Put in so many videos of a fox, on which every verb has something to do; what `undelete` is for is hidden."""

    def put_in(count: int, verb: str = "tag") -> list[str]:
        refs: list[str] = many(count)
        run("tag", "--query", "fox", "old", "--yes")
        run("facets", "--give", "--query", "fox", "mood=calm", "--yes")
        if verb == "undelete":
            run("delete", "--query", "fox", "--yes")
        return refs

    return put_in


def read_users(library: Any) -> list[Any]:
    return [read_rows(library, query) for query in USERS]


def command(verb: str, *refs: str) -> list[str]:
    """The command line of a verb with refs or options in the place where they belong."""
    name, *words = VERBS[verb]
    is_giving = words[:1] == ["--give"]
    return [name, *words[:is_giving], *refs, *words[is_giving:]]


def lines_of(refs: list[str]) -> str:
    return "".join(f"{ref}\n" for ref in refs)


# Above a hundred


@pytest.mark.parametrize("verb", VERBS)
def test_above_100_videos_a_pipe_needs_yes_however_they_are_named(run, library, prepared, verb):
    refs = prepared(101, verb)
    before = read_users(library)
    for result in (
        run(*command(verb, "-"), stdin=lines_of(refs)),
        run(*command(verb, *refs)),
        run(*command(verb, "--query", "fox")),
    ):
        assert (result.exit_code, result.stdout) == (2, "")
        assert "101 videos" in result.stderr
        assert "--yes" in result.stderr
    assert read_users(library) == before


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("way", ["stdin", "list", "query"])
def test_100_videos_need_no_yes_and_are_one_edit(run, ask, library, prepared, verb, way):
    refs = prepared(100, verb)
    before = read_users(library)
    words = {"stdin": ["-"], "list": refs, "query": ["--query", "fox"]}[way]
    result = run(*command(verb, *words), stdin=lines_of(refs))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("100 videos ")
    [newest, *_] = ask("history")
    assert (newest["videos"], newest["undone_at"]) == (100, None)
    run("undo")
    assert read_users(library)[:-1] == before[:-1]


def test_with_yes_any_number_is_edited_in_one_step(run, ask, many):
    refs = many(130)
    assert run("tag", "-", "keeper", "--yes", stdin=lines_of(refs)).stdout == "130 videos tagged\n"
    assert run("tag", "--query", "", "keeper", "--yes").stdout == "1 video tagged, 130 already tagged\n"
    assert ask("search", "tag:keeper")["total"] == 131
    run("undo", "2")
    assert ask("search", "tag:keeper")["total"] == 0


def test_a_video_with_several_names_counts_once(run, many):
    refs = many(100)
    doubled = [*refs, refs[0].partition(":")[2], refs[1].partition(":")[2], *refs]
    result = run("tag", "-", "keeper", stdin=lines_of(doubled))
    assert (result.exit_code, result.stdout) == (0, "100 videos tagged\n")


def test_what_has_no_effect_is_asked_about_too(run, many):
    many(101)
    assert run("undelete", "-", stdin=lines_of(names(101))).exit_code == 2


def on_terminal(arguments: list[str], answer: bytes, *, stdout: Any = None) -> tuple[int, str]:
    """Run the program at a terminal and answer its question: its exit status and what it wrote there."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdin=end, stdout=stdout or end, stderr=end, start_new_session=True, close_fds=True
    )
    os.close(end)
    written = b""
    try:
        while data := os.read(terminal, 65536):
            written += data
            if b"[y/N]" in written and answer:
                if answer == b"\x03":
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(terminal, answer)
                answer = b""
    except OSError:  # how Linux says that the other end was closed
        pass
    finally:
        os.close(terminal)
        status = process.wait(60)
    return status, written.decode()


# Every verb asks by the same function: each is refused in one way, and each way refuses two of them.
@pytest.mark.parametrize(
    ("refusal", "arguments", "question"),
    [
        (b"n\n", ["tag", "--query", "fox", "keeper"], "Tag 101 videos? [y/N]"),
        (b"\n", ["tag", *names(101), "--remove", "old"], "Remove tags from 101 videos? [y/N]"),
        (b"maybe\n", ["delete", *names(101)], "Hide 101 videos? [y/N]"),
        (b"\x04", ["rate", "--query", "fox", "4"], "Rate 101 videos? [y/N]"),
        (b"n\n", ["verdict", *names(101), "reject"], "Judge 101 videos? [y/N]"),
        (b"\n", ["note", "--query", "fox", "words"], "Write a note on 101 videos? [y/N]"),
        (b"maybe\n", ["collection", "add", "a/b", *names(101)], "Put 101 videos into a/b? [y/N]"),
        (b"\x04", ["facets", "--give", "--query", "fox", "mood=tense"], "Give facets to 101 videos? [y/N]"),
    ],
)
def test_a_terminal_is_asked_and_yes_goes_on(library, prepared, refusal, arguments, question):
    prepared(101)
    before = read_users(library)
    status, written = on_terminal(arguments, refusal)
    assert question in written
    assert "nothing was changed" in written
    assert status == 1
    assert read_users(library) == before
    status, written = on_terminal(arguments, b"y\n")
    assert status == 0
    assert "101 videos " in written.partition("[y/N]")[2]
    assert len(read_users(library)[-1]) == len(before[-1]) + 1


def test_ctrl_c_at_the_question_changes_nothing(library, prepared):
    prepared(101)
    before = read_users(library)
    status, written = on_terminal(["delete", "--query", "fox"], b"\x03")
    assert (status, "interrupted" in written) == (130, True)
    assert read_users(library) == before


def test_a_terminal_is_not_asked_about_a_hundred(prepared):
    prepared(100)
    status, written = on_terminal(["delete", "--query", "fox"], b"")
    assert (status, "[y/N]" in written) == (0, False)


def test_the_question_stays_out_of_the_output(prepared, tmp_path):
    prepared(101)
    with (tmp_path / "out").open("wb") as stdout:
        status, written = on_terminal(["delete", "--query", "fox", "--json"], b"yes\n", stdout=stdout)
    assert (status, "[y/N]" in written) == (0, True)
    assert (tmp_path / "out").read_bytes().startswith(b'{\n  "count": 101,')


# Which videos


def test_a_query_means_all_its_matches_and_not_the_hidden_ones(run, ask, many):
    many(30)
    run("delete", "clip-0000")
    assert run("tag", "--query", "fox", "keeper").stdout == "29 videos tagged\n"
    assert run("delete", "--query", "tag:keeper").stdout.startswith("29 videos hidden; nothing was deleted")
    assert ask("search")["total"] == 1


def test_a_query_for_undelete_finds_hidden_videos_only(run, ask, many):
    many(3)
    run("delete", "clip-0000", "clip-0002")
    assert ask("undelete", "--query", "fox") == {
        "count": 2,
        "refs": ["studio:clip-0002", "studio:clip-0000"],
        "unchanged": [],
    }
    result = run("undelete", "--query", "fox")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no video matches: nothing to do\n")
    assert ask("search")["total"] == 4


@pytest.mark.parametrize("verb", VERBS)
def test_refs_and_a_query_together_or_neither_are_a_usage_error(run, library, prepared, verb):
    prepared(2)
    before = read_users(library)
    assert run(*command(verb, "studio:clip-0001", "--query", "fox")).exit_code == 2
    assert run(*command(verb, "-", "--query", "fox"), stdin="clip-0001\n").exit_code == 2
    assert run(*command(verb)).exit_code in ({1, 2} if verb == "tag" else {2})  # `keeper` reads as a ref
    assert read_users(library) == before


def test_an_id_before_the_tags_is_refused_beside_a_query(run, library, prepared):
    prepared(2)
    before = read_users(library)
    result = run("tag", "clip-0001", "keeper", "--query", "fox")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "name videos or give a query, not both" in result.stderr
    assert read_users(library) == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_query_that_cannot_be_read_changes_nothing(run, library, prepared, verb):
    prepared(2)
    before = read_users(library)
    result = run(*command(verb, "--query", "seconds:>=many"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "seconds" in result.stderr
    assert read_users(library) == before


def test_a_query_that_would_be_searched_as_text_changes_nothing(run, many):
    many(2)
    result = run("tag", "--query", "modle:sora OR fox", "keeper")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean model?" in result.stderr
    assert "a change takes a query only as it is written" in result.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_an_empty_standard_input_changes_nothing(run, ask, library, verb, prepared):
    prepared(1)
    before = read_users(library)
    result = run(*command(verb, "-"), stdin="\n \n")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no video named: nothing to do\n")
    assert ask(*command(verb, "-")) == {"count": 0, "refs": [], "unchanged": []}
    assert read_users(library) == before


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_changed_where_one_ref_is_unknown(run, library, prepared, verb):
    prepared(2)
    before = read_users(library)
    result = run(*command(verb, "studio:clip-0000", "studio:nobody", "studio:clip-0001"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no video 'studio:nobody' in the library" in result.stderr
    assert read_users(library) == before


# What was done already


def test_what_was_so_already_is_said_as_such(run, many):
    many(2)
    first, second = "studio:clip-0000", "studio:clip-0001"
    run("tag", first, "keeper")
    assert run("tag", first, "keeper").stdout == f"{first}  keeper  (already tagged)\n"
    assert run("tag", first, second, "keeper").stdout == f"{second}  keeper\n{first}  keeper  (already tagged)\n"
    assert run("tag", first, "--remove", "draft").stdout == f"{first}  keeper  (already without)\n"
    run("facets", "--give", first, "style=noir")
    assert run("facets", "--give", first, "style=noir").stdout == f"{first}  style=noir  (already given)\n"
    assert run("facets", "--give", second, "--remove", "style").stdout == (
        f"{second}  no given facets  (already without)\n"
    )
    run("delete", first)
    assert run("delete", first).stdout == "1 video already hidden\n"
    assert run("delete", first, second).stdout.startswith("1 video hidden, 1 already hidden; nothing was deleted")
    run("undelete", first)
    assert run("undelete", first, second).stdout == "1 video brought back, 1 already visible\n"
    assert run("undelete", first, second).stdout == "2 videos already visible\n"


def test_what_was_so_already_is_no_edit(run, ask, many):
    many(2)
    run("tag", "clip-0000", "keeper")
    for words in (
        ["tag", "clip-0000", "keeper"],
        ["undelete", "clip-0000"],
        ["facets", "--give", "owl", "--remove", "x"],
    ):
        assert run(*words).exit_code == 0
    assert [edit["act"] for edit in ask("history")] == ["tag"]


def test_an_edit_in_json_is_what_changed_and_what_was_so_already(ask, many):
    many(2)
    assert ask("tag", "clip-0000", "keeper") == {"count": 1, "refs": ["studio:clip-0000"], "unchanged": []}
    both = {"count": 1, "refs": ["studio:clip-0001"], "unchanged": ["studio:clip-0000"]}
    assert ask("tag", "clip-0000", "studio:clip-0001", "keeper") == both
    assert ask("delete", "clip-0000")["count"] == 1
    assert ask("facets", "--give", "clip-0000", "mood=calm")["refs"] == ["studio:clip-0000"]


# Given facets


def test_a_given_facet_is_found_at_once_and_can_be_taken_back(run, ask, many):
    many(2)
    run("reindex", "--facets")
    assert ask("search", "subject:fox")["total"] == 2
    result = run(
        "facets", "--give", "clip-0000", "studio:clip-0001", "subject=hare", "client=acme", "client=Globex Inc."
    )
    line = "client=acme, client=Globex Inc., subject=hare"
    assert result.stdout == f"studio:clip-0000  {line}\nstudio:clip-0001  {line}\n"
    assert [ask("search", query)["total"] for query in ("subject:hare", "client:acme", "subject:fox")] == [2, 2, 0]
    assert run("facets", "--give", "clip-0000", "--remove", "subject", "client=initech").stdout == (
        "studio:clip-0000  client=initech\n"
    )
    assert [ask("search", query)["total"] for query in ("subject:hare", "client:acme", "subject:fox")] == [1, 1, 1]
    assert run("history").stdout.splitlines()[1].endswith("gave studio:clip-0000 client=initech, no subject=hare")
    run("undo", "2")
    assert [ask("search", query)["total"] for query in ("subject:hare", "client:acme", "subject:fox")] == [0, 0, 2]
    run("redo", "2")
    assert [ask("search", query)["total"] for query in ("subject:hare", "client:acme", "subject:fox")] == [1, 1, 1]


def test_a_query_for_given_facets_names_the_videos_and_else_filters_the_counts(run, ask, many):
    many(3)
    run("tag", "clip-0001", "keeper")
    assert ask("facets", "--give", "--query", "tag:keeper", "style=noir")["refs"] == ["studio:clip-0001"]
    assert ask("facets", "style") == {"style": [{"value": "noir", "count": 1}]}
    assert ask("facets", "style", "--query", "-tag:keeper") == {"style": []}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["style=noir"], 2),
        (["owl"], 2),
        (["owl", "style="], 1),
        (["owl", "Style=noir"], 1),
        (["owl", "=noir"], 1),
        (["owl", "--remove", "No Name"], 1),
        (["owl", "style=" + "x" * 201], 1),
        (["owl", "style=noir", "--explain", "owl"], 2),
    ],
)
def test_a_facet_that_cannot_be_given_changes_nothing(run, ask, many, words, status):
    many(1)
    assert run("facets", "--give", *words).exit_code == status
    assert ask("history") == []


def test_options_of_giving_go_with_it(run, many):
    many(1)
    assert run("facets", "--remove", "style").exit_code == 2
    assert run("facets", "--yes").exit_code == 2
