"""A fixed piece of pure Python to measure by, so that a figure says the same on a fast and on a slow machine.

The yardstick finds the words of a line of text and counts them. Work is timed by turns with it, in CPU time, so that
whatever slows one slows the other; a ratio is how much of the work is done in the time of one line.
"""

from __future__ import annotations

import re
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = 5000
WORD = re.compile(r"[^\W_]+")


class Measured(NamedTuple):
    """The best rate, in items a second of CPU time, and the median of its ratios to the lines of the yardstick."""

    rate: float
    ratio: float


def measure(run: Callable[[], object], items: int, rounds: int = 7) -> Measured:
    """How fast a call handles so many items, against the yardstick."""
    rates, ratios = [], []
    before = lines_a_second()
    for _ in range(rounds):
        started = time.process_time()
        run()
        rates.append(items / (time.process_time() - started))
        after = lines_a_second()
        ratios.append(rates[-1] / statistics.mean((before, after)))
        before = after
    return Measured(max(rates), statistics.median(ratios))


def lines_a_second() -> float:
    """How many lines the yardstick does in a second of CPU time, now."""
    counts: dict[str, int] = {}
    started = time.process_time()
    for number in range(LINES):
        for word in WORD.findall(f"Take {number}: a paper boat crosses a puddle at dusk, slow push in, warm key light"):
            folded = word.lower()
            counts[folded] = counts.get(folded, 0) + 1
    return LINES / (time.process_time() - started)
