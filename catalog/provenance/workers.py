"""Checking many files in processes of their own, so that no file can take the program down or hold it up.

A worker is one Python process that checks what it is sent, one file after the other. It is killed for a file that takes
too long, and ends by itself where a file takes more memory than it may have, or when its parent is gone.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..processes import be_worker, start_worker
from .checking import check_file
from .checks import Check
from .reader import name_version
from .trust import Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..processes import Worker

SECONDS = 30.0  # for one file
MEMORY = 4 * 1024**3  # bytes of addresses of one worker; the reader takes 550 MB for a film of any size
MOST_WORKERS = 4
_START_SECONDS = 120.0  # until a worker has loaded the reader and proven its settings


class Target(NamedTuple):
    """A file to check, and the file of a detached manifest store that may speak for it."""

    path: Path
    manifest: Path | None = None


class Checked(NamedTuple):
    """A file that was checked."""

    target: Target
    check: Check


def check_files(
    targets: Iterable[Target | str | Path],
    *,
    profile: Profile | None = None,
    workers: int | None = None,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> Iterator[Checked]:
    """Check files in worker processes, as `check_file` does, and give each as it is done: not in order.

    `targets` are taken one by one as workers are free. `workers` is one for each processor by default, four at most.
    `seconds` and `memory`, in bytes, are the limits of one file; what breaks them is `unreadable`. Close the iterator
    to end the workers early.
    """
    profile = profile or Profile()
    waiting = (target if isinstance(target, Target) else Target(Path(target)) for target in targets)
    first = list(islice(waiting, max(1, workers or min(os.cpu_count() or 1, MOST_WORKERS))))
    pool = [_Checker(profile, seconds, memory) for _ in first]
    try:
        for checker, target in zip(pool, first, strict=True):
            checker.send(target)
        yield from _drive(pool, waiting)
    finally:
        for checker in pool:
            checker.end()


def _drive(pool: list[_Checker], waiting: Iterator[Target]) -> Iterator[Checked]:
    """Hand out the targets until all are checked."""
    while busy := [checker for checker in pool if checker.target]:
        left = min(checker.deadline for checker in busy) - time.monotonic()
        ready = set(wait([checker.worker.answers for checker in busy], max(left, 0)))
        for checker in busy:
            checked = checker.receive() if checker.worker.answers in ready else checker.give_up()
            if checked is None:
                continue
            target = next(waiting, None)
            if target is not None:
                checker.send(target)
            yield checked


class _Checker:
    """One process, started again after each file that it does not survive."""

    deadline: float

    def __init__(self, profile: Profile, seconds: float, memory: int) -> None:
        self._profile = profile
        self._seconds = seconds
        self._memory = memory
        self._worker: Worker | None = None
        self._is_ready = False
        self.target: Target | None = None

    @property
    def worker(self) -> Worker:
        """Its process, once it has a target."""
        assert self._worker is not None  # noqa: S101
        return self._worker

    def send(self, target: Target) -> None:
        self.target = target
        if self._worker is None:
            self._start()
        elif self._is_ready:
            self._hand_over()

    def _start(self) -> None:
        self._worker = start_worker(f"{__package__}.workers", self._memory)
        self._is_ready = False
        self.deadline = time.monotonic() + _START_SECONDS
        with suppress(OSError):  # it has ended already: told when its answer does not come
            self.worker.orders.send((self._profile, self._seconds))

    def _hand_over(self) -> None:
        self.deadline = time.monotonic() + self._seconds
        with suppress(OSError):
            self.worker.orders.send(self.target)

    def receive(self) -> Checked | None:
        """The check that has come; None for the word that the worker is ready."""
        try:
            answer = self.worker.answers.recv()
        except (EOFError, OSError):
            return self._bury(f"the check of it ended with {self._name_end()}; a file can ask for too much memory")
        if answer is None:
            self._is_ready = True
            self._hand_over()
            return None
        return self._finish(answer)

    def give_up(self) -> Checked | None:
        """The end of a check that is past its deadline; None where it has time left."""
        if time.monotonic() < self.deadline:
            return None
        if self._is_ready:
            return self._bury(f"the check of it took more than {self._seconds:g} seconds")
        return self._bury(f"the reader did not start within {_START_SECONDS:g} seconds")

    def _finish(self, check: Check) -> Checked:
        if self.target is None:
            raise RuntimeError("a check without a file")
        target, self.target = self.target, None
        return Checked(target, check)

    def _bury(self, reason: str) -> Checked:
        has_started = self._is_ready
        self.end()
        check = Check(
            "unreadable" if has_started else None,  # a worker that never started says nothing about the file
            f"The file cannot be read: {reason}" if has_started else reason,
            lists=tuple(each.use for each in self._profile.lists),
            reader=name_version() if has_started else None,
            checked_at=datetime.now(UTC),
        )
        return self._finish(check)

    def _name_end(self) -> str:
        code = self.worker.process.wait()
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"status {code}"

    def end(self) -> None:
        """End the process, whatever it does."""
        if self._worker is None:
            return
        self._worker.end()
        self._worker.orders.close()
        self._worker.answers.close()
        self._worker = None


def serve(orders_number: int, answers_number: int, parent: int, memory: int) -> None:
    """Be a worker: check what comes through one pipe and answer through the other, until the first is closed.

    It ends with the process `parent`, whatever it is about.
    """
    orders, answers = be_worker(orders_number, answers_number, parent)
    _limit_memory(memory)
    with suppress(EOFError, OSError):
        profile, seconds = orders.recv()
        check_file(os.devnull, profile=profile)  # load the reader and prove its settings, on no file's time
        answers.send(None)
        while True:
            target = orders.recv()
            signal.alarm(int(seconds) + 2)  # should the parent be gone
            check = check_file(target.path, profile=profile, manifest=target.manifest)
            signal.alarm(0)
            answers.send(check)


def _limit_memory(size: int) -> None:
    import resource

    with suppress(ValueError, OSError):  # a lower limit stands already
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
