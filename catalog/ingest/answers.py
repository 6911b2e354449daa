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


def read_value(value: object, line: int | None = None, *, channel: str = "import") -> Iterator[Item]:
    """Everything a value tells; the items of a list at the top are numbered where the value has no line."""
    if isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from read_value(item, line or number, channel=channel)
    elif vault.is_export(value):
        yield from vault.read_export(value, line, channel=channel)
    elif isinstance(value, dict) and _is_batch_line(value):
        yield from _read_batch_line(value, line)
    elif isinstance(value, dict) and _is_bare_page(value):
        yield from read_value(value["items"], line, channel=channel)
    else:
        yield from _read_answer(value, line, channel)


def _read_answer(value: object, line: int | None, channel: str) -> Iterator[Item]:
    answer = parse_videos(value, http_status=None)
    if not answer.videos or answer.kind == "webhook":
        if answer.kind != "list" or answer.flaws:
            yield from _explain(answer, value, line)
        return
    for video in answer.videos:
        yield admit(video, line, channel=channel)
    if len(answer.videos) > 1 or answer.kind == "list":
        yield from _refuse_items(answer, line)


def _refuse_items(answer: Answer, line: int | None) -> Iterator[Item]:
    """The items of a page that are no jobs; the parser counts them from 0."""
    for flaw in answer.flaws:
        word, _, rest = flaw.partition(" ")
        number, _, reason = rest.partition(" ")
        if word == "item" and number.isdigit():
            yield refuse(line or int(number) + 1, f"item {int(number) + 1} {reason}")


def _explain(answer: Answer, value: object, line: int | None) -> Iterator[Item]:
    if answer.kind == "list":
        yield from _refuse_items(answer, line)
    elif answer.error is not None:
        words = ": ".join(word for word in (answer.error.code, answer.error.message) if word)
        yield refuse(line, f"an error answer: {words}" if words else "an error answer")
    else:
        name = value.get("object") if isinstance(value, dict) else None
        known = _NOT_VIDEOS.get(name) if isinstance(name, str) else None
        if isinstance(value, dict) and "name" in value and value.keys() <= _CHARACTER:
            known = _NOT_VIDEOS["video.character"]
        yield refuse(line, known or (answer.flaws[0] if answer.flaws else _NO_JOB.get(answer.kind, "no job in it")))


def _is_bare_page(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("items"), list) and "id" not in value and "status" not in value


def _is_batch_line(value: Mapping[str, Any]) -> bool:
    if "custom_id" in value and ("response" in value or "error" in value) and "status" not in value:
        return True
    return isinstance(value.get("url"), str) and isinstance(value.get("body"), dict)


def _read_batch_line(payload: dict[str, Any], line: int | None) -> Iterator[Item]:
    said = read_line(payload)
    if isinstance(said, BatchInput):
        if said.custom_id is None:
            yield refuse(line, _NO_JOB["request"])
        else:
            yield Request(said.custom_id, payload, line)
    elif isinstance(said, BatchFault):
        words = ": ".join(word for word in (said.custom_id, said.code, said.message) if word)
        yield refuse(line, said.message or words if said.is_refused else f"no job came of the request {words}")
        if said.custom_id is not None:
            yield Outcome(said.custom_id, None)
    else:
        video = replace(parse_videos(payload).videos[0], payload=payload)
        yield admit(video, line, channel="batch", form="batch")
        if said.custom_id is not None:
            yield Outcome(said.custom_id, video.remote_id)
