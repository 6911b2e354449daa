"""The queue of a download: which videos lack which of their files, and until when those can be had."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.reading.expiry import EXPIRES, IS_ABOUT
from catalog.reading.files import IS_HELD, Unfetched, list_unfetched_inputs
from catalog.reading.work import find_aliases
from catalog.records import read_utc, utc_text
from catalog.wire.ids import raw_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Reader

RESULTS = ("video", "image")  # the variants of what a job made
BESIDES = ("spritesheet", "thumbnail")  # what servers offer besides, in the order of the queue
VARIANTS = (*RESULTS, *BESIDES)
MAX_INPUTS = 20  # of one job that are asked for in one run

_HAS_RESULT = "videos.status = 'completed' AND videos.deleted_at IS NULL"
_IS_SETTLED = f"({IS_HELD} OR files.state = 'lost')"
_RESULT = (
    "SELECT 1 FROM files WHERE files.video_id = videos.id AND files.variant IN ('video', 'image') AND files.number = 1"
)
_QUEUE = f"""
SELECT id FROM (SELECT videos.id AS id, {EXPIRES} AS deadline FROM videos WHERE {{tests}})
ORDER BY CASE WHEN deadline > :now THEN 0 WHEN deadline IS NULL THEN 1 ELSE 2 END, deadline, id
"""
_OF_CLIP = "SELECT {} FROM files WHERE files.video_id = videos.id AND files.variant = 'video' AND files.number = 1"
_WIDTH, _HEIGHT = (f"coalesce(({_OF_CLIP.format(side)}), videos.{side})" for side in ("width", "height"))
_ROWS = f"""
SELECT videos.id, videos.ref, videos.source, videos.remote_id, videos.kind, videos.output_urls, {EXPIRES}, {IS_ABOUT},
videos.seconds, videos.cost_usd, videos.gone_at IS NOT NULL, {_WIDTH}, {_HEIGHT}
FROM videos WHERE videos.id IN :ids
"""
_SETTLED = "SELECT video_id, variant, number, state = 'lost' FROM files WHERE video_id IN :ids AND {test}"
_SIZES = (
    "SELECT sum(files.size), sum(videos.seconds), sum(files.size) / count(*) FROM files "
    "CROSS JOIN videos ON videos.id = files.video_id WHERE files.variant = 'video' AND files.size > 0 "
    "AND videos.seconds > 0"
)


class Want(NamedTuple):
    """Which files are wanted: of videos of these `sources`, each with the variants that its server offers.

    `variants` is empty for all that are offered; what there is besides a clip is then wanted with the clip, or while
    the address of the video still works. `among` are row ids. `until` bounds the deadline. With `is_lost_too`, files
    that were lost are wanted again.
    """

    sources: Mapping[str, Sequence[str]]
    variants: Collection[str] = ()
    among: Collection[int] | None = None
    until: datetime | None = None
    is_lost_too: bool = False


class Wanted(NamedTuple):
    """A job of which files are wanted. `urls` are its addresses as they are kept, without their signatures.

    `settled` are the files that are held, or lost for good, by variant and number. `expires_at` is None where nobody
    says until when the files can be had; `is_about` where that is reckoned. `names` are other ids of the job. `shape`
    is the width and height of the clip, of its file or as it was asked for. `inputs` went into it and have an address.
    """

    id: int
    ref: str
    source: str
    remote_id: str
    kind: str
    urls: tuple[str, ...]
    expires_at: datetime | None
    is_about: bool
    seconds: float | None
    cost_usd: float | None
    is_gone: bool
    settled: frozenset[tuple[str, int]]
    variants: tuple[str, ...]
    names: tuple[str, ...] = ()
    shape: tuple[int, int] | None = None
    inputs: tuple[Unfetched, ...] = ()

    @property
    def result(self) -> str:
        """The variant of what the job made."""
        return "image" if self.kind == "image" else "video"

    @property
    def asked_id(self) -> str:
        """The id to ask for: the server's own newest encoding of the raw id, if there is one; gateways want theirs."""
        return next((name for name in reversed(self.names) if raw_id(name) == self.remote_id), self.remote_id)

    def list_missing(self, variant: str, count: int) -> list[int]:
        """The numbers of the files of a variant, of so many, that are wanted."""
        if variant not in self.variants:
            return []
        return [number for number in range(1, count + 1) if (variant, number) not in self.settled]

    @property
    def missing(self) -> list[tuple[str, int]]:
        """The files that are wanted, as far as the addresses that are kept tell how many there are."""
        counts = {self.result: max(1, len(self.urls))}
        return [(name, number) for name in self.variants for number in self.list_missing(name, counts.get(name, 1))]


def list_wanted(connection: Reader, want: Want, now: datetime) -> array[int]:
    """The row ids of the videos of which files may be wanted, by deadline.

    Those whose addresses still work come first, the earliest deadline first, then those of unknown deadline, then those
    whose addresses have expired and have to be renewed.
    """
    settled = IS_HELD if want.is_lost_too else _IS_SETTLED
    offering = [name for name, offered in want.sources.items() if set(offered) & set(BESIDES)]
    tests = [_HAS_RESULT, "videos.source IN :sources", f"({_lacking(want, settled, is_offered=bool(offering))})"]
    values: dict[str, object] = {"now": utc_text(now), "sources": list(want.sources)}
    if ":offering" in tests[-1]:
        values["offering"] = offering
    if want.among is not None:
        tests.append("videos.id IN :among")
        values["among"] = list(want.among)
    if want.until is not None:
        tests.append(f"{EXPIRES} > :now AND {EXPIRES} <= :until")
        values["until"] = utc_text(want.until)
    query = _QUEUE.format(tests=" AND ".join(tests))
    return array("q", (row[0] for row in connection.execute(query, values)))


