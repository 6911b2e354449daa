"""Review without a script: one match after the other, what was decided, and the way on and back."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog, store
from catalog.library import open_library
from catalog.web.gallery import review
from catalog.web.gallery.application import respond
from catalog.web.gallery.visits import Visit
from catalog.wire.parse import parse_videos
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def cat(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    path = shutil.copy(_migrated, tmp_path_factory.mktemp("reviewed") / "catalog.db")
    jobs = [job(f"v{number}", prompt=f"a fox, take {number}", created_at=1_790_000_000 + number) for number in range(5)]
    with contextlib.closing(open_library(path)) as library, library.write() as connection:
        videos = [video for payload in [*jobs, job("other")] for video in parse_videos(payload).videos]
        store.save_videos(connection, "studio", videos, channel="list", received_at=NOW)
    with Catalog.open(path) as catalog:
        catalog.verdict("studio:v0", "keep")
        catalog.verdict("studio:v1", "reject")
        catalog.rate("studio:v2", 4)
        yield catalog


def look(cat: Catalog, status: int = 200, **query: str) -> str:
    answer = respond(Visit(cat, path=("",), query={"q": "fox", "sort": "created_at", "review": "1", **query}))
    assert answer.status == status
    return answer.body.decode()


def links(page: str) -> dict[str, str]:
    found = re.findall(r'<a rel="(prev|next)" href="([^"]+)"', page)
    return {rel: re.findall(r"review=studio%3A(\w+)", href)[0] for rel, href in found}


def test_it_begins_with_the_first_undecided_clip_in_the_order_of_the_sort(cat: Catalog) -> None:
    page = look(cat)
    assert 'data-ref="studio:v2"' in page
    assert "3 of 5, 1 kept, 1 rejected" in page
    assert "rated 4" in page
    assert links(page) == {"prev": "v1", "next": "v3"}
    assert 'data-ref="studio:v4"' in look(cat, sort="-created_at")


def test_the_ends_have_one_way_only(cat: Catalog) -> None:
    assert links(look(cat, review="studio:v0")) == {"next": "v1"}
    assert links(look(cat, review="studio:v4")) == {"prev": "v3"}
    assert "5 of 5, 1 kept, 1 rejected" in look(cat, review="studio:v4")


def test_all_decided_begins_with_the_first(cat: Catalog) -> None:
    assert "1 of 1, 1 kept, 0 rejected" in look(cat, q="verdict:keep")


def test_a_clip_that_has_left_the_result_is_still_shown(cat: Catalog) -> None:
    page = look(cat, q="verdict:keep", review="studio:v1")
    assert 'data-ref="studio:v1"' in page
    assert links(page) == {"next": "v0"}


def test_what_cannot_be_reviewed_says_so(cat: Catalog) -> None:
    assert "No videos match nosuchword" in look(cat, q="nosuchword")
    assert "no video studio:nosuch in this library" in look(cat, 404, review="studio:nosuch")
    assert "<h1>" in look(cat, 400, q="a " * 600)
    assert "<script>" not in look(cat, q="<script>")


def test_closing_leads_back_to_the_result(cat: Catalog) -> None:
    assert '<a class="close" href="/?q=fox&amp;sort=created_at">Close</a>' in look(cat)


def test_the_list_of_a_review_is_settled_by_one_request(cat: Catalog) -> None:
    query = {"q": "fox", "sort": "created_at"}
    answer = respond(Visit(cat, path=("-", "gallery", "review", "clips"), query=query))
    assert json.loads(answer.body) == [
        ["studio:v0", None, "keep"],
        ["studio:v1", None, "reject"],
        ["studio:v2", 4, "undecided"],
        ["studio:v3", None, "undecided"],
        ["studio:v4", None, "undecided"],
    ]


def test_a_long_result_is_reviewed_from_its_beginning(cat: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "MOST", 2)
    page = look(cat)
    assert "1 of 2, 1 kept, 1 rejected" in page
    assert "the first 2 of 5 matches" in page


def test_one_clip_comes_alone(cat: Catalog) -> None:
    clip = Visit(cat, path=("-", "gallery", "review", "clip"), query={"ref": "studio:v1", "q": "fox"})
    assert respond(clip).body.decode().lstrip().startswith("<figure")
    assert respond(Visit(cat, path=("-", "gallery", "review", "clip"), query={"ref": "studio:no"})).status == 404
