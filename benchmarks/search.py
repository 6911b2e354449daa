"""Searches of a library of a million jobs: CPU time of pages by what they ask for, of peers, and of fresh processes.

python benchmarks/search.py [--videos 1000000] [--library PATH] [--peers]    PATH is kept and used again

A page is the total, nine facets with their ten most frequent values, 20 ids and snippets; the records of its videos are
shown apart. Times are milliseconds of CPU time, the median and the 95th percentile across the distinct queries of a
class: the first time that the words are asked for, and again. A yardstick of pure Python tells the machine's speed.

--peers measures beside it, in the same run: one SQL statement per answer and facet on the same tables, and tantivy with
its aggregations where it is installed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _corpus import CHINESE, PAGE_FACETS, list_names, list_phrases, make_library, make_words
from _yardstick import lines_a_second

from catalog.reading.videos import read_videos
from catalog.search.page import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.database import Database, Reader

FLOOR = "import sqlite3, click"
REPEATS = 5
NEWEST = "-created_at"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=1_000_000)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--peers", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.library or Path(folder) / "catalog.db"
        library = make_library(path, arguments.videos)
        size = path.stat().st_size / 1e6
        print(f"{arguments.videos:,} videos, {size:,.0f} MB, {os.cpu_count()} cores, {lines_a_second():,.0f} lines/s\n")
        time_pages(library)
        if arguments.peers:
            time_peers(library, Path(folder))
        library.close()
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


def time_pages(library: Database) -> None:
    """Print the times of each class of pages."""
    print(f"{'page':<28} {'matches':>9} {'first p50':>10} {'p95':>8} {'again p50':>10} {'p95':>8} {'records':>8}")
    for name, sort, queries in list_classes(make_words()):
        first, again, records, totals = [], [], [], []
        for query in queries:
            with library.read() as connection:
                start = time.process_time()
                page = search(connection, query, facets=PAGE_FACETS, sort=sort)
                took = (time.process_time() - start) * 1000
                repeated = best(lambda: search(connection, query, facets=PAGE_FACETS, sort=sort))  # noqa: B023
                ids = list_ids(connection, [video.ref for video in page.videos])
                reading = best(lambda: read_videos(connection, ids))  # noqa: B023
            first.append(took - reading)
            again.append(repeated - reading)
            records.append(reading)
            totals.append(page.total)
        print(
            f"{name:<28} {statistics.median(totals):>9,.0f} {statistics.median(first):>10.2f} {high(first):>8.2f} "
            f"{statistics.median(again):>10.2f} {high(again):>8.2f} {statistics.median(records):>8.2f}"
        )
    print()


def list_ids(connection: Reader, refs: list[str]) -> list[int]:
    rows = connection.execute("SELECT id FROM videos WHERE source = 'studio' AND remote_id IN :names", {
        "names": [ref.partition(":")[2] for ref in refs],
    })  # fmt: skip
    return [row[0] for row in rows]


def time_peers(library: Database, folder: Path) -> None:
    """Print what the same total, counts and 20 ids cost elsewhere, by class of one word."""
    words = make_words()
    peers: dict[str, Callable[[str], object]] = {"SQL": lambda word: ask_sql(library, word)}
    try:
        index = index_tantivy(library, folder)
    except ImportError:
        print("tantivy is not installed")
    else:
        peers["tantivy"] = lambda word: ask_tantivy(index, word)
    for name, chosen in (("1 %", words[470:478]), ("10 %", words[50:58]), ("50 %", words[8:13])):
        for peer, ask in peers.items():
            times = [best(lambda: ask(word), 2) for word in chosen]  # noqa: B023
            print(f"{peer:<10} {name:>5} word {statistics.median(times):>10.2f} {high(times):>10.2f}")
    print()


SQL_COLUMNS = {
    "model": "model", "status": "status", "size": "width || 'x' || height", "seconds": "seconds",
    "month": "substr(created_at, 1, 7)",
}  # fmt: skip


def ask_sql(library: Database, word: str) -> None:
    """The page by statements on the rows: the newest 20, the total, and a GROUP BY for each facet."""
    hits = "SELECT rowid FROM videos_fts WHERE videos_fts MATCH :word"
    with library.read() as connection:
        given = {"word": word}
        connection.execute(
            f"SELECT id FROM videos WHERE id IN ({hits}) ORDER BY created_at DESC LIMIT 20", given
        ).fetchall()
        connection.execute(f"SELECT count(*) FROM ({hits})", given).fetchone()
        for name in PAGE_FACETS:
            if sql := SQL_COLUMNS.get(name):
                counts = f"SELECT {sql}, count(*) FROM videos WHERE id IN ({hits}) GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
            else:
                counts = (
                    "SELECT facet_values.value, count(*) FROM video_facets "
                    "JOIN facet_values ON facet_values.id = value_id "
                    f"WHERE video_id IN ({hits}) AND facet = '{name}' GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
                )
            connection.execute(counts, given).fetchall()


def index_tantivy(library: Database, folder: Path) -> Any:
    """An index of the prompts with fast fields for the facets; raises ImportError where tantivy is missing."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("prompt")
    builder.add_integer_field("number", stored=True, fast=True)
    for name in PAGE_FACETS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True)
    place = folder / "tantivy"
    place.mkdir()
    index = tantivy.Index(builder.build(), path=str(place))
    writer = index.writer(500_000_000, 1)
    with library.read() as connection:
        facets: dict[int, list[tuple[str, str]]] = {}
        rows = connection.execute(
            "SELECT video_id, facet, value FROM video_facets JOIN facet_values ON facet_values.id = value_id"
        )
        for video_id, name, value in rows:
            if name in PAGE_FACETS:
                facets.setdefault(video_id, []).append((name, value))
        columns = ", ".join(f"CAST({sql} AS TEXT)" for sql in SQL_COLUMNS.values())
        for video_id, prompt, *values in connection.execute(f"SELECT id, prompt, {columns} FROM videos"):
            pairs = [*zip(SQL_COLUMNS, values, strict=True), *facets.pop(video_id, ())]
            writer.add_document(tantivy.Document(prompt=prompt, number=video_id, **dict(pairs)))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


def ask_tantivy(index: Any, word: str) -> None:
    """The page by tantivy: the newest 20, the total, and the aggregations of all facets."""
    import tantivy

    query, searcher = index.parse_query(word, ["prompt"]), index.searcher()
    searcher.search(query, 20, count=True, order_by_field="number", order=tantivy.Order.Desc)
    searcher.aggregate(query, {name: {"terms": {"field": name, "size": 10}} for name in PAGE_FACETS})


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
