"""What is said of a video in a browser: keys, toasts, undo, and the history."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from catalog import Catalog
from tests.browser.conftest import TOKEN, copy_sample
from tests.browser.test_detail import address
from tests.web.conftest import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.web.conftest import Site


@pytest.fixture(scope="module")
def served(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server on a library of its own, to write into."""
    with serving(copy_sample(sample, tmp_path_factory.mktemp("edited") / "home"), token=TOKEN) as site:
        yield site


def test_what_is_said_of_a_video_is_undone_step_by_step(tab: Page, served: Site) -> None:
    with Catalog.open(served.path) as catalog:
        video = next(catalog.iterate("has:file kind:video"))

        def now() -> tuple[object, ...]:
            found = catalog.get(video.ref)
            return (
                found.rating,
                found.verdict,
                tuple(str(tag) for tag in found.tags if tag.origin == "user"),
                found.note,
            )

        tab.goto(address(video, ""))
        dialog = tab.get_by_role("dialog", name=f"Video {video.ref}")
        toast = tab.get_by_role("status", name="Messages")
        tab.keyboard.press("4")
        expect(toast.get_by_text("rated 4")).to_be_visible()
        expect(dialog.get_by_role("button", name="4 stars")).to_have_attribute("aria-pressed", "true")
        tab.keyboard.press("p")
        expect(toast.get_by_text("kept")).to_be_visible()
        tab.keyboard.press("t")
        field = dialog.get_by_label("Add a tag")
        expect(field).to_be_focused()
        tab.keyboard.type("keeper 5")  # what is typed is no key
        tab.keyboard.press("Enter")
        expect(toast.get_by_text("tagged keeper 5")).to_be_visible()
        expect(dialog.get_by_role("list", name="Tags").get_by_role("link", name="keeper 5")).to_be_visible()
        dialog.get_by_label("Note").fill("too <b>dark</b>")
        dialog.get_by_role("tab", name="Prompt").click()
        expect(toast.get_by_text("noted")).to_be_visible()
        assert now() == (4, "keep", ("keeper 5",), "too <b>dark</b>")

        toast.get_by_role("button", name="Undo").click()
        expect(toast.get_by_text("undone")).to_be_visible()
        expect(dialog.get_by_label("Note")).to_have_value("")
        tab.keyboard.press("Control+z")
        expect(dialog.get_by_role("link", name="keeper 5")).to_have_count(0)
        tab.keyboard.press("Control+Shift+Z")
        expect(toast.get_by_text("redone")).to_be_visible()
        expect(dialog.get_by_role("link", name="keeper 5")).to_be_visible()
        assert now() == (4, "keep", ("keeper 5",), None)
        dialog.get_by_role("button", name="5 stars").click()
        expect(toast.get_by_text("rated 5")).to_be_visible()
        tab.keyboard.press("0")
        expect(toast.get_by_text("unrated")).to_be_visible()
        tab.keyboard.press("Escape")

        tab.keyboard.press("h")
        steps = tab.get_by_role("dialog", name="History")
        expect(steps.get_by_role("listitem").first).to_contain_text(re.compile("gallery.*2 edits"))
        steps.get_by_role("button", name="judged").click()
        expect(toast.get_by_text("undone")).to_be_visible()
        expect(steps.get_by_role("listitem").filter(has_text="now")).to_contain_text("judged")
        assert now() == (4, "keep", (), None)
        steps.get_by_role("button", name="Before all of this").click()
        expect(steps.get_by_role("listitem").filter(has_text="now")).to_have_count(0)
        assert now() == (None, "undecided", (), None)
        steps.get_by_role("button", name="tagged").click()
        expect(toast.get_by_text("redone")).to_be_visible()
        assert now() == (4, "keep", ("keeper 5",), None)
        catalog.undo(100)
