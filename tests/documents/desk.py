"""Where a page runs: a copy of the demo folder, the sample server, one shell and one interpreter."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, Self

from catalog.demo.chain import KEY, KEY_ENV, start_gateway
from catalog.demo.gateway.jobs import Clock
from catalog.errors import CatalogError
from catalog.settings import load_settings
from tests.documents import EXAMPLES
from tests.documents.pages import ANY_LINES, DocumentError, Outcome, Step, read_steps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

PORTS = ("8001", "8002", "8765")  # that pages serve at; a run takes free ones, so that two do not meet
GATEWAY_PORT = "8000"  # stands in the pages for the one of the sample server
FOLDER = "/home/mira/demo-library"  # and for the folder of the run
PATIENCE = 120.0  # seconds that one command may take on a busy machine
SYNCED_AFTER = 10  # seconds after which the library of the demo is surely made
QUIET = 0.3  # seconds without a word after which a background command has said what it says at first
# What a shell says about a background job that was ended with `kill`.
OBITUARY = re.compile(rb"^\S+: line \d+: +\d+ Terminated\b.*\n", re.MULTILINE)

INTERPRETER = """
import contextlib, io, json, os, sys, traceback
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
names = {"__name__": "__main__"}
for line in sys.stdin:
    order = json.loads(line)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    printed, status = io.StringIO(), 0
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(order["code"], order["name"], "exec"), names)
        except BaseException:
            print(traceback.format_exc())
            status = 1
    print(json.dumps([printed.getvalue(), status]), file=answers, flush=True)
"""


class Shell:
    """One bash for a whole document: `cd`, variables and background jobs last."""

    END = re.compile(rb"\n\x1e(\d+)\n")

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._script = folder.parent / "command.sh"
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            bufsize=0,
            start_new_session=True,
        )
        self._heard = b""

    def run(self, command: str, lines: int = 0) -> tuple[str, int]:
        """What the command prints, and its exit status; of one that runs on, the first lines."""
        self._script.write_text(command + "\n", encoding="utf-8")
        self._process.stdin.write(f". {self._script} < /dev/null; printf '\\n\\036%d\\n' $?\n".encode())
        end = time.monotonic() + PATIENCE
        while not (match := self.END.search(self._heard)):
            self._listen(end, command)
        printed, self._heard = self._heard[: match.start()], self._heard[match.end() :]
        if command.rstrip().endswith("&"):
            while printed.count(b"\n") + self._heard.count(b"\n") < lines:
                self._listen(end, command)
            while lines and self._is_talking():
                self._listen(end, command)
            printed, self._heard = printed + self._heard, b""
        return OBITUARY.sub(b"", printed + b"\n").decode(errors="replace"), int(match[1])

    def _is_talking(self) -> bool:
        readable, _, _ = select([self._process.stdout], [], [], QUIET)
        return bool(readable)

    def _listen(self, end: float, command: str) -> None:
        readable, _, _ = select([self._process.stdout], [], [], max(0.0, end - time.monotonic()))
        data = os.read(self._process.stdout.fileno(), 1 << 16) if readable else b""
        if not data:
            raise DocumentError(f"`{command}` did not end: it has printed {self._heard.decode(errors='replace')!r}")
        self._heard += data

    def state(self) -> tuple[str, dict[str, str]]:
        """The folder that the shell is in, and its environment."""
        text, _ = self.run("pwd; env -0")
        folder, _, entries = text.partition("\n")
        return folder, dict(entry.split("=", 1) for entry in entries.split("\0") if "=" in entry)

    def close(self) -> None:
        """End the shell and whatever it has left running."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


