"""A tour of the catalog: a gateway on loopback, and the commands that a user would type, one after another.

Every step is the real program in a process of its own; the gateway is a real server. The library stays, so a second run
syncs what is new since the first: the time of the first run is kept beside the library, and the jobs of the sample
gateway carry on from there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from catalog.demo.gateway import Gateway
from catalog.demo.sample import sample_jobs
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from catalog.demo.gateway.jobs import Job

SOURCE = "demo"
KEY_ENV = "CATALOG_DEMO_KEY"
KEY = "demo-key"
QUERY = "neon rain"
FACET_QUERY = "time_of_day:night camera_movement:dolly"
SETTINGS = """\
# Written by `catalog demo` at each run: the sample gateway may have another port the next time.
[sources.{source}]
base_url = "{base_url}"
dialect = "openai"
key_env = "{key_env}"
"""


def run(directory: Path, *, serve: bool, port: int, echo: Callable[[str], None]) -> None:
    """Give the tour in `directory`, which is made if it is missing; with `serve`, end it in the browser, until Ctrl-C.

    Raises CatalogError when a step fails.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(
            f"cannot make the folder {directory}: {error.strerror}; name another one with --directory"
        ) from error
    epoch = _read_epoch(directory / "gateway.json")
    echo("Starting the sample gateway ...")
    jobs = sample_jobs(epoch)
    with Gateway(jobs=jobs, key=KEY) as gateway:
        echo(f"The sample gateway speaks /v1/videos at {gateway.base_url}")
        settings = SETTINGS.format(source=SOURCE, base_url=gateway.base_url, key_env=KEY_ENV)
        (directory / "catalog.toml").write_text(settings, encoding="utf-8")
        first, last = (f"{SOURCE}:{job_id}" for job_id in _find_longest_chain(jobs))
        for step in (
            ("sync",),
            ("stats",),
            ("search", QUERY, "--facet", "status", "--facet", "model", "--limit", "5"),
            ("search", FACET_QUERY, "--facet", "camera_movement", "--facet", "lighting", "--limit", "3"),
            ("facets", "--explain", first),
            ("lineage", last),
        ):
            _show(directory, step, echo)
        if serve:
            echo(f"\nTry more: cd {directory}; export {KEY_ENV}={KEY}; catalog search 'sunset -status:failed'")
            with suppress(KeyboardInterrupt):
                _show(directory, ("serve", "--port", str(port)), echo)


def _read_epoch(path: Path) -> int:
    """When the demo first ran in this directory, in Unix seconds."""
    if not path.exists():
        path.write_text(json.dumps({"epoch": int(time.time())}), encoding="utf-8")
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["epoch"])
    except (ValueError, KeyError, TypeError) as error:
        raise CatalogError(f"{path} is damaged: remove the folder {path.parent} and run the demo again") from error


def _find_longest_chain(jobs: list[Job]) -> tuple[str, str]:
    """The ids of the first and of the last job of the longest chain of remixes."""
    chains: dict[str | None, tuple[str, ...]] = {}
    for job in jobs:  # oldest first, so a source comes before its remixes
        chains[job.id] = (*chains.get(job.remixed_from, ()), job.id)
    longest = max(chains.values(), key=len)
    return longest[0], longest[-1]


def _show(directory: Path, step: tuple[str, ...], echo: Callable[[str], None]) -> None:
    shown = " ".join(f"'{part}'" if " " in part else part for part in step)
    echo(f"\n$ catalog {shown}")
    sys.stdout.flush()
    environment = {**os.environ, KEY_ENV: KEY}
    for name in ("CATALOG_DB", "CATALOG_CONFIG"):
        environment.pop(name, None)
    ran = subprocess.run([sys.executable, "-m", "catalog", *step], cwd=directory, env=environment, check=False)
    if ran.returncode:
        raise CatalogError(f"`catalog {shown}` failed in {directory}: exit status {ran.returncode}")
