"""Takes in what a scan has found: files of one root that are new or changed, looked at twice, a batch in a transaction.

Files are read by a few threads; the library is written by one. Rows are written once their bytes were read to the end,
so a run that is killed loses what was not written, and the next one takes it in.
"""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog import store
from catalog.ingest.sidecars import find_sidecars, may_hold_sidecars, read_id
from catalog.parallel import ask_all
from catalog.reading.holdings import read_refs
from catalog.reading.watching import list_lying
from catalog.watch.folders import folded, is_gone, is_same_entry
from catalog.watch.readers import MOST, make_readers, settle_all
from catalog.watch.settling import Growing, Settled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from catalog.database import Database
    from catalog.reading.watching import Lying
    from catalog.watch.scanning import Sighted
    from catalog.watch.settling import Outcome

MOMENT = 0.3  # seconds between the two looks at a file
BATCH = 1_000  # files in a transaction
NAMED = 100  # files that a report names
_SECONDS = 5.0  # of reading, at most, that an end loses
_CORES = os.cpu_count() or 1
_READERS = 4 * _CORES  # threads: what they have read waits while a batch is written
_TOGETHER, _TOGETHER_SIZE = 128, 32 * 1024**2  # files, and their bytes, that a thread reads before it answers
_MANY = 500  # files from which on processes are worth their start
_NAMES = 50  # for each file taken in: what reading them costs, looking for its sidecars costs too


class Tally:
    """What became of the files of a root so far."""

    def __init__(self) -> None:
        self.made = self.joined = self.copies = self.moved = self.growing = 0
        self.damaged: dict[str, str] = {}
        self.unfinished: dict[str, str] = {}
        self.videos: list[int] = []

    @property
    def taken(self) -> int:
        """How many files were taken in."""
        return self.made + self.joined + self.copies + self.moved

    def add(self, kept: store.Kept) -> None:
        """Count files that are in the library now."""
        self.made += len(kept.made)
        self.joined += len(kept.joined)
        self.copies += kept.copies
        self.moved += kept.moved
        self.videos += (kept.made + kept.joined)[: NAMED - len(self.videos)]


class Taking(NamedTuple):
    """Where files are taken in, and for whom: `source` is that of sidecars, `own` that of videos without a job.

    `online` are the roots in which a place that is gone is gone. `skip(path, reason)` is called for what is not read.
    """

    database: Database
    root: str
    source: str | None
    own: str
    online: Collection[str]
    skip: Callable[[str, str], None]
    clock: Callable[[], datetime]
    on_taken: Callable[[int], None]

    def take_in(self, sighted: Iterator[Sequence[Sighted]], tally: Tally, *, moment: float = MOMENT) -> None:
        """Take in the files that come, each at least a `moment` after it was seen, in seconds."""
        queue = _Ripening(sighted, moment)
        batch: list[Outcome] = []
        written = time.monotonic()
        readers = make_readers(min(_CORES, MOST))

        def ask(files: Sequence[Sighted]) -> list[Outcome]:
            settle = readers.ask if queue.taken > _MANY and _CORES > 1 else settle_all
            return settle(self.root, files, self.clock().timestamp())

        try:
            for _, outcomes in ask_all(ask, queue.take, _READERS):
                batch += outcomes
                if len(batch) >= BATCH or time.monotonic() - written > _SECONDS:
                    self._keep(batch, tally)
                    batch, written = [], time.monotonic()
        finally:
            readers.close()
        self._keep(batch, tally)

    def _keep(self, batch: Sequence[Outcome], tally: Tally) -> None:
        if not batch:
            return
        settled = [outcome for outcome in batch if isinstance(outcome, Settled)]
        growing = [outcome for outcome in batch if isinstance(outcome, Growing)]
        for outcome in batch:
            if not isinstance(outcome, Settled | Growing):
                self.skip(outcome.sighted.path, outcome.reason)
        found = self._describe(settled)
        now = self.clock()
        kept = None
        with self.database.write() as connection:
            if found:
                kept = store.save_found(connection, self.root, found, source=self.source, own=self.own, at=now)
            store.save_scanned(
                connection,
                self.root,
                {item.sighted.path: (item.sighted.stamp, "growing", item.reason) for item in growing},
                at=now,
            )
        if kept:
            tally.add(kept)
        _add(tally.damaged, ((item.path, item.damage) for item in found if item.damage))
        _add(tally.unfinished, ((item.sighted.path, item.reason) for item in growing))
        tally.growing += len(growing)
        self.on_taken(len(batch))

    def _describe(self, settled: Sequence[Settled]) -> list[store.Found]:
        """The files as the store takes them: with what sidecars call them, and the places that they have left."""
        lying = {}
        if settled and self.database.is_made:
            with self.database.read() as connection:
                lying = list_lying(connection, list({item.sha256 for item in settled}))
        leavings = _Leavings(self, lying)
        jobs = self._read_jobs([self.path_of(item.sighted.path) for item in settled])
        found = []
        for item in settled:
            path = self.path_of(item.sighted.path)
            found.append(
                store.Found(
                    item.sighted.path,
                    item.sighted.stamp,
                    item.sha256,
                    item.type,
                    item.is_image,
                    item.probe,
                    item.marks,
                    item.damage,
                    jobs.get(path),
                    leavings.take(item.sha256, path),
                )
            )
        return found

    def path_of(self, path: str) -> str:
        """Where a file of the root is."""
        return os.path.join(self.root, path)  # noqa: PTH118

    def _read_jobs(self, paths: Sequence[str]) -> dict[str, str]:
        """The ids that sidecars beside files give them, by path."""
        if not self.source:
            return {}
        folders = Counter(map(os.path.dirname, paths))
        held = {folder for folder, count in folders.items() if may_hold_sidecars(folder, _NAMES * count)}
        beside = (path for path in paths if os.path.dirname(path) in held)  # noqa: PTH120
        return {path: read_id(Path(path)) for path in beside if find_sidecars(path)}


