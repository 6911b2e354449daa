"""Lines of Batch files: a request, or what came of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.ingest.formats import Shape
from catalog.ingest.items import Item, Outcome, Request, admit, refuse
from catalog.wire.batch import BatchFault, BatchInput, read_line
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORM = CHANNEL = "batch"


def _is_line(value: object, _path: Path) -> bool:
    if not isinstance(value, dict):
        return False
    if "custom_id" in value and ("response" in value or "error" in value) and "status" not in value:
        return True
    return isinstance(value.get("url"), str) and isinstance(value.get("body"), dict)


def _read_line(value: dict[str, Any], line: int | None, _channel: str) -> Iterator[Item]:
    said = read_line(value)
    if isinstance(said, BatchInput):
        if said.custom_id is None:
            yield refuse(line, "a request without the job that came of it")
        else:
            yield Request(said.custom_id, value, line)
    elif isinstance(said, BatchFault):
        words = ": ".join(word for word in (said.custom_id, said.code, said.message) if word)
        yield refuse(line, said.message or words if said.is_refused else f"no job came of the request {words}")
        if said.custom_id is not None:
            yield Outcome(said.custom_id, None)
    else:
        video = replace(parse_videos(value).videos[0], payload=value)
        yield admit(video, line, channel=CHANNEL, form=FORM)
        if said.custom_id is not None:
            yield Outcome(said.custom_id, video.remote_id)


LINE = Shape(_is_line, _read_line)
