"""A tour of the catalog: a gateway on loopback, and the commands that a user would type, one after another.

Every step is the real program in a process of its own; the gateway is a real server. The library stays, so a second run
syncs what is new since the first: the time of the first run is kept beside the library, and the jobs of the sample
gateway carry on from there.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from catalog.demo.gateway import Gateway
from catalog.demo.gateway.dialects import dialect
from catalog.demo.gateway.jobs import HOUR, Jobs
from catalog.demo.media import Media
from catalog.demo.sample import find_longest_chain, sample_jobs
from catalog.demo.signing import ROOT_FILE, Signing, find_fault
from catalog.disk import create
from catalog.errors import CatalogError, needs_media
from catalog.settings import FILE_NAME
from catalog.stopping import bound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

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

# The gateway reports the cost of some models. These prices estimate that of two others; the rest stays unknown.
[[prices]]
source = "{source}"
model = "sora-2"
usd_per_second = 0.10

[[prices]]
source = "{source}"
model = "sora-2-pro"
usd_per_second = 0.30
"""
WITHIN = "1h"  # of all that could be downloaded, what cannot wait
RECENT = "created:-21d -created:-8h"  # what the gallery begins with, but no address that would be renewed
EVIDENCE = ("lineage", "--evidence")
DISAGREE = 1  # its exit status where credentials and answers disagree, as those of one clip of the sample do
SHORT_ID = 14  # letters of a job's id that tell it from the others
FOR_EVER = 1e9  # seconds; without a number, `wait` would sleep through a signal that a thread of the gateway received
LAST_WORK = 3.0  # seconds that a step has to end after it was told to


def run(
    directory: Path, *, serve: bool, port: int, echo: Callable[[str], None], program: Sequence[str] = ("catalog",)
) -> None:
    """Give the tour in `directory`, which is made if it is missing; with `serve`, end it in the browser, until Ctrl-C.

    `program` is how the user calls the catalog from any folder, for the commands that are shown at the end. Whatever
    interrupts the tour ends the step that runs. Raises CatalogError when a step fails.
    """
    directory = directory.absolute()
    echo("Starting the sample gateway ...")
    with start_gateway(directory) as gateway:
        echo(f"The sample gateway speaks /v1/videos at {gateway.base_url}")
        if find_spec("av") is None:
            echo(f"Its jobs share three ready-made clips; {needs_media('drawing one for each')}")
        if gateway.media.signing is None:
            echo(f"Its clips have no Content Credentials: {find_fault()}")
        chain = find_longest_chain(list(gateway.jobs))
        first, last = chain[0].id, chain[-1].id
        for step in (
            ("sync",),
            ("stats",),
            ("search", QUERY, "--facet", "status", "--facet", "model", "--limit", "5"),
            ("search", FACET_QUERY, "--facet", "camera_movement", "--facet", "lighting", "--limit", "3"),
            ("facets", "--explain", f"{SOURCE}:{first}"),
            ("lineage", f"{SOURCE}:{last}"),
            *([("trust", "add", ROOT_FILE)] if gateway.media.signing else []),
            ("rescue", "--expiring-within", WITHIN),
            ("download", "--expiring-within", WITHIN),
            ("download", RECENT, "--variant", "thumbnail"),
            ("download", f"family:{SOURCE}:{first}", "--variant", "video"),
            *(("show", f"{SOURCE}:{clip}") for clip in _find_expiring(gateway)),
            ("provenance", f"{SOURCE}:{last}"),
            (*EVIDENCE, f"family:{SOURCE}:{first}"),
            ("audit", f"{SOURCE}:{last}"),
            ("audit", f"{SOURCE}:{last}", "--html", "audit.html"),
        ):
            _show(directory, step, echo)
        library = directory / "catalog.db"
        echo(f"\nThe library is {library}")
        echo("While this runs, in another terminal:" if serve else "Try more:")
        for command in _suggest([*program, "--db", str(library)], last[:SHORT_ID], is_running=serve):
            echo(f"  {command}")
        if serve:
            with suppress(KeyboardInterrupt):
                _show(directory, ("serve", "--port", str(port)), echo)


@contextmanager
def start_gateway(directory: Path, *, clock: Callable[[], float] = time.time) -> Iterator[Gateway]:
    """The sample gateway, running, and the settings in `directory` that name it; its jobs are those of the first run.

    Its clips are signed, where anything can be signed here, by an authority that is kept with them in `directory`, its
    root in a file for trust lists. `clock` returns Unix seconds, by which the jobs move on. Raises CatalogError where
    the directory cannot be made, or holds something else.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(
            f"cannot make the folder {directory}: {error.strerror}; name another one with --directory"
        ) from error
    jobs = Jobs(sample_jobs(_read_epoch(directory / "gateway.json")), clock=clock)
    media = Media(signing=_start_signing(directory, jobs))
    with Gateway(jobs, key=KEY, media=media, dialect=dialect("openai", reports_cost=True)) as gateway:
        settings = SETTINGS.format(source=SOURCE, base_url=gateway.base_url, key_env=KEY_ENV)
        with suppress(FileExistsError):
            create(directory / FILE_NAME)
        (directory / FILE_NAME).write_text(settings, encoding="utf-8")
        yield gateway


def _start_signing(directory: Path, jobs: Jobs) -> Signing | None:
    """What signs the clips of the jobs, where anything can be signed here."""
    if find_fault() is not None:
        return None
    signing = Signing(directory / "gateway", jobs.find)
    signing.write_root(directory)
    return signing


def _suggest(catalog: Sequence[str], name: str, *, is_running: bool) -> Iterator[str]:
    """Commands that work as they are written, in any folder; those that ask the gateway only while it is running."""
    for step in (("search", "sunset -status:failed"), ("show", name), ("lineage", "--diff", name), ("stats", "--cost")):
        yield shlex.join([*catalog, *step])
    for verb in ("sources", "sync") if is_running else ("sources",):
        yield f"{KEY_ENV}={KEY} {shlex.join([*catalog, verb])}"


def _find_expiring(gateway: Gateway) -> Iterator[str]:
    """The job whose clip expires next, if any does within the hour."""
    now = time.time()
    soon = [job for job in gateway.jobs if job.is_kept(now) and job.kept_until < now + HOUR]
    yield from (job.id for job in sorted(soon, key=lambda job: job.kept_until)[:1])


def _read_epoch(path: Path) -> int:
    """When the demo first ran in this directory, in Unix seconds."""
    if not path.exists():
        path.write_text(json.dumps({"epoch": int(time.time())}), encoding="utf-8")
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["epoch"])
    except (ValueError, KeyError, TypeError) as error:
        raise CatalogError(f"{path} is damaged: remove the folder {path.parent} and run the demo again") from error


def _show(directory: Path, step: tuple[str, ...], echo: Callable[[str], None]) -> None:
    shown = shlex.join(["catalog", *step])
    echo(f"\n$ {shown}")
    sys.stdout.flush()
    environment = {**os.environ, KEY_ENV: KEY}
    for name in ("CATALOG_DB", "CATALOG_CONFIG"):
        environment.pop(name, None)
    with bound(environment) as options:
        command = [sys.executable, "-m", "catalog", *step]
        with subprocess.Popen(command, cwd=directory, env=environment, **options) as child:
            try:
                status = child.wait(FOR_EVER)
            finally:
                _end(child)
    if status and (step[: len(EVIDENCE)], status) != (EVIDENCE, DISAGREE):
        raise CatalogError(f"`{shown}` failed in {directory}: exit status {status}")


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, whatever it is doing."""
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(LAST_WORK)
        child.kill()
