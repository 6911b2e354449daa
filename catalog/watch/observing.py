"""What the system says of folders as it happens: only that something has, and where.

The kernel's queue overflows at some ten thousand files, and watchdog tells nobody but its log (measured: 4,561 of
10,000 files were heard of). So what is heard makes a folder dirty, and no more; a scan decides. A warning in that log
makes all of them dirty: what happened last may be what was dropped. Network file systems
report nothing of what other machines do. Nothing is polled by watchdog: that takes gigabytes for large trees.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SILENT = frozenset({
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "davfs2", "drvfs", "fuse", "gfs2", "glusterfs", "lustre",
    "ncpfs", "nfs", "nfs4", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs",
})  # fmt: skip
_FULL = {errno.ENOSPC, errno.EMFILE}
SYSCTL = "sudo sysctl fs.inotify.max_user_watches=524288"
_MOUNTS = Path("/proc/self/mounts")
_LOG = "watchdog"  # whose warnings say that events were lost


class Observer:
    """Listens to folders; `dirty` holds those in which something has happened, `changed_at` is when it last did."""

    def __init__(self, on_event: Callable[[str], None] | None = None) -> None:
        self.woken = threading.Event()
        self.changed_at = 0.0
        self.dirty: set[str] = set()
        self._tell = on_event or (lambda _text: None)
        self._lock = threading.Lock()
        self._observer: Any = None
        self._losses = _Losses(self._mark_all)
        self._heard: dict[str, Any] = {}
        self._told: set[str] = set()

    def listen(self, folders: Iterable[str]) -> None:
        """Listen to these folders, as far as the system lets us: to each that can be, once."""
        for folder in folders:
            if folder in self._heard:
                continue
            kind = find_silent(folder)
            if kind is not None:
                self._tell_once(
                    f"{folder} is on a file system that reports nothing ({kind}): it is scanned by interval"
                )
                continue
            try:
                self._heard[folder] = self._schedule(folder)
            except OSError as error:
                self._explain(folder, error)

    def take_dirty(self) -> set[str]:
        """The folders in which something has happened since the last call."""
        with self._lock:
            dirty, self.dirty = self.dirty, set()
            self.woken.clear()
        return dirty

    def forget(self, folder: str) -> None:
        """Listen no more to a folder that is not there: what comes in its place is another one."""
        watch = self._heard.pop(folder, None)
        if watch is not None and self._observer is not None:
            with suppress(KeyError, OSError):
                self._observer.unschedule(watch)

    def stop(self) -> None:
        """Listen no more."""
        logging.getLogger(_LOG).removeHandler(self._losses)
        if self._observer is not None:
            with suppress(RuntimeError):
                self._observer.stop()
                self._observer.join(5)

    def mark(self, folder: str) -> None:
        """Keep that something has happened in a folder."""
        with self._lock:
            self.dirty.add(folder)
            self.changed_at = time.monotonic()
            self.woken.set()

    def _mark_all(self) -> None:
        for folder in list(self._heard):
            self.mark(folder)

    def _schedule(self, folder: str) -> object:
        from watchdog.events import (
            DirCreatedEvent,
            DirDeletedEvent,
            DirMovedEvent,
            FileClosedEvent,
            FileDeletedEvent,
            FileModifiedEvent,
            FileMovedEvent,
            FileSystemEvent,
            FileSystemEventHandler,
        )
        from watchdog.observers import Observer as SystemObserver

        logging.getLogger(_LOG).addHandler(self._losses)

        class Handler(FileSystemEventHandler):
            """Marks the folder, whatever has happened."""

            def on_any_event(_self, _event: FileSystemEvent) -> None:  # noqa: N805 - `self` is the observer here
                self.mark(folder)

        if self._observer is None:
            self._observer = SystemObserver()
            self._observer.start()
        kinds = [FileClosedEvent, FileMovedEvent, FileDeletedEvent, DirCreatedEvent, DirMovedEvent, DirDeletedEvent]
        if os.name != "posix" or not _MOUNTS.exists():  # elsewhere nothing says that a file was closed
            kinds.append(FileModifiedEvent)
        return self._observer.schedule(Handler(), folder, recursive=True, event_filter=kinds)

    def _explain(self, folder: str, error: OSError) -> None:
        if error.errno in _FULL:
            self._tell_once(
                f"the system's limit of watched folders is reached: {folder} is scanned by interval. "
                f"To raise it: {SYSCTL}"
            )
        else:
            reason = (error.strerror or type(error).__name__).lower()
            self._tell_once(f"nothing is heard of {folder} ({reason}): it is scanned by interval")

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)


class _Losses(logging.Handler):
    """Calls `on_loss` for each warning of watchdog's."""

    def __init__(self, on_loss: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._on_loss = on_loss

    def emit(self, _record: logging.LogRecord) -> None:
        self._on_loss()


def find_silent(folder: str, mounts: Path = _MOUNTS) -> str | None:
    """The file system of a folder where it reports nothing, or not all: those of networks and of other machines."""
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return None
    best, kind = b"", ""
    path = os.fsencode(folder)
    for line in lines:
        fields = line.split(b" ")
        if len(fields) < 3:
            continue
        point = _unescape(fields[1])
        if len(point) >= len(best) and (path == point or path.startswith(point.rstrip(b"/") + b"/")):
            best, kind = point, fields[2].decode("ascii", "replace")
    return kind if kind.partition(".")[0] in _SILENT else None


def _unescape(field: bytes) -> bytes:
    """A path as the kernel writes it: blanks, tabs, line ends and backslashes in octal."""
    for code, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        field = field.replace(code, char)
    return field
