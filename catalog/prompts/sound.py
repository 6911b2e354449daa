"""Layers of sound: what a field about sound states by being there, item by item, and who is heard speaking."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from catalog.records import Facet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.prompts.segments import Segment
    from catalog.prompts.speech import Line
    from catalog.prompts.terms import Hit, Reading

_ONLY = re.compile(
    r"\b(?:no|without) [^.\n;]{0,40}?(?:music|soundtrack|score|dialogue|voiceover|voice-over|instruments)\b"
    r"[^.\n;]{0,30}?[,–—-] ?(?:but )?(?P<only>only|just) (?:the )?(?P<heard>[a-z][^.,;\n]{2,60})"
)
_ITEM_ENDS = ".,;\n-"


def find_sound(reading: Reading, hits: Sequence[Hit], lines: Sequence[Line]) -> Iterator[Facet]:
    """The layers that no word of the vocabulary names: spoken lines, and fields of sound that say what is heard."""
    for line in lines:
        yield Facet(
            "audio", "voiceover" if line.is_off_screen else "dialogue", line.origin, line.start, line.end, line.shot
        )
    yield from _rest_of_negation(reading)
    heard: dict[int, list[Hit]] = {}
    for hit in hits:
        if hit.facet == "audio":
            heard.setdefault(hit.segment, []).append(hit)
    for index, segment in enumerate(reading.segments):
        if segment.field.says and segment.field.says != "dialogue":
            yield from _stated(reading, segment)
        elif "audio" in segment.field.bare:
            yield from _items(reading, segment, heard.get(index, []))


def _rest_of_negation(reading: Reading) -> Iterator[Facet]:
    """What is heard instead of what is left out: "no music, only boots on ash"."""
    tokens, text = reading.tokens, reading.lower
    for match in _ONLY.finditer(text) if "only" in text or "just" in text else ():
        start = bisect_left(tokens.starts, match.start("only"))
        if start < len(tokens) and reading.owner[start] >= 0 and not reading.segments[reading.owner[start]].field.role:
            segment = reading.segments[reading.owner[start]]
            yield Facet("audio", "sound", segment.origin, match.start("heard"), match.end("heard"), segment.shot)


def _words(reading: Reading, segment: Segment) -> tuple[int, int]:
    starts = reading.tokens.starts
    return bisect_left(starts, segment.start), bisect_left(starts, segment.end)


def _stated(reading: Reading, segment: Segment) -> Iterator[Facet]:
    first, last = _words(reading, segment)
    none = reading.vocabulary.grammar.none
    for start, end in _split(reading, first, last):
        if reading.tokens.words[start] in none:
            return
        if _is_heard(reading, start, end):
            tokens = reading.tokens
            yield Facet(
                "audio", segment.field.says, segment.origin, tokens.starts[start], tokens.end(end - 1), segment.shot
            )
            return


def _items(reading: Reading, segment: Segment, hits: Sequence[Hit]) -> Iterator[Facet]:
    """Each item of a sound field that is not music, speech or silence is a sound, and so is what these play over."""
    carriers = reading.vocabulary.grammar.audio_carriers
    first, last = _words(reading, segment)
    for start, end in _split(reading, first, last):
        rest = start
        if named := [hit.end for hit in hits if start <= hit.start < end]:
            rest = named[-1] + 1
            while rest < end and reading.tokens.codes[rest] not in carriers:
                rest += 1
            rest += 1
        if rest < end and _is_heard(reading, rest, end):
            tokens = reading.tokens
            yield Facet("audio", "sound", segment.origin, tokens.starts[rest], tokens.end(end - 1), segment.shot)
            return


def _split(reading: Reading, first: int, last: int) -> Iterator[tuple[int, int]]:
    codes = reading.tokens.codes
    start = first
    for token in range(first, last + 1):
        if token == last or codes[token] in _ITEM_ENDS:
            if token > start:
                yield start, token
            start = token + 1


def _is_heard(reading: Reading, start: int, end: int) -> bool:
    words = [reading.tokens.words[token] for token in range(start, end) if not reading.blocked[token]]
    grammar = reading.vocabulary.grammar
    return any(word not in grammar.nothing and word.isalpha() for word in words) and words[0] not in grammar.none
