"""Checks of Content Credentials: 500 signed clips of 2 MB, against a bare pool that hashes them and has them read.

Both pools have as many processes, and the same trust lists: 50 roots, one of which knows the signer. Measured is the
CPU time of the whole, processes and their start included. Ends with status 1 where the checks are slower than 0.8 of
the bare pool.

python benchmarks/provenance.py [--clips 500] [--megabytes 2] [--rounds 3]
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.provenance import Profile, TrustList, check_files
from catalog.provenance.authority import Authority, sign
from catalog.provenance.reader import load, make_settings

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST = 0.8
ROOTS = 50
WORKERS = min(os.cpu_count() or 1, 4)
CLIP = Path(__file__).parents[1] / "catalog" / "demo" / "clips" / "landscape.mp4"

_context: Any = None


def make_clips(folder: Path, count: int, megabytes: float, signer: Any) -> list[Path]:
    """Signed clips that differ, each with a box of bytes that hold nothing."""
    clip = CLIP.read_bytes()
    size = max(int(megabytes * 1_000_000) - len(clip), 8)
    paths = []
    for number in range(count):
        padding = size.to_bytes(4, "big") + b"mdat" + hashlib.shake_128(str(number).encode()).digest(size - 8)
        paths.append(folder / f"clip {number}.mp4")
        paths[-1].write_bytes(sign(clip + padding, "video/mp4", signer)[0])
    return paths


def bare_start(settings: dict[str, Any]) -> None:
    global _context  # noqa: PLW0603 - a pool has no other place for it
    _context = load().Context.from_dict(settings)


def bare_read(path: str) -> tuple[str, str]:
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    reader = load().Reader.try_create(path, context=_context)
    return digest, reader.get_validation_state()


def run_bare(paths: list[Path], profile: Profile) -> None:
    pool = multiprocessing.get_context("spawn").Pool(WORKERS, bare_start, (make_settings(profile),))
    with pool:
        states = {state for _, state in pool.imap_unordered(bare_read, map(str, paths))}
        pool.close()
        pool.join()
    if states != {"Trusted"}:
        raise SystemExit(f"the bare pool says {states}")


def run_checks(paths: list[Path], profile: Profile) -> None:
    statuses = {checked.check.status for checked in check_files(paths, profile=profile, workers=WORKERS)}
    if statuses != {"intact_known_signer"}:
        raise SystemExit(f"the checks say {statuses}")


def cpu_seconds(run: Callable[[], object]) -> float:
    """The CPU time of a call and of the processes that it starts and waits for."""
    before = _used()
    run()
    return _used() - before


def _used() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--megabytes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    authority = Authority()
    roots = (*(Authority(f"Root {number}").root for number in range(ROOTS - 1)), authority.root)
    profile = Profile((TrustList("roots", "list:roots", signers=roots),))
    with tempfile.TemporaryDirectory() as folder:
        paths = make_clips(Path(folder), options.clips, options.megabytes, authority.signer())
        ratios, rates = [], []
        for _ in range(options.rounds):
            bare = cpu_seconds(partial(run_bare, paths, profile))
            ours = cpu_seconds(partial(run_checks, paths, profile))
            ratios.append(bare / ours)
            rates.append(len(paths) / ours)
            print(f"  bare {bare:.2f} s, checks {ours:.2f} s of CPU time: {ratios[-1]:.2f}", flush=True)
    ratio = statistics.median(ratios)
    print(
        f"checks: {max(rates):.0f} clips of {options.megabytes:g} MB a second of CPU time, {ratio:.2f} of a bare pool"
    )
    return 0 if ratio >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
