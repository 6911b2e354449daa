"""Edits of 1,000 videos at once in a library of 20,000: seconds, and edited videos for each line of plain Python.

python benchmarks/edits.py [--videos 20000] [--library PATH]    PATH is kept and used again
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from _corpus import asked_library, read_arguments
from _yardstick import measure

from catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 1000
FLOOR = 0.03  # videos a line


def main() -> None:
    with asked_library(read_arguments(__doc__.splitlines()[0], 20_000)) as path, Catalog.open(path) as catalog:
        is_slow = [measure_pair(name, pair) for name, pair in list_pairs(catalog).items()]
    if any(is_slow):
        raise SystemExit("below the floor")


def list_pairs(catalog: Catalog) -> dict[str, tuple[Callable[[], int], Callable[[], int]]]:
    """Each edit of MANY videos with the one that takes it back, so that both change every video every time."""
    refs = [video.ref for video in catalog.search("", limit=MANY).videos]
    ids = [ref.partition(":")[2] for ref in refs]
    return {
        "tag, untag": (lambda: catalog.tag(refs, "keeper").count, lambda: catalog.untag(refs, "keeper").count),
        "the same, by ids": (lambda: catalog.tag(ids, "keeper").count, lambda: catalog.untag(ids, "keeper").count),
        "give, take back": (
            lambda: catalog.give(refs, style="noir").count,
            lambda: catalog.give(refs, remove=["style"]).count,
        ),
        "delete, undelete": (lambda: catalog.delete(refs).count, lambda: catalog.undelete(refs).count),
    }


def measure_pair(name: str, pair: tuple[Callable[[], int], Callable[[], int]]) -> bool:
    """Print how long the pair takes, and return whether it is slower than the floor."""
    seconds: list[float] = []

    def run() -> None:
        for edit in pair:
            started = time.perf_counter()
            assert edit() == MANY
            seconds.append(time.perf_counter() - started)

    measured = measure(run, 2 * MANY)
    slow = measured.ratio < FLOOR
    print(f"{name:24}{min(seconds):6.2f} to {max(seconds):.2f} s, {measured.ratio:.3f} videos a line, floor {FLOOR}")
    return slow


if __name__ == "__main__":
    main()
