"""Files: clips downloaded, clips in a folder taken in, and a folder scanned again, each beside a bare loop.

500 clips of 2 MB come from the sample server, in a process of its own; the bare loop is httpx with as many threads: it
asks, writes, brings to the disk and renames, and neither hashes, examines nor remembers anything. 10,000 clips of 200
kB are taken in where they lie, with their probe and marks; the bare loop walks, hashes and inserts a row for each.
10,000 clips are written and renamed while we watch, and each must be known once. 100,000 files that are known are
scanned again; the bare loop looks at each. Ends with status 1 where one is too slow beside its loop, takes more memory
for more files, or loses any.

    python benchmarks/files.py [--clips 500] [--clip-bytes 2000000] [--jobs 4] [--taken 10000] [--watched 10000]
        [--known 100000]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING

import httpx

from catalog import Catalog
from catalog.demo.clips import FOLDER as CLIPS
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import Job
from catalog.demo.media import Media

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 3
FLOOR = 0.7  # of the rate of the bare loop
MOST_GROWTH = 32  # MB that a download of all clips takes more than one of a tenth
KEY = "benchmark-key"
TAKE_IN_FLOOR = 0.4  # of the rate of the bare loop
MOST_SCAN = 2.5  # times the bare loop
LONGEST_WAIT = 600  # seconds for files that are written while we watch
FEW = "few"  # a word in the prompts of a tenth of the clips


@contextmanager
def server(clips: int, clip_bytes: int) -> Iterator[str]:
    """The base URL of a sample server in a process of its own, with so many clips of that size."""
    command = [sys.executable, __file__, "--serve", "--clips", str(clips), "--clip-bytes", str(clip_bytes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def serve(clips: int, clip_bytes: int) -> None:
    """Be that server until the process is ended."""
    now = int(time.time())
    jobs = [
        Job(
            id=f"video_{number:06d}",
            model="sora-2",
            prompt=f"{FEW if number < clips // 10 else 'many'}, take {number}",
            created_at=now - 600,
        )
        for number in range(clips)
    ]
    with Gateway(jobs, key=KEY, media=Media(clip_bytes=clip_bytes)) as gateway:
        print(gateway.base_url, flush=True)
        time.sleep(1e6)


def bare_loop(base_url: str, clips: int, jobs: int, folder: Path) -> float:
    """The seconds that the same clips take without all that a catalog does."""
    folder.mkdir()
    started = time.perf_counter()
    with httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as client:

        def fetch(number: int) -> None:
            part, target = folder / f"{number}.part", folder / f"{number}.mp4"
            with (
                client.stream("GET", f"{base_url}/videos/video_{number:06d}/content") as response,
                part.open("wb") as file,
            ):
                for chunk in response.iter_bytes():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            part.rename(target)

        with ThreadPoolExecutor(jobs) as threads:
            list(threads.map(fetch, range(clips)))
    return time.perf_counter() - started


def download(path: Path, clips: int, jobs: int, query: str | None = None) -> float:
    """The seconds that the catalog takes for them."""
    with Catalog.open(path) as catalog:
        started = time.perf_counter()
        report = catalog.download(query, variants=["video"], jobs=jobs)
        seconds = time.perf_counter() - started
    if report.files != clips or report.failed or report.error:
        raise SystemExit(f"the download went wrong: {report}")
    return seconds


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_download(folder: Path, clips: int, clip_bytes: int, jobs: int) -> list[str]:
    """Print the rates of a download and of the bare loop by turns; returns what is below its floor."""
    loops, downloads = [], []
    with server(clips, clip_bytes) as base_url:
        os.environ |= {"CATALOG_BASE_URL": base_url, "CATALOG_API_KEY": KEY}
        with Catalog.init(folder / "synced.db") as catalog:
            catalog.sync()
        with copied(folder) as library:
            download(library, clips // 10, jobs, FEW)
        before = peak()
        for _ in range(ROUNDS):
            with copied(folder) as library:
                downloads.append(download(library, clips, jobs))
            with copied(folder) as library:
                loops.append(bare_loop(base_url, clips, jobs, library.with_name("bare")))
    ratio = statistics.median(loop / own for loop, own in zip(loops, downloads, strict=True))
    growth = peak() - before
    size = clips * clip_bytes / 1e6
    print(f"{f'{clips:,} clips of {clip_bytes / 1e6:g} MB, {jobs} at once':40}{'s':>8}{'MB/s':>8}")
    for name, seconds in (("bare loop", statistics.median(loops)), ("download", statistics.median(downloads))):
        print(f"{name:40}{seconds:>8.2f}{size / seconds:>8.1f}")
    print(f"ratio {ratio:.2f} of the bare loop, floor {FLOOR}")
    print(f"memory: {growth:.1f} MB more than for a tenth of the clips, at most {MOST_GROWTH}")
    return [name for name, is_bad in (("rate", ratio < FLOOR), ("memory", growth > MOST_GROWTH)) if is_bad]


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy of the library that knows all clips and has none, in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        yield Path(shutil.copy(folder / "synced.db", Path(own) / "catalog.db"))


def put_clips(folder: Path, count: int, size: int) -> None:
    """Clips that differ, of that many bytes, a thousand in a folder."""
    clip = (CLIPS / "landscape.mp4").read_bytes()
    left = max(16, size - len(clip))
    for number in range(count):
        inner = folder / f"{number // 1000:03}"
        inner.mkdir(parents=True, exist_ok=True)
        body = number.to_bytes(8, "big").ljust(left - 8, b"\0")
        (inner / f"clip {number}.mp4").write_bytes(clip + pack(">I4s", left, b"free") + body)


def list_entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The files below a folder."""
    folders = [os.fspath(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry


def bare_take_in(folder: Path, path: Path) -> float:
    """The seconds that it takes to walk, hash and insert a row for each."""
    started = time.perf_counter()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE files (path TEXT, size INTEGER, sha256 TEXT)")
        entries = list_entries(folder)
        while batch := list(islice(entries, 1000)):
            rows = []
            for entry in batch:
                with Path(entry.path).open("rb") as file:
                    rows.append((entry.path, entry.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()))
            connection.executemany("INSERT INTO files VALUES (?, ?, ?)", rows)
            connection.commit()
    return time.perf_counter() - started


def take_in(folder: Path, path: Path, count: int) -> tuple[float, float]:
    """The seconds that the catalog takes until every file is known, and those of the checks of credentials behind."""
    with Catalog.init(path) as catalog:
        started = time.perf_counter()
        report = catalog.import_path(folder)
        seconds, checks = time.perf_counter() - started, report.phases.get("credentials", 0.0)
    if report.added != count:
        raise SystemExit(f"the import went wrong: {report}")
    return seconds - checks, checks


def measure_take_in(folder: Path, count: int) -> list[str]:
    """Print the rates of taking clips in and of the bare loop by turns; returns what is below its floor."""
    clips = folder / "clips"
    put_clips(clips, count, 200_000)
    runs = []
    for turn in range(ROUNDS):
        loop = bare_take_in(clips, folder / f"bare{turn}.db")
        runs.append((loop, *take_in(clips, folder / f"taken{turn}.db", count)))
    shutil.rmtree(clips)
    ratio = statistics.median(loop / own for loop, own, _ in runs)
    print(f"{f'{count:,} clips of 200 kB in a folder':40}{'s':>8}")
    names = "bare loop", "take-in", "checks of credentials behind it"
    for name, seconds in zip(names, map(statistics.median, zip(*runs, strict=True)), strict=True):
        print(f"{name:40}{seconds:>8.2f}")
    print(f"ratio {ratio:.2f} of the bare loop, floor {TAKE_IN_FLOOR}")
    return ["take-in"] if ratio < TAKE_IN_FLOOR else []


def measure_watching(folder: Path, count: int) -> list[str]:
    """Print how long it takes until clips that come while we watch are known; returns what is lost."""
    clips, path = folder / "watched", folder / "watched.db"
    clips.mkdir()
    command = [sys.executable, "-m", "catalog", "watch", str(clips), "--db", str(path), "--every", "3600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            started = time.perf_counter()
            put_clips(clips, count, 0)
            for number, clip in enumerate(sorted(clips.rglob("*.mp4"))):
                if number % 3 == 0:
                    clip.rename(clip.with_name(f"take {number}.mp4"))
            written = time.perf_counter()
            wanted = sorted(os.fspath(clip.relative_to(clips)) for clip in clips.rglob("*.mp4"))
            while list_known(path) != wanted and time.perf_counter() - written < LONGEST_WAIT:
                time.sleep(0.5)
            known = time.perf_counter()
        finally:
            process.terminate()
    with closing(sqlite3.connect(path)) as connection:
        tables = ("videos", "files", "file_places")
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    print(f"{f'{count:,} clips written and renamed while we watch':48}{'s':>8}")
    for name, seconds in (
        ("written and renamed", written - started),
        ("until each is known, from then", known - written),
    ):
        print(f"{name:48}{seconds:>8.2f}")
    print(f"{', '.join(f'{number:,} {table}' for number, table in zip(counts, tables, strict=True))}")
    shutil.rmtree(clips)
    return [] if counts == [count] * 3 else ["watching, which lost files or has them twice"]


def list_known(path: Path) -> list[str]:
    """The paths of the files that the library has, in order; none while it is being made."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            query = "SELECT path FROM file_places WHERE state = 'present' AND missed_at IS NULL ORDER BY path"
            return [row[0] for row in connection.execute(query)]
        except sqlite3.OperationalError:
            return []


def measure_scan(folder: Path, count: int) -> list[str]:
    """Print what it takes to scan known files again and to look at each; returns what is above its bound."""
    clips = folder / "known"
    put_clips(clips, count, 0)
    path = folder / "known.db"
    take_in(clips, path, count)
    loops, scans = [], []
    before = peak()
    with Catalog.open(path) as catalog:
        for _ in range(ROUNDS):
            started = time.perf_counter()
            for entry in list_entries(clips):
                entry.stat(follow_symlinks=False)
            loops.append(time.perf_counter() - started)
            started = time.perf_counter()
            (report,) = catalog.watch(clips, once=True).folders
            scans.append(time.perf_counter() - started)
            if (report.files, report.taken) != (count, 0):
                raise SystemExit(f"the scan went wrong: {report}")
    ratio, growth = min(scans) / min(loops), peak() - before
    print(f"{f'{count:,} known files':40}{'s':>8}")
    for name, seconds in (("look at each", min(loops)), ("scan", min(scans))):
        print(f"{name:40}{seconds:>8.2f}")
    print(f"ratio {ratio:.2f} of looking at each, at most {MOST_SCAN}")
    print(f"memory: {growth:.1f} MB more than before, at most {MOST_GROWTH}")
    return [name for name, is_bad in (("scan", ratio > MOST_SCAN), ("memory", growth > MOST_GROWTH)) if is_bad]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clips", type=int, default=500)
    options.add_argument("--clip-bytes", type=int, default=2_000_000)
    options.add_argument("--jobs", type=int, default=4)
    options.add_argument("--taken", type=int, default=10_000)
    options.add_argument("--watched", type=int, default=10_000)
    options.add_argument("--known", type=int, default=100_000)
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.serve:
        serve(asked.clips, asked.clip_bytes)
        return
    with tempfile.TemporaryDirectory() as folder:
        faults = measure_download(Path(folder), asked.clips, asked.clip_bytes, asked.jobs) if asked.clips else []
        faults += measure_take_in(Path(folder), asked.taken) if asked.taken else []
        faults += measure_watching(Path(folder), asked.watched) if asked.watched else []
        faults += measure_scan(Path(folder), asked.known) if asked.known else []
    if faults:
        raise SystemExit(f"not as fast as it should be: {', '.join(faults)}")


if __name__ == "__main__":
    main()
