"""Processes that look at files for the second time, for scans that find very many: threads would wait for each other.

A file that a process does not survive, or that is handed to one which has ended, is looked at in the process that
asked. They end with that, whatever becomes of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

from catalog.watch.settling import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.watch.scanning import Sighted
    from catalog.watch.settling import Outcome

MOST = 4
_LOOK_SECONDS = 0.5  # between two looks at whether the parent is there


def settle_all(root: str, files: Sequence[Sighted], now: float) -> list[Outcome]:
    """Look at files a second time, here."""
    return [settle(root, sighted, now=now) for sighted in files]


class Readers:
    """So many processes, started when they are first asked, each by one thread at a time."""

    def __init__(self, count: int) -> None:
        self._is_closed = False
        self._free: SimpleQueue[_Reader] = SimpleQueue()
        self._all = [_Reader() for _ in range(count)]
        for reader in self._all:
            self._free.put(reader)

    def settle(self, root: str, files: Sequence[Sighted], now: float) -> list[Outcome]:
        """As `settle_all`, in one of the processes; nothing once they are closed."""
        reader = self._free.get()
        try:
            return [] if self._is_closed else reader.settle(root, files, now)
        except (OSError, EOFError):
            return [] if self._is_closed else settle_all(root, files, now)
        finally:
            self._free.put(reader)

    def close(self) -> None:
        """End the processes, whatever they do."""
        self._is_closed = True
        for reader in self._all:
            reader.end()


class _Reader:
    """One process; spoken to through pipes. Raises OSError or EOFError once it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def settle(self, root: str, files: Sequence[Sighted], now: float) -> list[Outcome]:
        if self._process is None:
            self._start()
        self._orders.send((root, list(files), now))
        outcomes: list[Outcome] = self._answers.recv()
        return outcomes

    def _start(self) -> None:
        from multiprocessing.connection import Pipe

        orders, self._orders = Pipe(duplex=False)
        self._answers, answers = Pipe(duplex=False)
        numbers = (orders.fileno(), answers.fileno())
        path = os.pathsep.join(filter(None, (*sys.path, os.environ.get("PYTHONPATH"))))
        command = f"from catalog.watch.readers import serve; serve{(*numbers, os.getpid())}"
        with orders, answers:
            self._process = subprocess.Popen(
                [sys.executable, "-c", command],
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def serve(orders_number: int, answers_number: int, parent: int) -> None:
    """Be such a process, until the pipe is closed or the process `parent` has ended."""
    from multiprocessing.connection import Connection

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to answer
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    orders, answers = Connection(orders_number, writable=False), Connection(answers_number, readable=False)
    with suppress(EOFError, OSError):
        while True:
            answers.send(settle_all(*orders.recv()))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
