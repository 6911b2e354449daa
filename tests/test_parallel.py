"""The same question about many things: each is asked once, a few at a time, and errors are not lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque

import pytest

from catalog.parallel import ask_all
from tests.house import LONG


def taking(count: int) -> deque[int]:
    return deque(range(count))


def ask_for(things: deque[int], threads: int) -> list[tuple[int, int]]:
    return list(ask_all(lambda thing: thing * 2, lambda: things.popleft() if things else None, threads))


@pytest.mark.parametrize("count", [0, 1, 3, 200])
def test_each_thing_comes_with_its_answer(count: int) -> None:
    assert sorted(ask_for(taking(count), 4)) == [(thing, thing * 2) for thing in range(count)]


def test_no_more_are_asked_at_once_than_there_are_threads() -> None:
    together, most, lock, all_there = 0, 0, threading.Lock(), threading.Barrier(3)
    things = taking(9)

    def ask(_: int) -> None:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        all_there.wait(LONG)
        with lock:
            together -= 1

    list(ask_all(ask, lambda: things.popleft() if things else None, 3))
    assert most == 3


def test_the_next_thing_is_chosen_when_the_last_answer_is_known() -> None:
    things, heard = taking(10), []
    for thing, _ in ask_all(lambda thing: thing, lambda: things.popleft() if things and len(heard) < 4 else None, 2):
        heard.append(thing)
    assert len(heard) == 5


def test_an_error_is_raised_and_nothing_further_is_asked() -> None:
    things = taking(100)

    def ask(thing: int) -> None:
        raise ValueError(thing)

    with pytest.raises(ValueError, match=r"^0$"):
        list(ask_all(ask, lambda: things.popleft() if things else None, 1))
    assert len(things) == 99


def test_threads_end_when_the_answers_are_all_there() -> None:
    before = threading.active_count()
    ask_for(taking(20), 4)
    for thread in threading.enumerate():
        if thread.name.startswith("retrieve-"):
            thread.join(LONG)
    assert threading.active_count() <= before


HANG = """
import time
from collections import deque
from catalog.parallel import ask_all
things = deque(range(4))
for thing, _ in ask_all(lambda n: time.sleep(600 if n else 0), lambda: things.popleft() if things else None, 4):
    break
"""


def test_a_question_that_hangs_does_not_hold_the_end_of_the_program() -> None:
    subprocess.run([sys.executable, "-c", HANG], timeout=LONG, check=True)
