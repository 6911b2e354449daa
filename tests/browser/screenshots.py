"""Makes the pictures that the README shows: `python -m tests.browser.screenshots LIBRARY docs/screenshots`.

The library is that of `make demo`, so that a reader finds the same pages on the own screen.
"""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from catalog import Catalog
from tests.web.conftest import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

TOKEN = "sesame"
SIZE = {"width": 1280, "height": 800}
COLORS = 256  # a third of the bytes, and hardly anybody sees it


def list_pages(library: Path) -> dict[str, str]:
    """The addresses of the pages, by name of the picture."""
    with Catalog.open(library) as catalog:
        clips = [video for video in catalog.iterate("has:file kind:video status:completed") if video.file_name is None]
        played = [video for video in clips if any(file.variant == "video" for file in video.files)]
        chain = max(played, key=lambda video: catalog.lineage(video.ref).members)
    one, other = played[0].ref, played[1].ref
    return {
        "grid": "/",
        "video": f"/?open={chain.ref}",
        "compare": f"/?compare={one},{other}",
        "review": "/?q=has:file&review=1",
        "lineage": f"/lineage/{chain.ref}",
        "insight": "/insight",
    }


def take(tab: Page, address: str, path: Path) -> None:
    """The picture of a page, once its own pictures are there."""
    tab.goto(address)
    tab.wait_for_load_state("networkidle")
    tab.wait_for_timeout(1500)  # a clip begins to play
    tab.screenshot(path=path)
    with Image.open(path) as picture:
        picture.quantize(COLORS).save(path, optimize=True)


def main(library: str, folder: str) -> None:
    """Write the pictures."""
    found = which("chromium") or which("google-chrome")
    with serving(Path(library), token=TOKEN) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        tab = browser.new_page(base_url=str(site.base_url), viewport=SIZE)
        tab.goto(f"/?token={TOKEN}")
        for name, address in list_pages(Path(library)).items():
            take(tab, address, Path(folder) / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
