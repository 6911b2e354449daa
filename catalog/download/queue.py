"""Which jobs a download is about, and what it will take: how much, how long, and what will not make it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import ConfigError
from catalog.file_reports import Rescue, RescueQueue
from catalog.reading.rescue import VARIANTS, Want, list_wanted, read_sizes, read_wanted
from catalog.reading.sources import find_retired

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.database import Database, Reader
    from catalog.reading.rescue import Sizes, Wanted
    from catalog.settings import Settings

LISTED = 1000  # jobs that an estimate lists; all are counted
READ_AT_ONCE = 1000
CLIP_SECONDS, BYTES_PER_SECOND_OF_CLIP = 8.0, 600_000.0  # of a clip, where the library holds none to measure
BESIDE_BYTES = 100_000  # of a picture
RATE = 4_000_000.0  # bytes a second that an estimate reckons with


class Choice(NamedTuple):
    """What the caller asks for: matches of a query, some `sources`, some variants, what expires within seconds."""

    query: str | None = None
    sources: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    expiring_within: float | None = None
    is_lost_too: bool = False


def choose(connection: Reader, settings: Settings, choice: Choice, now: datetime) -> Want:
    """What is wanted of which source that is not retired; raises ConfigError for what cannot be, and QueryError."""
    if unknown := [name for name in choice.variants if name not in VARIANTS]:
        raise ConfigError(f"{unknown[0]!r} is not a variant: choose from {', '.join(VARIANTS)}")
    among = None
    if choice.query is not None:
        from catalog.search.matches import list_matches

        among = list_matches(connection, choice.query, now=now)
    retired = find_retired(connection, now)
    names = [name for name in choice.sources or settings.require_sources() if name not in retired]
    return Want(
        {name: settings.find_source(name).server.variants for name in names},
        choice.variants,
        among,
        now + timedelta(seconds=choice.expiring_within) if choice.expiring_within is not None else None,
        is_lost_too=choice.is_lost_too,
    )


def estimate(
    database: Database, settings: Settings, choice: Choice, *, rate: float = RATE, now: datetime | None = None
) -> RescueQueue:
    """What a download would take in the order of its queue, at so many bytes a second; asks no server."""
    now = now or datetime.now(UTC)
    with database.read() as connection:
        want = choose(connection, settings, choice, now)
        ids = list_wanted(connection, want, now)
        queue = _Queue(read_sizes(connection), rate, now)
        for start in range(0, len(ids), READ_AT_ONCE):
            queue.add(read_wanted(connection, ids[start : start + READ_AT_ONCE], want, now))
    return queue.sum_up()


class _Queue:
    """Sums up jobs in the order in which they will be fetched."""

    def __init__(self, sizes: Sizes, rate: float, now: datetime) -> None:
        self._sizes = sizes
        self._rate = rate
        self._now = now
        self._videos = self._files = self._bytes = self._late = self._expired = 0
        self._late_usd: float | None = None
        self._listed: list[Rescue] = []

    def add(self, jobs: Iterable[Wanted]) -> None:
        """Add the next jobs."""
        for job in jobs:
            size = sum(self._size_of(job, variant) for variant, _ in job.missing)
            self._videos += 1
            self._files += len(job.missing)
            self._bytes += size
            left = (job.expires_at - self._now).total_seconds() if job.expires_at else None
            is_late = left is not None and left < self._bytes / self._rate
            self._late += is_late
            self._expired += left is not None and left <= 0
            if is_late and job.cost_usd is not None:
                self._late_usd = (self._late_usd or 0.0) + job.cost_usd
            if len(self._listed) < LISTED:
                files = tuple(name if number == 1 else f"{name} {number}" for name, number in job.missing)
                deadline = job.expires_at, job.is_about, left
                self._listed.append(Rescue(job.ref, files, *deadline, size, is_late, job.cost_usd))

    def _size_of(self, job: Wanted, variant: str) -> int:
        if variant != "video":
            return BESIDE_BYTES
        if job.seconds is None and self._sizes.per_clip is not None:
            return int(self._sizes.per_clip)
        return int((job.seconds or CLIP_SECONDS) * (self._sizes.per_second or BYTES_PER_SECOND_OF_CLIP))

    def sum_up(self) -> RescueQueue:
        """What it all takes."""
        return RescueQueue(
            videos=self._videos,
            files=self._files,
            bytes=self._bytes,
            seconds=round(self._bytes / self._rate, 1),
            rate=self._rate,
            late=self._late,
            expired=self._expired,
            late_usd=None if self._late_usd is None else round(self._late_usd, 6),
            jobs=tuple(self._listed),
        )
