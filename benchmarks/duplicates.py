"""Duplicates: what looks like one clip, and the whole list, against comparing every picture with every other one.

python benchmarks/duplicates.py [--videos 100000]

Each video has a clip and a thumbnail. One in ten is a take of one of few scenes, whose hashes differ in a few bits, one
in a hundred has the bytes of another; the others look like nothing else. Times are CPU time of this process. The
yardsticks compare the same hashes: one with all in plain Python, and all with all by numpy, of which a part is timed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catalog import Catalog, store
from catalog.library import create_library, open_library
from catalog.nearness import distances

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.database import Writer

SEED = 20261130
TAKES = 10  # of a scene
FLIPPED = 4  # bits of a take, so that two differ in 8 at most
SAME = 100  # one video in so many has the bytes of the one before
CLIPS = 30
ROWS = 200  # of the comparison of all with all that are measured
SLOWEST = 15.0  # times the comparison in plain Python, for one clip
SLOWEST_LIST = 2.0  # times the comparison of all with all, for the whole list
AT = "2026-01-01T00:00:00.000Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=100_000)
    videos = parser.parse_args().videos
    hashes = list(make_hashes(videos))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.db"
        make_library(path, hashes)
        with Catalog.open(path) as catalog:
            catalog.duplicates("id:v0000001")  # loads numpy
            is_slow = measure_one(catalog, hashes)
            is_slow |= measure_all(catalog, hashes)
    if is_slow:
        sys.exit("slower than the limit")


def make_hashes(count: int) -> Iterator[int]:
    """What so many pictures look like, the same each time."""
    chance = random.Random(SEED)
    scenes = [chance.getrandbits(64) for _ in range(max(1, count // TAKES // TAKES))]
    for number in range(count):
        look = chance.getrandbits(64)
        if number % TAKES == 0:
            look = chance.choice(scenes)
            for bit in chance.sample(range(64), chance.randint(0, FLIPPED)):
                look ^= 1 << bit
        yield look


def make_library(path: Path, hashes: list[int]) -> None:
    """A library of a video for each hash, with rows of its files and of what its thumbnail looks like."""
    create_library(path)
    library = open_library(path)
    with library.write() as connection:
        _insert_videos(connection, len(hashes))
        clips = ((number, "video", f"{number - (number % SAME == 0):064x}") for number in range(1, len(hashes) + 1))
        thumbnails = ((number, "thumbnail", f"f{number:063x}") for number in range(1, len(hashes) + 1))
        names = "video_id, variant, sha256, number, state, changed_at"
        for rows in (clips, thumbnails):
            connection.executemany(f"INSERT INTO files ({names}) VALUES (?, ?, ?, 1, 'present', '{AT}')", rows)
        signed = (look - (1 << 64) if look >> 63 else look for look in hashes)
        looks = ((f"f{number:063x}", look) for number, look in enumerate(signed, 1))
        connection.executemany("INSERT INTO likenesses (sha256, dhash) VALUES (?, ?)", looks)
        store.rebuild_bitmaps(connection)
    library.close()


def _insert_videos(connection: Writer, count: int) -> None:
    names = "id, source, remote_id, kind, status, created_at, first_seen_at, last_seen_at, output_urls, metadata, extra"
    rows = ((number, f"v{number:07}", AT, AT, AT) for number in range(1, count + 1))
    values = "?, 's', ?, 'video', 'completed', ?, ?, ?, '[]', '{}', '{}'"
    connection.executemany(f"INSERT INTO videos ({names}) VALUES ({values})", rows)


def measure_one(catalog: Catalog, hashes: list[int]) -> bool:
    """Print what the duplicates of one clip take, and return whether that is too much."""
    asked = [1 + TAKES * (7 * number % (len(hashes) // TAKES)) for number in range(CLIPS)]
    seconds, found = [], 0
    for number in asked:
        started = time.process_time()
        found += len(catalog.duplicates(f"id:v{number:07}"))
        seconds.append(time.process_time() - started)
    raw = []
    for number in asked[:5]:
        look = hashes[number - 1]
        started = time.process_time()
        sum((look ^ other).bit_count() <= 10 for other in hashes)
        raw.append(time.process_time() - started)
    took, ratio = statistics.median(seconds), statistics.median(seconds) / statistics.median(raw)
    print(f"{len(hashes):,} videos; duplicates of one clip {1000 * took:.1f} ms, {found / CLIPS:.1f} each")
    print(f"{ratio:.2f} times a comparison in plain Python, limit {SLOWEST:.0f}")
    return ratio > SLOWEST


def measure_all(catalog: Catalog, hashes: list[int]) -> bool:
    """Print what the whole list takes, and return whether that is too much."""
    started = time.process_time()
    found = catalog.duplicates()
    took = time.process_time() - started
    looks = np.array(hashes, dtype=np.uint64)
    started = time.process_time()
    for look in hashes[:ROWS]:
        np.flatnonzero(distances(looks, look) <= 10)
    raw = (time.process_time() - started) / ROWS * len(hashes)
    same = sum(row.kind == "same" for row in found)
    print(f"the whole list {took:.1f} s: {same:,} the same, {len(found) - same:,} near")
    print(f"{took / raw:.2f} times a comparison of all with all, {raw:.0f} s, limit {SLOWEST_LIST}")
    return took / raw > SLOWEST_LIST


if __name__ == "__main__":
    main()
