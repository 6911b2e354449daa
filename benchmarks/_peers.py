"""What a user would take instead of the catalog, on the same rows: SQL, Datasette, tantivy and PostgreSQL.

Each peer answers one word with the same page: the total, the most frequent values of each facet, and the newest 20
videos. The catalog's own page has records and snippets too; none of theirs has snippets, and only Datasette's has
records. Each peer is measured at its best:

SQL         one statement for each answer and facet, on the tables of the library.
Datasette   its own table page of the library's file as JSON, with time limits raised and without suggested facets. It
            counts the facets that are columns of a video, `COLUMN_FACETS`, and none of those of prompts.
tantivy     one segment, its aggregations over fast fields.
PostgreSQL  a tsvector with a GIN index, all facets as columns of one table, counted together by GROUPING SETS. One
            process works on a query, without helpers; a server of its own, on a socket in a temporary folder.

Times are CPU time of the process that does the work, whichever it is.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from _corpus import PAGE_FACETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Database, Reader

NEWEST = 20  # videos of a page
MOST = 10  # values of a facet
COLUMNS = {
    "model": "model", "status": "status", "size": "width || 'x' || height", "seconds": "seconds",
    "month": "substr(created_at, 1, 7)",
}  # fmt: skip
PROMPT_FACETS = tuple(name for name in PAGE_FACETS if name not in COLUMNS)
COLUMN_FACETS = ("model", "status", "width", "height", "seconds", "created_at")
UNLIMITED = "1000000"  # milliseconds


class Missing(Exception):
    """A peer is not installed."""


class Peer(NamedTuple):
    """Asks for the page of a word, and tells the CPU time, in seconds, of the process that answers."""

    ask: Callable[[str], object]
    clock: Callable[[], float]


def open_sql(library: Database) -> Iterator[Peer]:
    """The page by statements on the rows."""
    hits = "SELECT rowid FROM videos_fts WHERE videos_fts MATCH :word"
    newest = f"SELECT id FROM videos WHERE id IN ({hits}) ORDER BY created_at DESC LIMIT {NEWEST}"
    tail = f"GROUP BY 1 ORDER BY 2 DESC LIMIT {MOST}"
    columns = [f"SELECT {sql}, count(*) FROM videos WHERE id IN ({hits}) {tail}" for sql in COLUMNS.values()]
    facets = [
        "SELECT facet_values.value, count(*) FROM video_facets JOIN facet_values ON facet_values.id = value_id "
        f"WHERE video_id IN ({hits}) AND facet = '{name}' {tail}"
        for name in PROMPT_FACETS
    ]
    with library.read() as connection:

        def ask(word: str) -> None:
            for sql in (newest, f"SELECT count(*) FROM ({hits})", *columns, *facets):
                connection.execute(sql, {"word": word}).fetchall()

        yield Peer(ask, time.process_time)


def open_datasette(library: Database) -> Iterator[Peer]:
    """Datasette's own page, without the plugin by which the catalog speaks its language there."""
    program = "import sys; sys._called_from_test = True; from datasette.cli import cli; cli()"
    limits = {"sql_time_limit_ms": UNLIMITED, "facet_time_limit_ms": UNLIMITED, "suggest_facets": "off"}
    settings = [part for pair in limits.items() for part in ("--setting", *pair)]
    command = [sys.executable, "-c", program, "serve", str(library.path), "--port", "0", *settings]
    with _running(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while not (found := re.search(r"http://127.0.0.1:(\d+)", process.stderr.readline())):
            if process.poll() is not None:
                raise RuntimeError("datasette has ended")
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]))

        def ask(word: str) -> None:
            facets = [("_facet_date" if name == "created_at" else "_facet", name) for name in COLUMN_FACETS]
            page = [("_search", word), ("_size", NEWEST), ("_sort_desc", "created_at"), ("_facet_size", MOST)]
            connection.request("GET", f"/{library.path.stem}/videos.json?{urlencode(page + facets)}")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.HTTPStatus.OK or body.count(b'"toggle_url"') < len(facets):
                raise RuntimeError(f"datasette answered {answer.status}: {body[:500]!r}")

        yield Peer(ask, _clock_of(process.pid))


def open_tantivy(library: Database) -> Iterator[Peer]:
    """An index of the prompts with fast fields for the facets."""
    try:
        import tantivy
    except ImportError:
        raise Missing("pip install tantivy") from None
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("prompt")
    builder.add_integer_field("number", stored=True, fast=True)
    for name in PAGE_FACETS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True)
    with tempfile.TemporaryDirectory() as folder, library.read() as connection:
        index = tantivy.Index(builder.build(), path=folder)
        writer = index.writer(500_000_000, 1)
        for number, _, prompt, *values in _read_rows(connection):
            facets = {name: value for name, value in zip(PAGE_FACETS, values, strict=True) if value is not None}
            writer.add_document(tantivy.Document(prompt=prompt, number=number, **facets))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        counts = {name: {"terms": {"field": name, "size": MOST}} for name in PAGE_FACETS}

        def ask(word: str) -> None:
            query, searcher = index.parse_query(word, ["prompt"]), index.searcher()
            searcher.search(query, NEWEST, count=True, order_by_field="number", order=tantivy.Order.Desc)
            searcher.aggregate(query, counts)

        yield Peer(ask, time.process_time)


