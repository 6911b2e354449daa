"""What people chose and how they keep it, as the library tells it: collections and saved searches."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.records import Record


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
