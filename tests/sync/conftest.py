"""A sample gateway with a clock that stands still, and a library that syncs from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from catalog.config import Source, SyncSettings
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import Clock, Job
from catalog.sync import add_ids, sync_source
from tests.house import Shelf
from tests.sync.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Database
    from catalog.reports import SyncReport

NOW = 1_795_000_000
HOUR = 3600
KEY_ENV = "TEST_GATEWAY_KEY"
KEY = "secret-key-of-the-test"


class Studio(Shelf):
    """One source of one library: syncs at the time of the gateway's clock, and reads what came of it."""

    def __init__(self, library: Database, gateway: Gateway, clock: Clock, **settings: Any) -> None:
        super().__init__(library)
        self.gateway = gateway
        self.clock = clock
        self.source = Source(name="studio", base_url=gateway.base_url, key_env=KEY_ENV)
        self.settings = SyncSettings(deadline_seconds=5, **settings)

    def sync(self, **options: Any) -> SyncReport:
        return sync_source(self.library, self.source, self.settings, now=self.now, **options)

    def add(self, *remote_ids: str, **options: Any) -> SyncReport:
        return add_ids(self.library, self.source, self.settings, remote_ids, now=self.now, **options)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC)

    def asked(self, method: str = "GET", path: str = "/v1/videos") -> int:
        """How many requests of that method and exactly that path the gateway has had."""
        return sum((entry[0], entry[1].partition("?")[0]) == (method, path) for entry in self.gateway.requests)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def studio(library: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Studio]]:
    """Makes a studio whose gateway has these jobs."""
    monkeypatch.setenv(KEY_ENV, KEY)
    gateways = []

    def make(*jobs: Job, **options: Any) -> Studio:
        gateway = Gateway(jobs=jobs, clock=clock, key=KEY, **options)
        gateways.append(gateway)
        gateway.__enter__()
        return Studio(library, gateway, clock)

    yield make
    for gateway in gateways:
        gateway.__exit__(None, None, None)


@pytest.fixture
def account(library: Database) -> Iterator[Account]:
    """An account whose server lists its jobs."""
    with Account(library) as made:
        yield made


@pytest.fixture
def unlisted(library: Database) -> Iterator[Account]:
    """An account whose server cannot list its jobs: they are added by their ids."""
    with Account(library, dialect="unified") as made:
        yield made


def job(number: int = 1, *, age: float = 100 * HOUR, **plan: Any) -> Job:
    """A job of the gateway, finished unless its plan says otherwise; `age` is in seconds."""
    plan = {"keeps_for": 10_000 * HOUR, **plan}
    return Job(id=f"video_{number:04d}", model="sora-2", prompt=f"scene {number}", created_at=NOW - int(age), **plan)


def many(count: int, *, age: float = 100 * HOUR) -> list[Job]:
    """Jobs an hour apart, the youngest of them `age` old."""
    return [job(number, age=age + number * HOUR) for number in range(1, count + 1)]
