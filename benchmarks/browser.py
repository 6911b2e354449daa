"""The gallery of 1,000 clips in Chromium: how soon its first tiles are there, and how soon a key shows.

python benchmarks/browser.py [--videos 1000] [--library PATH] [--visits 15] [--keys 40]    PATH is kept and used

Every completed job has a clip, a thumbnail of its shape and a sheet of frames; the thumbnails are drawn from a few
pictures and yet have different bytes, so that each is fetched and decoded. The window has 1280 by 900 pixels. A visit
begins with the request: `tiles` is when the first rows of tiles stand on the screen, `picture` when the first of their
pictures does, `pictures` when all that are in the window do; `answer` is when the page has arrived, `scripts` when they
have run. New visitors have an empty cache, others come back with what they kept. A key is timed from its event to the
frame after the one that it asked for. Times are milliseconds, the median and the 95th percentile; the server, the
browser and this program share the machine, and nothing else should run on it. Chromium and Playwright are needed.
"""

from __future__ import annotations

import io
import os
import statistics
import sys
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from shutil import which
from struct import pack
from typing import TYPE_CHECKING, Any

from _corpus import asked_library, read_arguments
from _yardstick import lines_a_second
from gallery import serving
from PIL import Image
from playwright.sync_api import sync_playwright

from catalog import store
from catalog.demo.clips import FOLDER
from catalog.library import open_library
from catalog.records import Probe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from catalog.database import Database

TOKEN = "sesame"
SERVE = f"""
import sys
from catalog.web.serve import serve
serve(sys.argv[1], port=0, token={TOKEN!r}, on_ready=lambda server: print(server.url, flush=True))
"""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
SIZE = {"width": 1280, "height": 900}
LONG_SIDE = 640  # pixels of a thumbnail
DESIGNS = 12
PATIENCE = 60_000  # milliseconds

