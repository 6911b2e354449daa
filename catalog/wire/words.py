"""What a key speaks of: its words, however it is spelled. Pure.

Servers write `task_id`, `taskId` and `Task-ID` for one thing, and name a thing by what it is made of: a `cover_url` is
an address, and not of a video. So the parser judges keys by their words, not by a table of every key of every server.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from catalog.wire.documents import find_excess

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LONGEST_KEY = 64
_LONGEST_JSON = 1 << 20  # characters of a JSON text inside a JSON text
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(text: str) -> frozenset[str]:
    """The words of a line of words."""
    return frozenset(text.split())


# The kinds of what stands in an answer, each with the words of the keys that it stands under.
RESULT = words(
    "output outputs result results content contents video videos creation creations generation generations generated "
    "sample samples clip clips asset assets attachment attachments"
)
CARRIER = words(
    "data resp response payload task job prediction operation post detail body item info extra file files artifact "
    "artifacts record"
)
REQUEST = words(
    "request input inputs param params parameter parameters properties config args arguments options settings"
)
ADDRESS = words("url urls uri uris download downloadable")
PICTURE = words("image images picture pictures img watermark watermarked water wm")
# What stands beside a result and is not one: pictures of it, what it was made from, whose it is, where to ask.
ASIDE = words(
    "cover frame frames keyframe keyframes thumb thumbs thumbnail thumbnails poster preview previews gif spritesheet "
    "avatar icon logo profile user users author owner account member audio music voice sound subtitle subtitles srt "
    "caption captions lyrics mask first last start end tail source reference references ref refs parent root original "
    "target base api get cancel stream web page self polling poll status callback webhook notify hook links "
    "permalink share shared docs log logs trace header headers error errors progress"
)


@lru_cache(maxsize=4096)
def _snake(key: str) -> str:
    return _HUMP.sub("_", key).lower().replace("-", "_").replace(" ", "_")


def snake(key: str) -> str:
    """The key in snake case; a key that is too long to be anybody's name stays as it is."""
    return _snake(key) if len(key) <= _LONGEST_KEY else key


@lru_cache(maxsize=4096)
def _words(key: str) -> frozenset[str]:
    return frozenset(key.split("_"))


def words_of(key: str) -> frozenset[str]:
    """The words of a key in snake case."""
    return _words(key) if len(key) <= _LONGEST_KEY else frozenset()


def spelled(members: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    """The members by their names in snake case, how each name was spelled otherwise, and members of a second spelling.

    Of two spellings of one name the one in snake case counts, else the first of the alphabet.
    """
    named = {key: value for key, value in members.items() if key == snake(key)}
    spelling: dict[str, str] = {}
    others: dict[str, Any] = {}
    for key in sorted(members.keys() - named.keys()) if len(named) < len(members) else ():
        name = snake(key)
        if name in named:
            others[key] = members[key]
        else:
            named[name], spelling[name] = members[key], key
    return named, spelling, others


def in_snake_case(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members by their names in snake case."""
    return spelled(members)[0]


def opened(value: Any) -> Any:
    """The JSON inside a text that is an object or a list; any other value as it is."""
    if type(value) is not str or value[:1] not in {"{", "["} or len(value) > _LONGEST_JSON:
        return value
    try:
        inner = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return value if find_excess(inner) else inner


def objects_in(value: Any, most: int) -> Iterable[dict[str, Any]]:
    """The object, or the first objects of the list."""
    entries = value[:most] if isinstance(value, list) else [value]
    return [entry for entry in entries if isinstance(entry, dict)]


def has_text(value: object) -> bool:
    """Whether the value is text that says anything."""
    return type(value) is str and bool(value.strip())


def texts_at(levels: Iterable[Mapping[str, Any]], keys: tuple[str, ...]) -> Iterator[str]:
    """The texts under these keys of these objects, in order."""
    return (level[key] for level in levels for key in keys if has_text(level.get(key)))
