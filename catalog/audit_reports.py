"""What `audit` answers with: the trail of a video from its oldest draft, and everything that vouches for each step.

Frozen dataclasses like those of `records`. What is not known is None or empty, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING, Any, ClassVar

from catalog.cost_reports import CostSum
from catalog.records import Input, Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.records import Facet, Tag


@dataclass(frozen=True, slots=True)
class TrailPlace(Record):
    """Where bytes lie: `path` is relative to the folder of the library, or, where it `is_outside`, a file's name alone.

    `state` is `present`, `missing` or `offline`, as last seen.
    """

    path: str
    state: str
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class TrailCredentials(Record):
    """The newest check of the Content Credentials of the bytes that a file has now.

    `words` say the status as a person would. `signer` is the name that the certificate gives, `signed_at` the moment by
    the clock `time_source`. `lists` are the trust lists that the check was made with, `[]` for none; each has its name,
    its hash, and the dates that it gives.
    """

    status: str
    words: str
    signer: str | None
    generator: str | None
    signed_at: datetime | None
    time_source: str | None
    checked_at: datetime
    reader: str | None
    is_detached: bool
    lists: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        self._freeze("lists")


@dataclass(frozen=True, slots=True)
class TrailFile(Record):
    """A file of a job, as `File` has it; `credentials` is None where they were never checked."""

    variant: str
    number: int
    sha256: str | None
    size: int | None
    type: str | None
    state: str
    reason: str | None
    origin: str | None
    places: tuple[TrailPlace, ...] = ()
    archives: tuple[str, ...] = ()
    credentials: TrailCredentials | None = None


@dataclass(frozen=True, slots=True)
class TrailLink(Record):
    """What a video was made from: the parent, how, and the `origins` that it is known from: `api request c2pa user`.

    `evidence` is what the credentials of the video say of it, as for an EvidenceRow.
    """

    parent: str
    relation: str
    origins: tuple[str, ...]
    is_in_library: bool
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class TrailEdit(Record):
    """An act of the user's on a video, as the journal keeps it; `undone_at` is None while it stands."""

    number: int
    made_at: datetime
    act: str
    detail: str | None
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailStep(Record):
    """One job on the way to a video. Its fields are those of `Video` under the same names.

    `is_instruction` says that the prompt was given on top of what a parent shows, and is not a whole prompt. `tags` and
    `given` are what stands now, by the user and by the provider; `edits` how the user came there, oldest first.
    """

    COMPUTED: ClassVar[tuple[str, ...]] = ("ref",)

    source: str
    remote_id: str
    kind: str
    status: str
    model: str | None
    prompt: str | None
    is_instruction: bool
    negative_prompt: str | None
    seconds: float | None
    size: str | None
    quality: str | None
    tier: str | None
    seed: str | None
    parameters: Mapping[str, Any]
    created_at: datetime | None
    completed_at: datetime | None
    first_seen_at: datetime | None
    gone_at: datetime | None
    deleted_at: datetime | None
    error_code: str | None
    error_message: str | None
    cost_usd: float | None
    cost_basis: str | None
    links: tuple[TrailLink, ...] = ()
    inputs: tuple[Input, ...] = ()
    files: tuple[TrailFile, ...] = ()
    tags: tuple[Tag, ...] = ()
    given: tuple[Facet, ...] = ()
    edits: tuple[TrailEdit, ...] = ()

    def __post_init__(self) -> None:
        self._freeze("parameters")

    @property
    def ref(self) -> str:
        """The video's name, as everywhere."""
        return f"{self.source}:{self.remote_id}"


@dataclass(frozen=True, slots=True)
class Trail(Record):
    """The way to a video: `steps` are all that it was made from, parents before children, and in the end the video.

    `is_cut` says that the oldest steps are left out, because there are more than were asked for. `cost` is of the steps
    that are there.
    """

    ref: str
    steps: tuple[TrailStep, ...]
    is_cut: bool
    cost: CostSum = field(repr=False)

    @property
    def final(self) -> TrailStep:
        """The video itself."""
        return self.steps[-1]


@dataclass(frozen=True, slots=True)
class AuditExport(Record):
    """What an export of trails holds; `cost` is of all their steps, each video counted once."""

    form: str
    trails: int
    cost: CostSum


class Tally:
    """What is counted while trails are written: `trails`, and what their steps cost, each counted once."""

    def __init__(self) -> None:
        self.trails = 0
        self._refs: set[str] = set()
        self._reported: list[float] = []
        self._estimated: list[float] = []

    def add(self, step: TrailStep) -> bool:
        """Count a step; False where it was counted before."""
        if step.ref in self._refs:
            return False
        self._refs.add(step.ref)
        if step.cost_usd is not None:
            (self._reported if step.cost_basis == "reported" else self._estimated).append(step.cost_usd)
        return True

    @property
    def cost(self) -> CostSum:
        """The sum so far, by how it is known."""
        reported, estimated = self._reported, self._estimated
        return CostSum(
            len(self._refs),
            len(reported),
            len(estimated),
            len(self._refs) - len(reported) - len(estimated),
            round(fsum(reported), 6) if reported else None,
            round(fsum(estimated), 6) if estimated else None,
        )
