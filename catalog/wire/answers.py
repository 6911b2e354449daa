"""What the parser returns: the videos in an answer, and what else the answer says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class ParsedVideo:
    """One generation job as one answer describes it; what the answer leaves out is None.

    Times are aware UTC datetimes in whole seconds, `progress` is 0 to 100, `cost_usd` is what the provider reported,
    never an estimate. `aliases` are other ids of the same job, as its server writes them. `updated_at` orders
    observations and says nothing about the job. `extra` holds every key that no field consumed, as sent; `payload` is
    the object the video was read from. `flaws` says what could not be read, in words for a person. `answered_id` is the
    id that the answer gives in place of the one asked for, None where it gives that one, or none; `is_named` says
    whether it gives any.
    """

    remote_id: str
    aliases: tuple[str, ...] = ()
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
    updated_at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    remixed_from_id: str | None = None
    output_urls: list[str] = field(default_factory=list)
    cost_usd: float | None = None
    seed: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    flaws: tuple[str, ...] = field(default=(), compare=False)
    answered_id: str | None = field(default=None, compare=False)
    is_named: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a server refused: the code and the message it gave, as text."""

    code: str | None = None
    message: str | None = None

    def __getitem__(self, key: str) -> str | None:
        """The part by name, as in the JSON it came from; KeyError for any other name."""
        return {"code": self.code, "message": self.message}[key]


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """The envelope of a webhook delivery; the job itself must be retrieved."""

    id: str | None
    type: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one JSON body says.

    `kind` is one of video, list, delete, batch_line, webhook, error, request, other. `next_cursor` is the value for
    the next `after`, None where the list ends; `has_more` is None where the page does not say (the cursor is then the
    last item's id), and `next_page` is the next number of a page-numbered list. `poll_after` is in seconds. `flaws`
    names items that are not videos and whatever was odd about the page.
    """

    kind: str
    videos: list[ParsedVideo] = field(default_factory=list)
    next_cursor: str | None = None
    error: Fault | None = None
    custom_id: str | None = None
    has_more: bool | None = None
    next_page: int | None = None
    poll_after: float | None = None
    webhook: WebhookEvent | None = None
    flaws: tuple[str, ...] = ()
