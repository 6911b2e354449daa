"""A Batch request meets its answer: one join for files, notes and folders. Pure; it knows no database.

A `custom_id` is unique only within a batch, and people number the requests of every batch from 1. So it never decides
between different requests by itself. What decides is, in this order:

1. What shows that a request and an answer belong to one batch: the batch itself, which named both files, or the names
   and folders of files that were read together.
2. For a request without an answer: a video of the library that this very request was joined to before.
3. Else, if no different request has its `custom_id`: the only video of the library that has it, that no other request
   was joined to, and whose prompt is unknown or the request's.

Where several different requests or several videos remain, nothing is joined: a missing prompt is noticed and can be
added, a wrong one is not. The same request in several files is not ambiguous.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.redaction import redact
from catalog.wire.requests import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from catalog.wire.requests import ParsedRequest


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits for its answer: its line as JSON text, which takes a third of the memory of the value.

    `home` is where it was read, in terms that the rules of a join understand.
    """

    custom_id: str
    text: str
    home: Any = None


class Answer(NamedTuple):
    """What became of a request: a video, or an error (`remote_id` is None)."""

    custom_id: str
    remote_id: str | None
    home: Any = None


class Pair(NamedTuple):
    """An answer and its request; the request is None where the `candidates` differ and any may be meant."""

    answer: Answer
    request: Request | None
    candidates: Sequence[Request]


class BatchVideo(NamedTuple):
    """A video of the library that has a `custom_id`: its prompt, and the requests that were joined to it before."""

    remote_id: str
    prompt: str | None
    requests: Sequence[ParsedRequest] = ()


class Rule(NamedTuple):
    """An answer belongs to a request if the key of its home is one of the keys of the request's home."""

    key: Callable[[Any], Hashable]
    keys: Callable[[Any], Iterable[Hashable]]


def same(key: Callable[[Any], Hashable]) -> Rule:
    """The rule that an answer and a request belong together if their homes have the same key."""
    return Rule(key, lambda home: (key(home),))


class Join:
    """Requests and answers that are read together, in any order. The strongest rule comes first."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._requests: dict[str, list[Request]] = {}
        self._indexes: dict[str, list[dict[Hashable, list[Request]]]] = {}
        self._answers: list[Answer] = []
        self._answered: set[tuple[str, str]] = set()
        self._paired_ids: set[str | None] = set()
        self._ambiguous: set[str] = set()

    def ask(self, request: Request) -> None:
        """Remember a request."""
        self._indexes.pop(request.custom_id, None)
        namesakes = self._requests.setdefault(request.custom_id, [])
        if namesakes and namesakes[0].text != request.text:
            self._ambiguous.add(request.custom_id)
        namesakes.append(request)

    def answer(self, answer: Answer) -> None:
        """Remember an answer; its request may follow."""
        self._answers.append(answer)

    def pairs(self) -> Iterator[Pair]:
        """The answers for which some rule finds requests; those requests wait no longer."""
        for answer in self._answers:
            candidates = self._weigh(answer)
            texts = {request.text for request in candidates}
            self._answered.update((answer.custom_id, text) for text in texts)
            if candidates:
                self._paired_ids.add(answer.remote_id)
                yield Pair(answer, candidates[0] if len(texts) == 1 else None, candidates)

    def waiting(self) -> Iterator[Request]:
        """The requests without an answer; ask for them after the pairs."""
        for custom_id, requests in self._requests.items():
            yield from (request for request in requests if (custom_id, request.text) not in self._answered)

    def find_video(self, request: Request, videos: Sequence[BatchVideo]) -> str | None:
        """The id of the video that the request made, among those of the library with its `custom_id`; None in doubt."""
        asked = parse_line(redact(json.loads(request.text)))
        if asked is None:
            return None
        for video in videos:
            if asked in video.requests:
                return video.remote_id
        if request.custom_id in self._ambiguous:
            return None
        fitting = [
            video.remote_id
            for video in videos
            if not video.requests and video.remote_id not in self._paired_ids and video.prompt in (None, asked.prompt)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _weigh(self, answer: Answer) -> list[Request]:
        """The requests that fit by the strongest rule that decides; where none does, by the weakest that fits any."""
        candidates: list[Request] = []
        for rule, requests in zip(self._rules, self._index(answer.custom_id), strict=True):
            candidates = requests.get(rule.key(answer.home), candidates)
            if len({request.text for request in candidates}) == 1:
                break
        return candidates

    def _index(self, custom_id: str) -> list[dict[Hashable, list[Request]]]:
        """For each rule, the requests with this `custom_id` by the keys of their homes; kept if there are several."""
        if custom_id in self._indexes:
            return self._indexes[custom_id]
        requests = self._requests.get(custom_id, ())
        index: list[dict[Hashable, list[Request]]] = [{} for _ in self._rules]
        for rule, by_key in zip(self._rules, index, strict=True):
            for request in requests:
                for key in dict.fromkeys(rule.keys(request.home)):
                    by_key.setdefault(key, []).append(request)
        if len(requests) > 1:
            self._indexes[custom_id] = index
        return index
