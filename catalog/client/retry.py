"""Whether a failed call is retried, and after how long: pure functions over a status and its headers.

The rules are those of the official SDK: 408, 409, 429 and every 5xx, unless `x-should-retry` says otherwise;
`retry-after-ms` before `Retry-After`; a jittered back-off of 0.5 to 8 seconds where the server does not name a wait.
Two more headers may name it: `llm_provider-retry-after`, where one proxy puts what its upstream said, and the
`x-ratelimit-reset-*` family.
"""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RETRIED = frozenset({408, 409, 429})
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

_STEPS = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")
_MILLISECONDS_SINCE_1970 = 1e11
_SECONDS_SINCE_1970 = 1e9


def should_retry(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a call that was answered with this status may be retried."""
    advice = headers.get("x-should-retry", "").strip().lower()
    if advice in {"true", "false"}:
        return advice == "true"
    return status in RETRIED or status >= 500


def backoff(attempt: int, jitter: Callable[[], float]) -> float:
    """Seconds to wait before retry number `attempt`, counted from 0; `jitter` gives numbers from 0 to 1."""
    longest = min(FIRST_WAIT * 2.0 ** min(attempt, 10), LONGEST_WAIT)
    return longest * (1 - 0.25 * jitter())


def requested_wait(status: int, headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds the server asks us to wait, or None; `now` is Unix time, for servers that send no `Date`."""
    now = _http_date(headers.get("date", "")) or now
    waits = (
        _number(headers.get("retry-after-ms"), scale=0.001),
        _after(headers.get("retry-after"), now),
        _after(headers.get("llm_provider-retry-after"), now),
        _reset(headers, now) if status in {429, 503} else None,
    )
    return next((wait for wait in waits if wait is not None and wait > 0), None)


def _number(text: str | None, *, scale: float = 1.0) -> float | None:
    try:
        number = float(text or "") * scale
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _after(text: str | None, now: float) -> float | None:
    seconds = _number(text)
    if seconds is not None:
        return seconds
    moment = _http_date(text or "")
    return moment - now if moment is not None else None


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    waits = [
        wait
        for name, text in headers.items()
        if name.lower().startswith("x-ratelimit-reset") and _is_spent(headers, name.lower())
        if (wait := _duration(text, now)) is not None
    ]
    return max(waits, default=None)


def _is_spent(headers: Mapping[str, str], reset: str) -> bool:
    remaining = _number(headers.get(reset.replace("-reset", "-remaining", 1)))
    return remaining is None or remaining <= 0


def _duration(text: str, now: float) -> float | None:
    """Seconds in `6m0s`, `500ms`, `12`, or until a moment in Unix seconds, milliseconds or as a date."""
    text = text.strip()
    number = _number(text)
    if number is not None:
        if number > _MILLISECONDS_SINCE_1970:
            return number / 1000 - now
        return number - now if number > _SECONDS_SINCE_1970 else number
    if _STEPS.sub("", text):
        return _after(text, now)
    return sum(float(amount) * UNITS[unit] for amount, unit in _STEPS.findall(text))
