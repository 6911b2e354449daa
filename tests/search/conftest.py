"""Libraries to search: real ones, filled through the store with what servers answer."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.errors import Gone
from catalog.library import open_library
from catalog.records import Facet
from catalog.search.page import search
from catalog.wire.parse import parse_videos
from tests.house import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)
SEEN = datetime(2026, 9, 1, tzinfo=UTC)  # when the answers came, before any of them went
SOURCE = "studio"
SAME_NAME = (
    "status", "model", "prompt", "negative_prompt", "seconds", "width", "height", "created_at", "completed_at",
    "metadata",
)  # fmt: skip


def payload_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a server answers about a job with these columns."""
    told = {"object": "video", "status": "completed"} | {name: row[name] for name in SAME_NAME if row.get(name)}
    told |= {"remixed_from_video_id": row["parent"]} if row.get("parent") else {}
    told |= {"id": row["remote_id"], "size": row.get("size_text"), "urls": row.get("output_urls")}
    told["error"] = {"code": row.get("error_code"), "message": row.get("error_message")}
    return told | row.get("extra", {})


def split_tag(tag: str) -> tuple[str, str, str]:
    return tag.partition("=")


class Library(Shelf):
    """A library with short ways to put videos in, through the store, and to ask for them."""

    def __init__(self, path: Path) -> None:
        super().__init__(open_library(path))
        self.database = self.library

    def add(self, remote_id: str, **values: Any) -> None:
        """Take in one video; see `add_all`."""
        self.add_all({"remote_id": remote_id, **values})

    def add_all(self, *rows: Mapping[str, Any]) -> None:
        """Take in videos in one transaction, given by their columns and what hangs on them.

        `tags` are the user's, each `key` or `key=value`, as are `rating verdict note collection`; `facets` is what was
        found in the prompt, name to values, and `parent` the id of the video that it remixes.
        """
        with self.database.write() as connection:
            for source, group in groupby(rows, key=lambda row: row.get("source", SOURCE)):
                videos = [video for row in group for video in parse_videos(payload_of(row)).videos]
                store.save_videos(connection, source, videos, channel="list", received_at=SEEN)
            ids = {
                source: store.find_ids(connection, source, [row["remote_id"] for row in rows])
                for source in {row.get("source", SOURCE) for row in rows}
            }
            extracted = []
            for row in rows:
                source, remote_id = row.get("source", SOURCE), row["remote_id"]
                video_id = ids[source][remote_id]
                if row.get("tags"):
                    store.save_tags(connection, video_id, {key: value for key, _, value in map(split_tag, row["tags"])})
                self._judge(connection, video_id, row)
                if row.get("gone_at"):
                    gone_at = datetime.fromisoformat(row["gone_at"])
                    store.save_absences(connection, source, {remote_id: Gone("no such video")}, received_at=gone_at)
                if row.get("deleted_at"):
                    store.delete_videos(connection, [video_id], deleted_at=datetime.fromisoformat(row["deleted_at"]))
                if row.get("facets") or row.get("avoided"):
                    pairs = [(name, value) for name, values in (row.get("facets") or {}).items() for value in values]
                    facets = [Facet(name, value, "prose") for name, value in pairs]
                    extracted.append(store.Extracted(video_id, row.get("prompt"), facets, row.get("avoided")))
            store.save_extracted(connection, extracted, vocabulary="of the test")

    def _judge(self, connection: Any, video_id: int, row: Mapping[str, Any]) -> None:
        if row.get("rating"):
            store.rate_videos(connection, [video_id], row["rating"], made_at=SEEN)
        if row.get("verdict"):
            store.judge_videos(connection, [video_id], row["verdict"], made_at=SEEN)
        if row.get("note"):
            store.note_videos(connection, [video_id], row["note"], made_at=SEEN)
        if row.get("collection"):
            store.add_to_collection(connection, [video_id], row["collection"], made_at=SEEN)

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
def make_library(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Library]:
    def make() -> Library:
        return Library(shutil.copy(_migrated, tmp_path_factory.mktemp("copy") / "catalog.db"))

    return make


@pytest.fixture
def library(make_library: Callable[[], Library]) -> Iterable[Library]:
    made = make_library()
    yield made
    made.database.close()
