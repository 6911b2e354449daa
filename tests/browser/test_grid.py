"""The grid in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_the_printed_address_shows_the_videos(tab: Page) -> None:
    assert "token" not in tab.url
    expect(tab.get_by_role("grid", name="Videos").get_by_role("gridcell").first).to_be_visible()
    expect(tab.get_by_text("Read-only")).to_have_count(0)


def test_a_facet_narrows_what_is_shown(tab: Page) -> None:
    tab.get_by_role("navigation", name="Filters").get_by_role("link", name="failed, ").first.click()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("status:failed")
    expect(tab.get_by_role("list", name="Query").get_by_role("link", name="Remove status:failed")).to_be_visible()


def test_the_keys_are_explained(tab: Page) -> None:
    tab.keyboard.press("?")
    dialog = tab.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_label("Switch single-letter keys off")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
