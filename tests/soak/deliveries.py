"""Webhooks at a real receiver: the forged are never kept, the valid are kept once acknowledged, kill -9 included."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog.demo.gateway import Gateway
from catalog.library import create_library, open_library
from tests.house import read_rows, wait_until
from tests.soak.figures import Figures
from tests.soak.kills import ENVIRONMENT, KEY, LIBRARY, NOW
from tests.soak.programs import Program, configure
from tests.soak.senders import FORGERIES, SECRET, SECRET_ENV, forge, send, sign_event
from tests.soak.state import list_faults
from tests.sync.conftest import many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.soak.senders import Answered

SENDERS = 8
JOBS = 40
_URL = re.compile(r"(http://[\d.]+:\d+)/webhook")


@contextmanager
def receiving(folder: Path) -> Iterator[tuple[Program, str]]:
    """A running `catalog hooks`, and its address."""
    environment = {**ENVIRONMENT, SECRET_ENV: SECRET}
    with Program(("hooks", "--port", "0"), folder, environment) as program:
        wait_until(lambda: _URL.search(program.out) or not program.is_running)
        found = _URL.search(program.out)
        assert found, program.err
        yield program, found[1]


@contextmanager
def serving(folder: Path) -> Iterator[list[str]]:
    """A library, and a server that knows the finished jobs with these ids."""
    jobs = many(JOBS)
    with Gateway(jobs, clock=lambda: NOW, key=KEY) as gateway:
        configure(folder, gateway.base_url)
        create_library(folder / LIBRARY)
        yield [job.id for job in jobs]


def refuse_forgeries(folder: Path, chance: Random, size: int) -> Figures:
    """Send so many forged deliveries: each is refused with a 4xx or cut off, none is kept, the receiver lives."""
    figures = Figures()
    requests = [forge(number, chance) for number in range(size)]
    kinds = list(FORGERIES)
    with serving(folder) as ids, receiving(folder) as (program, url), ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(lambda request: send(url, request, is_all=True), requests))
        last = send(url, sign_event("msg_after", ids[0]))
        if last.status != HTTPStatus.OK or not program.is_running:
            figures.wrong.append(f"after them a valid delivery gets {last.status}: {program.err[-300:]}")
    for number, answer in enumerate(answers):
        figures.waited(answer.seconds)
        if answer.status is not None and not 400 <= answer.status < 500:
            figures.wrong.append(f"{kinds[number % len(kinds)]}: answered {answer.status}")
    figures.wrong += [f"kept: {name}" for name in sorted(set(read_states(folder)) - {"msg_after"})]
    figures.wrong += list_faults(folder / LIBRARY)
    figures.tried = f"{size:,} deliveries of {min(size, len(kinds))} kinds"
    return figures


def keep_deliveries(folder: Path, chance: Random, size: int) -> Figures:
    """Send so many valid deliveries, one in five for the second time, and kill the receiver meanwhile.

    A sender repeats what was not acknowledged. What was is kept, each once, and its job is asked for.
    """
    figures, acknowledged = Figures(), set[str]()
    distinct = max(1, size * 4 // 5)
    waiting = [f"msg_{number}" for number in (*range(distinct), *chance.choices(range(distinct), k=size - distinct))]
    chance.shuffle(waiting)
    kills = max(1, size // 200)
    with serving(folder) as ids, ThreadPoolExecutor(SENDERS) as pool:
        for left in reversed(range(kills + 1)):
            some, waiting = waiting[: len(waiting) // (left + 1)], waiting[len(waiting) // (left + 1) :]
            with receiving(folder) as (program, url):
                timer = threading.Timer(chance.uniform(0.02, len(some) / 200), program.kill)
                if left:
                    timer.start()
                answers = list(pool.map(lambda name: deliver(url, name, ids), some))
                timer.cancel()
                for name, answer in zip(some, answers, strict=True):
                    figures.waited(answer.seconds)
                    if answer.status == HTTPStatus.OK:
                        acknowledged.add(name)
                    elif left:
                        waiting.append(name)
                    else:
                        figures.wrong.append(f"{name} is answered {answer.status}")
                program.kill() if left else wait_until(lambda: set(read_states(folder).values()) == {"done"})
            lost = acknowledged - set(read_states(folder))
            figures.wrong += [f"{name} was acknowledged and is lost" for name in sorted(lost)]
    unsent = set(read_states(folder)) - {f"msg_{number}" for number in range(distinct)}
    figures.wrong += [f"{name} was never sent" for name in sorted(unsent)]
    figures.wrong += list_faults(folder / LIBRARY)
    figures.tried = f"{size:,} deliveries, {len(acknowledged):,} distinct ones acknowledged, {kills} kills meanwhile"
    return figures


def deliver(url: str, name: str, ids: list[str]) -> Answered:
    return send(url, sign_event(name, ids[int(name.removeprefix("msg_")) % len(ids)]))


def read_states(folder: Path) -> dict[str, str]:
    """The state of each delivery that is kept."""
    with closing(open_library(folder / LIBRARY)) as library:
        return dict(read_rows(library, "SELECT webhook_id, state FROM deliveries"))
