"""The same question about many items, a few at a time.

Threads of our own and no executor: the interpreter waits for those of an executor before it ends, and a server or a
name server that hangs would hold a program that was told to end.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Answer = TypeVar("Answer")
    Item = TypeVar("Item")


def ask_all(ask: Callable[[Item], Answer], items: Sequence[Item], threads: int) -> Iterator[tuple[Item, Answer]]:
    """Each item with its answer, as the answers come; raises the first error of `ask`.

    After an error, and once nobody wants further answers, no further question is asked; those on their way are left.
    """
    left = deque(items)
    answers: queue.SimpleQueue[tuple[Item, Answer | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        while True:
            try:
                item = left.popleft()
            except IndexError:
                return
            try:
                answers.put((item, ask(item), None))
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits for it
                answers.put((item, None, error))

    for number in range(min(threads, len(items))):
        threading.Thread(target=work, name=f"retrieve-{number}", daemon=True).start()
    try:
        for _ in items:
            item, answer, error = answers.get()
            if error is not None:
                raise error
            yield item, answer  # type: ignore[misc]  # without an error there is an answer
    finally:
        left.clear()
