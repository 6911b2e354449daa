"""Clips of every kind in a browser: several of one job, with sound, on a drive that is away, in a folder, by finger."""

from __future__ import annotations

import io
import math
import os
import re
from array import array
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import av
import pytest
from PIL import Image
from playwright.sync_api import expect

from catalog import Catalog
from catalog.records import Probe
from tests.browser.axe import assert_accessible
from tests.browser.conftest import TOKEN
from tests.house import job, wait_until
from tests.web.conftest import serving
from tests.web.gallery.shelf import hold, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.web.conftest import Site

SIZE = (160, 96)
SECONDS, FPS, RATE, LENGTH = 4, 12, 44_100, 1024
PROBE = Probe(seconds=SECONDS, width=SIZE[0], height=SIZE[1], fps=FPS, codec="h264", audio="aac")


def make_clip(color: str) -> bytes:
    """A clip of one colour, with a tone."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        pictures: Any = container.add_stream("libx264", rate=FPS)
        pictures.width, pictures.height = SIZE
        pictures.pix_fmt = "yuv420p"
        sound: Any = container.add_stream("aac", rate=RATE, layout="mono")
        for _ in range(SECONDS * FPS):
            container.mux(pictures.encode(av.VideoFrame.from_image(Image.new("RGB", SIZE, color))))
        tone = array("f", (math.sin(2 * math.pi * 440 * moment / RATE) / 4 for moment in range(SECONDS * RATE)))
        for start in range(0, len(tone), LENGTH):
            part = tone[start : start + LENGTH]
            frame = av.AudioFrame(format="fltp", layout="mono", samples=len(part), align=1)
            frame.planes[0].update(part.tobytes())
            frame.sample_rate, frame.pts = RATE, start
            container.mux(sound.encode(frame))
        container.mux(pictures.encode(None))
        container.mux(sound.encode(None))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def served(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three jobs with clips that sound, the first with another clip and a picture, and one in a folder that is watched.

    Folders are opened by a program that writes down which.
    """
    home = tmp_path_factory.mktemp("clips")
    path = home / "catalog.db"
    path.write_bytes(_migrated.read_bytes())
    jobs = (job(f"v{n}", prompt=f"A fox, number {n}", created_at=1_790_000_000 - n, seconds="4") for n in (1, 2, 3))
    take_in(path, *jobs)
    clips = {color: make_clip(color) for color in ("teal", "maroon", "olive", "navy")}
    for name, color in (("v1", "teal"), ("v2", "maroon"), ("v3", "olive")):
        hold(path, clips[color], "video/mp4", of=name, probe=PROBE)
    hold(path, clips["navy"], "video/mp4", of="v1", number=2, probe=PROBE)
    picture = io.BytesIO()
    Image.new("RGB", SIZE, "orange").save(picture, "PNG")
    hold(path, picture.getvalue(), "image/png", of="v1", variant="image", probe=Probe(width=SIZE[0], height=SIZE[1]))
    (home / "drive").mkdir()
    (home / "drive" / "a far clip.mp4").write_bytes(make_clip("plum"))
    with Catalog.open(path) as catalog:
        assert catalog.watch(home / "drive", source="studio", once=True).folders[0].made == 1
    (home / "bin").mkdir()
    opener = home / "bin" / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" >> "{home}/opened"\n')
    opener.chmod(0o755)
    paths = f"{opener.parent}{os.pathsep}{os.environ['PATH']}"
    with serving(path, {"PATH": paths}, token=TOKEN) as site:
        yield site


