"""A sample gateway with a clock that stands still, and a library that has its jobs and none of their bytes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from catalog.client.client import Clock as CallClock
from catalog.config import DownloadSettings, Source, SyncSettings
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.dialects import dialect as find_dialect
from catalog.demo.gateway.faults import MEDIA
from catalog.demo.gateway.jobs import HOUR, Clock, Job
from catalog.demo.media import Media
from catalog.download.queue import Choice, estimate
from catalog.download.run import Download
from catalog.reading.files import read_files
from catalog.settings import Settings
from catalog.sync import add_ids, sync_source
from tests.house import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from catalog.database import Database
    from catalog.file_reports import DownloadReport, RescueQueue
    from catalog.records import File

NOW = 1_795_000_000
KEY_ENV = "TEST_GATEWAY_KEY"
KEY = "secret-key-of-the-test"


class Studio(Shelf):
    """One source of one library, which knows all jobs of its gateway: downloads at the time of the gateway's clock."""

    def __init__(self, library: Database, gateway: Gateway, clock: Clock, dialect: str) -> None:
        super().__init__(library)
        self.gateway = gateway
        self.clock = clock
        self.source = Source(name="studio", base_url=gateway.base_url, key_env=KEY_ENV, dialect=dialect)
        self.limits: dict[str, Any] = {}
        self.sync_limits: dict[str, Any] = {"deadline_seconds": 5}

    @property
    def settings(self) -> Settings:
        limits = DownloadSettings(**self.limits)
        sources = {"studio": self.source}
        return Settings(sources, sync_table=SyncSettings(**self.sync_limits), download_table=limits)

    def take_in(self) -> None:
        """Bring the library up to date with the gateway's jobs."""
        options: Any = {"now": self.now}
        if self.source.server.lists:
            sync_source(self.library, self.source, self.settings.sync, **options)
        else:
            names = [job.id for job in self.gateway.jobs]
            add_ids(self.library, self.source, self.settings.sync, names, **options)
        self.gateway.requests.clear()

    def download(self, query: str | None = None, *, jobs: int = 2, **choice: Any) -> DownloadReport:
        return self.prepare(query, jobs=jobs, **choice).run()

    def prepare(
        self, query: str | None = None, *, jobs: int = 2, draws: bool = False, checks: bool = False, **choice: Any
    ) -> Download:
        """A download whose waits between attempts take no time.

        It makes no thumbnails unless it `draws`, and checks no credentials unless it `checks`.
        """
        waits = CallClock(sleep=lambda _: None)
        return Download(
            self.library,
            self.settings,
            Choice(query, **choice),
            jobs=jobs,
            draws=draws,
            checks=checks,
            now=self.now,
            clock=waits,
        )

    def estimate(self, query: str | None = None, **choice: Any) -> RescueQueue:
        return estimate(self.library, self.settings, Choice(query, **choice), now=self.now())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC)

    def files(self, remote_id: str = "video_1") -> list[File]:
        video_id = self.value("SELECT id FROM videos WHERE remote_id = ?", remote_id)
        with self.library.read() as connection:
            return read_files(connection, [video_id]).get(video_id, [])

    def file(self, remote_id: str = "video_1") -> File:
        (file,) = self.files(remote_id)
        return file

    def asked(self) -> list[str]:
        """What the gateway was asked for, in order."""
        return [entry.path.removeprefix("/v1") for entry in self.gateway.requests]

    @property
    def media(self) -> Path:
        return self.library.path.parent / "media"

    def kept(self) -> list[Path]:
        """Every file in the media folder, parts included."""
        return sorted(path for path in self.media.rglob("*") if path.is_file())

    @staticmethod
    def dead_process() -> int:
        """The number of a process that has ended."""
        with subprocess.Popen([sys.executable, "-c", ""]) as process:
            process.wait()
        return process.pid

    def spoil(self, **faults: Any) -> None:
        """Spoil the answers that hold bytes."""
        self.gateway.faults.only = MEDIA
        for name, value in faults.items():
            setattr(self.gateway.faults, name, value)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def studio(library: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Studio]]:
    """Makes a studio whose gateway has these jobs, by default one."""
    monkeypatch.setenv(KEY_ENV, KEY)
    gateways = []

    def make(
        *jobs: Job,
        dialect: str = "openai",
        habits: Mapping[str, Any] | None = None,
        clip_bytes: int | None = None,
        **options: Any,
    ) -> Studio:
        spoken = find_dialect(dialect, **habits) if habits else dialect
        media = Media(clip_bytes=clip_bytes)
        gateway = Gateway(jobs=jobs or (job(),), clock=clock, key=KEY, dialect=spoken, media=media, **options)
        gateways.append(gateway)
        gateway.__enter__()
        made = Studio(library, gateway, clock, dialect)
        made.take_in()
        return made

    yield make
    for gateway in gateways:
        gateway.__exit__(None, None, None)


def job(number: int = 1, *, age: float = 600, **plan: Any) -> Job:
    """A finished job of the gateway; `age` is in seconds."""
    plan = {"keeps_for": 24 * HOUR, **plan}
    return Job(id=f"video_{number}", model="sora-2", prompt=f"scene {number}", created_at=NOW - int(age), **plan)
