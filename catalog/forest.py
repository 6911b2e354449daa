"""Which of many things belong together, told pair by pair, in whatever order."""

from __future__ import annotations


class Forest:
    """Which of `count` things belong together; the first of those that do stands for them."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def find(self, index: int) -> int:
        """The first of the things that this one belongs to."""
        above = self._above
        while above[index] != index:
            above[index] = index = above[above[index]]
        return index

    def join(self, index: int, other: int) -> None:
        """Let two things, and all that belong to either, belong together."""
        first, second = self.find(index), self.find(other)
        self._above[max(first, second)] = min(first, second)
