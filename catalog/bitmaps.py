"""The bitmaps: for every value of every countable field, the set of the videos that have it.

A set is a roaring bitmap of row ids, in rows of `bitmaps` for 65,536 ids each, so that a change of one video writes a
few kilobytes. Counts are sizes of intersections. `read_state` is the one definition of the values of a video: a rebuild
reads it chunk by chunk, and the store before and after every change (`keep`).

Two kinds of fields are whole only in part: of the values of tags and of open facets, which are unbounded, those on less
than COMMON videos may have no bitmap; `read_values` reads the rows of such values, by their index.

The revision is a number that grows with every change of an index, the full-text index included (`MARKS`), and of two
histories of one library no later change of one has a number of the other.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.errors import CatalogError
from catalog.fields import OPEN_FACETS, TABLE
from catalog.rows import NEGATIVE_PROMPT, SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyroaring import BitMap

    from catalog.database import Reader, Writer

    State = dict[tuple[str, str], BitMap]  # the ids of videos by field and value

CHUNK_BITS = 16
CHUNK = 1 << CHUNK_BITS
COMMON = 100  # videos from which a value of a field that is whole only in part has a bitmap

# Fields of one value each, with SQL on a row of `videos`; numbers are their shortest text: 8.0, 1280.
COLUMNS = {
    **{column.name: f"videos.{column.name}" for column in TABLE if column.ask and column.ask.counted},
    "progress": "videos.progress",
    "width": "videos.width",
    "height": "videos.height",
    "size": SIZE,
    "size_text": "videos.size_text",
    "month": "substr(videos.created_at, 1, 7)",
}
# What a video can have or lack, with a test on its row; facets, tags and relations come to it.
PRESENT = {
    "id": "1",
    **{column.name: f"videos.{column.name} IS NOT NULL" for column in TABLE if column.ask},
    "negative_prompt": f"{NEGATIVE_PROMPT} IS NOT NULL",
    "size": f"{SIZE} IS NOT NULL",
    "month": "videos.created_at IS NOT NULL",
    "latency": "(videos.completed_at >= videos.created_at) IS TRUE",
}
PARTIAL = frozenset({"tag", "tag_key", *OPEN_FACETS})  # fields whose rare values may have no bitmap
HAS = "has"
_MARK = "mark"
MARKS = ("texts", "rebuilt")  # rows that only tell of changes: of the full-text index; of all bitmaps at once
_OWN = frozenset(
    {*COLUMNS, *PRESENT, *PARTIAL.difference(OPEN_FACETS), HAS, _MARK, "relation"}
)  # no facet is called so

_MASK = " | ".join(f"(({test}) << {number})" for number, test in enumerate(PRESENT.values()))
_VIDEOS = f"SELECT videos.id, {_MASK}, {', '.join(COLUMNS.values())} FROM videos WHERE videos.id"
_TAGS = "SELECT video_id, key, value FROM tags WHERE video_id"
_FACETS = "SELECT video_id, value_id FROM video_facets WHERE video_id"
_RELATIONS = "SELECT child_id, relation FROM links WHERE child_id"
_THESE, _WITHIN = "IN :ids", "BETWEEN :first AND :last"

_ALL_OF_FACET = (
    "SELECT DISTINCT video_id FROM video_facets WHERE value_id = "
    "(SELECT id FROM facet_values WHERE facet = :field AND value = :value)"
)
_ALL_OF_KEY = "SELECT DISTINCT video_id FROM tags WHERE key = :value"
_ALL_OF_TAG = "SELECT DISTINCT video_id FROM tags WHERE key = :key AND value = :value"
_COMMON_FACETS = f"SELECT value_id FROM video_facets GROUP BY value_id HAVING count(*) >= {COMMON}"
_COMMON_TAGS = f"SELECT key, value FROM tags GROUP BY key, value HAVING count(*) >= {COMMON} OR instr(key, '=')"
_COMMON_KEYS = f"SELECT key FROM tags GROUP BY key HAVING count(*) >= {COMMON}"

_NEWEST = "SELECT max(revision) FROM bitmaps"
_FIND = "SELECT id, ids FROM bitmaps WHERE field = ? AND value = ? AND chunk = ?"
_HAS_ROW = "SELECT 1 FROM bitmaps WHERE field = ? AND value = ? LIMIT 1"
_ADD = "INSERT INTO bitmaps (field, value, chunk, ids, revision) VALUES (?, ?, ?, ?, ?)"
_CHANGE = "UPDATE bitmaps SET ids = ?, revision = ? WHERE id = ?"
_FIELD = "SELECT value, ids FROM bitmaps WHERE field = ? ORDER BY value"
_VALUE = "SELECT ids FROM bitmaps WHERE field = ? AND value = ?"
_SINCE = "SELECT field, value, chunk, ids FROM bitmaps WHERE revision > ?"


class Changes(NamedTuple):
    """What has changed since a revision.

    Where `is_rebuilt`, everything may have, and nothing is listed. Else `chunks` are the chunks that changed, as they
    are now: `replace_chunk` puts one into the set that was read before. With `texts`, what full-text search finds may
    have changed.
    """

    revision: int
    is_rebuilt: bool
    texts: bool
    chunks: dict[tuple[str, str], dict[int, BitMap]]


# Reading


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
    return {value: _join(chunks) for value, chunks in parts.items()}


def read_values(connection: Reader, field: str, values: Iterable[str]) -> BitMap:
    """The videos that have one of the values of a field, of any field of bitmaps: exactly these texts."""
    parts, sets = [], []
    for value in values:
        chunks = [row[0] for row in connection.execute(_VALUE, (field, value))]
        if not chunks and field in PARTIAL:
            sets.append(_read_rows(connection, field, value))
        parts += chunks
    return _join(parts).union(*sets)


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
        return Changes(newest, is_rebuilt=False, texts=False, chunks={})
    rows = connection.execute(_SINCE, (since,)).fetchall() if newest > since else []
    marks = {row[1] for row in rows if row[0] == _MARK}
    if newest < since or "rebuilt" in marks:
        return Changes(newest, is_rebuilt=True, texts=True, chunks={})
    chunks: dict[tuple[str, str], dict[int, BitMap]] = {}
    for field, value, chunk, ids in rows:
        if field != _MARK:
            chunks.setdefault((field, value), {})[chunk] = _bitmap(ids)
    return Changes(newest, is_rebuilt=False, texts="texts" in marks, chunks=chunks)


def replace_chunk(ids: BitMap, chunk: int, part: BitMap) -> None:
    """Put a chunk, as it is now, into a set of videos."""
    ids.remove_range(chunk << CHUNK_BITS, (chunk + 1) << CHUNK_BITS)
    ids |= part


# Keeping


def read_state(connection: Reader, ids: Iterable[int]) -> State:
    """Which of these videos have which value, by their rows, as they are now."""
    return _read_state(connection, _THESE, {"ids": list(ids)})


def keep(connection: Writer, before: State, after: State, *, texts: bool = False) -> None:
    """Bring the bitmaps from the state before a change of videos to the state after it.

    `texts` says that the full-text index has changed too.
    """
    nothing = _bitmap_of()
    changes = [
        (key, after.get(key, nothing) - before.get(key, nothing), before.get(key, nothing) - after.get(key, nothing))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    ]
    if not changes and not texts:
        return
    number = _next_revision(connection)
    for (field, value), added, removed in changes:
        is_new = field in PARTIAL and connection.execute(_HAS_ROW, (field, value)).fetchone() is None
        more = _read_if_common(connection, field, value) if is_new else added
        for chunk in _chunks(more if is_new else added | removed):
            _revise(connection, (field, value, chunk), more, removed, number)
    if texts:
        _mark(connection, "texts", number)


def rebuild(connection: Writer) -> Iterator[tuple[int, int]]:
    """Make all bitmaps again from the rows, chunk by chunk; yields the row id that it has reached, and the last one."""
    number = _next_revision(connection)
    common = _list_common(connection)
    connection.execute("DELETE FROM bitmaps")
    _mark(connection, "rebuilt", number)
    newest = connection.execute("SELECT max(id) FROM videos").fetchone()[0] or 0
    for chunk in range((newest >> CHUNK_BITS) + 1):
        first, last = chunk << CHUNK_BITS, ((chunk + 1) << CHUNK_BITS) - 1
        state = _read_state(connection, _WITHIN, {"first": first, "last": last}, common)
        rows = [(field, value, chunk, _serialized(ids), number) for (field, value), ids in sorted(state.items())]
        connection.executemany(_ADD, rows)
        yield min(last, newest), newest


def check(connection: Reader) -> None:
    """Raise CatalogError, with the first difference, unless the bitmaps agree with the rows."""
    kept: dict[int, State] = defaultdict(dict)
    for field, value, chunk, ids in connection.execute(_SINCE, (0,)):
        if field != _MARK:
            kept[chunk][field, value] = _bitmap(ids)
    partly = {key for state in kept.values() for key in state if key[0] in PARTIAL}
    partly |= {key for key in _list_common(connection) - partly if _read_if_common(connection, *key)}
    newest = connection.execute("SELECT max(id) FROM videos").fetchone()[0] or 0
    for chunk in sorted({*range((newest >> CHUNK_BITS) + 1), *kept}):
        first, last = chunk << CHUNK_BITS, ((chunk + 1) << CHUNK_BITS) - 1
        rows = _read_state(connection, _WITHIN, {"first": first, "last": last}, partly)
        for key in sorted(rows.keys() | kept[chunk].keys()):
            differing = rows.get(key, _bitmap_of()) ^ kept[chunk].get(key, _bitmap_of())
            if differing:
                raise CatalogError(
                    _describe(connection, key, differing[0], is_missing=differing[0] in rows.get(key, ()))
                )


def _describe(connection: Reader, key: tuple[str, str], video_id: int, *, is_missing: bool) -> str:
    row = connection.execute("SELECT ref FROM videos WHERE id = ?", (video_id,)).fetchone()
    name = row[0] if row else f"the row {video_id}, which is not there"
    return (
        f"the bitmaps differ from the rows: {key[0]}:{key[1]} {'lacks' if is_missing else 'has'} {name}: "
        "run `catalog reindex --bitmaps`"
    )


# The values of a video


def _read_state(
    connection: Reader, test: str, parameters: Mapping[str, Any], common: set[tuple[str, str]] | None = None
) -> State:
    """The state of the videos that the test names; with `common`, of PARTIAL fields only these values."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    _add_columns(found, connection.execute(f"{_VIDEOS} {test}", parameters).fetchall())
    present: dict[str, list[int]] = defaultdict(list)
    for video_id, key, value in connection.execute(f"{_TAGS} {test}", parameters):
        present["tag"].append(video_id)
        found["tag_key", key].append(video_id)
        found["tag", f"{key}={value}" if value else key].append(video_id)
    _add_facets(connection, found, present, connection.execute(f"{_FACETS} {test}", parameters).fetchall())
    for video_id, relation in connection.execute(f"{_RELATIONS} {test}", parameters):
        present["relation"].append(video_id)
        found["relation", relation].append(video_id)
    for name, ids in present.items():
        found[HAS, name].extend(ids)
    return {
        key: _bitmap_of(ids) for key, ids in found.items() if common is None or key[0] not in PARTIAL or key in common
    }


