"""A video server, an SDK whose calls to it are captured, and a look at what the library makes of them."""

from __future__ import annotations

import logging
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from catalog import capture
from catalog.capture.spool import list_notes, spool_folders
from catalog.library import open_library
from tests.capture.server import VideoServer
from tests.house import LONG, new_library, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

warnings.filterwarnings("ignore", category=DeprecationWarning, module="openai")


@pytest.fixture(autouse=True)
def _quiet_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    logging.getLogger("catalog.capture").setLevel(logging.CRITICAL)


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with VideoServer() as running:
        yield running


class Studio:
    """The official SDK with a capturing client, and the library behind it."""

    def __init__(self, server: VideoServer, library: Path) -> None:
        self.server = server
        self.library = library
        self._open: list[Any] = []

    def sdk(self, **options: Any) -> Any:
        from openai import OpenAI

        client = OpenAI(api_key="sk-very-secret-key", base_url=self.server.base_url, http_client=self.client(**options))
        self._open.append(client)
        return client

    def client(self, **options: Any) -> Any:
        told = {"source": "studio", "metadata": {"campaign": "launch"}, "trust_env": False, **options}
        return capture.client(self.library, **told)

    def close(self) -> None:
        for client in self._open:
            client.close()

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        assert capture.flush(self.library, LONG)
        return self.look(query, *arguments)

    def look(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        with closing(open_library(self.library)) as database:
            return read_rows(database, query, *arguments)

    def take_in(self, **options: Any) -> int:
        with closing(new_library(self.library)) as database:
            return capture.take_in_spool(database, **options)

    def notes(self) -> list[Path]:
        return list_notes(self.library)

    def broken(self) -> list[Path]:
        return [path for folder in spool_folders(self.library) for path in sorted((folder / "broken").glob("*"))]


@pytest.fixture
def studio(server: VideoServer, library_path: Path) -> Iterator[Studio]:
    running = Studio(server, library_path)
    yield running
    running.close()
