"""The values of number and time fields, `8`, `>=8`, `4..12`, `2026-10` or `-7d`, as bounds that SQL can compare.

A date means its whole period, in UTC: `2026-10` is October, and `<=2026-10` includes all of it. A signed length of time
counts from now: `-7d` a week ago, `+1h` in an hour; alone it is the time between then and now. Of what lies ahead, such
as an expiry, a length needs no sign, and "less than an hour" leaves out what is past.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING

from catalog.records import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Value = float | str
Bound = tuple[str, Value]  # an operator of SQL and what stands to its right
Interval = tuple[Value, Value]

# The operators of bounds, for values in memory.
COMPARE: Mapping[str, Callable[..., bool]] = {
    ">": gt,
    ">=": ge,
    "<": lt,
    "<=": le,
}

# Patterns stay text until the first value of their kind: most searches have none.
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_LENGTH = r"([+-]?)([0-9]{1,6})([mhdw])"
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = (
    r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[Tt ]([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?)?"
    r"(Z|z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
# The length of a period by how many parts it is written with; None where periods differ in length.
_STEPS = (None, None, None, {"days": 1}, {"hours": 1}, {"minutes": 1}, {"seconds": 1}, {"milliseconds": 1})

# An operator of the language -> the operator of SQL and the end of the interval that it looks at. A number is an
# interval of one point; a period of time ends where the next begins.
_NUMBER_OPERATORS = {">": (">", 1), ">=": (">=", 0), "<": ("<", 0), "<=": ("<=", 1)}
_TIME_OPERATORS = {">": (">=", 1), ">=": (">=", 0), "<": ("<", 0), "<=": ("<", 1)}


def number_bounds(text: str) -> list[Bound]:
    """The bounds that a number must keep; raises ValueError where the text is not a number or a range."""
    return _bounds(_parts(text), _read_number, _NUMBER_OPERATORS)


def time_bounds(text: str, now: datetime, *, is_ahead: bool = False) -> list[Bound]:
    """The bounds that a time, as the library writes it, must keep; raises ValueError.

    Of times that are ahead a length needs no sign, and one that is an upper end leaves out the past.
    """
    parts = _parts(text)
    if re.fullmatch(_LENGTH, text):
        parts = [(">=", text), ("<", "+0m")] if text.startswith("-") else [(">=", "-0m"), ("<", text)]
    elif is_ahead and len(parts) == 1 and parts[0][0] in {"<", "<="} and re.fullmatch(_LENGTH, parts[0][1]):
        parts = [(">=", "-0m"), *parts] if not parts[0][1].startswith("-") else parts
    return _bounds(parts, lambda part: _read_time(part, now, is_ahead=is_ahead), _TIME_OPERATORS)


def _parts(text: str) -> list[tuple[str, str]]:
    low, dots, high = text.partition("..")
    if dots:
        return [(operator, part) for operator, part in ((">=", low), ("<=", high)) if part] or [("=", "")]
    value = text.lstrip("<>=")
    operator = text.removesuffix(value)
    return [(">=", value), ("<=", value)] if operator in {"", "="} else [(operator, value)]


def _bounds(
    parts: list[tuple[str, str]], read: Callable[[str], Interval], operators: dict[str, tuple[str, int]]
) -> list[Bound]:
    bounds: list[Bound] = []
    for operator, part in parts:
        if operator not in operators:
            raise ValueError(operator)
        comparison, end = operators[operator]
        bounds.append((comparison, read(part.strip())[end]))
    return bounds


def _read_number(text: str) -> Interval:
    value = float(text) if re.fullmatch(_NUMBER, text) else math.nan
    if not math.isfinite(value):
        raise ValueError(text)
    return value, value


def _read_time(text: str, now: datetime, *, is_ahead: bool) -> Interval:
    try:
        if length := re.fullmatch(_LENGTH, text):
            sign, count, unit = length.groups()
            if not (sign or is_ahead):
                raise ValueError(text)
            moment = now + timedelta(**{_UNITS[unit]: int(sign + count)})
            return utc_text(moment), utc_text(moment)
        return _read_period(text)
    except OverflowError as error:
        raise ValueError(text) from error


def _read_period(text: str) -> Interval:
    match = re.fullmatch(_DATE, text)
    if not match:
        raise ValueError(text)
    *digits, zone = match.groups()
    parts = [part for part in digits if part is not None]
    year, month, day, hour, minute, second = (*map(int, parts[:6]), *(0, 1, 1, 0, 0, 0)[len(parts) :])
    micros = int(parts[6].ljust(6, "0")[:6]) if len(parts) == 7 else 0
    start = datetime(year, month, day, hour, minute, second, micros, tzinfo=_read_zone(zone))
    return utc_text(start), utc_text(_period_end(start, len(parts)))


def _period_end(start: datetime, parts: int) -> datetime:
    """The end of the period that begins at `start` and is written with so many parts: year, month, day …"""
    if step := _STEPS[parts]:
        return start + timedelta(**step)
    months = start.year * 12 + start.month - 1 + (12 if parts == 1 else 1)
    return start.replace(year=months // 12, month=months % 12 + 1)


def _read_zone(text: str | None) -> tzinfo | None:
    if text is None or text in "Zz":
        return UTC
    return datetime.strptime(text, "%z").tzinfo
