"""The levels on which an answer speaks of one job, from the job object down: pure, and bounded.

Beside its own level a job may hold **results** (what was made: `output`, `task_result.videos[]`, `response`, an answer
of the server behind the server), and the **request** it echoes (`input`, `param`, `properties`). Which is which, the
words of a key say. JSON inside a text is read as JSON. What is neither, such as a profile or the parent of a clip, is
not entered.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from catalog.wire.words import ASIDE, CARRIER, PICTURE, REQUEST, RESULT, in_snake_case, objects_in, opened, words_of

MAX_DEPTH = 8  # levels under the job; the deepest answer seen has 5
MAX_LEVELS = 200  # objects that one job is read from
MAX_ENTRIES = 100  # objects of one list

Object = dict[str, Any]
_INNER = RESULT | CARRIER | PICTURE


class Levels(NamedTuple):
    """The objects inside a job, their keys in snake case, nearest first and then by the names of their keys."""

    results: list[Object]
    requests: list[Object]


NO_LEVELS = Levels([], [])


def read_levels(job: Object) -> Levels:
    """The levels under a job object whose keys are in snake case."""
    levels = Levels([], [])
    waiting = deque([(job, False, 0)])
    while waiting:
        level, is_request, depth = waiting.popleft()
        for key in sorted(level):
            value = opened(level[key])
            if not isinstance(value, dict | list):
                continue
            kind = _kind_of(key, levels, is_request=is_request)
            for child in [] if kind is None else objects_in(value, MAX_ENTRIES):
                if len(levels.results) + len(levels.requests) >= MAX_LEVELS:
                    return levels
                named = in_snake_case(child)
                kind.append(named)  # type: ignore[union-attr]  # no child where it is None
                if depth < MAX_DEPTH:
                    waiting.append((named, kind is levels.requests, depth + 1))
    return levels


def _kind_of(key: str, levels: Levels, *, is_request: bool) -> list[Object] | None:
    words = words_of(key)
    if not words.isdisjoint(ASIDE):
        return None
    if not words.isdisjoint(REQUEST):
        return levels.requests
    return None if is_request or words.isdisjoint(_INNER) else levels.results
