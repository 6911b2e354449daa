"""What went into a job beside its prompt: pictures, characters and clips, as a request or an answer names them. Pure.

The role of each, the words of its key say: `first_frame_image`, `tail_image`, `characters`, `source_video_url`. In a
request, what is called a picture is a reference and what is called a clip the source; in an answer both are results.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from catalog.redaction import redact_text
from catalog.spellings import REMOVED
from catalog.wire.ids import raw_id
from catalog.wire.parts import name_of, nested
from catalog.wire.requests import parse_line
from catalog.wire.values import find_url
from catalog.wire.words import ADDRESS, REQUEST, RESULT, snake, words, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalog.wire.answers import ParsedVideo

Role = Literal["reference", "first_frame", "last_frame", "character", "source", "mask"]

MAX_INPUTS = 100  # of one payload
MAX_NAME = 2000  # characters
_MAX_DEPTH = 8
_PICTURES = words("image images picture pictures img photo")
_FRAMES = _PICTURES | words("frame frames keyframe")
_FIRST, _LAST = words("first start begin"), words("last end tail")
_CLIPS = words("video videos clip clips")
_SOURCES = words("source base original parent")
_REFERENCES = words("reference references ref refs")
_CHARACTERS = words("character characters")
_MASK = words("mask")
_OTHERS = words("id ids file files input init data bytes b64 base64 json media task style subject control")
_SPEAKING = _FRAMES | _FIRST | _LAST | _CLIPS | _SOURCES | _REFERENCES | _CHARACTERS | _MASK | _OTHERS | ADDRESS
_TEXTS = words("prompt negative_prompt messages metadata text storyboard usage error")  # nothing in there is an input


class Named(NamedTuple):
    """An input by its name: an id, an address without its query, or the name of a file."""

    role: Role
    name: str


def role_of(spoken: frozenset[str], *, is_asked: bool = False) -> Role | None:
    """The role of what stands under a key of these words, in a request where it `is_asked`; None where it is none."""
    if not spoken <= _SPEAKING:  # a strength, a size, a number of them
        return None
    plain = _plain_role(spoken)
    if plain is not None:
        return plain
    if is_asked and not spoken.isdisjoint(_FRAMES) and not spoken.isdisjoint(_FIRST | _LAST):
        return "last_frame" if spoken.isdisjoint(_FIRST) else "first_frame"
    if not spoken.isdisjoint(_REFERENCES):
        return "reference"
    if not spoken.isdisjoint(_SOURCES) and not spoken.isdisjoint(_CLIPS | {"task"}):
        return "source"
    return _asked_role(spoken) if is_asked else None


def _plain_role(spoken: frozenset[str]) -> Role | None:
    if not spoken.isdisjoint(_MASK):
        return "mask"
    return None if spoken.isdisjoint(_CHARACTERS) else "character"


def _asked_role(spoken: frozenset[str]) -> Role | None:
    if spoken.isdisjoint(_CLIPS):
        return None if spoken.isdisjoint(_PICTURES) else "reference"
    return "source"


def read_inputs(video: ParsedVideo) -> list[Named]:
    """What the payload of a video, without secrets, says went into it, each once, in order."""
    payload = video.payload
    line = parse_line(payload) if "body" in payload and "url" in payload else None
    if line is not None:
        sources = [Named("source", link.parent) for link in line.links if link.relation == "remix"]
        body = payload.get("body")
        found = [*sources, *_find_named(nested(body) if isinstance(body, dict) else {}, is_asked=True)]
    elif video.extra and any(map(_may_lead, payload)):
        found = list(_find_named(payload, is_asked=False))
    else:
        found = []
    if video.remixed_from_id:
        found.append(Named("source", video.remixed_from_id))
    own = {video.remote_id, *video.aliases}
    return [named for named in dict.fromkeys(found) if named.name not in own][:MAX_INPUTS]


@lru_cache(maxsize=4096)
def _may_lead(key: str) -> bool:
    """Whether a key of an answer leads to inputs: it has a role, or holds a request or a result."""
    spoken = words_of(snake(key))
    return snake(key) not in _TEXTS and (not spoken.isdisjoint(REQUEST | RESULT) or role_of(spoken) is not None)


def _find_named(payload: Mapping[str, Any], *, is_asked: bool, depth: int = 0) -> Iterator[Named]:
    for key, value in payload.items():
        name = snake(key)
        if name in _TEXTS:
            if name == "metadata" and isinstance(value, dict):
                yield from _read("source", value.get("source_video_url"))
            continue
        spoken = words_of(name)
        role = role_of(spoken, is_asked=is_asked)
        if role is not None:
            yield from _read(role, value)
        elif depth < _MAX_DEPTH:
            asked = is_asked or not spoken.isdisjoint(REQUEST)
            for child in value[:MAX_INPUTS] if isinstance(value, list) else [value]:
                if isinstance(child, dict):
                    yield from _find_part(child, is_asked=asked, depth=depth + 1)


def _find_part(part: dict[str, Any], *, is_asked: bool, depth: int) -> Iterator[Named]:
    """The inputs in an object, which may say its own role beside it: `{"image_url": …, "role": "first_frame"}`."""
    word = part.get("role")
    role = role_of(words_of(snake(word)), is_asked=True) if is_asked and isinstance(word, str) else None
    if role is None:
        yield from _find_named(part, is_asked=is_asked, depth=depth)
    else:
        yield from (Named(role, named.name) for named in _find_named(part, is_asked=is_asked, depth=depth))


def _read(role: Role, value: object) -> Iterator[Named]:
    for part in value[:MAX_INPUTS] if isinstance(value, list) else [value]:
        name = name_of(part)
        if name and REMOVED not in name and "\n" not in name and len(name) <= MAX_NAME:
            yield Named(role, plain_name(name))


def plain_name(name: str) -> str:
    """A name as it is kept: an address without its query, an id as its server has it, nothing secret."""
    if (url := find_url(name)) is not None:
        name = url.partition("#")[0].partition("?")[0]
    return redact_text(raw_id(name))
