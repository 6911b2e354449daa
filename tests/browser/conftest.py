"""A sample library with clips and pictures, served as `catalog serve` does, and a real Chromium that looks at it.

The library is made once for all workers of a run. What a test writes, it writes into a copy of its own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from catalog import Catalog
from catalog.demo.chain import KEY, KEY_ENV, start_gateway
from tests.house import wait_until
from tests.web.conftest import Site, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

TOKEN = "sesame"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
CLIPS = "model:wan2.7-t2v"  # a few short ones
CORE = "import(document.querySelector('link[href$=\"/core.js\"]').href)"  # what parts of a page tell each other by
PICTURES = "created:-8d.."  # the first page and a little more


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of the sample, to be copied: made by the first worker that asks for it."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample"
    try:
        home.mkdir()
    except FileExistsError:
        wait_until(lambda: (home / "done").exists() or (home / "failed").exists())
        assert (home / "done").exists(), "another worker could not make the sample"
        return home
    try:
        _make(home)
    except BaseException:
        (home / "failed").touch()
        raise
    (home / "done").touch()
    return home


def _make(home: Path) -> None:
    with start_gateway(home), pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_ENV, KEY)
        with Catalog.init(home / "catalog.db") as catalog:
            catalog.sync()
            catalog.download(CLIPS)
            catalog.download(PICTURES, variants=["thumbnail"])
    with closing(sqlite3.connect(home / "catalog.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copy_sample(sample: Path, folder: Path) -> Path:
    """A copy of the sample to write into; its library. The bytes of media are shared."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(sample / "catalog.db", folder / "catalog.db")
    shutil.copy(sample / "catalog.toml", folder / "catalog.toml")
    shutil.copytree(sample / "media", folder / "media", copy_function=os.link)
    return folder / "catalog.db"


@pytest.fixture(scope="module")  # while Playwright runs, so does an event loop, and other tests want one of their own
def chromium() -> Iterator[Browser]:
    """The browser of the system, without a window."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])  # tests may run as root
        yield browser
        with suppress(Exception):
            browser.close()


@pytest.fixture(scope="module")
def served(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server on a copy of the sample, for all tests of a module: they leave it as they find it."""
    with serving(copy_sample(sample, tmp_path_factory.mktemp("served") / "home"), token=TOKEN) as site:
        yield site


@pytest.fixture
def context(chromium: Browser, served: Site) -> Iterator[BrowserContext]:
    """A fresh profile that has opened the printed address, and asks nobody but the server for anything."""
    context = chromium.new_context(base_url=str(served.base_url), viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def tab(context: BrowserContext, served: Site) -> Iterator[Page]:
    """A page of it that may write; an error of a script, and a request to anywhere else, fails the test."""
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    home = str(served.base_url)
    tab.on(
        "request", lambda asked: None if asked.url.startswith((home, "blob:", "data:")) else faults.append(asked.url)
    )
    tab.goto(f"/?token={TOKEN}")
    yield tab
    assert not faults
