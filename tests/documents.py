"""Documents that run: every block of README.md and docs/ is executed, and what it prints is compared with the page.

    python -m tests.documents                         says where a page and the program differ
    python -m tests.documents --write                 writes into the pages what the program prints today
    python -m tests.documents --write docs/search.md  into this one only

A document runs from top to bottom in a copy of the folder that `catalog demo` makes, its server running and its key
set, with the files of `docs/examples/` beside the library. The kind of a block says what happens to it:

- `console`: lines that begin with `$ ` run in one shell for the whole document, `> ` continues one; each command has to
  succeed. Below it stands what it prints; `...` stands for any number of lines. Of a command that ends in `&`, the
  runner waits for the lines that are shown.
- `python`: runs in one interpreter for the whole document; a `text` block right below it is what it prints.
- `toml`: is appended to the file that its first line names, and the program has to accept that file.
- `text`: is not run.

A printed line and a shown one are equal when they are after `MASKS`, which hide what no two runs share.
"""

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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, NamedTuple, Self

import click

from catalog.demo.chain import KEY, KEY_ENV
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import Clock
from catalog.demo.sample import sample_jobs
from catalog.errors import CatalogError
from catalog.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "examples"
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

KINDS = frozenset({"console", "python", "toml", "text"})
PORTS = ("8001", "8002", "8765")  # that documents serve at; a run takes free ones, so that two do not meet
GATEWAY_PORT = "8000"  # stands in the documents for the one of the sample server
FOLDER = "/home/mira/demo-library"  # and for the folder of the run
MASKS = (
    (re.compile(r"\b20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?"), "<time>"),
    (re.compile(r"\b20\d\d-\d\d\b"), "<month>"),
    (re.compile(r"\b20\d{6}T\d{6}Z"), "<stamp>"),
    (re.compile(r"\bin \d+(?:\.\d+)? s\b"), "in <duration>"),
    (re.compile(r"(?<=--after )\S+"), "<cursor>"),
    (re.compile(r"(?<=: )\d+(?= finished videos will expire)"), "<some>"),
    # What a sync finds changed are jobs that have come a little further since the one before.
    (re.compile(r": (?:nothing new; |0 added, \d+ changed, )\d+ unchanged(?=, \d+ unfinished)"), ": <news>"),
)
ANY_LINES = "..."
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


class DocumentError(Exception):
    """A document is written in a way that this module does not understand."""


class Block(NamedTuple):
    """A fenced block: its kind, its lines, and the index of the first of them in the document."""

    kind: str
    lines: list[str]
    start: int


class Step(NamedTuple):
    """A command or a Python block, and the lines of the document that show what it prints.

    `shown` is None where no block for its output follows.
    """

    kind: str
    code: str
    line: int
    shown: list[str] | None
    start: int


@dataclass(frozen=True)
class Outcome:
    """A step that was run: what it printed, and its exit status."""

    step: Step
    printed: list[str]
    status: int = 0

    @property
    def is_as_shown(self) -> bool:
        return self.status == 0 and agree(self.step.shown or [], self.printed)

    def explain(self, document: str) -> str:
        """What differs, for a person."""
        shown, printed = ("\n".join(f"    {line}" for line in lines) for lines in (self.step.shown or [], self.printed))
        return (
            f"{document}:{self.step.line}: exit status {self.status}\n  {self.step.code}\n"
            f"  shown:\n{shown}\n  printed:\n{printed}"
        )


# Reading a document


def read_blocks(text: str) -> list[Block]:
    """The fenced blocks of a document; raises DocumentError for a kind that is not known."""
    blocks: list[Block] = []
    inside: Block | None = None
    for index, line in enumerate(text.splitlines()):
        fence = re.match(r"\s*(?:```|~~~)(.*)", line)
        if inside is not None:
            if fence:
                blocks.append(inside)
                inside = None
            else:
                inside.lines.append(line)
        elif fence:
            if fence[1] not in KINDS or not line.startswith("```"):
                raise DocumentError(f"line {index + 1}: a block is one of {', '.join(sorted(KINDS))}, not {line!r}")
            inside = Block(fence[1], [], index + 1)
    if inside is not None:
        raise DocumentError(f"line {inside.start}: the block has no end")
    return blocks


def read_steps(text: str) -> list[Step]:
    """What a document runs, in its order."""
    lines = text.splitlines()
    blocks = read_blocks(text)
    steps: list[Step] = []
    for block, after in pairwise([*blocks, None]):
        end = block.start + len(block.lines)
        if block.kind == "console":
            steps += _read_commands(block)
        elif block.kind == "python":
            output = after if after and after.kind == "text" and not "".join(lines[end + 1 : after.start - 1]) else None
            shown, start = (output.lines, output.start) if output else (None, end + 1)
            steps.append(Step("python", "\n".join(block.lines), block.start + 1, shown, start))
        elif block.kind == "toml":
            steps.append(Step("toml", "\n".join(block.lines), block.start + 1, None, end + 1))
    return steps


