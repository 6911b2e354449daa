"""What readers get: frozen dataclasses, cheap to import and safe to share.

Nothing here knows a database, a server or a terminal. Times are aware datetimes in UTC, lengths are seconds, sizes are
pixels, money is US dollars. An unknown field is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

TERMINAL_STATUSES = frozenset({"completed", "failed", "cancelled", "expired", "deleted"})
UNFINISHED_STATUSES = ("queued", "in_progress", "unknown")


def utc_text(moment: datetime) -> str:
    """The moment as the library writes it, `2026-11-21T10:57:03.000Z`; the width is fixed: text order is time order."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def read_utc(text: str | None) -> datetime | None:
    """The moment that `utc_text` wrote; None for None. Raises ValueError for any other text."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Facet:
    """One `name = value` that a prompt asks for, and the words it was read from: `prompt[start:end]`."""

    name: str
    value: str
    origin: str
    start: int | None = None
    end: int | None = None
    shot: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An edge from a video to the parent it was made from; the library may not know the parent."""

    child: str
    parent: str
    relation: str
    origin: str


@dataclass(frozen=True, slots=True)
class File:
    """Bytes that the library holds; `variant` is video, thumbnail, spritesheet or reference, `size` is in bytes."""

    variant: str
    sha256: str
    path: str
    size: int


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

    `negative_prompt` is what the request sent beside the prompt, else what the prompt itself asks to leave out.
    `facets` are what the prompt asks for: those the user gave first, then by name, shot and position in the prompt. A
    page of a search brings the tags, but neither links nor facets. `files` are the bytes that the library holds: none
    in this version.
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
    files: tuple[File, ...] = ()

    @property
    def ref(self) -> str:
        """`source:remote_id`, which names the video everywhere; split it at the first colon."""
        return f"{self.source}:{self.remote_id}"

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended, so that the provider will not change it any more."""
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
    """One page of results: `total` counts all matches; `next` is the cursor of the next page, None on the last.

    `snippets` holds, by ref, the part of the prompt that matched, with the matched words between `[` and `]`. `notes`
    are remarks about the query for the person who wrote it.
    """

    videos: tuple[Video, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    snippets: Mapping[str, str] = field(default_factory=dict)
    next: str | None = None
    notes: tuple[str, ...] = ()


def to_json(value: Any) -> Any:
    """The record as JSON values: times in ISO 8601 with `Z`, tuples as lists, a Video with its `ref` and `size`."""
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
