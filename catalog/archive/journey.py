"""The journeys to an archive and back: what has been read back by its hash counts, nothing else.

Bytes are hashed before they are sent, because a damaged file must not become the copy that one relies on. A run that is
stopped has lost nothing: the next one finds what is there and goes on. Nothing in an archive is ever removed.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from catalog import store
from catalog.archive.bucket import Address, Bucket
from catalog.errors import ArchiveError, CatalogError, MediaError
from catalog.file_reports import ArchiveReport
from catalog.marking import read_due_marks
from catalog.media.keep import hash_file
from catalog.parallel import ask_all
from catalog.reading.files import list_archivable, list_archived, media_folder
from catalog.search.matches import list_match_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from catalog.database import Database
    from catalog.media.keep import MediaFolder
    from catalog.reading.files import Copy
    from catalog.reports import Progress

PARALLEL = 4
_PORTION = 20  # files whose copies are kept in the library together


class _Outcome(NamedTuple):
    """What became of one file: whether it was sent or fetched now, or why it could not be."""

    is_new: bool = False
    reason: str | None = None
    is_damaged: bool = False


def archive(
    database: Database,
    address: str,
    query: str | None = None,
    *,
    drop_local: bool = False,
    jobs: int = PARALLEL,
    on_progress: Progress | None = None,
) -> ArchiveReport:
    """Copy the files of the videos that match, by default of all, to the archive, and read each copy back.

    With `drop_local`, the bytes of what was read back are then removed from the media folder; nothing is ever removed
    from folders of the user's. Pictures that were made here are left out: they can be made again. Raises ConfigError
    for the address, and MediaOffline where the media folder cannot be reached.
    """
    bucket = Bucket(Address.parse(address))
    started = time.monotonic()
    with database.read() as connection:
        ids = None if query is None else [name.id for name in list_match_names(connection, query)]
        copies = list_archivable(connection, ids)
        folder = media_folder(connection)
    folder.require()
    work = _Work(bucket, folder)
    due = [copy for copy in copies if bucket.address_of(copy.path) not in copy.archives]
    run = _Run(due, jobs, on_progress, "archiving")
    for portion in run.portions(work.send):
        with database.write() as connection:
            now = datetime.now(UTC)
            damaged = {copy.sha256: outcome.reason or "" for copy, outcome in portion if outcome.is_damaged}
            store.save_damage(connection, damaged, at=now)
            whole = {copy.sha256: bucket.address_of(copy.path) for copy, outcome in portion if outcome.reason is None}
            store.save_archived(connection, whole, at=now)
    dropped = stayed = 0
    if drop_local:
        kept = [copy for copy in copies if copy.is_kept]
        run.take_out(kept, work.is_there)
        dropped = _drop(database, [copy for copy in kept if copy.sha256 not in run.failed], folder, on_progress)
        stayed = sum(bool(copy.outside) for copy in copies)
    report = run.report(str(bucket.address), already=len(copies) - len(due), dropped=dropped, started=started)
    return replace(report, stayed=stayed)


def unarchive(
    database: Database,
    query: str | None = None,
    *,
    jobs: int = PARALLEL,
    on_progress: Progress | None = None,
) -> ArchiveReport:
    """Bring back, from the archives, the files of the videos that match that lie nowhere here, by default of all."""
    started = time.monotonic()
    with database.read() as connection:
        ids = None if query is None else [name.id for name in list_match_names(connection, query)]
        copies = list_archived(connection, ids)
        folder = media_folder(connection)
    buckets: dict[Address, Bucket] = {}
    lock = threading.Lock()

    def fetch(copy: Copy) -> _Outcome:
        return _fetch(copy, folder, lambda address: _open(buckets, lock, address))

    run = _Run(copies, jobs, on_progress, "fetching")
    fetched: set[str] = set()
    for portion in run.portions(fetch):
        with database.write() as connection:
            for copy, outcome in portion:
                if outcome.reason is None:
                    store.save_place(connection, copy.sha256, copy.path, at=datetime.now(UTC))
                    fetched.add(copy.sha256)
    if fetched:
        read_due_marks(database, among=fetched)
    return run.report(None, already=0, dropped=0, started=started)


class _Work:
    """What is done with one file on its way to the archive."""

    def __init__(self, bucket: Bucket, folder: MediaFolder) -> None:
        self._bucket, self._folder = bucket, folder

    def send(self, copy: Copy) -> _Outcome:
        failures: list[_Outcome] = []
        for path in (*([self._folder.path_of(copy.path)] if copy.is_kept else ()), *copy.outside):
            failure = _look(path, copy)
            if failure is None:
                return self._send(copy, path)
            failures.append(failure)
        return next((failure for failure in failures if failure.is_damaged), failures[0])

    def _send(self, copy: Copy, path: Path) -> _Outcome:
        try:
            is_new = self._bucket.put(copy.path, path, copy.size, copy.type)
            found = self._bucket.hash(copy.path)
        except ArchiveError as error:
            return _Outcome(reason=str(error))
        if found != (copy.sha256, copy.size):
            return _Outcome(reason=f"{self._bucket.address_of(copy.path)} holds other bytes: left as it is")
        return _Outcome(is_new=is_new)

    def is_there(self, copy: Copy) -> bool:
        """Whether the archive still has the copy that an earlier run has read back."""
        return self._bucket.size_of(copy.path) == copy.size


def _look(path: Path, copy: Copy) -> _Outcome | None:
    """Why the bytes cannot be sent from here; None where they lie here, whole."""
    try:
        sha256, size = hash_file(path, copy.size)
    except (OSError, MediaError) as error:
        return _Outcome(reason=f"{path}: {getattr(error, 'strerror', None) or error}")
    if (sha256, size) != (copy.sha256, copy.size):
        return _Outcome(reason="its bytes have changed since they were kept", is_damaged=True)
    return None


class _Run:
    """Some files, a few at a time, and what became of them."""

    def __init__(self, copies: list[Copy], parallel: int, on_progress: Progress | None, phase: str) -> None:
        self._copies, self._parallel = copies, parallel
        self._on_progress, self._phase = on_progress, phase
        self.failed: dict[str, str] = {}
        self._refs: dict[str, str] = {}
        self._new = self._done = self._bytes = 0

    def portions(self, work: Callable[[Copy], _Outcome]) -> Iterable[list[tuple[Copy, _Outcome]]]:
        """The outcomes as they come, some at a time."""
        left = iter(self._copies)
        portion: list[tuple[Copy, _Outcome]] = []
        for count, (copy, outcome) in enumerate(ask_all(work, lambda: next(left, None), self._parallel), 1):
            self._count(copy, outcome)
            portion.append((copy, outcome))
            if len(portion) >= _PORTION:
                yield portion
                portion = []
            if self._on_progress:
                self._on_progress("library", count, len(self._copies), self._phase)
        if portion:
            yield portion

    def take_out(self, copies: Iterable[Copy], is_there: Callable[[Copy], bool]) -> None:
        """Count those that earlier runs have archived and that the archive has no more as failed."""
        seen = {copy.sha256 for copy in self._copies}
        for copy in copies:
            if copy.sha256 not in seen and not is_there(copy):
                self._count(copy, _Outcome(reason="the archive has it no more: its local bytes stay"))

    def _count(self, copy: Copy, outcome: _Outcome) -> None:
        if outcome.reason is not None:
            self.failed[copy.sha256] = outcome.reason
            self._refs[f"{copy.ref} {copy.variant} {copy.number}"] = outcome.reason
            return
        self._done += 1
        self._new += outcome.is_new
        self._bytes += copy.size if outcome.is_new else 0

    def report(self, address: str | None, *, already: int, dropped: int, started: float) -> ArchiveReport:
        return ArchiveReport(
            address=address,
            copied=self._new,
            already=already + self._done - self._new,
            bytes=self._bytes,
            dropped=dropped,
            failed=self._refs,
            seconds=round(time.monotonic() - started, 3),
        )


def _fetch(copy: Copy, folder: MediaFolder, open_bucket: Callable[[Address], Bucket]) -> _Outcome:
    """Bring one file back from the first archive that has its bytes."""
    reasons = []
    for whole in copy.archives:
        try:
            address = Address.parse(whole.removesuffix(f"/{copy.path}"))
            with folder.part() as part:
                for piece in open_bucket(address).read(copy.path):
                    part.write(piece)
                    if part.size > copy.size:
                        break
                if (part.sha256, part.size) == (copy.sha256, copy.size):
                    folder.commit(part, copy.path.rpartition(".")[2])
                    return _Outcome(is_new=True)
            reasons.append(f"{whole} holds other bytes")
        except MediaError:
            raise
        except CatalogError as error:
            reasons.append(str(error))
    return _Outcome(reason="; ".join(reasons) or "no archive holds it")


def _open(buckets: dict[Address, Bucket], lock: threading.Lock, address: Address) -> Bucket:
    with lock:
        if address not in buckets:
            buckets[address] = Bucket(address)
        return buckets[address]


def _drop(database: Database, copies: list[Copy], folder: MediaFolder, on_progress: Progress | None) -> int:
    """Remove the local bytes of archived files: the library forgets each place before its bytes go."""
    dropped = 0
    for start in range(0, len(copies), _PORTION):
        portion = copies[start : start + _PORTION]
        with database.write() as connection:
            store.forget_places(connection, [copy.path for copy in portion])
        dropped += sum(folder.remove(copy.path) for copy in portion)
        if on_progress:
            on_progress("library", start + len(portion), len(copies), "removing local bytes")
    return dropped
