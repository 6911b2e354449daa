"""Servers that answer what none should: what is known stays, the run ends in time, in bounds and in one clear line.

Each case has a library of its own with a finished and an unfinished job, and its server says one hostile thing to
whatever a sync asks. After it the honest server is back, and the next sync must complete what was unfinished.
"""

from __future__ import annotations

import itertools
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

from catalog import Catalog
from catalog.library import open_library
from catalog.records import TERMINAL_STATUSES
from tests.client.server import RawServer, response
from tests.house import read_rows
from tests.soak.figures import Figures
from tests.soak.hostile import ANSWERS, FINISHED, UNFINISHED, listed
from tests.soak.kills import ENVIRONMENT, KEY, LIBRARY
from tests.soak.laws import list_payloads, mutant
from tests.soak.programs import TRACEBACK, Ended, configure, run
from tests.soak.state import list_faults

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from random import Random

    from tests.client.server import Answer, Request

MEMORY = 256.0  # MiB that a sync may take of whatever it is sent
SECONDS = 60.0  # that a sync may take; its deadline for one answer is 2
KNOWN = "SELECT status, prompt, model, created_at, gone_at, deleted_at FROM videos WHERE remote_id = 'v1'"
OPEN = "SELECT prompt, model FROM videos WHERE remote_id = 'v2'"


class Server:
    """The honest server of the two jobs, unless it is told to say something else."""

    def __init__(self) -> None:
        self.hostile: Answer | None = None

    def __call__(self, request: Request) -> Iterable[bytes]:
        if self.hostile is not None:
            return self.hostile(request)
        name = request.target.partition("?")[0].rpartition("/")[2]
        jobs = {"v1": FINISHED, "v2": {**UNFINISHED, "status": "completed"}}
        if name == "videos":
            return response(listed(*jobs.values()))
        return response(jobs[name]) if name in jobs else response({"error": {"message": "no such job"}}, 404)


def hear_hostile(folder: Path, chance: Random, size: int) -> Figures:
    """Hear so many hostile answers: those that have a name, in an order of chance, then mutants of honest ones."""
    figures = Figures()
    named = list(ANSWERS.items())
    chance.shuffle(named)
    payloads = list_payloads()
    mutants = ((f"mutant {number}", say_mutant(chance, payloads)) for number in itertools.count())
    cases = list(itertools.islice(itertools.chain(named, mutants), size))
    prepare(folder / "known")
    with ThreadPoolExecutor(2) as pool:
        for name, (ended, faults) in zip(
            (name for name, _ in cases),
            pool.map(lambda case: hear(folder, *case), enumerate(answer for _, answer in cases)),
            strict=True,
        ):
            figures.waited(ended.seconds)
            figures.wrong += [f"{name}: {fault}" for fault in faults]
    figures.tried = f"{len(cases)} answers, {min(size, len(named))} of them by name"
    return figures


def say_mutant(chance: Random, payloads: list[Any]) -> Answer:
    """An answer of some server, garbled, to every request."""
    jobs = [mutant(chance, chance.choice(payloads), payloads) for _ in range(3)]
    body = jobs[0] if chance.random() < 0.5 else listed(*jobs)
    return lambda _: response(body)


def prepare(folder: Path) -> None:
    """A library that knows the two jobs."""
    folder.mkdir()
    (folder / "known.json").write_text(json.dumps([FINISHED, UNFINISHED]), encoding="utf-8")
    configure(folder, "http://127.0.0.1:9/v1")
    with Catalog.open(folder / LIBRARY) as catalog:
        catalog.import_path(folder / "known.json", source="studio")


def hear(folder: Path, number: int, answer: Answer) -> tuple[Ended, list[str]]:
    """Sync against one hostile answer and then against the honest server, and return what is wrong."""
    place = shutil.copytree(folder / "known", folder / f"{number}")
    server = Server()
    with RawServer(server) as raw:
        configure(place, raw.base_url, "[sync]\ndeadline_seconds = 2\n")
        before = read_known(place)
        server.hostile = answer
        ended = run(("sync",), place, seconds=SECONDS, **ENVIRONMENT)
        faults = judge(place, ended, before)
        server.hostile = None
        again = run(("sync", "--full"), place, **ENVIRONMENT)  # which may name jobs that only the hostile one knew
        if again.status not in {0, 1} or TRACEBACK in again.err or not is_complete(place):
            faults.append(f"the next sync ends with {again.status}, and not all is known: {again.err[-600:]}")
        faults += list_faults(place / LIBRARY)
    if not faults:
        shutil.rmtree(place)
    return ended, faults


def judge(place: Path, ended: Ended, before: list[Any]) -> list[str]:
    """What is wrong after a sync with a hostile server."""
    said = ended.out + ended.err
    faults = []
    if ended.status not in {0, 1}:
        faults.append(f"ends with {ended.status} after {ended.seconds:.0f} s: {ended.err[-300:]}")
    if TRACEBACK in said:
        faults.append(f"a traceback: {ended.err[-600:]}")
    if any(len(line) > 2000 or not line.isprintable() for line in said.splitlines()):
        faults.append(f"a line that no terminal should show: {said[:200]!r}")
    if ended.memory is not None and ended.memory > MEMORY:
        faults.append(f"takes {ended.memory:.0f} MiB")
    now = read_known(place)
    faults += [f"what was known has changed: {before} to {now}"] if now != before else []
    hidden = KEY.encode()
    files = [path for path in place.iterdir() if path.is_file() and hidden in path.read_bytes()]
    faults += [f"the key is in {path.name}" for path in files]
    return [*faults, "the key is shown"] if KEY in said else faults


def read_known(place: Path) -> list[Any]:
    with closing(open_library(place / LIBRARY)) as library:
        return [read_rows(library, KNOWN), read_rows(library, OPEN)]


def is_complete(place: Path) -> bool:
    """Whether the job that was unfinished is known to have ended: how, a retrieve outranks a list about."""
    with closing(open_library(place / LIBRARY)) as library:
        ((status,),) = read_rows(library, "SELECT status FROM videos WHERE remote_id = 'v2'")
    return status in TERMINAL_STATUSES
