"""Watching: scans of folders, after each quiet moment and every few minutes, until somebody stops it."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import CatalogError, ConfigError, NotFound
from catalog.file_reports import WatchReport
from catalog.ingest import import_paths
from catalog.reading.watching import list_roots
from catalog.watch.folders import absolute
from catalog.watch.observing import Observer
from catalog.watch.run import Options, scan_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from catalog.database import Database
    from catalog.file_reports import FolderReport
    from catalog.intake import Intake
    from catalog.reports import ImportReport, Progress

QUIET = 1.0  # seconds without an event before a scan
LONGEST = 30.0  # seconds of events without a pause, after which it comes all the same
AGAIN = 5.0  # seconds until a scan after one that has found growing files, or missed some
SHORTEST = 1.0  # seconds between two scans by interval


class Watcher:
    """Scans folders, or where none is named those that are watched already.

    `source` is that of videos without a job, `sidecars` the one that answers and sidecars belong to; where it is None,
    answers are left alone. `around` frames each scan. Raises ConfigError for what is not a folder, and for a folder
    that is not there, unless the library knows it: then it is offline.
    """

    def __init__(
        self,
        database: Database,
        folders: Sequence[str | Path],
        *,
        source: str | None,
        sidecars: str | None,
        around: Callable[[], AbstractContextManager[Intake]],
        accept: bool = False,
        on_ready: Callable[[tuple[str, ...]], None] | None = None,
        on_scan: Callable[[WatchReport], None] | None = None,
        on_event: Callable[[str], None] | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self._database = database
        self._folders = self._find_folders(folders)
        self._source, self._sidecars = source, sidecars
        self._around = around
        self._accept = accept
        self._on_ready, self._on_scan, self._on_event, self._on_progress = on_ready, on_scan, on_event, on_progress
        self._answers: list[ImportReport] = []
        self._unread = 0
        self._scanned_at = 0.0
        self._kept: set[str] = set()  # folders that the library had at some time
        self._last: dict[str, FolderReport] = {}  # of each folder
        self._away: set[str] = set()  # folders that were offline before the last scan
        self._mounts: set[str] = set()  # drives in folders that are watched
        self._was_made = False
        self._failure: str | None = None  # why the last scan failed

    def _find_folders(self, named: Sequence[str | Path]) -> list[str]:
        """The folders that are named, each once, or those that are watched already; raises ConfigError."""
        roots = self._list_roots()
        if not named:
            watched = [path for path, is_watched in roots.items() if is_watched]
            if not watched:
                raise ConfigError("no folder is watched: name one, as in `catalog watch DIR`")
            return watched
        folders = list(dict.fromkeys(map(absolute, named)))
        for folder in folders:
            _refuse_others(folder, is_known=folder in roots)
        return folders

    def _list_roots(self) -> dict[str, bool]:
        """The folders that the library knows, and whether each is watched."""
        if not self._database.is_made:
            return {}
        with self._database.read() as connection:
            return {root.path: root.is_watched for root in list_roots(connection)}

    def scan(self, folders: Sequence[str] | None = None) -> WatchReport:
        """Scan once; `folders` are some of those that are watched. Raises NotFound where the library has gone."""
        self._require_library()
        started = time.perf_counter()
        self._answers, self._unread = [], 0
        options = Options(
            self._sidecars,
            own=self._source or store.FILES,
            is_watched=True,
            read_documents=self._read_documents,
            accept=self._accept,
        )
        with self._around() as intake:
            reports = scan_folders(
                self._database, self._folders if folders is None else folders, options, self._on_progress
            )
        self._was_made = self._database.is_made
        self._kept.update(report.path for report in reports if report.state == "online")
        self._last |= {report.path: report for report in reports}
        others = {report.path for report in reports}.difference(self._folders)
        self._mounts |= {path for path in others if os.path.ismount(path)}
        notes = []
        if self._unread:
            files = "1 file" if self._unread == 1 else f"{self._unread:,} files"
            notes.append(
                f"several sources are configured: name one with --source to read answers and sidecars ({files})"
            )
        seconds = round(time.perf_counter() - started, 3)
        report = WatchReport(
            tuple(reports), tuple(self._answers), self._unread, seconds, tuple(notes), intake.credentials
        )
        if self._on_scan:
            self._on_scan(report)
        return report

    def _require_library(self) -> None:
        """Raise NotFound where the library was there and is not: its drive may be away, and no other one is made."""
        path = self._database.path
        if self._was_made and not self._database.is_made:
            raise NotFound(f"the library {path} is not there any more: nothing is taken in until it is", path=str(path))

    def _read_documents(self, root: str, paths: Sequence[Path]) -> bool:
        """Read answers; False where no source is named that they belong to."""
        if self._sidecars is None:
            self._unread += len(paths)
            return False
        report = import_paths(self._database, [root], source=self._sidecars, among=frozenset(paths), take_media=_leave)
        self._answers += [report] if report.files else []  # a text beside no clip is not an answer
        return True

    def run(self, every: float) -> WatchReport:
        """Scan until the program is interrupted, or all folders are forgotten; returns the last report."""
        observer = Observer(self._on_event)
        try:
            observer.listen(self._folders)
            if self._on_ready:
                self._on_ready(tuple(self._folders))
            report = self._scan_all()
            while self._folders:
                report = self._scan_next(observer, report, every)
            return report
        finally:
            observer.stop()

    def _scan_all(self) -> WatchReport:
        self._scanned_at = time.monotonic()
        return self.scan()

    def _scan_next(self, observer: Observer, report: WatchReport, every: float) -> WatchReport:
        """Wait for something to happen, or for the interval, and scan."""
        is_waiting = self._failure or any(folder.growing or folder.missed for folder in self._last.values())
        due_at = self._scanned_at + (min(every, AGAIN) if is_waiting else every)
        observer.woken.wait(max(SHORTEST, due_at - time.monotonic()))
        _wait_for_quiet(observer)
        dirty = observer.take_dirty()
        try:
            self._drop_forgotten(observer)
            self._listen(observer)
            dirty &= {*self._folders, *self._mounts}
            if not self._folders:
                return report
            if not dirty or self._failure or time.monotonic() >= due_at:
                report = self._scan_all()
            else:
                report = self.scan(sorted(dirty))
            self._failure = None
        except CatalogError as error:  # the library is busy, or its disk full: all is scanned again before long
            if self._on_event and str(error) != self._failure:
                self._on_event(str(error))
            self._failure = str(error)
            self._scanned_at = time.monotonic()
        return report

    def _listen(self, observer: Observer) -> None:
        """Listen to all that can be heard; what is not there, or was not before the last scan, is a new folder now."""
        away = {folder.path for folder in self._last.values() if folder.state == "offline"}
        for folder in away | self._away:
            observer.forget(folder)
        self._away = away
        observer.listen([*self._folders, *sorted(self._mounts)])

    def _drop_forgotten(self, observer: Observer) -> None:
        """Leave the folders alone that were kept once and are no more: `catalog watch --forget` was run beside us."""
        if not self._database.is_made:
            return
        roots = self._list_roots()
        for folder in self._kept.difference(roots).intersection(self._folders):
            self._folders.remove(folder)
            self._last.pop(folder, None)
            observer.forget(folder)
            if self._on_event:
                self._on_event(f"{folder} is not watched any more")
        self._kept |= roots.keys()


def _refuse_others(folder: str, *, is_known: bool) -> None:
    """Raise ConfigError for what is not a folder, or is not there; what cannot be looked at is offline."""
    try:
        mode = os.stat(folder).st_mode  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        if not is_known:
            raise ConfigError(
                f"{folder} is not there, and the library does not know it: name a folder that holds clips"
            ) from None
    except OSError:
        return
    else:
        if not stat.S_ISDIR(mode):
            raise ConfigError(f"{folder} is not a folder: name one that holds clips, or import the file")


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
