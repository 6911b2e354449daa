"""Labelled blocks: finds the labels of a text and says which stretch of it each one governs.

A label is a name the vocabulary knows, set apart in any of the usual ways: `Camera: …`, `**Camera** …`, `- Camera - …`,
`[Camera] …`, `Camera. …`, or `Camera` on a line of its own. A heading such as `Shot 2 (3-6s)` or `[00:05-00:10]` opens
a shot. What no label governs is prose.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.segments import Segment, Sheet
from catalog.prompts.vocabulary import PROSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.prompts.vocabulary import Field, Vocabulary

_MAX_LABEL = 44
_NUMBER = r"(?:[0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|[一二三四五六七八九十]{1,3})"
_CLOCK = r"[0-9]{1,3}(?:[:.][0-9][0-9]?)?(?:[:.][0-9][0-9]?)?"
_UNIT = r"\s?(?:seconds|second|secs|sec|s|秒)?"
_TIME = rf"{_CLOCK}{_UNIT}\s?(?:-|–|—|~|to)\s?{_CLOCK}{_UNIT}\b"
_SHOT = re.compile(
    rf"(?:^|(?<=[\n.;:|\])!?。]))[ \t]*[*#>\[(【\-•]{{0,4}}[ \t]?(?:"
    rf"(?P<name>(?:shot|scene|cut|beat|clip|segment|frame|panel|sequence|seq|sc|take|part|step|toma|plano|escena)\s?\#?(?P<number>{_NUMBER}|[a-h](?=\s?[:.)\-–—]))(?:\s?[-–]\s?[0-9]{{1,3}})?\b"
    rf"|(?:镜头|分镜|场景|第|カット|ショット|シーン)\s?{_NUMBER}(?:个镜头|镜|幕|场)?)"
    rf"|(?P<time>{_TIME}))",
    re.IGNORECASE,
)
_AFTER_SHOT = re.compile(
    rf"[*\])】]{{0,3}}[ \t]{{0,2}}[,:\-–—]?[ \t]{{0,2}}(?:[(\[]?{_TIME}[)\]]?)?[*\])】]{{0,3}}[.:：,]?[*]{{0,2}}"
    r"(?:[ \t]?[-–—|][ \t])?",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"[0-9一二三四五六七八九十]| (?:one|two)\b| [A-Ha-h]\s?[:.)–—-]")
_MARKUP = " \t*_#>-•·–—+.)(\"'`~|0123456789"
_DOTTED = re.compile(r"[ \t]*[-*•#>]{0,3}[ \t]?\**([^\W\d_][^\n.:*–—]{1,40}?)\**(?:\.|\s[-–—]|\s?[–—])\s+(?=\S)")
_SENTENCE_END = re.compile(r"[.!?。](?=\s)|\n")
_WORDS = re.compile(r"\S")
_BEFORE_INLINE = ".;|!?]】)。；,"
_CLOSERS = {"[": "]", "【": "】"}


_PARAMETER = re.compile(
    r"(?<!\S)(?:--\s?(?=no\b)|--|––?|—)(?P<name>[a-zA-Z][\w-]{0,24})(?!\S)[ \t]*(?P<value>[^\s\-–—]\S*)?", re.IGNORECASE
)
_TAG = re.compile(r"<(?P<closes>/?)(?P<name>[a-zA-Z][\w.-]{0,40})(?:\s[^<>\n]{0,200})?/?>")
_LEAVES_OUT = ("no", "neg", "negative")
_DASH = re.compile("[–—]")


class Label(NamedTuple):
    """A label: where it starts, where the words that it governs begin, and what they are about.

    One with a `stop` governs nothing after it, whatever stands there.
    """

    start: int
    end: int
    field: Field | None
    shot: bool = False
    alone: bool = False
    inline: bool = False
    stop: int | None = None


def read_labels(sheet: Sheet, start: int, end: int, vocabulary: Vocabulary, base: Segment | None = None) -> None:
    """Put the stretch of the prompt on the sheet, cut at its labels; what has none keeps the field of `base`."""
    text = sheet.prompt
    base = base or Segment(start, end)
    labels = list(_find_labels(text, start, end, vocabulary))
    following = [label.start for label in labels[1:]] + [end]
    sheet.add(Segment(start, labels[0].start if labels else end, base.field, base.origin, base.shot))
    shots = _Shots(base.shot)
    heading: Label | None = None  # the last label with a field: the shots under it go on with that
    for previous, label, limit in zip([None, *labels], labels, following, strict=False):
        shot = shots.number(label, text)
        stop = _reach(text, label, limit, previous)
        if label.field is not None:
            heading = label
        elif heading is not None and text.find("\n", heading.start, label.start) >= 0:
            heading = None
        field = (heading and heading.field) or base.field
        sheet.add(Segment(label.end, stop, field, "label", shot))
        sheet.add(Segment(stop, limit, base.field, base.origin, shots.after(label, shot)))


class _Shots:
    """Counts the shots of a list and knows where the list ends."""

    def __init__(self, outer_shot: int | None) -> None:
        self._outer_shot = outer_shot
        self._count = 0
        self._open: Label | None = None

    def number(self, label: Label, text: str) -> int | None:
        if label.shot:
            self._count += 1
            self._open = label
        elif self._open is not None and not label.inline and self._ends(label, text):
            self._open = None
        return self._count if self._open else self._outer_shot

    def after(self, label: Label, shot: int | None) -> int | None:
        return shot if self._open and (label.shot or self._open.alone) else self._outer_shot

    def _ends(self, label: Label, text: str) -> bool:
        opened = self._open
        if opened is None or not opened.alone:
            return True
        has_blank_line = "\n\n" in text[max(opened.end, label.start - 4) : label.start]
        return has_blank_line and _WORDS.search(text, opened.end, label.start) is not None


def _reach(text: str, label: Label, following: int, previous: Label | None) -> int:
    """Where the words of a label end: its paragraph, its line, or its sentence."""
    if label.stop is not None:
        return min(label.stop, following)
    if label.alone or label.shot:
        return _paragraph_end(text, label.end, following)
    if label.field is not None and label.field.role == "negative" and not label.inline:
        return _lines_end(text, label.end, following)
    if label.inline and (previous is None or text.find("\n", previous.start, label.start) >= 0):
        return _sentence_end(text, label.end, following)
    return _lines_end(text, label.end, following)


def _paragraph_end(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    blank_line = text.find("\n\n", start, end)
    return end if blank_line < 0 else blank_line


def _lines_end(text: str, start: int, end: int) -> int:
    """The end of the line, and of the lines that go on with it: list items and wrapped words."""
    while (line_end := text.find("\n", start, end)) >= 0:
        rest = _skip(text, line_end + 1, end, " \t")
        goes_on = rest < end and (text[rest] in "-•*·" or text[rest].islower())
        if not goes_on:
            return line_end
        start = rest + 1
    return end


def _sentence_end(text: str, start: int, end: int) -> int:
    stop = _SENTENCE_END.search(text, start, end)
    return stop.start() if stop else end


def _find_labels(text: str, start: int, end: int, vocabulary: Vocabulary) -> Iterator[Label]:
    labels = [
        *_find_shots(text, start, end),
        *_find_before_colon(text, start, end, vocabulary),
        *_find_bracketed(text, start, end, vocabulary),
        *_find_on_lines(text, start, end, vocabulary),
        *_find_parameters(text, start, end, vocabulary),
        *_find_tags(text, start, end, vocabulary),
    ]
    covered = -1
    for label in sorted(labels, key=lambda label: (label.start, not label.shot)):
        if label.start >= covered:
            yield label
            covered = label.end


def _find_shots(text: str, start: int, end: int) -> Iterator[Label]:
    if not _COUNTED.search(text, start, end):
        return
    for match in _SHOT.finditer(text, start, end):
        time = match["time"]
        if time and not (":" in time or re.search(r"s|秒", time, re.IGNORECASE)):
            continue
        after = _AFTER_SHOT.match(text, match.end(), end)
        stop = after.end() if after else match.end()
        head = text[match.start() : stop].strip()
        if not time and not _is_heading(text, match, stop, head, end):
            continue
        rest = text.find("\n", stop, end)
        alone = not text[stop : rest if rest >= 0 else end].strip()
        yield Label(match.start(), stop, None, shot=True, alone=alone)


def _is_heading(text: str, match: re.Match[str], stop: int, head: str, end: int) -> bool:
    """Whether `shot 2` opens something: marked by punctuation or a line's end, not a word of a sentence."""
    if head[:1] in "[【*#" or head[-1:] in ":：.)],-–—|】*" or stop >= end or text[stop] == "\n":
        return True
    return (match.start() == 0 or text[match.start() - 1] == "\n") and text[stop : stop + 1].strip() in ("", "(")


