"""The bitmaps of a library as a search reads them: of the values of a field, and of what the full-text index finds.

What one search has read the next one of the same open library finds in memory, at most KEPT bytes of it. Each read is
of one revision: where others have written, only the chunks that changed are read again, and the words that may have.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from catalog import bitmaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.picks import Pick

KEPT = 100_000_000  # bytes of bitmaps that an open library keeps in memory

_MATCHES = "SELECT json_group_array(rowid) FROM videos_fts WHERE videos_fts MATCH ?"
_CHUNK_BYTES = 8192  # the most that 65,536 ids take
_FIELD, _VALUE, _WORDS = "field", "value", "words"

Key = tuple[str, ...]
Made = TypeVar("Made")


class Values:
    """All values of a field, each with the videos that have it."""

    def __init__(self, sets: Mapping[str, BitMap]) -> None:
        self.sets = sets

    @cached_property
    def by_size(self) -> list[tuple[int, str, BitMap]]:
        """The values with the number of their videos, the most frequent first."""
        sized = [(len(ids), value, ids) for value, ids in self.sets.items()]
        return sorted(sized, key=lambda item: -item[0])

    def with_chunks(self, changes: Mapping[str, Mapping[int, BitMap]]) -> Values:
        """The values with these chunks in the place of theirs."""
        return Values(
            {**self.sets, **{value: _revised(self.sets.get(value), parts) for value, parts in changes.items()}}
        )


class Bits:
    """The bitmaps of a library in the snapshot of a connection."""

    def __init__(self, connection: Reader) -> None:
        self._connection = connection
        shared = getattr(connection, "shared", None)
        self._memory = Memory() if shared is None else shared.setdefault("bits", _Keeper()).open(connection)

    @property
    def all(self) -> BitMap:
        """All videos, with those that the user deleted."""
        return self.having(bitmaps.HAS, "id")

    @property
    def deleted(self) -> BitMap:
        """The videos that the user deleted."""
        return self.having(bitmaps.HAS, "deleted_at")

    def read_field(self, name: str) -> Values:
        """All values of a field, of one that is whole only in part the frequent ones."""
        return self._memory.get((_FIELD, name), lambda: Values(bitmaps.read_field(self._connection, name)), _weigh_all)

    def having(self, field: str, value: str) -> BitMap:
        """The videos that have exactly this value."""
        read = lambda: bitmaps.read_values(self._connection, field, [value])  # noqa: E731
        return self._memory.get((_VALUE, field, value), read, _weigh)

    def pick(self, picks: Iterable[Pick]) -> BitMap:
        """The videos that one of the picks finds."""
        sets: list[BitMap] = []
        for pick in picks:
            if pick.accepts:
                accepted = [ids for value, ids in self.read_field(pick.field).sets.items() if pick.accepts(value)]
            else:
                accepted = [self.having(pick.field, value) for value in pick.values]
            if pick.is_missing:
                accepted = [self.all.difference(*accepted)]
            sets += accepted
        return sets[0] if len(sets) == 1 else bitmap().union(*sets)

    def match(self, expression: str) -> BitMap:
        """The videos whose texts match an expression of the full-text index."""
        return self._memory.get((_WORDS, expression), lambda: self.read(_MATCHES, [expression]), _weigh)

    def read(self, sql: str, values: Sequence[Any]) -> BitMap:
        """The ids that a SELECT answers as one JSON array, which costs a third of reading them as rows."""
        return bitmap(json.loads(self._connection.execute(sql, values).fetchone()[0]))


def bitmap(ids: Iterable[int] = ()) -> BitMap:
    """A set of ids; the library for it is loaded at the first."""
    from pyroaring import BitMap

    return BitMap(ids)


class Memory:
    """What has been read at one revision; what has not been used for longest goes first. For several threads."""

    def __init__(self, revision: int = 0, stamp: object = None, *, limit: int = KEPT) -> None:
        self.revision, self.stamp, self._limit = revision, stamp, limit
        self._items: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], Made], weigh: Callable[[Made], int]) -> Made:
        """What is kept under the key, or else what is made now."""
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                return self._items[key][0]  # type: ignore[no-any-return]  # of the kind that the key says
        made = make()
        self._keep(key, made, weigh(made))
        return made

    def revised(self, changes: bitmaps.Changes) -> Memory:
        """The memory at a later revision; this one stays as it is for whoever reads from it."""
        memory = Memory(changes.revision, self.stamp)
        if changes.is_rebuilt:
            return memory
        by_field: dict[str, dict[str, Mapping[int, BitMap]]] = {}
        for (field, value), parts in changes.chunks.items():
            by_field.setdefault(field, {})[value] = parts
        with self._lock:
            items = list(self._items.items())
        for (kind, *name), (item, size) in items:
            if kind == _WORDS and changes.texts:
                continue
            revised = item
            if kind == _FIELD and name[0] in by_field:
                revised = item.with_chunks(by_field[name[0]])
            elif kind == _VALUE and name[1] in by_field.get(name[0], ()):
                revised = _revised(item, by_field[name[0]][name[1]])
            memory._keep((kind, *name), revised, size)
        return memory

    def _keep(self, key: Key, made: object, size: int) -> None:
        with self._lock:
            self._bytes += size - self._items.pop(key, (None, 0))[1]
            self._items[key] = made, size
            while self._bytes > self._limit:
                self._bytes -= self._items.popitem(last=False)[1][1]


class _Keeper:
    """The newest memory of an open library."""

    def __init__(self) -> None:
        self._memory = Memory(-1)
        self._lock = threading.Lock()

    def open(self, connection: Reader) -> Memory:
        """The memory at the revision of the connection's snapshot; an empty one for a snapshot of long ago."""
        with self._lock:
            kept, revision = self._memory, bitmaps.revision(connection)
            stamp = getattr(connection, "stamp", None)  # of the file
            if kept.stamp != stamp:
                self._memory = Memory(revision, stamp)
            elif kept.revision < revision:
                self._memory = kept.revised(bitmaps.read_changes(connection, kept.revision))
            return self._memory if self._memory.revision == revision else Memory(revision)


def _revised(ids: BitMap | None, parts: Mapping[int, BitMap]) -> BitMap:
    revised = bitmap() if ids is None else ids.copy()
    for chunk, part in parts.items():
        bitmaps.replace_chunk(revised, chunk, part)
    return revised


def _weigh(ids: BitMap) -> int:
    """About the bytes that a bitmap takes."""
    return 200 + min(2 * len(ids), _CHUNK_BYTES * (1 + (ids.max() >> 16))) if ids else 200


def _weigh_all(values: Values) -> int:
    return sum(map(_weigh, values.sets.values()))
