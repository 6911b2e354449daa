"""Eight processes that each tag 250 videos, one at a time, on one library: their rate together, and the longest wait.

python benchmarks/contention.py [--processes 8] [--tags 250]
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from search import make_library

from catalog import Catalog

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

VIDEOS = 1000
FLOOR = 0.5  # of the rate of one process alone
WORST = 3.0  # seconds that one tag may take
SPAWN = multiprocessing.get_context("spawn")


class Writing(NamedTuple):
    """When a process began and ended, by the clock that all processes share, and its slowest tag in seconds."""

    began: float
    ended: float
    worst: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--tags", type=int, default=250)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.db"
        make_library(path, VIDEOS).close()
        alone, _ = measure(path, 1, arguments.tags)
        together, worst = measure(path, arguments.processes, arguments.tags)
    ratio = together / alone
    print(f"one process            {alone:6.0f} tags/s")
    print(f"{arguments.processes} processes together  {together:8.0f} tags/s, {ratio:.2f} of one, floor {FLOOR}")
    print(f"longest wait           {worst:6.2f} s, at most {WORST:g}")
    if ratio < FLOOR or worst > WORST:
        raise SystemExit("a writer waits too long, or too little is written")


def measure(path: Path, processes: int, tags: int) -> tuple[float, float]:
    """Tags a second of so many processes at once, from the first one's start to the last one's end; the slowest tag."""
    barrier = SPAWN.Barrier(processes)
    with SPAWN.Pool(processes, meet, (barrier,)) as pool:
        writings = pool.starmap(tag, [(path, number, tags) for number in range(processes)], chunksize=1)
    seconds = max(each.ended for each in writings) - min(each.began for each in writings)
    return processes * tags / seconds, max(each.worst for each in writings)


def meet(barrier: Barrier) -> None:
    """Give a process of the pool the barrier at which it meets the others."""
    global together  # noqa: PLW0603 - only a pool's initializer can hand over a barrier
    together = barrier


def tag(path: Path, number: int, tags: int) -> Writing:
    """Tag videos, one after another, once every process is ready."""
    with Catalog.open(path) as catalog:
        refs = [video.ref for video in catalog.search("", limit=VIDEOS).videos]
        catalog.tag(refs[0], f"ready{number}")
        together.wait(60)
        began, worst = time.monotonic(), 0.0
        for turn in range(tags):
            started = time.monotonic()
            catalog.tag(refs[(number * tags + turn) % len(refs)], f"turn{number}={turn}")
            worst = max(worst, time.monotonic() - started)
        return Writing(began, time.monotonic(), worst)


if __name__ == "__main__":
    main()
