"""Reading bitmaps: the videos that have a value, and what has changed since they were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.bitmaps.sets import CHUNK_BITS, join, read_bitmap
from catalog.bitmaps.values import CHANGE, HAS, PARTIAL, REBUILT, TEXTS, WORD, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyroaring import BitMap

    from catalog.database import Reader

_NEWEST = "SELECT max(revision) FROM bitmaps"
_FIELD = "SELECT value, ids FROM bitmaps WHERE field = ? ORDER BY value"
_VALUE = "SELECT ids FROM bitmaps WHERE field = ? AND value = ?"
_SINCE = "SELECT field, value, chunk, ids FROM bitmaps WHERE revision > ? AND field <> ?"
_TEXTS = "SELECT chunk, revision FROM bitmaps WHERE field = ? AND value = ?"


class Changes(NamedTuple):
    """What has changed since a revision.

    Where `is_rebuilt`, everything may have, and nothing is listed. Else `chunks` are the chunks that changed, as they
    are now: `replace_chunk` puts one into the set that was read before. With TEXTS among the `marks`, what full-text
    search finds may have changed, with STACKS and LINKS who is in which stack or family.
    """

    revision: int
    is_rebuilt: bool
    marks: frozenset[str]
    chunks: dict[tuple[str, str], dict[int, BitMap]]


def revision(connection: Reader) -> int:
    """The number of the newest change; 0 where there has been none."""
    return connection.execute(_NEWEST).fetchone()[0] or 0


def read_field(connection: Reader, field: str) -> dict[str, BitMap]:
    """The videos that have each value of a field; of a PARTIAL field, at least of the common values.

    A value that no video has any more may come with an empty set. See `read_missing` for the videos without a value.
    """
    parts: dict[str, list[bytes]] = {}
    for value, ids in connection.execute(_FIELD, (field,)):
        parts.setdefault(value, []).append(ids)
    return {value: join(chunks) for value, chunks in parts.items()}


def read_values(connection: Reader, field: str, values: Iterable[str]) -> BitMap:
    """The videos that have one of the values of a field, of any field of bitmaps: exactly these texts."""
    parts, sets = [], []
    for value in values:
        chunks = [row[0] for row in connection.execute(_VALUE, (field, value))]
        if not chunks and field in PARTIAL:
            sets.append(read_rows(connection, field, value))
        parts += chunks
    return join(parts).union(*sets)


def read_present(connection: Reader, name: str) -> BitMap:
    """The videos that have a value under a name: a column that queries can name, a facet, `tag`, `relation`."""
    return read_values(connection, HAS, [name])


def read_missing(connection: Reader, name: str) -> BitMap:
    """The videos that have no value under the name."""
    return read_all(connection) - read_present(connection, name)


def read_all(connection: Reader) -> BitMap:
    """All videos of the library, with those that the user deleted."""
    return read_present(connection, "id")


def read_deleted(connection: Reader) -> BitMap:
    """The videos that the user deleted from the library."""
    return read_present(connection, "deleted_at")


def read_changes(connection: Reader, since: int) -> Changes:
    """What has changed after this revision; a library that was replaced by a backup counts as rebuilt."""
    newest = revision(connection)
    if newest == since:
        return Changes(newest, is_rebuilt=False, marks=frozenset(), chunks={})
    rows = connection.execute(_SINCE, (since, WORD)).fetchall() if newest > since else []
    marks = frozenset(row[1] for row in rows if row[0] == CHANGE)
    if newest < since or REBUILT in marks:
        return Changes(newest, is_rebuilt=True, marks=marks, chunks={})
    chunks: dict[tuple[str, str], dict[int, BitMap]] = {}
    for field, value, chunk, ids in rows:
        if field != CHANGE:
            chunks.setdefault((field, value), {})[chunk] = read_bitmap(ids)
    return Changes(newest, is_rebuilt=False, marks=marks, chunks=chunks)


def read_texts(connection: Reader) -> dict[int, int]:
    """The revision at which texts of a chunk changed last, by the chunk: what the full-text index finds changed too."""
    return dict(connection.execute(_TEXTS, (CHANGE, TEXTS)).fetchall())


def replace_chunk(ids: BitMap, chunk: int, part: BitMap) -> None:
    """Put a chunk, as it is now, into a set of videos."""
    ids.remove_range(chunk << CHUNK_BITS, (chunk + 1) << CHUNK_BITS)
    ids |= part
