"""One run at a time for each source: a lock in the library, which a dead run does not keep and a live one never loses.

A holder writes down who it is and shows every few seconds that it is alive, from a thread, also while it waits for a
server. Whoever finds a lock asks the system about the holder, where it can see that process. Where it cannot (another
machine, another container, a system that does not say when a process started) it watches the lock: one that does not
move belongs to a dead run. No clock is compared with another one, so a clock that is set changes nothing.

A run that was only frozen, and wakes up to find its source taken over, writes nothing more: the other one knows nothing
of what it was about to do.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import threading
import time
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import CatalogError
from catalog.processes import is_running, read_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from catalog.database import Database, Writer

RENEWED_EVERY = 3.0  # seconds
SILENCE = 12.0  # seconds without a sign of life after which a run that cannot be seen is dead
LOOK_EVERY = 0.5  # seconds between looks at a lock that is watched
EXPIRES = timedelta(minutes=15)  # for locks of older versions, which renew them with each page

_HOLDER = re.compile(r"(.*):(\d+)((?: \w+=\S+)*)", re.DOTALL)

_mine: set[str] = set()  # what the live runs of this process have written down


class LockLost(CatalogError):
    """Another run has taken the source over from this one."""


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock; what an older version wrote, or this system does not say, is empty."""

    host: str
    process: str
    boot: str = ""  # since the kernel was started: containers of one machine share it, and no restart does
    space: str = ""  # which process ids these are: the machine's, or those of one container
    start: str = ""  # of the process, in ticks since the boot
    run: str = ""

    def __str__(self) -> str:
        marks = {"boot": self.boot, "space": self.space, "start": self.start, "run": self.run}
        return " ".join([f"{self.host}:{self.process}", *(f"{name}={mark}" for name, mark in marks.items() if mark)])

    @classmethod
    def parse(cls, text: str) -> Holder:
        """The holder that stands in a lock."""
        parts = _HOLDER.fullmatch(text)
        if parts is None:
            return cls(text, "?")
        marks = dict(mark.split("=", 1) for mark in parts[3].split())
        return cls(parts[1], parts[2], *(marks.get(name, "") for name in ("boot", "space", "start", "run")))

    @classmethod
    def current(cls) -> Holder:
        """A new run of this process."""
        process = str(os.getpid())
        return cls(platform.node(), process, _boot(), _space(), read_process(process)[1], secrets.token_hex(4))

    def describe(self) -> str:
        """The holder in words."""
        is_apart = bool(self.space) and self.boot == _boot() and self.space != _space()
        return f"process {self.process} on {self.host}{' (in another container)' if is_apart else ''}"

    def is_alive(self, age: timedelta) -> bool | None:
        """Whether the run goes on, last seen so long ago; None where only signs of life can tell."""
        if not self.run:
            return abs(age) <= EXPIRES and not (self.host == platform.node() and self._has_ended() is True)
        if self.process == str(os.getpid()) and self._is_visible():
            return str(self) in _mine
        if not self._is_visible():
            return None
        ended = self._has_ended()
        return None if ended is None else not ended

    def _is_visible(self) -> bool:
        """Whether its process id means the same process here."""
        return (self.boot, self.space) == (_boot(), _space()) and (bool(self.boot) or self.host == platform.node())

    def _has_ended(self) -> bool | None:
        """Whether the process is gone; None where another may have its id."""
        if self.process == str(os.getpid()):
            return self.start != read_process(self.process)[1] or not self.run
        if os.name == "nt":  # there, signal 0 is Ctrl-C
            return None
        if not is_running(self.process):
            return True
        start = read_process(self.process)[1]
        return start != self.start if start and self.start else None


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def _space() -> str:
    with suppress(OSError):
        return "".join(re.findall(r"\d+", os.readlink("/proc/self/ns/pid")))  # noqa: PTH115 - it leads to no path
    return ""


@contextmanager
def hold(
    database: Database,
    source: str,
    now: Callable[[], datetime],
    *,
    on_doubt: Callable[[], object] = lambda: None,
    renewed_every: float = RENEWED_EVERY,
    silence: float = SILENCE,
) -> Iterator[Callable[[], AbstractContextManager[Writer]]]:
    """Hold the source; raises CatalogError, which names the holder, while another run holds it.

    Whatever the run writes, it writes inside what this yields: `Database.write`, which raises LockLost where another
    run has the source by then. `on_doubt` is called where it takes watching to learn whether the run that holds it goes
    on, for up to `silence` seconds.
    """
    holder = str(Holder.current())
    _mine.add(holder)
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(renewed_every):
            with suppress(CatalogError), database.write() as connection:  # the run itself meets what fails here
                store.renew_lock(connection, source, holder=holder, now=now())

    @contextmanager
    def write() -> Iterator[Writer]:
        with database.write() as connection:
            if not store.renew_lock(connection, source, holder=holder, now=now()):
                raise LockLost(
                    f"source {source} was taken over by another run while this one stood still: "
                    "what had come in stays, and nothing more was written"
                )
            yield connection

    try:
        _lock(database, source, holder, now, on_doubt, silence)
        keeper = threading.Thread(target=renew, name=f"lock of {source}", daemon=True)
        keeper.start()
        try:
            yield write
        finally:
            ended.set()
            keeper.join(1)
            with database.write() as connection:
                store.unlock_source(connection, source, holder=holder)
    finally:
        _mine.discard(holder)


def _lock(
    database: Database,
    source: str,
    holder: str,
    now: Callable[[], datetime],
    on_doubt: Callable[[], object],
    silence: float,
) -> None:
    first: tuple[str, datetime] | None = None
    since = 0.0
    while True:
        is_silent = first is not None and time.monotonic() - since > silence
        asked = time.monotonic()
        with database.write() as connection:
            since += time.monotonic() - asked  # while the library is busy, nobody can give a sign of life
            lock = store.lock_source(
                connection, source, holder=holder, now=now(), is_stale=_judge(first if is_silent else None, now())
            )
        if lock is None:
            return
        other, last = Holder.parse(lock[0]), lock[1]
        if first not in {None, lock} or other.is_alive(now() - last):
            raise CatalogError(
                f"source {source} is being synced by {other.describe()}, "
                f"last active {last:%Y-%m-%d %H:%M:%S} UTC: wait until it ends"
            )
        if first is None:
            on_doubt()
            first, since = lock, time.monotonic()
        time.sleep(min(silence / 12, LOOK_EVERY))


def _judge(silent: tuple[str, datetime] | None, moment: datetime) -> Callable[[str, datetime], bool]:
    """Whether a lock belongs to a dead run: one that was silent, or one whose process is gone."""
    return lambda text, since: (text, since) == silent or Holder.parse(text).is_alive(moment - since) is False
