"""Pages that are sent once more as they are: to who comes back or reloads, and to the next one who asks the same.

A page is kept until anybody writes to the library, and for a short time only, because it tells times from now.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

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


class _Page(NamedTuple):
    stamp: object
    made: float
    answer: Answer
    body: bytes
    is_packed: bool = False

    @property
    def size(self) -> int:
        return len(self.body) + _BESIDE


class Kept:
    """The pages of one gallery by what they answer; those that have not been asked for longest go first.

    They are kept as they are until `pack` is called, and then in a sixth of their size.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._pages: OrderedDict[Hashable, _Page] = OrderedDict()
        self._unpacked: list[Hashable] = []
        self._bytes = 0
        self._lock = threading.Lock()

    def answer(self, question: Hashable, stamp: object, make: Callable[[], Answer]) -> Answer:
        """The answer that was made at this stamp of the library, or else what is made now."""
        now = time.monotonic()
        with self._lock:
            page = self._pages.get(question)
            if page is not None and (page.stamp != stamp or now - page.made >= SECONDS):
                page = None
            if page is not None:
                self._pages.move_to_end(question)
        if page is not None:
            return replace(page.answer, body=zlib.decompress(page.body)) if page.is_packed else page.answer
        answer = make()
        if isinstance(answer.body, bytes):
            self._keep(question, _Page(stamp, now, answer, answer.body))
        return answer

    def pack(self) -> None:
        """Pack the pages that are new, which takes a millisecond of each: when its visitor has it."""
        with self._lock:
            waiting = [(question, self._pages.get(question)) for question in self._unpacked]
            self._unpacked.clear()
        for question, page in waiting:
            if page is None or page.is_packed:
                continue
            body = zlib.compress(page.body, 1)
            packed = _Page(page.stamp, page.made, replace(page.answer, body=b""), body, is_packed=True)
            with self._lock:
                if self._pages.get(question) is page:  # it has neither gone nor changed meanwhile
                    self._pages[question] = packed
                    self._bytes += packed.size - page.size

    def _keep(self, question: Hashable, page: _Page) -> None:
        with self._lock:
            old = self._pages.pop(question, None)
            self._bytes += page.size - (old.size if old else 0)
            self._pages[question] = page
            self._unpacked.append(question)
            while self._bytes > self._most:
                self._bytes -= self._pages.popitem(last=False)[1].size
