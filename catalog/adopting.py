"""The journey of adoption: which jobs files may be of, and files given to jobs, in one edit that can be undone.

What a file that was taken in says of its job counts then; what is learnt later makes it sure all the same: a job that
has the same bytes, or credentials, once they were checked. Such files are given to their jobs at once, in an edit as
any other. What was taken back is only proposed from then on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from catalog import store
from catalog.errors import CatalogError
from catalog.file_reports import AdoptReport, Proposal
from catalog.matching import CERTAIN, Sure, contradict, list_ids, match
from catalog.reading import recognition
from catalog.reading.adoption import list_orphans, list_waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Database, Reader
    from catalog.matching import Match
    from catalog.reading.recognition import Signed, Traits

_PORTION = 500  # files whose credentials are in memory at once
_SHORTEST = 8  # letters of a name that cannot be anybody's
_DOUBTFUL = 0.8  # confidence in what credentials say that do not hold

_BYTES = "the job has a file of the same bytes"
_MARKED = "an id in it is the job's"
_CALLED = "its name is the job's id"
_MANIFEST = "its credentials are those of a file of the job"
_NAMED = "its credentials name the job"
_INSTANCE = "its credentials have the instance id of a file of the job"


def propose(database: Database) -> list[Match]:
    """The files that have no job and the jobs that they may be of, the surest first."""
    with database.read() as connection:
        orphans = list_orphans(connection)
        if not orphans:
            return []
        sure = _recognize(connection, [orphan.id for orphan in orphans])
        return match(orphans, list_waiting(connection), sure)


def adopt(
    database: Database, *, above: float | None = None, pairs: Mapping[str, str] | None = None, now: datetime
) -> tuple[AdoptReport, Sequence[int]]:
    """Give files to the jobs that are proposed with at least this confidence, or as `pairs` of refs say: one edit.

    Without both, nothing is changed. Returns what was done, and the row ids of the jobs whose prompts, which stood in
    the files, have to be read. Raises CatalogError for a pair that is not proposed.
    """
    matches = propose(database)
    wanted = dict(pairs or {})
    proposed = {(found.orphan.ref, found.job.ref) for found in matches}
    unknown = [pair for pair in wanted.items() if pair not in proposed]
    if unknown:
        raise CatalogError(f"{unknown[0][0]} is not proposed for {unknown[0][1]}: see `catalog adopt`")
    chosen = [
        found
        for found in matches
        if wanted.get(found.orphan.ref) == found.job.ref or (above is not None and found.confidence >= above)
    ]
    due: Sequence[int] = ()
    if chosen:
        with database.write() as connection:
            pairing = {found.orphan.id: found.job.id for found in chosen}
            due = store.adopt_files(connection, pairing, made_at=now).due
    done = {found.orphan.id for found in chosen}
    left = tuple(_tell(found) for found in matches if found.orphan.id not in done)
    return AdoptReport(tuple(_tell(found) for found in chosen), left), due


def adopt_recognized(database: Database, files: Iterable[int], *, now: datetime) -> int:
    """Give the files whose job is certain, now that these `files` were checked, to their jobs: one edit.

    Returns how many. What was adopted before and taken back is left to the user.
    """
    with database.read() as connection:
        if not recognition.has_folders(connection):
            return 0
        concerned: dict[int, None] = {}
        for portion in _portions(list(files)):
            concerned |= dict.fromkeys(recognition.list_concerned(connection, portion))
        taken_back = recognition.list_taken_back(connection, concerned)
        found = _recognize(connection, [video for video in concerned if video not in taken_back])
        pairs = {video: sure.job.id for video, sure in found.items() if sure.confidence >= CERTAIN}
    if pairs:
        with database.write() as connection:
            store.adopt_files(connection, pairs, made_at=now)
    return len(pairs)


def _tell(found: Match) -> Proposal:
    return Proposal(
        found.orphan.ref, found.job.ref, found.confidence, found.reasons, found.orphan.path, found.job.prompt
    )


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _PORTION] for start in range(0, len(ids), _PORTION))


def _recognize(connection: Reader, videos: Sequence[int]) -> dict[int, Sure]:
    """The jobs of these videos' files that something but their looks tells, by row id of the video."""
    named: dict[int, tuple[int, str, float]] = {}
    for portion in _portions(videos):
        recognizer = _Recognizer(connection, recognition.read_traits(connection, portion))
        named |= recognizer.tell()
    jobs = recognition.read_jobs(connection, {job for job, _, _ in named.values()})
    return {video: Sure(jobs[job], reason, confidence) for video, (job, reason, confidence) in named.items()}


