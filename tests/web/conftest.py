"""A library with a bit of everything, and real servers on it: each a process of its own, on a free port of loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from datasette.utils import tilde_encode

from catalog import fulltext, store
from catalog.library import open_library
from catalog.records import utc_text
from catalog.web.metadata import database_name
from tests.house import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.database import Writer

SERVE = """
import json, sys
from catalog.web.serve import serve
serve(sys.argv[1], port=0, on_ready=lambda server: print(server.url, flush=True), **json.loads(sys.argv[2]))
"""


class Site(httpx.Client):
    """A client of one server, and the process it talks to."""

    def __init__(self, path: Path, url: str, process: subprocess.Popen[str]) -> None:
        super().__init__(base_url=url, trust_env=False, timeout=LONG)
        self.path = path
        self.process = process
        self.home = f"/{tilde_encode(database_name(path))}"

    def page(self, place: str, **query: object) -> str:
        """The HTML of a page of the library's database; it must be there."""
        answer = self.get(f"{self.home}{place}", params={key: str(value) for key, value in query.items()})
        assert answer.status_code == 200, answer.text
        return answer.text

    def rows(self, place: str, **query: object) -> list[dict[str, Any]]:
        """The rows of a table or query, as JSON."""
        answer = self.get(f"{self.home}/{place}.json", params={"_shape": "array"} | query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stop(self) -> tuple[int, str]:
        """Press Ctrl-C: the exit status, and what the process has said beyond its URL."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=LONG), "".join(self.process.communicate())


@contextmanager
def serving(path: Path, environment: dict[str, str] | None = None, **options: Any) -> Iterator[Site]:
    """A running server on the library."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE, os.fspath(path), json.dumps(options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | (environment or {}),
    )
    try:
        url = process.stdout.readline().strip()
        assert url, process.stderr.read()
        with Site(path, url, process) as site:
            yield site
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ago(**length: float) -> str:
    return utc_text(datetime.now(UTC) - timedelta(**length))


def add_video(connection: Writer, remote_id: str, **columns: object) -> int:
    """A video, completed unless told otherwise, indexed for search; its row's number."""
    row = {"source": "studio", "remote_id": remote_id, "kind": "video", "status": "completed"} | columns
    marks = ", ".join("?" * len(row))
    insert = f"INSERT INTO videos ({', '.join(row)}) VALUES ({marks})"
    number = connection.execute(insert, tuple(row.values())).lastrowid
    texts = [row.get(name) for name in fulltext.COLUMNS]
    fulltext.add(connection, [(number, *texts)])
    return number


def add_link(connection: Writer, child: int, parent: str, origin: str = "api") -> None:
    connection.execute(
        "INSERT INTO links (child_id, relation, origin, parent_source, parent_remote_id)"
        " VALUES (?, 'remix', ?, 'studio', ?)",
        (child, origin, parent),
    )


def fill(path: Path) -> None:
    """Put a bit of everything into a new library."""
    library = open_library(path)
    moment = ago(minutes=1)
    with library.write() as connection:
        add_video(connection, "root", model="sora-2", seconds=8.0, width=1280, height=720, created_at=ago(days=9),
            prompt="A neon street in the rain. " + "Slow push in. " * 60, metadata='{"project": "launch"}')  # fmt: skip
        for number, (child, parent) in enumerate([("child", "root"), ("grandchild", "child"), ("lost", "unheard-of")]):
            row = add_video(connection, child, model="sora-2-pro", created_at=ago(days=8 - number), prompt="A remix")
            add_link(connection, row, parent)
            add_link(connection, row, parent, origin="request")
        for child, parent in (("yin", "yang"), ("yang", "yin")):
            add_link(connection, add_video(connection, child, created_at=ago(days=3)), parent)
        for name, code in (("bad1", "moderation"), ("bad2", "moderation"), ("bad3", None)):
            add_video(
                connection, name, status="failed", error_code=code, error_message="refused", created_at=ago(days=2)
            )
        add_video(connection, "stuck", status="queued", created_at=ago(hours=5))
        add_video(connection, "fresh", status="in_progress", created_at=ago(minutes=5))
        add_video(connection, "urgent", expires_at=ago(minutes=-30), created_at=moment)
        add_video(connection, "later", expires_at=ago(hours=-5), created_at=moment)
        add_video(connection, "dateless", prompt="東京の夜", grams=fulltext.grams("東京の夜"))
        add_video(connection, "dateless too")
        add_video(connection, "tombstone", status="failed", deleted_at=ago(days=1), created_at=ago(days=4))
        connection.execute("INSERT INTO tags (video_id, key, value, origin) VALUES (1, 'hero', '', 'user')")
        store.rebuild_descent(connection)
        store.rebuild_bitmaps(connection)
    library.close()


@pytest.fixture(scope="session")
def site(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server, as `catalog serve` starts it, on a filled library."""
    path = tmp_path_factory.mktemp("site") / "catalog.db"
    path.write_bytes(_migrated.read_bytes())
    fill(path)
    with serving(path) as running:
        yield running


@pytest.fixture(scope="session")
def open_site(site: Site) -> Iterator[Site]:
    """A server that takes the SQL of visitors, on the same library."""
    with serving(site.path, allow_sql=True) as running:
        yield running
