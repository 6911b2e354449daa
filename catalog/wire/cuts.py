"""The longest text that is kept of an answer: what is longer is cut, and its length and hash are kept. Pure.

One rule for every text of a payload, a prompt or any other: what has more than MAX_TEXT bytes of UTF-8 is cut there,
between two characters; where a payload holds so many long texts that it has more than MAX_PAYLOAD all the same, they
are cut to SHORT_TEXT. The payload itself tells it, under CUT: a map from the place of each such text, its keys joined
by dots, to the bytes and the SHA-256 of the whole. So the payload that is kept is all that a video is ever read from,
and two texts that differ only beyond the cut are two payloads. Cutting twice is cutting once.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

MAX_TEXT = 256_000  # bytes of UTF-8; the longest prompt that a server takes has 32,000 characters
SHORT_TEXT = 4_000
MAX_PAYLOAD = 4_000_000  # characters of JSON
CUT = "cut_by_catalog"

_WHOLE = re.compile(r"\d{1,12} bytes, sha256 [0-9a-f]{64}")
_LONGEST_PLACE = 100  # characters
_WIDEST = 4  # bytes of a character


def may_be_cut(text: str) -> bool:
    """Whether a text, or a payload with this JSON text, is long enough to have something to cut."""
    return len(text) > MAX_TEXT // _WIDEST


def cut_text(text: str, limit: int = MAX_TEXT) -> str:
    """The text as far as it is kept; the same object where that is all of it."""
    if len(text) <= limit // _WIDEST:
        return text
    data = text.encode("utf-8", "surrogatepass")
    return text if len(data) <= limit else data[:limit].decode("utf-8", "ignore")


def cut(payload: Any, text: str) -> Any:
    """The JSON value with this JSON text as far as it is kept, what was cut told under CUT where it is an object.

    The same object where nothing is too long.
    """
    short = _cut_to(payload, MAX_TEXT)
    size = len(text) if short is payload else len(json.dumps(short, ensure_ascii=False, separators=(",", ":")))
    return _cut_to(short, SHORT_TEXT) if size > MAX_PAYLOAD else short


def list_cuts(payload: Any) -> dict[str, str]:
    """What was cut of a kept payload: the place of each text, and the bytes and the hash of the whole."""
    cuts = payload.get(CUT) if isinstance(payload, dict) else None
    if not isinstance(cuts, dict):
        return {}
    return {place: whole for place, whole in cuts.items() if isinstance(whole, str) and _WHOLE.fullmatch(whole)}


def describe_cuts(payload: Any) -> tuple[str, ...]:
    """The flaws of a kept payload, in words: `prompt is cut, the whole has 30800000 bytes, sha256 …`."""
    return tuple(f"{place} is cut, the whole has {whole}" for place, whole in list_cuts(payload).items())


def _cut_to(payload: Any, limit: int) -> Any:
    if not _has_longer(payload, limit):
        return payload
    wholes: dict[str, str] = {}
    short = _Scissors(limit, wholes).cut(payload)
    return {**short, CUT: wholes | list_cuts(payload)} if isinstance(short, dict) else short


def _has_longer(payload: Any, limit: int) -> bool:
    """Whether any text of the value is longer than that; nothing is copied."""
    work = [payload]
    while work:
        value = work.pop()
        if isinstance(value, str):
            if cut_text(value, limit) is not value:
                return True
        elif isinstance(value, dict):
            work += value
            work += value.values()
        elif isinstance(value, list):
            work += value
    return False


class _Scissors:
    """Cuts texts to a limit, and notes the whole of each by its place."""

    def __init__(self, limit: int, wholes: dict[str, str]) -> None:
        self._limit = limit
        self._wholes = wholes

    def cut(self, value: Any, place: str = "") -> Any:
        if isinstance(value, str):
            return self._cut_text(value, place)
        if isinstance(value, dict):
            members = ((self._cut_text(key, f"a key of {place or 'the job'}"), child) for key, child in value.items())
            return {key: self.cut(child, _inside(place, key)) for key, child in members}
        if isinstance(value, list):
            return [self.cut(child, _inside(place, number)) for number, child in enumerate(value)]
        return value

    def _cut_text(self, text: str, place: str) -> str:
        short = cut_text(text, self._limit)
        if short is not text:
            data = text.encode("utf-8", "surrogatepass")
            place = place or "text"
            while place in self._wholes:
                place += "'"
            self._wholes[place] = f"{len(data)} bytes, sha256 {sha256(data).hexdigest()}"
        return short


def _inside(place: str, key: object) -> str:
    return f"{place}.{key}"[:_LONGEST_PLACE] if place else str(key)[:_LONGEST_PLACE]
