"""Kill -9 at random moments of `check --repair` and of `backup --media`.

Each kill happens in a fresh copy of a folder in which much is wrong: files that are gone or damaged while whole bytes
lie beside them, indexes and rows that something else has changed. No file may be counted that is not whole, none may
go; the next run must leave what an undisturbed one leaves.
"""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import cycle, islice
from typing import TYPE_CHECKING

from catalog import Catalog
from catalog.database import connect
from catalog.library import create_library
from catalog.media.keep import hash_file
from tests.checking.conftest import Shelf, clip
from tests.house import job
from tests.soak.figures import Figures
from tests.soak.programs import Program, run

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

CLIPS = 24
LIBRARY = "catalog.db"
COPY = "disk/copy.db"
VERBS = (("check", "--read-data", "--repair"), ("backup", "--media", COPY))
SPOILED = {
    "rows": "UPDATE videos SET model = 'another' WHERE id % 5 = 0",
    "fts": "INSERT INTO videos_fts(videos_fts) VALUES ('delete-all')",
    "bitmaps": "DELETE FROM bitmaps WHERE field = 'status'",
    "schema": "DROP INDEX ix_files_sha256",
}


def kill_keepers(folder: Path, chance: Random, size: int) -> Figures:
    """Kill so many runs, each verb about as often, two at a time."""
    prepared = folder / "prepared"
    prepare(prepared)
    figures = Figures(f"{size} kills of {len(VERBS)} verbs")
    seconds = {verb: rehearse(verb, prepared, folder / verb[0]) for verb in VERBS}
    (folder / "runs").mkdir()
    with ThreadPoolExecutor(2) as pool:
        kills = [
            pool.submit(kill, verb, prepared, folder / "runs" / str(number), chance.random() * seconds[verb])
            for number, verb in enumerate(islice(cycle(VERBS), size))
        ]
        for done in kills:
            figures.wrong += done.result()
    return figures


def prepare(folder: Path) -> None:
    """A library of CLIPS clips: every fourth is gone and every fifth damaged, with whole bytes under another ending."""
    folder.mkdir()
    (folder / "disk").mkdir()
    create_library(folder / LIBRARY)
    with closing(Shelf(folder / LIBRARY)) as shelf:
        shelf.hear(*(job(f"v{number}", prompt=f"a red fox, take {number}") for number in range(CLIPS)))
        for number in range(CLIPS):
            path = shelf.keep(f"v{number}")
            if number % 4 and number % 5:
                continue
            path.with_suffix(".mov").write_bytes(clip(f"v{number}"))
            if number % 4:
                path.write_bytes(path.read_bytes()[:-1] + b"?")
            else:
                path.unlink()
        for statement in SPOILED.values():
            shelf.spoil(statement)


def rehearse(verb: tuple[str, ...], prepared: Path, place: Path) -> float:
    """How many seconds the verb takes undisturbed, which must leave nothing to find."""
    shutil.copytree(prepared, place)
    with Program(verb, place, {}) as program:
        ended = program.end()
    faults = judge(verb, prepared, place)
    assert not faults, f"{ended}: {faults}"
    return ended.seconds


def kill(verb: tuple[str, ...], prepared: Path, place: Path, moment: float) -> list[str]:
    """Kill one run at this moment, run it to its end, and return what is wrong."""
    shutil.copytree(prepared, place)
    with Program(verb, place, {}) as program:
        time.sleep(moment)
        program.kill()
    faults = list_lost(prepared, place) + list_early(place)
    if verb[0] != "backup" or not (place / COPY).exists():
        run(verb, place)
    faults += judge(verb, prepared, place)
    if not faults:
        shutil.rmtree(place)
    return [f"{verb[0]}, killed after {moment:.2f} s ({place}): {fault}" for fault in faults]


def list_early(place: Path) -> list[str]:
    """What a killed run counts as whole, or has put under the name of its hash, and is not."""
    faults = [f"{path.name} is not whole" for path in (place / "disk").rglob("*.m*") if hash_file(path)[0] != path.stem]
    if (place / COPY).exists():
        faults += list_unsound(place / COPY, *SPOILED, "missing", "damaged")  # as the library was
    return faults


def list_lost(prepared: Path, place: Path) -> list[str]:
    """The files of the media folder that are gone, or were written to."""
    files = [path for path in (prepared / "media").rglob("*.m*") if path.is_file()]
    names = [(path, place / path.relative_to(prepared)) for path in files]
    return [f"{now.name} was touched" for was, now in names if not now.exists() or now.read_bytes() != was.read_bytes()]


def judge(verb: tuple[str, ...], prepared: Path, place: Path) -> list[str]:
    """What is wrong once the verb has run to its end."""
    faults = list_lost(prepared, place)
    if verb[0] == "check":
        faults += list_unsound(place / LIBRARY, "orphan")  # the damaged files that whole ones stand in for
        with Catalog.open(place / LIBRARY) as catalog:
            if catalog.count("has:file -missing:file -is:damaged") != CLIPS:
                faults.append("not every file was repaired")
    else:
        wrong = {path.stem for path in (place / "disk").rglob("*.m*") if hash_file(path)[0] != path.stem}
        whole = sum(1 for path in (prepared / "media").rglob("*.mp4") if hash_file(path)[0] == path.stem)
        copied = len(list((place / "disk" / "media").rglob("*.mp4")))
        faults += [f"{sorted(wrong)} are not whole"] if wrong else []
        faults += [f"{copied} of {whole} files were copied"] if copied != whole else []
        with closing(connect(place / COPY)) as connection:
            faults += [row[0] for row in connection.execute("PRAGMA integrity_check").fetchall() if row[0] != "ok"]
    left = [path.name for path in place.rglob("*.part")]
    return [*faults, *(f"{name} is left behind" for name in left)]


def list_unsound(library: Path, *but: str) -> list[str]:
    """What a check of the library finds, but for these kinds."""
    with Catalog.open(library) as catalog:
        report = catalog.check(read_data=True)
    return [f"{kind}: {count}" for kind, count in report.found.items() if kind not in but]
