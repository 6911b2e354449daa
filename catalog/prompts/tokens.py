"""Words of a text and where they stand, each word as one character of a private alphabet.

A prompt becomes a string over an alphabet of words, so that a phrase of three words is a string of three characters:
the automaton matches whole words by construction, hyphens and blanks are the same thing, and a regular expression over
the string is a pattern over words. Chinese, Japanese and Korean are read a character at a time.
"""

from __future__ import annotations

import re
from itertools import compress
from typing import TYPE_CHECKING

from catalog.prompts.characters import SIMPLIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WIDE = "\u2e80-\u2fff\u3005-\u3007\u3021-\u30fa\u30fc-\u9fff\uf900-\ufaff\uff66-\uff9f"
_FIRST_WIDE = "\u2e80"
_SIGNS = (  # on letters, of accents and vowels: not in `\w`; of Latin, Thai, Lao, Burmese, Khmer and Devanagari
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u17b4-\u17d3\u17dd"
    "\u0900-\u0903\u093a-\u093c\u093e-\u094f"
)
_WORD = rf"(?:[^\W\d_{_WIDE}][{_SIGNS}]*)"
_TOKEN = re.compile(
    rf"{_WORD}+(?:['’]{_WORD}{{1,3}})?"
    r"|[0-9]+(?:[.:,][0-9]+)?"
    rf"|[{_WIDE}]"
    r"|[.!?。！？…\n,，、;；:：()（）\[\]【】\"“”「」『』«»|/&•–—]"
    r"|(?<=\s)-(?=\s)"
)
_MARKS = {
    **dict.fromkeys(".!?。！？…", "."),
    **dict.fromkeys(",，、", ","),
    **dict.fromkeys(";；|•", ";"),
    **dict.fromkeys(":：", ":"),
    **dict.fromkeys("()（）[]【】", "("),
    **dict.fromkeys('"“”「」『』«»', '"'),
    **dict.fromkeys("-–—", "-"),
    "/": "/",
    "\n": "\n",
}


class _Spelling(dict[int, str]):
    def __missing__(self, code: int) -> str:
        row, column = divmod(code, _ROW)
        self[code] = chr(0x100 + row) + chr(_FIRST_COLUMN + column)
        return self[code]


_ADVERBS = ("ly", "mente")
NO_ADVERBS = frozenset(
    {
        "anomaly", "assembly", "belly", "billy", "bully", "butterfly", "dragonfly", "emily", "family", "firefly",
        "gadfly", "grizzly", "holly", "housefly", "italy", "jelly", "kelly", "molly", "polly", "rally", "reply",
        "sally", "supply", "tally", "underbelly",
    }
)  # fmt: skip
UNKNOWN = "?"
NUMBER = "#"
SENTENCE_ENDS = ".\n"
FIRST_CODE = 0x4000
_MAX_REMEMBERED = 50_000


def lower(text: str) -> str:
    """The text in small letters, of the same length: the few letters that would grow stay as they are."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def words(text: str) -> list[str]:
    """The words of a form or a label as the alphabet knows them: small, without apostrophes; marks are left out."""
    return [_plain(token) for token in _TOKEN.findall(lower(text)) if token not in _MARKS]


def _plain(word: str) -> str:
    if word == "&":
        return "and"
    if word[0] >= _FIRST_WIDE:
        return word.translate(SIMPLIFIED)
    return word.replace("'", "").replace("’", "") if "'" in word or "’" in word else word


def spell(codes: str) -> str:
    """The characters of words, each as two of a small alphabet: the automaton looks through a node's letters in turn,
    and with thousands of words as letters it would be four times slower."""
    return codes.translate(_SPELLING)


_FIRST_COLUMN = ord("#")
_ROW = ord("\\") - _FIRST_COLUMN  # letters that JSON keeps as they are
_SPELLING = _Spelling()


class Alphabet:
    """One character for every word that the vocabulary knows; built once, then read by every prompt."""

    def __init__(self, known_words: Iterable[str] = ()) -> None:
        self._codes = {word: chr(code) for code, word in enumerate(known_words, FIRST_CODE)}
        self._seen: dict[str, str] = {}
        self.recall = self._seen.get

    def encode(self, text: str) -> str:
        """The characters of a form's words; a new word gets a new character."""
        return "".join(self._codes.setdefault(word, chr(FIRST_CODE + len(self._codes))) for word in words(text))

    def find(self, word: str) -> str:
        """The character of a word, or the one of unknown words; an unknown adverb has none, and is skipped."""
        code = self._code_of(word)
        if len(self._seen) < _MAX_REMEMBERED:
            self._seen[word] = code
        return code

    def _code_of(self, word: str) -> str:
        if word in _MARKS:
            return _MARKS[word]
        plain = _plain(word)
        if plain in self._codes:
            return self._codes[plain]
        if plain[0].isdigit():
            return NUMBER
        is_adverb = plain.endswith(_ADVERBS) and len(plain) > 4 and plain not in NO_ADVERBS
        return "" if is_adverb else UNKNOWN

    @property
    def codes(self) -> Mapping[str, str]:
        """The character of every known word."""
        return self._codes


class Tokens:
    """The words and marks of one text in order: `codes[i]` stands at `starts[i]` and is written `words[i]`."""

    __slots__ = ("codes", "starts", "words")

    def __init__(self, text: str, alphabet: Alphabet) -> None:
        self.words: list[str] = _TOKEN.findall(text)
        codes: list[str | None] = list(map(alphabet.recall, self.words))
        if None in codes:
            pairs = zip(self.words, codes, strict=True)
            codes = [alphabet.find(word) if code is None else code for word, code in pairs]
        self.starts = _offsets(text, self.words)
        if "" in codes:
            self.words = list(compress(self.words, codes))
            self.starts = list(compress(self.starts, codes))
        self.codes = "".join(codes)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.codes)

    def end(self, index: int) -> int:
        """Where the word with this index ends in the text."""
        return self.starts[index] + len(self.words[index])


def _offsets(text: str, words: list[str]) -> list[int]:
    """Where each of the words, which follow each other, starts; one search a word is faster than a match object."""
    find = text.find
    offset = 0
    starts = []
    for word in words:
        offset = find(word, offset)
        starts.append(offset)
        offset += len(word)
    return starts
