"""What of a number all videos have, read from its index at once, for sums and percentiles over any of them.

Loaded only where somebody asks for these: numpy takes longer to load than one search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from catalog.search.fields import get_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.search.bits import Bits

Numbers = np.ndarray[Any, np.dtype[Any]]

_PAIRS = "SELECT json_group_array(id), json_group_array(measure) FROM ({rows})"
_WALK = "SELECT json_group_array(id) FROM (SELECT id FROM videos WHERE {sql} IS NOT NULL ORDER BY {sql})"
_COSTS = "SELECT id, cost_usd AS measure FROM videos WHERE cost_usd IS NOT NULL"
_STACKS = "SELECT video_id AS id, stack_id AS measure FROM stack_videos"
_VALUES = "SELECT id, {sql} FROM videos WHERE id IN :ids"


class Measure(NamedTuple):
    """Videos, each with a number."""

    ids: Numbers
    values: Numbers

    @property
    def size(self) -> int:
        """The bytes of both."""
        return self.ids.nbytes + self.values.nbytes


class Measures:
    """The numbers of the videos of a library, in the snapshot of a connection."""

    def __init__(self, connection: Reader, bits: Bits) -> None:
        self._connection, self._bits = connection, bits
        self._width = bits.all.max() + 1 if bits.all else 0  # of arrays that have a place for each video

    def read_costs(self) -> Measure:
        """The videos of known cost, with it."""
        return self._remember("costs", _COSTS, np.float64)

    def read_stacks(self) -> Measure:
        """The videos in stacks, with the number of theirs."""
        return self._remember("stacks of all", _STACKS, np.int64)

    def list_ordered(self, name: str) -> Numbers:
        """The videos with a value of a field, in the order of it."""
        walk = _WALK.format(sql=get_order(name).order)
        read = lambda: _parse(self._connection.execute(walk).fetchone()[0], np.uint32)  # noqa: E731
        return self._bits.remember(f"walk {name}", self._bits.all, read, lambda ids: ids.nbytes)

    def read_values(self, name: str, ids: Iterable[int]) -> dict[int, Any]:
        """What these few videos have of a field."""
        query = _VALUES.format(sql=get_order(name).order)
        return dict(self._connection.execute(query, {"ids": list(ids)}).fetchall())

    def read_created(self, year: int) -> Measure:
        """The videos that were created in a year, with the day of each, counted from 1970."""
        rows = (
            "SELECT id, unixepoch(created_at) / 86400 AS measure FROM videos "
            f"WHERE created_at >= '{year:04d}' AND created_at < '{year + 1:04d}'"
        )
        return self._remember(f"days of {year}", rows, np.int64)

    def mark(self, ids: BitMap) -> Numbers:
        """For every video whether it is one of these."""
        marked = np.zeros(self._width, np.bool_)
        marked[list_ids(ids)] = True
        return marked

    def label(self, sets: Iterable[BitMap]) -> Numbers:
        """For every video the number of the set that it is in, from 1 on; 0 for none."""
        labels = np.zeros(self._width, np.uint32)
        for number, ids in enumerate(sets, 1):
            labels[list_ids(ids)] = number
        return labels

    def spread(self, measure: Measure) -> Numbers:
        """For every video its number, 0 where it has none."""
        spread = np.zeros(self._width, measure.values.dtype)
        spread[measure.ids] = measure.values
        return spread

    @staticmethod
    def count(numbers: Numbers) -> list[int]:
        """How often each number from 0 on occurs among these."""
        counts: list[int] = np.bincount(numbers).tolist()
        return counts

    def _remember(self, name: str, rows: str, kind: type[Any]) -> Measure:
        def read() -> Measure:
            ids, values = self._connection.execute(_PAIRS.format(rows=rows)).fetchone()
            return Measure(_parse(ids, np.uint32), _parse(values, kind))

        return self._bits.remember(name, self._bits.all, read, lambda measure: measure.size)


def list_ids(ids: BitMap) -> Numbers:
    """The ids, in order."""
    return np.frombuffer(ids.to_array(), np.uint32)


def _parse(text: str, kind: type[Any]) -> Numbers:
    """The numbers of a JSON array."""
    return np.fromstring(text[1:-1], kind, sep=",") if len(text) > 2 else np.zeros(0, kind)
