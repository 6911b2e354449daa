"""One JSON value to what it tells: jobs in any server's words, Batch lines, exports; or why it tells nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.ingest import vault
from catalog.ingest.items import Item, Outcome, Request, admit, refuse
from catalog.wire.batch import BatchFault, BatchInput, read_line
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalog.wire.answers import Answer

_NO_JOB = {
    "webhook": "a webhook event, which names a job and tells nothing of it: fetch it with `catalog add`",
    "request": "a request without the job that came of it",
    "list": "no jobs in the list",
    "other": "no job in it",
}
_NOT_VIDEOS = {"batch": "a batch, no video: import its input and output files", "video.character": "a character"}
_CHARACTER = frozenset({"id", "name", "created_at", "object"})


def read_value(told: object, place: int | None = None, *, channel: str = "import") -> Iterator[Item]:
    """Everything a value tells; the items of a list at the top are numbered where the value has no line."""
    if isinstance(told, list):
        for number, item in enumerate(told, 1):
            yield from read_value(item, place or number, channel=channel)
    elif vault.is_export(told):
        yield from vault.read_export(told, place, channel=channel)
    elif isinstance(told, dict) and _is_batch_line(told):
        yield from _read_batch_line(told, place)
    elif isinstance(told, dict) and _is_bare_page(told):
        yield from read_value(told["items"], place, channel=channel)
    else:
        yield from _read_answer(told, place, channel)


def _read_answer(told: object, place: int | None, channel: str) -> Iterator[Item]:
    answer = parse_videos(told, http_status=None)
    if not answer.videos or answer.kind == "webhook":
        if answer.kind != "list" or answer.flaws:
            yield from _explain(answer, told, place)
        return
    for video in answer.videos:
        yield admit(video, place, channel=channel)
    if len(answer.videos) > 1 or answer.kind == "list":
        yield from _refuse_items(answer, place)


def _refuse_items(answer: Answer, place: int | None) -> Iterator[Item]:
    """The items of a page that are no jobs; the parser counts them from 0."""
    for flaw in answer.flaws:
        word, _, rest = flaw.partition(" ")
        number, _, reason = rest.partition(" ")
        if word == "item" and number.isdigit():
            yield refuse(place or int(number) + 1, f"item {int(number) + 1} {reason}")


def _explain(answer: Answer, told: object, place: int | None) -> Iterator[Item]:
    if answer.kind == "list":
        yield from _refuse_items(answer, place)
    elif answer.error is not None:
        words = ": ".join(word for word in (answer.error.code, answer.error.message) if word)
        yield refuse(place, f"an error answer: {words}" if words else "an error answer")
    else:
        name = told.get("object") if isinstance(told, dict) else None
        known = _NOT_VIDEOS.get(name) if isinstance(name, str) else None
        if isinstance(told, dict) and "name" in told and told.keys() <= _CHARACTER:
            known = _NOT_VIDEOS["video.character"]
        yield refuse(place, known or (answer.flaws[0] if answer.flaws else _NO_JOB.get(answer.kind, "no job in it")))


def _is_bare_page(told: Mapping[str, Any]) -> bool:
    return isinstance(told.get("items"), list) and "id" not in told and "status" not in told


def _is_batch_line(told: Mapping[str, Any]) -> bool:
    if "custom_id" in told and ("response" in told or "error" in told) and "status" not in told:
        return True
    return isinstance(told.get("url"), str) and isinstance(told.get("body"), dict)


def _read_batch_line(told: dict[str, Any], place: int | None) -> Iterator[Item]:
    line = read_line(told)
    if isinstance(line, BatchInput):
        if line.custom_id is None:
            yield refuse(place, _NO_JOB["request"])
        else:
            yield Request(line.custom_id, told, place)
    elif isinstance(line, BatchFault):
        words = ": ".join(word for word in (line.custom_id, line.code, line.message) if word)
        yield refuse(place, line.message or words if line.is_refused else f"no job came of the request {words}")
        if line.custom_id is not None:
            yield Outcome(line.custom_id, None)
    else:
        video = replace(parse_videos(told).videos[0], payload=told)
        yield admit(video, place, channel="batch", form="batch")
        if line.custom_id is not None:
            yield Outcome(line.custom_id, video.remote_id)
