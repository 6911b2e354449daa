"""One run over one source: what it saves, counts and reports."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from catalog import store
from catalog.client.client import Client, Clock
from catalog.errors import RateLimited, SourceError, Unauthorized
from catalog.reading.expiry import EXPIRING_WITHIN
from catalog.reading.work import count_expiring, count_unfinished, find_remote_ids
from catalog.reports import SyncInterrupted, SyncReport
from catalog.rows import encodable
from catalog.sync.absences import Absences
from catalog.wire.answers import ParsedVideo
from catalog.wire.ids import raw_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from catalog.config import Source, SyncSettings
    from catalog.database import Database, Reader, Writer
    from catalog.reports import Progress

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

INTERRUPTED = "interrupted: the next run completes it"
MAX_NOTES = 20
MAX_NAMED = 5  # ids in one remark

_REPORTED = (
    "source",
    "mode",
    "added",
    "changed",
    "unchanged",
    "unfinished",
    "failed",
    "requests",
    "stopped",
    "error",
    "suspicion",
)
_COUNTED = ("overturned", "strays")


class Run:
    """The state of one run.

    `outcomes` holds for each video whether it was added, changed or unchanged, `missed` and `strays` the reasons why a
    job could not be retrieved, or was answered with another. `write` is `Database.write`, and raises LockLost where
    another run has taken the source over. `new` holds the ids to add that the library does not have,
    each with the name it was given by. `is_alive` says whether the source has answered anything.
    """

    def __init__(
        self,
        database: Database,
        source: Source,
        settings: SyncSettings,
        on_progress: Progress,
        now: Callable[[], datetime],
    ) -> None:
        self.database = database
        self.write: Callable[[], AbstractContextManager[Writer]] = database.write
        self.source = source
        self.settings = settings
        self.on_progress = on_progress
        self.now = now
        self.started_at = now()
        self.look_back = self.started_at - timedelta(hours=settings.look_back_hours)
        self.mode = "incremental"
        self.stopped: str | None = None
        self.pages_left = settings.max_pages
        self.outcomes: dict[str, str] = {}
        self.missed: dict[str, str] = {}
        self.strays: dict[str, str] = {}
        self.new: dict[str, str] = {}
        self.absences = Absences()
        self.is_alive = False
        self._started = time.monotonic()
        self._interrupted = threading.Event()
        self._client: Client | None = None
        self._failed: set[str] = set()
        self._notes: list[str] = []
        self._suspicions: list[str] = []
        self._overturned: dict[str, str] = {}
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
    def surviving(self) -> Iterator[None]:
        """Put a failure into the report and go on, where the source has answered and may answer something else."""
        try:
            yield
        except (Unauthorized, RateLimited):
            raise
        except SourceError as error:
            if error.status is None:
                raise
            self._error = str(error)

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Put a failure of the source into the report, and keep the report of an interrupted run.

        One that has lost its lock keeps nothing, and raises LockLost. Raises SyncInterrupted, with the report, where
        the user interrupts.
        """
        try:
            yield
        except SourceError as error:
            self._error = self._error or str(error)
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

    def save(
        self,
        connection: Writer,
        videos: Sequence[ParsedVideo],
        channel: str,
        status: int = 200,
        *,
        enclosed: Mapping[str, Sequence[store.Enclosed]] | None = None,
    ) -> store.Saved:
        """Keep answers about videos with what was `enclosed` in them, and count what became of each."""
        saved = store.save_videos(
            connection,
            self.source.name,
            videos,
            channel=channel,
            received_at=self.now(),
            http_status=status,
            asked=self.new,
            enclosed=enclosed,
        )
        for video in videos:
            keep = self._failed.add if video.status == "failed" else self._failed.discard
            keep(video.remote_id)
        self.note(saved.cuts)
        self.note(saved.remarks)
        self.count(saved)
        return saved

    def find_new(self, written: Iterable[str]) -> list[str]:
        """The ids of the jobs with these names, each once; those that the library does not have become `new`."""
        names = {raw_id(name): name.strip() for name in map(encodable, written) if name.strip()}
        owners = self.ask(find_remote_ids, [*names, *names.values()])
        remote_ids = {raw: owners.get(raw) or owners.get(name) for raw, name in names.items()}
        self.new = {raw: names[raw] for raw, remote_id in remote_ids.items() if remote_id is None}
        return list(dict.fromkeys(remote_id or raw for raw, remote_id in remote_ids.items()))

    def keep_ids(self, connection: Writer, remote_ids: Iterable[str]) -> None:
        """Add a video for each of these ids that is new and has none, so that later runs ask for it."""
        wanted = [remote_id for remote_id in remote_ids if remote_id in self.new]
        known = find_remote_ids(connection, self.source.name, wanted)
        videos = [
            ParsedVideo(remote_id, (self.new[remote_id],), payload={"id": self.new[remote_id]})
            for remote_id in wanted
            if remote_id not in known
        ]
        self.save(connection, videos, "import")

    def save_state(self, connection: Writer, **columns: Any) -> None:
        """Set columns of the source."""
        store.save_source(connection, self.source.name, **columns)

    def count(self, saved: store.Saved) -> None:
        """Remember the strongest outcome of each video in this run, added, changed or unchanged, and what is odd."""
        self.outcomes.update(dict.fromkeys(saved.added, "added"))
        for remote_id in saved.changed:
            if self.outcomes.get(remote_id) != "added":
                self.outcomes[remote_id] = "changed"
        for remote_id in saved.unchanged:
            self.outcomes.setdefault(remote_id, "unchanged")
        self._overturned.update((name, f"{old}, now {new}") for name, (old, new) in saved.overturned.items())
        self.strays |= saved.strays
        self.missed |= {name: f"{reason}; the answer is kept apart" for name, reason in saved.strays.items()}

    # What the report says

    def note(self, remarks: Iterable[str]) -> None:
        """Keep remarks for the report, up to MAX_NOTES."""
        self._notes.extend(list(remarks)[: MAX_NOTES - len(self._notes)])

    def suspect(self, reason: str) -> None:
        """Make the source suspect, for a reason that the report gives."""
        self._suspicions.append(reason)

    @property
    def suspicion(self) -> str | None:
        """Why the source is suspect, None while it is not."""
        reasons = list(self._suspicions)
        if self.strays:
            more = f" and {len(self.strays) - MAX_NAMED:,} more" if len(self.strays) > MAX_NAMED else ""
            named = ", ".join(list(self.strays)[:MAX_NAMED])
            reasons.append(f"the server answered with other jobs than those asked for: {named}{more}")
        return f"{'; '.join(reasons)}: check the account and the server" if reasons else None

    def progress(self, done: int, total: int | None, phase: str) -> None:
        """Report how many jobs of how many are done in this phase."""
        self.on_progress(self.source.name, done, total, phase)

    def watch_lock(self) -> None:
        """Report that another run holds the source, and that it is not known yet whether it goes on."""
        self.progress(0, None, "watching another run")

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
        suspicion = self.suspicion
        outcomes = Counter(self.outcomes.values())
        finished_at = self.now()
        soon = finished_at + timedelta(seconds=EXPIRING_WITHIN)
        changed = [remote_id for remote_id, outcome in self.outcomes.items() if outcome != "unchanged"]
        expiring = self.ask(count_expiring, finished_at, soon, changed)
        report = SyncReport(
            source=self.source.name,
            mode=self.mode,
            added=outcomes["added"],
            changed=outcomes["changed"],
            unchanged=outcomes["unchanged"],
            unfinished=self.ask(count_unfinished),
            failed=sum(self.outcomes.get(remote_id, "unchanged") != "unchanged" for remote_id in self._failed),
            requests=self._client.requests_made if self._client else 0,
            seconds=round(time.monotonic() - self._started, 3),
            expiring=expiring.videos,
            expiring_about=expiring.about,
            expiring_new=expiring.new,
            stopped=self.stopped,
            is_interrupted=self._is_cut_short,
            error=self._error,
            missed=self.missed,
            overturned=self._overturned,
            strays=self.strays,
            suspicion=suspicion,
            notes=tuple(self._notes) if suspicion is None else (*self._notes, suspicion),
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
            if report.suspicion:
                state |= {"health": "suspect", "message": report.suspicion}
        counts = {name: getattr(report, name) for name in _REPORTED}
        counts |= {name: len(getattr(report, name)) for name in _COUNTED}
        if report.is_interrupted:
            counts["error"] = INTERRUPTED
        with self.write() as connection:
            self.save_state(connection, **state)
            store.save_run(connection, started_at=self.started_at, finished_at=finished_at, **counts)
