"""Sets of row ids as roaring bitmaps: made, cut into chunks, to bytes and back. pyroaring is loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyroaring import BitMap

CHUNK_BITS = 16  # a chunk has 65,536 row ids: the size of one container, at most 8 kB


def list_chunks(ids: BitMap) -> list[int]:
    if not ids:
        return []
    first, last = ids.min() >> CHUNK_BITS, ids.max() >> CHUNK_BITS
    return [first] if first == last else sorted({video_id >> CHUNK_BITS for video_id in ids})


def range_of(first: int, last: int) -> BitMap:
    ids = bitmap_of()
    ids.add_range(first, last)
    return ids


def bitmap_of(ids: Iterable[int] = ()) -> BitMap:
    from pyroaring import BitMap

    return BitMap(ids)


def read_bitmap(data: bytes) -> BitMap:
    from pyroaring import BitMap

    return BitMap.deserialize(data)


def join(chunks: Sequence[bytes]) -> BitMap:
    from pyroaring import BitMap

    return BitMap.union(*map(BitMap.deserialize, chunks)) if chunks else BitMap()


def serialized(ids: BitMap) -> bytes:
    ids.run_optimize()
    return ids.serialize()
