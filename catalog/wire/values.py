"""Readers of single JSON values: one small function per normalisation.

A reader returns the value, None for what means "not known" (blank text, a zero time, `auto`), and raises ValueError on
what it cannot read; no other exception leaves it, whatever the JSON value.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")

_INTEGER = re.compile(r"[+-]?\d{1,19}")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?) *(?:s|secs?|seconds?|秒)")
_FRAME = re.compile(r"(\d{1,6})\s*[x*×X]\s*(\d{1,6})")
_LONGEST_SIZE = 32
_LONGEST_NUMBER = 64
_MOST_PIXELS = 999_999
_LARGEST_INTEGER = 2**63 - 1
_LARGEST_SEED = 2**64 - 1
_EXACT = 2**53  # floats are whole numbers without gaps up to here
_SEED = re.compile(r"[+-]?\d{1,20}")
_MILLISECONDS_ABOVE = 1e11
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
_NO_LENGTH = frozenset({"auto"})
_TICKS_PER_DOLLAR = 1e10


def readable(raw: object, read: Callable[[object], Value | None]) -> Value | None:
    """The value as `read` reads it; None where it is missing or cannot be read."""
    try:
        return None if raw is None else read(raw)
    except ValueError:
        return None


def read_text(raw: object) -> str | None:
    """The text as sent; None when it is blank."""
    if type(raw) is not str:
        raise ValueError("not text")
    return None if not raw or raw.isspace() else raw


def read_scalar_text(raw: object) -> str | None:
    """Text as sent, a number as text (400 and 400.0 give "400"); None when null or blank."""
    if raw is None:
        return None
    if type(raw) is int and abs(raw) < 10**_LONGEST_NUMBER:
        return str(raw)
    if type(raw) is float and math.isfinite(raw):
        return str(raw).removesuffix(".0")
    return read_text(raw)


def read_number(raw: object) -> float | None:
    """A finite number, also from text; None when the text is blank. A boolean is not a number."""
    if type(raw) is str:
        text = raw.strip()
        if not text:
            return None
        if len(text) > _LONGEST_NUMBER or "_" in text:
            raise ValueError("not a number")
        value = float(text)
    elif type(raw) is int or type(raw) is float:
        try:
            value = float(raw)
        except OverflowError as error:
            raise ValueError("too large a number") from error
    else:
        raise ValueError("not a number")
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return value


def read_integer(raw: object) -> int | None:
    """A whole number that 64 bits can hold, exactly, also from text; None when the text is blank."""
    if type(raw) is str and _INTEGER.fullmatch(raw.strip()):
        raw = int(raw)
    value = raw if type(raw) is int else read_number(raw)
    if value is None:
        return None
    if abs(value) > _LARGEST_INTEGER or value != int(value):
        raise ValueError("not a whole number of 64 bits")
    return int(value)


def read_seconds(raw: object) -> float | None:
    """A length in seconds, also from `5s` or `8 sec`; None for `auto` and for 0, which means unknown."""
    if type(raw) is str and len(raw) <= _LONGEST_NUMBER and not raw.isdecimal():
        text = raw.strip().casefold()
        if text in _NO_LENGTH:
            return None
        match = _SECONDS.fullmatch(text)
        raw = match[1] if match else raw
    value = read_number(raw)
    if value is not None and value < 0:
        raise ValueError("a negative length")
    return value or None


def read_seed(raw: object) -> str | None:
    """A seed as decimal text, exact up to 2^64 - 1; None for a blank text and for -1, which asks for a random one."""
    is_whole = type(raw) is int or (type(raw) is float and abs(raw) <= _EXACT and raw == int(raw))
    number = int(raw) if is_whole else raw  # type: ignore[call-overload]  # whole numbers of either type
    if type(number) is str and (text := number.strip()):
        number = int(text) if _SEED.fullmatch(text) else None
    if type(number) is str or number == -1:
        return None
    if type(number) is not int or abs(number) > _LARGEST_SEED:
        raise ValueError("not a seed of 64 bits")
    return str(number)


def read_progress(raw: object) -> float | None:
    """Per cent, 0 to 100, from 55, 55.5, "55" or "45%"; a bare 1 is one per cent."""
    if type(raw) is int:
        return float(min(max(raw, 0), 100))
    value = read_number(raw.strip().removesuffix("%") if type(raw) is str else raw)
    return None if value is None else min(max(value, 0.0), 100.0)


def read_fraction(raw: object) -> float | None:
    """Per cent from a key that holds a fraction of one; a per cent sign or a value above 1 is per cent already."""
    value = read_progress(raw)
    if value is None or value > 1 or (type(raw) is str and "%" in raw):
        return value
    return value * 100


def read_money(raw: object) -> float | None:
    """US dollars, 0 included: a server that reports 0 has charged nothing."""
    value = read_number(raw)
    if value is not None and value < 0:
        raise ValueError("a negative cost")
    return value


def read_ticks(raw: object) -> float | None:
    """US dollars from ten-billionths of one (xAI)."""
    value = read_money(raw)
    return None if value is None else value / _TICKS_PER_DOLLAR


def read_time(raw: object) -> datetime | None:
    """A moment in UTC from Unix seconds, milliseconds (above 1e11), the same as text, or ISO 8601 (no zone is UTC).

    Fractions of a second are cut. None for 0, blank text and the zero time of Go.
    """
    if type(raw) is int and 0 < raw <= _MILLISECONDS_ABOVE:  # what most servers send
        return datetime.fromtimestamp(raw, UTC)
    try:
        value = read_number(raw)
    except ValueError:
        if type(raw) is not str or len(raw) > _LONGEST_NUMBER:
            raise
        return _read_iso_time(raw.strip())
    if value is None:
        return None
    seconds = int(value / 1000 if value > _MILLISECONDS_ABOVE else value)
    if value < 0 or seconds > _LAST_SECOND:
        raise ValueError("a time out of range")
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _read_iso_time(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text.upper())
    if moment.year == 1:
        return None
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("a time out of range") from error
    seconds = int(moment.timestamp())
    if moment.year < 1970:
        raise ValueError("a time out of range")
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def read_pixels(raw: object) -> int | None:
    """A width or a height; None for 0."""
    value = read_integer(raw)
    if not value:
        return None
    if not 1 <= value <= _MOST_PIXELS:
        raise ValueError("not a number of pixels")
    return value


@lru_cache(maxsize=1024)
def _frame_of(text: str) -> tuple[int, int] | None:
    match = _FRAME.fullmatch(text.strip())
    if match is None:
        return None
    width, height = int(match[1]), int(match[2])
    return (width, height) if width and height else None


def read_frame(text: str) -> tuple[int, int] | None:
    """Width and height from `WxH`; None for a size that is only a name (`auto`, `480p`, `16:9`): none is derived."""
    return _frame_of(text) if len(text) <= _LONGEST_SIZE else None


def find_text(raw: object) -> str | None:
    """The text, or the number as text; None for anything else. Never raises."""
    return readable(raw, read_scalar_text)


def find_url(raw: object) -> str | None:
    """The text, trimmed, when all of it is one http or https URL; else None. Never raises."""
    if type(raw) is not str:
        return None
    text = raw.strip()
    scheme, mark, _ = text[:8].lower().partition("://")
    if not mark or scheme not in {"http", "https"}:
        return None
    host = text[len(scheme) + len(mark) :]
    return text if host and host[0] != "/" and len(host.split(None, 1)) == 1 else None
