"""The page of an audit: what it shows, that it calls at no address, and that no text becomes more than text."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from catalog import CostSum, Facet, Input, Tag, Trail
from catalog.audit_reports import (
    Tally,
    TrailCredentials,
    TrailEdit,
    TrailFile,
    TrailLink,
    TrailPlace,
    TrailStep,
)
from catalog.exports.page import MARK, MOST_PICTURES, write_audit
from tests.exports.hostile import HOSTILE, SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "section", "div", "dl", "dt", "dd", "bdi",
    "br", "span", "strong", "img",
}  # fmt: skip
VOID = {"meta", "br", "img"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "alt", "src"}
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Picture(NamedTuple):
    media_type: str
    data: bytes


class Page(HTMLParser):
    """A page as a browser's parser sees it: its elements, which close in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data

    @property
    def text(self) -> str:
        return "".join(text for tag, text in self.texts.items() if tag != "style")


def step(remote_id: str = "a", **values: Any) -> TrailStep:
    """A step of which nothing is known but what is given."""
    empty: dict[str, Any] = {field.name: None for field in fields(TrailStep)}
    for name in ("links", "inputs", "files", "tags", "given", "edits"):
        empty[name] = ()
    known = {"source": "studio", "remote_id": remote_id, "kind": "video", "status": "completed"}
    return TrailStep(**{**empty, **known, "is_instruction": False, "parameters": {}, **values})


def write(steps: Iterable[Iterable[TrailStep]], query: str = "", picture: Any = lambda _: None, **more: Any) -> str:
    trails = [
        Trail(list(each)[-1].ref, tuple(each), more.get("is_cut", False), CostSum(1, unknown=1)) for each in steps
    ]
    return "".join(write_audit(trails, Tally(), query, NOW, picture))


