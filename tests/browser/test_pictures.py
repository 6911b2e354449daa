"""The family of a video and the library in pictures, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.web.conftest import Site

SERIOUS = frozenset({"serious", "critical"})

# How far what a picture of bars says goes beyond its edge, in pixels of letters that are not made smaller.
BEYOND = """
[...document.querySelectorAll(".drawing > svg:has(.bar)")].map((picture) => {
  const edge = picture.parentElement.getBoundingClientRect().right;
  const texts = [...picture.querySelectorAll("text")].map((text) => text.getBoundingClientRect());
  return picture.getScreenCTM().a < 1 ? Infinity : Math.max(...texts.map((place) => place.right)) - edge;
})
"""


@pytest.fixture(scope="module")
def family(sample: Path) -> tuple[str, list[str]]:
    """A remix of the sample, and the refs of its parent and of the first child of that, as they are drawn."""
    with Catalog.open(sample / "catalog.db") as catalog:
        for video in catalog.iterate("is:remix"):
            lineage = catalog.lineage(video.ref)
            if lineage.members > 4 and len(lineage.ancestors) == 1:
                return video.ref, [lineage.roots[0].ref, lineage.roots[0].children[0].ref]
    raise AssertionError("no family in the sample")


def list_faults(tab: Page) -> list[tuple[Any, Any]]:
    found = Axe().run(tab).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS]


def test_a_family_is_walked_by_keyboard(tab: Page, family: tuple[str, list[str]]) -> None:
    ref, (parent, first) = family
    tab.goto(f"/lineage/{ref}")
    tree = tab.get_by_role("group", name=f"Family of {ref}")
    here = tree.locator("[aria-current]")
    expect(here).to_be_in_viewport()
    assert tree.get_by_role("link").count() > 4
    here.focus()
    tab.keyboard.press("ArrowLeft")
    expect(tree.locator(f'a[href$="open={parent.replace(":", "%3A")}"]')).to_be_focused()
    tab.keyboard.press("ArrowRight")
    child = tree.locator(f'a[href$="open={first.replace(":", "%3A")}"]')
    expect(child).to_be_focused()
    assert list_faults(tab) == []
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Graphviz").click()
    assert download.value.suggested_filename.endswith(".dot")
    child.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/?open=*")


def test_what_is_drawn_leads_to_the_grid(tab: Page) -> None:
    tab.goto("/insight")
    failures = tab.get_by_role("figure").filter(has=tab.get_by_role("heading", name="Failures", exact=True))
    number = failures.get_by_role("table").get_by_role("link").first.inner_text()
    assert list_faults(tab) == []
    failures.locator("g.bar rect.failed").first.click()
    tab.wait_for_url("**/?q=status%3Afailed*")
    expect(tab.get_by_role("status").first).to_contain_text(f"{number} of ")


def test_a_choice_shows_at_once_and_keeps_the_query(tab: Page) -> None:
    tab.goto("/insight?q=status:completed")
    tab.get_by_label("Columns").select_option("status")
    coverage = tab.get_by_role("figure").filter(has=tab.get_by_role("heading", name="Coverage"))
    expect(coverage.get_by_role("columnheader", name="completed")).to_be_visible()
    assert "q=status%3Acompleted" in tab.url
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("status:completed")
    assert tab.get_by_role("figure").count() == tab.locator("figure:has(table)").count() > 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone(tab: Page, served: Site, family: tuple[str, list[str]], scheme: Any) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.emulate_media(color_scheme=scheme)
    for place in ("/insight", f"/lineage/{family[0]}"):
        tab.goto(place)
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        assert list_faults(tab) == []
        if place == "/insight":
            beyond = tab.evaluate(BEYOND)
            assert len(beyond) > 3
            assert max(beyond) < 3
