"""The journey of checks: the Content Credentials of files that are due, or of those whose status may have moved.

Files are checked in processes of their own, and what they found is kept a few at a time: whatever interrupts a run, the
next one does the rest. No transaction is open while a file is read.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog import provenance, store
from catalog.adopting import adopt_recognized
from catalog.credential_reports import CredentialsChecked
from catalog.credentials.history import could_move
from catalog.credentials.lists import read_profile
from catalog.errors import ProvenanceError
from catalog.facets import extract_due, inherit_due
from catalog.provenance.workers import MOST_WORKERS
from catalog.reading.credentials import (
    count_due,
    find_twins,
    list_checkable,
    list_due,
    list_trust_lists,
    read_ends,
    read_newest_checks,
    read_targets,
)
from catalog.reading.files import media_folder
from catalog.records import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from catalog.database import Database, Writer
    from catalog.provenance import Check
    from catalog.reading.credentials import Target
    from catalog.reports import Progress

PORTION = 500  # files that are read of the library at once
MOST_LEFT = 2000  # files that earlier runs left; a journey that finds more checks its own, and says how many wait
KEPT_AT_ONCE = 50  # checks in a transaction, or
KEPT_SECONDS, KEPT_SIZE = 2.0, 32 * 1024**2  # those of so many seconds, with so many bytes of manifest stores
WORTH_A_WORKER = 20  # files that make starting one more worker, which takes a second, worth while
SIDECAR = ".c2pa"
_READER = "c2pa-python"
_MISSING = f"the reader {_READER} is not installed"
_DAMAGE = "its bytes are not those that it had"


def check_due(
    database: Database,
    words: Mapping[str, Any] | None = None,
    *,
    since: datetime | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
    on_progress: Progress | None = None,
) -> CredentialsChecked:
    """Check the files whose bytes were never checked; it costs next to nothing where there are none.

    Where very many are due, those that came `since` this moment, if one is given; `waiting` tells of the others. It
    ends early, with nothing lost, once it `is_stopped`. What prevents all checks is the `reason` in the report. `words`
    are the user's additions to the vocabulary, for what remixes inherit along the links that credentials make. Files
    without a job that are recognized now are given to their jobs.
    """
    with database.read() as connection:
        count = count_due(connection, MOST_LEFT + 1)
        if not count:
            return CredentialsChecked()
        start = utc_text(since) if since and count > MOST_LEFT else ""
        total = count_due(connection)
        own = count_due(connection, since=start) if start else total
    run = _Run(database, own, is_stopped, on_progress)
    report = run.check(_iter_due(database, start), left=total - own)
    adopted = adopt_recognized(database, run.kept, now=datetime.now(UTC)) if run.kept else 0
    (extract_due if adopted else inherit_due)(database, words, on_progress=on_progress)
    return replace(report, adopted=adopted)


def check_again(
    database: Database,
    words: Mapping[str, Any] | None = None,
    *,
    among: Sequence[int] | None = None,
    everything: bool = False,
    is_stopped: Callable[[], bool] = lambda: False,
    on_progress: Progress | None = None,
) -> CredentialsChecked:
    """Check the files of all videos, or of those `among` these row ids, whose status may have moved since their check.

    And those that were never checked; or, with `everything`, all of them.
    """
    try:
        ids = _choose(database, among, everything=everything)
    except PackageNotFoundError:
        return CredentialsChecked(reason=_MISSING)
    report = _Run(database, len(ids), is_stopped, on_progress, are_all=True).check(_iter_chosen(database, ids))
    inherit_due(database, words, on_progress=on_progress)
    return report


def find_sidecar(path: Path) -> Path | None:
    """The detached manifest that lies beside a file, `clip.c2pa` beside `clip.mp4`."""
    sidecar = path.with_suffix(SIDECAR)
    return sidecar if sidecar != path and sidecar.is_file() else None


def _iter_due(database: Database, since: str) -> Iterator[Target]:
    after = 0
    while True:
        with database.read() as connection:
            portion = list_due(connection, PORTION, after=after, since=since)
        if not portion:
            return
        yield from portion
        after = portion[-1].file_id


def _iter_chosen(database: Database, ids: Sequence[int]) -> Iterator[Target]:
    for start in range(0, len(ids), PORTION):
        with database.read() as connection:
            targets = read_targets(connection, ids[start : start + PORTION])
        yield from targets


def _choose(database: Database, among: Sequence[int] | None, *, everything: bool) -> list[int]:
    """The row ids of the files that are worth a check, of those with the same bytes the first."""
    reader = f"{_READER} {version(_READER)},"
    now = datetime.now(UTC)
    with database.read() as connection:
        lists = [(each.uri, each.sha256) for each in list_trust_lists(connection)]
    chosen: dict[str, int] = {}
    for portion in _iter_checkable(database, among):
        with database.read() as connection:
            checks = read_newest_checks(connection, [target.file_id for target in portion])
            ends = read_ends(connection, {check.store_id for check in checks.values() if check.store_id})
        for target in portion:
            check = checks.get(target.file_id)
            if (
                everything
                or check is None
                or could_move(
                    check, sha256=target.sha256, lists=lists, reader=reader, now=now, end=ends.get(check.store_id or 0)
                )
                or (check.status in {"absent", "remote_only"} and _find_manifest(target))
            ):
                chosen.setdefault(target.sha256, target.file_id)
    return list(chosen.values())


def _iter_checkable(database: Database, among: Sequence[int] | None) -> Iterator[list[Target]]:
    if among is not None:
        for start in range(0, len(among), PORTION):
            with database.read() as connection:
                portion = list_checkable(connection, among=among[start : start + PORTION])
            yield portion
        return
    after = 0
    while True:
        with database.read() as connection:
            portion = list_checkable(connection, PORTION, after=after)
        if not portion:
            return
        yield portion
        after = portion[-1].file_id


def _find_manifest(target: Target) -> Path | None:
    """The detached manifest of a file; in the media folder, where names are hashes, there is none."""
    return find_sidecar(target.path) if target.root else None


class _Found(NamedTuple):
    """What a check found in a file of the library."""

    target: Target
    check: Check


class _Run:
    """One run: hands files out to workers, and keeps what they find."""

    def __init__(
        self,
        database: Database,
        total: int,
        is_stopped: Callable[[], bool],
        on_progress: Progress | None,
        *,
        are_all: bool = False,
    ) -> None:
        self._database = database
        self._total = total
        self._is_stopped = is_stopped
        self._on_progress = on_progress or (lambda *_: None)
        self._are_all = are_all
        self._started = self._kept_at = time.monotonic()
        self._under_way: dict[Path, Target] = {}
        self._handed_out: set[str] = set()
        self._pending: list[_Found] = []
        self._by_status: Counter[str] = Counter()
        self._moved = self._damaged = self._offline = self._done = 0
        self._reason: str | None = None
        self._roots: dict[str, bool] = {}
        self.kept: list[int] = []  # the files, by row id, whose checks were kept

    def check(self, targets: Iterator[Target], *, left: int = 0) -> CredentialsChecked:
        """Check these files; `left` is how many wait besides."""
        if self._total:
            try:
                with self._database.read() as connection:
                    profile = read_profile(connection)
                self._check(targets, profile)
            except ProvenanceError as error:
                self._reason = str(error)
        return CredentialsChecked(
            checked=self._done,
            by_status=dict(self._by_status),
            moved=self._moved,
            damaged=self._damaged,
            offline=self._offline,
            waiting=left + max(self._total - self._done - self._offline, 0),
            reason=self._reason,
            seconds=round(time.monotonic() - self._started, 3),
        )

    def _check(self, targets: Iterator[Target], profile: provenance.Profile) -> None:
        most = min(os.cpu_count() or 1, MOST_WORKERS, 1 + self._total // WORTH_A_WORKER)
        checks = provenance.check_files(self._hand_out(targets), profile=profile, workers=most)
        try:
            with closing(checks):  # type: ignore[type-var]  # a generator
                for checked in checks:
                    target = self._under_way.pop(checked.target.path)
                    if checked.check.status is None:
                        self._reason = checked.check.reason
                        return
                    self._take(target, checked.check)
        finally:
            self._keep()

    def _hand_out(self, targets: Iterator[Target]) -> Iterator[provenance.Target]:
        for target in targets:
            if self._is_stopped():
                return
            if target.sha256 in self._handed_out:
                continue
            self._handed_out.add(target.sha256)
            if not self._is_reachable(target):
                self._offline += 1
                continue
            self._under_way[target.path] = target
            yield provenance.Target(target.path, _find_manifest(target))

    def _is_reachable(self, target: Target, *, looks_again: bool = False) -> bool:
        """Whether the folder of a file is there; a drive that is not says nothing about its files."""
        if target.root not in self._roots or looks_again:
            self._roots[target.root] = self._look_for(target.root)
        return self._roots[target.root]

    def _look_for(self, root: str) -> bool:
        if root:
            return Path(root).is_dir()
        with self._database.read() as connection:
            return not media_folder(connection).is_offline()

    def _take(self, target: Target, check: Check) -> None:
        if check.sha256 is None and not self._is_reachable(target, looks_again=True):
            self._offline += 1
            return
        self._pending.append(_Found(target, check))
        size = sum(len(found.check.store or b"") for found in self._pending)
        age = time.monotonic() - self._kept_at
        if len(self._pending) >= KEPT_AT_ONCE or age >= KEPT_SECONDS or size >= KEPT_SIZE:
            self._keep()
        self._done += 1
        self._by_status[str(check.status)] += 1
        self._on_progress("credentials", self._done, max(self._total, self._done), "checking")

    def _keep(self) -> None:
        """Keep what was found since the last time."""
        pending, self._pending = self._pending, []
        self._kept_at = time.monotonic()
        if pending:
            with self._database.write() as connection:
                self._save(connection, pending)

    def _save(self, connection: Writer, pending: Sequence[_Found]) -> None:
        hashes = [found.target.sha256 for found in pending]
        twins = find_twins(connection, hashes, are_all=self._are_all)
        checks = {file_id: found.check for found in pending for file_id in twins.get(found.target.sha256, ())}
        before = read_newest_checks(connection, list(checks))
        store.save_checks(connection, checks)
        self.kept += checks
        damaged = [found for found in pending if found.check.sha256 not in {None, found.target.sha256}]
        store.save_damage(connection, {found.target.sha256: _DAMAGE for found in damaged}, at=datetime.now(UTC))
        self._damaged += len(damaged)
        self._moved += sum(before[file_id].status != checks[file_id].status for file_id in before)
