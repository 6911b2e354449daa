"""Reads cells of a table as people and spreadsheets write them: units and currencies around one number, dates by a
stated order.

A reader returns what a server would have sent for it, None for a cell that says nothing, and raises ValueError for one
that cannot be read, with advice where there is some. Nothing is guessed: `1,234` may be a thousand or a fraction, and
`03.04.2026` two days.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args
from unicodedata import normalize

from catalog.fields import TABLE
from catalog.wire.values import find_url, read_frame

if TYPE_CHECKING:
    from collections.abc import Callable

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[Order, ...] = get_args(Order)
BLANKS = frozenset({"-", "--", "–", "—", "n/a", "na", "nan", "none", "null", "nil", "?", "unknown"})

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?", re.IGNORECASE)
_COMMA = re.compile(r"[+-]?\d*,\d+")
_MAY_BE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
# Groups of thousands, and the sign of a fraction that goes with their separator.
_GROUPED = tuple(
    re.compile(pattern)
    for pattern in (
        r"[+-]?\d{1,3}(?:(?P<group>[ '’])\d{3})(?:(?P=group)\d{3})*(?:[.,]\d+)?",
        r"[+-]?\d{1,3}(?:,\d{3})+\.\d+|[+-]?\d{1,3}(?:,\d{3}){2,}",
        r"[+-]?\d{1,3}(?:\.\d{3})+,\d+|[+-]?\d{1,3}(?:\.\d{3}){2,}",
    )
)
_WHOLE_GROUPS = re.compile(r"\d{1,3}(?:[., '’]\d{3})+")

_SECOND = r"(?:s|secs?|seconds?|sek|sekunden?|seg|segundos?|secondes?|second[oi]|сек|秒|秒钟|秒鐘|초|\"|″)\.?"
_MINUTE = r"(?:m|mins?|minutes?|minuten?|minutos?|мин|分|分钟|분|'|′)\.?"
_HOUR = r"(?:h|hrs?|hours?)\.?"
_AMOUNT = r"(\d[\d.,]*|[.,]\d+)"
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:[.,]\d+)?)")
_MILLISECONDS = re.compile(rf"{_AMOUNT} ?(?:ms|msecs?|milliseconds?)")
_LENGTH = re.compile(rf"(?:{_AMOUNT} ?{_HOUR})? ?(?:{_AMOUNT} ?{_MINUTE})? ?(?:{_AMOUNT} ?{_SECOND})?")
_UNKNOWN_LENGTH = "auto"  # a server's word, which means that the length is not known

_DOLLARS = re.compile(r"(?:us ?\$|\$|usd|us[ -]dollars?|u\.s\. dollars?|dollars?)", re.IGNORECASE)
_OTHER_MONEY = re.compile(r"[€£¥₹₩₽]|(?<!#)\b(?!USD\b)[A-Z]{3}\b|(?!US)[A-Z]{1,2} ?\$")
_CENTS = re.compile(r" ?(?:¢|cents?)$", re.IGNORECASE)

_MONTH_NAMES = (
    "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|oct october|"
    "nov november|dec december"
)
_MONTHS = {word: number for number, names in enumerate(_MONTH_NAMES.split("|"), 1) for word in names.split()}
_TIME = (
    r"(?:(?:[T,]| at)? ?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r" ?(?P<half>[ap]\.?m\.?)?)? ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_NUMERIC = re.compile(rf"(\d{{1,4}})(?P<mark>[./-])(\d{{1,2}})(?P=mark)(\d{{1,4}})\.?{_TIME}", re.IGNORECASE)
_DAY_FIRST = re.compile(
    r"(?:[a-z]{3,9},? )?(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[ -](?P<month>[a-z]{3,9})\.?,?[ -](?P<year>\d{4}),?" + _TIME,
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"(?:[a-z]{3,9},? )?(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4}),?" + _TIME,
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(?:19|20|21)\d{6}")
_FIRST_SERIAL, _LAST_SERIAL = 25_569, 109_575  # 1970 and 2200 as spreadsheets count days
_SERIAL_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_STAMP = 1e8  # seconds; a smaller number is no time of a video
_STATE_ORDER = f": state the order of day, month and year with --dates {', '.join(ORDERS[:-1])} or {ORDERS[-1]}"

_SPLIT = re.compile(r"\s+|[;,|]\s*(?=https?://)", re.IGNORECASE)


def read_cell(field: str, cell: str, dates: str | None) -> Any:
    """What the cell says of the field, None for nothing; raises ValueError with advice, or with an empty text."""
    read = _READERS.get(field)
    if read is None or (field not in _MOMENTS and _PLAIN.fullmatch(cell)):
        return cell
    text = " ".join(normalize("NFKC", cell).split())
    return None if text.casefold() in BLANKS else read(text, dates)


def _read_number(text: str) -> float:
    if _PLAIN.fullmatch(text):
        return float(text)
    if _MAY_BE_THOUSANDS.fullmatch(text):
        raise ValueError(f": it may be {text.replace(',', '.')} or {text.replace(',', '')}")
    if _COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    if any(pattern.fullmatch(text) for pattern in _GROUPED):
        whole, mark, fraction = text, "", ""
        if text.count(",") <= 1 or text.count(".") <= 1:
            at = max(text.rfind("."), text.rfind(","))
            if at >= 0 and text.count(text[at]) == 1:
                whole, mark, fraction = text[:at], ".", text[at + 1 :]
        return float(re.sub(r"[.,' ’]", "", whole) + mark + fraction)
    raise ValueError


def _read_positive(text: str) -> float:
    value = _read_number(text)
    if value < 0:
        raise ValueError(": it is negative")
    return value


def _read_length(text: str, _dates: str | None) -> float | str:
    """Seconds, from `8s`, `8 sec`, `00:08`, `1 min 5 s`, `8000 ms`."""
    text = text.casefold()
    if text == _UNKNOWN_LENGTH:
        return text
    if match := _CLOCK.fullmatch(text):
        return _read_clock(match)
    if match := _MILLISECONDS.fullmatch(text):
        return _read_number(match[1]) / 1000
    match = _LENGTH.fullmatch(text)
    if match is None or not any(match.groups()):
        return _read_positive(text)
    hours, minutes, seconds = (_read_number(amount) if amount else 0.0 for amount in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _read_clock(match: re.Match[str]) -> float:
    hours, minutes, seconds = int(match[1] or 0), int(match[2]), float(match[3].replace(",", "."))
    if seconds >= 60 or (match[1] and minutes >= 60):
        raise ValueError
    return hours * 3600 + minutes * 60 + seconds


def _read_dollars(text: str, _dates: str | None) -> float:
    """US dollars, from `$0.80`, `0,80`, `0.80 USD`, `80 ¢`."""
    if _CENTS.search(text):
        return _read_positive(_CENTS.sub("", text)) / 100
    bare = text.lstrip("-\N{MINUS SIGN} ")
    sign = "-" if bare != text else ""
    while (match := _DOLLARS.match(bare)) or (match := re.search(rf"{_DOLLARS.pattern}$", bare, re.IGNORECASE)):
        bare = (bare[: match.start()] + bare[match.end() :]).strip()
    try:
        return _read_positive(sign + bare)
    except ValueError as error:
        raise ValueError(": only US dollars are read" if _OTHER_MONEY.search(text) else str(error)) from None


def _read_percent(text: str, _dates: str | None) -> float:
    return _read_number(text.removesuffix("%").strip())


def _read_pixels(text: str, _dates: str | None) -> float | int:
    text = re.sub(r" ?(?:px|pixels?)$", "", text, flags=re.IGNORECASE)
    if _WHOLE_GROUPS.fullmatch(text):
        return int(re.sub(r"\D", "", text))
    return _read_positive(text)


def _read_size(text: str, _dates: str | None) -> str:
    bare = re.sub(r" ?(?:px|pixels?)\b", "", text, flags=re.IGNORECASE)
    return bare if read_frame(bare) else text


def _read_addresses(text: str, _dates: str | None) -> Any:
    """One address or several; a list in JSON stays as it is."""
    if text.startswith(("[", "{")):
        return text
    addresses = [part for part in _SPLIT.split(text) if part]
    if not all(map(find_url, addresses)):
        raise ValueError(": not an http or https address")
    return addresses if len(addresses) > 1 else addresses[0]


# Times


def _read_moment(text: str, dates: str | None) -> str:
    """A moment in ISO 8601 or as a server sends it; without a zone it is UTC."""
    if _PLAIN.fullmatch(text):
        return _read_stamp(text)
    plain = re.sub(r" ?(?:UTC|GMT)$", "Z", text, flags=re.IGNORECASE)
    if _is_iso(plain):
        return plain
    if match := _NUMERIC.fullmatch(text):
        return _moment(*_in_order((match[1], match[3], match[4]), dates), match)
    if match := _DAY_FIRST.fullmatch(text) or _MONTH_FIRST.fullmatch(text):
        month = _MONTHS.get(match["month"].lower())
        if month is None:
            raise ValueError
        return _moment(int(match["year"]), month, int(match["day"]), match)
    raise ValueError


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True


def _read_stamp(text: str) -> str:
    """A number: a compact date, days as a spreadsheet counts them, or what a server sends."""
    value = float(text)
    if _COMPACT.fullmatch(text):
        return datetime.strptime(text, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a date
    if _FIRST_SERIAL <= value <= _LAST_SERIAL:
        return (_SERIAL_ZERO + timedelta(seconds=round(value * 86_400))).isoformat()
    if 0 < value < _FIRST_STAMP:
        raise ValueError(": too small a number for a time")
    return text


def _in_order(parts: tuple[str, str, str], dates: str | None) -> tuple[int, int, int]:
    """Year, month and day of three numbers; a year of four digits that stands first needs no stated order."""
    order = "ymd" if len(parts[0]) == 4 else dates
    if order is None:
        raise ValueError(_STATE_ORDER)
    by_letter = dict(zip(order, parts, strict=True))
    if len(by_letter["y"]) not in {2, 4} or len(by_letter["d"]) > 2 or len(by_letter["m"]) > 2:
        raise ValueError(f": not a date in the order {order}")
    year = int(by_letter["y"])
    return year + (2000 if len(by_letter["y"]) == 2 else 0), int(by_letter["m"]), int(by_letter["d"])


def _moment(year: int, month: int, day: int, match: re.Match[str]) -> str:
    hour, half = int(match["hour"] or 0), (match["half"] or "").lower()[:1]
    if half and not 1 <= hour <= 12:
        raise ValueError
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    try:
        moment = datetime(year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0))  # noqa: DTZ001
    except ValueError as error:
        raise ValueError(": no such day or time exists") from error
    zone = match["zone"] or "Z"
    return datetime.fromisoformat(moment.isoformat() + (zone if zone[0] in "+-" else "Z")).isoformat()


_MOMENTS = frozenset({column.name for column in TABLE if column.type is datetime})
_READERS: dict[str, Callable[[str, str | None], Any]] = {
    "seconds": _read_length,
    "cost_usd": _read_dollars,
    "progress": _read_percent,
    "width": _read_pixels,
    "height": _read_pixels,
    "size": _read_size,
    "output_urls": _read_addresses,
    **dict.fromkeys(_MOMENTS, _read_moment),
}
