"""Import: a file of 50,000 JSON lines taken in whole, against the store fed with jobs that are parsed already.

The import reads, decodes, parses, checks, folds, observes and indexes, a thousand jobs a transaction; a second import
of the same file must find nothing new. The peak of memory is measured in a process of its own, for a tenth of the file
and for all of it. Seconds are of CPU time; ends with status 1 where the import takes too long beside the store alone,
which `ingest.py` holds against raw writes.

    python benchmarks/imports.py [--jobs 50000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from catalog import store
from catalog.ingest import import_paths
from catalog.library import create_library, open_library
from catalog.wire.parse import parse_videos

BATCH = 1000
FLOOR = 0.4  # of the speed of the store alone
SYLLABLES = ("ka", "lo", "mi", "ren", "sta", "vel", "dor", "na", "tri", "qua", "shi", "fen", "gol", "bar", "us")


def write_lines(path: Path, jobs: int) -> None:
    """Finished jobs in the reference format, with prompts of 40 words as people write them."""
    random = Random(7)
    words = [a + b for a in SYLLABLES for b in SYLLABLES]
    with path.open("w", encoding="utf-8") as lines:
        for number in range(jobs):
            job = {
                "id": f"video_{number:032x}",
                "object": "video",
                "model": random.choice(("sora-2", "sora-2-pro")),
                "status": "completed" if random.random() < 0.93 else "failed",
                "progress": 100,
                "created_at": 1_770_000_000 + number * 30,
                "completed_at": 1_770_000_200 + number * 30,
                "expires_at": 1_770_003_800 + number * 30,
                "prompt": " ".join(random.choices(words, k=40)).capitalize() + ".",
                "size": random.choice(("1280x720", "720x1280", "1920x1080")),
                "seconds": random.choice(("4", "8", "12")),
                "remixed_from_video_id": f"video_{number // 2:032x}" if number % 5 == 4 else None,
                "error": None,
            }
            if job["status"] == "failed":
                job["error"] = {"code": "moderation_blocked", "message": "The request was blocked by moderation."}
            if number % 3 == 0:
                job["metadata"] = {"campaign": random.choice(("launch", "spring", "autumn")), "take": str(number % 9)}
            lines.write(json.dumps(job) + "\n")


def decode(path: Path) -> float:
    started = time.process_time()
    with path.open("rb") as lines:
        for line in lines:
            json.loads(line)
    return time.process_time() - started


def save_parsed(database: Path, path: Path) -> float:
    videos = [video for line in path.open("rb") for video in parse_videos(json.loads(line)).videos]
    create_library(database)
    library = open_library(database)
    started = time.process_time()
    for start in range(0, len(videos), BATCH):
        with library.write() as connection:
            store.save_videos(
                connection, "bench", videos[start : start + BATCH], channel="import", received_at=datetime.now(UTC)
            )
    seconds = time.process_time() - started
    library.close()
    return seconds


def take_in(database: Path, path: Path) -> tuple[float, dict[str, int]]:
    create_library(database)
    library = open_library(database)
    started = time.process_time()
    report = import_paths(library, [path], source="bench")
    seconds = time.process_time() - started
    library.close()
    return seconds, {name: getattr(report, name) for name in ("added", "changed", "unchanged", "refusals")}


def peak(database: Path, path: Path) -> int:
    """The peak of memory of an import in a new process, in bytes."""
    command = [sys.executable, __file__, "--peak", os.fspath(database), os.fspath(path)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--jobs", type=int, default=50_000)
    options.add_argument("--peak", nargs=2, type=Path, help=argparse.SUPPRESS)
    told = options.parse_args()
    if told.peak:
        take_in(*told.peak)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        return
    with tempfile.TemporaryDirectory(prefix="imports-") as name:
        folder = Path(name)
        small, large = folder / "small.jsonl", folder / "large.jsonl"
        write_lines(small, told.jobs // 10)
        write_lines(large, told.jobs)
        memory = [peak(folder / f"{path.stem}.db", path) for path in (small, large)]  # first: a child inherits our peak
        decoded = decode(large)
        parsed = save_parsed(folder / "parsed.db", large)
        first, counts = take_in(folder / "whole.db", large)
        again, recounted = take_in(folder / "whole.db", large)
        size = large.stat().st_size
    print(f"{told.jobs:,} jobs, {size / 1e6:,.0f} MB of JSON lines, {os.cpu_count()} cores")
    print(f"{'':28}{'CPU s':>10}{'jobs/s':>12}")
    for label, seconds in (
        ("json.loads alone", decoded),
        ("store, jobs parsed already", parsed),
        ("import", first),
        ("import again", again),
    ):
        print(f"{label:28}{seconds:>10.2f}{told.jobs / seconds:>12,.0f}")
    print(f"import {counts}, again {recounted}")
    print(f"ratio {parsed / first:.2f} of the store alone, floor {FLOOR}")
    print(f"peak memory {memory[0] / 1e6:,.0f} MB for a tenth of the file, {memory[1] / 1e6:,.0f} MB for all of it")
    if parsed / first < FLOOR:
        raise SystemExit("below the floor")


if __name__ == "__main__":
    main()
