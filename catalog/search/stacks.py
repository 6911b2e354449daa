"""Matches as stacks: each with the best of its takes on top. A stack is of one prompt, or a family.

The cover is the best rated of the matches that are in the stack, else one that is kept, else the newest.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import QueryError
from catalog.forest import Forest
from catalog.search.bits import bitmap
from catalog.search.ordering import Orderer
from catalog.search.plan import NEWEST, get_sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.bits import Bits

PROMPT, FAMILY = "prompt", "family"
KINDS = (PROMPT, FAMILY)

_FEW = 20_000  # matches whose own rows are read, and not all
_LAST = "SELECT coalesce(max(id), 0) FROM stack_videos"
_STACKS = "SELECT json_group_array(video_id), json_group_array(stack_id) FROM stack_videos"
_LINKS = "SELECT child_id, parent_id, parent_source, parent_remote_id FROM links"


class Stacked(NamedTuple):
    """The covers of the stacks that matches are in, and how many matches each stands for, where these are several.

    `matches` is how many these are; None where they are not stacked, and each is its own cover.
    """

    covers: BitMap
    takes: Mapping[int, int]
    matches: int | None = None

    def count_takes(self, ids: Iterable[int]) -> dict[int, int]:
        """How many matches each of these covers stands for; empty where they are not stacked."""
        return {} if self.matches is None else {video_id: self.takes.get(video_id, 1) for video_id in ids}


def require_kind(kind: bool | str | None) -> str | None:
    """What to stack by: `True` is by prompt; None for no stacks. Raises QueryError for anything else."""
    if not kind:
        return None
    if kind is True:
        return PROMPT
    if kind not in KINDS:
        raise QueryError(f"videos cannot be stacked by {kind!r}: choose from {', '.join(KINDS)}")
    return str(kind)


def name_order(name: str, kind: str | None) -> str:
    """What a cursor calls the order, so that none of videos is taken for one of stacks."""
    return name if kind is None else f"{name} of {kind}"


def stack_matches(connection: Reader, bits: Bits, hits: BitMap, kind: str | None) -> Stacked:
    """The stacks of these videos; one without a prompt or without family, or that is hidden, is a stack by itself."""
    if kind is None:
        return Stacked(hits, {})
    (last,) = connection.execute(_LAST).fetchone()
    make = lambda: _stack(connection, bits, hits, kind)  # noqa: E731
    return bits.remember(f"stacks {kind} {last}", hits, make, lambda stacked: 10_000 + 100 * len(stacked.takes))


def _stack(connection: Reader, bits: Bits, hits: BitMap, kind: str) -> Stacked:
    stacks = _read_families(connection) if kind == FAMILY else _read_stacks(connection, hits)
    those = hits - bits.deleted
    sizes = Counter(stack for video_id, stack in stacks.items() if video_id in those)
    several = bitmap(video_id for video_id, stack in stacks.items() if sizes[stack] > 1 and video_id in those)
    takes: dict[int, int] = {}
    covered: set[int] = set()
    for video_id in _list_best_first(connection, bits, several):
        stack = stacks[video_id]
        if stack not in covered:
            covered.add(stack)
            takes[video_id] = sizes[stack]
    return Stacked((hits - several) | bitmap(takes), takes, len(hits))


def _list_best_first(connection: Reader, bits: Bits, videos: BitMap) -> Iterator[int]:
    """The videos, the best rated first, then those that are kept, then the others; each the newest first."""
    orderer = Orderer(connection, bits, get_sort(NEWEST), None)
    ratings = bits.read_field("rating").sets
    classes = [*(ratings[value] for value in sorted(ratings, key=float, reverse=True)), bits.having("verdict", "keep")]
    kept = classes[-1]
    left = videos
    for ids in (*classes, videos):
        part = left & ids
        left = left - part
        for some in (part & kept, part - kept):
            if some:
                yield from (video_id for video_id, _ in orderer.list_next(some, None, len(some)))


def _read_stacks(connection: Reader, hits: BitMap) -> dict[int, int]:
    """The stacks by video, of these videos and perhaps of others."""
    chosen, values = "", []
    if len(hits) <= _FEW:
        chosen, values = " WHERE video_id IN (SELECT value FROM json_each(?))", [json.dumps(hits.to_array().tolist())]
    videos, stacks = connection.execute(f"{_STACKS}{chosen}", values).fetchone()
    return dict(zip(json.loads(videos), json.loads(stacks), strict=True))


def _read_families(connection: Reader) -> dict[int, int]:
    """The families by video, each as a number; a parent that the library lacks holds its children together too."""
    places: dict[object, int] = {}
    pairs = array("q")
    for child, parent, source, remote_id in connection.execute(_LINKS):
        above = (source, remote_id) if parent is None else parent
        pairs.extend((places.setdefault(child, len(places)), places.setdefault(above, len(places))))
    forest = Forest(len(places))
    for first, second in zip(pairs[::2], pairs[1::2], strict=True):
        forest.join(first, second)
    return {video_id: forest.find(place) for video_id, place in places.items() if isinstance(video_id, int)}