def _read_commands(block: Block) -> Iterator[Step]:
    starts = [index for index, line in enumerate(block.lines) if line.startswith("$ ")]
    if not starts or starts[0] != 0:
        raise DocumentError(f"line {block.start}: a console block begins with a command, `$ ...`")
    for start, end in pairwise([*starts, len(block.lines)]):
        code = [block.lines[start][2:]]
        while start + len(code) < end and block.lines[start + len(code)].startswith("> "):
            code.append(block.lines[start + len(code)][2:])
        first = start + len(code)
        shown = block.lines[first:end]
        while shown and not shown[-1].strip():
            shown.pop()
        yield Step("console", "\n".join(code), block.start + start + 1, shown, block.start + first)


# Comparing


def masked(line: str) -> str:
    """The line without what no two runs share."""
    for pattern, name in MASKS:
        line = pattern.sub(name, line)
    return line.rstrip()


def agree(shown: list[str], printed: list[str]) -> bool:
    """Whether the printed lines are the shown ones, where `...` stands for any number of lines."""
    wanted = "".join(r"(?:.*\n)*?" if line.strip() == ANY_LINES else re.escape(masked(line)) + r"\n" for line in shown)
    return re.fullmatch(wanted, "".join(f"{masked(line)}\n" for line in printed)) is not None


def rewritten(shown: list[str], printed: list[str]) -> list[str]:
    """The printed lines as the document shows them: cut where `...` stood, with as many lines before and after it."""
    cuts = [index for index, line in enumerate(shown) if line.strip() == ANY_LINES]
    if not cuts:
        return printed
    before, after = cuts[0], len(shown) - cuts[-1] - 1
    if len(printed) <= before + after:
        return printed
    return [*printed[:before], shown[cuts[0]], *printed[len(printed) - after :]]


def rewrite(text: str, outcomes: Iterable[Outcome]) -> str:
    """The document with the output of each step as it is now.

    What agrees with the page stays to the letter, and so does what is shown of a step that failed.
    """
    lines = text.splitlines()
    for outcome in sorted(outcomes, key=lambda outcome: outcome.step.start, reverse=True):
        step = outcome.step
        if outcome.is_as_shown or outcome.status:
            continue
        if step.shown is None:
            lines[step.start : step.start] = ["", "```text", *outcome.printed, "```"]
        else:
            lines[step.start : step.start + len(step.shown)] = rewritten(step.shown, outcome.printed)
    return "\n".join(lines) + "\n"


# Running


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
        self._gateway = Gateway(sample_jobs(epoch), key=KEY, clock=Clock(epoch + SYNCED_AFTER))
        self._ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))

    def __enter__(self) -> Self:
        self._gateway.__enter__()
        settings = self.folder / "catalog.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(re.sub(r"http://127\.0\.0\.1:\d+", self._gateway.origin, text), encoding="utf-8")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CATALOG", "OPENAI", "PYTEST", "COLUMNS", "FORCE_COLOR"))
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
        self._gateway.__exit__(kind, error, trace)

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
        printed = printed.replace(self._gateway.origin.rpartition(":")[2], GATEWAY_PORT)
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


@click.command()
@click.argument("paths", nargs=-1, metavar="[DOCUMENT]...", type=click.Path(path_type=Path, exists=True))
@click.option("--write", is_flag=True, help="Write into the documents what the program prints today.")
def main(paths: tuple[Path, ...], write: bool) -> None:
    """Run documents, all of them or those named, and say where they differ from the program."""
    chosen = paths or DOCUMENTS
    failing = False
    with tempfile.TemporaryDirectory(prefix="demo") as folder, ThreadPoolExecutor(2) as pool:
        demo = make_demo(Path(folder))
        for path, outcomes in zip(chosen, pool.map(partial(run_document, demo=demo), chosen), strict=True):
            wrong = [outcome for outcome in outcomes if not outcome.is_as_shown]
            for outcome in wrong:
                if not write or outcome.status:
                    click.echo(outcome.explain(path.name), err=True)
            failing = failing or any(not write or outcome.status for outcome in wrong)
            if write and wrong:
                path.write_text(rewrite(path.read_text(encoding="utf-8"), outcomes), encoding="utf-8")
                click.echo(f"{path}: {len(wrong)} outputs rewritten")
    raise SystemExit(failing)


if __name__ == "__main__":
    main()
