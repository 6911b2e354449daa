"""The fold: all observations of one video in, one row out. Pure, and blind to the order in which they arrived.

An answer fills and never blanks: a null, an empty text or the status `unknown` erases nothing, and a terminal status
never goes back. Observations are sorted by what they are, not by when they arrived (status rank, channel, claimed time,
payload hash), and each non-empty value replaces the previous one. The same set in any order gives the same row.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from catalog.fields import TABLE
from catalog.records import TERMINAL_STATUSES
from catalog.rows import stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.wire.answers import ParsedVideo

_STATUS_RANK = {"unknown": 0, "queued": 1, "in_progress": 2} | dict.fromkeys(TERMINAL_STATUSES, 3)
_CHANNEL_RANK = {"get": 3, "list": 2, "webhook": 1, "file": -1}  # a file only fills what nobody else says

COLUMNS = tuple(column.name for column in TABLE if column.fold)
_LATEST = tuple(column.name for column in TABLE if column.fold == "latest")
_MERGED = tuple(column.name for column in TABLE if column.fold == "merged")
_CHOICES: dict[str, Callable[[Any, Any], Any]] = {"earliest": min, "highest": max}
_CHOSEN = tuple((column.name, _CHOICES[column.fold]) for column in TABLE if column.fold in _CHOICES)
_latest_values = attrgetter(*_LATEST)


@dataclass(frozen=True, slots=True)
class Observation:
    """One distinct answer about a video; times are text as in the library. `video` is None if the job was unknown.

    `custom_id` is the name that a line of a Batch file gives to the job.
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
        """What the fold sorts by: the last observation wins."""
        status = self.video.status if self.video else "unknown"
        moment = self.as_of or self.last_received_at
        return _STATUS_RANK[status], _CHANNEL_RANK.get(self.channel, 0), moment, self.payload_hash


def fold(observations: Iterable[Observation]) -> dict[str, Any]:
    """The columns of the video's row, COLUMNS as the library stores them, from all its observations."""
    observations = sorted(observations, key=lambda observation: observation.precedence)
    answers = [(observation, observation.video) for observation in observations if observation.video]
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {name: {} for name in _MERGED}
    row["kind"], row["status"] = "video", "unknown"
    flaws: set[str] = set()
    for observation, video in answers:
        if video.prompt and observation.channel != "file":
            row["extra"].pop("prompt_origin", None)  # the prompt that a file has is not the job's
        _fill(row, video)
        row["batch_custom_id"] = observation.custom_id or row["batch_custom_id"]
        flaws.update(video.flaws)
    row["flaws"] = sorted(flaws)
    row["cost_basis"] = "unknown" if row["cost_usd"] is None else "reported"
    _date(row, observations)
    return {name: None if value is None else stored(value) for name, value in row.items()}


def _fill(row: dict[str, Any], video: ParsedVideo) -> None:
    values = zip(_LATEST, _latest_values(video), strict=True)
    row.update((name, value) for name, value in values if value or value == 0)
    for name, choose in _CHOSEN:
        value = getattr(video, name)
        if value is not None:
            row[name] = value if row[name] is None else choose(row[name], value)
    for name in _MERGED:
        row[name].update(getattr(video, name))
    if video.status != "unknown" or row["provider_status"] is None:
        row["status"], row["provider_status"] = video.status, video.provider_status or row["provider_status"]
    if video.kind != "video":
        row["kind"] = video.kind


def _date(row: dict[str, Any], observations: list[Observation]) -> None:
    """Set when the video was first and last seen, and when it was last gone from the provider, if it still is."""
    if answers := [observation for observation in observations if observation.video]:
        row["first_seen_at"] = min(answer.received_at for answer in answers)
        row["last_seen_at"] = max(answer.last_received_at for answer in answers)
    absences = [observation.last_received_at for observation in observations if observation.video is None]
    if absences and max(absences) >= (row["last_seen_at"] or ""):
        row["gone_at"] = max(absences)
