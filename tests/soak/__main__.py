"""Attack the catalog for a quarter of an hour: python -m tests.soak [--seed N] [--scale S] [--write PAGE] [PART ...]

Prints a table of what was tried and what went wrong, and ends with 1 if anything did. What goes wrong is told with the
command that shows it again, and the files of the part are kept.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.soak.figures import Figures, Part, describe_run, make_table, write_table
from tests.soak.parts import PARTS

SHOWN = 20  # things that went wrong, of each part


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--scale", type=float, default=1.0, help="how much of a full run, such as 0.1")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page to put the table into")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(part.name for part in PARTS))
    options = parser.parse_args()
    unknown = set(options.parts) - {part.name for part in PARTS}
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    chosen = [part for part in PARTS if not options.parts or part.name in options.parts]
    settings = [f"SEED={options.seed}"]
    settings += [f"SCALE={options.scale:g}"] if options.scale != 1.0 else []
    settings += [f'PARTS="{" ".join(options.parts)}"'] if options.parts else []
    command = " ".join(["make soak", *settings])
    print(command, flush=True)
    figures = [(part.what, run_part(part, options.seed, options.scale)) for part in chosen]
    table = f"{describe_run(command)}\n\n{make_table(figures)}"
    print(f"\n{table}")
    if options.write:
        write_table(options.write, table)
    return 1 if any(each.wrong for _, each in figures) else 0


def run_part(part: Part, seed: int, scale: float) -> Figures:
    """Run a part in a folder of its own, and tell what is wrong at once."""
    size = max(part.sample, 1, round(part.full * scale))
    folder = Path(tempfile.mkdtemp(prefix=f"catalog-soak-{part.name}-"))
    started = time.monotonic()
    try:
        figures = part.run(folder, random.Random(f"{seed} {part.name}"), size)
    except Exception:  # noqa: BLE001 - the other parts run all the same
        figures = Figures(f"{size:,}", [f"the part broke off: {traceback.format_exc()}"])
    figures.seconds = time.monotonic() - started
    print(f"{figures.seconds:6.0f} s  {part.name}: {figures.tried}, {len(figures.wrong)} wrong", flush=True)
    for line in figures.wrong[:SHOWN]:
        print(f"    {line}", flush=True)
    if figures.wrong:
        print(f"    again: make soak SEED={seed} SCALE={scale:g} PARTS={part.name}; files: {folder}", flush=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
