"""Compare in a browser: real clips on one clock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from catalog import Catalog
from tests.browser.axe import assert_accessible
from tests.browser.conftest import CLIPS, CORE
from tests.house import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.web.conftest import Site

APART = 0.09  # seconds that clips may be apart
# The widest gaps between the clips while they play, in seconds, sorted, and how far they came.
MEASURE = """async ([frames]) => {
  const clips = [...document.querySelectorAll("dialog video")];
  const gaps = [];
  const begin = clips[0].currentTime;
  while (gaps.length < frames) {
    await new Promise((done) => requestAnimationFrame(done));
    const times = clips.map((clip) => clip.currentTime);
    gaps.push(Math.max(...times) - Math.min(...times));
  }
  return { gaps: gaps.sort((one, other) => one - other), moved: clips[0].currentTime - begin };
}"""
TIMES = "[...document.querySelectorAll('dialog video')].map((clip) => clip.currentTime)"
MUTED = "[...document.querySelectorAll('dialog video')].map((clip) => clip.muted)"


@pytest.fixture(scope="module")
def clips(sample: Path) -> list[str]:
    """Refs of clips of ten seconds, the upright ones first."""
    with Catalog.open(sample / "catalog.db") as catalog:
        videos = [video for video in catalog.iterate(CLIPS) if any(file.path for file in video.files)]
    long = [video for video in videos if video.seconds == 10]
    return [video.ref for video in sorted(long, key=lambda video: video.width or 0)]


def compare(tab: Page, refs: list[str]) -> Locator:
    tab.goto(f"/?compare={','.join(refs)}")
    dialog = tab.get_by_role("dialog", name="Compare")
    expect(dialog.get_by_role("button", name="Play", exact=True)).to_be_focused()
    wait_until(
        lambda: tab.evaluate("[...document.querySelectorAll('dialog video')].every((clip) => clip.readyState >= 3)")
    )
    return dialog


def assert_together(gaps: list[float]) -> None:
    """The clips are at one moment, but for a few looks that come while the machine does something else."""
    assert gaps[int(0.9 * len(gaps))] <= APART
    assert gaps[-1] <= 3 * APART


def test_four_clips_play_on_one_clock(tab: Page, clips: list[str]) -> None:
    dialog = compare(tab, clips[:4])
    tab.keyboard.press("Space")
    expect(dialog.get_by_role("button", name="Pause")).to_be_visible()
    wait_until(lambda: tab.evaluate(f"{TIMES}[0] > 0.2"))
    played = tab.evaluate(MEASURE, [40])
    assert played["moved"] > 0
    assert_together(played["gaps"])
    tab.evaluate("document.querySelectorAll('dialog video')[1].currentTime += 0.4")  # as if one had stalled
    wait_until(lambda: tab.evaluate(f"Math.max(...{TIMES}) - Math.min(...{TIMES}) <= {APART}"))
    assert_together(tab.evaluate(MEASURE, [20])["gaps"])
    tab.keyboard.press("Space")
    expect(dialog.get_by_role("button", name="Play", exact=True)).to_be_visible()
    wait_until(lambda: tab.evaluate(f"new Set({TIMES}).size === 1"))


def test_frames_seeking_and_sound_are_of_all(tab: Page, clips: list[str]) -> None:
    dialog = compare(tab, clips[:2])
    dialog.get_by_role("slider", name="Position").fill("4")
    wait_until(lambda: tab.evaluate(f"{TIMES}.every((time) => time === 4)"))
    tab.keyboard.press(".")
    wait_until(lambda: tab.evaluate(f"{TIMES}.every((time) => Math.abs(time - 4 - 1 / 12) < 0.01)"))
    tab.keyboard.press(",")
    wait_until(lambda: tab.evaluate(f"{TIMES}.every((time) => Math.abs(time - 4) < 0.01)"))
    assert tab.evaluate(MUTED) == [False, True]
    tab.keyboard.press("m")
    assert tab.evaluate(MUTED) == [True, False]
    tab.keyboard.press("m")
    assert tab.evaluate(MUTED) == [False, True]
    wipe = dialog.get_by_role("switch", name="Wipe")
    wipe.check()
    expect(dialog.get_by_role("slider", name="Wipe line")).to_be_visible()
    looks = tab.locator("dialog video")
    assert looks.nth(0).bounding_box() == looks.nth(1).bounding_box()
    assert "50%" in looks.nth(1).evaluate("(clip) => getComputedStyle(clip).clipPath")
    assert_accessible(tab)
    wipe.uncheck()
    expect(dialog.get_by_text(" equal", exact=False).first).to_be_visible()


def test_blind_hides_which_is_which_until_one_is_kept(tab: Page, clips: list[str]) -> None:
    dialog = compare(tab, [clips[0], clips[-1]])
    expect(dialog.get_by_role("link", name="wan2.7-t2v").first).to_be_visible()
    expect(dialog.get_by_role("switch", name="Wipe")).to_be_hidden()  # of two shapes
    tab.keyboard.press("b")
    expect(dialog.get_by_role("switch", name="Blind")).to_be_checked()
    expect(dialog.get_by_role("link")).to_have_count(0)
    expect(dialog.get_by_role("table")).to_have_count(0)
    assert "wan2.7" not in dialog.inner_text()
    second = dialog.locator("figure").nth(1)
    ref = second.get_attribute("data-ref")
    tab.keyboard.press("2")
    expect(tab.get_by_role("status", name="Messages")).to_contain_text("kept")
    expect(second.get_by_role("link")).to_contain_text(ref)
    expect(second.get_by_text("kept", exact=True)).to_be_visible()
    expect(dialog.get_by_role("row", name="verdict").get_by_role("cell").nth(1)).to_have_text("keep")
    tab.keyboard.press("Control+z")
    expect(second.get_by_text("kept", exact=True)).to_have_count(0)


def test_it_opens_over_the_grid_and_gives_the_focus_back(tab: Page, clips: list[str]) -> None:
    tab.goto(f"/?q={CLIPS}")
    tile = tab.get_by_role("gridcell").first
    tile.focus()
    tell = f"(refs) => {CORE}.then((core) => core.tell('compare', refs))"
    tab.evaluate(tell, clips[:1] * 5)
    expect(tab.get_by_role("status", name="Messages")).to_contain_text("compare takes 2 to 4")
    tab.evaluate(tell, clips[:3])
    dialog = tab.get_by_role("dialog", name="Compare")
    expect(dialog).to_be_visible()
    expect(tab).to_have_url(re.compile("compare="))
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("x")
    expect(dialog.locator("figure")).to_have_count(2)
    expect(dialog.get_by_role("columnheader")).to_have_count(3)
    wait_until(lambda: clips[1] not in unquote(tab.evaluate("location.search")))
    tab.keyboard.press("x")
    expect(dialog.locator("figure")).to_have_count(2)
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tile).to_be_focused()
    wait_until(lambda: "compare=" not in tab.evaluate("location.search"))
    tab.go_forward()
    expect(dialog).to_be_visible()
    tab.go_back()
    expect(dialog).to_have_count(0)


def test_nothing_plays_by_itself_and_no_script_is_needed(chromium: Browser, served: Site, clips: list[str]) -> None:
    context = chromium.new_context(base_url=str(served.base_url), java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/?compare={','.join(clips[:2])}")
    dialog = page.get_by_role("dialog", name="Compare")
    assert dialog.locator("video[controls]").count() == 2
    expect(dialog.get_by_role("heading", level=1)).to_have_text("Compare 2 videos")
    expect(dialog.get_by_role("button", name="Keep")).to_have_count(0)
    dialog.get_by_role("link", name="Close").click()
    expect(page.get_by_role("grid", name="Videos")).to_be_visible()
    context.close()
