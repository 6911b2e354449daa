"""Processes that look at files for the second time, for scans that find very many: threads would wait for each other.

A file that a process does not survive, or that is handed to one which has ended, is looked at in the process that
asked. They end with that, whatever becomes of it.
"""

from __future__ import annotations

from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

from catalog.processes import be_worker, start_worker
from catalog.watch.settling import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.processes import Worker
    from catalog.watch.scanning import Sighted
    from catalog.watch.settling import Outcome

MOST = 4


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
        self._worker: Worker | None = None

    def settle(self, root: str, files: Sequence[Sighted], now: float) -> list[Outcome]:
        self._worker = self._worker or start_worker(__name__)
        self._worker.orders.send((root, list(files), now))
        outcomes: list[Outcome] = self._worker.answers.recv()
        return outcomes

    def end(self) -> None:
        if self._worker is not None:
            self._worker.end()


def serve(orders_number: int, answers_number: int, parent: int) -> None:
    """Be such a process, until the pipe is closed or the process `parent` has ended."""
    orders, answers = be_worker(orders_number, answers_number, parent)
    with suppress(EOFError, OSError):
        while True:
            answers.send(settle_all(*orders.recv()))
