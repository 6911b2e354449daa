"""Jobs and the store that holds them: what a server knows, and how a job moves as a clock does.

Nothing happens in the background. A job carries a plan (how long it is queued, how long it runs, how it ends), and its
state is a pure function of the plan and the time: a test sets the clock, and a restart forgets nothing.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, insort
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from catalog.demo.gateway.bodies import Upload

Kind = Literal["video", "image"]
Inline = Literal["b64_json", "data_url"]
Credentials = Literal["sound", "expired", "altered", "stripped"]

HOUR = 3600
DAY = 24 * HOUR


class Failure(NamedTuple):
    """Why a job failed, as the server words it."""

    code: str
    message: str


class State(NamedTuple):
    """What a job is at one moment; times in Unix seconds."""

    status: str
    progress: int
    completed_at: int | None = None
    expires_at: int | None = None
    error: Failure | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether the state is the last one."""
        return self.status in ("completed", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One generation job and its plan; every duration is in seconds.

    A job with a `failure` fails at the end of its run. `stalls_at` is the percentage at which a stalled job
    stays. `cost_usd` is what the server charges for a finished job, None where it does not say.

    The server keeps the bytes for `keeps_for` seconds after completion, unless it `has_lost` them. Addresses of them
    work as long; where `address_lasts` is set, for so many seconds after completion, and a job that is retrieved later
    has new ones, which last as long again. A job makes as many `outputs`, videos or images as its `kind` says; an
    `inline` one holds their bytes in its answers, in place of addresses.

    `made_from` is the job whose clip it edits or continues, of which answers say nothing, and `upload` the file that
    came with the request. Where clips are signed, their credentials name both, and `made_from` before `remixed_from`;
    `credentials` is the state in which they are served: the certificate has ended, the clip was altered after it was
    signed, or they are gone.
    """

    id: str
    model: str
    prompt: str
    created_at: int
    seconds: str = "4"
    size: str = "720x1280"
    queues_for: int = 2
    runs_for: int = 8
    keeps_for: int = HOUR
    stalls_at: int | None = None
    failure: Failure | None = None
    remixed_from: str | None = None
    metadata: Mapping[str, str] | None = None
    cost_usd: float | None = None
    kind: Kind = "video"
    outputs: int = 1
    inline: Inline | None = None
    address_lasts: int | None = None
    has_lost: bool = False
    made_from: str | None = None
    upload: Upload | None = field(default=None, repr=False)
    credentials: Credentials = "sound"

    @property
    def ends_at(self) -> int:
        """When the job is done, in Unix seconds, unless it stalls."""
        return self.created_at + self.queues_for + self.runs_for

    @property
    def kept_until(self) -> int:
        """When the server deletes the bytes, in Unix seconds."""
        return self.ends_at + self.keeps_for

    @property
    def shown_seconds(self) -> str | None:
        """The length that answers tell; that of an image is none."""
        return self.seconds if self.kind == "video" else None

    @property
    def parent(self) -> str | None:
        """The id of the job that its clip was made from."""
        return self.made_from or self.remixed_from

    @property
    def names_outputs(self) -> bool:
        """Whether even a server of the reference format says where the outputs are."""
        return self.outputs > 1 or self.kind != "video" or bool(self.inline or self.address_lasts)

    def is_kept(self, now: float) -> bool:
        """Whether the server has the bytes at `now`."""
        return self.at(now).status == "completed" and now < self.kept_until and not self.has_lost

    def numbered(self, number: int) -> Job:
        """What its output of that number, from 0, is drawn from."""
        return replace(self, id=f"{self.id}/{number}") if number else self

    def at(self, now: float, *, renews: bool = False) -> State:
        """The state of the job at `now`; with `renews`, the one in which addresses that had expired are new."""
        worked = now - self.created_at - self.queues_for
        if worked < 0:
            return State("queued", 0)
        percent = int(100 * worked / self.runs_for) if self.runs_for else 100
        if self.stalls_at is not None:
            return State("in_progress", min(percent, self.stalls_at))
        if worked < self.runs_for:
            return State("in_progress", min(percent, 99))
        if self.failure:
            return State("failed", 0, error=self.failure)
        expires_at = self.kept_until if self.address_lasts is None else self.ends_at + self.address_lasts
        if renews and self.address_lasts is not None and expires_at <= now:
            expires_at = int(now) + self.address_lasts
        return State("completed", 100, self.ends_at, min(expires_at, self.kept_until))


class Character(NamedTuple):
    """A person or object that prompts can refer to by its id."""

    id: str
    name: str
    created_at: int


class Clock:
    """A clock for tests: it stands still until `advance` moves it, or moves `step` seconds each time it is read."""

    def __init__(self, now: float, *, step: float = 0.0) -> None:
        self.now = now
        self.step = step

    def __call__(self) -> float:
        """The time in Unix seconds."""
        self.now += self.step
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds


class Jobs:
    """Every job of one account in the order of creation; safe to share between threads.

    Jobs of the same second keep the order in which they were added. Iterating gives the oldest first.
    """

    def __init__(self, jobs: Iterable[Job] = (), *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.characters: dict[str, Character] = {}
        self._lock = threading.Lock()
        self._serial = 0
        self._jobs: dict[str, Job] = {}
        self._keys: dict[str, tuple[int, int, str]] = {}
        for job in jobs:
            self._enter(job)
        self._order = sorted(self._keys.values())

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Job]:
        with self._lock:
            keys = list(self._order)
        return (self._jobs[job_id] for _, _, job_id in keys if job_id in self._jobs)

    def find(self, job_id: str) -> Job | None:
        """The job with this id, or None."""
        return self._jobs.get(job_id)

    def add(self, job: Job) -> Job:
        """Add a new job."""
        with self._lock:
            insort(self._order, self._enter(job))
        return job

    def remove(self, job_id: str) -> Job | None:
        """Remove a job and return it, or None if the id is unknown."""
        with self._lock:
            job = self._jobs.pop(job_id, None)
            if job is not None:
                self._order.pop(bisect_left(self._order, self._keys.pop(job_id)))
        return job

    def window(self, *, after: str | None = None, limit: int, newest_first: bool = True) -> tuple[list[Job], bool]:
        """At most `limit` jobs after the job `after`, and whether more follow; KeyError for an unknown id."""
        with self._lock:
            order = self._order
            if newest_first:
                end = bisect_left(order, self._keys[after]) if after else len(order)
                keys, more = order[max(0, end - limit) : end][::-1], end > limit
            else:
                start = bisect_left(order, self._keys[after]) + 1 if after else 0
                keys, more = order[start : start + limit], start + limit < len(order)
            return [self._jobs[job_id] for _, _, job_id in keys], more

    def _enter(self, job: Job) -> tuple[int, int, str]:
        if job.id in self._jobs:
            raise ValueError(f"two jobs with the id {job.id}")
        self._serial += 1
        self._jobs[job.id] = job
        self._keys[job.id] = key = (job.created_at, self._serial, job.id)
        return key
