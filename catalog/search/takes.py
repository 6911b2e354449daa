"""All videos that are in stacks as numbers, the newest first: what finds the covers of many matches at once.

Loaded only where there are many videos, or by processes that go on: numpy takes longer to load than one search.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np
from pyroaring import BitMap

from catalog.search.columns import list_ids, read_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.database import Reader

    Numbers = np.ndarray[Any, np.dtype[Any]]

_NEWEST = "SELECT json_group_array(id) FROM (SELECT id FROM videos ORDER BY created_at DESC, id DESC)"
_STACKS = "SELECT json_group_array(video_id), json_group_array(stack_id) FROM stack_videos"
_LINKS = (
    "SELECT json_group_array(child_id), json_group_array(parent_id), coalesce(max(max(child_id, parent_id)), 0) "
    "FROM links WHERE parent_id IS NOT NULL"
)
_UNLED = "SELECT child_id, parent_source, parent_remote_id FROM links WHERE parent_id IS NULL"


class Takes:
    """Which stack each video is in; `videos` are those that are in one."""

    def __init__(self, newest: Numbers, videos: Numbers, stacks: Numbers) -> None:
        size = 1 + int(max(newest.max(initial=0), videos.max(initial=0)))
        numbers, inverse = np.unique(stacks, return_inverse=True)
        of_videos = np.zeros(size, np.int32)  # the number of the stack, from 1 on
        of_videos[videos] = inverse + 1
        self._count = len(numbers) + 1
        self._ids = newest[of_videos[newest] > 0].astype(np.int32)
        self._stacks = of_videos[self._ids]
        self._places = np.zeros(size, np.int32)  # of videos among the ids, whose stacks stand at the same places
        self._places[self._ids] = np.arange(len(self._ids))
        self.videos = _make_bitmap(self._ids)

    @property
    def size(self) -> int:
        """The bytes of the numbers."""
        return self._ids.nbytes + self._stacks.nbytes + self._places.nbytes

    def choose(self, hits: BitMap, classes: Sequence[BitMap]) -> tuple[BitMap, Sizes]:
        """The covers of the stacks that these videos are in, and how many of them each stack has.

        A cover is of the first of the classes that one of the videos is in, and the newest in it.
        """
        hits = hits & self.videos
        is_hit = np.zeros(len(self._ids), bool)
        is_hit[self._places[list_ids(hits)]] = True
        places = np.flatnonzero(is_hit)
        stacks = self._stacks[places]
        covers = np.zeros(self._count, np.int32)
        covers[stacks[::-1]] = places[::-1]  # of several numbers for one stack the last one stays
        for members in reversed(classes):
            best = np.sort(self._places[list_ids(hits & members)])[::-1]
            covers[self._stacks[best]] = best
        sizes = np.bincount(stacks, minlength=self._count)
        chosen = _make_bitmap(self._ids[covers[np.flatnonzero(sizes)]])
        return chosen, Sizes(self, chosen, sizes.astype(np.int32))

    def find(self, video_id: int) -> int:
        """The number of the stack that a video of `videos` is in."""
        return int(self._stacks[self._places[video_id]])


class Sizes:
    """How many matches there are in each stack."""

    def __init__(self, takes: Takes, covers: BitMap, sizes: Numbers) -> None:
        self._takes, self._covers, self._sizes = takes, covers, sizes

    def get(self, video_id: int, default: int) -> int:
        """How many are in the stack of a cover; the default for what is not one."""
        return int(self._sizes[self._takes.find(video_id)]) if video_id in self._covers else default

    def __len__(self) -> int:
        return len(self._sizes)


def read_stacks(connection: Reader) -> Takes:
    """The stacks of takes of one prompt."""
    videos, stacks = map(read_numbers, connection.execute(_STACKS).fetchone())
    return Takes(_read_newest(connection), videos, stacks)


def read_families(connection: Reader) -> Takes:
    """The families; a parent that the library lacks holds its children together too."""
    children, parents, last = connection.execute(_LINKS).fetchone()
    children, parents = read_numbers(children), read_numbers(parents)
    lacking: dict[tuple[str, str], int] = {}
    unled = [
        (child, lacking.setdefault((source, name), len(lacking))) for child, source, name in connection.execute(_UNLED)
    ]
    own = np.array([child for child, _ in unled], np.int64)
    first = 1 + max(last, int(own.max(initial=0)))
    above = np.array([number for _, number in unled], np.int64) + first
    children, parents = np.concatenate([children, own]), np.concatenate([parents, above])
    families = _connect(children, parents, first + len(lacking))
    videos = np.unique(np.concatenate([children, parents]))
    videos = videos[videos < first]
    return Takes(_read_newest(connection), videos, families[videos])


def _connect(some: Numbers, others: Numbers, count: int) -> Numbers:
    """The least of all things that each of so many is connected with, told pair by pair."""
    least = np.arange(count)
    while True:
        one, other = least[some], least[others]
        is_apart = one != other
        if not is_apart.any():
            return least
        one, other = one[is_apart], other[is_apart]
        np.minimum.at(least, np.maximum(one, other), np.minimum(one, other))
        while (least != (nearer := least[least])).any():
            least = nearer


def _read_newest(connection: Reader) -> Numbers:
    return read_numbers(connection.execute(_NEWEST).fetchone()[0])


def _make_bitmap(ids: Numbers) -> BitMap:
    return BitMap(array("I", np.sort(ids).astype(np.uint32).tobytes()))
