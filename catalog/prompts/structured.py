"""JSON prompts: every string by the path of keys that leads to it, and where it stands in the raw text.

The scanner keeps its own stack, so depth costs nothing, and it never looks back, so time is linear. Text that only
looks like JSON is left to the other readers; a document that breaks off at the end of the text is read as far as it
goes.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NamedTuple

_START = re.compile(r'[\[{]\s*(?=["{\[}\]])')
_CONTENT = re.compile(r"[^\s,:]")
_SCALAR = re.compile(r"-?[0-9][0-9.eE+-]*|true|false|null|NaN|-?Infinity")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
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
    """The JSON documents in a text, in order; a broken one is skipped as a whole."""
    documents = []
    offset = 0
    while match := _START.search(text, offset):
        document, offset = _scan(text, match.start())
        if document is not None and document.texts:
            documents.append(document)
    return documents


def _scan(text: str, start: int) -> tuple[Document | None, int]:
    """The document that opens at `start`, and where to look on; None when it is not JSON."""
    draft = _Draft(text)
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
        if char in "{[" and not is_key:
            draft.open(char)
            offset += 1
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
    return (Document(start, len(text), draft.texts) if len(draft.texts) > 1 else None), len(text)


def as_words(text: str) -> str:
    """The text with the strings of each JSON document in its place, one after the other: no keys, no brackets."""
    parts = []
    offset = 0
    for document in find_documents(text):
        strings = (decode(text[string.start : string.end]).strip() for string in document.texts)
        parts += [text[offset : document.start], ", ".join(filter(None, strings))]
        offset = document.end
    return "".join([*parts, text[offset:]])


class _Level:
    """An object or a list that is still open, and the key or the position that its next value has."""

    __slots__ = ("closer", "key", "position")

    def __init__(self, opener: str) -> None:
        self.closer = "}" if opener == "{" else "]"
        self.key = ""
        self.position = -1

    @property
    def name(self) -> str | int:
        return self.position if self.closer == "]" else self.key


class _Draft:
    """A document as far as it is read: what is open, and the strings so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.levels: list[_Level] = []
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
    if escape[1] != "u":
        return " \n" if escape[1] in "nrt" else " " + escape[1]
    char = chr(int.from_bytes(bytes.fromhex(escape[2:])))
    return (" " if "\ud800" <= char <= "\udfff" else char) + " " * 5


def decode(raw: str) -> str:
    """The text that the inside of a JSON string stands for; as it is when it is not a valid string."""
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw
