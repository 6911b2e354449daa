"""One video over the grid: how it opens and closes, plays, copies, and leads to its kin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from catalog import Catalog
from tests.browser.conftest import CORE, TOKEN

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from catalog import Video
    from tests.web.conftest import Site

QUERY = "has:file model:wan2.7-t2v"


@pytest.fixture(scope="module")
def clips(served: Site) -> list[Video]:
    """The videos whose clips are here, as the grid lists them."""
    with Catalog.open(served.path) as catalog:
        return list(catalog.iterate(QUERY))


def address(video: Video, query: str = QUERY) -> str:
    return f"/?q={quote(query)}&open={quote(video.ref)}"


def frame_of(tab: Page) -> int:
    text = tab.get_by_text(re.compile(r"frame (about )?\d+ of \d+")).inner_text()
    return int(re.findall(r"\d+", text)[0])


def test_a_tile_opens_plays_and_gives_the_focus_back(tab: Page, clips: list[Video]) -> None:
    tab.goto(f"/?q={quote(QUERY)}")
    tile = tab.get_by_role("gridcell").first
    tile.get_by_role("link").first.click()
    dialog = tab.get_by_role("dialog", name=f"Video {clips[0].ref}")
    expect(dialog).to_be_visible()
    assert f"open={quote(clips[0].ref, safe='')}" in tab.url
    clip = dialog.locator("video")
    expect(clip).to_have_js_property("paused", False)
    expect(clip).to_have_js_property("muted", True)
    tab.keyboard.press(".")
    expect(clip).to_have_js_property("paused", True)
    first = frame_of(tab)
    tab.keyboard.press(".")
    expect(tab.get_by_text(re.compile(f"frame (about )?{first + 1} of"))).to_be_visible()
    tab.keyboard.press(",")
    expect(tab.get_by_text(re.compile(f"frame (about )?{first} of"))).to_be_visible()
    tab.keyboard.press(">")
    expect(clip).to_have_js_property("playbackRate", 1.25)
    tab.keyboard.press(" ")
    expect(clip).to_have_js_property("paused", False)
    tab.keyboard.press("[")
    expect(dialog.get_by_role("button", name="Loop from here")).to_have_attribute("aria-pressed", "true")
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("dialog", name=f"Video {clips[1].ref}")).to_be_visible()
    tab.keyboard.press("ArrowLeft")
    expect(dialog).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab).not_to_have_url(re.compile("open="))
    expect(tile).to_be_focused()
    tab.go_forward()
    expect(tab.get_by_role("dialog")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("dialog")).to_have_count(0)


def test_tabs_and_copies(tab: Page, clips: list[Video]) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.goto(address(clips[0]))
    dialog = tab.get_by_role("dialog")
    tabs = dialog.get_by_role("tab")
    assert [text.split()[0] for text in tabs.all_inner_texts()] == ["Prompt", "Family", "Facts", "History"]
    dialog.get_by_role("tab", name="Prompt").click()
    for name, in_text in (("prompt", clips[0].prompt), ("ref", clips[0].ref), ("path", clips[0].files[0].path)):
        dialog.get_by_role("button", name=f"Copy {name}").click()
        expect(tab.get_by_role("status").get_by_text(f"{name} copied")).to_be_visible()
        assert tab.evaluate("navigator.clipboard.readText()") == in_text
    tab.keyboard.press("q")
    expect(tab.get_by_role("status").get_by_text("request copied")).to_be_visible(timeout=60_000)
    assert (clips[0].prompt or "")[:20] in tab.evaluate(
        "navigator.clipboard.readText().then((text) => JSON.parse(text).prompt)"
    )
    tab.keyboard.press("k")
    expect(tab.get_by_role("status").get_by_text("command copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()").startswith("curl ")
    dialog.get_by_role("tab", name="Prompt").focus()
    tab.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("tab", name="History")).to_be_focused()
    expect(dialog.get_by_role("tabpanel", name="History")).to_be_visible()
    tab.keyboard.press("l")
    expect(dialog.get_by_role("tabpanel", name="Family")).to_be_visible()
    dialog.get_by_role("tab", name="Facts").click()
    expect(dialog.get_by_text("Asked for and delivered")).to_be_visible()
    tab.keyboard.press("i")
    expect(dialog.get_by_role("tab", name="Facts")).to_be_hidden()
    tab.keyboard.press("i")
    dialog.get_by_role("tab", name="Prompt").click()
    dialog.get_by_role("link", name=clips[0].model or "").first.click()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value(f"model:{clips[0].model}")


def test_arrows_walk_the_family(tab: Page, served: Site) -> None:
    with Catalog.open(served.path) as catalog:
        child = next(catalog.iterate("depth:1"))
        parent = catalog.lineage(child.ref).ancestors[0].ref
        first = next(node for node in catalog.lineage(parent).roots[0].children if node.video).ref
    tab.goto(address(child, ""))
    tab.keyboard.press("ArrowUp")
    expect(tab.get_by_role("dialog", name=f"Video {parent}")).to_be_visible()
    tab.keyboard.press("ArrowDown")
    expect(tab.get_by_role("dialog", name=f"Video {first}")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("dialog", name=f"Video {parent}")).to_be_visible()


# Counts how many parts of the page listen for other results.
COUNT = """const set = Map.prototype.set; window.most = 0;
Map.prototype.set = function (name, value) {
  if (name === "results") window.most = Math.max(window.most, value.length);
  return set.call(this, name, value);
};"""


def test_the_next_one_after_the_last_is_fetched_and_nobody_is_left_listening(tab: Page) -> None:
    tab.add_init_script(COUNT)
    tab.goto("/")
    expect(tab.get_by_role("gridcell").first).to_be_visible()
    listening = tab.evaluate("window.most")
    assert listening > 0
    for _ in range(2):
        last = tab.get_by_role("gridcell").last.get_attribute("data-ref") or ""
        tab.evaluate(f"ref => {CORE}.then(core => void core.tell('open', ref))", last)
        shown = tab.get_by_role("dialog", name=f"Video {last}")
        expect(shown).to_be_visible()
        tab.keyboard.press("ArrowRight")
        expect(shown).to_have_count(0)
        expect(tab.get_by_role("dialog")).to_have_count(1)
    assert tab.evaluate("window.most") == listening


def test_an_unknown_ref_is_said_to_be_unknown(tab: Page) -> None:
    seen = tab.context.new_page()
    answer = seen.goto("/?open=studio%3Anobody")
    assert answer
    assert answer.status == 404
    expect(seen.get_by_role("heading", name="no video studio:nobody in this library")).to_be_visible()


def test_nothing_moves_by_itself_where_that_is_not_wanted(chromium: Browser, served: Site, clips: list[Video]) -> None:
    context = chromium.new_context(base_url=str(served.base_url), reduced_motion="reduce")
    still = context.new_page()
    still.goto(address(clips[0]))
    clip = still.locator("dialog video")
    expect(clip).to_have_js_property("readyState", 4)
    expect(still.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert clip.evaluate("each => each.paused && each.currentTime === 0")
    still.keyboard.press("4")
    expect(still.get_by_role("status").get_by_text("Read-only")).to_be_visible()
    context.close()


def test_without_scripts_it_is_a_page(chromium: Browser, served: Site, clips: list[Video]) -> None:
    context = chromium.new_context(base_url=str(served.base_url), java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"/?token={TOKEN}")
    plain.goto(f"/?q={quote(QUERY)}")
    plain.get_by_role("gridcell").first.get_by_role("link").first.click()
    dialog = plain.get_by_role("dialog", name=f"Video {clips[0].ref}")
    expect(dialog.get_by_text(re.compile(re.escape((clips[0].prompt or "")[:12]))).first).to_be_visible()
    assert dialog.locator("video").get_attribute("controls") is not None
    for name in ("Family", "Facts", "History"):
        expect(dialog.get_by_role("heading", name=name, exact=True)).to_be_visible()
    dialog.get_by_role("combobox", name="Rating").select_option("3")
    dialog.get_by_role("combobox", name="Verdict").select_option("keep")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Rated 3 of 5, kept")).to_be_visible()
    assert f"open={quote(clips[0].ref, safe='')}" in plain.url
    dialog.get_by_role("combobox", name="Rating").select_option("none")
    dialog.get_by_role("combobox", name="Verdict").select_option("undecided")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Unrated", exact=True)).to_be_visible()
    dialog.get_by_role("link", name="Next video").click()
    expect(plain.get_by_role("dialog", name=f"Video {clips[1].ref}")).to_be_visible()
    plain.get_by_role("dialog").get_by_role("link", name="Close").click()
    expect(plain.get_by_role("dialog")).to_have_count(0)
    context.close()
