"""Kill -9 at random moments, over every verb that writes.

Each kill happens in a fresh copy of a prepared folder: the program is killed at any moment of its run, or of the time
in which it writes. What was committed before must be there, nothing that nobody made, the library whole; the next run
must complete, and leave what an undisturbed one leaves.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from catalog import Catalog
from catalog.database import connect
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import Job
from catalog.demo.media import Media
from catalog.demo.sample import sample_jobs
from catalog.download.queue import Choice
from catalog.download.run import Download
from catalog.errors import CatalogError, SchemaOutdated
from catalog.library import APPLICATION_ID, open_library, upgrade
from tests import house
from tests.soak.figures import Figures
from tests.soak.programs import KEY_ENV, Program, configure, find_sign, run
from tests.soak.state import list_differences, list_faults, list_losses, read_all, read_base

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.soak.state import State

NOW = 1_795_000_000
JOBS, FILED = 60, 80
CLIPS, CLIP_BYTES = 12, 500_000
MEDIA = Media(clip_bytes=CLIP_BYTES)
KEY = "key-of-the-soak"
ENVIRONMENT = {KEY_ENV: KEY}
LIBRARY = "catalog.db"


@dataclass(frozen=True)
class Verb:
    """A command that writes, and the prepared folder that it runs in; `again` completes it where it was killed.

    An act that is not the same when it is done twice, such as `undo`, is done again only where it was not done.
    """

    name: str
    folder: str
    arguments: tuple[str, ...]
    is_repeatable: bool = True


VERBS = (
    Verb("init", "new", ("init",)),
    Verb("sync", "new", ("sync",)),
    Verb("sync --full", "filled", ("sync", "--full")),
    Verb("add", "new", ("add", "studio", *(job.id for job in itertools.islice(sample_jobs(NOW, JOBS), 12)))),
    Verb("download", "filled", ("download", "clip", "--variant", "video")),
    Verb("sync --download", "new", ("sync", "--download")),
    Verb("provenance --check", "unchecked", ("provenance", "--check")),
    Verb("import", "new", ("import", "jobs.jsonl", "--source", "studio")),
    Verb("import into a library", "filled", ("import", "more.jsonl", "--source", "studio")),
    Verb("tag", "filled", ("tag", "--query", "fox", "campaign=launch", "keeper", "--yes")),
    Verb("facets --give", "filled", ("facets", "--give", "--query", "fox", "style=noir", "client=acme", "--yes")),
    Verb("rate", "filled", ("rate", "--query", "fox", "4", "--yes")),
    Verb("note", "edited", ("note", "--query", "fox", "the hands go wrong", "--yes")),
    Verb("collection add", "filled", ("collection", "add", "launch/teasers", "--query", "fox", "--yes")),
    Verb("collection move", "edited", ("collection", "move", "foxes", "launch/foxes"), is_repeatable=False),
    Verb("delete", "filled", ("delete", "--query", "status:completed", "--yes")),
    Verb("undelete", "edited", ("undelete", "--query", "status:failed", "--yes")),
    Verb("undo", "edited", ("undo", "3"), is_repeatable=False),
    Verb("redo", "undone", ("redo", "2"), is_repeatable=False),
    Verb("reindex", "edited", ("reindex",)),
    Verb("backup", "edited", ("backup",)),
    Verb("restore", "saved", ("restore", "saved.db")),
    Verb("migrate", "old", ("migrate",)),
)


class Desk:
    """The prepared folders, each made when it is first needed, and what an undisturbed run of a verb does to them."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self._folder = folder
        self._base_url = base_url
        (folder / "runs").mkdir()

    def prepare(self, name: str) -> Path:
        """The folder with this name; the library in it is a later state of another one's."""
        folder = self._folder / name
        if folder.exists():
            return folder
        if name in {"new", "old"}:
            folder.mkdir()
            configure(folder, self._base_url)
            write_jobs(folder / "jobs.jsonl", range(FILED))
            write_jobs(folder / "more.jsonl", range(FILED // 2, FILED * 2))
            if name == "old":
                make_old(folder / LIBRARY, self.prepare("edited") / LIBRARY)
            return folder
        earlier = {"filled": "new", "edited": "filled", "unchecked": "filled"}.get(name, "edited")
        shutil.copytree(self.prepare(earlier), folder)
        with Catalog.open(folder / LIBRARY) as catalog:
            PREPARATIONS[name](catalog, folder)
        return folder

    def copy(self, verb: Verb, name: str) -> Path:
        """A fresh copy of the folder of the verb."""
        return Path(shutil.copytree(self.prepare(verb.folder), self._folder / "runs" / f"{name} {verb.name}"))

    def rehearse(self, verb: Verb) -> Rehearsal:
        """Run the verb without disturbing it."""
        place = self.copy(verb, "rehearsal")
        sign, began = find_sign(place), None
        with Program(verb.arguments, place, ENVIRONMENT) as program:
            while program.is_running:
                if began is None and find_sign(place) != sign:
                    began = time.monotonic()
                time.sleep(0.002)
            ended, now = program.end(), time.monotonic()
        assert ended.status == 0, f"catalog {verb.name}: {ended}"
        before = read_base(self.prepare("edited" if verb.folder == "old" else verb.folder) / LIBRARY)
        after = read_all(place / LIBRARY)
        shutil.rmtree(place)
        return Rehearsal(before, after, now - program.started, now - (began or now))


@dataclass(frozen=True)
class Rehearsal:
    """What a library holds before a verb and after it, and how many seconds the verb runs, and writes."""

    before: State
    after: State
    seconds: float
    writes: float


def fill(catalog: Catalog, folder: Path) -> None:
    catalog.sync()
    catalog.import_path(folder / "jobs.jsonl", source="studio")


def edit(catalog: Catalog, _: Path) -> None:
    catalog.tag("first=1", query="fox")
    catalog.give(query="status:completed", style="noir")
    catalog.rate(3, query="fox")
    catalog.collect("foxes", query="fox")
    catalog.delete(query="status:failed")


def fetch(catalog: Catalog, folder: Path) -> None:
    """Bring clips whose credentials nobody has checked."""
    with closing(open_library(folder / LIBRARY)) as library:
        Download(library, catalog.settings, Choice("clip", variants=("video",)), checks=False).run()


def save(catalog: Catalog, folder: Path) -> None:
    catalog.backup(folder / "saved.db")
    catalog.tag("late", query="fox")


PREPARATIONS: dict[str, Callable[[Catalog, Path], object]] = {
    "filled": fill,
    "unchecked": fetch,
    "edited": edit,
    "undone": lambda catalog, _: catalog.undo(2),
    "saved": save,
}


def kill_writers(folder: Path, chance: Random, size: int) -> Figures:
    """Kill so many runs, every verb about as often, two at a time."""
    figures, verbs = Figures(), chance.sample(VERBS, min(size, len(VERBS)))
    with (
        patch.dict(os.environ, ENVIRONMENT),
        Gateway([*kept_jobs(), *clips()], clock=lambda: NOW, key=KEY, media=MEDIA) as gateway,
        ThreadPoolExecutor(2) as pool,
    ):
        gateway.faults.latency = 0.01
        desk = Desk(folder, gateway.base_url)
        for verb in verbs:
            desk.prepare(verb.folder)
        rehearsals = dict(zip(verbs, pool.map(desk.rehearse, verbs), strict=True))
        kills = [
            pool.submit(
                kill, desk.copy(verb, str(number)), verb, rehearsals[verb], chance.random(), chance.random() < 0.7
            )
            for number, verb in enumerate(itertools.islice(itertools.cycle(verbs), size))
        ]
        for done in kills:
            figures.wrong += done.result()
    figures.tried = f"{size} kills of {len(verbs)} verbs"
    return figures


def kill(place: Path, verb: Verb, rehearsal: Rehearsal, moment: float, is_while_writing: bool) -> list[str]:
    """Kill one run at this part of its time, complete it, and return what is wrong."""
    sign = find_sign(place)
    with Program(verb.arguments, place, ENVIRONMENT) as program:
        if is_while_writing:
            while program.is_running and find_sign(place) == sign:
                time.sleep(0.001)
            time.sleep(moment * rehearsal.writes)
        else:
            time.sleep(moment * rehearsal.seconds)
        is_acknowledged = not program.is_running and program.end().status == 0
        program.kill()
    try:
        faults = judge(place, verb, rehearsal, is_acknowledged)
    except (CatalogError, AssertionError) as error:
        faults = [f"{type(error).__name__}: {error}"]
    if faults:
        return [f"{verb.name}, killed at {moment:.2f} ({place}): {fault}" for fault in faults]
    shutil.rmtree(place)
    return []


def judge(place: Path, verb: Verb, rehearsal: Rehearsal, is_acknowledged: bool) -> list[str]:
    """What is wrong with the library after the kill, and after the next run."""
    library = place / LIBRARY
    is_done = False
    faults = [fault for copy in list_copies(place) for fault in judge_copy(copy, rehearsal.before)]
    try:
        now = read_base(library)
    except SchemaOutdated:
        faults += [] if verb.folder == "old" and not is_acknowledged else ["the schema is old"]
    else:
        faults += list_losses(rehearsal.before, now, rehearsal.after)
        faults += list_faults(library) if now["videos"] else []
        is_done = not list_differences({name: rehearsal.after[name] for name in now}, now)
        faults += ["acknowledged, and not there"] if is_acknowledged and not is_done else []
    if verb.is_repeatable or not is_done:
        faults += list_run_faults(verb.arguments, place)
    if list_differences(rehearsal.after, read_all(library)):
        faults += list_run_faults(("reindex", "--facets"), place)  # as any journey in does
    faults += [f"after the next run: {fault}" for fault in list_faults(library)]
    faults += [f"after the next run, {line}" for line in list_differences(rehearsal.after, read_all(library))]
    left = sorted(path.name for path in place.rglob("*") if ".part" in path.name or path.name.endswith("-journal"))
    return [*faults, *(f"{name} is left behind" for name in left)]


def list_run_faults(arguments: tuple[str, ...], place: Path) -> list[str]:
    """Run what must succeed."""
    ended = run(arguments, place, **ENVIRONMENT)
    return [f"catalog {arguments[0]} ends with {ended.status}: {ended.err.strip()[-300:]}"] if ended.status else []


def list_copies(place: Path) -> list[Path]:
    """Backups and restore points that have got their names; an empty file is a name that was taken."""
    return [
        path
        for path in place.glob(f"{LIBRARY}.2*")
        if not path.name.endswith((".part", "-wal", "-shm", "-journal")) and path.stat().st_size
    ]


def judge_copy(path: Path, before: State) -> list[str]:
    """What is wrong with a copy of the library as it was."""
    try:
        return list_faults(path, is_folded=False) + list_differences(before, read_base(path))
    except SchemaOutdated:
        with closing(connect(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check").fetchall()]
        return [] if found == ["ok"] else [f"{path.name}: {found}"]


def kept_jobs() -> list[Job]:
    """The sample's jobs, none of whose files the server has lost."""
    return [replace(job, keeps_for=10**9, has_lost=False) for job in sample_jobs(NOW, JOBS)]


def clips() -> list[Job]:
    """Jobs whose clips the server goes on having."""
    return [
        Job(id=f"clip_{number}", model="sora-2", prompt=f"clip {number}", created_at=NOW - 600, keeps_for=10**9)
        for number in range(CLIPS)
    ]


def write_jobs(path: Path, numbers: range) -> None:
    with path.open("w", encoding="utf-8") as lines:
        for number in numbers:
            told = house.job(
                f"filed-{number}", prompt=f"a red fox on a neon street, take {number}, slow push in", seed=number
            )
            lines.write(json.dumps(told) + "\n")


def make_old(path: Path, newer: Path) -> None:
    """A library of an older schema that holds what the newer one does, as far as it has a place for it."""
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode=WAL")
    upgrade(path, "0004")
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("ATTACH ? AS newer", (str(newer),))
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                " AND name NOT LIKE 'sqlite%' AND name <> 'alembic_version'"
            ).fetchall()
        ]
        for table in tables:
            columns = ", ".join(
                f'"{row[1]}"'
                for row in connection.execute(f"PRAGMA main.table_xinfo({table})").fetchall()
                if not row[6]
            )
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
        connection.execute("INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")
