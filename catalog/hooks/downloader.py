"""The thread that downloads the files of jobs as soon as they have completed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.download.run import Download
    from catalog.file_reports import DownloadReport


class Downloader:
    """Runs a download whenever it is woken, what comes up meanwhile in the next; `run` is for a thread of its own.

    `begin` makes a download of all that is wanted, `tell` is called with a line about each file that came or did not,
    and `on_done` after each download.
    """

    def __init__(
        self, begin: Callable[[], Download], tell: Callable[[str], None], on_done: Callable[[], object] = lambda: None
    ) -> None:
        self._begin = begin
        self._tell = tell
        self._on_done = on_done
        self._woken = threading.Event()
        self._woken.set()  # what earlier runs have left
        self._is_stopping = False
        self._running: Download | None = None

    def wake(self) -> None:
        """Have the thread look for what is wanted."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread, and what it has on its way."""
        self._is_stopping = True
        self._woken.set()
        if self._running is not None:
            self._running.interrupt()

    def run(self) -> None:
        """Download what is wanted whenever woken, until stopped."""
        while self._woken.wait() and not self._is_stopping:
            self._woken.clear()
            try:
                self._running = self._begin()
                lines = list(_describe(self._running.run()))
            except Exception as error:  # noqa: BLE001 - whatever it is, the files of later jobs are wanted
                lines = [f"cannot download: {error or type(error).__name__}"]
            for line in lines if not self._is_stopping else ():
                self._tell(line)
            self._on_done()


def _describe(report: DownloadReport) -> Iterator[str]:
    if report.files:
        yield f"downloaded {report.files:,} file{'s' if report.files > 1 else ''}, {report.bytes:,} bytes"
    for file in (*report.lost, *report.failed):
        yield f"{file.ref}: its {file.variant} could not be downloaded: {file.reason}"
    yield from filter(None, (report.error, *report.errors.values(), *report.notes))
