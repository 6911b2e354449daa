"""`collection` and `saved`: paths and names, what they refuse, and what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import job

ONE, TWO, THREE = "studio:v1", "studio:v2", "studio:v3"
UNUSABLE = {
    "": "is empty",
    "   ": "is empty",
    "\u200b\u2060": "is empty",
    "x" * 201: "at most 200 characters",
    "bell\x07": "no control characters",
    "two\nlines": "no control characters",
    "line\n": "no control characters",
    "\u202eevil": "changes of direction",
    "a\u2066b": "changes of direction",
}


@pytest.fixture
def _some(hear: Any) -> None:
    hear(job("v1", prompt="a fox"), job("v2", prompt="a fox"), job("v3", prompt="an owl"))


pytestmark = pytest.mark.usefixtures("_some")


def order(ask: Any, path: str) -> list[str]:
    refs: list[str] = ask("collection", "list", path)[0]["refs"]
    return refs


# Collections


def test_videos_are_put_into_a_collection_in_their_order(run: Any, ask: Any) -> None:
    assert run("collection", "add", "launch/teasers", "v3", "v1").stdout == "2 videos put into launch/teasers\n"
    assert run("collection", "add", "launch/teasers", "v1", "v2").stdout == (
        "1 video put into launch/teasers, 1 in it already\n"
    )
    assert order(ask, "launch/teasers") == [THREE, ONE, TWO]
    assert ask("search", "collection:launch")["total"] == 3
    assert ask("facets", "collection")["collection"] == [
        {"value": "launch", "count": 3},
        {"value": "launch/teasers", "count": 3},
    ]
    assert run("collection").stdout.splitlines() == [
        "videos  of its own  collection      note",
        "     3           0  launch          ",
        "     3           3  launch/teasers  ",
    ]


def test_a_collection_is_listed_with_what_is_below_it(run: Any, ask: Any) -> None:
    run("collection", "add", "launch/teasers", "v3", "v1")
    run("collection", "note", "launch/teasers", "- for the\n- spring")
    lines = run("collection", "list", "launch/teasers").stdout.splitlines()
    assert lines[1:] == ["     2           2  launch/teasers  - for the - spring", f"     1  {THREE}", f"     2  {ONE}"]
    listed = ask("collection", "list", "launch")
    assert [item["path"] for item in listed] == ["launch", "launch/teasers"]
    assert (listed[0]["videos"], listed[0]["total"], listed[0]["refs"]) == (0, 2, [])
    assert listed[1]["note"] == "- for the\n- spring"


def test_a_collection_takes_refs_from_standard_input_and_matches_of_a_query(run: Any, ask: Any) -> None:
    assert ask("collection", "add", "all", "-", stdin=f"{THREE}\n{ONE}\n") == {
        "count": 2,
        "refs": [THREE, ONE],
        "unchanged": [],
    }
    assert ask("collection", "add", "foxes", "--query", "fox")["count"] == 2
    assert ask("collection", "remove", "foxes", "--query", "fox")["count"] == 2
    for action in ("add", "remove"):
        result = run("collection", action, "foxes", "--query", "zebra")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no video matches: nothing to do\n")


def test_a_collection_may_be_made_empty(run: Any, ask: Any) -> None:
    assert run("collection", "add", "later/on").exit_code == 0
    assert [item["path"] for item in ask("collection")] == ["later", "later/on"]


def test_videos_are_taken_out_and_a_collection_is_taken_away(run: Any, ask: Any) -> None:
    run("collection", "add", "launch/teasers", "v1", "v2", "v3")
    assert run("collection", "remove", "launch/teasers", "v2").stdout == "1 video taken out of launch/teasers\n"
    assert order(ask, "launch/teasers") == [ONE, THREE]
    assert run("collection", "remove", "launch").stdout == "launch is removed, and no video with it\n"
    assert ask("collection") == []
    assert ask("search")["total"] == 3
    run("undo")
    assert order(ask, "launch/teasers") == [ONE, THREE]
    assert ask("collection", "remove", "launch") == {"count": 2, "refs": [ONE, THREE], "unchanged": []}


def test_a_video_moves_to_a_place(run: Any, ask: Any) -> None:
    run("collection", "add", "takes", "v1", "v2", "v3")
    assert run("collection", "move", "takes", "v3", "--to", "1").exit_code == 0
    assert order(ask, "takes") == [THREE, ONE, TWO]
    assert run("collection", "move", "takes", "v3", "--to", "99").exit_code == 0
    assert order(ask, "takes") == [ONE, TWO, THREE]
    assert run("collection", "move", "takes", "v3", "--to", "0").exit_code == 2


def test_hidden_videos_are_not_counted_and_keep_their_place(run: Any, ask: Any) -> None:
    run("collection", "add", "takes", "v1", "v2", "v3")
    run("delete", "v2")
    assert order(ask, "takes") == [ONE, THREE]
    assert [(item["videos"], item["total"]) for item in ask("collection")] == [(2, 2)]
    run("collection", "move", "takes", "v3", "--to", "1")
    assert order(ask, "takes") == [THREE, ONE]
    run("collection", "move", "takes", "v3", "--to", "2")
    run("undelete", "v2")
    assert order(ask, "takes") == [ONE, TWO, THREE]


def test_a_collection_moves_with_what_is_below_it(run: Any, ask: Any) -> None:
    run("collection", "add", "launch/teasers", "v1")
    assert run("collection", "move", "launch", "archive/launch").exit_code == 0
    assert [item["path"] for item in ask("collection")] == ["archive", "archive/launch", "archive/launch/teasers"]
    assert ask("search", "collection:archive")["total"] == 1


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("launch", "launch/inner", "cannot be moved into itself"),
        ("launch/teasers", "launch", "there is a collection launch already"),
        ("nowhere", "else", "no collection is called nowhere"),
        ("launch", "/".join("b" * 20), "at most 20 levels"),
        ("launch", "a//b", "has an empty level"),
    ],
)
def test_a_move_that_cannot_be_is_one_line(run: Any, ask: Any, old: str, new: str, reason: str) -> None:
    run("collection", "add", "launch/teasers", "v1")
    before = ask("collection")
    result = run("collection", "move", old, new)
    assert (result.exit_code, result.stdout) == (1, "")
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert ask("collection") == before


@pytest.mark.parametrize(
    ("path", "reason"),
    [*UNUSABLE.items(), *((path, "empty level") for path in ("a/", "/a", "a//b", "/", "a/ /b"))],
    ids=[str(number) for number in range(len(UNUSABLE) + 5)],
)
def test_a_path_that_cannot_be_is_one_line(run: Any, ask: Any, path: str, reason: str) -> None:
    for line in (["add", path, "v1"], ["add", f"a/{path}", "v1"], ["note", path, "words"]):
        result = run("collection", *line)
        assert (result.exit_code, result.stdout) == (1, "")
        assert reason in result.stderr or "empty level" in result.stderr
        assert result.stderr.count("\n") == 1
        assert "\u202e" not in result.stderr
    assert ask("collection") == []
    assert ask("history") == []


@pytest.mark.parametrize(
    "line",
    [
        ["add"],
        ["add", "a", "v1", "--to", "1"],
        ["list", "a", "b"],
        ["list", "--query", "fox"],
        ["move", "a"],
        ["note", "a"],
        ["note", "a", "two", "texts"],
        ["add", "a", "v1", "--query", "fox"],
        ["throw", "a"],
    ],
)
def test_a_line_that_says_too_little_is_a_usage_error(run: Any, ask: Any, line: list[str]) -> None:
    result = run("collection", *line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: catalog collection" in result.stderr
    assert ask("history") == []


def test_above_100_videos_a_collection_needs_yes(run: Any, ask: Any, hear: Any) -> None:
    hear(*(job(f"clip-{number:04}", prompt="a fox") for number in range(101)))
    result = run("collection", "add", "foxes", "--query", "fox")
    assert (result.exit_code, "to put 103 videos into foxes, add --yes" in result.stderr) == (2, True)
    assert ask("collection") == []
    assert run("collection", "add", "foxes", "--query", "fox", "--yes").stdout == "103 videos put into foxes\n"
    result = run("collection", "remove", "foxes")
    assert (result.exit_code, "to remove foxes with 103 videos in it, add --yes" in result.stderr) == (2, True)
    assert ask("collection", "list", "foxes")[0]["videos"] == 103
    assert run("collection", "remove", "foxes", "--yes").stdout == "foxes is removed, and no video with it\n"
    assert run("collection", "add", "{foxes}", "--query", "fox").exit_code == 2
    run("undo")
    run("undo")
    assert ask("collection") == []


# Saved searches


def test_a_search_is_saved_used_and_removed(run: Any, ask: Any) -> None:
    assert run("saved", "add", "foxes", "fox", "-status:failed").stdout == "foxes  fox -status:failed\n"
    assert ask("search", "query:foxes")["total"] == 2
    assert ask("saved", "add", "none", "-fox") == {"name": "none", "query": "-fox"}
    assert [saved["name"] for saved in ask("saved")][-2:] == ["foxes", "none"]
    assert run("saved", "remove", "foxes").stdout == "removed foxes; `catalog undo` brings it back\n"
    assert "did you mean" not in run("saved").stdout
    run("undo")
    assert ask("search", "query:foxes")["total"] == 2


def test_a_removed_worklist_stays_away(run: Any, ask: Any) -> None:
    worklists = ["unreviewed", "kept, not on disk", "kept, not archived", "rated without credentials"]
    assert [saved["name"] for saved in ask("saved")] == worklists
    for name in worklists:
        assert run("saved", "remove", name).exit_code == 0
    for line in (["reindex"], ["migrate"], ["check"]):
        run(*line)
    assert ask("saved") == []
    assert "no search is saved" in run("saved").stderr


@pytest.mark.parametrize(("name", "reason"), UNUSABLE.items(), ids=[str(number) for number in range(len(UNUSABLE))])
def test_a_name_that_cannot_be_is_one_line(run: Any, ask: Any, name: str, reason: str) -> None:
    result = run("saved", "add", name, "fox")
    assert (result.exit_code, result.stdout) == (1, "")
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert ask("history") == []


def test_a_name_may_hold_slashes_quotes_and_commas(ask: Any) -> None:
    for name in ("a/b", "/", "kept, not seen", 'the "best"', "東京 🌸"):
        ask("saved", "add", name, "fox")
        quoted = name.replace('"', '""')
        assert ask("search", f'query:"{quoted}"')["total"] == 2


def test_saved_searches_in_a_circle_are_one_line(run: Any, ask: Any) -> None:
    run("saved", "add", "one", "fox query:two")
    result = run("saved", "add", "two", "query:one")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: the search two would contain itself: two names one names two\n"
    assert [saved["name"] for saved in ask("saved")][-1] == "one"


def test_a_long_chain_of_saved_searches_is_followed_to_its_end(run: Any) -> None:
    for number in range(40):
        assert run("saved", "add", f"s{number}", f"query:s{number + 1} OR query:s{number + 1}").exit_code == 0
    result = run("saved", "add", "s40", "query:s0")
    assert result.stderr == (
        "Error: the search s40 would contain itself: s40 names s0 names s1 names s2 names … names s40\n"
    )


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (["add", "x"], 2),
        (["add", "x", "  "], 1),
        (["add", "x", "word " * 20_000], 1),
        (["remove"], 2),
        (["remove", "x"], 1),
        (["remove", "x", "y"], 2),
        (["list", "x"], 2),
    ],
)
def test_a_search_that_cannot_be_saved_or_removed(run: Any, ask: Any, line: list[str], status: int) -> None:
    result = run("saved", *line)
    assert (result.exit_code, result.stdout) == (status, "")
    assert sum(text.startswith("Error: ") for text in result.stderr.splitlines()) == 1
    assert ask("history") == []
