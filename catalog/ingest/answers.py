"""JSON to what it tells: jobs in any server's words, and the shapes of other programs; or why it tells nothing."""

from __future__ import annotations

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

SHAPES: tuple[Shape, ...] = (vault.CHAINS, vault.EXPORT, batch.LINE)  # the first that fits reads a value

_LINES = frozenset({".jsonl", ".ndjson"})  # suffixes that promise one value per line
_NO_JOB = {
    "webhook": "a webhook event, which names a job and tells nothing of it: fetch it with `catalog add`",
    "request": "a request without the job that came of it",
    "list": "no jobs in the list",
    "other": "no job in it",
}
_NOT_VIDEOS = {"batch": "a batch, no video: import its input and output files", "video.character": "a character"}
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
    """Everything a value of that file tells; items of a list at the top are numbered where the value has no line."""
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
    """The shape that the value has, None for what may be a server's answer."""
    return next((shape for shape in SHAPES if shape.fits(value, path)), None)


def _is_bare_page(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("items"), list) and "id" not in value and "status" not in value
    )


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
    """The items of a page that are not jobs; the parser counts them from 0."""
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
        reason = _NOT_VIDEOS.get(name) if isinstance(name, str) else None
        if isinstance(value, dict) and "name" in value and value.keys() <= _CHARACTER:
            reason = _NOT_VIDEOS["video.character"]
        yield refuse(line, reason or (answer.flaws[0] if answer.flaws else _NO_JOB.get(answer.kind, "no job in it")))