def _add_columns(found: dict[tuple[str, str], list[int]], rows: Sequence[Any]) -> None:
    if not rows:
        return
    ids, masks, *columns = zip(*rows, strict=True)
    for name, values in zip(COLUMNS, columns, strict=True):
        by_value = defaultdict(list)
        for video_id, value in zip(ids, values, strict=True):
            by_value[value].append(video_id)
        by_value.pop(None, None)
        for value, having in by_value.items():
            found[name, str(value)].extend(having)
    by_mask = defaultdict(list)
    for video_id, mask in zip(ids, masks, strict=True):
        by_mask[mask].append(video_id)
    for mask, having in by_mask.items():
        for number, name in enumerate(PRESENT):
            if mask >> number & 1:
                found[HAS, name].extend(having)


def _add_facets(
    connection: Reader, found: dict[tuple[str, str], list[int]], present: dict[str, list[int]], rows: Sequence[Any]
) -> None:
    by_value: dict[int, list[int]] = defaultdict(list)
    for video_id, value_id in rows:
        by_value[value_id].append(video_id)
    query = "SELECT id, facet, value FROM facet_values WHERE id IN :ids"
    for value_id, facet, value in connection.execute(query, {"ids": list(by_value)}):
        if facet not in _OWN:
            found[facet, value] = by_value[value_id]
            present[facet].extend(by_value[value_id])


