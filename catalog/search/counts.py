"""How many of the matches of a query have which value: sizes of intersections with the bitmaps of the values."""

from __future__ import annotations

import json
from heapq import heappush, heapreplace, nlargest
from operator import itemgetter
from typing import TYPE_CHECKING

from catalog import bitmaps
from catalog.records import FacetCount
from catalog.search.picks import list_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.bits import Bits, Values
    from catalog.search.fields import Field

    Count = tuple[int, str | None]  # of videos, and their value

_COUNT, _VALUE = itemgetter(0), itemgetter(1)
_SPARSE = 0.08  # of all videos are the matches up to which the table counts faster than bitmaps (measured)
_FEW_VALUES = 24  # of a field, up to which bitmaps count as fast as the table, however few the matches (measured)
_FEW = 20_000  # matches up to which their own rows are read, and not all rows of a facet
_ROWS_OF_VIDEO, _ROWS_OF_VALUE = 10, 20  # of facets, about
_COUNTED = 1_000  # rare values that are counted to find out how many there are
_COUNT_VALUES = "SELECT count(*) FROM (SELECT 1 FROM facet_values WHERE facet = :facet LIMIT :limit)"
_TAGS = """
SELECT count(DISTINCT tags.video_id) AS count, {tag} AS value
FROM json_each(:hits) AS hit CROSS JOIN tags ON tags.video_id = hit.value
WHERE {tag} NOT IN (SELECT value FROM json_each(:known))
GROUP BY 2 ORDER BY count DESC, value LIMIT :limit
"""
_NEXT_TAG = "SELECT key, value FROM tags WHERE (key, value) > (:key, :value) ORDER BY key, value LIMIT 1"
_SEEDS = """
SELECT count(*) AS count, {seed} AS value FROM json_each(:hits) AS hit CROSS JOIN videos ON videos.id = hit.value
WHERE {seed} IS NOT NULL GROUP BY 2 ORDER BY count DESC, value LIMIT :limit
"""
_FACET = """
SELECT count(DISTINCT video_id) AS count, value FROM ({rows})
GROUP BY value ORDER BY count DESC, value LIMIT :limit
"""
_ROWS = """
SELECT asked.video_id, facet_values.value FROM {rows} WHERE facet_values.facet = :facet
AND facet_values.value NOT IN (SELECT value FROM json_each(:known))
"""
_BY_VIDEO = _ROWS.format(
    rows="json_each(:hits) AS hit CROSS JOIN {table} AS asked ON asked.video_id = hit.value "
    "CROSS JOIN facet_values ON facet_values.id = asked.value_id"
)
_BY_VALUE = _ROWS.format(
    rows="facet_values CROSS JOIN {table} AS asked ON asked.value_id = facet_values.id "
    "AND +asked.video_id IN (SELECT value FROM json_each(:hits))"
)


def count_values(connection: Reader, bits: Bits, field: Field, hits: BitMap, limit: int) -> tuple[FacetCount, ...]:
    """The `limit` most frequent values of a field among these videos: by count, then by value, none as the last."""
    if field.kind == "seed":
        make_seeds = lambda: _count_seeds(connection, field, hits, limit)  # noqa: E731
        return bits.remember(f"counts seed {limit}", hits, make_seeds, lambda counts: 200 + 100 * len(counts))
    is_measured = field.name == "seconds"  # clips are measured, and hardly two lengths agree
    most = None if is_measured else limit
    make = lambda: _count(bits, field.name, hits, most)  # noqa: E731
    found = bits.remember(f"counts {field.name} {most}", hits, make, lambda counts: 200 + 100 * len(counts))
    counts = [*(_round(found) if is_measured else found)]
    parts = list_fields(field)
    rarest = bitmaps.COMMON * len(parts)  # videos from which a value has a bitmap for certain
    if parts[0] in bitmaps.PARTIAL and (len(counts) < limit or nlargest(limit, counts)[-1][0] < rarest):
        known = list(bits.read_field(field.name).sets)
        make_rare = lambda: _count_rare(connection, field, known, hits, limit)  # noqa: E731
        rare = bits.remember(f"rare {field.name} {limit}", hits, make_rare, lambda each: 200 + 100 * len(each))
        counts += rare
    counts.sort(key=_number if field.kind == "number" else _VALUE)
    if field.counts_missing and (
        missing := len(hits) - hits.intersection_cardinality(bits.having(bitmaps.HAS, field.name))
    ):
        counts.append((missing, None))
    counts.sort(key=_COUNT, reverse=True)
    return tuple([FacetCount(value, count) for count, value in counts[:limit]])


