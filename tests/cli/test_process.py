"""The program as a process: what it loads, how it ends, what it draws on a terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.cli.conftest import job
from tests.cli.terminal import PROGRAM, on_terminal
from tests.client.server import RawServer, always
from tests.house import LONG

HEAVY = (
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "httpx",
    "pydantic",
    "rich",
    "datasette",
    "catalog.api",
    "catalog.database",
)


def loaded(*arguments: str) -> set[str]:
    """The modules that the program has loaded when it ends."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr))\n"
        f"sys.argv = ['catalog', *{list(arguments)!r}]\n"
        "from catalog.__main__ import main\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stderr.split("\n"))


def test_the_help_loads_nothing_heavy():
    modules = loaded("--help")
    assert "click" in modules
    assert not modules & {*HEAVY, "sqlite3", "pysqlite3", "catalog.records", "json"}


@pytest.mark.parametrize("arguments", [["search", "neon"], ["facets", "status"], ["stats"], ["show", "v1", "--json"]])
def test_a_reading_verb_loads_what_it_reads_with_and_no_more(hear, arguments):
    hear(job())
    modules = loaded(*arguments)
    assert "catalog.database" in modules
    assert not modules & set(HEAVY) - {"catalog.api", "catalog.database"}


def test_validate_loads_no_journey_and_no_database(tmp_path):
    request = tmp_path / "request.json"
    request.write_text('{"prompt": "a fox", "model": "sora-2"}')
    (tmp_path / "catalog.toml").write_text('[sources.studio]\nbase_url = "https://api.example/v1"\n')
    journey = {"sqlalchemy", "sqlmodel", "alembic", "httpx", "catalog.store", "catalog.ingest.run"}
    assert not loaded("validate", str(request)) & {*HEAVY, *journey, "sqlite3", "pysqlite3"}
    settings = ("--source", "studio", "--config", str(tmp_path / "catalog.toml"))
    assert not loaded("validate", str(request), *settings) & journey


def test_the_exit_status_says_what_happened(hear):
    hear(job())
    statuses = [
        subprocess.run([*PROGRAM, *arguments], capture_output=True, check=False).returncode
        for arguments in (["search"], ["show", "nobody"], ["search", "--lmit"])
    ]
    assert statuses == [0, 1, 2]


@pytest.mark.parametrize("arguments", [["search", "--limit", "1000"], ["search", "--limit", "1000", "--json"]])
def test_a_reader_that_goes_away_leaves_no_traceback(hear, arguments, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # without its buffer, Python passes over a torn write
    hear(*(job(f"v{number}", prompt="neon " * 200) for number in range(500)))
    with subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        message = process.stderr.read()
    assert message == b""
    assert process.returncode == 141


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_no_encoding_of_the_terminal_breaks_the_program(hear, encoding):
    hear(job(prompt="東京 \x1b 👩 naïve"), job("v2", remixed_from_video_id="v1"))
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    environment["PYTHONIOENCODING"] = encoding
    for arguments in (["search"], ["show", "v1", "--json"], ["lineage", "v1"], ["show", "東京"]):
        result = subprocess.run([*PROGRAM, *arguments], env=environment, capture_output=True, check=False)
        assert result.returncode == (1 if arguments == ["show", "東京"] else 0)
        assert b"Traceback" not in result.stderr


def test_a_document_is_json_in_any_encoding(hear):
    hear(job(prompt="東京 👩 naïve"))
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    result = subprocess.run([*PROGRAM, "show", "v1", "--json"], env=environment, capture_output=True, check=True)
    assert b'"\\u6771\\u4eac \\ud83d\\udc69 na\\u00efve"' in result.stdout


def test_an_interrupted_sync_says_that_the_next_one_continues(library_path, tmp_path):
    with RawServer(lambda _: server.drip(b"HTTP/1.1 200 OK\r\n", 0.2)) as server:
        (tmp_path / "catalog.toml").write_text(f'[sources.studio]\nbase_url = "{server.base_url}"\n')
        status, message = _interrupt(["sync"], lambda: server.requests)
    assert status == 130
    assert message.strip() == "interrupted: what has come in is kept, and the next run continues from there"


def test_a_watch_repeats_until_it_is_interrupted(library_path, tmp_path):
    with RawServer(always({"object": "list", "data": [], "has_more": False})) as server:
        (tmp_path / "catalog.toml").write_text(f'[sources.studio]\nbase_url = "{server.base_url}"\n')
        status, _ = _interrupt(["sync", "--watch", "1"], lambda: len(server.requests) >= 2)
    assert status == 130


def _interrupt(arguments, is_time) -> tuple[int, str]:
    """Press Ctrl-C when it is time: the exit status, and what was said on standard error."""
    with subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + LONG
        while not is_time() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=LONG)
    return process.returncode, message


def test_a_terminal_gets_colours_and_tables(hear):
    hear(job(prompt="neon \x1b]0;title\x07", model="m\x1b[31m"))
    status, drawn = on_terminal(["search", "neon", "--facet", "model"])
    assert status == 0
    assert "\x1b[32mcompleted\x1b[0m" in drawn
    assert "\\x1b]0;title\\x07" in drawn
    assert "m\\x1b[31m" in drawn


def test_a_terminal_shows_how_far_a_sync_is(library_path, tmp_path):
    with RawServer(always({"object": "list", "data": [job()], "has_more": False})) as server:
        (tmp_path / "catalog.toml").write_text(f'[sources.studio]\nbase_url = "{server.base_url}"\n')
        status, drawn = on_terminal(["sync"])
    assert status == 0
    assert "listing" in drawn
    assert "1 added" in drawn


def test_a_library_is_served_until_it_is_interrupted(hear):
    hear(job(prompt="neon street"))
    command = [sys.executable, "-m", "catalog", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
            with urllib.request.urlopen(f"{url}/", timeout=LONG) as answer:
                assert answer.status == 200
        finally:
            process.send_signal(signal.SIGINT)
            _, message = process.communicate(timeout=LONG)
    assert (process.returncode, message) == (0, "")
