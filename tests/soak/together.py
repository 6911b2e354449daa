"""Many at one library: writers, a sync and readers; and backups that are made while others write."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog import Catalog
from catalog.demo.gateway import Gateway
from catalog.library import create_library, open_library
from tests.house import LONG, job
from tests.soak.figures import Figures
from tests.soak.kills import ENVIRONMENT, KEY, LIBRARY, NOW
from tests.soak.programs import configure, run
from tests.soak.state import list_faults, read_base
from tests.soak.writers import PROCESSES, edit_videos, read_on, save
from tests.sync.conftest import many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.soak.state import State
    from tests.soak.writers import Edited

WRITERS, READERS = 8, 2
OWNED = 40  # videos of each writer
WORST_WAIT = 3.0  # seconds that an edit may take in a full run; a sample may run on a machine that is busy otherwise


@dataclass
class Writer:
    """A process that edits videos of its own; `done` is the number of its last tag that was acknowledged."""

    name: str
    process: Any
    done: Any
    report: Any

    def judge(self, now: State, figures: Figures) -> list[str]:
        """What of its edits is missing from the library."""
        self.process.join(LONG)
        if self.process.exitcode != 0:
            return [f"writer {self.name} ends with {self.process.exitcode}"]
        left: Edited = self.report.recv()
        figures.waited(left.worst_wait)
        mine = f"studio:{self.name}."
        tags = {ref: value for ref, key, value, _ in now["tags"] if ref.startswith(mine) and key == "turn"}
        given = {ref: value for ref, _, value in now["given"] if ref.startswith(mine)}
        deleted = {ref for (ref,) in now["deleted"] if ref.startswith(mine)}
        is_there = (tags, given, deleted) == (left.tags, left.given, left.deleted)
        return [] if is_there else [f"edits of writer {self.name} are lost"]


@contextmanager
def writing(path: Path, writers: int, edits: int) -> Iterator[list[Writer]]:
    """A library, and processes that each make so many edits of their own videos in it; ended with the block."""
    create_library(path)
    names = [f"w{number}" for number in range(writers)]
    with closing(open_library(path)) as library, library.write() as connection:
        save(connection, [job(f"{name}.{number}", prompt="a fox") for name in names for number in range(OWNED)])
    started = []
    for name in names:
        hear, say = PROCESSES.Pipe(duplex=False)
        refs, done = [f"studio:{name}.{number}" for number in range(OWNED)], PROCESSES.Value("i", 0)
        process = PROCESSES.Process(target=edit_videos, args=(path, name, refs, edits, done, say))
        process.start()
        say.close()
        started.append(Writer(name, process, done, hear))
    try:
        yield started
    finally:
        for writer in started:
            writer.process.kill()
            writer.process.join()


def write_together(folder: Path, chance: Random, size: int) -> Figures:
    """Let eight writers make so many edits each, beside a sync and two readers: every edit that returned is there."""
    figures, syncs, stop = Figures(), 0, PROCESSES.Event()
    path = folder / LIBRARY
    with Gateway(many(300), clock=lambda: NOW, key=KEY) as gateway:
        gateway.faults.latency = 0.005
        configure(folder, gateway.base_url)
        with writing(path, WRITERS, size) as writers:
            readers = [PROCESSES.Process(target=read_on, args=(path, stop)) for _ in range(READERS)]
            for reader in readers:
                reader.start()
            while any(writer.process.is_alive() for writer in writers):
                ended = run(("sync", "--full"), folder, **ENVIRONMENT)
                syncs += 1
                figures.wrong += [] if ended.status == 0 else [f"a sync ends with {ended.status}: {ended.err[-300:]}"]
            stop.set()
            for reader in readers:
                reader.join(LONG)
                figures.wrong += [] if reader.exitcode == 0 else [f"a reader ends with {reader.exitcode}"]
            for writer in writers:
                figures.wrong += writer.judge(read_base(path), figures)
    if size >= 250 and (figures.worst_wait or 0.0) > WORST_WAIT:
        figures.wrong.append(f"an edit took {figures.worst_wait:.1f} s, more than {WORST_WAIT:g}")
    figures.wrong += list_faults(path)
    figures.tried = f"{WRITERS} × {size} edits beside {syncs} syncs and {READERS} readers"
    return figures


def back_up_together(folder: Path, chance: Random, size: int) -> Figures:
    """Make so many backups while four writers edit: each is whole, and holds what was acknowledged before it."""
    figures, path = Figures(), folder / LIBRARY
    configure(folder, "http://127.0.0.1:9/v1")
    with writing(path, 4, 10**6) as writers, Catalog.open(path) as catalog:
        for _ in range(size):
            acknowledged = {writer.name: writer.done.value for writer in writers}
            began = time.monotonic()
            copy = catalog.backup()
            figures.waited(time.monotonic() - began)
            figures.wrong += list_faults(copy)
            tags = [(ref, int(value)) for ref, key, value, _ in read_base(copy)["tags"] if key == "turn"]
            for name, number in acknowledged.items():
                last = max((value for ref, value in tags if ref.startswith(f"studio:{name}.")), default=0)
                if last < number:
                    figures.wrong.append(f"{copy.name} ends with edit {last} of {name}: {number} was acknowledged")
            copy.unlink()
            time.sleep(chance.random() * 0.02)
        figures.wrong += [f"writer {each.name} has ended" for each in writers if not each.process.is_alive()]
    figures.wrong += list_faults(path)
    figures.tried = f"{size} backups beside 4 writers"
    return figures
