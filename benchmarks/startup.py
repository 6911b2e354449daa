"""Start-up: fresh processes of the command line on a library of 100,000 jobs, against a Python that only imports.

python benchmarks/startup.py [--jobs 100000] [--runs 15]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from catalog import store
from catalog.demo.sample import sample_jobs
from catalog.library import open_library
from catalog.wire.parse import parse_videos

BASE = [sys.executable, "-c", "import sqlite3, click"]
PROGRAM = str(Path(sys.executable).with_name("catalog"))


def make_library(path: Path, jobs: int) -> None:
    library = open_library(path, create=True)
    now = time.time()
    payloads = [
        {
            "id": job.id,
            "object": "video",
            "model": job.model,
            "status": job.at(now).status,
            "created_at": job.created_at,
            "prompt": job.prompt,
            "size": job.size,
            "seconds": job.seconds,
        }
        for job in sample_jobs(now, jobs)
    ]
    videos = parse_videos({"object": "list", "data": payloads, "has_more": False}).videos
    for start in range(0, len(videos), 5000):
        with library.write() as connection:
            store.save_videos(
                connection, "bench", videos[start : start + 5000], channel="list", received_at=datetime.now(UTC)
            )
    library.close()


def measure(command: list[str], *, rows: int = 0) -> float:
    """The seconds one run takes; its exit status and number of lines are checked."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - started
    if len(done.stdout.splitlines()) < rows:
        raise SystemExit(f"{command} answered only {done.stdout!r}")
    return seconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--jobs", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=15)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.db"
        make_library(path, chosen.jobs)
        commands = {
            "import sqlite3, click": (BASE, 0, None),
            "catalog --help": ([PROGRAM, "--help"], 10, 2.0),
            "catalog search WORD WORD": ([PROGRAM, "search", "neon", "rain", "--db", str(path)], 20, 3.0),
            "catalog search WORD FIELD": ([PROGRAM, "search", "street model:sora-2", "--db", str(path)], 20, 3.0),
            "catalog search (everything)": ([PROGRAM, "search", "--db", str(path)], 20, 3.0),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(chosen.runs + 1):
            for name, (command, rows, _) in commands.items():
                seconds = measure(command, rows=rows)
                if number:  # the first round warms the caches
                    times[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = medians["import sqlite3, click"]
    print(f"{chosen.jobs:,} jobs, medians of {chosen.runs} runs")
    for name, (_, _, most) in commands.items():
        limit = f"   at most {most:g}" if most else ""
        print(f"{name:30}{medians[name] * 1000:>8.0f} ms   ratio {medians[name] / base:.2f}{limit}")


if __name__ == "__main__":
    main()
