"""Sets of row ids as roaring bitmaps: cut into chunks, to bytes and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyroaring import BitMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHUNK_BITS = 16  # a chunk has 65,536 row ids: the size of one container, at most 8 kB


def split(ids: BitMap) -> Iterator[tuple[int, BitMap]]:
    """The ids of each chunk, with its number."""
    while ids:
        chunk = ids.min() >> CHUNK_BITS
        part = (
            ids if ids.max() >> CHUNK_BITS == chunk else ids & range_of(chunk << CHUNK_BITS, (chunk + 1) << CHUNK_BITS)
        )
        yield chunk, part
        ids = ids - part


def range_of(first: int, end: int) -> BitMap:
    """The ids from the first to the one before the end."""
    ids = BitMap()
    ids.add_range(first, end)
    return ids


def read_bitmap(data: bytes) -> BitMap:
    """The set of a serialised bitmap."""
    return BitMap.deserialize(data)


def join(chunks: Sequence[bytes]) -> BitMap:
    """All ids of serialised bitmaps."""
    return BitMap.union(*map(BitMap.deserialize, chunks)) if chunks else BitMap()


def serialized(ids: BitMap) -> bytes:
    """The bitmap as bytes, as small as it gets."""
    ids.run_optimize()
    return ids.serialize()
