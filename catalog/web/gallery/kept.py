"""Pages that are sent once more as they are: to who comes back or reloads, and to the next one who asks the same.

A page is kept until anybody writes to the library, and for a short time only, because it tells times from now.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from catalog.web.gallery.visits import Answer, Visit

MOST = 8_000_000  # bytes that all of them take
SECONDS = 30.0
_BESIDE = 2_000  # bytes that a page takes besides its text


def find_answer(visit: Visit, question: Hashable, make: Callable[[], Answer]) -> Answer:
    """The answer to a visit, as it was made before for one with the same question, or made now."""
    if visit.kept is None:
        return make()
    return visit.kept.answer((question, visit.may_write), visit.catalog.stamp(), make)


class Kept:
    """The pages of one gallery by what they answer; those that have not been asked for longest go first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._pages: OrderedDict[Hashable, tuple[object, float, bytes, Answer]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def answer(self, question: Hashable, stamp: object, make: Callable[[], Answer]) -> Answer:
        """The answer that was made at this stamp of the library, or else what is made now."""
        now = time.monotonic()
        with self._lock:
            page = self._pages.get(question)
            if page and page[0] == stamp and now - page[1] < SECONDS:
                self._pages.move_to_end(question)
                return page[-1]
        answer = make()
        if isinstance(answer.body, bytes):
            self._keep(question, (stamp, now, answer.body, answer))
        return answer

    def _keep(self, question: Hashable, page: tuple[object, float, bytes, Answer]) -> None:
        with self._lock:
            self._bytes += _weigh(page) - (_weigh(self._pages.pop(question)) if question in self._pages else 0)
            self._pages[question] = page
            while self._bytes > self._most:
                self._bytes -= _weigh(self._pages.popitem(last=False)[1])


def _weigh(page: tuple[object, float, bytes, Answer]) -> int:
    return len(page[2]) + _BESIDE
