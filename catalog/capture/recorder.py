"""The thread of this process that takes captured notes into a library, and retries while it cannot."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.capture.notes import take_in_spool
from catalog.capture.spool import list_notes, sync_note, write_note
from catalog.errors import CatalogError
from catalog.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    MakeNote = Callable[[], dict[str, Any] | None]

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
AT_EXIT = 5.0  # seconds that a program which ends waits for its last notes, at most
BUSY_SECONDS = 2.0  # to wait for another writer before the next pause
LONG_NOTE = 1 << 20  # bytes of request and answer above which the thread makes the note, not the caller

_log = logging.getLogger("catalog.capture")


class Recorder:
    """Writes notes for one library in the thread of the caller, and takes them in on a thread of its own."""

    def __init__(self, library: Path) -> None:
        self.library = library
        self.start_over()

    def start_over(self) -> None:
        """Reset everything: after a fork the thread and the locks of the parent are useless."""
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._postponed: list[MakeNote] = []
        self._wanted = self._done = 0
        self._last_fault: str | None = None

    def keep(self, make_note: MakeNote, size: int) -> None:
        """Write the note at once, unless making it takes long; `size` is that of request and answer, in bytes."""
        is_long = size > LONG_NOTE
        if not is_long and not self._write(make_note):
            return
        with self._changed:
            if is_long:
                self._postponed.append(make_note)
            self._wanted += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="catalog-capture", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float, *, waits_for_library: bool = True) -> bool:
        """Wait until every note is taken in; returns whether that happened in time.

        Without `waits_for_library`, give up as soon as the library cannot be written.
        """
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._is_idle or not (waits_for_library or self._last_fault is None), seconds
            )
            return self._is_idle

    @property
    def _is_idle(self) -> bool:
        return self._done == self._wanted

    def _write(self, make_note: MakeNote) -> bool:
        note = make_note()
        if note is not None:
            write_note(self.library, note)
        return note is not None

    def _work(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._is_idle)
                wanted, postponed, self._postponed = self._wanted, self._postponed, []
            for make_note in postponed:
                with guarded():
                    self._write(make_note)
            is_taken_in = self._take_in()
            with self._changed:
                if is_taken_in:
                    self._done, pause = wanted, SHORTEST_PAUSE
                    self._changed.notify_all()
                else:
                    self._changed.wait(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)

    def _take_in(self) -> bool:
        from catalog.library import create_library, open_library

        try:
            with (
                closing(open_library(self.library, busy_timeout=BUSY_SECONDS)) as database,
                database.making(lambda: create_library(self.library)),
            ):
                take_in_spool(database, joins_batches=False)
        except Exception as error:  # noqa: BLE001 - the last net: the notes wait, and the thread tries again
            with guarded():
                for path in list_notes(self.library):
                    sync_note(path)
            fault = str(error) if isinstance(error, CatalogError | OSError) else f"{type(error).__name__}: {error}"
            if fault != self._last_fault:
                self._last_fault = fault
                _warn("captured calls wait in the spool: %s", fault)
            return False
        self._last_fault = None
        return True


_recorders: dict[Path, Recorder] = {}
_registry = threading.Lock()


def recorder_of(library: str | os.PathLike[str]) -> Recorder:
    """The recorder of this process for a library."""
    path = Path(os.path.abspath(library))  # noqa: PTH100 - resolve() would follow links, which may be broken
    with _registry:
        return _recorders.setdefault(path, Recorder(path))


def flush(library: str | os.PathLike[str], seconds: float = 30.0) -> bool:
    """Wait until everything that this process captured for a library is in it; returns whether it is.

    Notes that are not yet taken in are safe in the spool.
    """
    return recorder_of(library).flush(seconds)


@contextmanager
def guarded(cut: Callable[[str], str] = str) -> Iterator[None]:
    """Log whatever goes wrong in the block, and go on: a fault of capture never reaches the caller.

    `cut` takes the secrets of the call out of what is logged.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the promise of this function
        _warn("a call was not captured: %s: %s", type(error).__name__, redact_text(cut(str(error))))


def _warn(message: str, *arguments: object) -> None:
    """Log a warning; whoever takes it may fail, too."""
    with suppress(Exception):
        _log.warning(message, *arguments)


def _at_exit() -> None:
    end = time.monotonic() + AT_EXIT
    for recorder in list(_recorders.values()):
        recorder.flush(max(0.0, end - time.monotonic()), waits_for_library=False)


def _after_fork() -> None:
    global _registry  # noqa: PLW0603 - the parent may have held it
    _registry = threading.Lock()
    for recorder in _recorders.values():
        recorder.start_over()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
