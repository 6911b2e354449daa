"""What the tests of every room share: a library on disk to look into, and what a server answers about a job."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.library import create_library, open_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.database import Database

LONG = 120.0  # seconds to wait for what takes one on an idle machine: only a test that fails waits so long


def job(remote_id: str = "v1", **fields: Any) -> dict[str, Any]:
    """A finished job, as a server of OpenAI's format answers it."""
    return {"id": remote_id, "object": "video", "status": "completed", "created_at": 1_790_000_000, **fields}


def read_rows(library: Database, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    with library.read() as connection:
        return [tuple(row) for row in connection.execute(query, arguments)]


def wait_until(is_so: Callable[[], object], seconds: float = LONG, pause: float = 0.02) -> None:
    """Wait for a condition, which is looked at after each pause, and fail where it does not come true."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not so within {seconds:g} seconds"
        time.sleep(pause)


def list_children() -> set[int]:
    """The processes that this one has started and that run."""
    return {
        int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and read_parent(path) == os.getpid()
    }


def read_parent(process: Path) -> int | None:
    try:
        state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def new_library(path: Path) -> Database:
    """A new library, open."""
    create_library(path)
    return open_library(path)


class Shelf:
    """An open library, and ways to look into it."""

    def __init__(self, library: Database) -> None:
        self.library = library

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        return read_rows(self.library, query, *arguments)

    def value(self, query: str, *arguments: object) -> Any:
        """The first value of the first row."""
        return self.rows(query, *arguments)[0][0]
