"""What remixes inherit, in a line and in a family of 100,000: processor time, memory, and a change at their head.

python benchmarks/inheritance.py [--videos 100000]

A quarter of so many stands beside it: the time of a video must be the same, and the memory must not grow with them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import prompts, store
from catalog.facets import inherit_due
from catalog.library import create_library, open_library
from catalog.wire.answers import ParsedVideo

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.database import Database

SCENE = "Slow push in on a fisherman on a wooden pier in heavy rain at dusk, 35mm, soft light."
INSTRUCTIONS = ("Add a cat.", "Same shot, but at night.", "Keep everything, but see it from a low angle.")
BATCH = 1000
MOST = 1.5  # times that of a quarter of the videos
SHAPES: dict[str, Callable[[int], int]] = {"a line": lambda number: number - 1, "a family": lambda _: 0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=100_000)
    arguments = parser.parse_args()
    is_slow = False
    for name, parent_of in SHAPES.items():
        few, many = (measure(count, parent_of) for count in (arguments.videos // 4, arguments.videos))
        for what, index in (("first", 0), ("after a change at the head", 1)):
            ratio = many[index] / few[index]
            is_slow = is_slow or ratio > MOST
            times = f"{1e6 * few[index]:7.0f} and {1e6 * many[index]:5.0f} µs of processor time a video"
            print(f"{name + ', ' + what:40}{times}, {ratio:.2f} times, at most {MOST}")
        print(f"{name + ', memory':40}{few[2] / 1e6:7.1f} and {many[2] / 1e6:5.1f} MB at most")
        is_slow = is_slow or many[2] > MOST * few[2] + 2e6
    if is_slow:
        raise SystemExit("not linear")


def measure(count: int, parent_of: Callable[[int], int]) -> tuple[float, float, float]:
    """Seconds of a video, first and after a change at the head, and the most memory that this takes, in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.db"
        create_library(path)
        library = open_library(path)
        fill(library, count, parent_of)
        first = time_inheritance(library) / count
        tracemalloc.start()
        with library.write() as connection:
            store.save_given(connection, {1: {"weather": ["fog"]}})
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        again = time_inheritance(library) / count
        with library.write() as connection:
            store.save_given(connection, {1: {"weather": ["snow"]}})
        tracemalloc.start()
        inherit_due(library)
        memory = max(memory, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        library.close()
    return first, again, memory


def time_inheritance(library: Database) -> float:
    started = time.process_time()
    inherit_due(library)
    return time.process_time() - started


def fill(library: Database, count: int, parent_of: Callable[[int], int]) -> None:
    """So many videos, each but the first a remix, with the facets of their prompts."""
    extracted = {prompt: prompts.extract(prompt) for prompt in (SCENE, *INSTRUCTIONS)}
    now = datetime.now(UTC)
    for start in range(0, count, BATCH):
        videos, read = [], []
        for number in range(start, min(start + BATCH, count)):
            prompt = INSTRUCTIONS[number % len(INSTRUCTIONS)] if number else SCENE
            parent = f"v{parent_of(number)}" if number else None
            videos.append(
                ParsedVideo(f"v{number}", prompt=prompt, remixed_from_id=parent, payload={"id": f"v{number}"})
            )
            read.append(
                store.Extracted(number + 1, prompt, extracted[prompt].facets, extracted[prompt].negative_prompt)
            )
        with library.write() as connection:
            store.save_videos(connection, "studio", videos, channel="import", received_at=now)
            store.save_extracted(connection, read, vocabulary="1")


if __name__ == "__main__":
    main()
