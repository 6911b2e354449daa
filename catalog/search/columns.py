"""The values of fields as numbers, a row for each video: what counts few matches fastest, where bitmaps count many.

The numbers of one video stand side by side, because most of the time goes into fetching them from memory. Loaded only
by processes that go on: numpy takes longer to load than one search.
"""

from __future__ import annotations

from array import array
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pyroaring import BitMap

from catalog.bitmaps import CHUNK_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Numbers = np.ndarray[Any, np.dtype[Any]]
    Chunks = Mapping[int, BitMap]

_LAYERS = 2  # values of one video that have a place; what it has beyond these is counted by bitmaps
_CHUNK = 1 << CHUNK_BITS
_WIDTH = 8  # the bytes of a row are a multiple of this


def read_ids(text: str) -> BitMap:
    """The ids of a JSON array."""
    return BitMap(array("I", np.fromstring(text[1:-1], np.uint32, sep=",").tobytes())) if len(text) > 2 else BitMap()


def read_numbers(text: str) -> Numbers:
    """The whole numbers of a JSON array, which may have a sign."""
    return np.fromstring(text[1:-1], np.int64, sep=",") if len(text) > 2 else np.zeros(0, np.int64)


class _Field(NamedTuple):
    """Where the numbers of a field stand: the first byte of each layer, in rows, and of how many bytes they are.

    The number of a value is its place among `values`, from 1 on; 0 is none. `rest` is what has no place.
    """

    values: dict[str, int]
    layers: tuple[int, ...]
    kind: np.dtype[Any]
    rest: dict[str, BitMap]


