"""How the program ends: by a signal, with a server that hangs, with its parent; and what it leaves behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog, stopping
from catalog.cli.main import VERBS
from tests.cli.terminal import PROGRAM
from tests.client.server import RawServer, response
from tests.house import LONG, job, new_library, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.client.server import Request

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@contextmanager
def hanging_server() -> Iterator[RawServer]:
    """A server with eight unfinished jobs; the answer about each begins and does not end before the test does."""

    def answer(request: Request) -> Iterable[bytes]:
        if "/videos/" in request.target:
            yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"
            server.stopping.wait(LONG)
            return
        jobs = [job(f"q{number}", status="queued") for number in range(8)]
        yield from response({"object": "list", "data": jobs, "has_more": False})

    with RawServer(answer) as server:
        yield server


@contextmanager
def started(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "CATALOG_WEBHOOK_SECRET": SECRET}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*PROGRAM, *arguments], env=environment, **(pipes | options)) as process:
        try:
            yield process
        finally:
            process.kill()


def configure(folder: Path, base_url: str) -> None:
    (folder / "catalog.toml").write_text(f'[sources.studio]\nbase_url = "{base_url}"\n')


def end(process: subprocess.Popen[str], number: int, within: float) -> tuple[int, str]:
    """Send the signal: the exit status and what was said on standard error. It must be quicker than `within`."""
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=LONG)
    assert time.monotonic() - began < within
    return process.returncode, said


# The verb decides what is said at the end and the signal the status: each of them is met, not every pair.
@pytest.mark.parametrize(
    ("verb", "number", "status"),
    [
        *((["sync"], *number_and_status) for number_and_status in SIGNALS),
        (["sync", "--wait"], *SIGNALS[0]),
        (["add", "studio", "q1", "--wait"], *SIGNALS[1]),
    ],
)
def test_a_signal_ends_a_sync_whose_server_hangs(library_path, tmp_path, verb, number, status):
    with hanging_server() as server:
        configure(tmp_path, server.base_url)
        with started(*verb) as process:
            wait_until(lambda: any("/videos/q" in request.target for request in server.requests))
            ended, said = end(process, number, within=20)  # the deadline is 60
        server.stopping.set()
    assert ended == status
    assert said.splitlines()[-1].endswith(VERBS[verb[0]].safe)
    assert "Traceback" not in said


def test_what_was_listed_before_the_signal_is_kept(library_path, tmp_path):
    with hanging_server() as server:
        configure(tmp_path, server.base_url)
        with started("sync") as process:
            wait_until(lambda: any("/videos/q" in request.target for request in server.requests))
            end(process, signal.SIGTERM, within=20)
    with Catalog.open(library_path) as library:
        assert library.search("status:queued").total == 8
        assert [source.health for source in library.sources()] == ["interrupted"]


@pytest.mark.parametrize(("number", "status"), [*SIGNALS[1:], (signal.SIGINT, 130)])
def test_a_signal_ends_a_receiver_whose_server_hangs(library_path, tmp_path, number, status):
    with hanging_server() as server:
        configure(tmp_path, server.base_url)
        with new_library(library_path).write() as connection:
            connection.execute(
                "INSERT INTO deliveries (source, webhook_id, type, remote_id, received_at, state, attempts, body)"
                " VALUES ('studio', 'w1', 'video.completed', 'q1', '2099-01-01T00:00:00.000000Z', 'waiting', 0, '{}')"
            )
        with started("hooks", "--port", "0") as process:
            assert "listening" in process.stdout.readline()
            wait_until(lambda: server.requests)
            ended, said = end(process, number, within=20)
    assert ended == status
    assert said.splitlines()[-1].endswith(VERBS["hooks"].safe)


@pytest.mark.parametrize(("number", "status"), [*SIGNALS[1:], (signal.SIGINT, 0)])
def test_a_signal_ends_the_page_server(library_path, number, status):
    with started("serve", "--port", "0") as process:
        port = int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
        with socket.create_connection(("127.0.0.1", port)):  # somebody who asks nothing
            ended, said = end(process, number, within=20)
    assert ended == status
    assert said == ("" if status == 0 else "terminated: the library is as it was\n")


def many_jobs(path: Path, count: int) -> Path:
    path.write_text("\n".join(json.dumps(job(f"v{number}", prompt="Neon rain. " * 40)) for number in range(count)))
    return path


def children(process: subprocess.Popen[str]) -> list[int]:
    with Path(f"/proc/{process.pid}/task/{process.pid}/children").open() as file:
        return [int(number) for number in file.read().split()]


def runs(process: int) -> bool:
    with suppress(OSError), Path(f"/proc/{process}/stat").open() as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_helper_of_an_import_ends_with_it_and_says_nothing(library_path, tmp_path, number):
    many_jobs(tmp_path / "jobs.jsonl", 4_000)
    with started("import", "jobs.jsonl", "--source", "studio", start_new_session=True) as process:
        wait_until(lambda: children(process) or process.poll() is not None)
        (helper,) = children(process)
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
        _, said = process.communicate(timeout=LONG)
        wait_until(lambda: not runs(helper))
    assert "Traceback" not in said
    assert said.count("\n") == (0 if number == signal.SIGKILL else 1)
    with Catalog.open(library_path) as library:
        assert library.search("", limit=1).total == 4_000  # read before the prompts are


def test_a_query_that_holds_the_interpreter_does_not_hold_the_end(tmp_path):
    code = (
        "import sqlite3, sys\n"
        "from catalog import stopping\n"
        "stopping.take_signals()\n"
        "stopping.promise('all is well')\n"
        "connection = sqlite3.connect(':memory:')\n"
        "connection.set_trace_callback(lambda _: print('ready', flush=True))\n"
        "connection.execute('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n)"
        " SELECT count(*) FROM n').fetchone()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)  # the query runs, and Python does not
        assert end(process, signal.SIGTERM, within=stopping.LAST_SECONDS + 20) == (143, "terminated: all is well\n")


@pytest.mark.parametrize("flag", [["--debug"], []])
def test_an_unforeseen_fault_is_one_line_and_debug_shows_where(library_path, tmp_path, flag):
    with new_library(library_path).write() as connection:
        connection.execute("ALTER TABLE videos RENAME COLUMN prompt TO said")
    done = subprocess.run([*PROGRAM, "search", "neon", *flag], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert ("Traceback" in done.stderr) == bool(flag)
    *_, last = done.stderr.splitlines()
    assert last.startswith("Error: an unexpected fault, which `catalog --debug` shows in full: OperationalError: ")
    assert last.endswith("; the library is as it was")
    assert bool(flag) or done.stderr.count("\n") == 1


@pytest.mark.parametrize("size", [24, 32, 48])
@pytest.mark.parametrize("verb", ["search neon", "stats", "sync", "serve --port 0", "import -"])
def test_too_little_memory_is_one_line(library_path, tmp_path, verb, size):
    configure(tmp_path, "http://127.0.0.1:9/v1")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (size << 20, size << 20))

    done = subprocess.run(
        [*PROGRAM, *verb.split()],
        preexec_fn=limit,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    if done.returncode:
        assert "Error: " in done.stderr.splitlines()[-1]
        assert "main()" not in done.stderr