class _Recognizer:
    """Tells the jobs of a few files. What fits several jobs tells none."""

    def __init__(self, connection: Reader, traits: Sequence[Traits]) -> None:
        self._connection, self._traits = connection, traits
        self._signed_ids = {item.video_id: _list_signed_ids(item.signed) for item in traits if item.signed}
        self._called = {item.video_id: _list_names(item.names) for item in traits}
        self._titles = {item.video_id: _list_names([item.signed.title or ""]) for item in traits if item.signed}
        wanted = {name for item in traits for name in item.ids}
        for names in (self._signed_ids, self._called, self._titles):
            wanted.update(name for own in names.values() for name in own)
        self._jobs = recognition.find_named(connection, wanted)
        self._bytes = recognition.find_same_bytes(connection, {item.sha256 for item in traits})
        self._holding = recognition.list_holding(connection, {job for jobs in self._jobs.values() for job in jobs})

    def tell(self) -> dict[int, tuple[int, str, float]]:
        """The job of each file that has one, the reason and the confidence, by row id of the file's video."""
        found = {}
        for item in self._traits:
            for jobs, reason, confidence in self._list_ways(item):
                if len(jobs) == 1:
                    found[item.video_id] = (next(iter(jobs)), reason, confidence)
                    break
        return found

    def _list_ways(self, item: Traits) -> Iterator[tuple[set[int], str, float]]:
        """What tells a job, the strongest first."""
        yield self._bytes.get(item.sha256, set()), _BYTES, CERTAIN
        if item.signed and item.signed.is_intact:
            yield from ((jobs, reason, CERTAIN) for jobs, reason in self._list_signed(item, item.signed))
        yield self._find(item.ids), _MARKED, CERTAIN
        for name in self._called[item.video_id]:
            yield self._find_called([name]), _CALLED, CERTAIN
        if item.signed and not item.signed.is_intact:
            for jobs, reason in self._list_signed(item, item.signed):
                yield jobs, f"{reason}, but do not hold", _DOUBTFUL

    def _list_signed(self, item: Traits, signed: Signed) -> Iterator[tuple[set[int], str]]:
        holders = recognition.list_holders(self._connection, "label", signed.label)
        yield {each.video_id for each in holders if _agree(each.hash, signed.hash)}, _MANIFEST
        yield self._find(self._signed_ids[item.video_id]), _NAMED
        for name in self._titles[item.video_id]:
            yield self._find_called([name]), _NAMED
        if signed.instance_id and not signed.is_remade:
            holders = recognition.list_holders(self._connection, "instance_id", signed.instance_id)
            jobs = {each.video_id for each in holders}
            is_other = any(each.is_remade or contradict(item.shape, each.shape) for each in holders)
            yield set() if is_other else jobs, _INSTANCE

    def _find(self, names: Iterable[str]) -> set[int]:
        return {job for name in names for job in self._jobs.get(name, ())}

    def _find_called(self, names: Iterable[str]) -> set[int]:
        """The jobs that are called so; a short name, as `clip1`, could be anybody's if the job has a file already."""
        return {
            job
            for name in names
            for job in self._jobs.get(name, ())
            if len(name) >= _SHORTEST or job not in self._holding
        }


def _list_names(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(each for name in names if name for each in list_ids(name)))


def _list_signed_ids(signed: Signed) -> tuple[str, ...]:
    from catalog.provenance.contents import read_ids

    try:
        document: Any = json.loads(signed.crjson) if signed.crjson else {}
    except (ValueError, RecursionError):
        return ()
    named = (signed.instance_id,) if signed.instance_id else ()
    return (*named, *(read_ids(document, signed.label) if isinstance(document, dict) else ()))


def _agree(one: str | None, other: str | None) -> bool:
    """Whether two hashes of manifests may be of the same one."""
    return one is None or other is None or one == other