class Table:
    """Rows of numbers for all videos, in chunks of row ids. It never changes: what is added makes another."""

    def __init__(self, chunks: Sequence[Numbers] = (), fields: Mapping[str, _Field] | None = None) -> None:
        self._chunks = list(chunks)
        self._fields = dict(fields or {})

    @property
    def size(self) -> int:
        """The bytes of the rows."""
        return sum(chunk.nbytes for chunk in self._chunks)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def with_field(self, name: str, sets: Mapping[str, BitMap]) -> Table:
        """The table with the values of a field."""
        values = {value: number for number, value in enumerate(sets, 1)}
        kind = np.dtype(np.uint8 if len(values) < 1 << 8 else np.uint16)
        size = max((1 + (ids.max() >> CHUNK_BITS) for ids in sets.values() if ids), default=0) << CHUNK_BITS
        layers, rest = [np.zeros(size, kind)], {}
        for value, ids in sets.items():
            left = _place(layers, values[value], list_ids(ids))
            while len(left) and len(layers) < _LAYERS:
                layers.append(np.zeros(size, kind))
                left = _place(layers[-1:], values[value], left)
            if len(left):
                rest[value] = BitMap(left.tolist())
        used = max((max(field.layers) + field.kind.itemsize for field in self._fields.values()), default=0)
        starts = tuple(used + number * kind.itemsize for number in range(len(layers)))
        width = -(-(used + len(layers) * kind.itemsize) // _WIDTH) * _WIDTH
        chunks = []
        for number in range(max(len(self._chunks), size >> CHUNK_BITS)):
            rows = np.zeros((_CHUNK, width), np.uint8)
            if number < len(self._chunks):
                rows[:, :used] = self._chunks[number][:, :used]
            for start, layer in zip(starts, layers, strict=True):
                part = layer[number << CHUNK_BITS : (number + 1) << CHUNK_BITS]
                _column(rows, start, kind)[: len(part)] = part
            chunks.append(rows)
        return Table(chunks, {**self._fields, name: _Field(values, starts, kind, rest)})

    def with_chunks(self, changes: Mapping[str, Mapping[str, Chunks]]) -> Table:
        """The table with these chunks of values of fields, of those that it has, in the place of theirs."""
        table = Table(self._chunks, self._fields)
        copied: set[int] = set()
        for name in changes.keys() & self._fields.keys():
            table._replace(name, changes[name], copied)
        return table

    def _replace(self, name: str, changes: Mapping[str, Chunks], copied: set[int]) -> None:
        values, starts, kind, rest = self._fields[name]
        values, rest = values.copy(), rest.copy()
        for value in changes:
            values.setdefault(value, len(values) + 1)
        for chunk in sorted({chunk for parts in changes.values() for chunk in parts}):
            while len(self._chunks) <= chunk:
                copied.add(len(self._chunks))
                self._chunks.append(np.zeros((_CHUNK, self._chunks[0].shape[1] if self._chunks else _WIDTH), np.uint8))
            if chunk not in copied:
                copied.add(chunk)
                self._chunks[chunk] = self._chunks[chunk].copy()
            layers = [_column(self._chunks[chunk], start, kind) for start in starts]
            changed = {value: parts[chunk] for value, parts in changes.items() if chunk in parts}
            for value in changed:
                for layer in layers:
                    layer[layer == values[value]] = 0
            for value, ids in changed.items():
                left = _place(layers, values[value], list_ids(ids) - (chunk << CHUNK_BITS))
                rest[value] = _replaced(rest.get(value), chunk, (left + (chunk << CHUNK_BITS)).tolist())
        self._fields[name] = _Field(values, starts, kind, rest)

    def read(self, hits: BitMap) -> Rows:
        """The rows of these videos."""
        ids = list_ids(hits)
        ends = np.searchsorted(ids, np.arange(1, len(self._chunks) + 1) << CHUNK_BITS)
        begin, parts = 0, []
        for number, end in enumerate(ends.tolist()):
            if end > begin:
                whole = self._chunks[number].view(np.uint64)
                parts.append(whole.take(ids[begin:end] - (number << CHUNK_BITS), axis=0))
                begin = end
        rows = np.concatenate(parts) if parts else np.zeros((0, _WIDTH // 8), np.uint64)
        return Rows(self._fields, hits, rows.view(np.uint8))


class Rows:
    """The rows of some videos."""

    def __init__(self, fields: Mapping[str, _Field], hits: BitMap, rows: Numbers) -> None:
        self.hits = hits
        self._fields, self._rows = fields, rows

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def count(self, name: str) -> list[tuple[int, str | None]]:
        """How many of the videos have which value of a field."""
        values, starts, kind, rest = self._fields[name]
        counts = [0] * (len(values) + 1)
        for start in starts if len(self._rows) else ():
            numbers = _column(self._rows, start, kind)
            counts = [*map(add, counts, np.bincount(numbers, minlength=len(counts)).tolist())]
        for value, ids in rest.items():
            counts[values[value]] += self.hits.intersection_cardinality(ids)
        return [(count, value) for count, value in zip(counts[1:], values, strict=True) if count]


def list_ids(ids: BitMap) -> Numbers:
    """The ids, in order."""
    return np.frombuffer(ids.to_array(), np.uint32).astype(np.intp)


def _column(rows: Numbers, start: int, kind: np.dtype[Any]) -> Numbers:
    """The numbers of a layer in rows."""
    return rows[:, start] if kind.itemsize == 1 else rows[:, start : start + kind.itemsize].view(kind)[:, 0]


def _place(layers: Iterable[Numbers], number: int, ids: Numbers) -> Numbers:
    """Write a number for these ids where the layers have none yet, and return the ids that are left."""
    for layer in layers:
        if not len(ids) or number > np.iinfo(layer.dtype).max:
            break
        is_free = layer[ids] == 0
        layer[ids[is_free]] = number
        ids = ids[~is_free]
    return ids


def _replaced(ids: BitMap | None, chunk: int, part: list[int]) -> BitMap:
    replaced = BitMap() if ids is None else ids.copy()
    replaced.remove_range(chunk << CHUNK_BITS, (chunk + 1) << CHUNK_BITS)
    return replaced | BitMap(part)
