"""Which error a failed call raises: an HTTP status and a body become one error of the catalog's tree, with its message.

A message is one line: what failed, on which thing, what to do next. It quotes the server's words after redaction, and
never headers, keys or the queries of URLs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog.errors import BadPayload, Gone, RateLimited, Refused, SourceError, Unauthorized, Unavailable
from catalog.redaction import redact, redact_text
from catalog.wire.parse import parse_videos

LONGEST_QUOTE = 200
FAILURE = 400

STATUS_ERRORS: dict[int, type[SourceError]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: Gone,
    408: Unavailable,
    409: Unavailable,
    410: Gone,
    425: Unavailable,
    429: RateLimited,
}

# new-api answers HTTP 400 for an id it does not know.
GONE_CODES = frozenset({"task_not_exist"})

ADVICE: dict[type[SourceError], str] = {
    Unauthorized: "check the key of this source and its permissions",
    RateLimited: "try again later",
    Unavailable: "check the address and the network, or try again later",
    Gone: "the server no longer has it; what the library holds stays",
    BadPayload: "check the base URL and the dialect of this source",
    Refused: "check the base URL and the dialect of this source",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about, for its messages: `studio: retrieving video_123 failed: ...`."""

    source: str
    doing: str
    remote_id: str | None = None

    def error(self, kind: type[SourceError], problem: str, *, advice: str = "", **data: Any) -> SourceError:
        """An error of this kind about this subject."""
        message = f"{self.source}: {self.doing} failed: {problem}; {advice or ADVICE[kind]}"
        return kind(message, source=self.source, remote_id=self.remote_id, problem=problem, **data)

    def answered(
        self, status: int, payload: object, *, retry_after: float | None = None, is_foreign: bool = False
    ) -> SourceError:
        """The error for an HTTP answer that is not a job; `is_foreign` where another origin gave it, asked keyless."""
        kind = self._kind(status, payload)
        advice = "" if retry_after is None else f"the server asks to wait {retry_after:.0f} seconds"
        if is_foreign and kind in {Unauthorized, Gone}:
            kind, advice = Refused, "the address has expired or is private: retrieve the job again for a fresh one"
        problem = f"HTTP {status}{_quote(payload)}"
        data = {"status": status, "retry_after": retry_after, "payload": redact(payload)}
        return self.error(kind, problem, advice=advice, **data)

    def misanswered(self, status: int, payload: object, problem: str) -> SourceError:
        """The error for a good status with a useless body: the failure that the body reports, else BadPayload."""
        data = {"status": status, "payload": redact(payload)}
        if parse_videos(payload).kind != "error":
            return self.error(BadPayload, f"{problem} (HTTP {status})", **data)
        return self.error(self._kind(_embedded_status(payload), payload), f"{problem}{_quote(payload)}", **data)

    def _kind(self, status: int, payload: object) -> type[SourceError]:
        kind = STATUS_ERRORS.get(status, Unavailable if status >= 500 else Refused)
        if kind is Refused and _code(payload) in GONE_CODES:
            kind = Gone
        return Refused if kind is Gone and self.remote_id is None else kind


def _embedded_status(payload: object) -> int:
    code = _code(payload)
    return int(code) if len(code) == 3 and code.isascii() and code.isdigit() else 400


def _code(payload: object) -> str:
    error = parse_videos(payload, http_status=FAILURE).error
    return (error and error.code) or ""


def _quote(payload: object) -> str:
    error = parse_videos(payload, http_status=FAILURE).error
    words = " ".join(redact_text((error and error.message) or "").split())
    if not words:
        return ""
    return f" ({words if len(words) <= LONGEST_QUOTE else words[: LONGEST_QUOTE - 1] + '…'})"
