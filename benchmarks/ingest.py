"""Ingest: 100,000 parsed jobs through the store, against a raw executemany that writes the very same rows.

Both sides write the same videos, observations, provider tags, links and full-text entries, in transactions of the same
size, with the same pragmas, into a library made by the same migrations. Ends with status 1 below the floor.

    python benchmarks/ingest.py [--jobs 100000]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import database, store
from catalog.demo.sample import sample_jobs
from catalog.library import create_library, open_library
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.wire.answers import ParsedVideo

BATCH = 1000
FLOOR = 0.4
TABLES = ("videos", "observations", "tags", "links")
Statement = tuple[str, list[tuple]]

FTS = "INSERT INTO videos_fts(rowid, prompt, error_message, labels, grams, error_grams) VALUES (?, ?, ?, ?, ?, ?)"


def make_payloads(count: int) -> Iterator[dict[str, object]]:
    """Jobs as a server of the reference format lists them."""
    now = time.time()
    for job in sample_jobs(now, count):
        state = job.at(now)
        yield {
            "id": job.id,
            "object": "video",
            "model": job.model,
            "status": state.status,
            "progress": state.progress,
            "created_at": job.created_at,
            "completed_at": state.completed_at,
            "expires_at": state.expires_at,
            "prompt": job.prompt,
            "size": job.size,
            "seconds": job.seconds,
            "remixed_from_video_id": job.remixed_from,
            "error": state.error and state.error._asdict(),
            "metadata": job.metadata,
        }


def ingest(path: Path, videos: list[ParsedVideo]) -> float:
    create_library(path)
    library = open_library(path)
    with library.write():
        pass  # opens the writer's connection
    started = time.perf_counter()
    for start in range(0, len(videos), BATCH):
        with library.write() as connection:
            store.save_videos(
                connection, "bench", videos[start : start + BATCH], channel="list", received_at=datetime.now(UTC)
            )
    seconds = time.perf_counter() - started
    library.close()
    return seconds


def read_rows(path: Path) -> tuple[dict[str, Statement], list[tuple]]:
    """What the store wrote: for each table its insert statement and rows, and the entries of the index."""
    with closing(database.connect_read_only(path)) as connection:
        found = {}
        for table in TABLES:
            names = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
            sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            found[table] = sql, [tuple(row) for row in connection.execute(f"SELECT {', '.join(names)} FROM {table}")]
        query = "SELECT id, prompt, error_message, labels, grams, error_grams FROM videos"
        return found, [tuple(row) for row in connection.execute(query)]


def portions_of(tables: dict[str, Statement], entries: list[tuple]) -> list[list[Statement]]:
    """The statements of each transaction: the rows of so many videos, in every table."""
    statements = [(*tables[name], 0 if name == "videos" else 1) for name in TABLES]
    portions: list[list[Statement]] = [[] for _ in range(-(-len(entries) // BATCH))]
    for sql, rows, owner in (*statements, (FTS, entries, 0)):
        split: list[list[tuple]] = [[] for _ in portions]
        for row in rows:
            split[(row[owner] - 1) // BATCH].append(row)
        for portion, part in zip(portions, split, strict=True):
            portion.append((sql, part))
    return portions


def write_raw(path: Path, tables: dict[str, Statement], entries: list[tuple]) -> float:
    create_library(path)
    portions = portions_of(tables, entries)
    with closing(database.driver.connect(str(path), isolation_level=None)) as connection:
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        started = time.perf_counter()
        for portion in portions:
            connection.execute("BEGIN IMMEDIATE")
            for sql, rows in portion:
                connection.executemany(sql, rows)
            connection.execute("COMMIT")
        return time.perf_counter() - started


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--jobs", type=int, default=100_000)
    jobs = options.parse_args().jobs
    videos = [video for payload in make_payloads(jobs) for video in parse_videos(payload).videos]
    folder = Path(tempfile.mkdtemp(prefix="ingest-"))
    try:
        ours = ingest(folder / "store.db", videos)
        raw = write_raw(folder / "raw.db", *read_rows(folder / "store.db"))
    finally:
        shutil.rmtree(folder)
    print(f"{'':24}{'seconds':>10}{'jobs/s':>12}")
    print(f"{'raw executemany':24}{raw:>10.2f}{jobs / raw:>12,.0f}")
    print(f"{'store':24}{ours:>10.2f}{jobs / ours:>12,.0f}")
    print(f"ratio {raw / ours:.2f} of raw, floor {FLOOR}")
    if raw / ours < FLOOR:
        raise SystemExit("below the floor")


if __name__ == "__main__":
    main()
