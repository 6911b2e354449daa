"""The journey of duplicates: pictures that were not looked at are, and then who has the same bytes or looks alike.

Nothing is done about a duplicate: two takes may look alike and be two takes.
"""

from __future__ import annotations

import heapq
import os
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import store
from catalog.choice_reports import Duplicate
from catalog.media.likeness import dhash
from catalog.parallel import ask_all
from catalog.reading import duplicates as reading
from catalog.reading.files import media_folder
from catalog.search.matches import list_matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.database import Database, Reader
    from catalog.reading.duplicates import Unread
    from catalog.reports import Progress

NEAREST = 10  # bits of 64 in which two pictures that look alike may differ
MOST = 100_000  # rows of pictures that look alike, the nearest
_KEPT = 200  # likenesses that are kept at once


def look_at_pictures(
    database: Database, among: Sequence[int] | None = None, on_progress: Progress | None = None
) -> int:
    """Keep what pictures look like that were not looked at yet, of these videos or of all; returns how many."""
    with database.read() as connection:
        folder = media_folder(connection)
    unread = _iter_unread(database, among)
    hashes: dict[str, int | None] = {}
    count = 0

    def ask(item: Unread) -> int | None:
        return dhash(Path(item.root) / item.path if item.root else folder.path_of(item.path))

    asked = ask_all(partial(_attempt, ask), partial(next, unread, None), os.cpu_count() or 1)
    for count, (item, (is_read, number)) in enumerate(asked, 1):
        if is_read:
            hashes[item.sha256] = number
        if len(hashes) >= _KEPT:
            _save(database, hashes)
        if on_progress:
            on_progress("pictures", count, None, "looking at pictures")
    _save(database, hashes)
    return count


def list_duplicates(
    database: Database, query: str | None = None, *, distance: int = NEAREST, limit: int | None = None
) -> list[Duplicate]:
    """Who has the same bytes, and then who looks alike, the nearest first; with a query, about what it finds.

    Raises QueryError.
    """
    with database.read() as connection:
        videos = None if query is None else list_matches(connection, query)
        same = _list_same(connection, videos)
        near = _list_near(connection, videos, distance, MOST if limit is None else max(0, limit - len(same)))
    return [*same, *near][:limit]


def _iter_unread(database: Database, among: Sequence[int] | None) -> Iterator[Unread]:
    last = ""
    while True:
        with database.read() as connection:
            portion = reading.list_unread(connection, last, among)
        if not portion:
            return
        last = portion[-1].sha256
        yield from portion


def _attempt(ask: object, item: Unread) -> tuple[bool, int | None]:
    """Whether the file could be read, and what it looks like."""
    try:
        return True, ask(item)  # type: ignore[operator]
    except OSError:  # which says nothing of what is in it
        return False, None


def _save(database: Database, hashes: dict[str, int | None]) -> None:
    if hashes:
        with database.write() as connection:
            store.save_likenesses(connection, hashes)
        hashes.clear()


def _list_same(connection: Reader, videos: Iterable[int] | None) -> list[Duplicate]:
    hashes = None if videos is None else set().union(*reading.find_outputs(connection, videos).values())
    groups = reading.list_same(connection, hashes)
    refs = reading.read_refs(connection, {video_id for ids in groups.values() for video_id in ids})
    places = reading.find_places(connection, groups)
    rows = [
        Duplicate("same", 0, tuple(refs[video_id] for video_id in ids), tuple(map(_join, places[sha256])))
        for sha256, ids in groups.items()
    ]
    return sorted(rows, key=lambda row: (-len(row.refs), row.refs))


def _list_near(connection: Reader, videos: Sequence[int] | None, distance: int, most: int) -> list[Duplicate]:
    from catalog.nearness import list_near  # these load numpy
    from catalog.search.looks import read_looks

    ids, hashes = read_looks(connection)
    wanted_looks = ids.tolist() if videos is None else reading.list_likenesses(connection, videos)
    order = ids.argsort()
    among = None if videos is None else sorted(order[ids.searchsorted(wanted_looks, sorter=order)].tolist())
    near = ((count, int(ids[one]), int(ids[other])) for one, other, count in list_near(hashes, distance, among))
    pairs = [(0, look, look) for look in wanted_looks]
    pairs += heapq.nsmallest(most, near)
    showing = reading.find_showing(connection, {likeness for _, *both in pairs for likeness in both})
    found: dict[tuple[int, int], int] = {}
    for count, one, other in pairs:
        for left, right in product(showing[one], showing[other]):
            if left != right:
                found.setdefault((min(left, right), max(left, right)), count)
    outputs = reading.find_outputs(connection, {video_id for pair in found for video_id in pair})
    wanted = None if videos is None else set(videos)
    refs = reading.read_refs(connection, {video_id for pair in found for video_id in pair})
    rows = [
        Duplicate("near", count, (refs[left], refs[right]))
        for (left, right), count in found.items()
        if outputs[left].isdisjoint(outputs[right]) and (wanted is None or left in wanted or right in wanted)
    ]
    return sorted(rows, key=lambda row: (row.distance, row.refs))[:most]


def _join(place: tuple[str, str]) -> str:
    root, path = place
    return str(Path(root) / path) if root else path
