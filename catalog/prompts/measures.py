"""Numbers and signs that name a value: focal lengths, gauges of film, hours of the night, and B/W."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.prompts.terms import Hit, Reading

_GAUGES = {"8": "film_8mm", "16": "film_16mm", "65": "film_70mm", "70": "film_70mm"}
_MILLIMETRES = re.compile(r"(?<![\w.])([0-9]{1,4})(?:\.[0-9])?[ -]?(?:mm(?![a-z])|毫米|ミリ)")
_LENS_WORDS = re.compile(
    r"\W{0,3}(?:[a-z-]{0,14}\s)?(?:lens|lenses|prime|macro|f/|focal|fisheye|telephoto|wide|anamorphic|镜头|レンズ)"
)
_LENS_FIELDS = {"lens", "camera_movement"}
_DIGIT = re.compile("[0-9]")
_HOUR = re.compile(r"([0-9]{1,2})(?::[0-5][0-9])?\s?([ap])\.?\s?m\b")
_HALF_DAY = re.compile(r"[ap]\.?\s?m\b")
_CLOCK = re.compile(
    r"(?:^[ \t\-•*]*(?=2)|\b(?:timestamp|clock reads|at)\s+)(2[1-3]|0?[0-3]):[0-5][0-9](?![\d:]|\s?[-–—])", re.MULTILINE
)
_BLACK_AND_WHITE = re.compile(r"(?<!\w)b/[wn](?!\w)")
_NIGHT = {"a": {12, 1, 2, 3, 4}, "p": {9, 10, 11}}  # until four in the morning, from nine in the evening


def add_measures(reading: Reading, hits: list[Hit]) -> list[Hit]:
    """The hits with those that numbers and signs give, without the film stock that was a focal length."""
    text = reading.lower
    if "b/" in text:
        hits = [*hits, *_find_black_and_white(reading)]
    if "mm" in text or "毫米" in text or "ミリ" in text:
        hits = _add_lenses(reading, hits)
    return [*hits, *_find_hours(reading)] if _DIGIT.search(reading.lower) else hits


def _find_black_and_white(reading: Reading) -> Iterator[Hit]:
    from catalog.prompts.terms import Hit

    for match in _BLACK_AND_WHITE.finditer(reading.lower):
        token = bisect_right(reading.tokens.starts, match.start()) - 1
        owner = reading.owner[token]
        if owner >= 0 and not reading.segments[owner].field.role and reading.segments[owner].field.allows("palette"):
            yield Hit(token, token + 2, "palette", "black_and_white", owner)


def _find_hours(reading: Reading) -> Iterator[Hit]:
    from catalog.prompts.terms import Hit

    for offset in _night_offsets(reading.lower):
        token = bisect_right(reading.tokens.starts, offset) - 1
        owner = reading.owner[token] if token >= 0 else -1
        field = reading.segments[owner].field if owner >= 0 else None
        if field is not None and not field.role and field.allows("time_of_day"):
            yield Hit(token, token, "time_of_day", "night", owner)


def _night_offsets(text: str) -> Iterator[int]:
    """Where an hour of the night stands, by the clock of 24 hours or with its half of the day."""
    if ":" in text:
        yield from (match.start(1) for match in _CLOCK.finditer(text))
    for match in _HOUR.finditer(text) if _HALF_DAY.search(text) else ():
        is_whole = not match.start() or text[match.start() - 1] not in "0123456789:."
        if is_whole and int(match[1]) in _NIGHT[match[2]]:
            yield match.start()


def _add_lenses(reading: Reading, hits: list[Hit]) -> list[Hit]:
    """The hits with those of focal lengths: a number of millimetres, unless it is the gauge of a film."""
    lenses = []
    films = {hit.start + offset for hit in hits if _is_film(hit) for offset in range(3)}
    for match in _MILLIMETRES.finditer(reading.lower):
        token = bisect_right(reading.tokens.starts, match.start()) - 1
        if token < 0 or reading.owner[token] < 0 or token + 1 >= len(reading.tokens):
            continue
        is_before_lens = _LENS_WORDS.match(reading.lower, match.end()) is not None
        if token in films:
            if not is_before_lens:
                continue
            hits = [hit for hit in hits if not (_is_film(hit) and hit.start <= token <= hit.end)]
        lens = _read_millimetres(reading, token, match[1].lstrip("0"), is_before_lens=is_before_lens)
        if lens is not None:
            lenses.append(lens)
    return hits + lenses


def _read_millimetres(reading: Reading, token: int, number: str, *, is_before_lens: bool) -> Hit | None:
    """The focal length that a number stands for, or the gauge of a film; None where its field asks for neither."""
    from catalog.prompts.terms import Hit

    owner = reading.owner[token]
    field = reading.segments[owner].field
    is_lens = is_before_lens or bool(field.bare & _LENS_FIELDS)
    gauge = None if is_lens else _GAUGES.get(number)
    facet, value = ("style", gauge) if gauge else ("lens", f"{number}mm")
    if not number or field.role or not field.allows(facet):
        return None
    return Hit(token, token + 1, facet, value, owner)


def _is_film(hit: Hit) -> bool:
    return hit.value.startswith("film_")
