"""Finds a known secret in any text, however it is spelt there. Pure.

A server, a log or a file that repeats a key seldom repeats it as it is: JSON escapes its slashes, a URL its signs, a
page turns them into entities, a header encodes it as base64 with something before it, each once more where one text
stands in another. So a text is read as it is and then as what it means, escape by escape, and each reading is searched
without regard to case; in the last one, what may be base64 is decoded and read as a text of its own. What is cut out is
cut from the text as it came: the rest stays as it was.
"""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from binascii import a2b_base64
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

REMOVED = "[removed]"
LONG = 8  # characters from which on a secret is found in every spelling, inside words too
SHORT = 6  # characters from which on it is found as it is, where it stands alone and is no ordinary word

_DEEPEST = 8  # texts inside texts; every level of them makes a text longer
_MOST_ENCODINGS = 2  # base64 in base64
_WINDOW = 256 * 1024  # characters that are read at once
_WIDEST = 16  # characters that one of a secret may take; `%255Cu002f` has ten
_ASCII_LOWER = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}
_LONG_RUN = re.compile(r"[\w+/-]{16}", re.ASCII)  # of LONG characters, twice in base64
_ENCODED = re.compile(r"[\w+/-]{16,}(?:(?:[ \t]*(?:[\r\n]|\\+[rn]))+[ \t]*[\w+/-]+)*", re.ASCII)  # in lines, or in one
_LINE_BREAKS = re.compile(r"\s|\\+[rn]")
_ORDINARY_BASE64 = str.maketrans("-_", "+/")
_ASCII_TEXT = re.compile(rb"[\t\n\r -~]{%d,}" % LONG)
_ANY_TEXT = re.compile(rb"[\t\n\r -~\x80-\xff]{%d,}" % LONG)
_MARK = re.compile(r"[%\\&]")
_ESCAPE = re.compile(
    r"%(?:25)*(?:u(?P<percent_u>[0-9a-f]{4})|(?P<percent>[0-7][0-9a-f]))"
    r"|\\+(?:u(?P<u>[0-9a-f]{4})|u\{0*(?P<braced>[0-9a-f]{1,6})\}|x(?P<x>[0-9a-f]{2})|(?P<sign>[^\w\s]))"
    r"|&(?:amp;)*(?:#0*(?P<decimal>\d{1,7});|#x0*(?P<hex>[0-9a-f]{1,6});|(?P<name>[a-z]{2,8});)",
    re.IGNORECASE,
)


