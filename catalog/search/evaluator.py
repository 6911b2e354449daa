"""The videos that a query finds: its steps as operations on bitmaps.

What the bitmaps and the full-text index know comes first; a part that reads every row is asked only about the videos
that the other parts of its And leave, where these are fewer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from catalog.search.bits import bitmap
from catalog.search.steps import All, Either, Part

if TYPE_CHECKING:
    from pyroaring import BitMap

    from catalog.search.bits import Bits
    from catalog.search.steps import Step

_IDS = "SELECT json_group_array(id) FROM"
_AMONG = "videos.id IN (SELECT value FROM json_each(?))"
_FEW = 4  # a scan reads only the candidates where they are less than this part of all


class Evaluator:
    """Finds the videos of steps in one snapshot of a library."""

    def __init__(self, bits: Bits) -> None:
        self._bits = bits

    def find(self, step: Step, among: BitMap | None = None) -> BitMap:
        """The videos that the step finds; which of those outside of `among` are in the answer does not matter."""
        if isinstance(step, All):
            return self._find_all(step, among)
        if isinstance(step, Either):
            return bitmap().union(*(self.find(each, among) for each in step.steps))
        if step.picks is not None:
            return self._bits.pick(step.picks)
        if step.expression is not None:
            return self._bits.match(step.expression)
        return self._select(step, among)

    def _find_all(self, step: All, among: BitMap | None) -> BitMap:
        steps = [*((each, True) for each in step.wanted), *((each, False) for each in step.unwanted)]
        found = among
        for each, is_wanted in sorted(steps, key=lambda item: item[0].scans):
            if is_wanted:
                these = self.find(each, found)
                found = these if found is None else found & these
            else:
                found = self._bits.all if found is None else found
                found = found - self.find(each, found)
            if not found:
                return found
        return self._bits.all if found is None else found

    def _select(self, part: Part, among: BitMap | None) -> BitMap:
        if part.is_set:
            return self._bits.read(f"{_IDS} ({part.sql})", part.values)
        if part.scans and among is not None and len(among) * _FEW < len(self._bits.all):
            ids = json.dumps(among.to_array().tolist())
            return self._bits.read(f"{_IDS} videos WHERE {_AMONG} AND ({part.sql})", [ids, *part.values])
        return self._bits.read(f"{_IDS} videos WHERE {part.sql}", part.values)
