"""A day of a library, to be recorded: python -m tests.soak.day FOLDER STATES SEED STEPS

Every verb that writes, in an order of chance. What is done is said on standard output at once, as a program or a sender
of webhooks is told; what the library then holds is kept in the other folder, which is not recorded.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from catalog import Catalog
from catalog.demo.sample import sample_jobs
from tests.soak.kills import JOBS, LIBRARY, NOW, write_jobs
from tests.soak.senders import SECRET, SECRET_ENV, send, sign_event
from tests.soak.state import Moment, read_base

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.hooks import Receiver
    from tests.soak.state import State

OLD = "old.db"


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


class Day:
    """The steps; each takes the library from one state that is kept to the next."""

    def __init__(self, folder: Path, chance: Random) -> None:
        self._folder = folder
        self._chance = chance
        self._copies: dict[str, State] = {}
        self._filed = 0
        self._sent = 0
        self._catalog: Catalog | None = None

    @property
    def catalog(self) -> Catalog:
        """The library, open since earlier steps or opened now."""
        if self._catalog is None:
            self._catalog = Catalog.open(self._folder / LIBRARY)
        return self._catalog

    @property
    def refs(self) -> list[str]:
        """A few videos."""
        found = [video.ref for video in self.catalog.search("", limit=200).videos]
        return self._chance.sample(found, min(len(found), self._chance.randint(1, 20)))

    def live(self, states: Path, steps: int) -> None:
        chosen = [self.add_files, self.sync, *self._chance.choices(self.kinds(), k=steps), self.migrate]
        self._keep(states / "0", migrated=False)
        for number, step in enumerate(chosen, 1):
            step()
            if self._chance.random() < 0.5 and self._catalog is not None:
                self._catalog.close()
                self._catalog = None
            say(f"step {number}")
            self._keep(states / str(number), migrated=step == self.migrate)

    def kinds(self) -> list[Callable[[], object]]:
        edits = (self.tag, self.give, self.delete, self.undelete, self.undo, self.redo)
        return [*edits, self.add_files, self.add, self.reindex, self.back_up, self.restore, self.receive]

    def add_files(self) -> None:
        path = self._folder.with_name("jobs.jsonl")
        write_jobs(path, range(self._filed, self._filed + 20))
        self._filed += 15
        self.catalog.import_path(path, source="studio")

    def sync(self) -> None:
        self.catalog.sync()

    def add(self) -> None:
        self.catalog.add("studio", [job.id for job in islice(sample_jobs(NOW, JOBS), 5)])

    def tag(self) -> None:
        self.catalog.tag(self.refs, f"tag={self._chance.random()}")

    def give(self) -> None:
        self.catalog.give(self.refs, style=self._chance.choice(("noir", "pastel")))

    def delete(self) -> None:
        self.catalog.delete(self.refs[:5])

    def undelete(self) -> None:
        self.catalog.undelete(query="")

    def undo(self) -> None:
        self.catalog.undo(self._chance.randint(1, 3))

    def redo(self) -> None:
        self.catalog.redo()

    def reindex(self) -> None:
        self.catalog.reindex(fts=True, rows=True)

    def back_up(self) -> None:
        path = self.catalog.backup()
        self._copies[path.name] = read_base(path)

    def restore(self) -> None:
        if self._copies:
            name = self._chance.choice(sorted(self._copies))
            point = Catalog.restore(self._folder / name, self._folder / LIBRARY)
            if point:
                self._copies[point.name] = read_base(point)

    def receive(self) -> None:
        """Three webhooks at a receiver, each acknowledged before the next."""
        ready: list[Receiver] = []
        is_ready = threading.Event()

        def on_ready(receiver: Receiver) -> None:
            ready.append(receiver)
            is_ready.set()

        def serve() -> None:
            self.catalog.hooks("studio", port=0, secret_env=[SECRET_ENV], on_ready=on_ready)

        thread = threading.Thread(target=serve)
        thread.start()
        assert is_ready.wait(60)
        try:
            for job in islice(sample_jobs(NOW, JOBS), 3):
                self._sent += 1
                status, _ = send(ready[0].url, sign_event(f"msg_{self._sent}", job.id))
                assert status == 200
                say(f"delivery msg_{self._sent}")
        finally:
            ready[0].stop()
            thread.join()

    def migrate(self) -> None:
        assert Catalog.migrate(self._folder / OLD).backup

    def _keep(self, path: Path, *, migrated: bool) -> None:
        libraries = {LIBRARY: read_base(self._folder / LIBRARY)}
        if migrated:
            libraries[OLD] = read_base(self._folder / OLD)
        path.write_bytes(pickle.dumps(Moment(libraries, dict(self._copies))))


def main() -> None:
    folder, states, seed, steps = sys.argv[1:]
    os.environ[SECRET_ENV] = SECRET
    Day(Path(folder), Random(seed)).live(Path(states), int(steps))


if __name__ == "__main__":
    main()