def full(text: str) -> TrailStep:
    """A step that has the text in every field that can hold one."""
    credentials = TrailCredentials(
        "intact_known_signer", text, text, text, NOW, text, NOW, text, False,
        ({"name": text, "sha256": text, "issued": text, "next_update": text, "is_frozen": False},),
    )  # fmt: skip
    file = TrailFile(
        text, 1, text, 5, text, text, text, text, (TrailPlace(text, text, is_outside=True),), (text,), credentials
    )
    return step(
        text, source=text, kind=text, status=text, model=text, prompt=text, negative_prompt=text, size=text, tier=text,
        quality=text, seed=text, parameters={text: [text, {text: text}]}, error_code=text, error_message=text,
        cost_usd=1.5, cost_basis=text, links=(TrailLink(text, text, (text,), False),), inputs=(Input(text, 1, text),),
        files=(file,), tags=(Tag(text, text, text),), given=(Facet(text, text, "given"),),
        edits=(TrailEdit(1, NOW, text, text, NOW),), created_at=NOW, gone_at=NOW, deleted_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_in_every_field_stays_text(text: str) -> None:
    text = text[:20_000]
    page = Page(write([[full(text)]], query=text))
    assert {tag for tag, _ in page.elements} <= ALLOWED
    assert {name for _, attributes in page.elements for name in attributes} <= ATTRIBUTES
    plain = Page(write([[full("harmless")]], query="harmless"))
    rows = [tag for tag, _ in page.elements if tag not in {"bdi", "br"}]
    assert rows == [tag for tag, _ in plain.elements if tag not in {"bdi", "br"}]
    assert not OBEYED.search(write([[full(text)]], query=text))
    if not OBEYED.search(text):
        assert text.replace("\n", "") in page.text.replace("\n", "")


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_page_with_a_hostile_text_names_no_address_to_call_at(text: str) -> None:
    page = Page(write([[full(text)]], picture=lambda _: Picture("image/png", b"picture")))
    sources = [attributes["src"] for _, attributes in page.elements if "src" in attributes]
    assert all(source and source.startswith("data:image/png;base64,") for source in sources)
    assert not any("href" in attributes or "style" in attributes for _, attributes in page.elements)


def test_the_policy_allows_the_style_of_the_page_and_nothing_else() -> None:
    page = Page(write([[step()]]))
    (policy,) = [values["content"] for tag, values in page.elements if values.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(page.texts["style"].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"
    )
    assert "url(" not in page.texts["style"]
    assert "@import" not in page.texts["style"]
    assert "@media print" in page.texts["style"]


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    text = re.sub("<[^>]*>", "", write([[step()]]))
    for name in ("Model", "Created", "Completed", "Length, size", "Seed", "Settings", "Cost"):
        assert f"{name}unknown" in text
    assert "Prompt:\nunknown" in text
    assert "Made fromnothing that is known" in text
    assert "of 1 of 1 unknown" in text


def test_what_is_known_is_shown() -> None:
    credentials = TrailCredentials(
        "intact_known_signer", "Unchanged since it was signed by OpenAI.", "OpenAI", "Sora 2", NOW, "time-stamp", NOW,
        "c2pa 1", False, ({"name": "a list", "sha256": "cd", "issued": "2026-01-01"},),
    )  # fmt: skip
    place = TrailPlace("media/a.mp4", "present")
    file = TrailFile("video", 1, "ab", 2_000_000, "video/mp4", "present", None, "download", (place,), (), credentials)
    final = step(
        "b", prompt="Make it rain.\nSlowly.", is_instruction=True, model="sora-2", seconds=8.0, size="1280x720",
        created_at=NOW, cost_usd=0.8, cost_basis="reported", files=(file,),
        links=(TrailLink("studio:a", "remix", ("api", "c2pa"), False, "agree"),),
        edits=(TrailEdit(3, NOW, "tag", "campaign=launch"),),
    )  # fmt: skip
    page = write([[step(), final]], is_cut=True)
    for words in (
        "Instruction, on top of what the parent shows",
        "<bdi>Make it rain.</bdi><br><bdi>Slowly.</bdi>",
        "2026-11-30T12:00:00.000Z",
        "$0.8000, reported",
        "8 s, 1280x720",
        "studio:a: remix, known by api, c2pa; the parent is not in the library; the credentials agree",
        "sha256 ab",
        "2,000,000 bytes, video/mp4, present, download",
        "media/a.mp4, present",
        "Content Credentials (intact_known_signer): Unchanged since it was signed by OpenAI.",
        "signer &quot;OpenAI&quot;, generator Sora 2, signed 2026-11-30T12:00:00.000Z by time-stamp",
        "checked 2026-11-30T12:00:00.000Z by c2pa 1, with a list, 2026-01-01, sha256 cd",
        "tag campaign=launch",
        "2 steps, from the oldest draft to the video",
        "Older steps are left out",
    ):
        assert words in page, words


def test_a_video_is_described_once_and_named_after_that() -> None:
    draft = step(prompt="A neon street.")
    page = write([[draft, step("b")], [draft, step("c")]])
    assert page.count("A neon street.") == 1
    assert page.count("Described above.") == 1
    assert "2 trails, 3 videos, each counted once" in page


def test_a_file_that_was_never_checked_is_said_to_be_unchecked() -> None:
    file = TrailFile("video", 1, "ab", 5, "video/mp4", "lost", "the link has expired", None)
    page = write([[step(files=(file,))]])
    assert "Content Credentials: not checked" in page
    assert "5 bytes, video/mp4, lost, the link has expired" in page


def test_nothing_is_said_of_the_credentials_of_a_picture_made_here() -> None:
    file = TrailFile("thumbnail", 1, "ab", 5, "image/jpeg", "present", None, "made")
    assert "Content Credentials: not checked" not in write([[step(files=(file,))]])


def test_a_check_without_a_list_says_that_none_was_used() -> None:
    credentials = TrailCredentials("absent", "No Content Credentials.", None, None, None, None, NOW, "c2pa 1", False)
    file = TrailFile("video", 1, "ab", 5, "video/mp4", "present", None, None, credentials=credentials)
    assert "by c2pa 1, without a trust list" in write([[step(files=(file,))]])


def test_pictures_are_bounded_in_number() -> None:
    steps = [step(f"v{number}") for number in range(MOST_PICTURES + 50)]
    page = Page(write([steps], picture=lambda _: Picture("image/png", b"picture")))
    assert sum(tag == "img" for tag, _ in page.elements) == MOST_PICTURES


def test_a_page_without_trails_says_that_nothing_matches() -> None:
    assert "No video matches." in write([])


def test_every_page_begins_with_its_mark() -> None:
    assert write([]).startswith(MARK)


def test_a_page_comes_in_pieces_as_trails_come() -> None:
    def endless() -> Iterable[Trail]:
        number = 0
        while True:
            number += 1
            yield Trail(f"studio:v{number}", (replace(step(), remote_id=f"v{number}"),), False, CostSum(1))

    pieces = write_audit(endless(), Tally(), "", NOW, lambda _: None)
    assert any("studio:v500" in piece for piece in pieces)
