"""Reads JSON: jobs in any server's format and the shapes of other programs, or why a value has no job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from catalog.ingest import batch, vault
from catalog.ingest.formats import Reader
from catalog.ingest.items import Item, admit, refuse
from catalog.ingest.texts import Value, read_values
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

    from catalog.ingest.formats import File, Shape
    from catalog.wire.answers import Answer

SHAPES: tuple[Shape, ...] = (vault.CHAINS, vault.EXPORT, batch.LINE)  # the first that fits a value reads it

_LINES = frozenset({".jsonl", ".ndjson"})  # suffixes that promise one value per line
_NOT_VIDEOS = {"batch": "a batch, not a video: import its input and output files", "video.character": "a character"}
_CHARACTER = frozenset({"id", "name", "created_at", "object"})


def _read(stream: BufferedReader, file: File) -> Iterator[Item]:
    for value in read_values(stream, is_lines=file.suffix in _LINES):
        if not isinstance(value, Value):
            yield value
            continue
        if value.line is not None and file.form == READER.name:
            file.form = "jsonl"
        file.size += value.size
        yield from read_value(value.content, value.line, path=file.path)


READER = Reader("json", _LINES | {".json"}, lambda *_: True, _read)


def read_value(value: Any, line: int | None = None, *, path: Path, channel: str = "import") -> Iterator[Item]:
    """The items of a value in that file; those of a list at the top are numbered if the value has no line."""
    shape = find_shape(value, path)
    if shape is not None:
        yield from shape.read(value, line, channel)
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from read_value(item, line or number, path=path, channel=channel)
    elif _is_bare_page(value):
        yield from read_value(value["items"], line, path=path, channel=channel)
    else:
        yield from _read_answer(value, line, channel)


def find_shape(value: object, path: Path) -> Shape | None:
    """The shape that fits the value, None for one that may be a server's answer."""
    return next((shape for shape in SHAPES if shape.fits(value, path)), None)


def _is_bare_page(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("items"), list) and "id" not in value and "status" not in value
    )


def _read_answer(value: object, line: int | None, channel: str) -> Iterator[Item]:
    answer = parse_videos(value, http_status=None)
    if answer.kind != "list" and (answer.kind == "webhook" or not answer.videos):
        yield refuse(line, _explain(answer, value))
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


def _explain(answer: Answer, value: object) -> str:
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