def _find_before_colon(text: str, start: int, end: int, vocabulary: Vocabulary) -> Iterator[Label]:
    for mark in ":：":
        for colon in _find_all(mark, text, start, end):
            if not (text[colon - 1 : colon].isdigit() and text[colon + 1 : colon + 2].isdigit()):  # no clock
                yield from _label_before(text, colon, start, end, vocabulary)


def _label_before(text: str, colon: int, start: int, end: int, vocabulary: Vocabulary) -> Iterator[Label]:
    """The label that a colon ends: all of its line if that names a field, else what follows the last mark."""
    lowest = max(start, colon - _MAX_LABEL)
    head = text[lowest:colon]
    line = head.rfind("\n") + 1
    cut = max(line, *(head.rfind(mark) + 1 for mark in _BEFORE_INLINE))
    sees_line_start = line > 0 or lowest == start
    for begin in (line, cut) if sees_line_start else (cut,):
        name = head[begin:].strip(_MARKUP)
        if name.lower().startswith("the "):
            name = name[4:]
        field = vocabulary.find_field(name) if name else None
        if field is not None:
            inline = begin != line or not _opens_line(text, lowest + begin, start)
            stop = _skip(text, colon + 1, end, "* \t")
            alone = stop >= end or text[stop] == "\n"
            yield Label(lowest + begin, stop, field, alone=alone and not inline, inline=inline)
            return


