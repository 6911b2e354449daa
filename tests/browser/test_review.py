"""Review in a browser, by keyboard alone and by its buttons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import CLIPS
from tests.house import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from tests.web.conftest import Site

QUERY = f"/?q={CLIPS}&sort=-created_at"


def begin(tab: Page) -> tuple[Locator, Locator]:
    """A review that has begun over the grid, and its line of progress."""
    tab.goto(QUERY)
    expect(tab.get_by_role("link", name="Review")).to_be_visible()
    tab.keyboard.press("r")
    dialog = tab.get_by_role("dialog", name="Review")
    progress = dialog.locator("header").get_by_role("status")
    expect(progress).to_have_text("1 of 12, 0 kept, 0 rejected")
    return dialog, progress


def undo(tab: Page, steps: int) -> None:
    for _ in range(steps):
        tab.keyboard.press("Control+z")
        expect(tab.get_by_role("status", name="Messages")).to_contain_text("undone")
        tab.get_by_role("status", name="Messages").evaluate("(box) => box.replaceChildren()")


def test_keys_alone_decide_rate_and_move_on(tab: Page) -> None:
    dialog, progress = begin(tab)
    tab.keyboard.press("p")
    tab.keyboard.press("4")  # at once: it is about the next clip
    expect(progress).to_have_text("3 of 12, 1 kept, 0 rejected")
    tab.keyboard.press("ArrowLeft")
    expect(dialog.get_by_text("rated 4", exact=True).first).to_be_visible()
    tab.keyboard.press("ArrowLeft")
    expect(progress).to_have_text("1 of 12, 1 kept, 0 rejected")
    expect(dialog.locator("figure").get_by_text("kept", exact=True)).to_be_visible()
    expect(dialog.get_by_role("button", name="Keep")).to_have_attribute("aria-pressed", "true")
    tab.keyboard.press("u")
    expect(progress).to_have_text("2 of 12, 0 kept, 0 rejected")
    tab.keyboard.press("Home")
    tab.keyboard.press("n")  # the second is rated, the first is not shown twice
    expect(progress).to_have_text("3 of 12, 0 kept, 0 rejected")
    assert "review=demo%3A" in tab.url
    undo(tab, 2)  # the mark taken off, and the rating
    expect(progress).to_have_text("2 of 12, 1 kept, 0 rejected")
    expect(dialog.locator("figcaption").get_by_text("unrated", exact=True)).to_be_visible()
    undo(tab, 1)
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    wait_until(lambda: "review=" not in tab.evaluate("location.search"))


def test_rejected_clips_are_asked_about_once(tab: Page) -> None:
    dialog, progress = begin(tab)
    dialog.get_by_role("button", name="Reject").click()
    expect(progress).to_have_text("2 of 12, 0 kept, 1 rejected")
    dialog.get_by_role("button", name="Reject").click()
    tab.keyboard.press("Escape")
    question = tab.get_by_role("dialog", name="Rejected clips")
    expect(question.get_by_role("heading")).to_have_text("2 rejected clips")
    assert_accessible(tab)
    tab.keyboard.press("Escape")  # one step back
    expect(question).to_have_count(0)
    expect(dialog).to_be_visible()
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tab).not_to_have_url(re.compile("review="))  # or going there would meet going back

    tab.goto(QUERY)
    tab.get_by_role("link", name="Review").click()
    expect(progress).to_have_text("3 of 12, 0 kept, 2 rejected")  # the first undecided one
    tab.keyboard.press("End")
    expect(progress).to_have_text("12 of 12, 0 kept, 2 rejected")
    tab.keyboard.press("x")
    expect(question.get_by_role("heading")).to_have_text("1 rejected clip")  # those of this review
    question.get_by_role("button", name="Hide it").click()
    expect(dialog).to_have_count(0)
    expect(tab.get_by_role("status", name="Messages")).to_contain_text("hidden")
    expect(tab).not_to_have_url(re.compile("review="))
    tab.goto(QUERY)
    expect(tab.get_by_role("gridcell")).to_have_count(11)
    undo(tab, 4)
    tab.goto(QUERY)
    expect(tab.get_by_role("gridcell")).to_have_count(12)


def test_a_clip_plays_by_itself_unless_motion_is_unwanted(tab: Page) -> None:
    tab.goto(f"{QUERY}&review=1")
    dialog = tab.get_by_role("dialog", name="Review")
    expect(dialog.get_by_text("of 12,")).to_be_visible()
    with tab.expect_request("**/-/media/*.mp4"):  # of the third clip, while the second is shown
        tab.keyboard.press("ArrowRight")
    expect(dialog.get_by_text("2 of 12,")).to_be_visible()
    tab.keyboard.press("ArrowRight")
    expect(dialog.locator("video")).to_have_count(1)
    wait_until(lambda: tab.evaluate("document.querySelector('dialog video').currentTime > 0"))
    assert tab.evaluate("document.querySelector('dialog video').muted")
    assert_accessible(tab)
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("grid", name="Videos")).to_be_visible()
    tab.emulate_media(reduced_motion="reduce")
    tab.go_back()
    expect(dialog.locator("video")).to_have_count(1)
    wait_until(lambda: tab.evaluate("document.querySelector('dialog video').readyState >= 3"))
    assert tab.evaluate("document.querySelector('dialog video').paused")


def test_without_the_token_keys_say_why_they_do_nothing(chromium: Browser, served: Site) -> None:
    context = chromium.new_context(base_url=str(served.base_url), viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{QUERY}&review=1")
    dialog = page.get_by_role("dialog", name="Review")
    expect(dialog.get_by_text("Read-only")).to_be_visible()
    progress = dialog.locator("header").get_by_role("status")
    page.keyboard.press("p")
    expect(page.get_by_role("status", name="Messages")).to_contain_text("Read-only")
    dialog.get_by_role("button", name="Next", exact=True).click()
    expect(progress).to_have_text("2 of 12, 0 kept, 0 rejected")
    for button in dialog.get_by_role("button").all():
        box = button.bounding_box()
        assert box is None or (box["width"] >= 44 and box["height"] >= 44)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
