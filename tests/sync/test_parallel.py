"""The same question about many things: who asks, what comes of an error, and who is left behind."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from catalog.sync.parallel import ask_all
from tests.house import LONG, wait_until

HANG = """
import time
from catalog.sync.parallel import ask_all
for thing, _ in ask_all(lambda number: time.sleep(600 if number else 0), range(4), 4):
    break
"""


def test_every_thing_gets_its_own_answer():
    assert dict(ask_all(lambda number: number * number, range(100), 7)) == {number: number**2 for number in range(100)}


def test_no_more_are_asked_at_once_than_there_are_threads():
    running, most = set(), [0]

    def ask(number):
        running.add(number)
        most[0] = max(most[0], len(running))
        running.discard(number)

    assert len(list(ask_all(ask, range(200), 3))) == 200
    assert most[0] <= 3
    assert list(ask_all(ask, [], 3)) == []


def test_the_first_error_is_raised_and_ends_the_asking():
    asked, may_go_on = [], threading.Event()

    def ask(number):
        asked.append(number)
        if number == 0:
            raise KeyError("nobody foresaw")
        may_go_on.wait(LONG)

    with pytest.raises(KeyError, match="nobody foresaw"):
        list(ask_all(ask, range(50), 2))
    may_go_on.set()
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("retrieve-")])
    assert len(asked) <= 3


def test_a_question_that_hangs_does_not_hold_the_end_of_the_program():
    subprocess.run([sys.executable, "-c", HANG], timeout=LONG, check=True)
