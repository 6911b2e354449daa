"""The order of matches, and the next few of them: by date, by another field, or by relevance.

Where bitmaps say which values come first, no other rows are read: the months of dates, the values of countable fields.
Else a common match walks an index until it has met enough, and a rare one sorts its own rows. Videos without a value
come last either way, ties go by id.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left, bisect_right
from itertools import compress, islice
from math import isqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog import bitmaps, fulltext
from catalog.search.bits import bitmap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.bits import Bits

Place = tuple[int, Any]  # of a video in the order: its id, and what it is sorted by

RELEVANCE = "relevance"
RANKED = 2_000  # matches that are ordered by relevance: all of them, or the newest

_WEIGHTS = {"prompt": 4.0, "error_message": 1.0, "labels": 2.0, "grams": 4.0, "error_grams": 1.0}
_BM25 = f"bm25(videos_fts, {', '.join(str(_WEIGHTS[column]) for column in fulltext.COLUMNS)})"
_BILLIONTHS = f"CAST(1e9 * {_BM25} AS INTEGER)"  # JSON rounds a fraction, and then it is another place in the order
_SCORE_ALL = (
    f"SELECT {_BILLIONTHS} AS score, rowid AS id FROM videos_fts WHERE videos_fts MATCH ? AND rowid BETWEEN ? AND ?"
)
# The `+` keeps SQLite from going to the index once for every id (measured: 9.8 s instead of 5 ms).
_SCORE = f"{_SCORE_ALL} AND +rowid IN (SELECT value FROM json_each(?))"
# All in one row: between two rows another thread may take its turn, which is long. Without a limit, SQLite refuses it.
_RANKING = "SELECT json_group_array(score), json_group_array(id) FROM ({} ORDER BY score, id LIMIT ?)"
_RANK_ALL, _RANK = _RANKING.format(_SCORE_ALL), _RANKING.format(_SCORE)
_BEST = 250  # places that are read at first: few people turn so many pages
_ALL = -1
_STEPS = 2_048  # of which multiples are walked in a month, so that another query finds the walk in memory
_FEW_MORE = 1.5  # times as many matches in a range of ids as are wanted, up to which all are ranked
_DATE = "created_at"
_DATES = "SELECT id, created_at FROM videos WHERE id IN :ids"
_MANY = 1_000  # places that are read at once, from which on each comes with what it is sorted by
_WALKED = frozenset({"completed_at", "expires_at", "first_seen_at", "last_seen_at", "cost_usd", "latency"})
_ROW_COST, _STEP_COST = 10, 1  # of reading a row by its id, and of a step in an index
_MOST_STEPS = 4  # times as many as expected, after which a walk is given up


class Order(NamedTuple):
    """What to sort by, as SQL on a row of `videos`, and which way."""

    name: str
    sql: str = ""
    is_descending: bool = False

    @property
    def way(self) -> str:
        """The direction in SQL."""
        return "DESC" if self.is_descending else "ASC"

    def reversed(self) -> Order:
        """The same, the other way round."""
        return self._replace(is_descending=not self.is_descending)

    def is_after(self, place: Place, start: Place | None) -> bool:
        """Whether the place is after the start; both have a value."""
        if start is None:
            return True
        mine, other = (place[1], place[0]), (start[1], start[0])
        return mine < other if self.is_descending else mine > other


class Ranking(NamedTuple):
    """Matches by relevance: their ids and their scores, the least of which is the best."""

    ids: array[int]
    scores: array[int]

    def list_next(self, start: Place | None, limit: int) -> list[Place]:
        """The next places after the start."""
        after = (start[1], start[0]) if start else None
        begin = bisect_right(range(len(self.ids)), after, key=self._at) if after else 0
        return list(zip(self.ids[begin : begin + limit], self.scores[begin : begin + limit], strict=True))

    def list_previous(self, start: Place, limit: int) -> list[Place]:
        """The places before the start, the last ones, in order."""
        end = bisect_left(range(len(self.ids)), (start[1], start[0]), key=self._at)
        begin = max(0, end - limit)
        return list(zip(self.ids[begin:end], self.scores[begin:end], strict=True))

    def _at(self, index: int) -> tuple[int, int]:
        return self.scores[index], self.ids[index]


class Orderer:
    """Puts matches in one order, in one snapshot of a library.

    `match` is the expression that relevance is about. Of more than `ranked` matches, it orders only the newest.
    """

    def __init__(
        self, connection: Reader, bits: Bits, order: Order, match: str | None, ranked: int | None = None
    ) -> None:
        self._connection = connection
        self._bits = bits
        self._order = order
        self._match = match or ""
        self._ranked = ranked

    def list_next(self, hits: BitMap, start: Place | None, limit: int) -> list[Place]:
        """The next places after the start, or the first ones."""
        order = self._order
        if order.name == RELEVANCE:
            return self._list_best(hits, start, limit)
        if order.name == _DATE:
            return list(islice(self._by_month(hits, start, limit), limit))
        if order.name in _COUNTED:
            return list(islice(self._by_value(hits, start), limit))
        if order.name in _WALKED:
            return self._by_index(hits, start, limit)
        return self._by_rows(hits, start, limit)

    def list_previous(self, hits: BitMap, start: Place, limit: int) -> list[Place]:
        """The places before the start, the last ones, in order."""
        order = self._order
        if order.name == RELEVANCE:
            return self._rank(hits).list_previous(start, limit)
        back = Orderer(self._connection, self._bits, order.reversed(), self._match)
        places = back.list_next(hits, start, limit)
        if start[1] is not None:
            places = [place for place in places if place[1] is not None]  # those without a value are last either way
        elif len(places) < limit:
            valued = back.list_next(hits, None, limit - len(places))
            places += [place for place in valued if place[1] is not None]
        return places[::-1]

    def count_ranked(self, hits: BitMap) -> int | None:
        """How many of the matches relevance orders, None where it is all of them."""
        if self._order.name != RELEVANCE or self._ranked is None or len(hits) <= self._ranked:
            return None
        return len(self.list_newest(hits, self._ranked) & self._bits.match(self._match))

    def list_newest(self, hits: BitMap, count: int) -> BitMap:
        """The newest of the matches, so many or a few more."""
        newest = bitmap()
        months = self._bits.read_field("month").sets
        for month in sorted(months, reverse=True):
            part, missing = hits & months[month], count - len(newest)
            if len(part) > missing + count // 4:
                steps = -(-_expect_steps(missing, len(part), len(months[month])) // _STEPS) * _STEPS
                while len(met := part & self._list_newest(month, steps)) < missing:
                    steps *= 2
                part = met
            newest |= part
            if len(newest) >= count:
                return newest
        undated = hits - newest
        return newest | undated[max(0, len(undated) - (count - len(newest))) :]

    def _list_newest(self, month: str, steps: int) -> BitMap:
        """So many of the newest videos of a month, which the matches of the next query are looked up in too."""
        return self._bits.keep(f"newest {steps} of {month}", lambda: self._list_month(month, None, steps)[0])

    def _list_month(self, month: str, start: Place | None, steps: int) -> tuple[BitMap, int | None]:
        """So many videos of a month, after the start, and the one that is last in order, None where there are none."""
        order, test = self._order, _MONTH
        values: list[Any] = [month]
        if start is not None:
            beyond = "<" if order.is_descending else ">"
            test = f"{_MONTH} AND created_at {beyond}= ?2 AND (created_at {beyond} ?2 OR id {beyond} ?3)"
            values = [month, start[1], start[0]]
        way = "ASC" if order.name == _DATE and not order.is_descending else "DESC"
        walk = f"SELECT id FROM videos WHERE {test} ORDER BY created_at {way}, id {way} LIMIT {steps:d}"
        return self._bits.read_walk(f"SELECT json_group_array(id) FROM ({walk})", values)

    def _list_best(self, hits: BitMap, start: Place | None, limit: int) -> list[Place]:
        if limit < _BEST < len(hits):
            places = self._rank(hits, _BEST).list_next(start, limit)
            if len(places) == limit:
                return places
        return self._rank(hits).list_next(start, limit)

    def _rank(self, hits: BitMap, most: int = _ALL) -> Ranking:
        name, make = f"ranks {self._match} {self._ranked} {most}", lambda: self._make_ranking(hits, most)
        return self._bits.remember(name, hits, make, lambda ranking: 16 * len(ranking.ids))

    def _make_ranking(self, hits: BitMap, most: int) -> Ranking:
        if self._ranked is not None and len(hits) > self._ranked:
            hits = self.list_newest(hits, self._ranked)
        if not hits:
            return Ranking(array("q"), array("q"))
        first, last = hits.min(), hits.max()
        if self._bits.match(self._match).range_cardinality(first, last + 1) < _FEW_MORE * len(hits):
            row = self._connection.execute(_RANK_ALL, [self._match, first, last, most]).fetchone()
        else:
            row = self._connection.execute(_RANK, [self._match, first, last, _listed(hits), most]).fetchone()
        scores, ids = map(json.loads, row)
        met = [video_id in hits for video_id in ids]
        scores, ids = compress(scores, met), compress(ids, met)
        return Ranking(array("q", ids), array("q", scores))

    def _by_month(self, hits: BitMap, start: Place | None, limit: int) -> Iterator[Place]:
        """By date: of months with few matches their rows are read at once, others are walked through in the index."""
        sets = self._bits.read_field("month").sets
        few = bitmap()
        for month in self._list_months(sets, start):
            part = hits & sets[month]
            if limit > _MANY:
                yield from self._after(start, (place for place in self._walk(_MONTH, [month]) if place[0] in part))
                continue
            steps = _expect_steps(limit, len(part), len(sets[month])) if part else 0
            is_walked = steps * _STEP_COST < len(part) * _ROW_COST
            few |= bitmap() if is_walked else part
            if is_walked or len(few) >= limit:
                yield from self._after(start, self._read_sorted(few))
                few = bitmap()
            if is_walked:
                yield from self._walk_month(part, month, steps, start)
        yield from self._after(start, self._read_sorted(few))
        yield from self._without(hits, start)

    def _list_months(self, months: Iterable[str], start: Place | None) -> list[str]:
        """The months in order, from that of the start on."""
        is_descending = self._order.is_descending
        ordered = sorted(months, reverse=is_descending)
        if start is None:
            return ordered
        first = start[1] and start[1][:7]
        return [month for month in ordered if first and (month <= first if is_descending else month >= first)]

    def _after(self, start: Place | None, places: Iterable[Place]) -> Iterable[Place]:
        return (place for place in places if self._order.is_after(place, start))

    def _walk_month(self, part: BitMap, month: str, steps: int, start: Place | None) -> Iterator[Place]:
        """The places in one month, in order."""
        start = start if start and start[1][:7] == month else None
        while True:
            ids, last = self._list_month(month, start, steps)
            if last is None:
                return
            met = (part & ids).to_array().tolist()
            dates = dict(self._connection.execute(_DATES, {"ids": [*met, last]}).fetchall())
            dated = sorted(((dates[video_id], video_id) for video_id in met), reverse=self._order.is_descending)
            yield from ((video_id, date) for date, video_id in dated)
            start, steps = (last, dates[last]), 4 * steps

    def _walk(self, test: str, values: list[Any]) -> Iterable[Place]:
        order = self._order
        columns = f"id, {order.sql} AS sort_value"
        sql = f"SELECT {columns} FROM videos WHERE {test} ORDER BY sort_value {order.way}, id {order.way}"
        return ((row[0], row[1]) for row in self._connection.execute(sql, values))

    def _read_sorted(self, hits: BitMap) -> Iterable[Place]:
        return self._walk(_THESE, [_listed(hits)]) if hits else ()

    def _without(self, hits: BitMap, start: Place | None) -> Iterator[Place]:
        """The videos without a value, which come last, after the start where that has no value either."""
        if self._order.name in bitmaps.DEFAULTED:
            return
        missing = hits - self._bits.having(bitmaps.HAS, self._order.name)
        for video_id in self._list_ids(missing, start[0] if start and start[1] is None else None):
            yield video_id, None

    def _list_ids(self, ids: BitMap, after: int | None) -> Iterator[int]:
        """The ids in the direction of the order, after one of them."""
        if not self._order.is_descending:
            yield from ids if after is None else ids.iter_equal_or_larger(after + 1)
            return
        end = len(ids) if after is None else ids.rank(after - 1)
        while end > 0:
            begin = max(0, end - 100)
            yield from reversed(ids[begin:end].to_array())
            end = begin

    def _by_value(self, hits: BitMap, start: Place | None) -> Iterator[Place]:
        """By a countable field: one value after the other, each with its videos by id."""
        order = self._order
        sets = self._bits.read_field(order.name).sets
        is_number = order.name in _NUMBERS
        values = sorted(
            ((float(value) if is_number else value, ids) for value, ids in sets.items()),
            key=_first,
            reverse=order.is_descending,
        )
        if start is None or start[1] is not None:
            for value, ids in values:
                if start is not None and (value > start[1] if order.is_descending else value < start[1]):
                    continue
                after = start[0] if start is not None and value == start[1] else None
                for video_id in self._list_ids(hits & ids, after):
                    yield video_id, value
        yield from self._without(hits, start)

    def _by_index(self, hits: BitMap, start: Place | None, limit: int) -> list[Place]:
        """By an indexed field: a walk through the index, unless the matches' own rows are fewer or the walk is long."""
        order = self._order
        total, count = len(self._bits.all), max(1, len(hits))
        steps = min(total, _MOST_STEPS * limit * total // count)
        places: list[Place] = []
        if steps * _STEP_COST < count * _ROW_COST and (start is None or start[1] is not None):
            test, values = f"{order.sql} IS NOT NULL", []
            if start is not None:
                test, values = f"{order.sql} {'<=' if order.is_descending else '>='} ?", [start[1]]
            walk = self._walk(test, values)
            met = (place for place in islice(walk, steps) if place[0] in hits and order.is_after(place, start))
            places = list(islice(met, limit))
            if len(places) == limit:
                return places
        return self._by_rows(hits, start, limit)

    def _by_rows(self, hits: BitMap, start: Place | None, limit: int) -> list[Place]:
        """By the matches' own rows, all of them."""
        order = self._order
        test, values = "1", []
        if start is not None and start[1] is None:
            test, values = f"sort_value IS NULL AND id {'<' if order.is_descending else '>'} ?", [start[0]]
        elif start is not None:
            beyond = "<" if order.is_descending else ">"
            test = f"(sort_value {beyond} ? OR sort_value = ? AND id {beyond} ? OR sort_value IS NULL)"
            values = [start[1], start[1], start[0]]
        sql = (
            f"SELECT id, sort_value FROM (SELECT id, {order.sql} AS sort_value FROM videos WHERE {_THESE}) "
            f"WHERE {test} ORDER BY sort_value {order.way} NULLS LAST, id {order.way} LIMIT ?"
        )
        return [(row[0], row[1]) for row in self._connection.execute(sql, [_listed(hits), *values, limit])]


_MONTH = "created_at BETWEEN ?1 AND ?1 || '~'"  # which is after all that begins with a month
_THESE = "id IN (SELECT value FROM json_each(?))"
_NUMBERS = frozenset({"seconds", "progress", "width", "height", "rating"})
_COUNTED = {*bitmaps.COLUMNS, *bitmaps.JUDGEMENTS} - {"size"}


def _expect_steps(wanted: int, having: int, size: int) -> int:
    """In how many steps among so many videos, of which some are matches, the wanted ones are likely to be met."""
    return min(size, 20 + (wanted + min(wanted // 4, 3 * isqrt(wanted))) * size // having)


def _first(item: tuple[Any, BitMap]) -> Any:
    return item[0]


def _listed(ids: BitMap) -> str:
    return json.dumps(ids.to_array().tolist())
