"""Streams that cannot be written, for every verb: what it says then, how it ends, and that it does its duty."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog
from catalog.cli.main import VERBS
from tests.client.server import RawServer, Request, always
from tests.house import LONG, job, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PROGRAM = f"'{sys.executable}' -W error -m catalog"
SECRET = "whsec_" + base64.b64encode(b"a key of ours, thirty-two bytes!").decode()

# A command line for each verb that ends by itself and prints something.
LINES = {
    "init": "init --db new.db",
    "sources": "sources",
    "sync": "sync",
    "add": "add studio v9",
    "import": "import jobs.json --source studio",
    "watch": "watch . --once",
    "validate": "validate request.json",
    "request": "request v1",
    "search": "search rain",
    "facets": "facets",
    "show": "show v1",
    "lineage": "lineage v1",
    "audit": "audit v1",
    "diff": "diff v1 v2",
    "changes": "changes v1",
    "provenance": "provenance v1",
    "trust": "trust --json",
    "stats": "stats",
    "prompts": "prompts",
    "tag": "tag v1 look=noir",
    "rate": "rate v1 4",
    "verdict": "verdict v1 keep",
    "note": "note v1 words",
    "collection": "collection add launch v1",
    "saved": "saved",
    "duplicates": "duplicates --json",
    "link": "link v1 studio:v0 --relation remix",
    "unlink": "unlink v1 studio:v0",
    "adopt": "adopt",
    "delete": "delete v1",
    "undelete": "undelete v2",
    "history": "history",
    "undo": "undo",
    "redo": "redo",
    "download": "download status:queued",
    "rescue": "rescue",
    "check": "check",
    "retire": "retire studio --as-of 2030-01-01",
    "archive": "archive --restore",
    "backup": "backup copy.db",
    "restore": "restore earlier.db",
    "migrate": "migrate",
    "reindex": "reindex",
}
SERVERS = {"serve": "serve --port 0", "hooks": "hooks --port 0"}


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    page = {"object": "list", "data": [job("v8")], "has_more": False}

    def answer(request: Request) -> Iterable[bytes]:
        name = request.target.rpartition("/")[2].partition("?")[0]
        return always(page if name == "videos" else job(name))(request)

    with RawServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, server: RawServer) -> Path:
    """A folder with a library, its settings and everything that the command lines name."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "catalog.toml").write_text(f'[sources.studio]\nbase_url = "{server.base_url}"\n')
    (folder / "jobs.json").write_text(json.dumps([job("v1", prompt="Rain at night."), job("v2", prompt="Rain.")]))
    (folder / "request.json").write_text('{"prompt": "a fox", "model": "sora-2"}')
    with Catalog.open(folder / "catalog.db") as library:
        library.import_path(folder / "jobs.json", source="studio")
        library.import_path(_write(folder / "later.json", job("v1", model="sora-2")), source="studio")
        library.backup(folder / "earlier.db")
        library.delete("v2")
        library.tag("v1", "a=b", "c=d")
        library.tag("v1", "e=f")
        library.undo()
    return folder


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Path:
    """A copy of the folder."""
    return shutil.copytree(template, tmp_path / "folder")


def run(line: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """What the shell makes of a line in the folder."""
    return subprocess.run(
        line, shell=True, cwd=folder, env=environment(), capture_output=True, timeout=LONG, check=False
    )


def environment() -> dict[str, str]:
    own = {name: text for name, text in os.environ.items() if not name.startswith(("CATALOG_", "OPENAI_"))}
    return own | {"CATALOG_WEBHOOK_SECRET": SECRET}


def test_every_verb_has_a_line() -> None:
    assert LINES.keys() | SERVERS.keys() | {"demo"} == VERBS.keys()


# A full disk and a closed stream fail at one place for all verbs: each verb meets one of them on each stream, half of
# the verbs this one and half that one.
def in_turns(full: str, closed: str) -> list[tuple[str, str]]:
    return [(verb, (full, closed)[number % 2]) for number, verb in enumerate(LINES)]


@pytest.mark.parametrize(("verb", "target"), in_turns(">/dev/full", ">&-"))
def test_output_that_cannot_be_written_is_one_line_and_status_1(folder: Path, verb: str, target: str) -> None:
    done = run(f"{PROGRAM} {LINES[verb]} {target}", folder)
    *_, last = done.stderr.decode().splitlines()
    assert done.returncode == 1, done.stderr
    assert last.startswith("Error: cannot write to standard output: ")
    assert last.endswith(VERBS[verb].safe)
    assert done.stderr.count(b"Error") == 1
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(("verb", "target"), in_turns("2>/dev/full", "2>&-"))
def test_remarks_that_cannot_be_written_change_nothing(folder: Path, verb: str, target: str) -> None:
    done = run(f"{PROGRAM} {LINES[verb]} {target}", folder)
    assert done.returncode == 0
    assert done.stdout


@pytest.mark.parametrize("verb", LINES)
def test_every_verb_ends_in_order_with_all_streams_closed(folder: Path, verb: str) -> None:
    assert run(f"{PROGRAM} {LINES[verb]} <&- >&- 2>&-", folder).returncode == 1


def test_a_command_that_cannot_be_read_needs_no_streams(folder: Path) -> None:
    assert run(f"{PROGRAM} search --lmit <&- >&- 2>&-", folder).returncode == 2
    assert run(f"{PROGRAM} --help >/dev/full", folder).returncode == 1


def test_a_file_never_takes_the_place_of_a_closed_stream(folder: Path) -> None:
    assert run(f"{PROGRAM} tag v1 look=noir <&- >&- 2>&-", folder).returncode == 1
    assert b"look" in run(f"{PROGRAM} show v1 --json", folder).stdout
    assert run(f"{PROGRAM} stats", folder).returncode == 0


def test_closed_standard_input_is_an_error_of_one_line(folder: Path) -> None:
    for line in ("import -", "show -", "validate -", "add studio -"):
        done = run(f"{PROGRAM} {line} <&-", folder)
        assert (done.returncode, b"Traceback" in done.stderr) == (1, False), done.stderr


@pytest.mark.parametrize("verb", SERVERS)
@pytest.mark.parametrize("target", [">/dev/full", ">&- 2>&-", "<&- 2>/dev/full"])
def test_a_server_runs_without_its_streams(folder: Path, verb: str, target: str) -> None:
    port = free_port()
    line = f"exec {PROGRAM} {SERVERS[verb].replace('0', str(port))} {target}"
    with subprocess.Popen(line, shell=True, cwd=folder, env=environment(), stdout=subprocess.DEVNULL) as process:
        try:
            wait_for_port(port, process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                status = process.wait(LONG)
            finally:
                process.kill()
        assert status == 143


def _write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[Any]) -> None:
    def answers() -> bool:
        assert process.poll() is None, "it ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=LONG):
            return True
        return False

    wait_until(answers)
