"""The sample library: any number of jobs, the same for the same moment, made from the prompts beside this module.

It looks like two months at a small studio: families of remixes, takes of the same scene, failures, and on the last day
a few jobs that are queued, running, stalled or about to expire, one of two clips, one of four pictures, and one whose
address has expired and is renewed by a retrieve. In the longest chain of remixes are clips with every kind of
credentials. Only the plan of each job is made here; `catalog.demo.gateway.jobs` works out its state at a moment.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.demo.gateway.jobs import DAY, HOUR, Failure, Job
from catalog.demo.prompts import Takes, family, remix_edits, scenes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalog.demo.gateway.jobs import Credentials

SPAN = 60 * DAY
MINUTE = 60
LANDSCAPE, PORTRAIT = "1280x720", "720x1280"


class Model(NamedTuple):
    """A model the studio uses: its share of the jobs in per cent, what it offers, and how many seconds a job takes.

    `usd_per_second` is what the server says it charges, None for a model of which it does not say.
    """

    name: str
    share: int
    sizes: tuple[str, ...]
    seconds: tuple[str, ...]
    queues: tuple[int, int]
    runs: tuple[int, int]
    usd_per_second: float | None = None


MODELS = (
    Model("sora-2", 34, (PORTRAIT, LANDSCAPE), ("4", "8", "12"), (3, 25), (70, 190)),
    Model("sora-2-pro", 22, (LANDSCAPE, PORTRAIT, "1792x1024", "1024x1792"), ("4", "8", "12"), (5, 60), (180, 520)),
    Model("veo-3.1-generate-001", 14, (LANDSCAPE, PORTRAIT, "1920x1080"), ("4", "8"), (2, 20), (60, 150)),
    Model("veo-3.1-fast-generate-001", 10, (LANDSCAPE, PORTRAIT), ("4", "8"), (1, 8), (25, 70)),
    Model("kling-v2-5-turbo", 12, (LANDSCAPE, PORTRAIT, "960x960"), ("5", "10"), (10, 120), (90, 300), 0.07),
    Model("wan2.7-t2v", 8, (LANDSCAPE, "832x480", "480x832"), ("5", "10"), (2, 15), (35, 110), 0.05),
)
_MODEL_OF_PERCENT = tuple(model for model in MODELS for _ in range(model.share))

FAILURES = (
    Failure("moderation_blocked", "Your request was blocked by our moderation system."),
    Failure("moderation_blocked", "The generated video was withheld because it may resemble a real person."),
    Failure("video_generation_failed", "The video could not be generated. Please try again."),
    Failure("internal_error", "An internal error occurred while rendering frame 61."),
    Failure("generation_timeout", "The job did not finish within 20 minutes."),
    Failure("insufficient_capacity", "No capacity for this model and resolution at the moment."),
    Failure("invalid_reference_image", "The reference image must match the requested width and height."),
)
FAILS_ONE_IN = 11
REMIXED_ONE_IN = 9
TAGGED_PERCENT = 60

PROJECTS = ("launch-film", "autumn-spot", "festival-short", "music-video", "moodboard", "title-tests")
ARTISTS = ("mira", "jonas", "yuki", "pilar")

# Assets are kept long enough to look at most of the library; the oldest quarter of it has lost them.
KEEPS_FOR = 45 * DAY

FOUR_PICTURES: Mapping[str, Any] = {
    "kind": "image",
    "outputs": 4,
    "model": "imagen-4.0-generate-001",
    "size": "1024x1024",
    "cost_usd": None,
}

# The jobs of the last days: how many seconds ago each was created, and which parts of its plan are fixed.
RECENT: tuple[tuple[int, Mapping[str, Any]], ...] = (
    (4, {"queues_for": 600, "runs_for": 180}),
    (15, {"queues_for": 900, "runs_for": 240}),
    (40, {"queues_for": 700, "runs_for": 200}),
    (75, {"queues_for": 20, "runs_for": 700}),
    (150, {"queues_for": 12, "runs_for": 600}),
    (280, {"queues_for": 30, "runs_for": 900}),
    (420, {"queues_for": 8, "runs_for": 600}),
    (14 * MINUTE, {"queues_for": 10, "runs_for": 110, "keeps_for": HOUR}),
    (25 * MINUTE, {"queues_for": 10, "runs_for": 160, "keeps_for": HOUR, "outputs": 2}),
    (38 * MINUTE, {"queues_for": 15, "runs_for": 95, "keeps_for": HOUR}),
    (47 * MINUTE, {"queues_for": 20, "runs_for": 24, "keeps_for": HOUR, **FOUR_PICTURES}),
    (58 * MINUTE, {"queues_for": 5, "runs_for": 130, "keeps_for": HOUR}),
    (2 * HOUR, {"queues_for": 5, "runs_for": 130, "keeps_for": HOUR}),
    (3 * HOUR, {"queues_for": 9, "runs_for": 170, "failure": FAILURES[0]}),
    (4 * HOUR, {"queues_for": 9, "runs_for": 170, "keeps_for": DAY, "address_lasts": HOUR}),
    (9 * HOUR, {"queues_for": 30, "runs_for": 300, "stalls_at": 41}),
    (4 * DAY, {"queues_for": 60, "runs_for": 300, "stalls_at": 99}),
    (6 * DAY, {"remixed_from": "video_5a3d1e00c0ffee5a3d1e00c0ffee"}),
)
YOUNGEST_FAMILY = 20 * HOUR

# The credentials along the longest chain of remixes; those of the sixth clip name the second one as its parent.
CREDENTIALS: tuple[Credentials, ...] = ("sound", "sound", "expired", "altered", "stripped")
MISNAMING, MISNAMED = 5, 1


class Take(NamedTuple):
    """One prompt of a family, and the index in the family of the take that it remixes."""

    prompt: str
    source: int | None = None


def sample_jobs(now: float, count: int = 240) -> list[Job]:
    """`count` jobs created in the sixty days before `now`, oldest first; no two have the same prompt.

    The same moment and count give the same jobs; another moment gives the same jobs at other times. Remix chains up to
    seven long and one scene with nine remixes need a count of 160 or more.
    """
    random = Random(f"sample library of {count}")  # noqa: S311  # the same numbers every time is the point
    recent = RECENT[: count // 4]
    takes = Takes(random)
    jobs: list[Job] = []
    for members in _families(takes, count - len(recent), random):
        jobs += _plan_jobs(members, int(now), len(jobs), random)
    for age, plan in recent:
        [job] = _plan_jobs([Take(takes.next())], int(now), len(jobs), random)
        jobs.append(replace(job, created_at=int(now) - age, **{"failure": None, **plan}))
    return _vary_credentials(sorted(jobs, key=lambda job: job.created_at))


def find_longest_chain(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """The longest chain of remixes, from the first on; `jobs` come oldest first, so a source before its remixes."""
    chains: dict[str | None, tuple[Job, ...]] = {}
    for job in jobs:
        chains[job.id] = (*chains.get(job.remixed_from, ()), job)
    return max(chains.values(), key=len, default=())


def _vary_credentials(jobs: list[Job]) -> list[Job]:
    """The jobs, with every kind of credentials in the longest chain."""
    chain = find_longest_chain(jobs)
    changed = {
        job.id: replace(job, credentials=credentials) for job, credentials in zip(chain, CREDENTIALS, strict=False)
    }
    if len(chain) > MISNAMING:
        job = chain[MISNAMING]
        changed[job.id] = replace(job, made_from=chain[MISNAMED].id)
    return [changed.get(job.id, job) for job in jobs]


def _families(takes: Takes, count: int, random: Random) -> Iterator[list[Take]]:
    """Every scene with its remixes, then further takes of the scenes, some remixed: `count` takes in all."""
    edits = remix_edits()
    planned = [[Take(*member) for member in family(scene)] for scene in scenes()]
    random.shuffle(planned)
    for members in planned:
        if count <= 0:
            return
        yield members[:count]
        count -= len(members)
    while count > 0:
        members = [Take(takes.next())]
        while count > len(members) and not random.randrange(REMIXED_ONE_IN):
            members.append(Take(next(edits), len(members) - 1))
        yield members
        count -= len(members)


def _plan_jobs(members: list[Take], now: int, serial: int, random: Random) -> list[Job]:
    """The jobs of one family: each remix is requested some minutes after its source has finished."""
    sources = {take.source for take in members}
    model = _MODEL_OF_PERCENT[random.randrange(len(_MODEL_OF_PERCENT))]
    size = model.sizes[min(random.randrange(2 * len(model.sizes)), len(model.sizes) - 1)]
    seconds = model.seconds[random.randrange(len(model.seconds))]
    metadata = _metadata(random)
    requested_at = now - random.randrange(YOUNGEST_FAMILY, SPAN)
    jobs: list[Job] = []
    for index, take in enumerate(members):
        source = jobs[take.source] if take.source is not None else None
        if jobs:
            requested_at = jobs[-1].ends_at + random.randrange(2 * MINUTE, 40 * MINUTE)
        fails = index not in sources and not random.randrange(FAILS_ONE_IN)
        jobs.append(
            Job(
                id=_id(serial + index),
                model=model.name,
                prompt=take.prompt,
                created_at=requested_at,
                seconds=seconds,
                size=size,
                queues_for=random.randrange(*model.queues),
                runs_for=random.randrange(*model.runs),
                keeps_for=KEEPS_FOR,
                failure=FAILURES[random.randrange(len(FAILURES))] if fails else None,
                remixed_from=source.id if source else None,
                metadata=metadata,
                cost_usd=None if model.usd_per_second is None else round(model.usd_per_second * float(seconds), 2),
            )
        )
    return jobs


def _metadata(random: Random) -> Mapping[str, str] | None:
    if random.randrange(100) >= TAGGED_PERCENT:
        return None
    return {
        "project": PROJECTS[random.randrange(len(PROJECTS))],
        "artist": ARTISTS[random.randrange(len(ARTISTS))],
    }


def _id(serial: int) -> str:
    return f"video_{hashlib.blake2b(serial.to_bytes(8), digest_size=24).hexdigest()}"
