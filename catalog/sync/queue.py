"""The order in which jobs are asked for: fair to the many whatever a few do, and short where the source is down.

Jobs that failed of late come last. When several in a row have failed, the next are taken from all over the rest, the
last of it first: if one of them is answered, it was the jobs; if none is, it is the source, and no further job is asked
for.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog.errors import Gone, Refused, SourceError, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_FAILURES = 5  # in a row, after which jobs from all over the rest are tried
MAX_PROBES = 5  # of them that may fail as well


def is_key_refused(answer: object) -> bool:
    """Whether the server refuses the key as such, so that no job can be had; HTTP 403 may be about one job alone."""
    return isinstance(answer, Unauthorized) and answer.status != HTTPStatus.FORBIDDEN


class Queue:
    """Ids to ask for, in order, those of `failing` after all the others; hand it each answer with `hear`.

    After `failures` in a row, up to so many `probes` are tried. `failed` holds the failures since the last answer.
    """

    def __init__(
        self,
        remote_ids: Iterable[str],
        failing: Iterable[str] = (),
        *,
        failures: int = MAX_FAILURES,
        probes: int = MAX_PROBES,
    ) -> None:
        self._failures = failures
        self._probes = probes
        fresh = dict.fromkeys(remote_ids)
        self._fresh = list(reversed(fresh))
        self._failing = [name for name in reversed(dict.fromkeys(failing)) if name not in fresh]
        self._had_failed = frozenset(self._failing)
        self._has_answered = False
        self._refusal: Unauthorized | None = None
        self.failed: dict[str, SourceError] = {}

    def __len__(self) -> int:
        return len(self._fresh) + len(self._failing)

    def take(self) -> str | None:
        """The next id; None where there is none, or no sense in asking for more."""
        waiting = self._fresh or self._failing
        if not waiting or self.is_given_up:
            return None
        probe = len(self.failed) - self._failures
        return waiting.pop() if probe < 0 else waiting.pop(len(waiting) * probe // self._probes)

    def hear(self, remote_id: str, answer: object) -> None:
        """Take note of what came of an id; a request that we refuse to make says nothing about the server."""
        if isinstance(answer, Refused) and answer.status is None:
            return
        if isinstance(answer, Unauthorized) and is_key_refused(answer):
            self._refusal = answer
        elif isinstance(answer, SourceError) and not isinstance(answer, Gone):
            self.failed[remote_id] = answer
        else:
            self._has_answered = True
            self.failed.clear()

    @property
    def is_given_up(self) -> bool:
        return self._refusal is not None or len(self.failed) >= self._failures + self._probes

    def find_fault(self, *, is_alive: bool) -> SourceError | None:
        """Why the source has failed, None unless it has; `is_alive` where it has answered something else in this run.

        A source that is alive is not failing because jobs fail that had failed before.
        """
        if self._refusal is not None:
            return self._refusal
        is_down = self.is_given_up or (len(self.failed) >= self._failures and not self._has_answered)
        if not (is_alive or self._has_answered):
            is_down |= any(isinstance(error, Unauthorized) for error in self.failed.values())
        if not is_down or (is_alive and self._had_failed.issuperset(self.failed)):
            return None
        return next(reversed(self.failed.values()))