@pytest.fixture
def phone(chromium: Browser, served: Site) -> Iterator[Page]:
    """A phone that may write."""
    context = chromium.new_context(
        base_url=str(served.base_url), viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")
    yield page
    context.close()


def swipe(page: Page, place: Locator, by: int) -> None:
    """Move a finger over the middle of an element, so many pixels to the right."""
    box = place.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2 - by / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, part in (("touchStart", 0), ("touchMove", 0.5), ("touchMove", 1)):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x + by * part, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def assert_large(buttons: list[Locator]) -> None:
    """Each of the buttons can be hit with a finger."""
    sizes = [box for button in buttons if (box := button.bounding_box())]
    assert sizes
    assert all(box["width"] >= 44 and box["height"] >= 44 for box in sizes)


def test_a_finger_leads_to_the_neighbour_in_the_detail_and_in_a_review(phone: Page) -> None:
    phone.goto("/?q=fox&open=studio:v1")
    first, second = (phone.get_by_role("dialog", name=f"Video studio:v{number}") for number in (1, 2))
    expect(first.get_by_role("button", name="Keep")).to_be_visible()
    assert_large([*first.get_by_role("group", name="Verdict").get_by_role("button").all()])
    swipe(phone, first.locator(".screen"), -160)
    expect(second).to_be_visible()
    swipe(phone, second.locator(".screen"), 30)  # too short to mean it
    swipe(phone, second.locator(".panel"), -160)  # not over the clip
    expect(second).to_be_visible()
    swipe(phone, second.locator(".screen"), 160)
    expect(first).to_be_visible()
    phone.goto("/?q=fox&sort=-created_at&review=1")
    review = phone.get_by_role("dialog", name="Review")
    progress = review.locator("header").get_by_role("status")
    expect(progress).to_contain_text("1 of 3")
    swipe(phone, review.locator(".look"), -160)
    expect(progress).to_have_text("2 of 3, 0 kept, 0 rejected")
    swipe(phone, review.locator(".look"), 160)
    expect(progress).to_have_text("1 of 3, 0 kept, 0 rejected")
    assert_large(review.get_by_role("group", name="Verdict").get_by_role("button").all())


def test_several_files_of_a_job_full_screen_and_its_folder(tab: Page, served: Site) -> None:
    tab.goto("/?q=fox&open=studio:v1")
    dialog = tab.get_by_role("dialog", name="Video studio:v1")
    files = dialog.get_by_role("group", name="Files").get_by_role("button")
    expect(files).to_have_text(["Clip 1", "Clip 2", "Picture 1"])
    shown = dialog.locator(".shown:visible")
    expect(shown).to_have_count(1)
    sources = []
    for name in ("Clip 2", "Clip 1"):
        files.get_by_text(name).click()
        expect(files.get_by_text(name)).to_have_attribute("aria-pressed", "true")
        wait_until(lambda: shown.locator("video").evaluate("clip => clip.readyState >= 3"))
        sources.append(shown.locator("video").get_attribute("src"))
        expect(shown).to_have_count(1)
    assert len(set(sources)) == 2
    assert_accessible(tab, "dialog")
    dialog.focus()
    tab.keyboard.press("f")
    wait_until(lambda: tab.evaluate("document.fullscreenElement?.classList.contains('stage') ?? false"))
    tab.keyboard.press("f")
    wait_until(lambda: tab.evaluate("document.fullscreenElement === null"))
    files.get_by_text("Picture 1").click()
    expect(shown.get_by_role("img")).to_be_visible()
    expect(dialog.get_by_role("button", name="Play")).to_have_count(0)
    tab.keyboard.press("o")
    expect(tab.get_by_role("status", name="Messages")).to_contain_text("shown in its folder")
    with Catalog.open(served.path) as catalog:
        held = catalog.get("studio:v1").files[0].path or ""
    assert (served.path.parent / "opened").read_text() == f"{os.path.dirname(os.path.abspath(held))}\n"  # noqa: PTH100, PTH120


def test_a_path_is_copied_where_no_folder_can_be_opened(chromium: Browser, served: Site) -> None:
    context = chromium.new_context(base_url=str(served.base_url))
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/?q=fox")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("o")
    message = page.get_by_role("status", name="Messages")
    expect(message).to_contain_text("path copied: ")
    expect(message).to_contain_text("Read-only")
    with Catalog.open(served.path) as catalog:
        assert page.evaluate("navigator.clipboard.readText()") == catalog.get("studio:v1").files[0].path
    context.close()


def test_clips_with_sound_are_heard_one_at_a_time(tab: Page) -> None:
    tab.goto("/?compare=studio:v1,studio:v2,studio:v3")
    dialog = tab.get_by_role("dialog", name="Compare")
    clips = dialog.locator("video")
    ready = "clips => clips.every(clip => clip.readyState >= 3)"
    wait_until(lambda: clips.evaluate_all(ready))
    muted = "clips => clips.map(clip => clip.muted)"
    assert clips.evaluate_all(muted) == [False, True, True]
    tab.keyboard.press("Space")
    wait_until(lambda: clips.evaluate_all("clips => clips.every(clip => clip.currentTime > 0.3)"))
    for heard in (1, 2, 0):
        tab.keyboard.press("m")
        expect(tab.get_by_role("status", name="Messages")).to_have_text(f"sound of {heard + 1}")
        expect(dialog.get_by_role("button", name=f"Sound {heard + 1}")).to_have_attribute("aria-pressed", "true")
        assert clips.evaluate_all(muted) == [number != heard for number in range(3)]
        expect(dialog.get_by_role("button", name="Pause")).to_be_visible()
    decoded = "clips => clips.map(clip => clip.webkitAudioDecodedByteCount > 0)"
    wait_until(lambda: all(clips.evaluate_all(decoded)))


def test_a_clip_on_a_drive_that_is_away_says_where_it_was(tab: Page, served: Site) -> None:
    drive = served.path.parent / "drive"
    with Catalog.open(served.path) as catalog:
        ref = next(catalog.iterate("-fox")).ref
        tab.goto(f"/?open={quote(ref)}")
        dialog = tab.get_by_role("dialog")
        expect(dialog.locator(".shown video")).to_have_count(1)
        drive.rename(drive.with_name("unplugged"))
        try:
            tab.reload()
            expect(dialog.locator(".unseen")).to_contain_text(f"{drive}/a far clip.mp4")
            expect(dialog.locator(".unseen")).to_contain_text("is the drive connected?")
            catalog.watch(once=True)
            tab.reload()
            expect(dialog.locator(".unseen")).to_contain_text(re.compile("not connected|not there"))
            assert_accessible(tab, "dialog")
        finally:
            drive.with_name("unplugged").rename(drive)
        tab.reload()
        expect(dialog.locator(".shown video")).to_have_count(1)
