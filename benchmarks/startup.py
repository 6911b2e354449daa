"""Start-up: fresh processes of the command line, against a Python that only imports sqlite3 and click.

Searches run on a library of 100,000 jobs; the other verbs, whose answers grow with the library, on one of 1,000. Each
run is compared with a bare import just before it, so that a busy machine slows both. Ends with status 1 where a verb is
above its limit both by the median of these ratios and by its best run against the best bare import.

python benchmarks/startup.py [--jobs 100000] [--runs 11]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from catalog import Catalog, store
from catalog.demo.sample import sample_jobs
from catalog.library import create_library, open_library
from catalog.wire.parse import parse_videos

BASE = (sys.executable, "-c", "import sqlite3, click")
PROGRAM = str(Path(sys.executable).with_name("catalog"))
SMALL = 1000
OWN_VARIABLES = ("CATALOG_", "OPENAI_")


@dataclass
class Command:
    """A command line in the folder of the libraries; `{run}` in it is the number of the run."""

    line: str
    most: float
    lines: int = 1  # its output has at least so many
    library: str = "small.db"
    milliseconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


def commands(one: str, other: str) -> tuple[Command, ...]:
    return (
        Command("--help", 2, lines=10),
        Command("search neon rain", 3.5, lines=20, library="large.db"),
        Command("search street model:sora-2", 3.5, lines=20, library="large.db"),
        Command("search", 3, lines=20, library="large.db"),
        Command(f"show {one}", 3, lines=10),
        Command("facets", 3, lines=10),
        Command(f"lineage {one}", 3),
        Command(f"changes {one}", 3, lines=0),
        Command("stats", 3, lines=10),
        Command(f"diff {one} {other}", 3),
        Command(f"lineage {one} --diff", 3),
        Command("validate request.json", 4),
        Command(f"tag {one} run={{run}}", 5),
        Command("import job-{run}.json", 8),
    )


def make_library(path: Path, jobs: int) -> None:
    create_library(path)
    library = open_library(path)
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


def write_files(folder: Path, runs: int) -> None:
    """A request to validate, and for each run a file with a job that is new, and so has a prompt to read."""
    request = {"model": "sora-2", "prompt": "Slow push in on a red door at dusk.", "seconds": "8", "size": "1280x720"}
    folder.joinpath("request.json").write_text(json.dumps(request))
    for run in range(runs):
        job = {
            **request,
            "id": f"video_new_{run}",
            "object": "video",
            "status": "completed",
            "created_at": 1_770_000_000,
        }
        folder.joinpath(f"job-{run}.json").write_text(json.dumps(job))


def measure(words: tuple[str, ...], folder: Path, lines: int = 0, library: str = "") -> float:
    """The milliseconds one run takes; its exit status and number of lines are checked."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    started = time.perf_counter()
    done = subprocess.run(
        words, cwd=folder, env=environment | {"CATALOG_DB": library}, capture_output=True, text=True, check=True
    )
    milliseconds = (time.perf_counter() - started) * 1000
    if len(done.stdout.splitlines()) < lines:
        raise SystemExit(f"{words} answered only {done.stdout!r}")
    return milliseconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--jobs", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=11)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="startup-") as name:
        folder = Path(name)
        make_library(folder / "large.db", chosen.jobs)
        make_library(folder / "small.db", SMALL)
        write_files(folder, chosen.runs + 1)
        with Catalog.open(folder / "small.db") as catalog:
            catalog.reindex(facets=True)
            one, other = (video.ref for video in catalog.search(limit=2).videos)
        measured = commands(one, other)
        base: list[float] = []
        for run in range(chosen.runs + 1):
            for command in measured:
                bare = measure(BASE, folder)
                words = (PROGRAM, *command.line.format(run=run).split())
                milliseconds = measure(words, folder, command.lines, command.library)
                if run:  # the first round warms the caches
                    base.append(bare)
                    command.milliseconds.append(milliseconds)
                    command.ratios.append(milliseconds / bare)
    show(measured, base, chosen.jobs, chosen.runs)
    if slow := [clip(command.line) for command in measured if min(ratios(command, base)) > command.most]:
        raise SystemExit(f"above the limit: {', '.join(slow)}")


def ratios(command: Command, base: list[float]) -> tuple[float, float]:
    """The median of its ratios, and the ratio of its best run, to bare imports."""
    return statistics.median(command.ratios), min(command.milliseconds) / min(base)


def show(measured: tuple[Command, ...], base: list[float], jobs: int, runs: int) -> None:
    bare = statistics.median(base)
    print(f"{jobs:,} and {SMALL:,} jobs, {runs} runs, {os.cpu_count()} cores; import sqlite3, click: {bare:.0f} ms")
    print(f"{'catalog':34}{'median':>10}{'ratio':>8}{'best':>8}{'at most':>9}")
    for command in measured:
        took, (ratio, best) = statistics.median(command.milliseconds), ratios(command, base)
        print(f"{clip(command.line):34}{took:>7.0f} ms{ratio:>8.2f}{best:>8.2f}{command.most:>9g}")


def clip(line: str) -> str:
    return line if len(line) < 34 else f"{line[:30]} ..."


if __name__ == "__main__":
    main()