def open_postgresql(library: Database) -> Iterator[Peer]:
    """A server of its own with the rows in one table, and one connection to it."""
    programs = _find_postgresql()
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    identity: dict[str, Any] = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    who = identity if os.geteuid() == 0 else {}  # it does not run as root
    with tempfile.TemporaryDirectory(prefix="postgresql") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = str(folder / "data")
        subprocess.run(
            [programs / "initdb", "--no-sync", "--auth=trust", "--username=bench", "--encoding=UTF8", data],
            cwd=folder, stdout=subprocess.DEVNULL, check=True, **who,
        )  # fmt: skip
        settings = {
            "listen_addresses": "", "unix_socket_directories": folder, "fsync": "off", "jit": "off",
            "shared_buffers": "2GB", "work_mem": "256MB", "maintenance_work_mem": "1GB", "max_wal_size": "8GB",
            "max_parallel_workers_per_gather": 0,
        }  # fmt: skip
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        log = stack.enter_context((folder / "log").open("w"))
        stack.enter_context(
            _running([str(programs / "postgres"), "-D", data, *options], signal.SIGINT, cwd=folder, stderr=log, **who)
        )
        until = time.monotonic() + 60
        while not list(folder.glob(".s.PGSQL.*[0-9]")):
            if time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text())
            time.sleep(0.05)
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", name, "-U", "bench", "-d", "postgres"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
        client = stack.enter_context(_running(command, cwd=folder, **pipes))
        with library.read() as connection:
            _fill_postgresql(client, connection)
        (backend,) = _ask_postgresql(client, "SELECT pg_backend_pid();")
        columns = ", ".join(PAGE_FACETS)

        def ask(word: str) -> None:
            found = f"words @@ to_tsquery('simple', '{word}')"
            rows = _ask_postgresql(
                client,
                f"SELECT id FROM videos WHERE {found} ORDER BY created_at DESC LIMIT {NEWEST};",
                f"SELECT {columns}, count(*) FROM videos WHERE {found} GROUP BY GROUPING SETS ((), "
                f"{', '.join(f'({name})' for name in PAGE_FACETS)}) ORDER BY count(*) DESC;",
            )
            if len(rows) <= NEWEST:
                raise RuntimeError(f"PostgreSQL finds too little: {rows}")

        yield Peer(ask, _clock_of(int(backend)))


def _find_postgresql() -> Path:
    found = [*Path("/usr/lib/postgresql").glob("*/bin/postgres"), *map(Path, filter(None, [shutil.which("postgres")]))]
    if not found or not shutil.which("psql"):
        raise Missing("apt-get install postgresql")
    return found[0].parent


def _fill_postgresql(client: subprocess.Popen[str], connection: Reader) -> None:
    fields = ", ".join(f"{name} text" for name in PAGE_FACETS)
    client.stdin.write(
        f"CREATE TABLE videos (id integer, created_at text, prompt text, {fields}, "
        "words tsvector GENERATED ALWAYS AS (to_tsvector('simple', prompt)) STORED);\n"
        f"COPY videos (id, created_at, prompt, {', '.join(PAGE_FACETS)}) FROM STDIN;\n"
    )
    for row in _read_rows(connection):
        cells = ["\\N" if value is None else str(value).replace("\\", "\\\\") for value in row]
        client.stdin.write("\t".join(cells) + "\n")
    _ask_postgresql(
        client, "\\.", "CREATE INDEX ON videos USING gin (words);", "CREATE INDEX ON videos (created_at);",
        "VACUUM ANALYZE videos;",
    )  # fmt: skip


def _ask_postgresql(client: subprocess.Popen[str], *statements: str) -> list[str]:
    """The lines of what the statements answer."""
    client.stdin.write("\n".join([*statements, "\\echo -- end", ""]))
    client.stdin.flush()
    lines = []
    while (line := client.stdout.readline()) != "-- end\n":
        if not line:
            raise RuntimeError("psql has ended")
        lines.append(line.rstrip("\n"))
    return lines


def _read_rows(connection: Reader) -> Iterator[tuple[Any, ...]]:
    """The number, date and prompt of each video, and its value of each facet of a page as text or None."""
    facet = (
        "(SELECT value FROM video_facets JOIN facet_values ON facet_values.id = value_id "
        "WHERE video_id = videos.id AND facet = '{}')"
    )
    values = ", ".join(f"CAST({COLUMNS.get(name) or facet.format(name)} AS TEXT)" for name in PAGE_FACETS)
    yield from connection.execute(f"SELECT id, created_at, prompt, {values} FROM videos ORDER BY id")


@contextlib.contextmanager
def _running(command: list[str], ending: int = signal.SIGTERM, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended with this signal."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.send_signal(ending)


def _clock_of(process: int) -> Callable[[], float]:
    """The CPU time of another process, in seconds: `clock_getcpuclockid` of POSIX."""
    number = ctypes.c_int()
    if failure := ctypes.CDLL(None).clock_getcpuclockid(process, ctypes.byref(number)):
        raise OSError(failure, os.strerror(failure))
    return lambda: time.clock_gettime(number.value)


PEERS = {
    name: contextlib.contextmanager(peer)
    for name, peer in {
        "SQL": open_sql, "Datasette": open_datasette, "tantivy": open_tantivy, "PostgreSQL": open_postgresql,
    }.items()
}  # fmt: skip
