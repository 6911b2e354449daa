"""The items that a file is read into, and the limits of what a library takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from catalog.prompts.given import Given, read_given
from catalog.redaction import cut_secrets, redact_text
from catalog.reports import Refusal
from catalog.rows import json_text
from catalog.wire.documents import find_excess
from catalog.wire.ids import MAX_ID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.wire.answers import ParsedVideo

MAX_REASON = 200

_UNREAD = " could not be read"  # how the parser ends what it says of a value that it left in `extra`
_SHOWN = 60  # characters of such a value
FACETS = "facets"  # the key of a job object that holds facets given by the user


@dataclass(frozen=True, slots=True)
class Entry:
    """A video; `line` is its line in the file or its number in a list, None if it is the whole file.

    `given` are the facets that the file gives it, `unread` names its values that could not be read.
    """

    video: ParsedVideo
    line: int | None
    channel: str = "import"
    form: str = ""
    links: tuple[tuple[str, str], ...] = ()
    given: Given | None = None
    unread: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A line of a Batch input file: its video is known once the output's line with its `custom_id` is read."""

    custom_id: str
    payload: dict[str, Any]
    line: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a Batch request: a video, or an error (`remote_id` is None)."""

    custom_id: str
    remote_id: str | None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Something that is not about a video and need not be: a line of a log without JSON, a call of another kind."""


Item = Entry | Request | Outcome | Refusal | PassedOver


def admit(
    video: ParsedVideo,
    line: int | None,
    *,
    channel: str = "import",
    form: str = "",
    links: Iterable[Any] = (),
    unread: Iterable[Refusal] | None = None,
) -> Entry | Refusal:
    """The video as an entry, or the reason why the library does not take it.

    `unread` names the values that could not be read, where the reader knows better than the flaws of the video.
    """
    remote_id = cut_secrets(video.remote_id)
    if remote_id != video.remote_id:
        video = replace(video, remote_id=remote_id)
    if len(remote_id) > MAX_ID:
        return refuse(line, f"the id has {len(remote_id)} characters, more than {MAX_ID}")
    if not remote_id.isprintable():
        return refuse(line, f"the id {remote_id!a} is not printable text")
    excess = find_excess(video.payload)
    if excess:
        return refuse(line, excess)
    facets = video.extra.get(FACETS)
    given = None if facets is None else read_given(facets)
    pairs = tuple((link[0], link[1]) for link in links)
    if unread is None:
        unread = unread_of(video, line) if video.flaws else ()
    return Entry(video, line, channel, form, pairs, given, tuple(unread))


def unread_of(video: ParsedVideo, line: int | None) -> Iterable[Refusal]:
    """The values of the video that the parser could not read, which are in its `extra`."""
    for flaw in video.flaws:
        field, _, _ = flaw.partition(_UNREAD)
        if flaw.endswith(_UNREAD):
            value: Any = video.extra
            for key in field.split("."):
                value = value.get(key) if isinstance(value, dict) else None
            yield refuse_value(line, field, value)


def refuse_value(line: int | None, field: str, value: object, advice: str = "", *, label: str | None = None) -> Refusal:
    """A refusal of one value: its field, called `label` in words, and the value as far as it can be shown."""
    shown = "" if value is None else f" {redact_text(json_text(value))[:_SHOWN]}"
    return replace(refuse(line, f"{label or field}{_UNREAD}:{shown}{advice}"), field=field)


def refuse(line: int | None, reason: str, limit: int = MAX_REASON) -> Refusal:
    """A refusal with the reason as one short line without secrets, in characters that every terminal and file takes."""
    text = redact_text(" ".join(reason.split()))
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return Refusal(line, text if len(text) <= limit else text[: limit - 1] + "…")
