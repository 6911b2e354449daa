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
_NAMED = re.compile(
    r"(?:^|(?<=[.!?…。！？] ))[ \t]*[-•*–—]{0,2}[ \t]?\**"
    r"(?P<name>(?:[A-ZÀ-Þ][\w.'’-]{0,20})(?: (?:[A-ZÀ-Þ][\w.'’-]{0,20}|[0-9]{1,2})){0,2}|[\u4e00-\u9fff]{1,6})\**"
    r"\s?(?P<how>[(（][^()（）\n]{0,40}[)）])?\**[:：][ \t]*\**(?:[(（][^()（）\n]{0,40}[)）][ \t]*)?(?![\s'‘])"
    r"(?P<line>[^\n\"“”「」«»:：]{2,240}?[.!?…。！？])(?=\s|$)"
    r"(?P<more>[^\n\"“”「」«»:：]*[.!?…。！？](?=\s*$))?",
    re.MULTILINE,
)
_CUE = re.compile(
    r"^[ \t]*(?P<name>[A-ZÀ-Þ][A-ZÀ-Þ0-9 .'’-]{1,30}?)[ \t]*"
    r"(?P<off>\([^()\n]{1,40}\))?[ \t]*\n"
    r"(?P<how>[ \t]*\([^()\n]{1,60}\)[ \t]*\n)?[ \t]*(?P<line>[^\s(\"“][^\n:]{1,300}[.!?…-])[ \t]*$",
    re.MULTILINE,
)
_SLUG = re.compile(r"^[ \t]*(?:\d+\.?[ \t]*)?(?:INT|EXT|I/E)[./ ]", re.MULTILINE)
_NO_CUE = re.compile(r"(?:INT|EXT|CUT|FADE|SCENE|SHOT|TITLE|SUPER|ANGLE|CLOSE|WIDE|END|THE END|MONTAGE|INSERT|POV)\b")
_TO_SOMEBODY = re.compile(
    r"\b(?:i|i['’](?:m|ve|ll|d)|you|you['’](?:re|ve|ll|d)|your|we|we['’](?:re|ve|ll)|me|my|us|let['’]s|hello|sorry"
    r"|te|me|nos|mi|tu|yo|tú|usted|vamos|ven|qué|quién)\b|[我你您咱]|[¿¡]|[?？!！]$",
    re.IGNORECASE,
)
_NO_SPEAKER = re.compile(
    r"(?:(?:open|close|angle|back|hold|cut|fade|smash|dissolve)(?: (?:on|to|in|out|cut to))?|"
    r"note|notes|hook|cta|tip|brief|beat|clip|cut|shot|scene|frame|version|option|variant|step|idea|client|brand|platform|"
    r"goal|task|warning|important|reference|ref|source|example|output|rule|rules|instructions?|remember|reminder|ps|p\.s|q|a|"
    r"要求|注意|说明|备注|提示|示例|参考|目标)\b[ 0-9a-z]*",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:man|woman|boy|girl|kid|child|mother|father|mom|mum|dad|grandma|grandpa|son|daughter|brother|sister|driver|teacher|"
    r"student|waiter|waitress|chef|host|guest|customer|doctor|nurse|king|queen|robot|captain|pilot|officer|cop|speaker|voice|"
    r"friend|stranger|barista|clerk|coach|judge|soldier|guard|boss|narrator|announcer|reporter|anchor)\b",
    re.IGNORECASE,
)
_OF_VOICES = re.compile(
    r"\b(?:voice|voiced|tone|male|female|accent|calm|warm|deep|soft|softly|spoken|narrat\w*|describ\w*|explain\w*|none|language|"
    r"english|pace|delivery|whisper\w*|masculina|femenina|pausada|tono|acento)\b|[男女童]声|语气|音色|声音|声で|口調|voz",
    re.IGNORECASE,
)
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
            if segment.origin != "json":
                lines += _read_script(text, segment)
    return lines


def _read_script(text: str, segment: Segment) -> Iterator[Line]:
    """The lines of a script without quotation marks, after a name and a colon or under a name in capitals."""
    if text.find(":", segment.start, segment.end) >= 0 or text.find("：", segment.start, segment.end) >= 0:
        named = [
            match for match in _NAMED.finditer(text, segment.start, segment.end) if _is_speaker(match["name"], text)
        ]
        if any(_TO_SOMEBODY.search(match["line"]) for match in named):
            for match in named:
                end = match.end("more") if match["more"] else match.end("line")
                yield _line(text, match.start("line"), end, segment, match["name"])
    if text.find("\n", segment.start, segment.end) >= 0:
        yield from _read_cues(text, segment)


def _is_speaker(name: str, text: str) -> bool:
    """Whether a name before a colon is somebody's: in capitals, a person, or in the text elsewhere too."""
    if _NO_SPEAKER.fullmatch(name) or not name[0].isalpha():
        return False
    return name.isupper() or not name.isascii() or _PERSON.search(name) is not None or text.count(name) > 1


def _read_cues(text: str, segment: Segment) -> Iterator[Line]:
    """The lines of a screenplay, each under the name of its speaker."""
    is_screenplay: bool | None = None
    for match in _CUE.finditer(text, segment.start, segment.end):
        if is_screenplay is None:
            is_screenplay = _SLUG.search(text) is not None
        if (is_screenplay or match["off"] or match["how"]) and not _NO_CUE.match(match["name"]):
            is_off = bool(match["off"]) and match["off"].startswith(("(V", "(O"))
            yield _line(text, match.start("line"), match.end("line"), segment, match["name"], off_screen=is_off)


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
    elif not off_screen or _is_sentence(text[segment.start : segment.end]):
        for match in _LINE.finditer(text, segment.start, segment.end):
            line = _attributed(text, match.start(), match.end(), segment, speaker)
            line = line._replace(is_off_screen=off_screen or line.is_off_screen)
            if not _is_nothing(line.text, vocabulary):
                yield line


def _is_sentence(text: str) -> bool:
    """Whether a block about a voice holds what it says ("Every tree remembers."), not what it is like ("calm, low")."""
    words = text.strip()
    is_whole = words.endswith((".", "!", "?", "…", "。", "！", "？")) and len(re.findall(r"[^\W_]+", words)) > 2
    is_whole = is_whole or words.endswith(("。", "！"))
    return is_whole and not _OF_VOICES.search(words)


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
