"""Hashes that differ in few bits: every pair, each once, as a comparison of all with all finds them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from catalog import nearness
from catalog.nearness import distances, list_near

bits = some.integers(0, 63)


@some.composite
def crowds(draw: some.DrawFn) -> list[int]:
    """Hashes, many of which are a few bits from one another."""
    words = draw(some.lists(some.integers(0, 2**64 - 1), min_size=1, max_size=6))
    crowd = []
    for word in words:
        for flips in draw(some.lists(some.lists(bits, max_size=13), max_size=6)):
            crowd.append(word)
            for bit in flips:
                crowd[-1] ^= 1 << bit
    return crowd


def near_by_force(hashes: list[int], most: int) -> set[tuple[int, int, int]]:
    return {
        (one, other, (hashes[one] ^ hashes[other]).bit_count())
        for one in range(len(hashes))
        for other in range(one + 1, len(hashes))
        if (hashes[one] ^ hashes[other]).bit_count() <= most
    }


@settings(max_examples=200, deadline=None)
@given(crowds(), some.integers(0, 12))
def test_every_pair_is_found_once(hashes: list[int], most: int) -> None:
    found = list(list_near(np.array(hashes, dtype=np.uint64), most))
    assert len(found) == len(set(found))
    assert set(found) == near_by_force(hashes, most)


@settings(max_examples=200, deadline=None)
@given(crowds(), some.sets(some.integers(0, 35)), some.booleans())
def test_pairs_about_some_are_those_of_all(hashes: list[int], chosen: set[int], is_padded: bool) -> None:
    padded = [*hashes, *((0xAAAA << 48) + number * 0x9E3779B97F4A7C15 % 2**48 for number in range(3000 * is_padded))]
    among = sorted(place for place in chosen if place < len(hashes))
    found = list(list_near(np.array(padded, dtype=np.uint64), 3, among))
    assert len(found) == len(set(found))
    assert all(one in among or other in among for one, other, _ in found)
    wanted = {pair for pair in near_by_force(hashes, 3) if pair[0] in among or pair[1] in among}
    assert {pair for pair in found if pair[1] < len(hashes)} == wanted


def test_bits_are_counted_alike_with_and_without_numpy_2() -> None:
    words = np.array([0, 1, 2**64 - 1, 0x8000_0000_0000_0000, 0x0123_4567_89AB_CDEF], dtype=np.uint64)
    expected = [int(word).bit_count() for word in words]
    counted = nearness._COUNTS[words & np.uint64(0xFFFF)].astype(int)
    for shift in (16, 32, 48):
        counted = counted + nearness._COUNTS[(words >> np.uint64(shift)) & np.uint64(0xFFFF)]
    assert counted.tolist() == expected
    assert distances(words, 0).tolist() == expected
