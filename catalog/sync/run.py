"""One run over one source: what it saves, counts and reports."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from catalog import store
from catalog.client.client import Client, Clock
from catalog.errors import SourceError
from catalog.reading.expiry import EXPIRING_WITHIN
from catalog.reading.work import count_expiring, count_unfinished, find_remote_ids
from catalog.reports import SyncInterrupted, SyncReport
from catalog.rows import encodable
from catalog.wire.answers import ParsedVideo
from catalog.wire.ids import raw_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from catalog.config import Source, SyncSettings
    from catalog.database import Database, Reader, Writer
    from catalog.errors import Gone
    from catalog.reports import Progress

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

INTERRUPTED = "interrupted: the next run completes it"
MAX_NOTES = 20
MASS_ABSENCE = (
    10,
    0.5,
)  # this many jobs and this share of those expected: a fault of the server, not the end of the jobs

_REPORTED = ("source", "mode", "added", "changed", "unchanged", "unfinished", "failed", "requests", "stopped", "error")


class Run:
    """The state of one run; `outcomes` holds for each video whether it was added, changed or unchanged."""

    def __init__(
        self,
        database: Database,
        source: Source,
        settings: SyncSettings,
        on_progress: Progress,
        now: Callable[[], datetime],
    ) -> None:
        self.database = database
        self.source = source
        self.settings = settings
        self.on_progress = on_progress
        self.now = now
        self.started_at = now()
        self.look_back = self.started_at - timedelta(hours=settings.look_back_hours)
        self.mode = "incremental"
        self.stopped: str | None = None
        self.outcomes: dict[str, str] = {}
        self.missed: dict[str, str] = {}
        self._started = time.monotonic()
        self._interrupted = threading.Event()
        self._client: Client | None = None
        self._statuses: dict[str, str] = {}
        self._notes: list[str] = []
        self._suspicion: str | None = None
        self._error: str | None = None
        self._is_cut_short = False

    @contextmanager
    def connected(self) -> Iterator[Client]:
        """The client of the source; its waits end when the run is interrupted."""
        with Client(
            self.source.base_url,
            key=self.source.key(),
            dialect=self.source.server,
            source=self.source.name,
            proxy=self.source.proxy,
            deadline=self.settings.deadline_seconds,
            clock=Clock(sleep=self.pause),
        ) as client:
            self._client = client
            yield client

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Put a failure of the source into the report, and keep the report of an interrupted run.

        Raises SyncInterrupted, with the report, where the user interrupts.
        """
        try:
            yield
        except SourceError as error:
            self._error = str(error)
        except BaseException as stop:
            self.interrupt()
            self._is_cut_short = True
            report = self.close()
            if isinstance(stop, KeyboardInterrupt):
                raise SyncInterrupted([report]) from stop
            raise

    def pause(self, seconds: float) -> None:
        """Wait, at most until the run is interrupted."""
        self._interrupted.wait(seconds)

    def interrupt(self) -> None:
        """End every wait and every call of this run, in all its threads."""
        self._interrupted.set()
        if self._client is not None:
            self._client.interrupt()

    # What comes in

    def save(self, connection: Writer, videos: Sequence[ParsedVideo], channel: str, status: int = 200) -> store.Saved:
        """Keep answers about videos, and count what became of each."""
        saved = store.save_videos(
            connection, self.source.name, videos, channel=channel, received_at=self.now(), http_status=status
        )
        self._statuses.update((video.remote_id, video.status) for video in videos)
        self._count(saved)
        return saved

    def save_absence(self, connection: Writer, remote_id: str, answer: Gone) -> None:
        """Keep the answer that the server does not know a job."""
        self._count(store.save_absence(connection, self.source.name, remote_id, answer, received_at=self.now()))

    def keep_ids(self, written: Iterable[str]) -> list[str]:
        """Add a video for each name that the library does not have, and return the ids of all, each once."""
        names = {raw_id(name): name.strip() for name in map(encodable, written) if name.strip()}
        owners = self.ask(find_remote_ids, [*names, *names.values()])
        remote_ids = {raw: owners.get(raw) or owners.get(name) for raw, name in names.items()}
        new = [raw for raw, remote_id in remote_ids.items() if remote_id is None]
        with self.database.write() as connection:
            self.save(
                connection, [ParsedVideo(raw, (names[raw],), payload={"id": names[raw]}) for raw in new], "import"
            )
        return list(dict.fromkeys(remote_id or raw for raw, remote_id in remote_ids.items()))

    def save_state(self, connection: Writer, **columns: Any) -> None:
        """Set columns of the source, and renew the run's lock on it."""
        store.save_source(connection, self.source.name, **columns, locked_at=self.now())

    def _count(self, saved: store.Saved) -> None:
        """Remember the strongest outcome of each video in this run: added, else changed, else unchanged."""
        self.outcomes.update(dict.fromkeys(saved.added, "added"))
        for remote_id in saved.changed:
            if self.outcomes.get(remote_id) != "added":
                self.outcomes[remote_id] = "changed"
        for remote_id in saved.unchanged:
            self.outcomes.setdefault(remote_id, "unchanged")

    # What the report says

    def note(self, remarks: Iterable[str]) -> None:
        """Keep remarks for the report, up to MAX_NOTES."""
        self._notes.extend(list(remarks)[: MAX_NOTES - len(self._notes)])

    def is_mass_absence(self, absent: int, expected: int, what: str) -> bool:
        """Whether so many jobs are missing at once that the server is suspect; if so, the report says it."""
        least, share = MASS_ABSENCE
        if absent < least or absent < expected * share:
            return False
        self._suspicion = f"{what} {absent} of {expected} jobs at once: check the account and the server"
        return True

    def progress(self, done: int, total: int | None, phase: str) -> None:
        """Report how many jobs of how many are done in this phase."""
        self.on_progress(self.source.name, done, total, phase)

    def ask(
        self,
        question: Callable[Concatenate[Reader, str, Arguments], Answer],
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Answer:
        """The answer of the library to a question of `reading.work` about this source."""
        with self.database.read() as connection:
            return question(connection, self.source.name, *arguments, **options)

    def close(self) -> SyncReport:
        """Sum up the run and keep the report in the library."""
        outcomes = Counter(self.outcomes.values())
        moved = [remote_id for remote_id, outcome in self.outcomes.items() if outcome != "unchanged"]
        finished_at = self.now()
        soon = finished_at + timedelta(seconds=EXPIRING_WITHIN)
        expiring = self.ask(count_expiring, finished_at, soon)
        report = SyncReport(
            source=self.source.name,
            mode=self.mode,
            added=outcomes["added"],
            changed=outcomes["changed"],
            unchanged=outcomes["unchanged"],
            unfinished=self.ask(count_unfinished),
            failed=sum(self._statuses.get(remote_id) == "failed" for remote_id in moved),
            requests=self._client.requests_made if self._client else 0,
            seconds=round(time.monotonic() - self._started, 3),
            expiring=expiring.videos,
            expiring_about=expiring.about,
            stopped=self.stopped,
            is_interrupted=self._is_cut_short,
            error=self._error,
            missed=self.missed,
            notes=(*self._notes, self._suspicion) if self._suspicion else tuple(self._notes),
        )
        self._remember(report, finished_at)
        return report

    def _remember(self, report: SyncReport, finished_at: datetime) -> None:
        state: dict[str, Any] = {"health": "ok", "message": None, "last_run_at": finished_at}
        if report.error:
            state |= {"health": "failing", "message": report.error}
        elif report.is_interrupted:
            state |= {"health": "interrupted", "message": INTERRUPTED}
        else:
            state["last_success_at"] = finished_at
            if self._suspicion:
                state |= {"health": "suspect", "message": self._suspicion}
        counts = {name: getattr(report, name) for name in _REPORTED}
        if report.is_interrupted:
            counts["error"] = INTERRUPTED
        with self.database.write() as connection:
            self.save_state(connection, **state)
            store.save_run(connection, started_at=self.started_at, finished_at=finished_at, **counts)
