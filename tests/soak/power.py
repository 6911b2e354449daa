"""Power cuts: a recorded day of a library, cut at random moments, on three models of what a disk then holds.

After every cut the library must open, be whole, hold everything that was acknowledged and nothing that nobody made, and
take the next write; and so must every copy of it.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from catalog import Catalog
from catalog.database import connect
from catalog.demo.gateway import Gateway
from catalog.demo.sample import sample_jobs
from catalog.errors import CatalogError, SchemaOutdated
from catalog.library import create_library
from tests.soak.day import OLD
from tests.soak.disks import MODELS, Name, Sync, rebuild, record
from tests.soak.figures import Figures
from tests.soak.kills import JOBS, KEY, LIBRARY, NOW, make_old, write_jobs
from tests.soak.programs import KEY_ENV, configure
from tests.soak.state import Moment, list_differences, list_faults, list_losses, read_base

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.soak.disks import Tape

STEPS = 24  # of a recorded day; a day is cut so often
CUTS_A_DAY = 25


def cut_power(folder: Path, chance: Random, size: int) -> Figures:
    """Cut the power so many times, each on every model of a disk."""
    figures = Figures()
    steps = min(STEPS, size)
    days = -(-size // CUTS_A_DAY)
    operations = 0
    with Gateway(sample_jobs(NOW, JOBS), clock=lambda: NOW, key=KEY) as gateway:
        for day in range(days):
            place = folder / f"day {day}"
            tape, moments = record_day(place, gateway.base_url, chance.randrange(10**9), steps)
            operations += len(tape.operations)
            for number in range(day, size, days):
                cut = choose_cut(tape, chance)
                for model in MODELS:
                    image = place / f"{number} {model}"
                    image.mkdir()
                    rebuild(tape, cut, model, chance, image)
                    faults = judge(image, tape.acknowledged(cut), moments)
                    figures.wrong += [
                        f"power cut after operation {cut}, disk {model}, {image}: {fault}" for fault in faults
                    ]
                    if not faults:
                        shutil.rmtree(image)
    figures.tried = f"{size} cuts × {len(MODELS)} disks, {operations:,} operations recorded"
    return figures


def record_day(place: Path, base_url: str, seed: int, steps: int) -> tuple[Tape, list[Moment]]:
    """Live a day, and return what it did to the disk, and what the library held after each step."""
    library, states = place / "library", place / "states"
    for each in (library, states):
        each.mkdir(parents=True)
    configure(library, base_url)
    prepare_old(place, library / OLD)
    environment = {**os.environ, KEY_ENV: KEY, "PYTHONUNBUFFERED": "1"}
    command = (sys.executable, "-m", "tests.soak.day", str(library), str(states), str(seed), str(steps))
    tape = record(command, library, place / "strace.log", environment)
    (place / "strace.log").unlink()
    paths = sorted(states.iterdir(), key=lambda path: int(path.name))
    return tape, [pickle.loads(path.read_bytes()) for path in paths]


def prepare_old(place: Path, target: Path) -> None:
    """A library of an older schema, to be migrated in the end."""
    create_library(place / "today.db")
    write_jobs(place / "old.jsonl", range(40))
    with Catalog.open(place / "today.db") as catalog:
        catalog.import_path(place / "old.jsonl", source="studio")
        catalog.tag("old", query="fox")
    make_old(target, place / "today.db")


def choose_cut(tape: Tape, chance: Random) -> int:
    """A moment: any, or more often one beside a sync, a name or a write."""
    marks = [number for number, each in enumerate(tape.operations) if isinstance(each, Sync | Name)]
    if chance.random() < 0.5:
        return min(max(0, chance.choice(marks) + chance.randint(-1, 2)), len(tape.operations))
    return chance.randint(0, len(tape.operations))


def judge(image: Path, acknowledged: str, moments: list[Moment]) -> list[str]:
    """What is wrong with what the disk holds."""
    done, last = 0, []
    for line in acknowledged.splitlines():
        kind, _, name = line.partition(" ")
        done, last = (int(name), []) if kind == "step" else (done, [*last, name])
    before, after = moments[done], moments[min(done + 1, len(moments) - 1)]
    faults = []
    for name, state in before.copies.items():
        faults += judge_copy(image / name, state)
    try:
        faults += judge_library(image / LIBRARY, before, after, set(last))
        faults += judge_old(image / OLD, before, moments[-1])
    except (CatalogError, AssertionError) as error:
        faults.append(f"{type(error).__name__}: {error}")
    return faults


def judge_library(path: Path, before: Moment, after: Moment, delivered: set[str]) -> list[str]:
    now = read_base(path)
    faults = list_losses(before.libraries[LIBRARY], now, after.libraries[LIBRARY])
    lost = delivered - {row[1] for row in now["deliveries"]}
    faults += [f"{len(lost)} acknowledged deliveries lost"] if lost else []
    if now["videos"]:
        faults += list_faults(path)
        with Catalog.open(path) as catalog:
            ref = min(row[0] for row in now["videos"])
            catalog.tag(ref, "after=the cut")
        faults += [f"after the next write: {fault}" for fault in list_faults(path)]
    return faults


def judge_copy(path: Path, state: dict[str, frozenset[tuple[object, ...]]]) -> list[str]:
    """What is wrong with a backup that was acknowledged."""
    if not path.exists():
        return [f"the copy {path.name} is gone"]
    return list_faults(path, is_folded=False) + list_differences(state, read_base(path))


def judge_old(path: Path, before: Moment, last: Moment) -> list[str]:
    """What is wrong with the library that was to be migrated: it is the old one or the new one."""
    wanted = last.libraries[OLD]
    try:
        now = read_base(path)
    except SchemaOutdated:
        with closing(connect(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check").fetchall()]
            rows = connection.execute("SELECT count(*) FROM videos").fetchone()[0]
        is_whole = found == ["ok"] and rows == len(wanted["videos"])
        faults = [] if is_whole else [f"{path.name}: {found}, {rows} rows"]
        return [*faults, "the migration was lost"] if OLD in before.libraries else faults
    return list_differences(wanted, now)
