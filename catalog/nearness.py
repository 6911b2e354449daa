"""Which of many hashes of 64 bits differ in few of them. Pure; numpy does the work.

Two hashes that differ in at most D bits agree in one of D + 1 parts: so only hashes that share a part are compared.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Places = NDArray[np.intp]

BITS = 64
_ROWS = 2_000_000  # pairs that are compared at once: 16 MB
_COUNTS = np.array([number.bit_count() for number in range(1 << 16)], dtype=np.uint8)


def distances(hashes: Hashes, one: int) -> NDArray[np.uint8]:
    """In how many bits each of the hashes differs from one."""
    return _count(hashes ^ np.uint64(one))


def list_near(hashes: Hashes, most: int, among: Sequence[int] | None = None) -> Iterator[tuple[int, int, int]]:
    """The pairs of places whose hashes differ in at most so many bits, each once, the smaller first, and in how many.

    With `among`, only pairs of which one is at these places. They come in no order.
    """
    if among is not None and len(among) * BITS < len(hashes):
        yield from _list_of_few(hashes, most, among)
        return
    is_wanted = np.ones(len(hashes), dtype=bool) if among is None else np.isin(np.arange(len(hashes)), among)
    parts = _list_parts(most + 1)
    for number, part in enumerate(parts):
        keys = _cut(hashes, part)
        order = np.argsort(keys, kind="stable")
        edges = np.flatnonzero(np.diff(keys[order])) + 1
        for bucket in np.split(order, edges):
            for left, right in _compare(hashes, np.sort(bucket), most):
                differing = hashes[left] ^ hashes[right]
                is_new = is_wanted[left] | is_wanted[right]
                for earlier in parts[:number]:  # in which they agree too, and were found
                    is_new &= _cut(differing, earlier) != 0
                found = (left[is_new].tolist(), right[is_new].tolist(), _count(differing)[is_new].tolist())
                yield from zip(*found, strict=True)


def _list_of_few(hashes: Hashes, most: int, among: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """The pairs of which one is at one of a few places, each compared with all."""
    wanted = set(among)
    for place in among:
        apart = distances(hashes, int(hashes[place]))
        for other in np.nonzero(apart <= most)[0].tolist():
            if other != place and (other not in wanted or place < other):
                yield min(place, other), max(place, other), int(apart[other])


def _compare(
    hashes: Hashes, bucket: NDArray[np.intp], most: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The places of the pairs within a bucket that are near."""
    size = len(bucket)
    step = max(1, _ROWS // max(size, 1))
    for start in range(0, size - 1, step):
        rows = bucket[start : start + step]
        others = bucket[start:]
        near = _count(hashes[rows][:, None] ^ hashes[others][None, :]) <= most
        near &= np.arange(len(others))[None, :] > np.arange(len(rows))[:, None]
        left, right = np.nonzero(near)
        yield rows[left], others[right]


def _cut(hashes: Hashes, part: tuple[int, int]) -> Hashes:
    """One part of the bits of each."""
    shift, mask = part
    return (hashes >> np.uint64(shift)) & np.uint64(mask)


def _list_parts(count: int) -> list[tuple[int, int]]:
    """The shift and the mask of so many parts of the bits, as equal as can be."""
    edges = [BITS * number // count for number in range(count + 1)]
    return [(low, (1 << (high - low)) - 1) for low, high in pairwise(edges)]


def _count(words: Hashes) -> NDArray[np.uint8]:
    """How many bits are set in each."""
    if hasattr(np, "bitwise_count"):  # numpy 2
        found: NDArray[np.uint8] = np.bitwise_count(words)
        return found
    counts: NDArray[np.uint8] = _COUNTS[words & np.uint64(0xFFFF)]
    for shift in (16, 32, 48):
        counts = counts + _COUNTS[(words >> np.uint64(shift)) & np.uint64(0xFFFF)]
    return counts
