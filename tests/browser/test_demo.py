"""The whole way of a new user: `make demo`, the address that it prints, and a clip that is rated there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from catalog import Catalog
from tests.house import LONG, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\?token=\S+")


def test_the_demo_ends_in_a_gallery_where_a_clip_is_rated(chromium: Browser, tmp_path: Path) -> None:
    if not (ROOT / ".venv" / ".runs").exists() or Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("`make test` makes the environment that `make demo` uses")
    library, said = tmp_path / "demo" / "catalog.db", tmp_path / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            ["make", "--directory", ROOT, "demo", f"DEMO={library.parent}", "PORT=0"],
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_until(lambda: ADDRESS.search(said.read_text()) or process.poll() is not None, 5 * LONG)
        address = ADDRESS.search(said.read_text())
        assert address, said.read_text()
        with chromium.new_context() as context:
            tab = context.new_page()
            tab.goto(address[0])
            tile = tab.get_by_role("grid", name="Videos").get_by_role("gridcell").first
            tile.focus()
            tab.keyboard.press("4")
            expect(tab.get_by_role("status").filter(has_text="rated 4")).to_be_visible(timeout=LONG * 1000)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=LONG)
    with Catalog.open(library) as catalog:
        assert catalog.count("rating:4") == 1
