"""Pages that are kept: true after every change, bounded, and never those of another visitor's rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalog import Catalog
from catalog.database import connect
from catalog.web.gallery import kept as keeping
from catalog.web.gallery.application import respond
from catalog.web.gallery.kept import Kept
from catalog.web.gallery.visits import Answer, Visit, page
from tests.house import job
from tests.web.gallery.test_grid import add

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cat(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.init(tmp_path / "catalog.db") as catalog:
        add(catalog, tmp_path, job("v1", prompt="A neon street", status="in_progress", progress=10))
        yield catalog


def ask(catalog: Catalog, kept: Kept, *, may_write: bool = False, **query: str) -> Answer:
    return respond(Visit(catalog=catalog, path=("",), query=query, kept=kept, may_write=may_write))


def test_a_page_is_made_once_until_somebody_writes(cat: Catalog) -> None:
    kept = Kept()
    first = ask(cat, kept)
    assert ask(cat, kept) is first
    assert ask(cat, kept, q="neon") is not first
    assert ask(cat, kept, may_write=True) is not first
    cat.rate("studio:v1", 4)
    assert b"rated 4" in bytes(ask(cat, kept).body)  # type: ignore[arg-type]


def test_a_page_shows_what_no_search_can_tell(cat: Catalog) -> None:
    kept = Kept()
    ask(cat, kept)
    other = connect(cat.path)
    other.execute("UPDATE videos SET progress = 64")
    other.close()
    assert "64\u00a0%" in bytes(ask(cat, kept).body).decode()  # type: ignore[arg-type]


def test_a_page_with_an_open_video_is_made_each_time(cat: Catalog) -> None:
    kept = Kept()
    assert ask(cat, kept, open="studio:v1") is not ask(cat, kept, open="studio:v1")


def test_pages_are_kept_for_a_short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, made = Kept(), page("a")
    assert kept.answer("a", 1, lambda: made) is made
    assert kept.answer("a", 1, lambda: page("b")) is made
    monkeypatch.setattr(keeping, "SECONDS", 0.0)
    assert kept.answer("a", 1, lambda: page("b")) is not made


def test_pages_take_no_more_than_their_share() -> None:
    kept = Kept(most=10_000)
    pages = [page("x" * 1_000) for _ in range(5)]
    for number, each in enumerate(pages):
        kept.answer(number, 1, lambda each=each: each)  # type: ignore[misc]
    assert kept.answer(4, 1, lambda: page("")) is pages[4]
    assert kept.answer(0, 1, lambda: page("new")) is not pages[0]


def test_packed_pages_are_sent_as_they_were_and_many_more_are_kept() -> None:
    kept = Kept(most=30_000)
    pages = [page("x" * 9_000 + str(number)) for number in range(10)]
    for number, each in enumerate(pages):
        kept.answer(number, 1, lambda each=each: each)  # type: ignore[misc]
        kept.pack()
    assert [kept.answer(number, 1, lambda: page("new")) for number in range(10)] == pages
    kept.answer(0, 2, lambda: page("another"))
    kept.pack()
    assert kept.answer(0, 2, lambda: page("new")) == page("another")


def test_the_numbers_of_a_query_are_kept_too(cat: Catalog) -> None:
    kept = Kept()

    def show(**query: str) -> Answer:
        return respond(Visit(catalog=cat, path=("insight",), query=query, kept=kept))

    assert show() is show()
    assert show(by="source") is not show()
    before = show()
    cat.rate("studio:v1", 4)
    assert show() is not before
