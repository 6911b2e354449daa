"""The grid in a browser: tiles, filters, keys, selection, the way back, a phone, and without scripts."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from catalog import Catalog
from tests.browser.conftest import TOKEN, copy_sample
from tests.house import job, wait_until
from tests.web.conftest import Site, serving

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page


def tiles(tab: Page) -> Locator:
    return tab.get_by_role("grid", name="Videos").get_by_role("gridcell")


def filters(tab: Page) -> Locator:
    return tab.get_by_role("navigation", name="Filters")


def status(tab: Page) -> Locator:
    return tab.locator("main").get_by_role("status").first


def cursor(tab: Page) -> dict[str, Any]:
    return tab.evaluate(
        "({...document.activeElement.dataset, at: document.activeElement.getBoundingClientRect().left})"
    )


def check_axe(tab: Page) -> None:
    found = Axe().run(tab)
    faults = [each for each in found.response["violations"] if each["impact"] in {"serious", "critical"}]
    assert not faults, json.dumps(faults, indent=1)[:3000]


@pytest.fixture
def edits(tab: Page) -> list[dict[str, Any]]:
    """What the page asks the server to change; nothing is changed."""
    asked: list[dict[str, Any]] = []

    def answer(route: Any) -> None:
        asked.append({"path": route.request.url.rpartition("/")[2], **json.loads(route.request.post_data)})
        route.fulfill(json={"said": "done", "videos": 1, "number": 1})

    tab.route(re.compile("/-/gallery/(edit|undo|redo)$"), answer)
    return asked


def test_the_printed_address_shows_the_videos(tab: Page) -> None:
    assert "token" not in tab.url
    expect(tiles(tab).first).to_be_visible()
    expect(tab.get_by_text("Read-only")).to_have_count(0)
    assert tab.evaluate("document.querySelector('[role=gridcell]').getBoundingClientRect().top") < 100
    assert re.search(r"^.{1,80}, .+, queued, \d+ seconds, unrated$", tiles(tab).first.get_attribute("aria-label"))
    expect(status(tab)).to_have_text("240 of 240")
    assert tab.locator("[role=grid] [tabindex='0']").count() == 1
    check_axe(tab)


def test_rows_are_equally_high_and_pictures_keep_their_shape(tab: Page) -> None:
    tab.goto("/?size=M&q=status:completed+has:file")
    expect(tiles(tab).first).to_be_visible()
    rows = tab.evaluate(
        "[...document.querySelectorAll('[role=row]')].map(row => [...row.querySelectorAll('.picture > :first-child')]"
        ".map(each => ({height: each.getBoundingClientRect().height, shape: each.getBoundingClientRect().width / "
        "each.getBoundingClientRect().height - each.getAttribute('width') / each.getAttribute('height')})))"
    )
    assert len(rows) > 1
    for row in rows:
        assert max(each["height"] for each in row) - min(each["height"] for each in row) < 1
        assert all(abs(each["shape"]) < 0.05 for each in row)


def test_tiles_are_in_rows_before_anything_is_painted(tab: Page) -> None:
    tab.add_init_script(
        "const watcher = new MutationObserver(() => {"
        " if (document.querySelector('.laid')) window.laidAt ??= performance.now(); });"
        " watcher.observe(document, { childList: true, subtree: true });"
    )

    def delay(route: Any) -> None:
        time.sleep(0.3)
        route.continue_()

    tab.route("**/layout.js", delay)
    tab.goto("/")
    paints = "performance.getEntriesByName('first-contentful-paint')"
    wait_until(lambda: tab.evaluate(f"{paints}.length") == 1)
    assert tab.evaluate(f"{paints}[0].startTime > window.laidAt")


def test_tiles_have_the_room_that_there_is(tab: Page) -> None:
    expect(tiles(tab)).to_have_count(96)
    right = "document.querySelector('[role=row]').lastElementChild.getBoundingClientRect().right"
    button = tab.get_by_role("button", name="Filters")
    button.click()
    wait_until(lambda: tab.evaluate("document.querySelector('[role=row]').children.length") > 4)
    assert tab.evaluate(right) == pytest.approx(1280 - 12, abs=1)
    button.click()
    expect(filters(tab)).to_be_visible()
    assert tab.evaluate(right) == pytest.approx(1280 - 12, abs=1)


def test_another_size_of_many_tiles_measures_those_in_the_window_alone(tab: Page) -> None:
    while tiles(tab).count() < 192:
        tab.evaluate("scrollTo(0, document.body.scrollHeight)")
        tab.wait_for_timeout(100)
    tab.evaluate("scrollTo(0, 4000)")
    top = "[...document.elementFromPoint(640, 150).closest('[role=row]').children].map(each => each.dataset.ref)"
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable")

    def count() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "LayoutCount")

    before = count()
    for _ in range(4):
        first = tab.evaluate(top)[0]
        tab.keyboard.press("v")
        assert first in tab.evaluate(top)
    expect(tab).to_have_url(re.compile("size=L"))
    assert count() - before < 30  # with a layout of each row above, more than a hundred


def test_a_facet_narrows_widens_and_excludes_and_the_way_back_leads_back(tab: Page) -> None:
    requests: list[str] = []
    tab.on("request", lambda asked: requests.append(asked.url) if asked.is_navigation_request() else None)
    filters(tab).get_by_role("link", name="failed, 11", exact=True).click()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("status:failed")
    chips = tab.get_by_role("list", name="Query")
    expect(chips.get_by_role("link", name="Remove status:failed")).to_be_visible()
    expect(status(tab)).to_have_text("11 of 240")
    expect(filters(tab).get_by_role("group", name="status").get_by_role("link", name="completed, 220")).to_have_count(1)
    filters(tab).get_by_role("link", name="or queued").click()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("status:failed,queued")
    filters(tab).get_by_role("link", name="not sora-2-pro").click()
    expect(tab).to_have_url(re.compile(r"q=status%3Afailed%2Cqueued\+-model%3Asora-2-pro"))
    chips.get_by_role("link", name="Remove -model:sora-2-pro").click()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("status:failed,queued")
    tab.go_back()
    expect(chips.get_by_role("listitem")).to_have_count(2)
    tab.go_back()
    tab.go_back()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("status:failed")
    expect(status(tab)).to_have_text("11 of 240")
    tab.reload()
    expect(status(tab)).to_have_text("11 of 240")
    assert len([each for each in requests if "results" not in each]) == 1  # the reload
    check_axe(tab)


def test_more_facets_open_in_place_and_dates_filter(tab: Page) -> None:
    filters(tab).get_by_role("link", name="lighting", exact=True).click()
    group = filters(tab).get_by_role("group", name="lighting")
    expect(group.get_by_role("listitem")).to_have_count(24)
    group.get_by_label("Find in lighting").fill("sof")
    expect(group.get_by_role("listitem").filter(visible=True)).to_have_count(1)
    group.get_by_role("link", name=re.compile("^soft, ")).click()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("lighting:soft")
    expect(filters(tab).get_by_role("group", name="lighting")).to_have_count(1)  # it stays open
    tab.get_by_role("link", name="Remove lighting:soft").click()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("")
    dates = filters(tab).get_by_role("group", name="created")
    dates.get_by_role("link", name=re.compile("^2026-10|^20..-.., ")).first.click()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value(re.compile(r"^created:20\d\d-\d\d$"))
    expect(dates.get_by_role("link", name=re.compile(r"^20\d\d-\d\d-\d\d, \d+$")).first).to_have_count(1)


def test_the_query_is_answered_while_it_is_typed_and_its_words_are_completed(tab: Page) -> None:
    field = tab.get_by_role("searchbox", name="Search")
    tab.keyboard.press("/")
    expect(field).to_be_focused()
    field.press_sequentially("mode")
    options = tab.get_by_role("listbox", name="Completions").get_by_role("option")
    expect(options.filter(has_text="model:")).to_be_visible()
    tab.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    tab.keyboard.press("Enter")
    expect(options.filter(has_text="model:wan2.7-t2v")).to_be_visible()
    field.press_sequentially("wa")
    expect(options).to_have_count(1)
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Tab")
    expect(field).to_have_value("model:wan2.7-t2v ")
    expect(status(tab)).to_have_text("12 of 240")
    tab.keyboard.press("Enter")
    expect(tiles(tab).first).to_be_focused()


def test_what_is_wrong_with_a_query_is_said_and_the_last_answer_stays(tab: Page, context: BrowserContext) -> None:
    other = context.new_page()  # the console tells of an answer that is none
    other.goto("/?q=status:failed")
    field = other.get_by_role("searchbox", name="Search")
    field.fill("x " * 501)
    expect(other.get_by_role("alert").filter(visible=True)).to_contain_text("more than 500 terms")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(tiles(other)).to_have_count(11)
    field.fill("modle:sora-2 neon")
    button = other.get_by_role("button", name="did you mean model:")
    expect(button).to_be_visible()
    expect(other.locator(".mirror .slip")).to_have_text("modle:")
    expect(other.get_by_role("heading", name="No videos match")).to_be_visible()
    expect(other.get_by_role("link", name=re.compile(r"^without modle:sora-2: \d+$"))).to_be_visible()
    check_axe(other)
    button.click()
    expect(field).to_have_value("model:sora-2 neon")
    expect(status(other)).to_have_text(re.compile(r"^[1-9]\d* of 240$"))
    field.fill("status:failed status:queued")
    other.get_by_role("link", name="without status:queued: 11").click()
    expect(tiles(other)).to_have_count(11)
    field.fill("status:failed status:queued")
    other.get_by_role("link", name="Show all").click()
    expect(status(other)).to_have_text("240 of 240")


def test_keys_move_the_cursor_by_tiles_and_rows(tab: Page) -> None:
    first = tiles(tab).first.get_attribute("data-ref")
    tab.keyboard.press("ArrowRight")
    assert cursor(tab)["ref"] == first
    tab.keyboard.press("ArrowRight")
    second = cursor(tab)
    assert second["ref"] == tiles(tab).nth(1).get_attribute("data-ref")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("Home")
    assert cursor(tab)["ref"] == first
    tab.keyboard.press("End")
    assert cursor(tab)["at"] > 600
    tab.keyboard.press("PageDown")
    assert tab.evaluate("scrollY") > 0
    tab.keyboard.press("Control+End")
    last = tab.evaluate("[...document.querySelectorAll('[role=gridcell]')].indexOf(document.activeElement)")
    assert last >= 95
    tab.keyboard.press("Control+Home")
    assert cursor(tab)["ref"] == first
    tab.keyboard.press("PageDown")
    tab.keyboard.press("g")
    assert cursor(tab)["ref"] == first
    assert tab.locator("[role=grid] [tabindex='0']").count() == 1
    tab.keyboard.press("n")
    assert cursor(tab)["ref"] == second["ref"]
    tab.keyboard.press("v")
    expect(tab.get_by_role("group", name="Tile size").get_by_role("link", name="L")).to_have_attribute(
        "aria-current", "true"
    )
    expect(tab).to_have_url(re.compile("size=L"))
    assert cursor(tab)["ref"] == second["ref"]
    tab.goto("/")  # another visit of the same browser
    expect(tab.get_by_role("group", name="Tile size").get_by_role("link", name="L")).to_have_attribute(
        "aria-current", "true"
    )


def test_a_key_that_writes_does_so_only_at_a_tile_that_has_the_focus(tab: Page, edits: list[dict[str, Any]]) -> None:
    tab.keyboard.press("4")
    tab.keyboard.press("ArrowRight")
    ref = cursor(tab)["ref"]
    for key in ("Control+4", "Alt+4", "4", "0", "p", "x", "u"):
        tab.keyboard.press(key)
    expect(tab.get_by_role("status", name="Messages")).to_contain_text("done")
    assert [(each["act"], each["value"]) for each in edits] == [
        ("rate", 4), ("rate", 0), ("verdict", "keep"), ("verdict", "reject"), ("verdict", "undecided"),
    ]  # fmt: skip
    assert all(each["refs"] == [ref] for each in edits)
    tab.get_by_role("searchbox", name="Search").press_sequentially("5")
    assert len(edits) == 5


def test_several_are_selected_and_changed_at_once(tab: Page, edits: list[dict[str, Any]]) -> None:
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press(" ")
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("Shift+ArrowRight")
    bar = tab.get_by_role("toolbar", name="Selection")
    expect(bar).to_contain_text("3 selected")
    tab.keyboard.press("Shift+ArrowLeft")
    expect(bar).to_contain_text("2 selected")
    tiles(tab).nth(7).locator("a").click(modifiers=["ControlOrMeta"])
    wide = tab.locator("[role=grid] .tile:not(.narrow-tile)").nth(3)
    wide.hover()
    wide.get_by_role("checkbox", name="Select").check()
    expect(bar).to_contain_text("4 selected")
    refs = [each.get_attribute("data-ref") for each in (*map(tiles(tab).nth, (0, 1, 7)), wide)]
    wide.get_by_role("group", name="Rating").get_by_role("button", name="Rate 3").click()
    bar.get_by_role("button", name="Rate").click()
    tab.get_by_role("dialog", name="Rate").get_by_role("button", name="Rate 5").click()
    bar.get_by_role("button", name="Tag").click()
    dialog = tab.get_by_role("dialog", name="Tag")
    check_axe(tab)
    dialog.get_by_role("textbox").fill("hero")
    tab.keyboard.press("Enter")
    with tab.expect_download() as kept:
        bar.get_by_role("button", name="Export").click()
    lines = kept.value.path().read_text("utf-8").splitlines()
    assert [json.loads(line)["ref"] for line in lines] == refs
    bar.get_by_role("button", name="Compare").focus()
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
    assert [(each["act"], each["refs"], each["value"]) for each in edits] == [
        ("rate", refs[3:], 3), ("rate", refs, 5), ("tag", refs, "hero"),
    ]  # fmt: skip


def test_a_box_that_is_dragged_selects_what_it_touches(tab: Page) -> None:
    tab.goto("/?size=S&q=status:failed")
    expect(tiles(tab)).to_have_count(11)
    last = tiles(tab).last.bounding_box()
    tab.mouse.move(last["x"] + last["width"] + 60, last["y"] + last["height"] + 40)
    tab.mouse.down()
    tab.mouse.move(300, 300, steps=3)
    tab.mouse.move(last["x"] + last["width"] / 2, last["y"] + last["height"] / 2, steps=3)
    tab.mouse.up()
    expect(tiles(tab).last).to_have_attribute("aria-selected", "true")
    tab.keyboard.press("Tab")


def test_further_pages_come_while_one_scrolls_and_back_leads_to_where_one_was(tab: Page) -> None:
    expect(tiles(tab)).to_have_count(96)  # the second page comes before one gets there
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press(" ")
    tab.evaluate("scrollTo(0, document.body.scrollHeight)")
    wait_until(lambda: tiles(tab).count() > 96)
    refs = tab.evaluate("[...document.querySelectorAll('[role=gridcell]')].map(each => each.dataset.ref)")
    assert len(set(refs)) == len(refs)
    tab.evaluate("scrollTo(0, 1500)")
    filters(tab).get_by_role("link", name="failed, 11", exact=True).click()
    expect(tiles(tab)).to_have_count(11)
    tab.go_back()
    wait_until(lambda: tab.evaluate("scrollY") == 1500)
    expect(tiles(tab).first).to_have_attribute("aria-selected", "true")
    expect(tab.get_by_role("toolbar", name="Selection")).to_contain_text("1 selected")
    tab.goto("/-/gallery/complete")
    tab.go_back()
    wait_until(lambda: tab.evaluate("scrollY") == 1500)
    expect(tiles(tab).first).to_have_attribute("aria-selected", "true")


def test_a_tile_plays_below_the_pointer_unless_motion_is_reduced(tab: Page) -> None:
    tab.goto("/?q=has:file+status:completed+model:wan2.7-t2v")
    tile = tab.locator("[data-sheet], [data-clip]").first
    box = tile.bounding_box()
    tile.hover()
    expect(tile.locator(".scrub")).to_have_count(1)
    assert tile.bounding_box() == box
    tab.mouse.move(5, 500)
    expect(tile.locator(".scrub")).to_have_count(0)
    tab.emulate_media(reduced_motion="reduce")
    tab.mouse.move(box["x"] + 9, box["y"] + 60)
    expect(tile.locator(".scrub")).to_have_count(1)
    shown = "view => view.paused ?? view.dataset.frame"
    before = tile.locator(".scrub").evaluate(shown)
    tab.wait_for_timeout(700)
    assert tile.locator(".scrub").evaluate(shown) == before
    assert before is not False


def test_a_phone_has_two_columns_and_a_sheet_of_filters(chromium: Browser, served: Site) -> None:
    context = chromium.new_context(
        base_url=str(served.base_url), viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    tab = context.new_page()
    tab.goto("/?q=status:completed")
    expect(tiles(tab).first).to_be_visible()
    assert set(
        tab.evaluate("[...document.querySelectorAll('[role=row]')].slice(0, -1).map(each => each.children.length)")
    ) == {2}
    expect(tab.get_by_role("navigation", name="Filters")).to_have_count(0)
    tab.get_by_role("button", name="Filters").tap()
    sheet = tab.get_by_role("dialog", name="Filters")
    check_axe(tab)
    sheet.get_by_role("link", name="sora-2, ").first.tap()
    expect(sheet.get_by_role("link", name="sora-2, ").first).to_have_attribute("aria-current", "true")
    sheet.get_by_role("button", name="Close").tap()
    expect(tab.get_by_role("searchbox", name="Search")).to_have_value("status:completed model:sora-2")
    tab.set_viewport_size({"width": 320, "height": 700})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    check_axe(tab)
    context.close()


def test_everything_is_found_without_scripts(chromium: Browser, served: Site) -> None:
    context = chromium.new_context(base_url=str(served.base_url), java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/")
    expect(tab.get_by_text("Read-only")).to_be_visible()
    tab.get_by_role("link", name="Next page").click()
    tab.get_by_role("link", name="Previous page").click()
    expect(tab.get_by_role("link", name="Previous page")).to_have_count(0)
    filters(tab).get_by_role("link", name="lighting", exact=True).click()
    filters(tab).get_by_role("group", name="lighting").get_by_role("link", name="not soft").click()
    tab.get_by_role("searchbox", name="Search").fill("neon")
    tab.get_by_role("combobox", name="Sort").select_option("Oldest first")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Search").click()
    expect(tab).to_have_url(re.compile(r"q=neon&sort=created_at"))
    expect(status(tab)).to_have_text(re.compile(r"^27 of 240$"))
    tab.get_by_role("link", name="One per prompt").click()
    expect(status(tab)).to_have_text(re.compile(r"^\d+ of 240$"))
    context.close()


def test_new_jobs_show_while_one_looks(sample: Path, tmp_path: Path, chromium: Browser) -> None:
    path = copy_sample(sample, tmp_path / "home")
    with serving(path, token=TOKEN) as site:
        tab, stacked = (chromium.new_page(base_url=str(site.base_url)) for _ in range(2))
        for page, address in ((tab, "/"), (stacked, "/?stack=1")):
            page.goto(address)
            expect(tiles(page).first).to_be_visible()
        stacks = int(status(stacked).inner_text().split()[0])
        with Catalog.open(path) as catalog:
            for name, new in (("new", 1), ("take", 0)):  # of one prompt
                revision = stacked.locator("main").get_attribute("data-revision") or ""
                found = json.dumps({"object": "list", "data": [job(name, prompt="A new one")]})
                (tmp_path / "new.json").write_text(found)
                catalog.import_path(tmp_path / "new.json", source="demo")
                tab.get_by_role("button", name="1 new").click(timeout=30_000)
                expect(stacked.locator("main")).not_to_have_attribute("data-revision", revision, timeout=30_000)
                fresh = stacked.get_by_role("button", name=" new")
                expect(fresh).to_have_count(new)
                if new:
                    fresh.click()
                expect(status(stacked)).to_have_text(re.compile(f"^{stacks + 1} of "))
        expect(status(tab)).to_have_text("242 of 242")
        tab.close()
        stacked.close()


def test_thumbnails_to_be_made_are_counted_until_there_are_none(tab: Page) -> None:
    said = ["37 thumbnails are still to be made: catalog reindex --pictures", ""]
    tab.route("**/-/gallery/pictures", lambda route: route.fulfill(json={"due": 37, "said": said[0]}))
    tab.goto("/")
    line = tab.get_by_text("thumbnails are still to be made")
    expect(line).to_have_text(said[0])
    filters(tab).get_by_role("link", name="failed, 11", exact=True).click()
    expect(tiles(tab)).to_have_count(11)
    expect(line).to_be_visible()
    del said[0]
    expect(line).to_have_count(0, timeout=30_000)


def test_an_empty_library_says_what_fills_it_and_shows_what_does(tmp_path: Path, chromium: Browser) -> None:
    path = tmp_path / "catalog.db"
    with Catalog.init(path) as catalog, serving(path, token=TOKEN) as site:
        tab = chromium.new_page(base_url=str(site.base_url))
        tab.goto("/")
        for command in ("catalog sync", "catalog import FILES", "catalog watch FOLDER"):
            expect(tab.get_by_text(command)).to_be_visible()
        check_axe(tab)
        (tmp_path / "new.json").write_text(json.dumps({"object": "list", "data": [job("new", prompt="A new one")]}))
        catalog.import_path(tmp_path / "new.json", source="studio")
        expect(tiles(tab)).to_have_count(1, timeout=30_000)
        tab.close()


def test_the_keys_are_explained(tab: Page) -> None:
    tab.keyboard.press("?")
    dialog = tab.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_label("Switch single-letter keys off")).to_be_visible()
    names = dialog.locator("kbd").all_inner_texts()
    assert {"Space", "Left", "Ctrl+z", "o"} <= set(names)
    assert all(name.strip() for name in names)
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