def _list_common(connection: Reader) -> set[tuple[str, str]]:
    """The values of PARTIAL fields that are common, and a few that are not: a video may have one several times."""
    common = {("tag_key", row[0]) for row in connection.execute(_COMMON_KEYS)}
    common |= {("tag", f"{key}={value}" if value else key) for key, value in connection.execute(_COMMON_TAGS)}
    values = [row[0] for row in connection.execute(_COMMON_FACETS)]
    query = "SELECT facet, value FROM facet_values WHERE id IN :ids"
    return common | {(facet, value) for facet, value in connection.execute(query, {"ids": values})}


def _read_if_common(connection: Reader, field: str, value: str) -> BitMap:
    """The videos that have a value, by their rows, if they are many enough for a bitmap; else none."""
    ids = _read_rows(connection, field, value, COMMON)
    return _read_rows(connection, field, value) if len(ids) >= COMMON else _bitmap_of()


def _read_rows(connection: Reader, field: str, value: str, limit: int = -1) -> BitMap:
    """The videos that have a value of a PARTIAL field, by their rows; with a limit, some of them."""
    if field in OPEN_FACETS:
        queries = [(_ALL_OF_FACET, {"field": field, "value": value})]
    elif field == "tag_key":
        queries = [(_ALL_OF_KEY, {"value": value})]
    else:  # a key may contain the sign too
        cuts = [number for number, character in enumerate(value) if character == "="]
        pairs = [(value, ""), *((value[:cut], value[cut + 1 :]) for cut in cuts)]
        queries = [(_ALL_OF_TAG, {"key": key, "value": rest}) for key, rest in pairs]
    return _bitmap_of(
        row[0]
        for query, parameters in queries
        for row in connection.execute(f"{query} LIMIT :limit", {**parameters, "limit": limit})
    )


