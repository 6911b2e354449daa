"""Watching: scans of folders, after each quiet moment and every few minutes, until somebody stops it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import CatalogError, ConfigError
from catalog.file_reports import WatchReport
from catalog.ingest import import_paths
from catalog.reading.watching import list_roots
from catalog.watch.folders import absolute
from catalog.watch.observing import Observer
from catalog.watch.run import Options, scan_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from catalog.database import Database
    from catalog.file_reports import FolderReport
    from catalog.reports import ImportReport, Progress

QUIET = 1.0  # seconds without an event before a scan
LONGEST = 30.0  # seconds of events without a pause, after which it comes all the same
AGAIN = 5.0  # seconds until a scan after one that has found growing files, or missed some
SHORTEST = 1.0  # seconds between two scans by interval


class Watcher:
    """Scans folders, or where none is named those that are watched already.

    `source` is that of videos without a job, `sidecars` the one that answers and sidecars belong to; where it is None,
    answers are left alone. `around` frames each scan.
    """

    def __init__(
        self,
        database: Database,
        folders: Sequence[str | Path],
        *,
        source: str | None,
        sidecars: str | None,
        around: Callable[[], AbstractContextManager[None]],
        accept: bool = False,
        on_scan: Callable[[WatchReport], None] | None = None,
        on_event: Callable[[str], None] | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self._database = database
        self._folders = [absolute(folder) for folder in folders] or self._list_watched()
        for folder in self._folders:
            if Path(folder).exists() and not Path(folder).is_dir():
                raise ConfigError(f"{folder} is not a folder: name one that holds clips, or import the file")
        self._source, self._sidecars = source, sidecars
        self._around = around
        self._accept = accept
        self._on_scan, self._on_event, self._on_progress = on_scan, on_event, on_progress
        self._answers: list[ImportReport] = []
        self._unread = 0
        self._scanned_at = 0.0
        self._failure: str | None = None  # of the last scan

    def _list_watched(self) -> list[str]:
        roots = []
        if self._database.is_made:
            with self._database.read() as connection:
                roots = [root.path for root in list_roots(connection) if root.is_watched]
        if not roots:
            raise ConfigError("no folder is watched: name one, as in `catalog watch DIR`")
        return roots

    def scan(self, folders: Sequence[str] | None = None) -> WatchReport:
        """Scan once; `folders` are some of those that are watched."""
        started = time.perf_counter()
        self._answers, self._unread = [], 0
        options = Options(
            self._sidecars,
            own=self._source or store.FILES,
            is_watched=True,
            read_documents=self._read_documents,
            accept=self._accept,
        )
        with self._around():
            reports = scan_folders(
                self._database, self._folders if folders is None else folders, options, self._on_progress
            )
        notes = []
        if self._unread:
            files = "1 file" if self._unread == 1 else f"{self._unread:,} files"
            notes.append(
                f"several sources are configured: name one with --source to read answers and sidecars ({files})"
            )
        report = WatchReport(
            tuple(reports), tuple(self._answers), self._unread, round(time.perf_counter() - started, 3), tuple(notes)
        )
        if self._on_scan:
            self._on_scan(report)
        return report

    def _read_documents(self, root: str, paths: Sequence[Path]) -> bool:
        """Read answers; False where no source is named that they belong to."""
        if self._sidecars is None:
            self._unread += len(paths)
            return False
        self._answers.append(
            import_paths(self._database, [root], source=self._sidecars, among=frozenset(paths), take_media=_leave)
        )
        return True

    def run(self, every: float) -> WatchReport:
        """Scan until the program is interrupted."""
        observer = Observer(self._on_event)
        try:
            observer.listen(self._folders)
            report = self._scan_all()
            while True:
                report = self._scan_next(observer, report, every)
        finally:
            observer.stop()

    def _scan_all(self) -> WatchReport:
        self._scanned_at = time.monotonic()
        return self.scan()

    def _scan_next(self, observer: Observer, report: WatchReport, every: float) -> WatchReport:
        """Wait for something to happen, or for the interval, and scan."""
        is_waiting = self._failure or any(folder.growing or folder.missed for folder in report.folders)
        due_at = self._scanned_at + (min(every, AGAIN) if is_waiting else every)
        observer.woken.wait(max(SHORTEST, due_at - time.monotonic()))
        _wait_for_quiet(observer)
        dirty = observer.take_dirty()
        for folder in report.offline:
            observer.forget(folder.path)
        observer.listen(self._folders)
        try:
            is_due = not dirty or time.monotonic() >= due_at or self._failure
            report = self._scan_all() if is_due else self.scan(sorted(dirty))
            self._failure = None
        except CatalogError as error:  # the library is busy, or its disk full: what was not kept comes again, soon
            if self._on_event and str(error) != self._failure:
                self._on_event(str(error))
            self._failure = str(error)
            self._scanned_at = time.monotonic()
        return report


def _wait_for_quiet(observer: Observer) -> None:
    """Wait until nothing has happened for a moment, or for long enough."""
    started = time.monotonic()
    while observer.woken.is_set():
        now = time.monotonic()
        left = min(observer.changed_at + QUIET, started + LONGEST) - now
        if left <= 0:
            return
        time.sleep(left)


def _leave(_database: Database, _folders: Sequence[Path], _files: Sequence[Path]) -> list[FolderReport]:
    """Leave clips and pictures to the scan that they were found by."""
    return []