class Secrets:
    """Some secrets, and what finds them; those too short to be told from words are left out."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        values = dict.fromkeys(secret.strip() for secret in secrets)
        long = [value for value in values if len(value) >= LONG]
        short = [value for value in values if SHORT <= len(value) < LONG and not _is_word(value)]
        self._spellings = tuple(dict.fromkeys(form for value in long for form in _spellings(value)))
        self._alone = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, short))})(?!\w)") if short else None
        lengths = [*map(len, self._spellings), *map(len, short)]
        self.shortest = min(lengths, default=sys.maxsize)
        self.harmless: set[str] = set()  # keys of objects in which none was found
        self.has_numbers = any(value.isdecimal() for value in long)
        self._overlap = max(lengths, default=0) * _WIDEST
        self._texts = _ASCII_TEXT if "".join(long).isascii() else _ANY_TEXT

    def __bool__(self) -> bool:
        return bool(self._spellings) or self._alone is not None

    def cut(self, text: str) -> str:
        """The text with REMOVED in place of every secret; the same object where there is none."""
        if len(text) < self.shortest:
            return text
        if self._may_be_in(text):
            text = self._cut_spellings(text)
        return self._alone.sub(REMOVED, text) if self._alone and self._alone.search(text) else text

    def _may_be_in(self, text: str) -> bool:
        """Whether a closer look is worth it; most texts of most libraries end here."""
        folded = text.lower()
        for spelling in self._spellings:
            if spelling in folded:
                return True
        if len(folded) != len(text) or "%" in text or "\\" in text or "&" in text:
            return True
        return folded != text and bool(self._spellings) and _LONG_RUN.search(text) is not None

    def _cut_spellings(self, text: str) -> str:
        for _ in range(_DEEPEST + 1):
            windows = (self._find(text, start, start + _WINDOW) for start in range(0, len(text), _WINDOW))
            spans = [span for window in windows for span in window]
            if not spans:
                break
            text = _cut_out(text, spans)
        return text

    def _find(self, text: str, start: int, end: int, depth: int = 0) -> list[tuple[int, int]]:
        """Where secrets that begin in a window of the text stand, in the first of its readings that shows any.

        `depth` says in how many encodings the text stood.
        """
        readings = [text if len(text) <= _WINDOW else text[start : end + self._overlap]]
        while True:
            spans = list(self._find_as_it_is(readings[-1]))
            if spans or len(readings) > _DEEPEST or not _MARK.search(readings[-1]):
                break
            readings.append(_read_escapes(readings[-1]))
            if readings[-1] == readings[-2]:
                break
        if not spans and depth < _MOST_ENCODINGS:
            spans = [match.span() for match in _ENCODED.finditer(readings[-1]) if self._is_encoded_in(match[0], depth)]
        for source in reversed(readings[:-1] if spans else ()):
            locate = _locator(source)
            spans = [(locate(first), locate(last)) for first, last in spans]
        return [(first + start, last + start) for first, last in spans]

    def _is_encoded_in(self, encoded: str, depth: int) -> bool:
        """Whether base64 of a text with a secret in it begins anywhere in these characters.

        Without a capital it is none: at every third place it would have one of h to z, and a fitting one behind it.
        """
        if encoded == encoded.lower():
            return False
        encoded = _LINE_BREAKS.sub("", encoded).translate(_ORDINARY_BASE64)
        for start in range(4):
            whole = encoded[start:] + "A" * ((start - len(encoded)) % 4)
            for found in self._texts.findall(a2b_base64(whole)):
                text = found.decode("utf-8", "replace")
                if self._may_be_in(text) and self._find(text, 0, len(text), depth + 1):
                    return True
        return False

    def _find_as_it_is(self, text: str) -> Iterator[tuple[int, int]]:
        folded = _fold(text)
        for spelling in self._spellings:
            at = folded.find(spelling)
            while at >= 0:
                yield at, at + len(spelling)
                at = folded.find(spelling, at + len(spelling))


def _read_escapes(text: str) -> str:
    """The text with its escapes read once."""
    return _ESCAPE.sub(lambda match: _meaning(match[0]), text)


def _locator(text: str) -> Callable[[int], int]:
    """What tells, of a position in the text with its escapes read, where that is in the text itself."""
    ends: list[int] = []  # after each escape, in the text that was read
    shifts: list[int] = []  # how far the text itself is ahead from there on
    shift = 0
    for match in _ESCAPE.finditer(text):
        meaning = _meaning(match[0])
        shift += len(match[0]) - len(meaning)
        ends.append(match.end() - shift)
        shifts.append(shift)
    return lambda position: position + (shifts[index - 1] if (index := bisect_right(ends, position)) else 0)


@lru_cache(4096)
def _meaning(escape: str) -> str:
    """The character that an escape stands for; the escape itself where it stands for none."""
    match = _ESCAPE.fullmatch(escape)
    kind = (match and match.lastgroup) or ""
    digits = match[kind] if match else ""
    if kind == "sign":
        return digits
    if kind == "name":
        from html.entities import html5

        character = html5.get(f"{digits};", escape)
        return character if len(character) == 1 else escape
    number = int(digits, 10 if kind == "decimal" else 16)
    return chr(number) if number <= sys.maxunicode else escape


def _is_word(text: str) -> bool:
    return text.isalpha() and text in {text.lower(), text.upper(), text.title()}


def _spellings(secret: str) -> Iterator[str]:
    """What the secret looks like in a text whose escapes are read, in lower case."""
    secret = secret.strip("\\") or secret  # those at its ends may belong to what stands around it
    read = secret
    for _ in range(_DEEPEST):
        read = _read_escapes(read)
    data = secret.encode("utf-8", "surrogatepass")
    yield from map(_fold, (secret, data.hex()))
    for form in (read, read.replace("\\", "")):  # which an escape behind them takes along
        if len(form) >= LONG:
            yield _fold(form)
    if not secret.isascii():
        yield _fold(quote(data, safe=""))
    for before in range(3):
        encoded = b64encode(bytes(before) + data).decode("ascii")
        whole = encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]  # what nothing but the secret decides
        yield from map(_fold, (whole, whole.replace("+", "-").replace("/", "_")))


def _fold(text: str) -> str:
    """The text in lower case, as long as it was: a few capitals become two letters, which would move the others."""
    folded = text.lower()
    return folded if len(folded) == len(text) else text.translate(_ASCII_LOWER)


def _cut_out(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with REMOVED in place of each span; spans that touch are one."""
    pieces: list[str] = []
    end = 0
    for first, last in sorted(spans):
        if first > end or not pieces:
            pieces += (text[end:first], REMOVED)
        end = max(end, last)
    return "".join((*pieces, text[end:]))