def _count_seeds(connection: Reader, field: Field, hits: BitMap, limit: int) -> tuple[FacetCount, ...]:
    """The seeds that most videos share, by their rows: hardly two have the same, so that bitmaps would be of no use."""
    rows = connection.execute(
        _SEEDS.format(seed=field.facet), {"hits": json.dumps(hits.to_array().tolist()), "limit": limit}
    )
    return tuple(FacetCount(seed, count) for count, seed in rows)


def _count(bits: Bits, name: str, hits: BitMap, limit: int | None) -> list[Count]:
    """The counts of the values of a field; with a limit, at least those of the most frequent."""
    total = len(bits.all)
    values = bits.read_field(name)
    is_for_table = len(values.sets) > _FEW_VALUES and len(hits) < total * _SPARSE
    if is_for_table and (counts := bits.count(name, hits)) is not None:
        return counts
    if len(hits) == total:
        return [(size, value) for size, value, _ in values.by_size if size]
    if limit is None:
        return [(count, value) for value, ids in values.sets.items() if (count := hits.intersection_cardinality(ids))]
    return _count_most(values, hits, limit)


def _count_most(values: Values, hits: BitMap, limit: int) -> list[Count]:
    """The counts of the most frequent values; once no other value can be one of them, no more is counted."""
    counts: list[Count] = []
    highest: list[int] = []
    for size, value, ids in values.by_size:
        if len(highest) == limit and size < highest[0]:
            break
        if count := hits.intersection_cardinality(ids):
            counts.append((count, value))
            if len(highest) < limit:
                heappush(highest, count)
            elif count > highest[0]:
                heapreplace(highest, count)
    return counts


def _round(counts: Iterable[Count]) -> Iterable[Count]:
    """The counts by whole numbers, halves up."""
    rounded: dict[str, int] = {}
    for count, value in counts:
        whole = str(int(float(value or 0) + 0.5))
        rounded[whole] = rounded.get(whole, 0) + count
    return ((count, value) for value, count in rounded.items())


def _number(count: Count) -> float:
    return float(count[1] or 0)


def _count_rare(connection: Reader, field: Field, known: list[str], hits: BitMap, limit: int) -> list[Count]:
    """The counts of the most frequent of the values that are not known by a bitmap, by the rows of tags or facets."""
    if field.kind == "tag":
        rare_tags = _list_rare_tags(connection, set(known)) if len(hits) > _FEW else None
        if rare_tags is not None:
            counted = ((hits.intersection_cardinality(having), tag) for tag, having in rare_tags)
            return [count for count in counted if count[0]]
        sql = _TAGS.format(tag=field.facet)
    else:
        most = len(known) + _COUNTED
        rare = connection.execute(_COUNT_VALUES, {"facet": field.plain, "limit": most}).fetchone()[0] - len(known)
        if rare <= 0:
            return []
        is_small = rare < _COUNTED and rare * _ROWS_OF_VALUE < len(hits) * _ROWS_OF_VIDEO
        rows = _BY_VALUE if is_small or len(hits) > _FEW else _BY_VIDEO
        tables = ("video_facets", "inherited_facets") if field.is_effective else ("video_facets",)
        sql = _FACET.format(rows=" UNION ALL ".join(rows.format(table=table) for table in tables))
    ids = json.dumps(hits.to_array().tolist())
    found = connection.execute(sql, {"facet": field.plain, "known": json.dumps(known), "limit": limit, "hits": ids})
    return [(count, str(value)) for count, value in found]


def _list_rare_tags(connection: Reader, known: set[str]) -> list[tuple[str, BitMap]] | None:
    """The tags that have no bitmap, each with its videos; None where there are too many to look each up."""
    tags: list[str] = []
    pair = connection.execute("SELECT key, value FROM tags ORDER BY key, value LIMIT 1").fetchone()
    while pair is not None:
        key, value = pair
        tag = f"{key}={value}" if value else key
        if tag not in known:
            tags.append(tag)
            if len(tags) > _COUNTED:
                return None
        pair = connection.execute(_NEXT_TAG, {"key": key, "value": value}).fetchone()
    return [(tag, bitmaps.read_values(connection, "tag", [tag])) for tag in tags]
