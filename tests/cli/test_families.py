"""`link`, `unlink`, `lineage` with what is known of each edge, and `lineage --evidence`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from catalog import store
from catalog.provenance import Ingredient
from tests.cli.conftest import job
from tests.house import Shelf
from tests.manifests import CHILD, NAMED, PARENT, check, keep, manifest, save

INTACT = "credentials:intact_unknown_signer"
HOSTILE = "\x1b[31m\u202e<script>\n" + "x" * 900_000


@pytest.fixture
def desk(library) -> Shelf:
    return Shelf(library)


@pytest.fixture
def _compared(desk):
    """A library with an edge of every kind."""
    save(desk, {keep(desk, "parent"): check(PARENT)})
    keep(desk, "other")
    lost = manifest("urn:4", Ingredient("parentOf", title="a.mp4", manifest="urn:elsewhere"))
    for name, claimed, found, status in (
        ("agreeing", "parent", CHILD, "intact_known_signer"),
        ("silent", "parent", manifest("urn:5"), "intact_unknown_signer"),
        ("unclaimed", None, replace(CHILD, label="urn:6"), "intact_unknown_signer"),
        ("disagreeing", "other", replace(CHILD, label="urn:7"), "intact_unknown_signer"),
        ("foreign", "parent", lost, "history_problem"),
        ("altered", "parent", replace(CHILD, label="urn:8"), "changed"),
    ):
        file_id = keep(desk, name, name.encode().hex().ljust(64, "0"), remixed_from_video_id=claimed)
        save(desk, {file_id: check(found, status=status)})


@pytest.mark.usefixtures("_compared")
def test_each_edge_is_told_in_a_line_and_counted(run):
    result = run("lineage", "--evidence")
    *lines, total = result.stdout.splitlines()
    assert {tuple(line.split("  ")) for line in lines} == {
        ("studio:agreeing", "remix of studio:parent (API)", "agree", "credentials:intact_known_signer", "by manifest"),
        ("studio:silent", "remix of studio:parent (API)", "API only", INTACT),
        ("studio:unclaimed", "remix of studio:parent (credentials)", "credentials only", INTACT, "by manifest"),
        (
            "studio:disagreeing",
            "remix of studio:other (API) or of studio:parent (credentials)",
            "disagree",
            INTACT,
            "by manifest",
        ),
        (
            "studio:foreign",
            "remix of studio:parent (API)",
            "parent not in the library",
            "credentials:history_problem",
            'they name "a.mp4"',
        ),
        (
            "studio:altered",
            "remix of studio:parent (API)",
            "manifest not intact",
            "credentials:changed",
            "they name studio:parent",
        ),
    }
    assert total.startswith(
        "6 edges: 1 agree, 1 API only, 1 credentials only, 1 disagree, 1 parent not in the library, "
    )
    assert result.exit_code == 1


@pytest.mark.usefixtures("_compared")
def test_the_exit_status_is_1_only_where_evidence_disagrees(run):
    assert run("lineage", "--evidence", "-id:disagreeing").exit_code == 0
    result = run("lineage", "--evidence", "id:disagreeing", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["counts"] | {"disagree": 0} == dict.fromkeys(document["counts"], 0)
    (edge,) = document["edges"]
    assert (edge["parents"], edge["named"], edge["matched"]) == (
        ["studio:other", "studio:parent"], ["studio:parent"], "manifest",
    )  # fmt: skip


@pytest.mark.usefixtures("_compared")
def test_a_query_chooses_the_children(run, ask):
    assert ask("lineage", "--evidence", "credentials:changed")["counts"]["not_intact"] == 1
    assert [edge["child"] for edge in ask("lineage", "--evidence", "id:silent", "OR", "id:altered")["edges"]] == [
        "studio:altered", "studio:silent",
    ]  # fmt: skip
    result = run("lineage", "--evidence", "id:parent")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no video that matches has a parent\n")
    assert ask("lineage", "--evidence", "id:parent")["edges"] == []


@pytest.mark.usefixtures("_compared")
def test_a_family_is_drawn_with_what_is_known_of_each_edge(run):
    lines = {tuple(line.split("─ ")[-1].split("  ")) for line in run("lineage", "parent").stdout.splitlines()}
    lost = "remix (API; credentials name one that is not in the library)"
    assert lines >= {
        ("studio:parent *", "completed", INTACT),
        ("studio:agreeing", "remix (API, credentials)", "completed", "credentials:intact_known_signer"),
        ("studio:disagreeing", "remix (credentials; they disagree)", "completed", INTACT),
        ("studio:foreign", lost, "completed", "credentials:history_problem"),
        ("studio:altered", "remix (API; credentials not intact)", "completed", "credentials:changed"),
    }


def test_each_relation_has_words_of_its_own_and_says_what_changed(run, hear):
    hear(
        job("v1", model="sora-2", seconds="8", size="1280x720"),
        job("v2", model="sora-2", seconds="20", size="1280x720"),
        job("v3", model="sora-2-pro", seconds="4", size="720x1280"),
        job("v4"),
    )
    run("link", "v2", "v1", "--relation", "extension")
    run("link", "v3", "v1", "--relation", "edit")
    run("link", "v4", "v1", "--relation", "reference")
    run("link", "v1", "studio:char_1", "--relation", "character")
    assert [line.lstrip("└├│─ ") for line in run("lineage", "v1").stdout.splitlines()] == [
        "studio:char_1  (not in the library)",
        "studio:v1 *  with it as a character (you)  completed",
        "studio:v2  extension (you)  8 s → 20 s stitched  completed",
        "studio:v3  edit (you)  8 s → 4 s  sora-2 → sora-2-pro  1280x720 → 720x1280  completed",
        "studio:v4  with it as a reference (you)  completed",
        "studio:v1: 1 ancestor, 3 descendants",
    ]


def test_hostile_titles_and_names_reach_no_screen(run, desk):
    named = Ingredient("parentOf", title=HOSTILE, manifest=HOSTILE)
    file_id = keep(desk, "child", remixed_from_video_id="a\x1b[2Jb\u202ec", model=HOSTILE[:30])
    save(desk, {file_id: check(manifest(HOSTILE, named, title=HOSTILE))})
    for arguments in (["lineage", "--evidence"], ["lineage", "--evidence", "--json"], ["lineage", "child"]):
        result = run(*arguments)
        assert result.exit_code == 0
        assert not {"\x1b", "\u202e", "\r"} & set(result.stdout + result.stderr)
        assert len(result.stdout) < 5000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("lineage", "name one video, or give --evidence"),
        ("lineage v1 v2", "name one video, or give --evidence"),
        ("lineage --evidence --diff", "--evidence goes with --json alone"),
        ("link v1 --relation remix", "name the parent too: v1 alone is linked to nothing"),
        ("link v1 v2", "Missing option '--relation'"),
        ("link v1 v2 --relation sequel", "'sequel' is not one of"),
        ("link --relation remix", "name the videos and then their parent"),
        ("link v1 - --relation remix", "name the parent last"),
        ("unlink", "name the videos and then their parent"),
        ("link --query neon v1 v2 --relation remix", "not both"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(run, hear, arguments, message):
    hear(job("v1"), job("v2"))
    result = run(*arguments.split())
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_link_is_made_shown_and_taken_back(run, hear):
    hear(job("v1"), job("v2"))
    assert run("link", "v2", "v1", "--relation", "remix").stdout == "studio:v2  remix of studio:v1\n"
    again = run("link", "v2", "v1", "--relation", "remix").stdout
    assert again == "studio:v2  remix of studio:v1  (already linked)\n"
    assert "made from" in run("show", "v2").stdout
    assert run("unlink", "v2", "v1", "--relation", "edit").stdout.endswith("(not linked)\n")
    assert run("unlink", "v2", "v1").stdout == "studio:v2  no links of yours\n"
    assert run("undo").stdout == "undone: unlinked studio:v2 as remix of studio:v1\n"
    assert run("search", "relation:remix", "--ids").stdout == "studio:v2\n"


def test_many_are_linked_at_once_by_a_query_or_standard_input(run, hear, ask):
    hear(*(job(f"v{number}", prompt="a fox" if number else None) for number in range(4)))
    assert len(run("link", "--query", "fox", "v0", "--relation", "remix").stdout.splitlines()) == 3
    run("link", "-", "v0", "--relation", "edit", stdin="v1\nstudio:v2\n")
    assert ask("stats")
    assert sorted(run("search", "relation:edit", "--ids").stdout.split()) == ["studio:v1", "studio:v2"]
    assert run("unlink", "--query", "fox", "v0").stdout.count("no links of yours") == 3
    assert len(ask("history")) == 3


def test_a_parent_may_be_missing_and_what_names_nothing_is_an_error(run, hear):
    hear(job("v1"))
    assert run("link", "v1", "elsewhere:task_9", "--relation", "edit").stdout == "studio:v1  edit of elsewhere:task_9\n"
    result = run("link", "v1", "nothing", "--relation", "edit")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no video 'nothing' in the library" in result.stderr
    assert run("unlink", "v1", "elsewhere:task_9").stdout == "studio:v1  no links of yours\n"


def test_what_others_say_cannot_be_unlinked_and_the_reason_is_said(run, desk):
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child"): check(CHILD)})
    result = run("unlink", "child", "parent")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "studio:child has no link of yours to studio:parent: its credentials name it as remix" in result.stderr
    assert desk.rows("SELECT origin FROM links") == [("c2pa",)]


def test_reindexing_links_makes_those_of_credentials_again(run, desk):
    went_in = manifest("urn:child", replace(NAMED, relationship="inputTo"))
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child"): check(went_in)})
    with desk.library.write() as connection:
        connection.execute("DELETE FROM links")
        store.rebuild_bitmaps(connection)
    assert run("search", "relation:reference", "--ids").stdout == ""
    assert run("reindex", "--links").exit_code == 0
    assert run("search", "relation:reference", "--ids").stdout == "studio:child\n"