# The rows of bitmaps


def _revise(connection: Writer, key: tuple[str, str, int], added: BitMap, removed: BitMap, number: int) -> None:
    """Add videos to a chunk of a set and remove others; of both, those of the chunk."""
    row = connection.execute(_FIND, key).fetchone()
    ids = _bitmap_of() if row is None else _bitmap(row[1])
    first, last = key[2] << CHUNK_BITS, (key[2] + 1) << CHUNK_BITS
    ids |= added & _range(first, last) if added else added
    ids -= removed
    if row is None:
        connection.execute(_ADD, (*key, _serialized(ids), number))
    else:
        connection.execute(_CHANGE, (_serialized(ids), number, row[0]))


def _mark(connection: Writer, name: str, number: int) -> None:
    row = connection.execute(_FIND, (_MARK, name, 0)).fetchone()
    if row is None:
        connection.execute(_ADD, (_MARK, name, 0, _serialized(_bitmap_of()), number))
    else:
        connection.execute(_CHANGE, (row[1], number, row[0]))


def _next_revision(connection: Reader) -> int:
    return max(revision(connection) + 1, time.time_ns() // 1000)


def _chunks(ids: BitMap) -> list[int]:
    if not ids:
        return []
    first, last = ids.min() >> CHUNK_BITS, ids.max() >> CHUNK_BITS
    return [first] if first == last else sorted({video_id >> CHUNK_BITS for video_id in ids})


def _range(first: int, last: int) -> BitMap:
    ids = _bitmap_of()
    ids.add_range(first, last)
    return ids


def _bitmap_of(ids: Iterable[int] = ()) -> BitMap:
    from pyroaring import BitMap

    return BitMap(ids)


def _bitmap(data: bytes) -> BitMap:
    from pyroaring import BitMap

    return BitMap.deserialize(data)


def _join(chunks: Sequence[bytes]) -> BitMap:
    from pyroaring import BitMap

    return BitMap.union(*map(BitMap.deserialize, chunks)) if chunks else BitMap()


def _serialized(ids: BitMap) -> bytes:
    ids.run_optimize()
    return ids.serialize()
