"""What pictures made by the server share: texts that fit, trees laid out, round numbers of an axis. Pure.

Templates write the SVG; colours are classes, so that a picture follows dark and light.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from unicodedata import combining, east_asian_width

from catalog.controls import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    class Tree(Protocol):
        """What is laid out."""

        @property
        def children(self) -> Sequence[Any]: ...


_READ = 2000  # characters of a text that are looked at


@dataclass(slots=True)
class Box:
    """Where a part of a tree is drawn, in pixels, and which one is above it."""

    item: Any
    x: float
    y: float
    width: float
    height: float
    number: int
    above: Box | None

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Room:
    """How much room the parts of a tree get: those that are `item.node is None` have a height of their own."""

    width: float
    height: float
    small_height: float
    across: float
    down: float


def measure(text: str) -> int:
    """How many columns a text takes; characters of East Asia take two."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def fit(text: str, columns: int) -> str:
    """The text on one line, cut to so many columns, without anything that a screen obeys."""
    line = " ".join(plain(text[:_READ]).split())
    return line if measure(line) <= columns else f"{_cut(line, columns - 1).rstrip()}…"


def wrap(text: str, columns: int, lines: int) -> list[str]:
    """The text on at most so many lines, the last one cut where there is more."""
    words = plain(text[:_READ]).split()
    rows: list[str] = []
    row = ""
    while words:
        word = words.pop(0)
        joined = f"{row} {word}" if row else word
        if measure(joined) <= columns:
            row = joined
        elif not row:
            head = _cut(word, columns)
            rows.append(head)
            words.insert(0, word[len(head) :])
        else:
            rows.append(row)
            row = ""
            words.insert(0, word)
        if len(rows) > lines:
            break
    rows += [row] if row else []
    if len(rows) > lines:
        rows = [*rows[: lines - 1], f"{_cut(rows[lines - 1], columns - 1)}…"]
    return rows


def _cut(text: str, columns: int) -> str:
    """The beginning of a text, of at least one character."""
    used = 0
    for index, char in enumerate(text):
        used += measure(char)
        if used > columns and index:
            return text[:index]
    return text


def lay_out(roots: Iterable[Tree], room: Room) -> tuple[list[Box], float, float]:
    """The parts of trees from left to right, in the order of a document, and the width and height of all of them.

    A part stands in the middle beside those below it, and no two overlap.
    """
    boxes: list[Box] = []
    bottom = 0.0
    for root in roots:
        top = bottom + (2 * room.down if boxes else 0)
        bottom = _place(root, None, 0, top, room, boxes)[1]
    return boxes, max((box.x + box.width for box in boxes), default=0), bottom


def _place(item: Any, above: Box | None, depth: int, top: float, room: Room, boxes: list[Box]) -> tuple[Box, float]:
    """The box of a part and the bottom of all that is below it; trees are at most as deep as `lineage` answers."""
    height = room.small_height if item.node is None else room.height
    box = Box(item, depth * (room.width + room.across), top, room.width, height, len(boxes), above)
    boxes.append(box)
    if not item.children:
        return box, top + height
    begin, first, last = len(boxes), None, None
    bottom = top - room.down
    for child in item.children:
        last, bottom = _place(child, box, depth + 1, bottom + room.down, room, boxes)
        first = first or last
    if (short := height - (bottom - top)) > 0:
        for each in boxes[begin:]:
            each.y += short / 2
        bottom += short
    middle = ((first or box).middle + (last or box).middle) / 2
    box.y = min(max(top, middle - height / 2), bottom - height)
    return box, bottom


def ticks(highest: float, about: int = 4) -> list[float]:
    """Round numbers from 0 to the first that is not below the highest one."""
    if highest <= 0:
        return [0.0]
    rough = highest / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]
