"""Lists of any length: a run reads so many pages of one, and the next run goes on there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.client import paging
from catalog.config import Source, SyncSettings
from catalog.errors import ConfigError
from catalog.sync import sync_source
from catalog.sync.listing import KNOWN
from tests.client.server import RawServer, response
from tests.house import Shelf
from tests.sync.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catalog.database import Database
    from catalog.reports import SyncReport
    from tests.client.server import Request

SIZE = 2  # jobs of a page


class Long(Shelf):
    """A source whose list has `count` jobs, newest first; None stands for a list without end."""

    def __init__(self, library: Database) -> None:
        super().__init__(library)
        self.count: int | None = 40
        self.newest = 0  # jobs that came after the first sync stand before number 0

    def answer(self, request: Request) -> Iterable[bytes]:
        after = parse_qs(urlsplit(request.target).query).get("after")
        first = int(after[0].removeprefix("v")) + 1 if after else self.newest
        last = first + SIZE if self.count is None else min(first + SIZE, self.count)
        jobs = [
            {"id": f"v{number}", "object": "video", "status": "completed", "prompt": "rain", "created_at": NOW - number}
            for number in range(first, last)
        ]
        return response({"object": "list", "data": jobs, "has_more": self.count is None or last < self.count})

    def sync(self, most: int, **options: Any) -> SyncReport:
        settings = SyncSettings(deadline_seconds=30, max_pages=most)
        later = datetime.fromtimestamp(NOW, UTC) + timedelta(days=30)
        return sync_source(self.library, self.source, settings, now=lambda: later, **options)

    @property
    def videos(self) -> int:
        count: int = self.value("SELECT count(*) FROM videos")
        return count

    @property
    def cursor(self) -> str | None:
        text = self.value("SELECT cursor FROM sources")
        return text and json.loads(text)["after"]


@pytest.fixture
def long(library: Database) -> Iterator[Long]:
    made = Long(library)
    with RawServer(made.answer) as server:
        made.source = Source(name="studio", base_url=server.base_url)
        yield made


def test_a_run_reads_so_many_pages_and_says_so(long: Long) -> None:
    report = long.sync(5)
    assert (long.videos, long.cursor, report.requests) == (10, "v9", 5)
    assert (report.stopped, report.error) == (paging.CAPPED, None)
    assert report.notes == ("5 pages of the list read, the most of one run: the next run goes on there",)


def test_the_next_runs_go_on_until_all_has_come_in(long: Long) -> None:
    counts = []
    while not counts or long.cursor is not None:
        assert len(counts) < 10
        long.sync(5)
        counts.append(long.videos)
    assert counts[:4] == [10, 20, 30, 40]
    assert long.value("SELECT walked_at IS NOT NULL FROM sources") == 1
    long.newest = -2
    assert (long.sync(5).added, long.cursor) == (2, None)


def test_a_list_without_end_gets_the_same_pages_in_every_run(long: Long) -> None:
    long.count = None
    assert [(long.sync(3).requests, long.videos) for _ in range(3)] == [(3, 6), (3, 12), (3, 18)]


def test_what_a_capped_walk_has_not_reached_is_not_missed(long: Long) -> None:
    long.sync(100)
    report = long.sync(5, full=True)
    assert report.stopped == paging.CAPPED
    assert report.requests == 5  # none of the other jobs was asked for by its id
    assert long.value("SELECT count(*) FROM videos WHERE gone_at IS NOT NULL") == 0


def test_the_pages_that_a_resumed_walk_leaves_are_for_the_newest_jobs(long: Long) -> None:
    long.sync(15)
    long.newest = -2
    report = long.sync(7)  # five to the end, one of new jobs, one of jobs that are known and old
    assert (report.added, report.requests, long.cursor) == (12, 7, None)
    assert report.stopped == KNOWN


def test_a_run_reads_twenty_thousand_pages_where_nothing_else_is_said() -> None:
    assert SyncSettings().max_pages == paging.MAX_PAGES == 20_000
    assert SyncSettings(parallel=2).with_max_pages(7) == SyncSettings(parallel=2, max_pages=7)
    with pytest.raises(ConfigError, match="max_pages: Input should be greater than or equal to 1"):
        SyncSettings().with_max_pages(0)
