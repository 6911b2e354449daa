"""Requests of Batch input files and the videos that came of them, brought together by `custom_id`.

A `custom_id` is unique in one batch only; people number the requests of every batch from 1. Where several input files
of one import have the same, the one that goes with the output file is told by its name (`spring-input.jsonl`,
`spring-output.jsonl`), else by its folder; where that does not decide, nothing is joined.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from catalog.ingest import batch
from catalog.ingest.items import Item, admit, refuse
from catalog.rows import json_text
from catalog.wire.documents import read_json
from catalog.wire.requests import parse_line, read_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.ingest.items import Outcome, Request

_ROLES = re.compile(r"(?<![a-z])(?:inputs?|outputs?|errors?|results?|requests?|responses?|answers?|in|out)(?![a-z])")


@dataclass(slots=True)
class _Asked:
    """A request as it waits: its line as JSON text, which takes a third of the memory of the value."""

    file: int
    place: int | None
    line: str
    is_answered: bool = False


@dataclass(slots=True)
class Joins:
    """The requests and outcomes of one import; `paths` are the files' names, by number."""

    paths: list[str]
    _asked: dict[str, list[_Asked]] = field(default_factory=dict)
    _outcomes: list[tuple[int, Outcome]] = field(default_factory=list)

    def ask(self, file: int, request: Request) -> None:
        """Remember a request."""
        asked = _Asked(file, request.line, json_text(request.payload))
        self._asked.setdefault(request.custom_id, []).append(asked)

    def answer(self, file: int, outcome: Outcome) -> None:
        """Remember what came of a request, or of one that is yet to be read."""
        self._outcomes.append((file, outcome))

    def settle(self, find_known: Callable[[str, str | None], str | None]) -> Iterator[tuple[int, Item | None]]:
        """Each request with its file: as an entry for the video that came of it, or None while it waits.

        `find_known(custom_id, prompt)` gives the id of the one video in the library that the request may have made.
        A refusal comes with the number of the file whose answer could not be joined.
        """
        for file, outcome in self._outcomes:
            candidates = self._asked.get(outcome.custom_id, [])
            chosen = self._choose(file, candidates)
            if chosen is None and candidates:
                names = ", ".join(sorted({PurePath(self.paths[one.file]).name for one in candidates}))
                reason = f"{outcome.custom_id}: asked for in several files ({names}), so no prompt was joined"
                yield file, refuse(None, f"{reason}: import each batch on its own")
            for one in candidates:
                if chosen is None or one.line == chosen.line:
                    one.is_answered = True
            if chosen is not None and outcome.remote_id is not None:
                yield chosen.file, _join(chosen, outcome.remote_id)
        for custom_id, candidates in self._asked.items():
            waiting = [one for one in candidates if not one.is_answered]
            for one in waiting:
                request = parse_line(read_json(one.line.encode()))
                known = find_known(custom_id, request.prompt if request else None) if len(waiting) == 1 else None
                yield one.file, _join(one, known) if known else None

    def _choose(self, file: int, candidates: list[_Asked]) -> _Asked | None:
        """The request that an answer in that file is to."""
        name, folder = _bare(self.paths[file]), PurePath(self.paths[file]).parent
        rules: tuple[Callable[[_Asked], bool], ...] = (
            lambda _: True,
            lambda one: PurePath(self.paths[one.file]).parent == folder and _bare(self.paths[one.file]) == name,
            lambda one: _bare(self.paths[one.file]) == name,
            lambda one: PurePath(self.paths[one.file]).parent == folder,
        )
        for rule in rules:
            fitting = [one for one in candidates if rule(one)]
            if fitting and len({one.line for one in fitting}) == 1:
                return fitting[0]
        return None


def _bare(path: str) -> str:
    """The name of a file without the word that says which half of a batch it holds."""
    return re.sub(r"[^a-z0-9]+", "", _ROLES.sub("", PurePath(path).stem.lower()))


def _join(asked: _Asked, remote_id: str) -> Item:
    line = read_json(asked.line.encode())
    video, request = read_request(line, remote_id), parse_line(line)
    if video is None or request is None:
        return refuse(asked.place, "the request makes no video")
    return admit(video, asked.place, channel=batch.CHANNEL, form=batch.FORM, links=request.links)
