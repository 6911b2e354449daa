"""The fold: all observations of one video in, one row out. Pure, and blind to the order in which they arrived.

An answer fills and never blanks: a null, an empty text or the status `unknown` erases nothing, and a terminal status
never goes back. Observations are sorted by what they are, not by when they came (status rank, channel, time claimed,
payload hash), and each non-empty value replaces the earlier one. The same set in any order gives the same row.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from catalog.records import TERMINAL_STATUSES
from catalog.rows import stored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.wire.answers import ParsedVideo

_STATUS_RANK = {"unknown": 0, "queued": 1, "in_progress": 2} | dict.fromkeys(TERMINAL_STATUSES, 3)
_CHANNEL_RANK = {"get": 3, "list": 2, "webhook": 1}

# Fields that each later non-empty value replaces; the others have a rule of their own in `fold`.
_REPLACED = (
    "model",
    "prompt",
    "negative_prompt",
    "seconds",
    "width",
    "height",
    "size_text",
    "quality",
    "tier",
    "completed_at",
    "expires_at",
    "error_code",
    "error_message",
    "remixed_from_id",
    "cost_usd",
)
_replaced_values = attrgetter(*_REPLACED)

COLUMNS = (
    "kind",
    "status",
    "provider_status",
    "progress",
    *_REPLACED,
    "created_at",
    "output_urls",
    "batch_custom_id",
    "cost_basis",
    "metadata",
    "extra",
    "flaws",
    "first_seen_at",
    "last_seen_at",
    "gone_at",
)


@dataclass(frozen=True, slots=True)
class Observation:
    """One distinct answer about a video; times are the library's text. `video` is None where the job was not known.

    `custom_id` is the name that a line of a Batch file gave the job.
    """

    video: ParsedVideo | None
    channel: str
    http_status: int
    payload_hash: str
    as_of: str | None
    received_at: str
    last_received_at: str
    custom_id: str | None = None

    @property
    def precedence(self) -> tuple[int, int, str, str]:
        """Where the observation stands in the fold: a later place wins."""
        status = self.video.status if self.video else "unknown"
        moment = self.as_of or self.last_received_at
        return _STATUS_RANK[status], _CHANNEL_RANK.get(self.channel, 0), moment, self.payload_hash


def fold(observations: Iterable[Observation]) -> dict[str, Any]:
    """The columns of the video's row, COLUMNS as the library stores them, from all observations of it."""
    everything = list(observations)
    answers = sorted((one for one in everything if one.video), key=lambda one: one.precedence)
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row["kind"], row["status"] = "video", "unknown"
    metadata: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    flaws: set[str] = set()
    for answer, video in ((one, one.video) for one in answers if one.video):
        _fill(row, video)
        row["batch_custom_id"] = answer.custom_id or row["batch_custom_id"]
        metadata.update(video.metadata)
        extra.update(video.extra)
        flaws.update(video.flaws)
    row["metadata"], row["extra"], row["flaws"] = metadata, extra, sorted(flaws)
    row["cost_basis"] = "unknown" if row["cost_usd"] is None else "reported"
    _date(row, answers, everything)
    return {name: None if value is None else stored(value) for name, value in row.items()}


def _fill(row: dict[str, Any], video: ParsedVideo) -> None:
    told = zip(_REPLACED, _replaced_values(video), strict=True)
    row.update((name, value) for name, value in told if value is not None and value != "")
    if video.status != "unknown" or row["provider_status"] is None:
        row["status"], row["provider_status"] = video.status, video.provider_status or row["provider_status"]
    if video.kind != "video":
        row["kind"] = video.kind
    if video.output_urls:
        row["output_urls"] = video.output_urls
    if video.progress is not None:
        row["progress"] = video.progress if row["progress"] is None else max(row["progress"], video.progress)
    if video.created_at is not None:
        row["created_at"] = video.created_at if row["created_at"] is None else min(row["created_at"], video.created_at)


def _date(row: dict[str, Any], answers: list[Observation], everything: list[Observation]) -> None:
    """Set when the video was first and last seen, and since when the provider says it is gone, if it still does."""
    if answers:
        row["first_seen_at"] = min(one.received_at for one in answers)
        row["last_seen_at"] = max(one.last_received_at for one in answers)
    absences = [one.last_received_at for one in everything if one.video is None]
    if absences and max(absences) >= (row["last_seen_at"] or ""):
        row["gone_at"] = max(absences)
