"""A Batch request meets its answer: one join for files, notes and folders. Pure; it knows no database.

A `custom_id` is unique in one batch only, and people number the requests of every batch from 1. So a name alone never
decides between different requests. What decides is, in this order:

1. What says that a request and an answer belong to one batch: the batch itself, which named both files, or the names
   and folders of files that were read together.
2. For a request whose answer was not met: a video of the library that this very request was joined to before.
3. Else, when no different request of its name was met: the one video of the library that goes by its name, that no
   other request was joined to, and whose prompt is the request's or not known.

Where several different requests, or several videos, are left, nothing is joined: a missing prompt shows and can be
added later, a wrong one does not show. The same request in several places is not ambiguous, as all of them say the
same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.redaction import redact
from catalog.wire.requests import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catalog.wire.requests import ParsedRequest

    Rule = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it waits: its line as JSON text, which takes a third of the memory of the value.

    `home` says where it was met, in terms that the rules of a join understand.
    """

    custom_id: str
    text: str
    home: Any = None


class Answer(NamedTuple):
    """That a request was answered: by a video, or by an error (`remote_id` is None)."""

    custom_id: str
    remote_id: str | None
    home: Any = None


class Pair(NamedTuple):
    """An answer, and the request it is to: None where several different ones, the `candidates`, may be meant."""

    answer: Answer
    request: Request | None
    candidates: Sequence[Request]


class Made(NamedTuple):
    """A video of the library: its prompt, and what the requests say that were joined to it before."""

    remote_id: str
    prompt: str | None
    requests: Sequence[ParsedRequest] = ()


class Join:
    """Requests and answers that are met together, in any order.

    Each rule says of the homes of an answer and of a request whether they belong together; the strongest comes first.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._requests: dict[str, list[Request]] = {}
        self._answers: list[Answer] = []
        self._answered: set[tuple[str, str]] = set()
        self._made: set[str | None] = set()
        self._ambiguous: set[str] = set()

    def ask(self, request: Request) -> None:
        """Remember a request."""
        others = self._requests.setdefault(request.custom_id, [])
        if others and others[0].text != request.text:
            self._ambiguous.add(request.custom_id)
        others.append(request)

    def answer(self, answer: Answer) -> None:
        """Remember an answer, to a request that was met or is yet to be."""
        self._answers.append(answer)

    def pairs(self) -> Iterator[Pair]:
        """The answers that any rule brings together with requests; those requests wait no longer."""
        for answer in self._answers:
            candidates = self._weigh(answer)
            texts = {request.text for request in candidates}
            self._answered.update((answer.custom_id, text) for text in texts)
            if candidates:
                self._made.add(answer.remote_id)
                yield Pair(answer, candidates[0] if len(texts) == 1 else None, candidates)

    def waiting(self) -> Iterator[Request]:
        """The requests that no answer was to, once the pairs are known."""
        for custom_id, requests in self._requests.items():
            yield from (request for request in requests if (custom_id, request.text) not in self._answered)

    def find_made(self, request: Request, videos: Sequence[Made]) -> str | None:
        """The id of the video, among those of the library by the request's name, that it made; None where in doubt."""
        asked = parse_line(redact(json.loads(request.text)))
        if asked is None:
            return None
        for video in videos:
            if asked in video.requests:
                return video.remote_id
        fitting = [
            video.remote_id
            for video in videos
            if not video.requests and video.remote_id not in self._made and video.prompt in (None, asked.prompt)
        ]
        return fitting[0] if len(fitting) == 1 and request.custom_id not in self._ambiguous else None

    def _weigh(self, answer: Answer) -> list[Request]:
        """The requests that the strongest deciding rule leaves; where none decides, those of the weakest that fits."""
        requests = self._requests.get(answer.custom_id, ())
        candidates: list[Request] = []
        for rule in self._rules:
            candidates = [request for request in requests if rule(answer.home, request.home)] or candidates
            if len({request.text for request in candidates}) == 1:
                break
        return candidates