# Writes down when which part of the first page is there: each after the frame that shows it.
WATCH = """
window.times = {};
const after = (name) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { window.times[name] ??= performance.now(); };
  channel.port2.postMessage(0);
});
const look = () => {
  const rows = [...document.querySelectorAll("[role=grid] .laid")]; // to look into those below costs their layout
  const shown = rows.filter((each) => each.getBoundingClientRect().top < innerHeight);
  const inside = shown.flatMap((each) => [...each.querySelectorAll("img")]);
  const isThere = (each) => each.complete && each.naturalWidth > 0;
  if (rows.length) window.times.tiles ?? after("tiles");
  if (inside.some(isThere)) window.times.picture ?? after("picture");
  if (inside.length && inside.every(isThere)) after("pictures"); else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
# From a key's event to the frame that follows what it did.
KEYS = """
window.keys = [];
addEventListener("keydown", (event) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => window.keys.push(performance.now() - event.timeStamp);
  channel.port2.postMessage(0);
}), { capture: true });
"""


def main() -> None:
    arguments = read_arguments(__doc__, 1000, visits=15, keys=40)
    program = next(filter(None, map(which, CHROMIUMS)), None)
    if program is None:
        print("no Chromium: apt-get install chromium")
        return
    with asked_library(arguments) as path:
        if not (path.parent / "media").exists():
            with closing(open_library(path)) as library:
                add_media(library)
        print(f"{arguments.videos:,} videos, {os.cpu_count()} cores, {lines_a_second():,.0f} lines/s\n")
        with serving([sys.executable, "-c", SERVE, os.fspath(path)]) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            print(f"{'':34}{'p50':>8}{'p95':>8}")
            visit(browser, f"http://{server.address}", arguments.visits)
            press(browser, f"http://{server.address}", arguments.keys)
            browser.close()


def add_media(library: Database) -> None:
    """Give every completed job a clip, a thumbnail of its shape, and a sheet of frames."""
    with library.read() as connection:
        rows = connection.execute("SELECT id, width, height FROM videos WHERE status = 'completed'").fetchall()
    clip = (FOLDER / "landscape.mp4").read_bytes()
    drawn: dict[tuple[int, int, int], bytes] = {}
    folder, now = library.path.parent, datetime.now(UTC)
    sheet = keep(folder, draw(480, 270, 0), "image/jpeg", Probe(width=480, height=270))
    with library.write() as connection:
        for number, width, height in rows:
            scale = LONG_SIDE / max(width, height)
            size = round(width * scale), round(height * scale)
            key = (*size, number % DESIGNS)
            drawn[key] = drawn.get(key) or draw(*key)
            comment = b"\xff\xfe\x00\x0a" + pack(">Q", number)
            picture = drawn[key][:2] + comment + drawn[key][2:]
            files = {
                "video": keep(folder, clip + pack(">I4sQ", 16, b"free", number), "video/mp4", Probe(seconds=4.0)),
                "thumbnail": keep(folder, picture, "image/jpeg", Probe(width=size[0], height=size[1])),
                "spritesheet": sheet,
            }
            for variant, data in files.items():
                origin = "download" if variant == "video" else "made"
                store.save_file(connection, store.Spot(number, variant, 1), data, origin=origin, at=now)


def draw(width: int, height: int, design: int) -> bytes:
    """A JPEG with as much in it as a frame of a clip: a photograph's bytes, some 40 kB."""
    noise = Image.effect_noise((width // 8, height // 8), 90).resize((width, height), Image.Resampling.BICUBIC)
    fine = Image.effect_noise((width, height), 30)
    hue = Image.new("L", (width, height), 21 * design)
    picture = Image.merge("HSV", (hue, Image.blend(noise, fine, 0.3), noise)).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def keep(folder: Path, data: bytes, kind: str, probe: Probe) -> store.Bytes:
    name = sha256(data).hexdigest()
    inner = f"media/{name[:2]}/{name[2:4]}/{name}.{kind[-3:].replace('peg', 'jpg')}"
    (folder / inner).parent.mkdir(parents=True, exist_ok=True)
    (folder / inner).write_bytes(data)
    return store.Bytes(name, len(data), kind, inner, probe)


def open_tab(browser: Browser, url: str, script: str) -> Page:
    context = browser.new_context(base_url=url, viewport=SIZE)
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE)
    tab.goto(f"/-/gallery/history?token={TOKEN}")  # the cookie, and nothing of the first page
    tab.add_init_script(script)
    return tab


def visit(browser: Browser, url: str, visits: int) -> None:
    """New visitors, and one who comes back."""
    empty, kept = [], []
    for number in range(visits + 1):
        tab = open_tab(browser, url, WATCH)
        tab.context.new_cdp_session(tab).send("Network.clearBrowserCache")  # what the page before has left in it
        times = load(tab)
        if number:  # the first of all also warms the server
            empty.append(times)
        if number < visits:
            tab.context.close()
    for number in range(visits + 2):
        times = load(tab)
        if number > 1:  # a browser keeps compiled scripts from the third visit on
            kept.append(times)
    tab.context.close()
    for name, times in (("empty cache", empty), ("what was kept", kept)):
        for part in ("answer", "scripts", "tiles", "picture", "pictures"):
            show(f"{name}: {part}", [each[part] for each in times])


def load(tab: Page) -> dict[str, float]:
    """Load the first page: its milliseconds from the request on."""
    tab.goto("/", wait_until="load")
    while tab.evaluate("window.times.pictures === undefined"):  # what waits in the page would need unsafe-eval
        tab.wait_for_timeout(100)
    times: dict[str, float] = tab.evaluate(
        "(() => { const [page] = performance.getEntriesByType('navigation');"
        " const from = page.requestStart; const { tiles, picture, pictures } = window.times;"
        " const at = { answer: page.responseEnd, scripts: page.domContentLoadedEventEnd, tiles, picture, pictures };"
        " return Object.fromEntries(Object.entries(at).map(([name, time]) => [name, time - from])); })()"
    )
    return times


def press(browser: Browser, url: str, keys: int) -> None:
    """Keys in the grid: at its beginning, and once many tiles are loaded."""
    tab = open_tab(browser, url, KEYS)
    tab.goto("/", wait_until="networkidle")
    tab.get_by_role("gridcell").first.focus()
    print()
    for count in (48, 480):
        for _ in range(count // 4):  # four times as often as it takes
            if tab.get_by_role("gridcell").count() >= count:
                break
            tab.keyboard.press("Control+End")
            tab.wait_for_timeout(300)
        tab.wait_for_timeout(1000)
        tab.keyboard.press("Control+Home")
        for name in ("ArrowRight", "ArrowDown", " ", "4", "v"):
            tab.evaluate("window.keys.length = 0")
            for _ in range(keys if name != "v" else 9):
                tab.keyboard.press(name)
                tab.wait_for_timeout(60 if name != "v" else 300)  # nobody looks at another size for less
            spelt = {" ": "Space"}.get(name, name)
            show(f"{tab.get_by_role('gridcell').count()} tiles: {spelt}", tab.evaluate("window.keys"))
    tab.context.close()


def show(name: str, times: Sequence[float]) -> None:
    ordered: list[Any] = sorted(times)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(f"{name:34}{statistics.median(ordered):8.0f}{p95:8.0f}", flush=True)


if __name__ == "__main__":
    main()
