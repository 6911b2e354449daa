"""The program `catalog`, run as its users run it: as a process that can be watched, measured and killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.house import LONG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CATALOG = (sys.executable, "-m", "catalog")
KEY_ENV = "SOAK_KEY"
TRACEBACK = "Traceback (most recent call last)"
_HIGH_WATER = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit status, what it printed, its seconds, and the most memory it held, in MiB."""

    status: int
    out: str
    err: str
    seconds: float
    memory: float | None


class Program:
    """A running `catalog`, in a group of processes of its own; leaving the block kills what is left of it."""

    def __init__(self, arguments: Iterable[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("CATALOG_", "OPENAI_"))}
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        self.started = time.monotonic()
        self._memory: float | None = None
        self._process = subprocess.Popen(
            [*CATALOG, *arguments],
            cwd=folder,
            env={**clean, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._out.close()
        self._err.close()

    @property
    def is_running(self) -> bool:
        self._measure()
        return self._process.poll() is None

    @property
    def out(self) -> str:
        return _read(self._out)

    @property
    def err(self) -> str:
        return _read(self._err)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the program and its children."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def end(self, seconds: float = LONG) -> Ended:
        """Wait until the program has ended; one that has not by then is killed, which its status shows."""
        end = time.monotonic() + seconds
        while self.is_running:
            if time.monotonic() > end:
                self.kill()
                break
            time.sleep(0.005)
        seconds = time.monotonic() - self.started
        return Ended(self._process.wait(), self.out, self.err, seconds, self._memory)

    def _measure(self) -> None:
        with suppress(OSError):
            found = _HIGH_WATER.search(Path(f"/proc/{self._process.pid}/status").read_text())
            self._memory = int(found[1]) / 1024 if found else self._memory


def run(arguments: Iterable[str], folder: Path, *, seconds: float = LONG, **environment: str) -> Ended:
    """Run `catalog` to its end."""
    with Program(arguments, folder, environment) as program:
        return program.end(seconds)


def run_well(arguments: Iterable[str], folder: Path, **environment: str) -> Ended:
    """Run `catalog`, which must succeed."""
    ended = run(arguments, folder, **environment)
    assert ended.status == 0, f"catalog {' '.join(arguments)}: {ended.err or ended.out}"
    return ended


def configure(folder: Path, base_url: str, settings: str = "") -> None:
    """Write a `catalog.toml` with one source, `studio`."""
    lines = f'[sources.studio]\nbase_url = "{base_url}"\nkey_env = "{KEY_ENV}"\n{settings}'
    (folder / "catalog.toml").write_text(lines, encoding="utf-8")


def find_sign(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes as soon as a program writes anything into the folder."""
    entries = []
    with suppress(FileNotFoundError), os.scandir(folder) as scan:
        for entry in scan:
            with suppress(FileNotFoundError):
                status = entry.stat()
                entries.append((entry.name, status.st_size, status.st_mtime_ns))
    return tuple(sorted(entries))


def _read(stream: IO[bytes]) -> str:
    size = os.fstat(stream.fileno()).st_size
    return os.pread(stream.fileno(), size, 0).decode("utf-8", "replace")
