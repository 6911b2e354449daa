"""The program on a real library: `run` calls it in this process, `hear` says what a server answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from catalog import store
from catalog.cli.main import cli
from catalog.wire.parse import parse_videos
from tests import house

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from catalog.database import Database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = 3600
CREATED = int(NOW.timestamp()) - 100 * HOUR


def job(remote_id: str = "v1", **fields: Any) -> dict[str, Any]:
    """A finished job of a few days ago, as a server answers it."""
    return house.job(remote_id, **{"created_at": CREATED, **fields})


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the person who runs the tests, and a folder of its own to work in."""
    for name in ("CATALOG_CONFIG", "CATALOG_BASE_URL", "CATALOG_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CATALOG_DB", str(tmp_path / "catalog.db"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run the program with these arguments; `stdin` is what it reads."""

    def call(*arguments: str, stdin: str | bytes = "") -> Result:
        result = CliRunner().invoke(cli, arguments, input=stdin, prog_name="catalog")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def ask(run: Callable[..., Result]) -> Callable[..., Any]:
    """Run the program with these arguments and `--json`: the document that it prints."""

    def call(*arguments: str, stdin: str = "") -> Any:
        result = run(*arguments, "--json", stdin=stdin)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return call


@pytest.fixture
def hear(library: Database) -> Callable[..., None]:
    """Take in what a server says of jobs; the library is then where CATALOG_DB says."""

    def take_in(*payloads: dict[str, Any], source: str = "studio") -> None:
        videos = [video for payload in payloads for video in parse_videos(payload).videos]
        with library.write() as connection:
            store.save_videos(connection, source, videos, channel="list", received_at=NOW)

    return take_in
