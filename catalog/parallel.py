"""Many questions, a few at a time.

Threads of our own and no executor: the interpreter waits for those of an executor before it ends, and a server or a
name server that hangs would hold a program that was told to end.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = TypeVar("Answer")
    Question = TypeVar("Question")


def ask_all(
    ask: Callable[[Question], Answer],
    take: Callable[[], Question | None],
    threads: int,
    *,
    every: float | None = None,
) -> Iterator[tuple[Question, Answer]]:
    """Each question with its answer, as the answers come; raises the first error of `ask`.

    `take` gives the next question whenever a thread is free, None where there is none; it is called in the thread that
    wants the answers, after it has had the last one, and `every` so many seconds where questions come up meanwhile.
    Once nobody wants further answers, questions on their way are
    left.
    """
    questions: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[Question, Answer | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        while (question := questions.get()) is not None:
            try:
                answers.put((question, ask(question), None))
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits for it
                answers.put((question, None, error))

    busy = started = 0
    try:
        while True:
            while busy < threads and (question := take()) is not None:
                questions.put(question)
                busy += 1
                if busy > started:
                    started += 1
                    threading.Thread(target=work, name=f"retrieve-{started}", daemon=True).start()
            if not busy:
                return
            try:
                question, answer, error = answers.get(timeout=every)
            except queue.Empty:
                continue
            busy -= 1
            if error is not None:
                raise error
            yield question, answer  # type: ignore[misc]  # without an error there is an answer
    finally:
        for _ in range(started):
            questions.put(None)
