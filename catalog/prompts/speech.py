"""Dialogue: the lines that are spoken, word for word, and who says them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.structured import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.prompts.quotes import Quote
    from catalog.prompts.segments import Segment, Sheet
    from catalog.prompts.vocabulary import Vocabulary

_LINE = re.compile(r"[^\n]+")
_SPEAKER = re.compile(r"[\s\-•*–—\d.)]{0,8}\**([^\W\d_][^\n:：\"“]{0,40}?)\**\s?(?:\([^()\n]{0,60}\)\s?)?\**[:：]\s*")
_BULLET = re.compile(r"[\s\-•*–—]{0,8}")
_NARRATORS = ("narrat", "voice", "v.o", "vo", "off-screen", "announcer", "旁白", "解说", "ナレ")


class Line(NamedTuple):
    """A spoken line with its speaker, where one is named; `prompt[start:end]` is the line as written."""

    text: str
    speaker: str | None
    start: int
    end: int
    origin: str
    shot: int | None
    is_off_screen: bool


def find_lines(prompt: str, text: str, sheet: Sheet, quotes: Sequence[Quote], vocabulary: Vocabulary) -> list[Line]:
    """Every spoken line of the prompt, in order."""
    return [line for line in _all_lines(prompt, text, sheet, quotes, vocabulary) if line.text]


def _all_lines(prompt: str, text: str, sheet: Sheet, quotes: Sequence[Quote], vocabulary: Vocabulary) -> list[Line]:
    lines: list[Line] = []
    index = 0
    for segment in sheet.segments:
        while index < len(quotes) and quotes[index].start < segment.start:
            index += 1
        inside = []
        while index < len(quotes) and quotes[index].start < segment.end:
            inside.append(quotes[index])
            index += 1
        role = segment.field.role
        if role == "dialogue":
            lines += _read_block(prompt, text, segment, inside, sheet.speakers.get(segment.start), vocabulary)
        elif role in ("", "shots"):
            lines += [_quoted(text, quote, segment) for quote in inside if quote.is_spoken]
    return lines


def _quoted(text: str, quote: Quote, segment: Segment, speaker: str | None = None, *, off_screen: bool = False) -> Line:
    """A quotation as a line; the speaker and what is off screen are those of its block, where it says nothing else."""
    return _line(
        text, quote.start, quote.end, segment, quote.speaker or speaker, off_screen=off_screen or quote.is_off_screen
    )


def _read_block(
    prompt: str, text: str, segment: Segment, quotes: list[Quote], speaker: str | None, vocabulary: Vocabulary
) -> Iterator[Line]:
    """The lines of a dialogue block: what is quoted in it, else each of its lines."""
    off_screen = segment.field.says == "voiceover"
    if quotes and (segment.origin != "json" or _SPEAKER.match(text, segment.start, quotes[0].start)):
        for quote in quotes:
            yield _quoted(text, quote, segment, speaker, off_screen=off_screen)
    elif segment.origin == "json":
        line = _line(text, segment.start, segment.end, segment, speaker, off_screen=off_screen)
        if not _is_nothing(line.text, vocabulary):
            yield line._replace(text=decode(prompt[line.start : line.end]))
    elif not off_screen:
        for match in _LINE.finditer(text, segment.start, segment.end):
            line = _attributed(text, match.start(), match.end(), segment, speaker)
            if not _is_nothing(line.text, vocabulary):
                yield line


def _attributed(text: str, start: int, end: int, segment: Segment, speaker: str | None) -> Line:
    """A line of a block, without its bullet and without the name of the speaker who opens it."""
    if named := _SPEAKER.match(text, start, end):
        return _line(text, named.end(), end, segment, named[1].strip())
    bullet = _BULLET.match(text, start, end)
    return _line(text, bullet.end() if bullet else start, end, segment, speaker)


def _line(text: str, start: int, end: int, segment: Segment, speaker: str | None, *, off_screen: bool = False) -> Line:
    while start < end and text[start] in " \t\r\n'\"":
        start += 1
    while end > start and text[end - 1] in " \t\r\n'\"":
        end -= 1
    is_off_screen = off_screen or (speaker or "").lower().startswith(_NARRATORS)
    return Line(text[start:end], speaker, start, end, segment.origin, segment.shot, is_off_screen)


def _is_nothing(text: str, vocabulary: Vocabulary) -> bool:
    words = re.findall(r"\w+", text.lower())
    return not words or (len(words) <= 3 and words[0] in vocabulary.grammar.none)