class Interpreter:
    """One Python for a whole document: names last from block to block."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", INTERPRETER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, code: str, name: str, folder: str, environment: Mapping[str, str]) -> tuple[str, int]:
        """What the block prints, and whether it fails."""
        order = {"code": code, "name": name, "folder": folder, "environment": environment}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        readable, _, _ = select([self._process.stdout], [], [], PATIENCE)
        answer = self._process.stdout.readline() if readable else ""
        if not answer:
            raise DocumentError(f"the Python block at {name} did not end")
        printed, status = json.loads(answer)
        return printed, status

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Desk:
    """Where a document runs: its copy of the demo folder, the sample server, a shell and an interpreter."""

    def __init__(self, demo: Path, place: Path) -> None:
        self.folder = place / "demo-library"
        shutil.copytree(demo, self.folder)
        shutil.copytree(EXAMPLES, self.folder, dirs_exist_ok=True)
        self._home = demo.parent  # one for all documents: the vocabulary is compiled once
        epoch = json.loads((demo / "gateway.json").read_text(encoding="utf-8"))["epoch"]
        # Its clock stands still, so that no job moves on in the middle of a page.
        self._starting = start_gateway(self.folder, clock=Clock(epoch + SYNCED_AFTER))
        self._ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))

    def __enter__(self) -> Self:
        self._gateway = self._starting.__enter__()
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CATALOG", "OPENAI", "PYTEST", "COLUMNS", "FORCE_COLOR", "XDG_"))
        }
        paths = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self._home)}
        self._shell = Shell(self.folder, {**kept, **paths, "LC_ALL": "C.UTF-8", "TZ": "UTC", KEY_ENV: KEY})
        self._interpreter = Interpreter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._interpreter.close()
        self._shell.close()
        self._starting.__exit__(kind, error, trace)

    def run(self, step: Step, document: str) -> Outcome:
        """Run one step."""
        code = step.code
        for shown, real in self._ports.items():
            code = re.sub(rf"\b{shown}\b", real, code)
        if step.kind == "console":
            awaited = sum(line.strip() != ANY_LINES for line in step.shown or [])
            printed, status = self._shell.run(code, awaited)
        elif step.kind == "python":
            name = f"{document}:{step.line}"
            printed, status = self._interpreter.run("\n" * step.line + code, name, *self._shell.state())
        else:
            printed, status = self._configure(code)
        lines = [line.rstrip() for line in self._as_shown(printed).rstrip().splitlines()]
        return Outcome(step, lines, status)

    def _configure(self, code: str) -> tuple[str, int]:
        named = re.match(r"# (\S+\.toml)$", code, re.MULTILINE)
        if not named:
            return "the first line of a toml block names its file, `# catalog.toml`", 1
        path = Path(self._shell.state()[0]) / named[1]
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{code}\n")
        try:
            load_settings(path)
        except CatalogError as error:
            return str(error), 1
        return "", 0

    def _as_shown(self, printed: str) -> str:
        for shown, real in self._ports.items():
            printed = printed.replace(f":{real}", f":{shown}")
        port = self._gateway.origin.rpartition(":")[2]
        printed = re.sub(rf"(?<!\w){port}(?!\w)", GATEWAY_PORT, printed)  # an id may hold its digits
        return printed.replace(str(self.folder), FOLDER)


def free_ports(count: int) -> list[int]:
    """So many ports of loopback that nobody listens on."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


def make_demo(folder: Path) -> Path:
    """The folder that `catalog demo` makes, in `folder`."""
    made = folder / "demo-library"
    command = [sys.executable, "-m", "catalog", "demo", "--no-serve", "--directory", os.fspath(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    return made


def run_document(path: Path, demo: Path) -> list[Outcome]:
    """Run a document from top to bottom, in a copy of the demo folder."""
    name = path.name
    try:
        steps = read_steps(path.read_text(encoding="utf-8"))
        if not steps:
            return []
        with tempfile.TemporaryDirectory(prefix="document") as place, Desk(demo, Path(place).resolve()) as desk:
            return [desk.run(step, name) for step in steps]
    except DocumentError as error:
        raise DocumentError(f"{name}, {error}") from error
