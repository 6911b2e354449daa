"""The parts of the soak, in the order in which they run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.library import create_library
from tests.provenance.mutants import attack_manifests
from tests.soak.answers import hear_hostile
from tests.soak.deliveries import keep_deliveries, refuse_forgeries
from tests.soak.figures import Figures, Part
from tests.soak.kills import kill_writers
from tests.soak.laws import LAWS, Law
from tests.soak.media import kill_keepers
from tests.soak.power import cut_power
from tests.soak.scans import flood, kill_scans
from tests.soak.together import back_up_together, write_together

if TYPE_CHECKING:
    from random import Random

ROOT = Path(__file__).parents[2]
CANARY = "tests/test_secrets.py"  # which is its own sample
PYTEST = (sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", "-p", "no:cacheprovider")
_COUNTED = re.compile(r"(\d+) (passed|failed|error)")


def hold_law(law: Law) -> Part:
    """A law of a library as a part."""

    def run(folder: Path, chance: Random, size: int) -> Figures:
        create_library(folder / "catalog.db")
        figures = Figures(f"{size:,}")
        try:
            law.holds(folder / "catalog.db", chance, size)
        except Exception as error:  # noqa: BLE001 - whatever it is, the law is broken
            figures.wrong.append(f"{type(error).__name__}: {error}"[:2000])
        return figures

    return Part(law.name.replace("_", "-"), law.name.replace("_", " "), run, law.sample, law.full)


def hold_hypotheses(_: Path, chance: Random, size: int) -> Figures:
    """Run every law of hypothesis with so many examples."""
    seed = chance.randrange(10**9)
    arguments = ("-m", "hypothesis", "--hypothesis-profile", "soak", f"--hypothesis-seed={seed}")
    return run_tests(arguments, f"{{}} laws × {size} examples", CATALOG_EXAMPLES=str(size))


def hide_secrets(_: Path, chance: Random, size: int) -> Figures:
    """Send keys that nobody has seen before, so many times, in every spelling, on every way in."""
    runs = [
        run_tests(("-p", "tests.soak.keys", CANARY), "{}", SOAK_SEED=str(chance.randrange(10**9))) for _ in range(size)
    ]
    tried = sum(int(run.tried) for run in runs)
    return Figures(
        f"{tried} ways in, each with every spelling of a new key", [line for run in runs for line in run.wrong]
    )


def run_tests(arguments: tuple[str, ...], tried: str, **environment: str) -> Figures:
    """Run tests in a process of their own: what they found wrong is printed, and counted."""
    command = [*PYTEST, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    counted = {word: int(number) for number, word in _COUNTED.findall(done.stdout[-300:])}
    wrong = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode and not wrong:
        wrong = [(done.stdout + done.stderr)[-500:]]
    if wrong:
        again = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
        wrong.append(f"again: {again} {shlex.join(command)}")
    return Figures(tried.format(sum(counted.values())), wrong)


PARTS = (
    Part("kills", "kill -9 at any moment of every verb that writes", kill_writers, 3, 300),
    Part("media", "kill -9 at any moment of check --repair and backup --media", kill_keepers, 2, 60),
    Part("scans", "kill -9 at any moment of scans of a folder in which things go on happening", kill_scans, 3, 50),
    Part("flood", "clips written and renamed while a folder is watched, faster than can be heard", flood, 300, 20_000),
    Part("power", "power cuts on three models of a disk", cut_power, 3, 100),
    Part("together", "eight writers at once, beside a sync and readers", write_together, 8, 500),
    Part("backups", "backups while others write", back_up_together, 3, 60),
    Part("forged", "forged webhooks", refuse_forgeries, 60, 2000),
    Part("valid", "valid webhooks, each until it is acknowledged", keep_deliveries, 60, 2000),
    Part("answers", "hostile answers to a sync", hear_hostile, 4, 130),
    Part(
        "manifests",
        "mutants of signed files: none ends a check or is better than its original",
        attack_manifests,
        0,
        1500,
    ),
    Part("canary", "a secret in every spelling, on every way in", hide_secrets, 0, 1),
    *map(hold_law, LAWS),
    Part("hypotheses", "laws of the parser, the fold, the search and more", hold_hypotheses, 0, 200),
)
