"""Libraries to search: real ones, migrated once for the session and filled with plain SQL."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from catalog import fulltext
from catalog.library import open_library
from catalog.search.page import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from catalog.database import Database

NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)


class Library:
    """A library with short ways to put videos in and to ask for them."""

    def __init__(self, path: Path) -> None:
        self.database: Database = open_library(path, create=True)

    def add(
        self,
        remote_id: str,
        *,
        tags: Iterable[str] = (),
        facets: Mapping[str, Iterable[str]] | None = None,
        **values: Any,
    ) -> None:
        """Put one video in, with its index entry; the tags as `key` or `key=value`."""
        tags = tuple(tags)
        row = {"source": "studio", "remote_id": remote_id, "kind": "video", "status": "completed", **values}
        row["labels"] = ", ".join(tags) or None
        grams = [fulltext.cjk_grams(row.get(name)) for name in ("prompt", "labels")]
        row["cjk_grams"] = " ".join(filter(None, grams)) or None
        row = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row.items()}
        names = ", ".join(row)
        with self.database.write() as connection:
            marks = ", ".join("?" * len(row))
            result = connection.execute(f"INSERT INTO videos ({names}) VALUES ({marks})", tuple(row.values()))
            video_id = result.lastrowid
            fulltext.add(connection, [(video_id, *(row.get(name) for name in fulltext.COLUMNS))])
            for tag in tags:
                key, _, value = tag.partition("=")
                connection.execute(
                    "INSERT INTO tags (video_id, key, value, origin) VALUES (?, ?, ?, 'user')", (video_id, key, value)
                )
            for name, texts in (facets or {}).items():
                for text in texts:
                    connection.execute("INSERT OR IGNORE INTO facet_values (facet, value) VALUES (?, ?)", (name, text))
                    connection.execute(
                        "INSERT INTO video_facets (video_id, value_id, origin) "
                        "SELECT ?, id, 'prose' FROM facet_values WHERE facet = ? AND value = ?",
                        (video_id, name, text),
                    )

    def prompts(self, *prompts: str) -> None:
        """Put in one video for each prompt, called `v1`, `v2` ..."""
        for number, prompt in enumerate(prompts, 1):
            self.add(f"v{number}", prompt=prompt)

    def page(self, query: str = "", **options: Any) -> Any:
        with self.database.read() as connection:
            return search(connection, query, **{"now": NOW, **options})

    def find(self, query: str = "", **options: Any) -> list[str]:
        """The remote ids of the matches, in order; the total is checked on the way."""
        page = self.page(query, **{"limit": 1000, **options})
        assert page.total == len(page.videos)
        return [video.remote_id for video in page.videos]


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library") / "catalog.db"
    open_library(path, create=True).close()
    return path


@pytest.fixture(scope="session")
def make_library(empty_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Library]:
    def make() -> Library:
        return Library(shutil.copy(empty_file, tmp_path_factory.mktemp("copy") / "catalog.db"))

    return make


@pytest.fixture
def library(make_library: Callable[[], Library]) -> Iterable[Library]:
    made = make_library()
    yield made
    made.database.close()
