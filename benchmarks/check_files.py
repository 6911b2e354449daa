"""Check of files with `--read-data` against a bare loop of sha256 over the same files, and the memory of both checks.

python benchmarks/check_files.py [--files 300] [--size 2000000] [--many 20000]
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from catalog import Catalog, store
from catalog.library import create_library, open_library
from catalog.media.keep import MediaFolder
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOOR = 0.7  # of the bare loop
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BLOCK = 1024 * 1024
PORTION = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--size", type=int, default=2_000_000)
    parser.add_argument("--many", type=int, default=20_000, help="small files, for the rate of a check without reading")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ratio = measure_reading(Path(folder), arguments.files, arguments.size)
    with tempfile.TemporaryDirectory() as folder:
        measure_looking(Path(folder), arguments.many)
    if ratio < FLOOR:
        sys.exit("below the floor")


def measure_reading(folder: Path, files: int, size: int) -> float:
    """Print how fast files are read by a check and by a bare loop, by turns, and return the median ratio."""
    fill(folder / "catalog.db", files, size)
    paths = sorted((folder / "media").rglob("*.mp4"))
    ratios, rates = [], []
    with Catalog.open(folder / "catalog.db") as catalog:
        for _ in range(5):
            started = time.perf_counter()
            for path in paths:
                hash_bare(path)
            bare = time.perf_counter() - started
            started = time.perf_counter()
            looking = check(catalog, read_data=False)
            reading = check(catalog, read_data=True) - looking
            rates.append(files * size / reading / 1e6)
            ratios.append(bare / reading)
    ratio = statistics.median(ratios)
    print(
        f"--read-data: {max(rates):,.0f} MB/s over {files} files of {size:,} bytes, {ratio:.2f} of a bare sha256 loop"
    )
    return ratio


def measure_looking(folder: Path, files: int) -> None:
    """Print how many files a second are looked for, and the memory of the process."""
    fill(folder / "catalog.db", files, 200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Catalog.open(folder / "catalog.db") as catalog:
        seconds = check(catalog, read_data=False)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"check: {files / seconds:,.0f} files/s, the whole check included; memory grew by {grown / 1024:.0f} MiB")


def check(catalog: Catalog, *, read_data: bool) -> float:
    """How many seconds a check takes, which must find nothing."""
    started = time.perf_counter()
    report = catalog.check(read_data=read_data)
    if not report.is_sound:
        raise SystemExit(f"the check finds {dict(report.found)}")
    return time.perf_counter() - started


def hash_bare(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def fill(library: Path, files: int, size: int) -> None:
    """Make a library of so many videos, each with a clip of so many bytes."""
    create_library(library)
    database = open_library(library)
    for first in range(0, files, PORTION):
        numbers = range(first, min(first + PORTION, files))
        jobs = [{"id": f"v{number}", "object": "video", "status": "completed"} for number in numbers]
        with database.write() as connection:
            videos = [video for job in jobs for video in parse_videos(job).videos]
            store.save_videos(connection, "studio", videos, channel="list", received_at=NOW)
        kept = list(put_clips(library.parent / "media", len(jobs), size, seed=first))
        with database.write() as connection:
            for number, data in enumerate(kept, first + 1):
                store.save_file(connection, store.Spot(number, "video"), data, origin="download", at=NOW)
    database.close()


def put_clips(root: Path, count: int, size: int, *, seed: int) -> Iterator[store.Bytes]:
    """Put files under their hashes, as the media folder has them, without waiting for the disk."""
    random = Random(seed)
    folder = MediaFolder(root)
    for _ in range(count):
        data = random.randbytes(size)
        sha256 = hashlib.sha256(data).hexdigest()
        relative = f"media/{sha256[:2]}/{sha256[2:4]}/{sha256}.mp4"
        path = folder.path_of(relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        yield store.Bytes(sha256, size, "video/mp4", relative)


if __name__ == "__main__":
    main()
