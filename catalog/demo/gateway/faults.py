"""Switches for what goes wrong: a server under load, behind a bad proxy, or with a list that lies.

They are plain fields of one object that a running gateway reads at every request, so a test may set them at any time.
A counted switch holds for that many requests and counts itself down.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import count
from math import ceil
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from catalog.demo.gateway.problems import Problem
from catalog.demo.gateway.ranges import Ranges, Validators, ranged
from catalog.demo.gateway.serving import Answer, Dropped, Length
from catalog.demo.gateway.spoiling import SPOILED, Body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from catalog.demo.gateway.serving import Request

Lists = Literal["honest", "endless", "repeated_cursor", "empty_page"]

MEDIA = r"/content$|^(GET|HEAD) /files/"

# How a server says how many seconds to wait.
RETRY_HEADERS: Mapping[str, Callable[[float], dict[str, str]]] = {
    "seconds": lambda seconds: {"Retry-After": str(ceil(seconds))},
    "date": lambda seconds: {"Retry-After": formatdate(ceil(time.time() + seconds), usegmt=True)},
    "ms": lambda seconds: {"retry-after-ms": str(round(seconds * 1000))},
    "provider": lambda seconds: {"llm_provider-retry-after": str(ceil(seconds))},
    "none": lambda _seconds: {},
}


@dataclass
class Faults:
    """What goes wrong; nothing, unless set.

    `only` is a regular expression for the requests that are affected, such as `GET /v1/videos/video_1/content`, or
    MEDIA for all that ask for bytes. `latency` is in seconds, before each answer.

    From `times` on, the switches are about answers with a good status: they spoil so many of them, None for all.
    `redirect_to` is an absolute URL to be sent to in place of the answer, or `itself` for the same address again.
    `body` is what the bytes are (`catalog.demo.gateway.spoiling`), `ranges` and `validators` how ranges of them are
    answered and what tells one version from another (`catalog.demo.gateway.ranges`). After `cut_after` bytes of the
    body the connection is closed; for `length`, `bytes_per_second` and heads without end see
    `catalog.demo.gateway.serving.Answer`.
    """

    only: str = ""
    latency: float = 0.0
    wrong_key: bool = False
    rate_limits: int = 0
    rate_limit_status: int = 429
    retry_after: float = 1.0
    retry_header: str = "seconds"
    server_errors: int = 0
    server_error_status: int = 500
    dropped: int = 0
    failing_jobs: int = 0
    lists: Lists = "honest"
    times: int | None = None
    redirect_to: str = ""
    body: Body = "whole"
    ranges: Ranges = "honest"
    validators: Validators = "strong"
    cut_after: int | None = None
    length: Length = "right"
    bytes_per_second: float | None = None
    endless_head: bool = False
    _numbers: Iterator[int] = field(default_factory=count, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _stopped: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    def before(self, request: Request) -> None:
        """Wait, then raise what takes the place of an answer, if anything does."""
        if not self._concerns(request):
            return
        if self.latency:
            self._stopped.wait(self.latency)
        if self.spend("dropped"):
            raise Dropped
        if self.spend("rate_limits"):
            headers = RETRY_HEADERS[self.retry_header](self.retry_after)
            raise Problem(
                self.rate_limit_status, "Rate limit reached.", None, "rate_limit_exceeded", "rate_limit_error", headers
            )
        if self.spend("server_errors"):
            status = self.server_error_status
            raise Problem(status, "The server had an error processing your request.", None, None, "server_error")
        if self.wrong_key:
            raise Problem(401, "Incorrect API key provided.", code="invalid_api_key")

    def after(self, request: Request, answer: Answer) -> Answer:
        """The answer as it arrives."""
        if answer.status >= 300 or not self._concerns(request) or not self._may_spoil():
            return ranged(request, answer)
        if self.redirect_to:
            return Answer(302, headers={"Location": self._target(request)})
        answer = SPOILED[self.body](answer, next(self._numbers))
        answer = ranged(request, answer, self.ranges, self.validators)
        return replace(
            answer,
            sent=self.cut_after,
            length=answer.length if self.length == "right" else self.length,
            pace=self.bytes_per_second,
            endless="head" if self.endless_head else answer.endless,
        )

    def spend(self, name: str) -> bool:
        """Whether the counted switch `name` was set; count it down by one."""
        with self._lock:
            remaining: int = getattr(self, name)
            setattr(self, name, max(0, remaining - 1))
            return remaining > 0

    def clear(self) -> None:
        """Reset every switch."""
        for name, value in vars(Faults()).items():
            if not name.startswith("_"):
                setattr(self, name, value)

    def stop(self) -> None:
        """End every wait."""
        self._stopped.set()

    def _may_spoil(self) -> bool:
        return self.times is None or self.spend("times")

    def _target(self, request: Request) -> str:
        if self.redirect_to != "itself":
            return self.redirect_to
        query = {**request.query, "again": str(next(self._numbers))}
        return f"{request.path}?{urlencode(query)}"

    def _concerns(self, request: Request) -> bool:
        return re.search(self.only, f"{request.method} {request.path}") is not None
