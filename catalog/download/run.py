"""One download: takes jobs off the queue, has them fetched a few at a time, and keeps what became of each."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from catalog import store
from catalog.client.client import Bounds, Client, Clock
from catalog.credential_reports import CredentialsChecked
from catalog.credentials.run import check_due
from catalog.download.job import Fetch, Outcome
from catalog.download.keeping import Keeper
from catalog.download.queue import choose
from catalog.enclosed import keep_enclosed
from catalog.errors import ConfigError, MediaError
from catalog.file_reports import DownloadInterrupted, DownloadReport, PicturesMade, Unkept
from catalog.parallel import ask_all
from catalog.pictures import make_thumbnails
from catalog.reading.files import media_folder
from catalog.reading.rescue import RESULTS, list_wanted, read_wanted
from catalog.reading.sources import explain_retired, find_retired
from catalog.sync.absences import is_mass

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from catalog.client.client import Reply
    from catalog.database import Database
    from catalog.download.job import Fetched
    from catalog.download.queue import Choice
    from catalog.errors import SourceError
    from catalog.reading.rescue import Want, Wanted
    from catalog.reports import Progress
    from catalog.settings import Settings

READ_AT_ONCE = 200  # jobs of the queue
MAX_SILENCES = 5  # jobs in a row that a source did not answer for, before it is left alone
THREADS_EACH = 2  # for a file that is fetched: while one is brought to the disk, the next is on its way
END_SECONDS = 3.0  # granted to threads to take away what they have begun


class _Doubtful(NamedTuple):
    """A file that is lost unless its source is suspect."""

    job: Wanted
    file: Fetched


class Download:
    """One download of a library; `run` it once, `interrupt` it from any thread.

    Unless `draws` is false, it ends with the thumbnails of what came without one; unless `checks` is, with the checks
    of the Content Credentials of what came. Both go on where an earlier download was stopped.

    `now` tells which addresses have expired, `clock` measures the time that calls take.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        choice: Choice,
        *,
        jobs: int | None = None,
        draws: bool = True,
        checks: bool = True,
        on_progress: Progress | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._choice = choice
        self._parallel = settings.download.parallel if jobs is None else jobs
        if not 1 <= self._parallel <= 32:
            raise ConfigError(f"{self._parallel} files at once: choose from 1 to 32")
        self._on_progress = on_progress or (lambda *_: None)
        self._now = now
        self._clock = clock
        self._started = time.monotonic()
        self._clients: dict[str, Client] = {}
        self._want: Want
        self._queue: array[int]
        self._taken = 0
        self._portion: deque[Wanted] = deque()
        self._is_over = threading.Event()
        self._is_interrupted = False
        self._busy = 0
        self._under_way = 0
        self._idle = threading.Condition()
        self._silences: dict[str, int] = {}
        self._answered: dict[str, int] = {}  # jobs, by source
        self._doubtful: dict[str, list[_Doubtful]] = {}
        self._files = self._bytes = self._missing = self._left = self._done = 0
        self._failed: list[Unkept] = []
        self._lost: list[Unkept] = []
        self._draws, self._checks = draws, checks
        self._began_at = datetime.now(UTC)
        self._credentials = CredentialsChecked()
        self._kept: list[int] = []  # the videos whose results came
        self._said: list[int] = []  # those of which a file says what it was made of
        self._pictures = PicturesMade()
        self._error: str | None = None
        self._errors: dict[str, str] = {}
        self._notes: list[str] = []

    def run(self) -> DownloadReport:
        """Fetch all that is wanted and can be had, and return the report, failures included.

        Raises DownloadInterrupted, a KeyboardInterrupt with the report; what has come in by then is kept.
        """
        with self._database.read() as connection:
            self._want = choose(connection, self._settings, self._choice, self._now())
            self._queue = list_wanted(connection, self._want, self._now())
            asked = self._choice.sources or tuple(self._settings.sources)
            self._notes += [
                f"{name}: {explain_retired(name, moment)}"
                for name, moment in find_retired(connection, self._now()).items()
                if name in asked
            ]
            folder = media_folder(connection)
        folder.clean()  # there may be nothing to fetch
        keeper = Keeper(folder, self._parallel)
        threads = THREADS_EACH * self._parallel if self._parallel > 1 else 1  # one alone keeps the order to the letter

        def fetch(job: Wanted) -> Outcome:
            return self._fetch(job, keeper)

        try:
            for _, outcome in ask_all(fetch, self._take, threads):
                self._save(outcome)
            self._settle()
            self._read_prompts()
            if self._draws:
                self._make_thumbnails()
            if self._checks:
                self._check_credentials()
        except KeyboardInterrupt:
            self.interrupt()
            raise DownloadInterrupted(self._report()) from None
        finally:
            self.interrupt()
            self._wait_until_idle()
            for client in self._clients.values():
                client.close()
        return self._report()

    def interrupt(self) -> None:
        """End what is on its way: part files go, whole files stay."""
        self._is_interrupted = True
        self._is_over.set()
        for client in list(self._clients.values()):
            client.interrupt()

    def _wait_until_idle(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, END_SECONDS)

    # In the threads that fetch

    def _fetch(self, job: Wanted, keeper: Keeper) -> Outcome:
        with self._idle:
            self._busy += 1
        try:
            if self._is_over.is_set():
                return Outcome(job, is_skipped=True)
            outcome = Fetch(self._clients[job.source], job, keeper).run()
            if outcome.breakdown is not None:
                self._is_over.set()
            return outcome
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    # In the thread that runs it

    def _read_prompts(self) -> None:
        """Read the prompts that stood in files."""
        if self._said:
            from catalog.facets import extract_due

            extract_due(self._database, self._settings.facets, among=sorted(set(self._said)))

    def _take(self) -> Wanted | None:
        """The next job that can be asked for."""
        while not self._is_over.is_set():
            if not self._portion and not self._read_portion():
                return None
            if self._portion:
                job = self._portion.popleft()
                if self._connect(job.source):
                    self._under_way += 1
                    return job
                self._left += 1
                self._tell()
        return None

    def _read_portion(self) -> bool:
        """Read the next jobs of the queue; False at its end."""
        ids = self._queue[self._taken : self._taken + READ_AT_ONCE]
        self._taken += len(ids)
        with self._database.read() as connection:
            self._portion.extend(read_wanted(connection, ids, self._want, self._now()))
        self._done += len(ids) - len(self._portion)
        return bool(ids)

    def _connect(self, name: str) -> bool:
        """Whether the source can be asked."""
        if name in self._errors:
            return False
        if name not in self._clients:
            source, limits = self._settings.find_source(name), self._settings.download
            bounds = Bounds(
                deadline=self._settings.sync.deadline_seconds,
                content_deadline=limits.deadline_seconds,
                header_seconds=limits.header_seconds,
                min_rate=limits.min_bytes_per_second,
                media_cap=limits.max_bytes,
            )
            try:
                self._clients[name] = Client(
                    source.base_url,
                    key=source.key(),
                    dialect=source.server,
                    source=name,
                    proxy=source.proxy,
                    bounds=bounds,
                    clock=self._clock,
                )
            except ConfigError as error:
                self._errors[name] = str(error)
                return False
        return True

    def _save(self, outcome: Outcome) -> None:
        """Keep what became of a job, each file in a transaction of its own."""
        job = outcome.job
        self._under_way -= 1
        if outcome.is_skipped:
            self._left += 1
            return
        arrived = self._save_reply(job, outcome.reply)
        is_untold = self._is_interrupted or outcome.refusal is not None  # then a failure says nothing of the file
        for file in outcome.files:
            if file.state == "present" or not (is_untold or file.variant in arrived):
                self._save_file(job, file)
        for given, data in outcome.inputs:
            with self._database.write() as connection:
                store.save_reference(connection, given.video_id, given.role, given.number, data, at=self._now())
            self._files += 1
            self._bytes += data.size
        self._left += is_untold
        self._judge_source(outcome)
        if outcome.breakdown is not None and self._error is None:
            self._error = str(outcome.breakdown)
        self._tell()

    def _save_reply(self, job: Wanted, reply: Reply | SourceError | None) -> set[str]:
        """Keep the answer that a job was retrieved with, and return the variants whose bytes lay in it."""
        if reply is None or isinstance(reply, Exception):
            return set()
        source, videos = job.source, reply.answer.videos
        enclosed = keep_enclosed(self._database, videos)
        with self._database.write() as connection:
            saved = store.save_videos(
                connection,
                source,
                videos,
                channel="get",
                received_at=self._now(),
                http_status=reply.status,
                enclosed=enclosed,
            )
        self._notes += saved.remarks
        self._notes += [f"{source}: asked for {name}: {reason}" for name, reason in saved.strays.items()]
        self._answered[source] = self._answered.get(source, 0) + 1
        uses = {item.use for items in enclosed.values() for item in items if item.data}
        return {job.result if use == "output" else use for use in uses}

    def _save_file(self, job: Wanted, file: Fetched) -> None:
        if file.state == "missing":
            self._missing += 1
        elif file.state == "may_be_lost":
            self._doubtful.setdefault(job.source, []).append(_Doubtful(job, file))
        elif file.data is None:
            self._keep_failure(job, file, is_lost=file.state == "lost")
        else:
            with self._database.write() as connection:
                spot = store.Spot(job.id, file.variant, file.number)
                store.save_file(connection, spot, file.data, origin="download", at=self._now())
                if file.data.marks:
                    self._said += store.save_said(connection, [(job.id, file.data.marks)], at=self._now())
            self._files += 1
            self._bytes += file.data.size
            if file.variant in RESULTS:
                self._kept.append(job.id)

    def _keep_failure(self, job: Wanted, file: Fetched, *, is_lost: bool) -> None:
        spot = store.Spot(job.id, file.variant, file.number)
        state = "lost" if is_lost else "failed"
        with self._database.write() as connection:
            store.save_failure(connection, spot, state=state, reason=file.reason, at=self._now())
        unkept = self._lost if is_lost else self._failed
        unkept.append(Unkept(job.ref, file.variant, file.number, file.reason, job.cost_usd))

    def _judge_source(self, outcome: Outcome) -> None:
        """Leave a source alone that refuses the key, or that has not answered for several jobs in a row."""
        source = outcome.job.source
        if outcome.refusal is not None:
            self._errors.setdefault(source, str(outcome.refusal))
        has_file = any(file.state == "present" for file in outcome.files)
        is_silent = outcome.silence is not None and not has_file
        self._silences[source] = self._silences.get(source, 0) + 1 if is_silent else 0
        if self._silences[source] >= MAX_SILENCES:
            self._errors.setdefault(source, str(outcome.silence))

    def _settle(self) -> None:
        """Call lost what the servers no longer know, unless that is so much that the server itself is suspect."""
        for source, doubtful in self._doubtful.items():
            jobs = {item.job.id for item in doubtful}
            expected = len(jobs) + self._answered.get(source, 0)
            is_suspect = is_mass(len(jobs), expected)
            if is_suspect:
                self._notes.append(
                    f"{source}: the server no longer knows {len(jobs):,} of {expected:,} jobs at once, "
                    "and none of them is called lost: check the account and the server"
                )
            for job, file in doubtful:
                self._keep_failure(job, file, is_lost=not is_suspect)

    def _make_thumbnails(self) -> None:
        """Make the thumbnails of what came without one, and of what earlier runs left; a later one makes the rest."""
        try:
            self._pictures = make_thumbnails(
                self._database, self._kept, is_stopped=self._is_over.is_set, on_progress=self._on_progress
            )
        except MediaError as error:
            self._error = self._error or str(error)

    def _check_credentials(self) -> None:
        """Check the Content Credentials of what came, and of what earlier runs left unchecked."""
        self._credentials = check_due(
            self._database,
            self._settings.facets,
            since=self._began_at,
            is_stopped=self._is_over.is_set,
            on_progress=self._on_progress,
        )

    def _tell(self) -> None:
        self._done += 1
        self._on_progress("clips", self._done, len(self._queue), "downloading")

    def _report(self) -> DownloadReport:
        costs = {file.ref: file.cost_usd for file in self._lost if file.cost_usd is not None}
        return DownloadReport(
            files=self._files,
            bytes=self._bytes,
            failed=tuple(self._failed),
            lost=tuple(self._lost),
            lost_usd=round(sum(costs.values()), 6) if costs else None,
            missing=self._missing,
            left=self._left + self._under_way + len(self._portion) + len(self._queue) - self._taken,
            requests=sum(client.requests_made for client in self._clients.values()),
            seconds=round(time.monotonic() - self._started, 3),
            error=self._error,
            errors=self._errors,
            notes=tuple(self._notes),
            pictures=self._pictures,
            credentials=self._credentials,
        )
