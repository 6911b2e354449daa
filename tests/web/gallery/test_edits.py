"""What a page may change, and what becomes of bodies that are not what one of ours sends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog
from catalog.web.gallery.application import respond
from catalog.web.gallery.visits import Visit
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from catalog.web.gallery.visits import Answer

    Post = Callable[..., tuple[int, dict[str, Any]]]

A, B, C = (f"studio:v{number}" for number in (1, 2, 3))


@pytest.fixture
def cat(library_path: Path, tmp_path: Path) -> Iterator[Catalog]:
    """A library with three videos."""
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"data": [job(f"v{number}", prompt=f"a fox {number}") for number in (1, 2, 3)]}))
    with Catalog.open(library_path) as catalog:
        catalog.import_path(answers, source="studio")
        yield catalog


@pytest.fixture
def post(cat: Catalog) -> Post:
    """Send a body to `/-/gallery/WORD`: the status and the JSON of the answer."""

    def post(word: str, body: object, *, may_write: bool = True, method: str = "POST") -> tuple[int, dict[str, Any]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = respond(Visit(cat, method, ("-", "gallery", word), body=data, may_write=may_write))
        is_json = answer.type == "application/json"
        return answer.status, json.loads(answer.body) if is_json else {}  # type: ignore[arg-type]  # bytes

    return post


@pytest.mark.parametrize(
    ("act", "value", "said", "field", "expected"),
    [
        ("rate", 4, "rated 4", "rating", 4),
        ("verdict", "keep", "kept", "verdict", "keep"),
        ("verdict", "reject", "rejected", "verdict", "reject"),
        ("tag", "campaign=launch", "tagged campaign=launch", "tags", "campaign=launch"),
        ("collect", "launch/teasers", "put in launch/teasers", "collections", ("launch/teasers",)),
        ("note", "too dark", "noted", "note", "too dark"),
    ],
)
def test_an_act_on_many_is_one_step_to_undo(
    cat: Catalog, post: Post, act: str, value: object, said: str, field: str, expected: object
) -> None:
    status, answer = post("edit", {"act": act, "refs": [A, B], "value": value})
    assert (status, answer["said"], answer["videos"], answer["refs"]) == (200, said, 2, [A, B])
    assert [edit.number for edit in cat.history()] == [answer["number"]]
    for ref in (A, B):
        found = getattr(cat.get(ref), field)
        assert (str(found[0]) if field == "tags" else found) == expected
    status, undone = post("undo", {"number": answer["number"]})
    assert (status, undone["said"], undone["videos"], undone["refs"]) == (200, "undone", 2, [A, B])
    assert getattr(cat.get(A), field) in (None, "undecided", ())
    assert post("redo", b"")[1]["said"] == "redone"
    assert getattr(cat.get(B), field) not in (None, "undecided", ())


def test_acts_take_back_what_others_do(cat: Catalog, post: Post) -> None:
    for act, value, said in (
        ("rate", 3, "rated 3"),
        ("rate", 0, "unrated"),
        ("verdict", "keep", "kept"),
        ("verdict", "undecided", "undecided"),
        ("tag", "draft", "tagged draft"),
        ("untag", "draft", "untagged draft"),
        ("collect", "shelf", "put in shelf"),
        ("uncollect", "shelf", "taken out of shelf"),
        ("note", "words", "noted"),
        ("note", "", "note taken off"),
    ):
        assert post("edit", {"act": act, "refs": [A], "value": value})[1]["said"] == said
    video = cat.get(A)
    assert (video.rating, video.verdict, video.tags, video.collections, video.note) == (None, "undecided", (), (), None)


def test_hiding_is_a_tombstone(cat: Catalog, post: Post) -> None:
    assert post("edit", {"act": "hide", "refs": [A]})[1]["said"] == "hidden"
    assert (cat.count(), cat.get(A).deleted_at is None) == (2, False)
    assert post("edit", {"act": "unhide", "refs": [A]})[1]["said"] == "no longer hidden"
    assert cat.count() == 3


def test_the_journal_is_that_of_the_shell(cat: Catalog, post: Post) -> None:
    cat.rate(C, 5)
    assert post("undo", {})[1]["what"] == f"rated {cat.shorten([C])[C]} 5"
    assert cat.get(C).rating is None
    post("edit", {"act": "rate", "refs": [A, B], "value": 2})
    assert [edit.summary for edit in cat.undo()] == ["rated 2 videos 2"]


def test_a_toast_undoes_its_own_edit_or_none(cat: Catalog, post: Post) -> None:
    mine = post("edit", {"act": "rate", "refs": [A], "value": 2})[1]["number"]
    cat.rate(B, 5)
    status, answer = post("undo", {"number": mine})
    assert status == 409
    assert "meanwhile" in answer["error"]
    assert (cat.get(A).rating, cat.get(B).rating) == (2, 5)
    assert post("undo", {"steps": 2})[1]["what"] == "2 steps"
    assert (cat.get(A).rating, cat.get(B).rating) == (None, None)
    assert post("undo", {})[1] == {"said": "nothing to undo", "videos": 0, "number": None}


HOSTILE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"act": "rate", "refs": ["studio:v1"], "value": ' + b"9" * 5000 + b"}",
    *(
        json.dumps(body).encode()
        for body in (
            {},
            {"act": "rate", "refs": [A]},
            {"act": "rate", "refs": [A], "value": 6},
            {"act": "rate", "refs": [A], "value": -1},
            {"act": "rate", "refs": [A], "value": 4.5},
            {"act": "rate", "refs": [A], "value": True},
            {"act": "rate", "refs": [A], "value": [4]},
            {"act": "rate", "refs": A, "value": 4},
            {"act": "rate", "refs": [], "value": 4},
            {"act": "rate", "refs": [A, 7], "value": 4},
            {"act": "rate", "refs": {"0": A}, "value": 4},
            {"act": "rate", "refs": [A, "studio:unheard-of"], "value": 4},
            {"act": "rate", "refs": ["\ud800"], "value": 4},
            {"act": "rate", "refs": ["v" * 3000], "value": 4},
            {"act": "rate", "refs": ["studio:v1\x00"], "value": 4},
            {"act": "rate", "refs": [A] * 20_001, "value": 4},
            {"act": "explode", "refs": [A], "value": 4},
            {"act": ["rate"], "refs": [A], "value": 4},
            {"act": None, "refs": [A], "value": 4},
            {"act": "__class__", "refs": [A], "value": 4},
            {"act": "verdict", "refs": [A], "value": "maybe"},
            {"act": "verdict", "refs": [A], "value": {"keep": 1}},
            {"act": "tag", "refs": [A], "value": ""},
            {"act": "tag", "refs": [A], "value": "=launch"},
            {"act": "tag", "refs": [A], "value": "gnp\u202eexe"},
            {"act": "tag", "refs": [A], "value": "a\nb"},
            {"act": "tag", "refs": [A], "value": "a" * 1001},
            {"act": "tag", "refs": [A], "value": ["a"]},
            {"act": "untag", "refs": [A], "value": 1},
            {"act": "collect", "refs": [A], "value": "a//b"},
            {"act": "collect", "refs": [A], "value": "\u2067kcab"},
            {"act": "collect", "refs": [A], "value": None},
            {"act": "uncollect", "refs": [A], "value": "unheard-of"},
            {"act": "note", "refs": [A], "value": 3},
            {"act": "note", "refs": [A], "value": "x" * 70_000},
            {"act": "hide", "refs": [A], "value": "now"},
        )
    ),
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_body_is_one_clear_error_and_changes_nothing(cat: Catalog, post: Post, body: bytes) -> None:
    status, answer = post("edit", body)
    assert 400 <= status < 500
    assert list(answer) == ["error"]
    assert answer["error"]
    assert "\n" not in answer["error"]
    assert cat.history() == []
    assert cat.get(A).rating is None


@pytest.mark.parametrize("body", [{"steps": 0}, {"steps": "2"}, {"steps": True}, {"steps": 10**9}, {"number": "1"}, []])
def test_steps_are_a_number_within_bounds(cat: Catalog, post: Post, body: object) -> None:
    cat.rate(A, 3)
    for word in ("undo",) if isinstance(body, dict) and "number" in body else ("undo", "redo"):
        assert post(word, body)[0] == 400
    assert cat.get(A).rating == 3


def test_nobody_writes_without_the_token_or_with_get(cat: Catalog, post: Post) -> None:
    body = {"act": "rate", "refs": [A], "value": 4}
    status, answer = post("edit", body, may_write=False)
    assert status == 403
    assert answer["error"].startswith("read-only")
    for word in ("edit", "undo", "redo"):
        assert post(word, body, method="GET")[0] == 405
    assert cat.history() == []


def test_names_are_suggested(cat: Catalog, post: Post) -> None:
    cat.tag(A, "campaign=launch")
    cat.collect("launch/teasers", A)
    assert post("names", b"", method="GET")[1] == {
        "tags": ["campaign=launch"],
        "collections": ["launch", "launch/teasers"],
    }


def test_a_form_without_scripts_rates_and_judges_and_leads_back(cat: Catalog) -> None:
    def send(body: bytes, ref: str = A, **more: Any) -> Answer:
        query = {"q": "a fox", "size": "L", "token": "x", "open": "elsewhere"}
        headers = {"accept": "text/html,application/xhtml+xml"}
        path = ("-", "gallery", "judge", ref)
        return respond(Visit(cat, "POST", path, query, headers, body, **{"may_write": True, **more}))

    answer = send(b"rating=4&verdict=keep")
    assert (answer.status, answer.headers["location"]) == (303, "/?q=a+fox&size=L&open=studio%3Av1")
    assert (cat.get(A).rating, cat.get(A).verdict) == (4, "keep")
    assert send(b"rating=4&verdict=reject", base="/-/catalog/x").headers["location"].startswith("/-/catalog/x/?q=")
    assert [edit.act for edit in cat.history()] == ["verdict", "verdict", "rate"]  # what stays as it is, is no edit
    assert send(b"rating=0").status == 303
    assert (cat.get(A).rating, cat.get(A).verdict) == (None, "reject")
    for body in (b"rating=6", b"verdict=maybe", b"rating=\xff", b"&".join([b"rating=1"] * 30)):
        answer = send(body)
        assert (answer.status, answer.type.partition(";")[0]) == (400, "text/html")
    assert send(b"rating=1", may_write=False).status == 403
    assert send(b"rating=1", "studio:nobody").status == 404
    assert cat.get(A).rating is None
