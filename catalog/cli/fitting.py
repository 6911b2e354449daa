"""How wide text is on a terminal, and how it is made to fit: cut, broken into lines, set in columns.

Pure functions on text that is plain already, see `render.plain`; nothing is printed here. No terminal shows a text
wider than it is measured: where terminals differ, as on emoji that are joined, the widest of them counts.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING
from unicodedata import category, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Part = str | tuple[str, str]  # a text, or a text and the name of its style

_NARROWEST, _READABLE = 8, 16  # columns that a cell keeps when its table is fitted: half, within these bounds
_MARKS_PER_COLUMN = 8  # characters read for each column: more are marks piled upon one

_ASKS_FOR_EMOJI = "\ufe0f"  # shows the sign before it as an emoji, which is wide
_JOINERS = (  # blanks without width, vowels and finals that are shown on a Korean consonant, tags
    ("\u1160", "\u11ff"),
    ("\u200b", "\u200d"),
    ("\u2060", "\u2064"),
    ("\ufeff", "\ufeff"),
    ("\U000e0001", "\U000e0001"),
    ("\U000e0020", "\U000e007f"),
)
_WIDE = (  # emoji, and signs that became wide in newer versions of Unicode than Python knows
    ("\u2630", "\u2637"),
    ("\u268a", "\u268f"),
    ("\u4dc0", "\u4dff"),
    ("\U0001d300", "\U0001d376"),
    ("\U0001f000", "\U0001faff"),
)


def measure(text: str) -> int:
    """How many columns the text takes: two for each wide character, none for a combining one."""
    return len(text) if text.isascii() else sum(map(_width, text))


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    if char == _ASKS_FOR_EMOJI:
        return 1
    if category(char) in {"Mn", "Me"} or _is_in(char, _JOINERS):
        return 0
    return 2 if east_asian_width(char) in "WF" or _is_in(char, _WIDE) else 1


def _is_in(char: str, ranges: Iterable[tuple[str, str]]) -> bool:
    return any(first <= char <= last for first, last in ranges)


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns, cut off with `…` where it is too long."""
    head = text[: max(width, 1) * _MARKS_PER_COLUMN]
    if len(head) == len(text) and measure(text) <= width:
        return text
    return _take(head, width - 1) + "…"


def pad(text: str, width: int, *, is_right: bool = False) -> str:
    """The text filled with blanks to `width` columns."""
    blanks = " " * (width - measure(text))
    return blanks + text if is_right else text + blanks


def flow(parts: Iterable[Part], width: int, gap: str = " ", *, keeps_words: bool = False) -> list[list[Part]]:
    """The parts in lines of at most `width` columns, `gap` between them; a part wider than a line is broken.

    With `keeps_words`, only in scripts that write no blanks: addresses and ids stay whole, to be copied.
    """
    lines: list[list[Part]] = [[]]
    used = 0
    for text, style in ((part, "") if isinstance(part, str) else part for part in parts):
        for piece in [text] if keeps_words and text.isascii() else _break(text, width):
            size = measure(piece)
            if lines[-1] and used + len(gap) + size > width:
                lines.append([])
                used = 0
            if lines[-1]:
                lines[-1].append(gap)
                used += len(gap)
            lines[-1].append((piece, style))
            used += size
    return lines


def fit(widths: Sequence[int], total: int, whole: Sequence[bool], gap: int = 2) -> list[int] | None:
    """The widths of the columns of a table of at most `total` columns, the widest ones cut; those in `whole` stay.

    None where a column would have to be narrower than can be read.
    """
    fitted = [min(width, total) for width in widths]
    least = [max(_NARROWEST, min(width // 2, _READABLE)) for width in widths]
    excess = sum(fitted) + gap * (len(fitted) - 1) - total
    for _ in range(excess):
        loose = [number for number, stays in enumerate(whole) if not stays and fitted[number] > least[number]]
        if not loose:
            return None
        widest = max(loose, key=fitted.__getitem__)
        fitted[widest] -= 1
    return fitted if all(new == old for new, old, stays in zip(fitted, widths, whole, strict=True) if stays) else None


def _break(text: str, width: int) -> Iterator[str]:
    """The text in pieces of at most `width` columns."""
    start = used = 0
    for position, size in enumerate(map(_width, text)):
        if used + size > width and position > start:
            yield text[start:position]
            start, used = position, 0
        used += size
    if start < len(text):
        yield text[start:]


def _take(text: str, width: int) -> str:
    if text.isascii():
        return text[: max(width, 0)]
    ends = takewhile(lambda end: end <= width, accumulate(map(_width, text)))
    return text[: sum(1 for _ in ends)]
