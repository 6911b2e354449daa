"""Matches as stacks: each with the best of its takes on top. A stack is of one prompt, or a family.

The cover is the best rated of the matches that are in the stack, else one that is kept, else the newest.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from catalog import bitmaps
from catalog.errors import QueryError
from catalog.forest import Forest
from catalog.search.bits import bitmap
from catalog.search.ordering import Orderer
from catalog.search.plan import NEWEST, get_sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.bits import Bits
    from catalog.search.takes import Sizes

PROMPT, FAMILY = "prompt", "family"
KINDS = (PROMPT, FAMILY)

_FEW = 20_000  # matches whose own rows are read, and not all
_STACKS = "SELECT video_id, stack_id FROM stack_videos WHERE video_id IN :ids"
_LINKS = "SELECT child_id, parent_id, parent_source, parent_remote_id FROM links"


class Stacked(NamedTuple):
    """The covers of the stacks that matches are in, and how many matches each stands for, where these are several.

    `matches` is how many these are; None where they are not stacked, and each is its own cover.
    """

    covers: BitMap
    takes: dict[int, int] | Sizes
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
    make = lambda: _stack(connection, bits, hits, kind)  # noqa: E731
    return bits.remember(f"stacks {kind}", hits, make, lambda stacked: 150_000 + 4 * len(stacked.takes))


def _stack(connection: Reader, bits: Bits, hits: BitMap, kind: str) -> Stacked:
    those = hits - bits.deleted
    are_few = len(bits.all if kind == FAMILY else hits) <= _FEW
    if are_few and not bits.goes_on:
        return _stack_few(connection, bits, hits, those, kind)
    from catalog.search.takes import read_families, read_stacks

    mark, read = (bitmaps.LINKS, read_families) if kind == FAMILY else (bitmaps.STACKS, read_stacks)
    takes = bits.read_takes(kind, mark, read)
    covers, sizes = takes.choose(those, _list_classes(bits))
    return Stacked((hits - (those & takes.videos)) | covers, sizes, len(hits))


def _stack_few(connection: Reader, bits: Bits, hits: BitMap, those: BitMap, kind: str) -> Stacked:
    """The same by rows, for a process that asks once about a few."""
    stacks = _read_families(connection) if kind == FAMILY else _read_stacks(connection, those)
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


def _list_classes(bits: Bits) -> list[BitMap]:
    """The videos that a cover is chosen from before others: the best rated, kept ones first, then those that are kept.

    One may be in several.
    """
    ratings, kept = bits.read_field("rating").sets, bits.having("verdict", "keep")
    rated = [ratings[value] for value in sorted(ratings, key=float, reverse=True) if ratings[value]]
    return [*(members for ids in rated for members in (ids & kept, ids)), kept]


def _list_best_first(connection: Reader, bits: Bits, videos: BitMap) -> Iterator[int]:
    """The videos by class, each the newest first."""
    orderer = Orderer(connection, bits, get_sort(NEWEST), None)
    left = videos
    for members in (*_list_classes(bits), videos):
        if part := left & members:
            yield from (video_id for video_id, _ in orderer.list_next(part, None, len(part)))
            left = left - part


def _read_stacks(connection: Reader, videos: BitMap) -> dict[int, int]:
    """The stacks by video."""
    return dict(map(tuple, connection.execute(_STACKS, {"ids": videos.to_array().tolist()})))


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
