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
from math import ceil
from typing import TYPE_CHECKING, Literal

from catalog.demo.gateway.problems import Problem
from catalog.demo.gateway.serving import Answer, Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.demo.gateway.serving import Request

Lists = Literal["honest", "endless", "repeated_cursor", "empty_page"]

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

    `only` is a regular expression for the requests that are affected, such as `GET /v1/videos/video_1/content`.
    `latency` is in seconds, before each answer.
    """

    only: str = ""
    latency: float = 0.0
    wrong_key: bool = False
    rate_limits: int = 0
    retry_after: float = 1.0
    retry_header: str = "seconds"
    server_errors: int = 0
    server_error_status: int = 500
    dropped: int = 0
    not_json: int = 0
    truncated: int = 0
    failing_jobs: int = 0
    lists: Lists = "honest"
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
            raise Problem(429, "Rate limit reached.", None, "rate_limit_exceeded", "rate_limit_error", headers)
        if self.spend("server_errors"):
            status = self.server_error_status
            raise Problem(status, "The server had an error processing your request.", None, None, "server_error")
        if self.wrong_key:
            raise Problem(401, "Incorrect API key provided.", code="invalid_api_key")

    def after(self, request: Request, answer: Answer) -> Answer:
        """The answer as it arrives."""
        if self._concerns(request):
            if self.spend("not_json"):
                page = b"<html><body><h1>Welcome to nginx!</h1></body></html>"
                return Answer(200, page, "text/html")
            if answer.body and self.spend("truncated"):
                return replace(answer, sent=len(answer.body) // 2)
        return answer

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

    def _concerns(self, request: Request) -> bool:
        return re.search(self.only, f"{request.method} {request.path}") is not None
