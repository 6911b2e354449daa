"""Scans of folders in which things go on happening: killed with kill -9, and flooded with more than can be heard.

Each kill has a folder of its own: clips that the library knows and has tags for, and new ones, are written in pieces,
renamed, moved and removed until the program is killed. Then it is scanned until nothing is left to be done, and must be
known as it is: each file once, with its marks; what was renamed or moved with its tag; nothing that was removed lost.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import cycle, islice
from random import Random
from typing import TYPE_CHECKING

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.library import open_library
from catalog.media.marks import read_marks
from tests.house import LONG, read_rows, wait_until
from tests.media.boxes import box
from tests.media.marks.carriers import GRAPH_TEXT, LABEL, tagged
from tests.soak.figures import Figures
from tests.soak.programs import Program, find_sign, run
from tests.soak.state import list_faults
from tests.watch.conftest import clip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LIBRARY, CLIPS = "catalog.db", "clips"
KNOWN, NEW = 30, 60  # clips that are there before, and that are new when the program starts
LONGEST = 2.0  # seconds from when a program first writes, or starts, until it is killed
VERBS = (("watch", CLIPS, "--every", "1"), ("watch", CLIPS, "--once"), ("import", CLIPS))
FOLDERS = ("", "a", "a/b", "c")
LONGEST_FLOOD = 0.1  # seconds for a file
FOLDED = 5_000  # videos up to which every row is folded

_LYING = "SELECT path, sha256 FROM file_places WHERE root <> '' AND state = 'present'"
_MISSING = "SELECT sha256 FROM file_places WHERE root <> '' AND state = 'missing'"
_FILES = "SELECT sha256, count(*), count(DISTINCT video_id), min(state) FROM files GROUP BY sha256"
_TAGS = "SELECT sha256, value FROM tags JOIN files ON files.video_id = tags.video_id WHERE key = 'clip'"
_MARKS = """
SELECT sha256, kind, carrier, key, coalesce((SELECT content FROM workflows WHERE workflows.sha256 = value), value)
FROM file_marks JOIN files ON files.id = file_id
"""
_LONE = "SELECT count(*) FROM videos WHERE id NOT IN (SELECT video_id FROM files)"


def make_clip(number: int) -> bytes:
    """A clip that says of itself which one it is, in a label and a workflow."""
    graph = GRAPH_TEXT.replace("a red fox in snow", f"a red fox, take {number}")
    label = json.dumps({**LABEL, "ProduceID": f"task_{number:08}", "PropagateID": ""})
    return tagged({"AIGC": label, "prompt": graph}) + box("free", bytes(50_000))


class Pasture(threading.Thread):
    """A folder in which clips are written, renamed, moved and removed until it is told to rest.

    `lying` are the hashes of the files in it, by path, and `written` the numbers of all that ever were whole, by hash.
    """

    def __init__(self, folder: Path, chance: Random) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.lying: dict[str, str] = {}
        self.written: dict[str, int] = {}
        self.error: Exception | None = None
        self._chance = chance
        self._rest = threading.Event()
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)

    def run(self) -> None:
        """Bursts of acts, and pauses in which a watcher comes to scan."""
        try:
            while not self._rest.is_set():
                for _ in range(self._chance.randint(1, 30)):
                    self._act()
                self._rest.wait(self._chance.choice((0.01, 0.2, 1.3)))
        except Exception as error:  # noqa: BLE001 - raised by `rest`, in the thread that judges
            self.error = error

    def rest(self) -> None:
        """End what is being done, and do no more."""
        self._rest.set()
        self.join()
        if self.error:
            raise self.error

    def put(self) -> None:
        """Write a new clip: at once, in pieces, or under another name first."""
        number = len(self.written)
        path, data = self._choose_name(number), make_clip(number)
        target = self.folder / path
        sha256 = hashlib.sha256(data).hexdigest()
        match self._chance.randrange(3):
            case 0:
                target.write_bytes(data)
            case 1:
                with target.open("wb") as file:
                    for at in range(0, len(data), 10_000):
                        file.write(data[at : at + 10_000])
                        file.flush()
                        time.sleep(0.002)
            case _:
                part = target.with_name(target.name + ".part")
                part.write_bytes(data)
                part.rename(target)
        self.lying[path] = sha256
        self.written[sha256] = number

    def _choose_name(self, number: int) -> str:
        folder = self._chance.choice(FOLDERS)
        name = f"take {number} {self._chance.randrange(10**6)}.mp4"
        return f"{folder}/{name}" if folder else name

    def _act(self) -> None:
        if not self.lying or self._chance.random() < 0.4:
            self.put()
            return
        path = self._chance.choice(list(self.lying))
        match self._chance.randrange(4):
            case 0:
                (self.folder / path).unlink()
                del self.lying[path]
            case 1:
                self._exchange(path, self._chance.choice(list(self.lying)))
            case _:
                self._move(path, self._choose_name(self.written[self.lying[path]]))

    def _move(self, path: str, new: str) -> None:
        (self.folder / path).rename(self.folder / new)
        self.lying[new] = self.lying.pop(path)

    def _exchange(self, path: str, other: str) -> None:
        if path != other:
            self._move(path, "a/exchanged.mp4")
            self._move(other, path)
            self._move("a/exchanged.mp4", other)


def kill_scans(folder: Path, chance: Random, size: int) -> Figures:
    """Kill so many runs, each verb about as often, two at a time."""
    figures = Figures()
    with ThreadPoolExecutor(2) as pool:
        kills = [
            pool.submit(kill, verb, folder / str(number), Random(chance.random()))
            for number, verb in enumerate(islice(cycle(VERBS), size))
        ]
        results = [done.result() for done in kills]
    figures.wrong += [fault for result, _ in results for fault in result]
    figures.tried = f"{size} kills of {min(size, len(VERBS))} verbs, {sum(count for _, count in results):,} files"
    return figures


def kill(verb: tuple[str, ...], place: Path, chance: Random) -> tuple[list[str], int]:
    """Kill one run while its folder changes, complete it, and return what is wrong, and how many files there were."""
    pasture = Pasture(place / CLIPS, chance)
    tags = prepare(place, pasture)
    sign, is_while_writing, moment = find_sign(place), chance.random() < 0.5, chance.uniform(0, LONGEST)
    pasture.start()
    with Program(verb, place, {}) as program:
        while is_while_writing and program.is_running and find_sign(place) == sign:
            time.sleep(0.001)
        time.sleep(moment)
        program.kill()
    pasture.rest()
    try:
        faults = [f"after the kill, {fault}" for fault in list_faults(place / LIBRARY)]
        faults += complete(verb, place)
        faults += judge(place, pasture, tags)
    except CatalogError as error:
        faults = [f"{type(error).__name__}: {error}"]
    if not faults:
        shutil.rmtree(place)
    moment_said = f"{moment:.2f} s after its {'first write' if is_while_writing else 'start'}"
    return [f"{' '.join(verb)}, killed {moment_said} ({place}): {fault}" for fault in faults], len(pasture.written)


def flood(folder: Path, chance: Random, size: int) -> Figures:
    """Write and rename so many clips in one folder while it is watched, faster than the system can say so."""
    clips = folder / CLIPS
    clips.mkdir()
    figures = Figures(f"{size:,} files in one folder")
    wanted = {}
    with Program(("watch", CLIPS, "--every", "3600"), folder, {}) as program:
        wait_until(lambda: program.out.startswith("watching") or not program.is_running)
        for number in range(size):
            if number == size // 2:
                program.signal(signal.SIGSTOP)  # so that the system's queue overflows
            part, target = clips / f"{number}.part", clips / f"{number}.mp4"
            part.write_bytes(clip(number))
            part.rename(target)
            if chance.random() < 0.3:
                target = target.rename(clips / f"take {number}.mp4")
            wanted[target.name] = number
        program.signal(signal.SIGCONT)
        began = time.monotonic()
        wait_until(lambda: not program.is_running or is_known(folder, size), LONGEST_FLOOD * size + LONG)
        figures.waited(time.monotonic() - began)
    faults = list_faults(folder / LIBRARY, is_folded=size <= FOLDED)
    lying = read_rows_of(folder, _LYING)
    faults += [] if {row[0] for row in lying} == wanted.keys() else ["files are lost, or under other names"]
    counts = [
        read_rows_of(folder, f"SELECT count(*) FROM {table}")[0][0] for table in ("videos", "files", "file_places")
    ]
    figures.wrong += faults if counts == [size] * 3 else [*faults, f"{counts} videos, files, places of {size}"]
    return figures


def is_known(folder: Path, size: int) -> bool:
    """Whether all files are known under the names that they have."""
    time.sleep(0.2)
    with suppress(CatalogError):
        if read_rows_of(folder, "SELECT count(*) FROM file_places") != [(size,)]:
            return False
        names = {row[0] for row in read_rows_of(folder, _LYING)}
        return len(names) == size and all((folder / CLIPS / name).exists() for name in names)
    return False


def prepare(place: Path, pasture: Pasture) -> dict[str, str]:
    """Make a library that knows some of the clips; returns the tag of each, by the hash of its bytes."""
    for _ in range(KNOWN):
        pasture.put()
    with Catalog.open(place / LIBRARY) as catalog:
        catalog.watch(place / CLIPS, once=True)
        for ref, sha256 in read_rows_of(place, "SELECT ref, sha256 FROM files JOIN videos ON videos.id = video_id"):
            catalog.tag(ref, f"clip={pasture.written[sha256]}")
    tags = {sha256: str(number) for sha256, number in pasture.written.items()}
    for _ in range(NEW):
        pasture.put()
    return tags


def read_rows_of(place: Path, query: str) -> list[tuple[str, ...]]:
    with closing(open_library(place / LIBRARY)) as library:
        return read_rows(library, query)


def complete(verb: tuple[str, ...], place: Path) -> list[str]:
    """Scan twice, for that a file is missing is said by two scans: both must succeed."""
    arguments = verb if verb[0] == "import" else ("watch", CLIPS, "--once")
    ends = [run(arguments, place) for _ in range(2)]
    return [f"catalog {arguments[0]} ends with {end.status}: {end.err.strip()[-300:]}" for end in ends if end.status]


def judge(place: Path, pasture: Pasture, tags: Mapping[str, str]) -> list[str]:
    """What the library says otherwise than the folder, once it has been scanned."""
    faults = list_faults(place / LIBRARY)
    lying = read_rows_of(place, _LYING)
    places = dict(lying)
    on_disk = {path: sha256 for path, sha256 in pasture.lying.items() if (place / CLIPS / path).is_file()}
    faults += [] if on_disk == pasture.lying else ["a file was touched by the catalog"]
    faults += [] if len(places) == len(lying) else ["a file has two places"]
    faults += [f"{path} was lost" for path in on_disk.keys() - places.keys()]
    faults += [f"{path} is not there" for path in places.keys() - on_disk.keys()]
    faults += [f"{path} has other bytes" for path in places.keys() & on_disk.keys() if places[path] != on_disk[path]]
    left_behind = {row[0] for row in read_rows_of(place, _MISSING)} & set(on_disk.values())
    faults += [f"{len(left_behind)} files that were moved are missing where they were"] if left_behind else []
    files = read_rows_of(place, _FILES)
    faults += [f"{row} is a file twice, or not present" for row in files if row[1:] != (1, 1, "present")]
    faults += [f"{row[0]} was never whole" for row in files if row[0] not in pasture.written]
    faults += ["a video has no file"] if read_rows_of(place, _LONE) != [(0,)] else []
    if dict(read_rows_of(place, _TAGS)) != tags:
        faults.append("a tag is not with its file")
    faults += list_wrong_marks(place, on_disk)
    faults += [f"scanned: {row}" for row in read_rows_of(place, "SELECT path, state, reason FROM scanned_files")]
    with Catalog.open(place / LIBRARY) as catalog:
        found = dict(catalog.check().found)
    return faults + [f"check: {kind}: {count}" for kind, count in found.items() if kind != "missing"]


def list_wrong_marks(place: Path, on_disk: Mapping[str, str]) -> list[str]:
    """The files whose marks are not those that they have."""
    kept: dict[str, set[tuple[str, ...]]] = {}
    for sha256, *mark in read_rows_of(place, _MARKS):
        kept.setdefault(sha256, set()).add(tuple(mark))
    return [
        f"{path} has other marks"
        for path, sha256 in on_disk.items()
        if kept.get(sha256)
        != {(mark.kind, mark.carrier, mark.key, mark.value) for mark in read_marks(place / CLIPS / path).marks}
    ]