def _opens_line(text: str, offset: int, start: int) -> bool:
    line = max(text.rfind("\n", start, offset) + 1, start)
    return not text[line:offset].strip(_MARKUP)


def _find_all(mark: str, text: str, start: int, end: int) -> Iterator[int]:
    offset = text.find(mark, start, end)
    while offset >= 0:
        yield offset
        offset = text.find(mark, offset + 1, end)


def _skip(text: str, offset: int, end: int, chars: str) -> int:
    while offset < end and text[offset] in chars:
        offset += 1
    return offset


def _find_bracketed(text: str, start: int, end: int, vocabulary: Vocabulary) -> Iterator[Label]:
    for opener, closer in _CLOSERS.items():
        for offset in _find_all(opener, text, start, end):
            stop = text.find(closer, offset, min(end, offset + _MAX_LABEL + 2))
            field = vocabulary.find_field(text[offset + 1 : stop].strip(_MARKUP)) if stop > 0 else None
            if field is not None:
                after = _skip(text, stop + 1, end, ":： \t*-–")
                yield Label(offset, after, field)


def _find_parameters(text: str, start: int, end: int, vocabulary: Vocabulary) -> Iterator[Label]:
    """Switches such as `--no rain, neon` and `--ar 16:9`: the first leaves things out, the others say nothing."""
    if "--" not in text and "–" not in text and "—" not in text:
        return
    for match in _PARAMETER.finditer(text, start, end):
        name = match["name"].lower()
        line_end = text.find("\n", match.end(), end)
        is_switch = match[0].startswith("--")
        if name in _LEAVES_OUT and (is_switch or not _DASH.search(text, match.end(), end)):
            yield Label(
                match.start(), match.end("name"), vocabulary.find_field("negative"), inline=True,
                stop=end if line_end < 0 else line_end,
            )  # fmt: skip
        elif is_switch:
            yield Label(match.start(), match.end("name"), vocabulary.find_field("id"), inline=True, stop=match.end())


def _find_tags(text: str, start: int, end: int, vocabulary: Vocabulary) -> Iterator[Label]:
    """Markup such as `<camera>slow pan</camera>`: each tag governs what stands before the next one."""
    if "</" not in text:
        return
    tags = list(_TAG.finditer(text, start, end))
    for tag, following in zip(tags, [*tags[1:], None], strict=False):
        stop = following.start() if following else end
        field = None if tag["closes"] else vocabulary.find_field(tag["name"])
        yield Label(tag.start(), tag.end(), field or PROSE, stop=stop)


def _find_on_lines(text: str, start: int, end: int, vocabulary: Vocabulary) -> Iterator[Label]:
    """Headings on a line of their own, `Camera. Slow` and `**Camera** - slow`."""
    offset = start
    while offset < end:
        line_end = text.find("\n", offset, end)
        line_end = end if line_end < 0 else line_end
        label = _line_label(text, offset, line_end, end, vocabulary)
        if label:
            yield label
        offset = line_end + 1


def _line_label(text: str, start: int, end: int, limit: int, vocabulary: Vocabulary) -> Label | None:
    head = text[start : min(end, start + _MAX_LABEL + 12)]
    if end - start <= _MAX_LABEL + 8:
        name = head.strip(_MARKUP + "\r:：")
        field = vocabulary.find_field(name) if name and _looks_like_heading(head, name) else None
        if field is not None and head.rstrip()[-1:] not in ":：]】" and _WORDS.search(text, end, limit):
            return Label(start, end, field, alone=True)
    dotted = _DOTTED.match(head)
    if dotted and dotted[1][:1].isupper():
        field = vocabulary.find_field(dotted[1])
        if field is not None:
            return Label(start, start + dotted.end(), field)
    return None


def _looks_like_heading(head: str, name: str) -> bool:
    return head.lstrip()[:1] in "#*" or not name[:1].islower()
