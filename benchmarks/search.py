"""Searches of a library of a million jobs: CPU time of pages by what they ask for, of peers, and of fresh processes.

python benchmarks/search.py [--videos 1000000] [--library PATH] [--peers]    PATH is kept and used again
python benchmarks/search.py --growth [PATH ...]    of such libraries, or of new ones of 10,000 to 1,000,000 videos

A page is the total, nine facets with their ten most frequent values, 20 ids and snippets; the records of its videos are
shown apart. Times are milliseconds of CPU time, the median and the 95th percentile across the distinct queries of a
class: the first time that the words are asked for, and again. A yardstick of pure Python tells the machine's speed.

--peers measures beside it, in the same run, what else a user would take for the same rows, each where it is installed:
SQL on the same tables, Datasette, tantivy and PostgreSQL, as `_peers.py` tells. --growth prints a table of Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from _corpus import CHINESE, PAGE_FACETS, list_names, list_phrases, make_library, make_words
from _peers import PEERS, Missing, Peer
from _yardstick import lines_a_second

from catalog.library import open_library
from catalog.reading.videos import read_videos
from catalog.search.page import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.database import Database, Reader

FLOOR = "import sqlite3, click"
REPEATS = 5
NEWEST = "-created_at"
SIZES = (10_000, 100_000, 1_000_000)  # videos of the libraries by which growth is shown
GROWTH = {  # the classes of queries by which it is shown, as the table calls them
    "no text, 1 filter": "one filter",
    "1 % word, newest": "a word in 1 %",
    "10 % word, newest": "a word in 10 %",
    "phrase in 5 %": "a phrase in 5 %",
    "Chinese word in 1 %": "a Chinese word in 1 %",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=1_000_000)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--growth", type=Path, nargs="*")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.growth is not None:
            show_growth(arguments.growth, Path(folder))
            return
        path = arguments.library or Path(folder) / "catalog.db"
        library = make_library(path, arguments.videos)
        size = path.stat().st_size / 1e6
        print(f"{arguments.videos:,} videos, {size:,.0f} MB, {os.cpu_count()} cores, {lines_a_second():,.0f} lines/s\n")
        time_pages(library)
        library.close()
        if arguments.peers:
            time_peers(path)
        time_processes(path)


def list_classes(words: list[str]) -> Iterator[tuple[str, str | None, list[str]]]:
    """Classes of queries: a name, the order, and the queries."""
    movements = [f"camera_movement:camera_movement_{number}" for number in range(6)]
    yield "no text, no filter", None, [""] * 8
    yield "no text, 1 filter", None, [*movements, "model:sora-2", "status:failed"]
    yield "no text, 2 filters", None, [f"model:sora-2 {movement}" for movement in movements]
    yield "0.01 % word, newest", NEWEST, list_names()[:12]
    yield "1 % word, newest", NEWEST, words[470:482]
    yield "10 % word, newest", NEWEST, words[50:62]
    yield "50 % word, newest", NEWEST, words[8:13]
    yield "1 % word, relevance", None, words[482:494]
    yield "10 % word, relevance", None, words[62:74]
    yield "phrase in 5 %", NEWEST, [f'"{phrase}"' for phrase in list_phrases(words)]
    yield "OR of two 1 % words", NEWEST, [f"{words[rank]} OR {words[rank + 20]}" for rank in range(500, 510)]
    yield "10 % word NOT 1 % word", NEWEST, [f"{words[rank]} -{words[rank + 450]}" for rank in range(75, 85)]
    yield "Chinese word in 1 %", NEWEST, list(CHINESE)


class Measured(NamedTuple):
    """The times of the pages of a class, in milliseconds, and how many videos match each query."""

    first: list[float]
    again: list[float]
    records: list[float]
    totals: list[int]


def measure_class(library: Database, sort: str | None, queries: list[str]) -> Measured:
    """The times of the pages of these queries, without their records, which are measured apart."""
    measured = Measured([], [], [], [])
    for query in queries:
        with library.read() as connection:
            start = time.process_time()
            page = search(connection, query, facets=PAGE_FACETS, sort=sort)
            took = (time.process_time() - start) * 1000
            repeated = best(lambda: search(connection, query, facets=PAGE_FACETS, sort=sort))  # noqa: B023
            ids = list_ids(connection, [video.ref for video in page.videos])
            reading = best(lambda: read_videos(connection, ids))  # noqa: B023
        measured.first.append(took - reading)
        measured.again.append(repeated - reading)
        measured.records.append(reading)
        measured.totals.append(page.total)
    return measured


def time_pages(library: Database) -> None:
    """Print the times of each class of pages."""
    print(f"{'page':<28} {'matches':>9} {'first p50':>10} {'p95':>8} {'again p50':>10} {'p95':>8} {'records':>8}")
    for name, sort, queries in list_classes(make_words()):
        first, again, records, totals = measure_class(library, sort, queries)
        print(
            f"{name:<28} {statistics.median(totals):>9,.0f} {statistics.median(first):>10.2f} {high(first):>8.2f} "
            f"{statistics.median(again):>10.2f} {high(again):>8.2f} {statistics.median(records):>8.2f}"
        )
    print()


def show_growth(paths: list[Path], folder: Path) -> None:
    """Print how pages grow with the library: a table of Markdown, the median of the first times in milliseconds."""
    columns = []
    for path in paths or [folder / f"{videos}.db" for videos in SIZES]:
        library = open_library(path) if paths else make_library(path, int(path.stem))
        with library.read() as connection:
            total = search(connection, "", limit=1).total
        classes = [(sort, queries) for name, sort, queries in list_classes(make_words()) if name in GROWTH]
        medians = [statistics.median(measure_class(library, *chosen).first) for chosen in classes]
        columns.append([f"{total:,} videos", "---", *(f"{took:.2f} ms" for took in medians)])
        library.close()
    for cells in zip(["page of", "---", *GROWTH.values()], *columns, strict=True):
        print(f"| {' | '.join(cells)} |")


def list_ids(connection: Reader, refs: list[str]) -> list[int]:
    rows = connection.execute("SELECT id FROM videos WHERE source = 'studio' AND remote_id IN :names", {
        "names": [ref.partition(":")[2] for ref in refs],
    })  # fmt: skip
    return [row[0] for row in rows]


@contextlib.contextmanager
def open_catalog(library: Database) -> Iterator[Peer]:
    """The catalog as its peers are asked."""
    with library.read() as connection:
        yield Peer(lambda word: search(connection, word, facets=PAGE_FACETS, sort=NEWEST), time.process_time)


def time_peers(path: Path) -> None:
    """Print what the same total, counts and 20 ids cost elsewhere, by classes of one word."""
    words = make_words()
    classes = {"1 %": words[470:478], "10 %": words[50:58], "50 %": words[8:13]}
    ours: dict[str, list[float]] = {}
    print(f"{'page of':<12} {'word':>5} {'first p50':>10} {'p95':>8} {'again p50':>10} {'p95':>8} {'catalog x':>12}")
    for name, open_peer in {"catalog": open_catalog, **PEERS}.items():
        library = open_library(path)
        try:
            with open_peer(library) as peer:
                for share, chosen in classes.items():
                    pairs = [[best(lambda: peer.ask(word), 1, peer.clock) for _ in range(2)] for word in chosen]  # noqa: B023
                    first, again = zip(*pairs, strict=True)
                    medians = [statistics.median(first), statistics.median(again)]
                    ratios = [took / own for took, own in zip(medians, ours.setdefault(share, medians), strict=True)]
                    print(
                        f"{name:<12} {share:>5} {medians[0]:>10.2f} {high(first):>8.2f} {medians[1]:>10.2f} "
                        f"{high(again):>8.2f} {ratios[0]:>6.1f} {ratios[1]:>5.1f}"
                    )
        except Missing as advice:
            print(f"{name:<12} is not installed: {advice}")
        library.close()
    print()


def time_processes(path: Path) -> None:
    """Print how long a search takes as a process of its own, against the floor of a bare import."""
    words = make_words()
    command = [sys.executable, "-m", "catalog", "search", "--db", str(path)]
    facets = [part for name in PAGE_FACETS[:3] for part in ("--facet", name)]
    commands = {
        f"python -c '{FLOOR}'": [sys.executable, "-c", FLOOR],
        "search": command,
        "search, a 0.01 % word": [*command, list_names()[0]],
        "search, a 1 % word, 3 facets": [*command, words[475], *facets],
        "search, a 10 % word, 3 facets": [*command, words[55], *facets],
    }
    times = {
        name: best(lambda: subprocess.run(parts, check=True, capture_output=True), clock=children)  # noqa: B023
        for name, parts in commands.items()
    }
    floor = next(iter(times.values()))
    for name, took in times.items():
        print(f"{name:<40} {took:>8.1f} ms {took / floor:>6.2f} x")


def best(run: Callable[[], Any], repeats: int = REPEATS, clock: Callable[[], float] = time.process_time) -> float:
    """The least of the times that a call takes, in milliseconds."""
    times = []
    for _ in range(repeats):
        start = clock()
        run()
        times.append((clock() - start) * 1000)
    return min(times)


def children() -> float:
    """The CPU time of the processes that have ended, in seconds."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def high(times: Iterable[float]) -> float:
    """The 95th percentile, by nearest rank."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


if __name__ == "__main__":
    main()
