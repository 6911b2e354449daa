"""JSON prompts: every string by the path of keys that leads to it, and where it stands in the raw text.

Strings may stand in typographic or single quotes, as word processors and Python's `repr` write them. The scanner keeps
its own stack, so depth costs nothing, and it never looks back, so time is linear. Text that only looks like JSON is
left to the other readers; a document that breaks off at the end of the text is read as far as it goes.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_START = re.compile(r"""[\[{]\s*(?=["'“”„‘«{\[}\]])""")
_BODY = re.compile(r"""\s*(?=["“'][\w -]{1,40}["”']\s*:\s*["“'{\[])""")
_CONTENT = re.compile(r"[^\s,:]")
_SCALAR = re.compile(r"-?[0-9][0-9.eE+-]*|true|false|null|NaN|-?Infinity|True|False|None|[ub](?=['\"])")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_OWN_QUOTE = re.compile(r"""\\.|"|'""", re.DOTALL)
_OPENERS = {"'": "single", "‘": "single", "“": "double", "”": "double", "„": "double", "«": "double"}
_BEFORE_NEXT = r"""\s*(?:[:}\])]|$|,\s*(?:[ub]?["'“”„‘«{\[(}\])]|-?[0-9]|[Tt]rue|[Ff]alse|[Nn]ull|None|$))"""
_CLOSERS = {
    "single": re.compile(rf"(?<!\\)['’](?={_BEFORE_NEXT})"),
    "double": re.compile(rf"""(?<!\\)["”“»](?={_BEFORE_NEXT})"""),
}
_PAIRS = {"{": "}", "[": "]", "(": ")"}
_QUOTE = ' "'
_MAX_DEPTH = 6  # of the keys that are kept above a string


class Text(NamedTuple):
    """One string of a document: where it stands between the quotes, and the keys and list positions above it."""

    start: int
    end: int
    path: tuple[str | int, ...]


class Document(NamedTuple):
    """A JSON object or list inside a text, and its strings."""

    start: int
    end: int
    texts: list[Text]


def find_documents(text: str) -> list[Document]:
    """The JSON documents in a text, in order; a broken one is skipped as a whole, lost outer brackets are added."""
    documents = []
    offset = 0
    quotes = _Quotes(text)
    if body := _BODY.match(text):
        document, offset = _scan(text, body.end(), quotes, opener="{")
        if document is not None:
            return [document]
        offset = 0
    while match := _START.search(text, offset):
        document, offset = _scan(text, match.start(), quotes)
        if document is not None and document.texts:
            documents.append(document)
    return documents


class _Quotes:
    """Where strings end whose quotes are not JSON's own: at one that only what follows a string can follow."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[str, list[int]] = {}

    def end(self, offset: int) -> int | None:
        """Where the string ends that opens at the offset; None where nothing closes it."""
        kind = _OPENERS[self._text[offset]]
        if kind not in self._ends:
            self._ends[kind] = [match.start() for match in _CLOSERS[kind].finditer(self._text)]
        ends = self._ends[kind]
        index = bisect_right(ends, offset)
        return ends[index] if index < len(ends) else None


def _scan(text: str, start: int, quotes: _Quotes, opener: str = "") -> tuple[Document | None, int]:
    """The document that opens at `start`, and where to look on; None when it is not JSON.

    With an `opener`, the document has lost that bracket.
    """
    draft = _Draft(text, opener)
    offset = start
    while content := _CONTENT.search(text, offset):
        offset = content.start()
        char = text[offset]
        if draft.closes(char):
            draft.close()
            offset += 1
            if not draft.levels:
                return Document(start, offset, draft.texts), offset
            continue
        is_key = draft.expects_key(offset)
        if char in "{[(" and not is_key:
            draft.open(char)
            offset += 1
        elif char in _OPENERS:
            end = quotes.end(offset)
            if end is None:
                return None, offset + 1
            draft.add(text[offset + 1 : end], offset + 1, end, is_key=is_key)
            offset = end + 1
        elif char == '"':
            try:
                string, end = scanstring(text, offset + 1, False)
            except ValueError:
                break
            draft.add(string, offset + 1, end - 1, is_key=is_key)
            offset = end
        elif (scalar := _SCALAR.match(text, offset)) and not is_key:
            draft.count()
            offset = scalar.end()
        else:
            return None, offset + 1
    return draft.break_off(start), len(text)


def as_words(text: str, documents: Sequence[Document] | None = None) -> str:
    """The text with the strings of each JSON document in its place, one after the other: no keys, no brackets.

    Its `documents` are found unless they are at hand.
    """
    parts = []
    offset = 0
    for document in find_documents(text) if documents is None else documents:
        strings = (decode(text[string.start : string.end]).strip() for string in document.texts)
        parts += [text[offset : document.start], ", ".join(filter(None, strings))]
        offset = document.end
    return "".join([*parts, text[offset:]])


class _Level:
    """An object or a list that is still open, and the key or the position that its next value has."""

    __slots__ = ("closer", "key", "position")

    def __init__(self, opener: str) -> None:
        self.closer = _PAIRS[opener]
        self.key = ""
        self.position = -1

    @property
    def name(self) -> str | int:
        return self.key if self.closer == "}" else self.position


class _Draft:
    """A document as far as it is read: what is open, and the strings so far."""

    def __init__(self, text: str, opener: str = "") -> None:
        self.text = text
        self.levels: list[_Level] = [_Level(opener)] if opener else []
        self.texts: list[Text] = []
        self._names: list[str | int] = []  # of the levels inside the outermost one

    def closes(self, char: str) -> bool:
        return bool(self.levels) and char == self.levels[-1].closer

    def close(self) -> None:
        self.levels.pop()
        del self._names[max(len(self.levels) - 1, 0) :]

    def open(self, opener: str) -> None:
        if self.levels:
            self.count()
            self._names.append(self.levels[-1].name)
        self.levels.append(_Level(opener))

    def add(self, string: str, start: int, end: int, *, is_key: bool) -> None:
        if is_key:
            self.levels[-1].key = string
        else:
            self.count()
            self.texts.append(Text(start, end, (*self._names[-_MAX_DEPTH:], self.levels[-1].name)))

    def break_off(self, start: int) -> Document | None:
        """What there is of a document that the text cuts off."""
        return Document(start, len(self.text), self.texts) if len(self.texts) > 1 else None

    def count(self) -> None:
        """Count one more value of the innermost level."""
        self.levels[-1].position += 1

    def expects_key(self, offset: int) -> bool:
        """Whether what stands at this offset must be a key: directly in an object, with no colon before it."""
        if not self.levels or self.levels[-1].closer != "}":
            return False
        before = offset - 1
        while before >= 0 and self.text[before] in " \t\r\n":
            before -= 1
        return self.text[before] != ":"


def unescape(raw: str) -> str:
    """The inside of a JSON string with its escapes resolved in place, each padded to the length it had."""
    return _ESCAPE.sub(_resolve, raw) if "\\" in raw else raw


def _resolve(match: re.Match[str]) -> str:
    escape = match[0]
    if escape[1] == '"':
        return _QUOTE
    if len(escape) == 2:
        return " \n" if escape[1] in "nrt" else " " + escape[1]
    return read_code(escape[2:]).ljust(len(escape))


def read_code(digits: str) -> str:
    """The character with this hexadecimal number, a blank where it is not one of text."""
    code = int(digits, 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def decode(raw: str) -> str:
    """The text that the inside of a string stands for, by JSON's rules, or by those of Python where they differ."""
    try:
        return str(json.loads(f'"{_OWN_QUOTE.sub(_in_json, raw)}"', strict=False))
    except ValueError:
        return raw


def _in_json(match: re.Match[str]) -> str:
    return "'" if match[0] == "\\'" else '\\"' if match[0] == '"' else match[0]
