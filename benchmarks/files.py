"""Files: 500 clips of 2 MB downloaded from the sample server, and the same by a bare loop.

The bare loop is httpx with as many threads: it asks, writes, brings to the disk and renames, and neither hashes,
examines nor remembers anything. The server runs in a process of its own. Ends with status 1 where a download is too
slow beside the loop, or takes more memory for more clips.

    python benchmarks/files.py [--clips 500] [--clip-bytes 2000000] [--jobs 4]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from catalog import Catalog
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import Job
from catalog.demo.media import Media

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 3
FLOOR = 0.7  # of the rate of the bare loop
MOST_GROWTH = 32  # MB that a download of all clips takes more than one of a tenth
KEY = "benchmark-key"
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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clips", type=int, default=500)
    options.add_argument("--clip-bytes", type=int, default=2_000_000)
    options.add_argument("--jobs", type=int, default=4)
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.serve:
        serve(asked.clips, asked.clip_bytes)
        return
    with tempfile.TemporaryDirectory() as folder:
        if measure_download(Path(folder), asked.clips, asked.clip_bytes, asked.jobs):
            raise SystemExit("below the floor")


if __name__ == "__main__":
    main()