def _lacking(want: Want, settled: str, *, is_offered: bool) -> str:
    """SQL for the videos that lack a wanted file; where there are several addresses, for some that do not, too."""

    def lacks(variants: Iterable[str]) -> str:
        names = ", ".join(f"'{name}'" for name in variants)
        return (
            f"NOT EXISTS (SELECT 1 FROM files WHERE files.video_id = videos.id AND files.variant IN ({names}) "
            f"AND files.number = 1 AND {settled})"
        )

    named = want.variants or VARIANTS
    ways = []
    if results := [name for name in RESULTS if name in named]:
        kind = {"video": "videos.kind <> 'image' AND ", "image": "videos.kind = 'image' AND "}
        of_kind = kind[results[0]] if len(results) == 1 else ""
        ways.append(f"{of_kind}({lacks(RESULTS)} OR videos.output_urls LIKE '%\",\"%')")
    if is_offered and (besides := [name for name in BESIDES if name in named]):
        in_time = "" if want.variants else f"{EXPIRES} > :now AND EXISTS ({_RESULT} AND {IS_HELD}) AND "
        each = " OR ".join(lacks([name]) for name in besides)
        ways.append(f"{in_time}videos.kind <> 'image' AND videos.source IN :offering AND ({each})")
    return " OR ".join(f"({way})" for way in ways) or "FALSE"


def read_wanted(connection: Reader, ids: Sequence[int], want: Want, now: datetime) -> list[Wanted]:
    """The jobs with these row ids of which files are wanted, in this order."""
    test = IS_HELD if want.is_lost_too else _IS_SETTLED
    settled: dict[int, dict[tuple[str, int], bool]] = {}
    for video_id, variant, number, is_lost in connection.execute(_SETTLED.format(test=test), {"ids": list(ids)}):
        settled.setdefault(video_id, {})[variant, number] = bool(is_lost)
    rows = {row[0]: row for row in connection.execute(_ROWS, {"ids": list(ids)})}
    jobs = [_read(rows[video_id], settled.get(video_id, {}), want, now) for video_id in ids]
    jobs = [job for job in jobs if job.missing]
    names: dict[tuple[str, str], list[str]] = {}
    for source in {job.source for job in jobs}:
        found = find_aliases(connection, source, [job.remote_id for job in jobs if job.source == source])
        names |= {(source, remote_id): aliases for remote_id, aliases in found.items()}
    inputs: dict[int, list[Unfetched]] = {}
    for given in [] if want.variants else list_unfetched_inputs(connection, [job.id for job in jobs]):
        inputs.setdefault(given.video_id, []).append(given)
    return [
        job._replace(
            names=tuple(names.get((job.source, job.remote_id), ())), inputs=tuple(inputs.get(job.id, ())[:MAX_INPUTS])
        )
        for job in jobs
    ]


def _read(row: Sequence[Any], settled: Mapping[tuple[str, int], bool], want: Want, now: datetime) -> Wanted:
    video_id, ref, source, remote_id, kind, urls, expires_at, is_about, *rest = row
    deadline = read_utc(expires_at)
    seconds, cost_usd, is_gone, width, height = rest
    job = Wanted(
        id=video_id,
        ref=ref,
        source=source,
        remote_id=remote_id,
        kind=kind,
        urls=tuple(json.loads(urls)) if urls else (),
        expires_at=deadline,
        is_about=deadline is not None and bool(is_about),
        seconds=seconds,
        cost_usd=cost_usd,
        is_gone=bool(is_gone),
        settled=frozenset(settled),
        variants=(),
        shape=(width, height) if width and height else None,
    )
    wanted = set(want.variants or VARIANTS) & _list_offered(job, settled.get((job.result, 1)), want, now)
    return job._replace(variants=tuple(name for name in VARIANTS if name in wanted))


def _list_offered(job: Wanted, is_lost: bool | None, want: Want, now: datetime) -> set[str]:
    """The variants that may be wanted of a job; `is_lost` says whether its result is lost, None while it is wanted."""
    is_in_time = job.expires_at is not None and job.expires_at > now
    is_over = is_lost is not None and (is_lost or not is_in_time)  # what there is besides comes with it, or in time
    if job.result == "image" or (is_over and not want.variants):
        return {job.result}
    return {job.result, *set(BESIDES).intersection(want.sources[job.source])}


class Sizes(NamedTuple):
    """What the clips that are held tell of others: bytes per second of a clip, and bytes of a clip; None of none."""

    per_second: float | None
    per_clip: float | None


def read_sizes(connection: Reader) -> Sizes:
    """How large the clips are that are held."""
    total, seconds, average = connection.execute(_SIZES).fetchone()
    return Sizes(total / seconds, float(average)) if total else Sizes(None, None)
