"""The bitmaps of a library as a search reads them: of the values of a field, and of what the full-text index finds.

What one search has read the next one of the same open library finds in memory, at most KEPT bytes of it. Each read is
of one revision: where others have written, only the chunks that changed are read again. A library that is asked more
than ONCE is taken for one that will be asked on, and what takes long to load is loaded for it.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from catalog import bitmaps
from catalog.search.facets import EFFECTIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.columns import Rows, Table
    from catalog.search.picks import Pick
    from catalog.search.takes import Takes

KEPT = 48_000_000  # bytes that an open library keeps in memory
ONCE = 4  # questions of a process that does not go on

_MATCHES = "SELECT json_group_array(rowid) FROM videos_fts WHERE videos_fts MATCH ?"
_CHUNK_BYTES = 8192  # the most that 65,536 ids take
_MOST_ROWS = KEPT // 24  # of the table, so that it leaves room for bitmaps
_FIELD, _VALUE, _WORDS, _MADE = "field", "value", "words", "made"
_TABLE = ("table",)
_TAKES = "takes"

Key = tuple[str, ...]
Made = TypeVar("Made")


class Found(NamedTuple):
    """What the full-text index found at a revision."""

    revision: int
    ids: BitMap


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
        keeper = _Keeper() if shared is None else shared.setdefault("bits", _Keeper())
        self._memory: Memory = keeper.open(connection)
        self._goes_on: bool = keeper.asked > ONCE
        self._digest: tuple[BitMap, str] | None = None  # of the videos of which something was remembered last
        self._rows: Rows | None = None  # of the videos whose values were counted last

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
        if name.startswith(EFFECTIVE):
            make = lambda: self._read_effective(name.removeprefix(EFFECTIVE))  # noqa: E731
            return self._memory.get((_MADE, _FIELD, name), make, _weigh_all)
        return self._memory.get((_FIELD, name), lambda: Values(bitmaps.read_field(self._connection, name)), _weigh_all)

    def _read_effective(self, name: str) -> Values:
        """All values of a facet, each with the videos that ask for it or inherit it."""
        inherited = f"{bitmaps.INHERITED}{name}"
        asked = self.read_field(name)
        if not self.having(bitmaps.HAS, inherited):
            return asked
        parts = (name, asked.sets), (inherited, self.read_field(inherited).sets)
        values = dict.fromkeys(value for _, sets in parts for value in sets)

        def having(value: str) -> Iterator[BitMap]:
            for field, sets in parts:
                if value in sets:
                    yield sets[value]
                elif field in bitmaps.PARTIAL:
                    yield bitmaps.read_values(self._connection, field, [value])

        return Values({value: bitmap().union(*having(value)) for value in values})

    def count(self, name: str, hits: BitMap) -> list[tuple[int, str | None]] | None:
        """How many of few videos have which value of a field; None where bitmaps have to tell.

        That is in a process that does not go on, in a library whose table would take too much memory, and where a
        field is put together from two.
        """
        if not self._goes_on or name.startswith(EFFECTIVE) or self.all.max() > _MOST_ROWS:
            return None
        from catalog.search.columns import Table

        if self._rows is None or self._rows.hits is not hits or name not in self._rows:
            table = self._memory.get(_TABLE, Table, _weigh_table)
            if name not in table:
                table = self._memory.put(_TABLE, table.with_field(name, self.read_field(name).sets), _weigh_table)
            self._rows = table.read(hits)
        return self._rows.count(name)

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
        return self._memory.follow(
            (_WORDS, expression),
            lambda found: self._match_again(expression, found),
            lambda found: _weigh(found.ids),
        ).ids

    def _match_again(self, expression: str, found: Found | None) -> Found:
        """What the index finds, if it found that before: asked only about what has changed."""
        memory = self._memory
        if found is None and (kept := bitmaps.read_word(self._connection, expression)):
            found = Found(*kept)
        changed = [] if found is None else memory.list_changed(found.revision)
        if found is None or 2 * len(changed) > (self.all.max() >> bitmaps.CHUNK_BITS if self.all else 0) + 1:
            return Found(memory.revision, self.read(_MATCHES, [expression]))
        matches = {chunk: self._parse(bitmaps.match_chunk(self._connection, expression, chunk)) for chunk in changed}
        return Found(memory.revision, _revised(found.ids, matches) if matches else found.ids)

    def remember(self, name: str, hits: BitMap, make: Callable[[], Made], weigh: Callable[[Made], int]) -> Made:
        """What is made of these videos, for as long as nothing changes: for the next page, or the same one again."""
        if not self._goes_on:
            return make()
        if self._digest is None or self._digest[0] is not hits:
            from hashlib import blake2b

            self._digest = hits, blake2b(hits.serialize(), digest_size=16).hexdigest()
        return self._memory.get((_MADE, name, self._digest[1]), make, weigh)

    def keep(self, name: str, make: Callable[[], BitMap]) -> BitMap:
        """A set of videos that no query is about, for as long as nothing changes."""
        return self._memory.get((_MADE, name), make, _weigh)

    def read_takes(self, kind: str, mark: str, read: Callable[[Reader], Takes]) -> Takes:
        """The stacks of a kind, of all videos, kept until one is `mark`ed as changed, or a video comes or its date."""
        return self._memory.get((_TAKES, kind, mark), lambda: read(self._connection), lambda takes: takes.size)

    @property
    def goes_on(self) -> bool:
        """Whether the library is asked on, so that it is worth the time to load more for it than for one question."""
        return self._goes_on

    def read(self, sql: str, values: Sequence[Any]) -> BitMap:
        """The ids that a SELECT answers as one JSON array, which costs a third of reading them as rows."""
        return self._parse(self._connection.execute(sql, values).fetchone()[0])

    def read_walk(self, sql: str, values: Sequence[Any]) -> tuple[BitMap, int | None]:
        """As `read`, with the id that comes last in the array, None where it is empty."""
        text = self._connection.execute(sql, values).fetchone()[0]
        last = text[1:-1].rpartition(",")[2]
        return self._parse(text), int(last) if last else None

    def _parse(self, text: str) -> BitMap:
        if not self._goes_on:
            return bitmap(json.loads(text))
        from catalog.search.columns import read_ids

        return read_ids(text)


def bitmap(ids: Iterable[int] = ()) -> BitMap:
    """A set of ids; the library for it is loaded at the first."""
    from pyroaring import BitMap

    return BitMap(ids)


class Memory:
    """What has been read at one revision; what has not been used for longest goes first. For several threads.

    `texts` is the revision of the newest change of a text, by chunk.
    """

    def __init__(
        self, revision: int = 0, stamp: object = None, texts: Mapping[int, int] | None = None, *, limit: int = KEPT
    ) -> None:
        self.revision, self.stamp, self._limit = revision, stamp, limit
        self._texts = texts or {}
        self._items: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], Made], weigh: Callable[[Made], int]) -> Made:
        """What is kept under the key, or else what is made now."""
        kept: Made | None = self._find(key)
        if kept is not None:
            return kept
        return self.put(key, make(), weigh)

    def put(self, key: Key, made: Made, weigh: Callable[[Made], int]) -> Made:
        """Keep something, perhaps in the place of another."""
        self._keep(key, made, weigh(made))
        return made

    def follow(self, key: Key, make: Callable[[Found | None], Found], weigh: Callable[[Found], int]) -> Found:
        """What is kept under the key, made again from it where texts have changed since."""
        kept: Found | None = self._find(key)
        if kept is not None and not self.list_changed(kept.revision):
            return kept
        return self.put(key, make(kept), weigh)

    def list_changed(self, since: int) -> list[int]:
        """The chunks with texts that have changed since a revision."""
        return [chunk for chunk, revision in self._texts.items() if revision > since]

    def revised(self, changes: bitmaps.Changes, texts: Mapping[int, int]) -> Memory:
        """The memory at a later revision; this one stays as it is for whoever reads from it."""
        memory = Memory(changes.revision, self.stamp, texts)
        if changes.is_rebuilt:
            return memory
        by_field: dict[str, dict[str, Mapping[int, BitMap]]] = {}
        for (field, value), parts in changes.chunks.items():
            by_field.setdefault(field, {})[value] = parts
        with self._lock:
            items = list(self._items.items())
        is_moved = "month" in by_field or not by_field.get(bitmaps.HAS, {}).keys().isdisjoint({"id", "created_at"})
        for (kind, *name), (item, size) in items:
            if kind == _MADE or (kind == _TAKES and (is_moved or name[1] in changes.marks)):
                continue
            memory._keep((kind, *name), _brought_up(item, kind, name, by_field), size)
        return memory

    def _find(self, key: Key) -> Any:
        with self._lock:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            return self._items[key][0]

    def _keep(self, key: Key, made: object, size: int) -> None:
        with self._lock:
            self._bytes += size - self._items.pop(key, (None, 0))[1]
            self._items[key] = made, size
            while self._bytes > self._limit:
                self._bytes -= self._items.popitem(last=False)[1][1]


class _Keeper:
    """The newest memory of an open library, and how many questions it was `asked`."""

    def __init__(self) -> None:
        self.asked = 0
        self._memory = Memory(-1)
        self._lock = threading.Lock()

    def open(self, connection: Reader) -> Memory:
        """The memory at the revision of the connection's snapshot; an empty one for a snapshot of long ago."""
        with self._lock:
            self.asked += 1
            kept, revision = self._memory, bitmaps.revision(connection)
            stamp = getattr(connection, "stamp", None)  # of the file
            if kept.stamp == stamp and kept.revision == revision:
                return kept
            texts = bitmaps.read_texts(connection)
            if kept.stamp != stamp:
                self._memory = Memory(revision, stamp, texts)
            elif kept.revision < revision:
                self._memory = kept.revised(bitmaps.read_changes(connection, kept.revision), texts)
            return self._memory if self._memory.revision == revision else Memory(revision, texts=texts)


def _brought_up(
    item: Any, kind: str, name: Sequence[Any], by_field: Mapping[str, Mapping[str, Mapping[int, BitMap]]]
) -> Any:
    """What is remembered, after a change of these chunks."""
    if kind == _TABLE[0]:
        return item.with_chunks(by_field)
    if kind == _FIELD and name[0] in by_field:
        return item.with_chunks(by_field[name[0]])
    if kind == _VALUE and name[1] in by_field.get(name[0], ()):
        return _revised(item, by_field[name[0]][name[1]])
    return item


def _revised(ids: BitMap | None, parts: Mapping[int, BitMap]) -> BitMap:
    revised = bitmap() if ids is None else ids.copy()
    for chunk, part in parts.items():
        bitmaps.replace_chunk(revised, chunk, part)
    return revised


def _weigh(ids: BitMap) -> int:
    """About the bytes that a bitmap takes."""
    return 200 + min(2 * len(ids), _CHUNK_BYTES * (1 + (ids.max() >> 16))) if ids else 200


def _weigh_table(table: Table) -> int:
    return table.size


def _weigh_all(values: Values) -> int:
    return sum(map(_weigh, values.sets.values()))
