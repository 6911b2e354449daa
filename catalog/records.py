"""What readers get: frozen records of the standard library's making, cheap to import and safe to share.

Nothing here knows a database, a server or a terminal. Times are aware datetimes in UTC, lengths are seconds, sizes are
pixels, money is US dollars. A field that nobody told is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.prompts import PromptDiff

TERMINAL_STATUSES = frozenset({"completed", "failed", "cancelled", "expired", "deleted"})
UNFINISHED_STATUSES = ("queued", "in_progress", "unknown")


def utc_text(moment: datetime) -> str:
    """The moment as the library writes it, `2026-11-21T10:57:03.000Z`: of fixed width, so text order is time order."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


@dataclass(frozen=True, slots=True)
class Facet:
    """One `name = value` about what a prompt asks for, with the words that say so: `prompt[start:end]`."""

    name: str
    value: str
    origin: str
    start: int | None = None
    end: int | None = None
    shot: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An edge from a video to the parent it was made from; the parent may be unknown to the library."""

    child: str
    parent: str
    relation: str
    origin: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A `key=value`, or a bare key with an empty value; `origin` is `user` or `provider`."""

    key: str
    value: str
    origin: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}" if self.value else self.key


@dataclass(frozen=True, slots=True)
class Video:
    """One generation job and what became of it, as the library knows it now.

    `negative_prompt` is what the provider was told, else what the prompt itself asks to leave out. `facets` are what
    the prompt asks for: those the user gave first, then by name, shot and place in the prompt. A page of a search
    brings the tags, but neither links nor facets.
    """

    source: str
    remote_id: str
    kind: str = "video"
    status: str = "unknown"
    provider_status: str | None = None
    progress: float | None = None
    model: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    size_text: str | None = None
    quality: str | None = None
    tier: str | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    remixed_from_id: str | None = None
    output_urls: tuple[str, ...] = ()
    cost_usd: float | None = None
    cost_basis: str | None = None
    batch_custom_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    gone_at: datetime | None = None
    deleted_at: datetime | None = None
    tags: tuple[Tag, ...] = ()
    links: tuple[Link, ...] = ()
    facets: tuple[Facet, ...] = ()

    @property
    def ref(self) -> str:
        """`source:remote_id`, the name of the video everywhere; it splits at the first colon."""
        return f"{self.source}:{self.remote_id}"

    @property
    def is_terminal(self) -> bool:
        """Whether the provider will not change the job any more."""
        return self.status in TERMINAL_STATUSES

    @property
    def size(self) -> str | None:
        """`WxH` where both are known, else the size as the server wrote it."""
        return f"{self.width}x{self.height}" if self.width and self.height else self.size_text


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many of the matching videos have this value; `value` is None for those that have none."""

    value: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer: `total` counts all matches; `next` asks for the page after this, None on the last.

    `snippets` gives, by ref, the part of the prompt that matched, the matched words between `[` and `]`. `notes` are
    remarks on the query for the person who wrote it.
    """

    videos: tuple[Video, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    snippets: Mapping[str, str] = field(default_factory=dict)
    next: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineageNode:
    """A video in a family tree, or a parent known by its ref alone (`video` is None).

    `relation` is the edge to the node above it in the tree; `is_repeat` marks a node whose branches stand elsewhere in
    the same tree: a second parent's child, or a cycle.
    """

    ref: str
    video: Video | None
    relation: str | None = None
    depth: int = 0
    is_repeat: bool = False
    children: tuple[LineageNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a video comes from and what came of it.

    `ancestors` are nearest first; `roots` are the whole family as trees from each oldest known or dangling ancestor
    down; `descendants` counts the videos below `ref`.
    """

    ref: str
    ancestors: tuple[LineageNode, ...]
    roots: tuple[LineageNode, ...]
    descendants: int


@dataclass(frozen=True, slots=True)
class Generation:
    """One step of a family: how the prompt of `ref` differs from that of `parent`."""

    ref: str
    parent: str
    relation: str
    change: PromptDiff


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one video that moved: the flight recorder's line."""

    ref: str
    field: str
    old: str | None
    new: str | None
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one run over one source did; counts are videos, `unfinished` and `expiring` as they stand afterwards.

    `stopped` says why the walk over the list ended; `error` is set when the source failed, and what had come in by then
    is kept. `missed` are the ids whose retrieval failed, with the reason.
    """

    source: str
    mode: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    unfinished: int = 0
    failed: int = 0
    requests: int = 0
    seconds: float = 0.0
    expiring: int = 0
    stopped: str | None = None
    error: str | None = None
    missed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceState:
    """A configured or remembered source and how it fares."""

    name: str
    base_url: str | None
    dialect: str | None
    is_configured: bool
    has_key: bool
    videos: int
    health: str
    message: str | None = None
    cursor: str | None = None
    last_run_at: datetime | None = None
    last_success_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """Queue to completion, in seconds, of the completed videos of one group."""

    model: str | None
    size: str | None
    status: str
    count: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Stats:
    """The library in numbers.

    `by_error` counts failures by error code. `stalled` are refs unfinished for more than `stalled_after` seconds;
    `expiring` are finished videos whose links die within the hour.
    """

    total: int
    by_status: Mapping[str, int]
    by_model: Mapping[str, int]
    by_error: Mapping[str, int]
    latency: tuple[Latency, ...]
    stalled: tuple[str, ...]
    expiring: tuple[str, ...]
    stalled_after: float


@dataclass(frozen=True, slots=True)
class CostSum:
    """What some jobs cost, in US dollars, by how it is known; an amount that nobody knows is None, never 0.

    `jobs` are those with a `reported` cost, those with an `estimated` one and those whose cost is `unknown`.
    """

    jobs: int = 0
    reported: int = 0
    estimated: int = 0
    unknown: int = 0
    reported_usd: float | None = None
    estimated_usd: float | None = None


@dataclass(frozen=True, slots=True)
class CostGroup:
    """What the jobs with one value cost; `value` is None for those that have none.

    `failed` are those that ended without a video (failed, cancelled, expired) and are not in `cost`.
    """

    value: str | None
    cost: CostSum
    failed: CostSum


@dataclass(frozen=True, slots=True)
class Costs:
    """What the library's jobs cost, in all and by each grouping that was asked for; `tag` is the key of projects."""

    cost: CostSum
    failed: CostSum
    by: Mapping[str, tuple[CostGroup, ...]]
    tag: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not taken in, and why; `place` is its line or number in the file, None for all of it."""

    place: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one imported file; counts are items of it, so one video may count more than once.

    `form` is what the file was read as: json, jsonl, batch, soravault, sidecar, csv or text. `refused` holds the first
    refusals of `refusals`. `waiting` are Batch requests whose answers are not known yet.
    """

    path: str
    form: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    waiting: int = 0
    refusals: int = 0
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import did, in all and by file; `ignored` counts files in folders of kinds that tell nothing of videos.

    After a dry run the numbers say what would have happened.
    """

    source: str
    files: tuple[FileReport, ...] = ()
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    waiting: int = 0
    refusals: int = 0
    ignored: int = 0
    seconds: float = 0.0
    is_dry_run: bool = False


def to_json(value: Any) -> Any:
    """The record as JSON values: names kept, times as ISO-8601 with `Z`, tuples as lists, computed names included."""
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, Video):
        first = {"ref": value.ref, "size": value.size}
        return first | {item.name: to_json(getattr(value, item.name)) for item in fields(value)}
    if hasattr(value, "__dataclass_fields__"):
        return {item.name: to_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value
