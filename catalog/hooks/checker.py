"""The thread that checks the Content Credentials of files as soon as they have come."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.credential_reports import CredentialsChecked


class Checker:
    """Checks what is due whenever it is woken, what comes meanwhile in the next turn; `run` is for a thread of its own.

    `check` checks all that is due until its argument says that it is stopped; `tell` is called with a line about it.
    """

    def __init__(self, check: Callable[[Callable[[], bool]], CredentialsChecked], tell: Callable[[str], None]) -> None:
        self._check = check
        self._tell = tell
        self._woken = threading.Event()
        self._woken.set()  # what earlier runs have left
        self._is_stopping = False
        self._reason: str | None = None

    def wake(self) -> None:
        """Have the thread look for what is due."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread when it is done with the files that are being checked."""
        self._is_stopping = True
        self._woken.set()

    def run(self) -> None:
        """Check what is due whenever woken, until stopped."""
        while self._woken.wait() and not self._is_stopping:
            self._woken.clear()
            try:
                lines = list(self._describe(self._check(lambda: self._is_stopping)))
            except Exception as error:  # noqa: BLE001 - whatever it is, later files are due too
                lines = [f"cannot check credentials: {error or type(error).__name__}"]
            for line in lines if not self._is_stopping else ():
                self._tell(line)

    def _describe(self, report: CredentialsChecked) -> Iterator[str]:
        if report.checked:
            counts = ", ".join(f"{count:,} {status}" for status, count in sorted(report.by_status.items()))
            yield f"checked the credentials of {report.checked:,} file{'s' if report.checked > 1 else ''}: {counts}"
        if report.adopted:
            yield f"{report.adopted:,} file{'s' if report.adopted > 1 else ''} without a job given to their jobs"
        if report.damaged:
            yield f"{report.damaged:,} file{'s are' if report.damaged > 1 else ' is'} not what came: see is:damaged"
        if report.reason != self._reason:  # once
            self._reason = report.reason
            if report.reason:
                yield f"credentials not checked ({report.reason})"
