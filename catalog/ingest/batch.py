"""Reads lines of Batch files, requests and their answers, and joins those of one import.

Files belong to one batch if their names match (`spring-input.jsonl`, `spring-output.jsonl`), else if they lie in one
folder; where neither decides, a request may still be the only one with its `custom_id`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog import batches
from catalog.ingest.formats import Shape
from catalog.ingest.items import Item, Outcome, Request, admit, refuse
from catalog.rows import json_text
from catalog.wire.batch import BatchFault, BatchInput, read_line
from catalog.wire.documents import read_json
from catalog.wire.parse import parse_videos
from catalog.wire.requests import parse_line, read_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path, PurePath

    FindVideos = Callable[[Iterable[str]], Mapping[str, Sequence[batches.BatchVideo]]]

FORM = CHANNEL = "batch"
NO_ANSWER = "a request without its answer"

_ROLES = re.compile(r"(?<![a-z])(?:inputs?|outputs?|errors?|results?|requests?|responses?|answers?|in|out)(?![a-z])")


def _is_line(value: object, _path: Path) -> bool:
    if not isinstance(value, dict):
        return False
    if "custom_id" in value and ("response" in value or "error" in value) and "status" not in value:
        return True
    return isinstance(value.get("url"), str) and isinstance(value.get("body"), dict)


def _read_line(value: dict[str, Any], line: int | None, _channel: str) -> Iterator[Item]:
    parsed = read_line(value)
    if isinstance(parsed, BatchInput):
        if parsed.custom_id is None:
            yield refuse(line, NO_ANSWER)
        else:
            yield Request(parsed.custom_id, value, line)
    elif isinstance(parsed, BatchFault):
        words = ": ".join(word for word in (parsed.custom_id, parsed.code, parsed.message) if word)
        yield refuse(line, parsed.message or words if parsed.is_refused else f"no job came of the request {words}")
        if parsed.custom_id is not None:
            yield Outcome(parsed.custom_id, None)
    else:
        video = replace(parse_videos(value).videos[0], payload=value)
        yield admit(video, line, channel=CHANNEL, form=FORM)
        if parsed.custom_id is not None:
            yield Outcome(parsed.custom_id, video.remote_id)


LINE = Shape(_is_line, _read_line)


class _Home(NamedTuple):
    """The file of a line, by number, and the line in it; `batch` is the file's name without words for its role."""

    file: int
    path: PurePath
    batch: str
    line: int | None = None


class Joins:
    """The requests and outcomes of one import, as they are read."""

    def __init__(self) -> None:
        self._join = batches.Join(
            (
                batches.same(lambda home: (home.path.parent, home.batch)),
                batches.same(lambda home: home.batch),
                batches.same(lambda home: home.path.parent),
                batches.same(lambda _: None),
            )
        )

    def ask(self, number: int, path: Path, request: Request) -> None:
        """Remember a request in the file with that number."""
        home = _Home(number, path, _batch_of(path), request.line)
        self._join.ask(batches.Request(request.custom_id, json_text(request.payload), home))

    def answer(self, number: int, path: Path, outcome: Outcome) -> None:
        """Remember the outcome of a request, which may follow."""
        home = _Home(number, path, _batch_of(path))
        self._join.answer(batches.Answer(outcome.custom_id, outcome.remote_id, home))

    def settle(self) -> Iterator[tuple[int, Item]]:
        """The videos that requests made, as entries of the requests' files; refusals for what is ambiguous."""
        for answer, request, candidates in self._join.pairs():
            if request is None:
                files = ", ".join(sorted({candidate.home.path.name for candidate in candidates}))
                reason = f"{answer.custom_id}: asked for in several files ({files}), so no prompt was joined"
                yield answer.home.file, refuse(None, f"{reason}: import each batch on its own")
            elif answer.remote_id is not None:
                yield request.home.file, _join(request, answer.remote_id)

    def look_up(self, find_videos: FindVideos) -> Iterator[tuple[int, Item | None]]:
        """The requests without an outcome: as entries for videos of the library, or None while they wait.

        `find_videos(custom_ids)` returns the videos of the library by `custom_id`.
        """
        waiting = list(self._join.waiting())
        videos = find_videos({request.custom_id for request in waiting}) if waiting else {}
        for request in waiting:
            remote_id = self._join.find_video(request, videos.get(request.custom_id, ()))
            yield request.home.file, None if remote_id is None else _join(request, remote_id)


@lru_cache
def _batch_of(path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "", _ROLES.sub("", path.stem.lower()))


def _join(request: batches.Request, remote_id: str) -> Item:
    line = read_json(request.text.encode())
    video, parsed = read_request(line, remote_id), parse_line(line)
    if video is None or parsed is None:
        return refuse(request.home.line, "the request makes no video")
    return admit(video, request.home.line, channel=CHANNEL, form=FORM, links=parsed.links)
