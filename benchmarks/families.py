"""A family of 100,000 exported in each format: process time and peak memory, for a deep and for a wide one.

python benchmarks/families.py [--videos 100000]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.exports import FORMS
from catalog.library import create_library, open_library

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_MEMORY = 150  # MB: a family of any size is held a page at a time
PARENTS: dict[str, Callable[[int], int]] = {
    "chain": lambda number: number - 1,
    "tree": lambda number: (number - 1) // 3,
}

ADD_VIDEO = """
INSERT INTO videos (id, source, remote_id, kind, status, model, prompt, created_at, cost_usd, cost_basis)
VALUES (?, 'studio', ?, 'video', 'completed', 'sora-2', ?, '2026-01-01T00:00:00.000Z', 0.4, 'reported')
"""
ADD_LINK = """
INSERT INTO links (child_id, relation, origin, parent_source, parent_remote_id, parent_id)
VALUES (?, 'remix', 'api', 'studio', ?, ?)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=100_000)
    videos = parser.parse_args().videos
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for shape, parent in PARENTS.items():
            path = Path(folder) / f"{shape}.db"
            make_family(path, videos, parent)
            peaks += [export(path, shape, form, f"video_{videos - 1}") for form in FORMS]
    if max(peaks) > MOST_MEMORY:
        raise SystemExit("above the bound")


def make_family(path: Path, videos: int, parent: Callable[[int], int]) -> None:
    """A library with a family of so many videos."""
    create_library(path)
    library = open_library(path)
    with library.write() as connection:
        prompts = (f"A neon street at night, take {number}, the camera pushes in." for number in range(videos))
        connection.executemany(
            ADD_VIDEO, ((number + 1, f"video_{number}", prompt) for number, prompt in enumerate(prompts))
        )
        links = ((number + 1, f"video_{parent(number)}", parent(number) + 1) for number in range(1, videos))
        connection.executemany(ADD_LINK, links)
    library.close()


def export(path: Path, shape: str, form: str, remote_id: str) -> float:
    """Print what an export takes, and return its peak of memory in MB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # whose children are this one
        seconds, peak, size = pool.apply(measure, (path, form, remote_id))
    print(f"{shape:6}{form:8}{seconds:6.1f} s of process time, {peak:4.0f} MB of memory, {size / 1e6:4.0f} MB written")
    return peak


def measure(path: Path, form: str, remote_id: str) -> tuple[float, float, int]:
    """Process seconds, MB and bytes written of one export in a process of its own."""
    target = path.with_suffix(f".{form}")
    command = [sys.executable, "-m", "catalog", "--db", os.fspath(path), "lineage", remote_id, "--format", form]
    with target.open("wb") as file:
        subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, target.stat().st_size


if __name__ == "__main__":
    main()
