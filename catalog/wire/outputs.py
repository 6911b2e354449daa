"""The addresses of what a job made, in order. Pure, and bounded.

An address is an http or https text under a key that speaks of a video, an output, a result or a content, at any level
of the job; never one that stands aside of it, such as a cover or an API address. Pictures count where a job gives
nothing else. The order is that of `_FIRST`, then the alphabet, then of `_LAST`, so that the order of keys says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.wire.levels import MAX_DEPTH, MAX_ENTRIES
from catalog.wire.values import find_url
from catalog.wire.words import (
    ADDRESS,
    ASIDE,
    CARRIER,
    PICTURE,
    REQUEST,
    RESULT,
    in_snake_case,
    opened,
    words,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

MAX_ADDRESSES = 1000
_FIRST = "output_url url urls video_url output outputs video videos data results result task_result metadata result_url"
_LAST = "unsigned_urls download_url downloadable_url content_url"
_RANK = {key: rank for rank, key in enumerate(_FIRST.split())} | {
    key: 1000 + rank for rank, key in enumerate(_LAST.split())
}
_OF_METADATA = frozenset({"url", "urls", "output_url", "video_url"})  # other addresses there are the user's
_QUALIFIERS = words("file unsigned signed public cdn oss gcs direct final hd mp4")
_PICTURE_FILES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_SPEAKING = RESULT | PICTURE
_BARE = ADDRESS | _QUALIFIERS
_ENTERED = _SPEAKING | CARRIER
_LEADING = _ENTERED | ADDRESS
_NOT_ENTERED = ASIDE | REQUEST
_NOTHING: tuple[object, ...] = (None, "", [], {})  # what a key without a result may hold
_MAY_HOLD_ONE = ("fail_reason", "remixed_from_video_id")  # CometAPI and Agnes put the address there


class _Key(NamedTuple):
    """A key by what it and those above it speak of: `speaks` of a result, `shows` a picture of one."""

    depth: int = 0
    speaks: bool = False
    shows: bool = False
    may_hold_objects: bool = True
    may_be_address: bool = False

    def followed_by(self, spoken: frozenset[str]) -> _Key:
        """The key of these words in the object that this key leads to."""
        speaks = self.speaks or not spoken.isdisjoint(_SPEAKING)
        is_picture = not spoken.isdisjoint(PICTURE)
        is_entered = self.speaks or not spoken.isdisjoint(_ENTERED)
        is_address = (self.speaks or not is_picture) if speaks else spoken <= _BARE
        may_hold_objects = is_entered and self.depth < MAX_DEPTH
        return _Key(self.depth + 1, speaks, self.shows or is_picture, may_hold_objects, is_address)


class Outputs(NamedTuple):
    """The addresses, in order, and the keys of the job's own level that hold nothing but some of them."""

    urls: list[str]
    keys: list[str]


class _Search:
    """The addresses found so far: those of videos, and those of pictures."""

    def __init__(self) -> None:
        self.videos: dict[str, None] = {}
        self.pictures: dict[str, None] = {}

    def enter(self, level: Mapping[str, Any], under: _Key) -> None:
        """Look under each key of an object that may lead to an address."""
        for name in sorted(level if under.speaks else filter(_may_lead, level), key=rank):
            if name == "metadata":
                self.enter_metadata(level[name])
            elif words_of(name).isdisjoint(_NOT_ENTERED):
                self.read(level[name], under.followed_by(words_of(name)))

    def enter_metadata(self, metadata: object) -> None:
        if isinstance(metadata, dict):
            own = {key: value for key, value in metadata.items() if key in _OF_METADATA}
            self.enter(own, _Key(depth=MAX_DEPTH))

    def read(self, value: object, key: _Key) -> None:
        value = opened(value) if key.may_hold_objects else value
        for entry in value[:MAX_ENTRIES] if isinstance(value, list) else (value,):
            if isinstance(entry, dict) and key.may_hold_objects:
                self.enter(in_snake_case(entry), key)
            elif key.may_be_address:
                self.keep(entry, is_picture=key.shows)

    def keep(self, entry: object, *, is_picture: bool = False) -> None:
        url = find_url(entry)
        if url is not None and len(self.videos) < MAX_ADDRESSES:
            is_picture = is_picture or url.partition("?")[0].lower().endswith(_PICTURE_FILES)
            (self.pictures if is_picture else self.videos)[url] = None


def _may_lead(key: str) -> bool:
    """Whether a key that no other speaks for may lead to an address."""
    return key == "metadata" or not words_of(key).isdisjoint(_LEADING)


def rank(key: str) -> tuple[int, str]:
    """Where the members of an object stand in the order of what a job made."""
    return _RANK.get(key, 500), key


def read_outputs(job: Mapping[str, Any]) -> Outputs:
    """The addresses in a job object whose keys are in snake case, each once."""
    search = _Search()
    search.enter(job, _Key())
    for key in _MAY_HOLD_ONE:
        search.keep(job.get(key))
    urls = search.videos or search.pictures
    keys = [*(key for key in filter(_may_lead, job) if key != "metadata"), *_MAY_HOLD_ONE]
    return Outputs(list(urls), [key for key in keys if key in job and _holds_only(key, job[key], urls)])


def _holds_only(key: str, value: object, urls: Container[str]) -> bool:
    entries = value if isinstance(value, list) else [value]
    found = [find_url(entry) for entry in entries if entry not in _NOTHING]
    return all(url in urls for url in found) and (bool(found) or key in _RANK)


def shows_outputs(job: Mapping[str, Any]) -> bool:
    """Whether an object of any spelling holds an address of a result."""
    return bool(read_outputs(in_snake_case(job)).urls)
