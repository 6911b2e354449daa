"""Reads what a server answered: its jobs as items, or why it has none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalog.ingest import batch
from catalog.ingest.items import Item, admit, refuse
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.wire.answers import Answer

_NOT_VIDEOS = {"batch": "a batch, not a video: import its input and output files", "video.character": "a character"}
_CHARACTER = frozenset({"id", "name", "created_at", "object"})


def read_answer(value: object, line: int | None, channel: str) -> Iterator[Item]:
    """The jobs in a saved answer, and what is wrong with the others."""
    answer = parse_videos(value, http_status=None)
    if answer.kind != "list" and (answer.kind == "webhook" or not answer.videos):
        yield refuse(line, explain(answer, value))
        return
    for video in answer.videos:
        yield admit(video, line, channel=channel)
    if len(answer.videos) > 1 or answer.kind == "list":
        yield from _refuse_items(answer, line)


def _refuse_items(answer: Answer, line: int | None) -> Iterator[Item]:
    """The items of a page that are not jobs; the parser counts them from 0."""
    for flaw in answer.flaws:
        match = re.match(r"item (\d+) (.*)", flaw, re.DOTALL)
        if match:
            number = int(match[1]) + 1
            yield refuse(line or number, f"item {number} {match[2]}")


def explain(answer: Answer, value: object) -> str:
    """Why the answer gives no job."""
    if answer.error is not None:
        words = ": ".join(word for word in (answer.error.code, answer.error.message) if word)
        return f"an error answer: {words}" if words else "an error answer"
    if answer.kind == "webhook" and answer.videos:
        return (
            f"a webhook event, which only names a job: fetch it with `catalog add SOURCE {answer.videos[0].remote_id}`"
        )
    reason = _NOT_VIDEOS.get(_object_of(value))
    if reason is None and answer.flaws:
        reason = answer.flaws[0]
    if reason is None and answer.kind == "request":
        reason = batch.NO_ANSWER
    return reason or "no job in it"


def _object_of(value: object) -> str:
    """What kind of object the value says that it is, or shows that it is."""
    if not isinstance(value, dict):
        return ""
    if "name" in value and value.keys() <= _CHARACTER:
        return "video.character"
    return str(value.get("object"))
