"""From numbers to bars, dots, cells and days: where each is drawn, and what it says. Pure.

Bars are as wide as the page lets them: across they are placed in parts of its width, and what they say fits a phone.
Down, and in cells, all is in pixels.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from catalog.web.gallery.svg import fit, measure, ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WIDE = 1160  # of a picture of cells
_NARROW = 310  # what a picture of bars has on a phone
_LETTER = 6.6  # the width of one
_LABEL = 58  # letters of a label, which is written small on a phone
_ROW = 42  # a line of text, and a bar below it
_MONTHS = 12  # columns side by side from which on they become narrower
_MARGIN, _NAME = 7.0, 58  # beside the columns, in percent; the room for the name of one, in pixels
_LEVELS = 5  # of shades
_DAY, _WEEK = 17, 20.2  # the side of a day, and from one week to the next


class Part(NamedTuple):
    """A piece of a bar: `kind` is its class; what is drawn around its place is moved by the pixels of `shift`."""

    x: str
    y: float
    width: str
    height: float
    kind: str
    shift: float = 0.0


class Bar(NamedTuple):
    """A bar or a row of a picture, with its name, what it says, and where its videos are.

    `at` is where it ends, or the middle of a column; the name of one that `is_seldom` named has room on a wide page.
    """

    label: str
    text: str
    href: str
    at: str
    y: float
    parts: tuple[Part, ...]
    is_seldom: bool = False


class Mark(NamedTuple):
    """A line of an axis and its name."""

    at: float
    text: str


class Picture(NamedTuple):
    """What is drawn: bars, the lines behind them, and the height of it all."""

    height: float
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...] = ()


class Cell(NamedTuple):
    """A cell of a matrix or a day: `level` is its shade, from 0 for nothing to 5."""

    x: float
    y: float
    width: float
    height: float
    level: int
    text: str
    more: str
    title: str
    href: str


class Cells(NamedTuple):
    """A matrix or a year, with the names beside and above it."""

    width: float
    height: float
    cells: tuple[Cell, ...]
    rows: tuple[tuple[float, float, str], ...]
    columns: tuple[tuple[float, float, str], ...]


def draw_rows(rows: Iterable[tuple[str, str, str, Sequence[tuple[str, float]]]]) -> Picture:
    """Bars from left to right, one below the other: the label, the text, the address and the parts of each."""
    listed = list(rows)
    top = max((sum(size for _, size in parts) for *_, parts in listed), default=0) or 1.0
    room = _find_room(text for _, text, *_ in listed)
    bars = []
    for number, (label, text, href, parts) in enumerate(listed):
        x, y = 0.0, float(number * _ROW)
        drawn = []
        for kind, size in parts:
            width = max(0.5, room * size / top) if size else 0.0
            drawn.append(Part(_percent(x), y + 20, _percent(width), 14, kind))
            x += width
        bars.append(Bar(fit(label, _LABEL), text, href, _percent(x), y, tuple(drawn)))
    return Picture(len(listed) * _ROW, tuple(bars))


def draw_spans(rows: Iterable[tuple[str, str, str, float, float]]) -> Picture:
    """Lines from one number to a higher one: label, text, address and the two."""
    listed = list(rows)
    top = max((high for *_, high in listed), default=0) or 1.0
    room = _find_room(text for _, text, *_ in listed)
    bars = []
    for number, (label, text, href, low, high) in enumerate(listed):
        y, begin, end = float(number * _ROW), room * low / top, room * high / top
        parts = (
            Part(_percent(begin), y + 25, _percent(end - begin), 4, "span"),
            Part(_percent(begin), y + 21, "8", 12, "median", shift=-4 if begin > 2 else 0),
            Part(_percent(end), y + 19, "3", 16, "end", shift=-1.5),
        )
        bars.append(Bar(fit(label, _LABEL), text, href, _percent(end), y, parts))
    return Picture(len(listed) * _ROW, tuple(bars))


def draw_columns(
    columns: Sequence[tuple[str, str, str, Sequence[tuple[str, float]]]], name: Callable[[float], str]
) -> Picture:
    """Bars upwards, side by side, over lines of an axis that `name` names."""
    height, bottom = 240.0, 200.0
    lines = ticks(max((sum(size for _, size in parts) for *_, parts in columns), default=0))
    top = lines[-1] or 1.0
    step = (100 - 2 * _MARGIN) / max(_MONTHS, len(columns))
    often = _count_named(len(columns), WIDE)  # so that names do not touch
    seldom = often * _count_named(-(-len(columns) // often), _NARROW)
    bars = []
    for number, (label, text, href, parts) in enumerate(columns):
        x, y = _MARGIN + number * step, bottom
        drawn = []
        for kind, size in parts:
            tall = (bottom - 16) * size / top
            y -= tall
            drawn.append(Part(_percent(x + step * 0.12), y, _percent(step * 0.76), tall, kind))
        named = label if number % often == 0 else ""
        at = _percent(x + step / 2)
        bars.append(Bar(named, text, href, at, bottom + 18, tuple(drawn), is_seldom=number % seldom > 0))
    marks = tuple(Mark(bottom - (bottom - 16) * line / top, name(line)) for line in lines)
    return Picture(height, tuple(bars), marks)


def _count_named(columns: int, width: int) -> int:
    """Every which column is named in a picture of this width."""
    return max(1, -(-columns * _NAME // width))


def _find_room(texts: Iterable[str]) -> float:
    """The percentage of the width that the longest bar takes, so that what it says has room behind it on a phone."""
    said = max(map(measure, texts), default=0) * _LETTER + 12
    return max(20.0, 100 - 100 * said / _NARROW)


def _percent(part: float) -> str:
    return f"{part:.2f}%"


def draw_matrix(rows: Sequence[str], columns: Sequence[str], cells: Iterable[tuple[int, str, str, str]]) -> Cells:
    """A matrix: of each cell, row by row, the number, what it says below that, its title and address."""
    listed = list(cells)
    left, head, tall = 170.0, 26.0, 38.0
    wide = min(180.0, (WIDE - left) / max(1, len(columns)))
    most = max((count for count, *_ in listed), default=0)
    drawn = []
    for number, (count, more, title, href) in enumerate(listed):
        row, column = divmod(number, len(columns))
        x, y = left + column * wide, head + row * tall
        drawn.append(Cell(x + 1, y + 1, wide - 2, tall - 2, find_level(count, most), f"{count:,}", more, title, href))
    return Cells(
        left + wide * len(columns),
        head + tall * len(rows),
        tuple(drawn),
        tuple((left - 10, head + tall * number + tall / 2, fit(name, 25)) for number, name in enumerate(rows)),
        tuple(
            (left + wide * number + wide / 2, head - 9, fit(name, int(wide // 7.2)))
            for number, name in enumerate(columns)
        ),
    )


def draw_year(year: int, counts: dict[date, int], hrefs: dict[date, str]) -> Cells:
    """A year of days, a column for each week from Monday on."""
    left, head = 40.0, 22.0
    first = date(year, 1, 1)
    most = max(counts.values(), default=0)
    days, months = [], []
    day = first
    while day.year == year:
        week = ((day - first).days + first.weekday()) // 7
        x, y = left + week * _WEEK, head + day.weekday() * _WEEK
        if day.day == 1:
            months.append((x + (_WEEK if day.weekday() > 3 else 0), head - 8, calendar.month_abbr[day.month]))
        count = counts.get(day, 0)
        title = f"{day.isoformat()}: {count:,} video{'' if count == 1 else 's'}"
        days.append(Cell(x, y, _DAY, _DAY, find_level(count, most), "", "", title, hrefs.get(day, "")))
        if (day.month, day.day) == (12, 31):
            break
        day += timedelta(days=1)
    names = tuple((left - 8, head + number * _WEEK + 12, calendar.day_abbr[number]) for number in (0, 2, 4, 6))
    return Cells(left + 54 * _WEEK, head + 7 * _WEEK, tuple(days), names, tuple(months))


def find_level(count: int, most: int) -> int:
    """The shade of a number, 0 only for 0."""
    return 0 if not count else max(1, -(-_LEVELS * count // most))
