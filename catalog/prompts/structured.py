"""JSON prompts: every string by the path of keys that leads to it, with its place in the raw text.

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
_NEXT = re.compile(r"[\s,:]*")
_SCALAR = re.compile(r"-?[0-9][0-9.eE+-]*|true|false|null|NaN|-?Infinity")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_QUOTE = ' "'


class Text(NamedTuple):
    """One string of a document: its place between the quotes, and the keys and list positions above it."""

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
    found = []
    place = 0
    while match := _START.search(text, place):
        document, place = _scan(text, match.start())
        if document is not None and document.texts:
            found.append(document)
    return found


class _Level:
    __slots__ = ("closer", "key", "position")

    def __init__(self, opener: str) -> None:
        self.closer = "}" if opener == "{" else "]"
        self.key: str | None = None
        self.position = -1


def _scan(text: str, start: int) -> tuple[Document | None, int]:
    """The document that opens at `start`, and where to look on; None when it is not JSON."""
    stack: list[_Level] = []
    texts: list[Text] = []
    names: list[str | int] = []
    place = start
    while True:
        place = _NEXT.match(text, place).end()  # type: ignore[union-attr]
        if place >= len(text):
            whole = len(texts) > 1 or (bool(texts) and not stack)
            return (Document(start, len(text), texts) if whole else None), len(text)
        char = text[place]
        if stack and char == stack[-1].closer:
            stack.pop()
            del names[max(len(stack) - 1, 0) :]
            place += 1
            if not stack:
                return Document(start, place, texts), place
            continue
        is_key = bool(stack) and stack[-1].closer == "}" and not _follows_colon(text, place)
        if stack and stack[-1].closer == "]":
            stack[-1].position += 1
        if char in "{[" and not is_key:
            if stack:
                names.append(_name(stack[-1]))
            stack.append(_Level(char))
            place += 1
        elif char == '"':
            try:
                value, end = scanstring(text, place + 1, False)
            except ValueError:
                return (Document(start, len(text), texts) if len(texts) > 1 else None), len(text)
            if is_key:
                stack[-1].key = value
            else:
                texts.append(Text(place + 1, end - 1, (*names[-6:], _name(stack[-1]))))
            place = end
        elif (scalar := _SCALAR.match(text, place)) and not is_key:
            place = scalar.end()
        else:
            return None, place + 1


def _follows_colon(text: str, place: int) -> bool:
    before = place - 1
    while before >= 0 and text[before] in " \t\r\n":
        before -= 1
    return text[before] == ":"


def _name(level: _Level) -> str | int:
    return level.position if level.closer == "]" else level.key or ""


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
    """The text that the inside of a JSON string stands for; as it is when it is no valid string."""
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw
