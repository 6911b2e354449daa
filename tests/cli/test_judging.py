"""`rate`, `verdict` and `note`: what they take, what they refuse, and what is shown of it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from tests.cli.conftest import job
from tests.house import LONG

PROGRAM = (sys.executable, "-W", "error", "-m", "catalog")
ONE, TWO, THREE = "studio:v1", "studio:v2", "studio:v3"


@pytest.fixture
def _some(hear: Any) -> None:
    hear(job("v1", prompt="a fox"), job("v2", prompt="a fox"), job("v3", prompt="an owl"))


pytestmark = pytest.mark.usefixtures("_some")


# Ratings and verdicts


def test_videos_are_rated_and_the_rating_is_the_last_word(run: Any, ask: Any) -> None:
    assert run("rate", "v1", "v2", "4").stdout == f"{ONE}  rating 4\n{TWO}  rating 4\n"
    assert run("rate", "v1", "4").stdout == f"{ONE}  rating 4  (already rated so)\n"
    assert ask("search", "rating:>=4")["total"] == 2
    assert ask("show", "v1")["rating"] == 4


def test_0_takes_a_rating_off(run: Any, ask: Any) -> None:
    run("rate", "v1", "4")
    assert run("rate", "v1", "0").stdout == f"{ONE}  not rated\n"
    assert run("rate", "v1", "0").stdout == f"{ONE}  not rated  (already without)\n"
    assert ask("show", "v1")["rating"] is None
    assert ask("search", "-has:rating")["total"] == 3


def test_videos_are_kept_and_rejected(run: Any, ask: Any) -> None:
    assert run("verdict", "v1", "keep").stdout == f"{ONE}  keep\n"
    assert run("verdict", "v2", "REJECT").stdout == f"{TWO}  reject\n"
    assert ask("facets", "verdict")["verdict"] == [
        {"value": "keep", "count": 1},
        {"value": "reject", "count": 1},
        {"value": "undecided", "count": 1},
    ]
    assert run("verdict", "v1", "undecided").stdout == f"{ONE}  undecided\n"
    assert ask("show", "v1")["verdict"] == "undecided"


@pytest.mark.parametrize(
    "rating", ["6", "-1", "-0.5", "five", "4.5", "", " ", "99999999999999999999", "٤", "4\n5", "-"]
)
def test_what_is_no_rating_is_one_line_and_status_2(run: Any, ask: Any, rating: str) -> None:
    result = run("rate", "v1", rating)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: a rating is a whole number from 0 to 5")
    assert result.stderr.count("\n") == 1
    assert ask("history") == []


@pytest.mark.parametrize("word", ["maybe", "", "keep reject", "\u202epeek", "-keep"])
def test_what_is_no_verdict_is_one_line_and_status_2(run: Any, ask: Any, word: str) -> None:
    result = run("verdict", "v1", word)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: a verdict is keep, reject or undecided, not ")
    assert result.stderr.count("\n") == 1
    assert "\u202e" not in result.stderr
    assert ask("history") == []


@pytest.mark.parametrize("line", [["rate"], ["rate", "v1"], ["rate", "v1", "4", "--stars"], ["rate", "4", "--query"]])
def test_a_line_that_says_too_little_is_a_usage_error(run: Any, line: list[str]) -> None:
    result = run(*line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: catalog rate [OPTIONS] REF... 0-5" in result.stderr


def test_options_may_stand_anywhere(ask: Any) -> None:
    edited = {"count": 1, "refs": [ONE], "unchanged": []}
    assert ask("rate", "--yes", "v1", "4") == edited
    assert ask("rate", "v1", "--yes", "5") == edited
    assert ask("rate", "v1", "3", "--yes") == edited


# Many


def test_refs_come_from_standard_input(run: Any, ask: Any) -> None:
    lines = f"{ONE}\n\n {TWO} \n{ONE}\n"
    assert run("rate", "-", "3", stdin=lines).stdout == f"{ONE}  rating 3\n{TWO}  rating 3\n"
    assert run("verdict", "-", "keep", stdin=lines).stdout == f"{ONE}  keep\n{TWO}  keep\n"
    assert run("note", "-", "words", stdin=lines).stdout == f"{ONE}  words\n{TWO}  words\n"


@pytest.mark.parametrize("words", [["rate", "4"], ["verdict", "keep"], ["note", "words"]])
def test_a_query_that_matches_nothing_is_said(run: Any, ask: Any, words: list[str]) -> None:
    result = run(*words[:1], "--query", "zebra", *words[1:])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no video matches: nothing to do\n")
    assert ask(*words, "--query", "zebra") == {"count": 0, "refs": [], "unchanged": []}
    assert ask("history") == []


def test_all_matches_of_a_query_are_one_edit(run: Any, ask: Any) -> None:
    assert ask("rate", "--query", "fox", "5")["count"] == 2
    [edit] = ask("history")
    assert (edit["act"], edit["videos"], edit["summary"]) == ("rate", 2, "rated 2 videos 5")
    assert run("undo").stdout == "undone: rated 2 videos 5\n"
    assert ask("search", "has:rating")["total"] == 0


def test_one_unknown_ref_and_nothing_is_changed(run: Any, ask: Any) -> None:
    result = run("rate", "v1", "studio:none", "4")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no video 'studio:none' in the library" in result.stderr
    assert ask("search", "has:rating")["total"] == 0


# Notes


def test_a_note_is_written_and_found_by_its_words(run: Any, ask: Any) -> None:
    assert run("note", "v1", "hands go wrong at 3 s").stdout == f"{ONE}  hands go wrong at 3 s\n"
    assert ask("show", "v1")["note"] == "hands go wrong at 3 s"
    assert ask("search", "hands")["total"] == ask("search", "note:wrong")["total"] == 1
    assert run("note", "v1", "").stdout == f"{ONE}  no note\n"
    assert ask("search", "hands")["total"] == 0


@pytest.mark.parametrize("text", ["-5 stops", "- hands\n- feet", "--- cut ---", "-", "--json is no option here"])
def test_a_note_may_begin_with_a_minus(run: Any, ask: Any, text: str) -> None:
    assert run("note", "v1", text).exit_code == 0
    assert ask("show", "v1")["note"] == text


def test_a_note_that_reads_like_an_option_stands_behind_two_minuses(run: Any, ask: Any) -> None:
    assert run("note", "v1", "--jsno").exit_code == 2
    assert run("note", "--", "v1", "--jsno").exit_code == 0
    assert ask("show", "v1")["note"] == "--jsno"


def test_a_note_comes_from_a_file_or_standard_input(run: Any, ask: Any, tmp_path: Any) -> None:
    (tmp_path / "review.txt").write_bytes("\ufeffhands\r\nfeet — 東京\n\n".encode())
    assert run("note", "v1", "--from", "review.txt").stdout == f"{ONE}  hands  feet — 東京\n"
    assert ask("show", "v1")["note"].splitlines() == ["hands", "feet — 東京"]
    assert run("note", "v1", "v2", "--from", "-", stdin="from a pipe\n").exit_code == 0
    assert ask("show", "v2")["note"] == "from a pipe"
    result = run("note", "-", "--from", "-", stdin="v1\n")
    assert (result.exit_code, "refs or the text, not both" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x" * 10_000_000, "at most 64 KiB"),
        (b"x" * (64 * 1024 + 1), "at most 64 KiB"),
        ("é".encode() * 32_769, "at most 64 KiB"),
        (b"caf\xe9", "not UTF-8"),
        (None, "No such file"),
    ],
)
def test_a_note_that_cannot_be_is_one_line(
    run: Any, ask: Any, tmp_path: Any, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "note.txt").write_bytes(content)
    run("note", "v1", "the one before")
    result = run("note", "v1", "--from", "note.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert ask("show", "v1")["note"] == "the one before"


def test_the_longest_note_is_kept_whole(run: Any, ask: Any, tmp_path: Any) -> None:
    (tmp_path / "note.txt").write_bytes(b"x" * 64 * 1024)
    assert run("note", "v1", "--from", "note.txt").exit_code == 0
    assert len(ask("show", "v1")["note"]) == 64 * 1024


# Shown


def test_what_is_said_of_a_video_is_shown_with_it(run: Any) -> None:
    run("rate", "v1", "4")
    run("verdict", "v1", "keep")
    run("note", "v1", "first\n  second \x1b[2J\u202e")
    run("collection", "add", "launch/teasers", "v1")
    run("collection", "add", "archive", "v1")
    lines = run("show", "v1").stdout.splitlines()
    start = lines.index("  rating              4 of 5")
    assert lines[start + 1 : start + 6] == [
        "  verdict             keep",
        "  note                first",
        "                        second \\x1b[2J\\u202e",
        "  collection          archive",
        "  collection          launch/teasers",
    ]


def test_what_was_not_said_is_not_shown_as_unknown(run: Any) -> None:
    shown = run("show", "v1").stdout
    for word in ("rating", "verdict", "undecided", "note", "collection"):
        assert word not in shown


def test_lists_show_ratings_and_verdicts(run: Any, ask: Any) -> None:
    run("rate", "v3", "4")
    run("verdict", "v3", "reject")
    [_, facts, _] = run("search", "owl").stdout.splitlines()
    assert facts.endswith("  rated 4  reject")
    assert "rated" not in run("search", "fox").stdout
    assert "undecided" not in run("search", "fox").stdout
    run("note", "v3", "two\nlines")
    run("collection", "add", "a/b", "v3")
    columns = "ref,rating,verdict,note,collection"
    heads, row = run("search", "owl", "--columns", columns).stdout.splitlines()
    assert heads == "ref\trating\tverdict\tnote\tcollections"
    assert row == f"{THREE}\t4\treject\ttwo lines\ta/b"
    [video] = ask("search", "owl")["videos"]
    assert (video["rating"], video["verdict"], video["note"], video["collections"]) == (
        4,
        "reject",
        "two\nlines",
        ["a/b"],
    )


# Several at once


def test_people_who_undo_at_once_undo_each_edit_once(run: Any, ask: Any) -> None:
    for number in range(12):
        run("rate", "v1", str(1 + number % 5))
    people = [
        subprocess.Popen([*PROGRAM, "undo", "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [person.communicate(timeout=LONG) for person in people]
    assert [person.returncode for person in people] == [0, 0, 0]
    assert [errors for _, errors in ended] == ["", "", ""]
    said = Counter(line for output, _ in ended for line in output.splitlines())
    assert said.total() == 9
    edits = ask("history")
    assert [edit["undone_at"] is None for edit in edits] == [False] * 9 + [True] * 3
    assert said == Counter(f"undone: {edit['summary']}" for edit in edits[:9])
    assert ask("show", "v1")["rating"] == 3
    assert ask("check")["faults"] == []
