"""The long laws, round after round until the time is up: python -m tests.soak [--minutes M] [--seed N] [LAW ...]

The first round takes most of ten minutes on two cores, or as much smaller sizes as there is less time; a round that
has begun is finished. The laws of hypothesis, which are all over the tests, run once with as many examples as fit.
What fails is told with the seed that shows it again, and its library is kept.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from catalog.library import create_library
from tests.soak.laws import LAWS, Law

FULL = 10.0  # minutes for which the laws name their size
EXAMPLES = 50  # of each law of hypothesis, for every minute
HYPOTHESIS = ("-q", "-n", "auto", "--dist", "worksteal", "-m", "hypothesis", "--hypothesis-profile", "soak")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=FULL)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("laws", nargs="*", metavar="LAW", help=", ".join(law.name for law in LAWS))
    options = parser.parse_args()
    again = f"make soak SEED={options.seed} MINUTES={options.minutes:g}"
    print(f"seed {options.seed}: {again}", flush=True)
    end = time.monotonic() + options.minutes * 60
    chosen = [law for law in LAWS if not options.laws or law.name in options.laws]
    if not options.laws and not hypotheses_hold(options.seed, options.minutes):
        return 1
    for turn in count():
        for law in chosen:
            if turn and time.monotonic() > end:
                return 0
            size = max(law.sample, int(law.full * min(1.0, options.minutes / FULL)))
            hold(law, f"{options.seed} {turn} {law.name}", size)
    return 0


def hypotheses_hold(seed: int, minutes: float) -> bool:
    """Run the laws of hypothesis: whether all of them hold."""
    examples = max(10, int(EXAMPLES * minutes))
    command = [sys.executable, "-m", "pytest", *HYPOTHESIS, f"--hypothesis-seed={seed}"]
    print(f"CATALOG_EXAMPLES={examples} {shlex.join(command[1:])}", flush=True)
    return subprocess.run(command, env=os.environ | {"CATALOG_EXAMPLES": str(examples)}, check=False).returncode == 0


def hold(law: Law, seed: str, size: int) -> None:
    """Put a new library to the law; raises what breaks it, and keeps the library then."""
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="catalog-soak-"))
    create_library(folder / "catalog.db")
    try:
        law.holds(folder / "catalog.db", random.Random(seed), size)
    except BaseException:
        print(f"BROKEN: {law.name}, size {size:,}, Random({seed!r}); see {folder}", flush=True)
        raise
    shutil.rmtree(folder)
    print(f"{time.monotonic() - started:7.1f} s  {law.name}, size {size:,}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