class _Leavings:
    """The places that bytes which have come up elsewhere have left, each of which one new place stands in for.

    A place is looked for once, however many new ones there are of its bytes.
    """

    def __init__(self, taking: Taking, lying: Mapping[str, Sequence[Lying]]) -> None:
        self._taking = taking
        self._lying = lying
        self._gone: dict[str, list[int]] = {}
        self._by_name: dict[str, dict[str, list[Lying]]] = {}

    def take(self, sha256: str, path: str) -> tuple[int, ...]:
        """Those that a file at this absolute path comes from: they are gone, or are the same under another name."""
        lying = self._lying.get(sha256)
        if not lying:
            return ()
        if sha256 not in self._gone:
            self._look(sha256, lying)
        gone, self._gone[sha256] = self._gone[sha256], []
        twins = self._by_name[sha256].pop(folded(path), [])
        same = [place for place in twins if self._is_same(place, path)]
        self._by_name[sha256][folded(path)] = [place for place in twins if place not in same]
        return tuple(sorted({*gone, *(place.id for place in same)}))

    def _look(self, sha256: str, lying: Sequence[Lying]) -> None:
        taking, by_name = self._taking, self._by_name.setdefault(sha256, {})
        self._gone[sha256] = []
        for place in lying:
            old = os.path.join(place.root, place.path)  # noqa: PTH118
            if place.root in taking.online and is_gone(old):
                self._gone[sha256].append(place.id)
            else:
                by_name.setdefault(folded(old), []).append(place)

    def _is_same(self, place: Lying, path: str) -> bool:
        old = os.path.join(place.root, place.path)  # noqa: PTH118
        return place.root != self._taking.root if old == path else is_same_entry(old, path)


class _Ripening:
    """Files that wait for their second look: the walk goes on meanwhile, and no further."""

    def __init__(self, sighted: Iterator[Sequence[Sighted]], moment: float) -> None:
        self._sighted, self._moment = sighted, moment
        self._queue: deque[tuple[float, Sighted]] = deque()
        self.taken = 0

    def take(self) -> list[Sighted] | None:
        """The next files whose time has come, None at the end."""
        while True:
            now = time.monotonic()
            ripe: list[Sighted] = []
            size = 0
            while (
                self._queue
                and len(ripe) < _TOGETHER
                and size < _TOGETHER_SIZE
                and now - self._queue[0][0] >= self._moment
            ):
                ripe.append(self._queue.popleft()[1])
                size += ripe[-1].stamp.size
            if ripe:
                self.taken += len(ripe)
                return ripe
            portion = next(self._sighted, None)
            if portion is not None:
                seen = time.monotonic()
                self._queue.extend((seen, sighted) for sighted in portion)
            elif self._queue:
                time.sleep(max(0.0, self._queue[0][0] + self._moment - now))
            else:
                return None


def _add(named: dict[str, str], items: Iterator[tuple[str, str]]) -> None:
    """Add the first of them, as many as a report names."""
    for path, reason in items:
        if len(named) < NAMED:
            named[path] = reason


def name_refs(database: Database, videos: Sequence[int]) -> tuple[str, ...]:
    """The refs of videos, in their order."""
    if not videos:
        return ()
    with database.read() as connection:
        refs = read_refs(connection, videos)
    return tuple(refs[video] for video in videos if video in refs)


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)
