"""The library in pictures, as it is sent: each has its numbers as a table, and each number leads to its videos."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog import Catalog, store
from catalog.library import open_library
from catalog.web.gallery.application import respond
from catalog.web.gallery.insight import length, money, percent
from catalog.web.gallery.svg import ticks
from catalog.web.gallery.visits import Answer, Visit
from tests.web.conftest import add_video, ago, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NASTY = "\"'><script>alert(1)</script>"


@pytest.fixture
def catalog(library_path: Path) -> Iterator[Catalog]:
    fill(library_path)
    library = open_library(library_path)
    with library.write() as connection:
        for number, model in enumerate(["sora-2", "sora-2", "veo", NASTY]):
            add_video(
                connection,
                f"dear{number}",
                model=model,
                seconds=8.0,
                cost_usd=0.5,
                cost_basis="reported",
                created_at=ago(days=40, minutes=9),
                completed_at=ago(days=40),
                prompt=f"prompt {number}",
            )
        store.rebuild_bitmaps(connection)
    library.close()
    with Catalog.open(library_path) as catalog:
        catalog.verdict("studio:dear0", "keep")
        yield catalog


def ask(catalog: Catalog, **query: str) -> Answer:
    return respond(Visit(catalog, path=("insight",), query=query))


def read(catalog: Catalog, **query: str) -> str:
    answer = ask(catalog, **query)
    assert answer.status == 200
    return answer.body.decode()


def list_figures(text: str) -> list[str]:
    return re.findall(r"<figure.*?</figure>", text, re.DOTALL)


def test_each_picture_has_its_numbers_as_a_table(catalog: Catalog) -> None:
    figures = list_figures(read(catalog, columns="status", rows="model", facet="status"))
    titles = [re.search(r"<h2>(.*?)</h2>", figure)[1] for figure in figures]
    assert titles == [
        "Queue", "Failures", "Failures by facet", "Latency", "Cost of a kept second", "Cost by month", "Coverage",
        "Calendar",
    ]  # fmt: skip
    for figure in figures:
        assert figure.count('<svg role="img"') == 1
        assert "<table" in figure


def test_each_number_of_a_table_counts_the_videos_that_it_leads_to(catalog: Catalog) -> None:
    text = read(catalog, columns="status", rows="model", facet="status", by="status")
    links = re.findall(r'<a href="([^"]*)"[^>]*>([\d,]+)</a>', text)
    assert len(links) > 20
    for href, number in links:
        query = parse_qs(urlsplit(unescape(href)).query).get("q", [""])[0]
        assert catalog.count(query) == int(number.replace(",", "")), query


def test_a_query_narrows_all_pictures(catalog: Catalog) -> None:
    text = read(catalog, q="model:veo", rows="model", columns="status")
    assert f">1 of {catalog.count()}</a> videos" in text
    assert "sora-2" not in re.sub(r"<form.*?</form>", "", text, flags=re.DOTALL)
    assert "Nothing has failed." in text
    assert "Nothing runs, and nothing expires within the hour." in text


def test_an_empty_library_says_so(library_path: Path) -> None:
    with Catalog.open(library_path) as catalog:
        text = read(catalog)
    assert "This library is empty" in text
    assert list_figures(text) == []


def test_without_matches_nothing_is_drawn(catalog: Catalog) -> None:
    text = read(catalog, q="model:nobody")
    assert "No videos match" in text
    assert list_figures(text) == []


@pytest.mark.parametrize("chosen", [{"rows": "colour"}, {"facet": "nothing"}, {"by": "project"}, {"q": "x" * 10_001}])
def test_what_cannot_be_asked_is_refused_in_words(catalog: Catalog, chosen: dict[str, str]) -> None:
    answer = ask(catalog, **chosen)
    assert answer.status == 400
    assert "<h1>" in answer.body.decode()


@pytest.mark.parametrize("year", ["0", "-5", "99999999999999999999", "x", "²", "1999"])
def test_any_year_can_be_asked_for(catalog: Catalog, year: str) -> None:
    assert "Calendar" in read(catalog, year=year)


def test_what_waits_is_named(catalog: Catalog) -> None:
    text = read(catalog)
    waiting = re.search(r"Waiting for longest</caption>.*?</table>", text, re.DOTALL)[0]
    assert re.findall(r'href="/\?open=([^"]*)"', waiting) == ["studio%3Astuck", "studio%3Afresh"]
    assert "for 5 h" in waiting
    expiring = re.search(r"Expiring first</caption>.*?</table>", text, re.DOTALL)[0]
    assert "studio%3Aurgent" in expiring


def test_nothing_from_outside_is_markup(catalog: Catalog) -> None:
    text = read(catalog, q=f'model:sora-2,veo OR "{NASTY}" OR seconds:8', rows="model", columns="model")
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text


def test_the_links_of_a_page_lead_below_its_base(catalog: Catalog) -> None:
    text = respond(Visit(catalog, path=("insight",), base="/-/catalog/x")).body.decode()
    links = re.findall(r'(?:href|src|action)="([^"#]*)"', text)
    assert [link for link in links if not link.startswith(("/-/catalog/x/", "/catalog"))] == []


def test_numbers_are_written_for_people() -> None:
    assert [money(usd) for usd in (None, 0, 0.0125, 0.004, 0.5, 1204.5)] == [
        "unknown", "$0.00", "$0.013", "$0.004", "$0.5", "$1,204.50",
    ]  # fmt: skip
    assert [length(seconds) for seconds in (0, 59.4, 185, 3600, 7800, 400_000)] == [
        "0 s", "59 s", "3 min 5 s", "1 h", "2 h 10 min", "4 days",
    ]  # fmt: skip
    assert [percent(rate) for rate in (None, 0, 0.034, 0.5, 1)] == ["", "0%", "3.4%", "50%", "100%"]
    assert ticks(0) == [0.0]
    assert ticks(115.7) == [0.0, 50.0, 100.0, 150.0]
    assert ticks(0.3)[-1] >= 0.3
