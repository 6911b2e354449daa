"""Which job a file may be of: by its name, length, frame, time and words, with a confidence from 0 to 1.

What contradicts excludes: another length, another shape. What fits several jobs about as well as one is of none of them
for certain. Pure: knows no library.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

CERTAIN = 1.0
LEAST = 0.3  # confidence below which nothing is proposed
MOST = 0.95  # of what is not certain

_NEAREST = 40  # jobs, by time, that a file is compared with
_SAME_SECONDS, _LIKE_SECONDS = 0.1, 0.5  # that lengths may differ by
_EARLY = 600.0  # seconds that a file may be older than its job: clocks differ
_TIMES = ((900.0, 0.30), (3 * 3600.0, 0.22), (86_400.0, 0.15), (30 * 86_400.0, 0.05))  # after the job, and what it says
_RIVAL = 0.08  # a job that fits less well by no more than this fits as well
_WORD = re.compile(r"[^\W\d_]{3,}")
# What browsers, file managers and downloaders put behind the name of a file.
_ADDED = re.compile(
    r"(?:\s*\(\d{1,3}\)"
    r"|[\s_-]+copy(?:[\s_-]*\(?\d{1,3}\)?)?"
    r"|[\s_.-]+(?:video|clip|image|picture|thumbnail|thumb|preview|spritesheet|output|result|content|media|download"
    r"|original|source|final|watermark(?:ed)?|no[\s_-]?watermark|hd|\d{3,4}p|4k)"
    r"|\.(?:mp4|m4v|mov|webm|mkv|avi|webp|png|jpe?g|gif))\Z",
    re.IGNORECASE,
)
_MOST_ADDED = 3


class Orphan(NamedTuple):
    """A video that is known by its file alone: when it was made, as far as is known, and where the file lies."""

    id: int
    ref: str
    prompt: str | None
    kind: str
    seconds: float | None
    width: int | None
    height: int | None
    made_at: datetime | None
    path: str | None


class Waiting(NamedTuple):
    """A job that has ended and of which no file is held, with all its ids."""

    id: int
    ref: str
    names: tuple[str, ...]
    prompt: str | None
    kind: str
    seconds: float | None
    width: int | None
    height: int | None
    created_at: datetime | None
    completed_at: datetime | None


class Sure(NamedTuple):
    """A job that says itself that it is that of a file, or of which the file says so: how, and how sure that is."""

    job: Waiting
    reason: str
    confidence: float = CERTAIN


class Match(NamedTuple):
    """A file and the job that it may be of, with what speaks for it."""

    orphan: Orphan
    job: Waiting
    confidence: float
    reasons: tuple[str, ...]


def list_ids(name: str) -> list[str]:
    """The ids that a file of this name may be called by: its name without the ending, and without what is added to
    names, as in `ID (1).mp4`, `ID - Copy.mp4`, `ID_video.mp4`; the longest first."""
    ids = [name.rpartition(".")[0] or name]
    while len(ids) <= _MOST_ADDED and (shorter := _ADDED.sub("", ids[-1]).rstrip()) not in {"", ids[-1]}:
        ids.append(shorter)
    return ids


def match(orphans: Iterable[Orphan], jobs: Sequence[Waiting], sure: Mapping[int, Sure] | None = None) -> list[Match]:
    """At most one job for each file, and one file for each job, the surest first.

    `sure` are jobs by the row id of the file's video, which nothing else is weighed against: several files may be of
    one of these.
    """
    orphans, sure = list(orphans), sure or {}
    chosen = [
        Match(orphan, sure[orphan.id].job, sure[orphan.id].confidence, (sure[orphan.id].reason,))
        for orphan in orphans
        if orphan.id in sure
    ]
    given = {pair.job.id for pair in chosen}
    chosen += _weigh_all(
        [orphan for orphan in orphans if orphan.id not in sure], [job for job in jobs if job.id not in given]
    )
    return sorted(chosen, key=lambda pair: (-pair.confidence, pair.orphan.id, pair.job.id))


def _weigh_all(orphans: Iterable[Orphan], jobs: Sequence[Waiting]) -> list[Match]:
    shelf = _Shelf(jobs)
    pairs = [pair for orphan in orphans for pair in shelf.compare(orphan)]
    by_file, by_job = defaultdict(list), defaultdict(list)
    for pair in pairs:
        by_file[pair.orphan.id].append(pair.confidence)
        by_job[pair.job.id].append(pair.confidence)
    for scores in (*by_file.values(), *by_job.values()):
        scores.sort()
    weighed = [_weigh(pair, by_file[pair.orphan.id], by_job[pair.job.id]) for pair in pairs]
    chosen: list[Match] = []
    files, taken = set(), set()
    for pair in sorted(weighed, key=lambda pair: (-pair.confidence, pair.orphan.id, pair.job.id)):
        if pair.confidence >= LEAST and pair.orphan.id not in files and pair.job.id not in taken:
            chosen.append(pair)
            files.add(pair.orphan.id)
            taken.add(pair.job.id)
    return chosen


def _weigh(pair: Match, of_file: Sequence[float], of_job: Sequence[float]) -> Match:
    """The pair with what others that fit as well leave of its confidence; one that alone fits gains.

    Scores are sorted.
    """
    if pair.confidence >= CERTAIN:
        return pair
    rivals = max(len(scores) - bisect_left(scores, pair.confidence - _RIVAL) - 1 for scores in (of_file, of_job))
    if rivals:
        reasons = (*pair.reasons, f"{rivals} more {'fits' if rivals == 1 else 'fit'} as well")
        return pair._replace(confidence=round(pair.confidence / (1 + rivals), 2), reasons=reasons)
    return pair._replace(confidence=round(min(MOST, pair.confidence + 0.15), 2))


class _Shaped(Protocol):
    @property
    def seconds(self) -> float | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...


def contradict(one: _Shaped, other: _Shaped) -> bool:
    """Whether two clips cannot be the same, as one is longer, or has another shape."""
    return _by_length(one, other) is None or _by_size(one, other) is None


class _Shelf:
    """Jobs, to be found by name, and in the order of their times by shape and length."""

    def __init__(self, jobs: Sequence[Waiting]) -> None:
        self._by_name: dict[str, list[Waiting]] = defaultdict(list)
        self._by_kind: dict[tuple[str, int | None], list[tuple[float, int, Waiting]]] = defaultdict(list)
        for job in jobs:
            for name in job.names:
                self._by_name[name].append(job)
            seconds = None if job.seconds is None else round(job.seconds)
            self._by_kind[job.kind, seconds].append((_time(job.completed_at or job.created_at), job.id, job))
        for shelf in self._by_kind.values():
            shelf.sort(key=lambda entry: entry[:2])

    def compare(self, orphan: Orphan) -> list[Match]:
        """The jobs that a file may be of."""
        ids = list_ids((orphan.path or "").rpartition("/")[2])
        stem = ids[0]
        named = next((jobs for name in ids if len(jobs := self._by_name.get(name, [])) == 1), [])
        if named:
            return [Match(orphan, named[0], CERTAIN, ("its name is the job's id",))]
        candidates = {job.id: job for job in self._list_near(orphan)}
        matches = (_compare(orphan, job, stem) for job in candidates.values())
        return [found for found in matches if found is not None]

    def _list_near(self, orphan: Orphan) -> Iterable[Waiting]:
        lengths: list[int | None] = [None]
        if orphan.seconds is not None:
            lengths += sorted({round(orphan.seconds + step) for step in (-_LIKE_SECONDS, 0, _LIKE_SECONDS)})
        for length in lengths:
            shelf = self._by_kind.get((orphan.kind, length), [])
            at = bisect_left(shelf, (_time(orphan.made_at), 0), key=lambda entry: entry[:2])
            yield from (entry[2] for entry in shelf[max(0, at - _NEAREST) : at + _NEAREST // 4])


def _compare(orphan: Orphan, job: Waiting, stem: str) -> Match | None:
    """What speaks for a pair; None where something contradicts, or nothing speaks for it."""
    parts = (_by_length(orphan, job), _by_size(orphan, job), _by_time(orphan, job), _by_words(orphan, job, stem))
    if None in parts:
        return None
    spoken = [part for part in parts if part and part[0]]
    confidence = min(MOST, sum(part[0] for part in spoken))
    reasons = tuple(part[1] for part in spoken)
    return Match(orphan, job, round(confidence, 2), reasons) if spoken else None


_Part = tuple[float, str]
_SILENT: _Part = (0.0, "")


def _by_length(orphan: _Shaped, job: _Shaped) -> _Part | None:
    if orphan.seconds is None or job.seconds is None:
        return _SILENT
    apart = abs(orphan.seconds - job.seconds)
    if apart > _LIKE_SECONDS:
        return None
    return (0.25 if apart <= _SAME_SECONDS else 0.15), f"{orphan.seconds:g} s long"


def _by_size(orphan: _Shaped, job: _Shaped) -> _Part | None:
    if not (orphan.width and orphan.height and job.width and job.height):
        return _SILENT
    if (orphan.width, orphan.height) == (job.width, job.height):
        return 0.25, f"{orphan.width}x{orphan.height}"
    is_like = abs(orphan.width / orphan.height - job.width / job.height) < 0.03
    return (0.1, "of the same shape") if is_like else None


def _by_time(orphan: Orphan, job: Waiting) -> _Part | None:
    began = job.created_at or job.completed_at
    if orphan.made_at is None or began is None:
        return _SILENT
    if _time(orphan.made_at) < _time(began) - _EARLY:
        return None
    delay = max(0.0, _time(orphan.made_at) - _time(job.completed_at or began))
    for limit, score in _TIMES:
        if delay <= limit:
            return score, f"made {_span(delay)} after the job"
    return _SILENT


def _by_words(orphan: Orphan, job: Waiting, stem: str) -> _Part:
    """The prompt in the file, or the words of its name, against the prompt of the job."""
    if not job.prompt:
        return _SILENT
    if orphan.prompt and orphan.prompt.split() == job.prompt.split():
        return 0.6, "the prompt in the file is the job's"
    words = set(_WORD.findall(stem.casefold().replace("_", " ")))
    asked = set(_WORD.findall(job.prompt.casefold()))
    shared = len(words & asked)
    if shared < 2:
        return _SILENT
    return round(0.4 * shared / len(words), 2), f"{shared} words of its name are in the prompt"


def _time(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _span(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
