"""A library with ways to say what a server answered, and to look at what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.errors import Gone
from catalog.wire.parse import parse_videos
from tests.house import Shelf, job

if TYPE_CHECKING:
    from catalog.database import Database

__all__ = ["START", "Desk", "job"]

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Desk(Shelf):
    """Takes in answers about videos of one source, a minute apart, and reads the library."""

    def __init__(self, library: Database) -> None:
        super().__init__(library)
        self.minutes = 0

    def hear(
        self, *payloads: dict[str, Any], channel: str = "list", source: str = "studio", status: int = 200
    ) -> store.Saved:
        self.minutes += 1
        videos = [video for payload in payloads for video in parse_videos(payload, http_status=status).videos]
        with self.library.write() as connection:
            return store.save_videos(
                connection, source, videos, channel=channel, received_at=self.now, http_status=status
            )

    def miss(self, remote_id: str) -> store.Saved:
        self.minutes += 1
        with self.library.write() as connection:
            return store.save_absences(connection, "studio", {remote_id: Gone("no such video")}, received_at=self.now)

    @property
    def now(self) -> datetime:
        return START + timedelta(minutes=self.minutes)

    def find(self, words: str) -> list[str]:
        query = "SELECT remote_id FROM videos JOIN videos_fts ON videos_fts.rowid = videos.id WHERE videos_fts MATCH ?"
        return sorted(row[0] for row in self.rows(query, words))


@pytest.fixture
def desk(library: Database) -> Desk:
    return Desk(library)
