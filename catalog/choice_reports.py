"""What people choose from, and how they keep what they chose, as the library tells it."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.records import Record


@dataclass(frozen=True, slots=True)
class Annotation(Record):
    """What a person thinks of a video: `rating` is 1 to 5 or None, `verdict` `keep`, `reject` or `undecided`."""

    ref: str
    rating: int | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Collection(Record):
    """A collection by its `path`, such as `launch/teasers`.

    `videos` counts those that are in it, `total` those in it or below it, each once. `refs` are its videos in their
    order, where one collection was asked for.
    """

    path: str
    note: str | None
    videos: int
    total: int
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedSearch(Record):
    """A query with a name, which `query:NAME` stands for in others."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Duplicate(Record):
    """Videos that have the `same` bytes, or two that look `near` each other.

    `distance` is in bits of the 64 that say what a picture looks like. `paths` are the places of bytes that are the
    same, those in the folder of the library relative to it.
    """

    kind: str
    distance: int
    refs: tuple[str, ...]
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptUse(Record):
    """A prompt as it was used: the stack of its takes, with those that only differ in a word or a clause.

    `prompt` is that of the `cover`; `refs` are the takes, newest first. `keep_rate` is the part of them that is kept,
    `seconds` what they delivered: as their files have it, else as the provider said. `cost_usd` is all money that is
    known, `usd_per_kept_second` that by the seconds of the kept takes whose cost is known; None where there are none.
    """

    prompt: str
    uses: int
    kept: int
    rejected: int
    keep_rate: float
    seconds: float | None
    cost_usd: float | None
    usd_per_kept_second: float | None
    cover: str
    refs: tuple[str, ...]
