"""Keeping bitmaps: brought from one state of the rows to another, made again, and proven to agree with the rows."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from pyroaring import BitMap

from catalog.bitmaps.reading import read_texts, revision
from catalog.bitmaps.sets import CHUNK_BITS, read_bitmap, serialized, split
from catalog.bitmaps.values import (
    CHANGE,
    PARTIAL,
    REBUILT,
    TEXTS,
    WORD,
    list_common,
    read_chunk,
    read_facets,
    read_if_common,
)
from catalog.bitmaps.words import check_words
from catalog.database.integrity import Differs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catalog.bitmaps.values import Sets, State
    from catalog.database import Reader, Writer

_FIND = "SELECT id, ids FROM bitmaps WHERE field = ? AND value = ? AND chunk = ?"
_HAS_ROW = "SELECT 1 FROM bitmaps WHERE field = ? AND value = ? LIMIT 1"
_ADD = "INSERT INTO bitmaps (field, value, chunk, ids, revision) VALUES (?, ?, ?, ?, ?)"
_CHANGE = "UPDATE bitmaps SET ids = ?, revision = ? WHERE id = ?"
_TELL = (
    "INSERT INTO bitmaps (field, value, chunk, ids, revision) VALUES (?, ?, ?, x'', ?) "
    "ON CONFLICT (field, value, chunk) DO UPDATE SET revision = excluded.revision"
)
_ALL = "SELECT field, value, chunk, ids FROM bitmaps"


def keep(connection: Writer, before: State, after: State, *, texts: Iterable[int] = ()) -> None:
    """Bring the bitmaps from the state before a change of videos to the state after it.

    `texts` are the videos, at least, whose entries in the full-text index have changed too.
    """
    chunks = {video_id >> CHUNK_BITS for video_id in texts}
    changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    if not changed and not chunks:
        return
    number = _next_revision(connection)
    for field, value in changed:
        old, new = BitMap(before.get((field, value), ())), BitMap(after.get((field, value), ()))
        if field in PARTIAL and connection.execute(_HAS_ROW, (field, value)).fetchone() is None:
            old, new = BitMap(), read_if_common(connection, field, value)
        for chunk, within in split(old ^ new):
            _revise(connection, (field, value, chunk), within & new, within - new, number)
    for chunk in chunks:
        _mark(connection, TEXTS, number, chunk)


def rebuild(connection: Writer) -> Iterator[tuple[int, int]]:
    """Make all bitmaps again from the rows, chunk by chunk; yields the row id that it has reached, and the last one."""
    number = _next_revision(connection)
    common = list_common(connection)
    facets = read_facets(connection, common)
    connection.execute("DELETE FROM bitmaps")
    _mark(connection, REBUILT, number)
    newest = connection.execute("SELECT max(id) FROM videos").fetchone()[0] or 0
    for chunk in range((newest >> CHUNK_BITS) + 1):
        state = read_chunk(connection, chunk, common, facets)
        rows = [(field, value, chunk, serialized(ids), number) for (field, value), ids in sorted(state.items())]
        connection.executemany(_ADD, rows)
        yield min((chunk + 1) << CHUNK_BITS, newest), newest


def tell_of(connection: Writer, mark: str) -> None:
    """Tell whoever remembers it that STACKS or LINKS have changed."""
    _mark(connection, mark, _next_revision(connection))


def tell_of_replacement(connection: Writer) -> None:
    """Tell whoever has read bitmaps that the library has become another one, such as a backup of it."""
    _mark(connection, REBUILT, _next_revision(connection))


def check(connection: Reader) -> None:
    """Raise Differs, with the first difference, unless the bitmaps agree with the rows and the full text."""
    check_words(connection, read_texts(connection))
    kept: dict[int, Sets] = defaultdict(dict)
    for field, value, chunk, ids in connection.execute(_ALL):
        if field not in {CHANGE, WORD}:
            kept[chunk][field, value] = read_bitmap(ids)
    partly = {key for state in kept.values() for key in state if key[0] in PARTIAL}
    partly |= {key for key in list_common(connection) - partly if read_if_common(connection, *key)}
    newest = connection.execute("SELECT max(id) FROM videos").fetchone()[0] or 0
    for chunk in sorted({*range((newest >> CHUNK_BITS) + 1), *kept}):
        rows = read_chunk(connection, chunk, partly)
        for key in sorted(rows.keys() | kept[chunk].keys()):
            differing = rows.get(key, BitMap()) ^ kept[chunk].get(key, BitMap())
            if differing:
                raise Differs(_describe(connection, key, differing[0], is_missing=differing[0] in rows.get(key, ())))


def _describe(connection: Reader, key: tuple[str, str], video_id: int, *, is_missing: bool) -> str:
    row = connection.execute("SELECT ref FROM videos WHERE id = ?", (video_id,)).fetchone()
    name = row[0] if row else f"the row {video_id}, which is not there"
    return (
        f"the bitmaps differ from the rows: {key[0]}:{key[1]} {'lacks' if is_missing else 'has'} {name}: "
        "run `catalog reindex --bitmaps`"
    )


def _revise(connection: Writer, key: tuple[str, str, int], added: BitMap, removed: BitMap, number: int) -> None:
    """Add videos to a chunk of a set, and remove others."""
    row = connection.execute(_FIND, key).fetchone()
    ids = BitMap() if row is None else read_bitmap(row[1])
    ids |= added
    ids -= removed
    if row is None:
        connection.execute(_ADD, (*key, serialized(ids), number))
    else:
        connection.execute(_CHANGE, (serialized(ids), number, row[0]))


def _mark(connection: Writer, name: str, number: int, chunk: int = 0) -> None:
    connection.execute(_TELL, (CHANGE, name, chunk, number))


def _next_revision(connection: Reader) -> int:
    return max(revision(connection) + 1, time.time_ns() // 1000)
