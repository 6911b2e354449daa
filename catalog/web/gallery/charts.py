"""From numbers to bars, dots, cells and days: where each is drawn, in pixels, and what it says. Pure."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from catalog.web.gallery.svg import fit, ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WIDTH, WIDE = 560, 1160  # of a picture that takes half a row, and a whole one
LABEL, WIDE_LABEL = 170, 270  # for the name of a row
_COLUMN = 6.6  # of a letter
_VALUE, _WIDE_VALUE = 112, 160  # for what a row says behind its bar
_ROW = 28
_LEVELS = 5  # of shades
_DAY, _WEEK = 17, 20.2  # the side of a day, and from one week to the next


class Part(NamedTuple):
    """A piece of a bar: `kind` is its class."""

    x: float
    y: float
    width: float
    height: float
    kind: str


class Bar(NamedTuple):
    """A bar or a row of a picture, with its name, what it says, and where its videos are."""

    label: str
    text: str
    href: str
    x: float
    y: float
    parts: tuple[Part, ...]


class Mark(NamedTuple):
    """A line of an axis and its name."""

    at: float
    text: str


class Picture(NamedTuple):
    """What is drawn: bars, the lines behind them, and the size of it all; names of rows end at `left`."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...] = ()
    left: float = 0.0


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


def draw_rows(rows: Iterable[tuple[str, str, str, Sequence[tuple[str, float]]]], label_width: int = LABEL) -> Picture:
    """Bars from left to right, one below the other: the label, the text, the address and the parts of each."""
    listed = list(rows)
    top = max((sum(size for _, size in parts) for *_, parts in listed), default=0) or 1.0
    room = WIDTH - label_width - _VALUE
    bars = []
    for number, (label, text, href, parts) in enumerate(listed):
        x, y = float(label_width), number * _ROW + 5.0
        drawn = []
        for kind, size in parts:
            width = max(1.5, room * size / top) if size else 0.0
            drawn.append(Part(x, y, width, _ROW - 10, kind))
            x += width
        bars.append(Bar(fit(label, int(label_width / _COLUMN)), text, href, x, y, tuple(drawn)))
    return Picture(WIDTH, len(listed) * _ROW, tuple(bars), left=label_width - 10)


def draw_spans(rows: Iterable[tuple[str, str, str, float, float]]) -> Picture:
    """Lines from one number to a higher one: label, text, address and the two."""
    listed = list(rows)
    top = max((high for *_, high in listed), default=0) or 1.0
    room = WIDTH - LABEL - _WIDE_VALUE
    bars = []
    for number, (label, text, href, low, high) in enumerate(listed):
        y, begin, end = number * _ROW + _ROW / 2, LABEL + room * low / top, LABEL + room * high / top
        parts = (
            Part(begin, y - 2, max(1.0, end - begin), 4, "span"),
            Part(begin - 4, y - 6, 8, 12, "median"),
            Part(end - 1.5, y - 8, 3, 16, "end"),
        )
        bars.append(Bar(fit(label, int(LABEL / _COLUMN)), text, href, end + 4, y - 9, parts))
    return Picture(WIDTH, len(listed) * _ROW, tuple(bars), left=LABEL - 10)


def draw_columns(
    columns: Sequence[tuple[str, str, str, Sequence[tuple[str, float]]]], name: Callable[[float], str]
) -> Picture:
    """Bars upwards, side by side, over lines of an axis that `name` names."""
    height, bottom, left = 240.0, 200.0, 64.0
    lines = ticks(max((sum(size for _, size in parts) for *_, parts in columns), default=0))
    top = lines[-1] or 1.0
    step = min(72.0, (WIDE - left) / max(1, len(columns)))
    every = max(1, -(-len(columns) * 58 // int(WIDE - left)))  # months that are named, so that names do not touch
    bars = []
    for number, (label, text, href, parts) in enumerate(columns):
        x, y = left + number * step + step * 0.12, bottom
        drawn = []
        for kind, size in parts:
            tall = (bottom - 16) * size / top
            y -= tall
            drawn.append(Part(x, y, step * 0.76, tall, kind))
        bars.append(Bar(label if number % every == 0 else "", text, href, x + step * 0.38, bottom + 18, tuple(drawn)))
    marks = tuple(Mark(bottom - (bottom - 16) * line / top, name(line)) for line in lines)
    return Picture(WIDE, height, tuple(bars), marks)


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
