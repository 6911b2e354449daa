"""Who is connected to the receiver, and who has to go where room is missing: nobody is cut off without an answer.

A sender whose request has arrived stays until it is answered. The others can be asked to leave: first one that has been
there for a while and has said nothing, then the one that has been there longest. So whoever sends at once gets in,
however many wait. Senders that have had their answer and only read it to its end are counted apart.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.serving import affordable_connections

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

MAX_SENDERS = 512
MAX_HELD = 64 << 20  # bytes of requests that have not arrived as a whole
LEAST_SENDERS = 8
_FIRST_WORD = 1.0  # seconds
_OTHER_FILES = 32  # that the library, the asking for jobs and the log need open meanwhile
_LEAVING = 8  # for so many senders, room for one that only reads its answer to the end


@dataclass(eq=False, slots=True)
class Sender:
    """One connection, and how far it has come."""

    task: asyncio.Task[Any]
    since: float
    received: int = 0
    has_arrived: bool = False
    is_leaving: bool = False


class Senders:
    """The senders that are connected, at most `limit` beside those that are leaving."""

    def __init__(self, limit: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit or affordable_senders()
        self._clock = clock
        self._present: set[Sender] = set()

    def admit(self, task: asyncio.Task[Any]) -> Sender:
        """Let a sender in, whoever else has to leave for it."""
        while len(self._staying()) >= self.limit and self._ask_to_leave(self._idleness):
            pass
        self._end_lingering()
        sender = Sender(task, self._clock())
        self._present.add(sender)
        return sender

    def remove(self, sender: Sender) -> None:
        """The connection of a sender has ended."""
        self._present.discard(sender)

    def count_bytes(self, sender: Sender, received: int) -> None:
        """A sender has sent so many more bytes; where all of them hold too much, the largest request has to go."""
        sender.received += received
        while sum(other.received for other in self._waiting()) > MAX_HELD and self._ask_to_leave(_size):
            pass

    def start_work(self, sender: Sender) -> bool:
        """The request has arrived; False where working on it would leave less than a quarter of the room to others."""
        sender.has_arrived = True
        return sum(other.has_arrived for other in self._staying()) <= self.limit - self.limit // 4

    def start_leaving(self, sender: Sender) -> None:
        """The sender has its answer."""
        sender.is_leaving = True
        self._end_lingering(besides=sender)

    def tasks(self, *, have_arrived: bool = False) -> list[asyncio.Task[Any]]:
        """What runs for the senders, or for those whose requests have arrived."""
        return [sender.task for sender in self._present if sender.has_arrived or not have_arrived]

    def _staying(self) -> list[Sender]:
        return [sender for sender in self._present if not sender.is_leaving]

    def _waiting(self) -> list[Sender]:
        return [sender for sender in self._staying() if not sender.has_arrived]

    def _idleness(self, sender: Sender) -> tuple[bool, float]:
        is_silent = not sender.received and self._clock() - sender.since > _FIRST_WORD
        return not is_silent, sender.since

    def _ask_to_leave(self, order: Callable[[Sender], Any]) -> bool:
        waiting = self._waiting()
        if not waiting:
            return False
        first = min(waiting, key=order)
        first.is_leaving = True
        first.task.cancel()
        return True

    def _end_lingering(self, besides: Sender | None = None) -> None:
        others = (sender for sender in self._present if sender.is_leaving and sender is not besides)
        leaving = sorted(others, key=lambda sender: sender.since)
        for sender in leaving[: -max(self.limit // _LEAVING, 1)]:
            sender.task.cancel()


def _size(sender: Sender) -> int:
    return -sender.received


def affordable_senders() -> int:
    """How many senders this process may have connected, by the number of files that it may hold open."""
    connections = affordable_connections(MAX_SENDERS * (_LEAVING + 2) // _LEAVING, besides=_OTHER_FILES)
    return max(LEAST_SENDERS, connections * _LEAVING // (_LEAVING + 2))
