"""One scan of watched or imported folders: the journey from what lies in them to what the library knows of it.

A scan decides, whatever told that something has happened. A folder that is offline says nothing; a file that is not
found is missing when two scans have not found it; what is deleted on the disk is never deleted here.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pyroaring import BitMap

from catalog import store
from catalog.errors import CatalogError
from catalog.file_reports import FolderReport
from catalog.ingest.run import READ
from catalog.ingest.sidecars import list_media, read_id
from catalog.reading import watching
from catalog.reading.files import MEDIA
from catalog.watch.folders import absolute, device_of, innermost, is_below, is_gone
from catalog.watch.roots import add_inner, explain, read_roots
from catalog.watch.scanning import Sighted, Stamp, Walk, read_device, stamp_of
from catalog.watch.settling import is_unchanged
from catalog.watch.taking import MOMENT, NAMED, Taking, Tally, name_refs, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from catalog.database import Database
    from catalog.reading.watching import KeptRoot
    from catalog.reports import Progress
    from catalog.watch.scanning import Seen

_PORTION = 1_000  # places that are looked for at once


class Options(NamedTuple):
    """How folders are scanned.

    `source` is the one that sidecars and answers belong to, None where there is none; `own` that of videos that are
    known by their file alone. `documents` are the endings of files that may hold answers. `read_documents(root, paths)`
    reads those that are new and says whether it did; without it they are left to others. `accept` scans a folder though
    none of its known files are there. `device` says which one a file lies on.
    """

    source: str | None = None
    own: str = store.FILES
    is_watched: bool = False
    documents: frozenset[str] = READ
    read_documents: Callable[[str, Sequence[Path]], bool] | None = None
    moment: float = MOMENT
    accept: bool = False
    clock: Callable[[], datetime] = utc_now
    device: Callable[[os.stat_result], int] = read_device


def scan_folders(
    database: Database, folders: Iterable[str | Path], options: Options, on_progress: Progress | None = None
) -> list[FolderReport]:
    """Scan folders, and the roots that lie in them, innermost first: one report each, also of those that are offline.

    A drive that is mounted in a folder becomes a root of its own, if there are clips on it: once it is unplugged, it is
    offline, and its files are not missing. Raises CatalogError where the library fails.
    """
    kept = read_roots(database)
    roots = add_inner([absolute(folder) for folder in folders], kept)
    reasons = {root: explain(database, root, kept.get(root), accept=options.accept) for root in roots}
    online = {root for root, reason in reasons.items() if reason is None}
    mounts: set[str] = set()
    reports = []
    for root in roots:  # which grow by the drives that are found in them
        scan = _Scan(database, root, options, kept, online, {*kept, *roots}, on_progress, is_named=root not in mounts)
        report = scan.run() if root in online else scan.be_offline(reasons[root] or "")
        unread = {}
        for name in scan.mounts:
            mount = os.path.join(root, name)  # noqa: PTH118
            reason = explain(database, mount, None, accept=options.accept)
            if reason is None:
                online.add(mount)
                mounts.add(mount)
                roots.append(mount)
            else:
                unread[name] = reason
        reports.append(replace(report, unread={**report.unread, **unread}) if unread else report)
    return reports


def take_in_files(
    database: Database, paths: Iterable[str | Path], options: Options, on_progress: Progress | None = None
) -> list[FolderReport]:
    """Take in single clips and pictures, each below the innermost root that it lies in, or below its own folder."""
    kept = read_roots(database)
    groups: dict[str, list[str]] = {}
    for path in paths:
        where = os.path.join(absolute(Path(path).parent), Path(path).name)  # noqa: PTH118 - the file may be a link
        root = innermost(where, kept) or os.path.dirname(where)  # noqa: PTH120
        groups.setdefault(root, []).append(os.path.relpath(where, root))
    reports = []
    for root, names in groups.items():
        scan = _Scan(database, root, options, kept, {root}, {*kept}, on_progress)
        reports.append(scan.take_in(names))
    return reports


class _Scan:
    """One scan of one root."""

    def __init__(
        self,
        database: Database,
        root: str,
        options: Options,
        kept: dict[str, KeptRoot],
        online: set[str],
        roots: set[str],
        on_progress: Progress | None,
        *,
        is_named: bool = True,
    ) -> None:
        self._database = database
        self._root = root
        self._options = options
        self._is_named = is_named
        self._kept = kept.get(root)
        self._on_progress = on_progress
        where: dict[str, Any] = {
            "endings": options.documents,
            "elsewhere": [other for other in roots if is_below(other, root)],
            "media": os.path.join(absolute(database.path.parent), MEDIA),  # noqa: PTH118
            "device": options.device,
        }
        self._inner, self._online = where["elsewhere"], online
        self._walk = Walk(root, **where)
        self._document_walk = Walk(root, **where, seeks_documents=True)
        self._noted: list[Sighted] = []  # answers that were not read as they are now
        self._is_read = options.read_documents is None
        self._tally = Tally()
        self._taking = Taking(
            database, root, self._source, options.own, online, self._walk.skip, options.clock, self._show
        )
        self._files = 0
        self._seen, self._scanned = BitMap(), BitMap()
        self._back: list[int] = []
        self._started = time.perf_counter()
        self._made = False

    def _is_made(self) -> bool:
        """Whether there is a library; looked at again only where there was none, for that opens its file."""
        self._made = self._made or self._database.is_made
        return self._made

    @property
    def mounts(self) -> list[str]:
        """The folders below the root that lie on other devices, after the scan."""
        return self._walk.mounts

    @property
    def _source(self) -> str | None:
        return self._options.source or (self._kept and self._kept.source) or None

    def run(self) -> FolderReport:
        """Scan the root, which is online."""
        try:
            self._taking.take_in(self._iter_new(), self._tally, moment=self._options.moment)
            if not self._is_read:
                self._read_documents(self._noted)
            return self._finish()
        except CatalogError as error:  # the library is busy, or its disk full
            if not self._tally.taken:
                raise
            files = "1 file" if self._tally.taken == 1 else f"{self._tally.taken:,} files"
            raise CatalogError(f"{error} (kept so far: {files}; the same again adds the rest)") from error
        except OSError as error:  # the root itself, or a drive in it, went while it was read
            return self.be_offline(f"cannot be read: {(error.strerror or type(error).__name__).lower()}")

    def take_in(self, names: Sequence[str]) -> FolderReport:
        """Take in files of the root, and look for nothing else."""
        portion: list[Any] = []
        for name in names:
            try:
                status = os.lstat(self._taking.path_of(name))
            except OSError as error:
                self._walk.unread[name] = (error.strerror or type(error).__name__).lower()
                continue
            portion.append((name, tuple(stamp_of(status))))
        self._taking.take_in(iter([self._list_new(portion)]), self._tally, moment=self._options.moment)
        return self._report()

    def be_offline(self, reason: str) -> FolderReport:
        """Keep that the root is offline, and nothing else."""
        if self._is_made() and (self._kept or self._options.is_watched):
            with self._database.write() as connection:
                store.save_root(connection, self._root, state="offline", reason=reason, **self._settings())
        return FolderReport(self._root, "offline", reason, seconds=round(time.perf_counter() - self._started, 3))

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"is_known": self._kept is not None}
        settings |= {"is_watched": 1} if self._options.is_watched else {}
        return settings | ({"source": self._options.source} if self._options.source else {})

    # Looking

    def _iter_new(self) -> Iterator[list[Sighted]]:
        """The clips and pictures that are new or changed."""
        for portion in self._walk:
            new = self._list_new(portion)
            if not self._is_read:
                self._noted += self._list_unread(self._walk)
            if new and not self._is_read:  # before the first of them, all that may be about them
                walk = self._document_walk
                self._read_documents([item for _ in walk for item in self._list_unread(walk)])
            self._walk.documents.clear()
            yield new
            self._show(0)

    def _list_new(self, portion: Sequence[Seen]) -> list[Sighted]:
        if self._is_known(portion):
            return []
        places, scanned = self._look_up(portion)
        new, seen = list[Sighted](), list[int]()
        for path, stamp in portion:
            known = places.get(path)
            if known is None or known[1:5] != stamp:
                new.append(Sighted(path, Stamp(*stamp)))
            elif not known[6]:
                self._back.append(known[5])
            if known is not None:
                seen.append(known[5])
        self._files += len(portion)
        self._seen.update(seen)
        self._scanned.update([other[5] for other in scanned.values()])
        return new

    def _is_known(self, portion: Sequence[Seen]) -> bool:
        """Whether each of these files is known as it is; then it has been seen."""
        if not portion or not self._is_made():
            return False
        stamps = dict(portion)
        with self._database.read() as connection:
            known = watching.read_stamps(connection, self._root, stamps, is_flat=self._walk.is_flat)
        if known is None or not known.are_fine or known.stamps != stamps:
            return False
        self._files += len(portion)
        self._seen.update(known.ids)
        return True

    def _look_up(self, portion: Sequence[Seen]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is known of these files, as places and otherwise."""
        if not portion or not self._is_made():
            return {}, {}
        paths = [seen[0] for seen in portion]
        with self._database.read() as connection:
            places = watching.find_places(connection, self._root, paths)
            others = [path for path in paths if path not in places]
            if not others:
                return places, {}
            return places, watching.find_scanned(connection, self._root, others)

    # Answers

    def _read_documents(self, documents: Sequence[Sighted]) -> None:
        """Read the answers that are finished."""
        read, self._is_read = self._options.read_documents, True
        if read is None or not documents:
            return
        time.sleep(self._options.moment)
        settled = [item for item in documents if is_unchanged(self._root, item)]
        if not settled or not read(self._root, [Path(self._taking.path_of(item.path)) for item in settled]):
            return
        if not self._is_made():
            return
        described = self._find_described([item.path for item in settled])
        now = self._options.clock()
        with self._database.write() as connection:
            if described and self._source:
                joined = store.join_described(connection, self._root, described, self._source, at=now)
                self._tally.joined += len(joined)
                self._tally.videos += joined[:NAMED]
            files = {item.path: (tuple(item.stamp), "read", None) for item in settled}
            store.save_scanned(connection, self._root, files, at=now)  # type: ignore[arg-type]

    def _list_unread(self, walk: Walk) -> list[Sighted]:
        """Those of the answers that the walk has come by that were not read as they are now."""
        documents, walk.documents = walk.documents, []
        known: dict[str, Any] = {}
        if documents and self._is_made():
            with self._database.read() as connection:
                known = watching.find_scanned(connection, self._root, [path for path, _ in documents])
        self._scanned.update([row[5] for row in known.values()])
        unread = []
        for path, stamp in documents:
            row = known.get(path)
            if row is None or row[1:5] != stamp or not row[6]:
                unread.append(Sighted(path, Stamp(*stamp)))
        return unread

    def _find_described(self, documents: Sequence[str]) -> dict[str, str]:
        """The clips that are taken in already and that these sidecars lie beside, with the ids that they give."""
        beside = [media for path in documents for media in list_media(path)]
        described: dict[str, str] = {}
        for start in range(0, len(beside), _PORTION):
            with self._database.read() as connection:
                known = watching.find_places(connection, self._root, beside[start : start + _PORTION])
            described |= {os.fsdecode(path): read_id(Path(self._taking.path_of(os.fsdecode(path)))) for path in known}
        return described

    # The end

    def _finish(self) -> FolderReport:
        """Keep what was not found, and that the root was scanned."""
        missed, missing = list[int](), list[int]()
        away: list[str] | None = None
        for place in self._iter_unseen():
            path = self._taking.path_of(place.path)
            away = self._list_away() if away is None else away
            if innermost(path, away) or not self._walk.covers(place.path) or place.state == "missing":
                continue
            if is_gone(path):
                (missing if place.is_missed else missed).append(place.id)
            elif place.is_missed or place.state != "present":
                self._back.append(place.id)
        gone = list(self._iter_gone())
        if self._has_something_to_keep():
            now = self._options.clock()
            with self._database.write() as connection:
                store.save_absences_of_places(connection, back=self._back, missed=missed, missing=missing, at=now)
                store.forget_scanned_rows(connection, gone)
                store.save_root(
                    connection,
                    self._root,
                    state="online",
                    reason=None,
                    device=device_of(os.stat(self._root)),  # noqa: PTH116
                    scanned_at=now,
                    **self._settings(),
                )
        return self._report(missed=len(missed), missing=len(missing))

    def _list_away(self) -> list[str]:
        """The roots below this one that say nothing of its own files: they are offline, or a drive that hides these."""
        device = self._options.device
        here = device(os.stat(self._root))  # noqa: PTH116
        return [root for root in self._inner if root not in self._online or device(os.stat(root)) != here]  # noqa: PTH116

    def _has_something_to_keep(self) -> bool:
        return bool(self._kept or self._files or (self._options.is_watched and self._is_named))

    def _iter_unseen(self) -> Iterator[watching.Unseen]:
        if not self._is_made():
            return
        with self._database.read() as connection:
            if watching.count_all_places(connection, self._root) == len(self._seen):
                return
            left = iter(BitMap(watching.list_place_ids(connection, self._root)) - self._seen)
        while ids := list(islice(left, _PORTION)):
            with self._database.read() as connection:
                unseen = watching.read_unseen(connection, ids)
            yield from unseen

    def _iter_gone(self) -> Iterator[int]:
        """The rows of other files that are gone."""
        if not self._is_made():
            return
        with self._database.read() as connection:
            left = iter(BitMap(watching.list_scanned_ids(connection, self._root)) - self._scanned)
        while ids := list(islice(left, _PORTION)):
            with self._database.read() as connection:
                paths = watching.read_scanned_paths(connection, ids)
            yield from (row for row, path in paths.items() if is_gone(self._taking.path_of(path)))

    def _report(self, *, missed: int = 0, missing: int = 0) -> FolderReport:
        tally, walk = self._tally, self._walk
        return FolderReport(
            self._root,
            files=self._files,
            made=tally.made,
            joined=tally.joined,
            copies=tally.copies,
            moved=tally.moved,
            missing=missing,
            missed=missed,
            growing=tally.growing,
            damaged=tally.damaged,
            unfinished=tally.unfinished,
            skipped=dict(walk.skipped),
            examples={reason: tuple(paths) for reason, paths in walk.named.items()},
            unread=walk.unread,
            refs=name_refs(self._database, tally.videos),
            seconds=round(time.perf_counter() - self._started, 3),
        )

    def _show(self, _taken: int) -> None:
        if self._on_progress:
            self._on_progress(self._root, self._files, None, "scanning")
