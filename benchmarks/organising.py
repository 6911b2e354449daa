"""Judgements and collections of 10,000 videos at once, and of one, against raw inserts of the same rows.

python benchmarks/organising.py [--videos 20000] [--library PATH]    PATH is kept and used again

Seconds and milliseconds are CPU time of this process. The rows are what an edit leaves behind: what is said of each
video, and its line in the journal with what was there before and after. What is indexed comes on top.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from search import make_library

from catalog import Catalog
from catalog.database import driver

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 10_000
ONE_BY_ONE = 200
ROUNDS = 3
SLOWEST = 20.0  # times the raw inserts, for an edit of MANY or its undo
SLOWEST_NOTE = 60.0  # the same, for notes, whose words are indexed
SLOWEST_ONE = 0.005  # seconds for an edit of one video


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=20_000)
    parser.add_argument("--library", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.library or Path(folder) / "catalog.db"
        make_library(path, arguments.videos).close()
        raw = min(measure_raw(Path(folder) / f"raw-{number}.db") for number in range(ROUNDS))
        print(f"raw inserts of the same rows{raw:27.2f} s")
        with Catalog.open(path) as catalog:
            catalog.rate(5, query="id:none")  # the first edit of a library prices its jobs
            is_slow = measure_one(catalog)
            for name, edit in list_edits(catalog).items():
                is_slow |= measure_many(catalog, name, edit, raw)
    if is_slow:
        raise SystemExit("slower than the floor")


def list_edits(catalog: Catalog) -> dict[str, Callable[[], int]]:
    """Edits of MANY videos, each of which changes all of them."""
    refs = [video.ref for video in itertools.islice(catalog.iterate(""), MANY)]
    ratings, verdicts = itertools.cycle((1, 2, 3, 4, 5)), itertools.cycle(("keep", "reject"))
    notes, paths = itertools.count(), itertools.count()
    return {
        "rate": lambda: catalog.rate(refs, next(ratings)).count,
        "rate, by a query": lambda: catalog.rate(next(ratings), query="").count,
        "verdict": lambda: catalog.verdict(refs, next(verdicts)).count,
        "collection add": lambda: catalog.collect(f"launch/{next(paths)}", refs).count,
        "note": lambda: catalog.note(refs, f"take {next(notes)}").count,
    }


def measure_one(catalog: Catalog) -> bool:
    """Print what one video costs to rate, and return whether that is too much."""
    refs = [video.ref for video in catalog.search("", limit=ONE_BY_ONE).videos]
    seconds = []
    for number, ref in enumerate(refs):
        started = time.process_time()
        catalog.rate(ref, 1 + number % 5)
        seconds.append(time.process_time() - started)
    median = statistics.median(seconds)
    print(f"rate one video{1000 * median:41.2f} ms, at most {1000 * max(seconds):.1f}; limit {1000 * SLOWEST_ONE:.0f}")
    return median > SLOWEST_ONE


def measure_many(catalog: Catalog, name: str, edit: Callable[[], int], raw: float) -> bool:
    """Print what an edit and its undo cost, and return whether one of them is too slow."""
    made, undone = [], []
    for _ in range(ROUNDS):
        started = time.process_time()
        count = edit()
        made.append((time.process_time() - started) * MANY / count)
        started = time.process_time()
        catalog.undo()
        undone.append((time.process_time() - started) * MANY / count)
    ratios = min(made) / raw, min(undone) / raw
    limit = SLOWEST_NOTE if name == "note" else SLOWEST
    print(
        f"{name:24}{min(made):7.2f} s, undo {min(undone):5.2f} s for {MANY:,}; "
        f"{ratios[0]:.1f} and {ratios[1]:.1f} times the raw inserts, limit {limit:.0f}"
    )
    return max(ratios) > limit


def measure_raw(path: Path) -> float:
    """Seconds that the rows of an edit of MANY videos take by themselves, in one transaction."""
    connection = driver.connect(str(path), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE annotations (id INTEGER PRIMARY KEY, video_id INTEGER UNIQUE, rating INTEGER)")
    connection.execute(
        "CREATE TABLE edits_rows (id INTEGER PRIMARY KEY AUTOINCREMENT, edit_id INTEGER, table_name TEXT, "
        "video_id INTEGER, key TEXT, before TEXT, after TEXT)"
    )
    connection.execute("CREATE INDEX ix_edits_rows_edit_id ON edits_rows (edit_id, video_id)")
    started = time.process_time()
    connection.execute("BEGIN")
    numbers = range(1, MANY + 1)
    connection.executemany("INSERT INTO annotations (video_id, rating) VALUES (?, ?)", ((n, 4) for n in numbers))
    connection.executemany(
        "INSERT INTO edits_rows (edit_id, table_name, video_id, key, before, after) VALUES (1, 'ratings', ?, '', ?, ?)",
        ((n, "[]", json.dumps([{"id": n, "video_id": n, "rating": 4}])) for n in numbers),
    )
    connection.execute("COMMIT")
    seconds = time.process_time() - started
    connection.close()
    return seconds


if __name__ == "__main__":
    main()
