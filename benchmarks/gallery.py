"""The pages of `catalog serve` over HTTP on loopback: how long the gallery takes, beside Datasette's own page.

python benchmarks/gallery.py [--videos 1000000] [--library PATH] [--words 200] [--clients 4]    PATH is kept and used

A page of the gallery is nine facets and 48 tiles; the words that are searched for stand in 1 to 12 % of the prompts,
and each is asked for once. Beside it, in the same run and from the same file: the table page of `catalog serve` with
facets of the query language, and that of a bare Datasette, which loads no plugin, with six facets of its own. Times are
milliseconds, the median and the 95th percentile, and the CPU time that the server takes for a request (on Linux); the
client and the server share the machine. The memory is what the server and the processes that it starts hold.
"""

from __future__ import annotations

import http.client
import itertools
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

from _corpus import asked_library, make_words, read_arguments
from _yardstick import lines_a_second

from catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SERVE = """
import sys
from catalog.web.serve import serve
serve(sys.argv[1], port=0, on_ready=lambda server: print(server.url, flush=True))
"""
BARE = ("--setting", "suggest_facets", "off", "--setting", "sql_time_limit_ms", "60000")
BARE += ("--setting", "facet_time_limit_ms", "60000", "--setting", "default_facet_size", "20")
OWN_FACETS = [("_facet", name) for name in ("status", "model", "source", "seconds", "width", "height")]
LEAST, MOST = 0.01, 0.12  # of the prompts that a word stands in
NATIVE = 20  # pages of Datasette's that are asked for
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PATIENCE = 300.0


class Timed(NamedTuple):
    """The milliseconds of each request, and the CPU time of the server for one."""

    millis: list[float]
    cpu: float


class Server:
    """A server that runs, with one connection to it."""

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.address = urlsplit(url).netloc
        self.process = process
        self._connection = self.connect()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, timeout=PATIENCE)

    def ask(self, place: str, connection: http.client.HTTPConnection | None = None) -> int:
        """Ask for a page and read it to its end; how many bytes it has."""
        connection = connection or self._connection
        connection.request("GET", place)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{place} answers {answer.status}: {body[:200]!r}")
        return len(body)

    def time(self, places: Sequence[str]) -> Timed:
        """Ask for these one after the other."""
        millis = []
        self._connection = self.connect()  # the server closes one that says nothing for long
        before = self.cpu()
        for place in places:
            started = time.perf_counter()
            self.ask(place)
            millis.append(1000 * (time.perf_counter() - started))
        return Timed(millis, 1000 * (self.cpu() - before) / len(places))

    def race(self, places: Sequence[str], clients: int) -> float:
        """So many clients at once, who share the places between them: requests a second."""
        queue = iter(places)
        lock = threading.Lock()

        def visit() -> None:
            connection = self.connect()
            while True:
                with lock:
                    place = next(queue, None)
                if place is None:
                    return
                self.ask(place, connection)

        threads = [threading.Thread(target=visit) for _ in range(clients)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(places) / (time.perf_counter() - started)

    def family(self) -> list[int]:
        """The numbers of the server's process and of those that it has started; on Linux alone."""
        number = self.process.pid
        tasks = Path(f"/proc/{number}/task")
        if not tasks.exists():
            return []
        return [number, *(int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split())]

    def cpu(self) -> float:
        """The seconds of CPU time that they have taken."""
        ticks = 0
        for number in self.family():
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def memory(self) -> list[float]:
        """The megabytes that each of them holds, without the pages of the file that the system shares."""
        texts = [Path(f"/proc/{number}/status").read_text() for number in self.family()]
        return [int(match[1]) / 1024 for text in texts if (match := re.search(r"RssAnon:\s+(\d+)", text))]


@contextmanager
def serving(command: Sequence[str], **environment: str) -> Iterator[Server]:
    """A server that prints its URL, or has it in what it prints."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | environment
    )
    try:
        for line in process.stdout or ():
            if match := re.search(r"http://[\w.:]+", line):
                yield Server(match[0], process)
                return
        raise SystemExit(f"{command} does not start")
    finally:
        process.kill()
        process.wait()


def main() -> None:
    arguments = read_arguments(__doc__, 1_000_000, words=200, clients=4)
    with asked_library(arguments) as path:
        words = choose_words(path, arguments.words)
        machine = f"{os.cpu_count()} cores, {lines_a_second():,.0f} lines/s"
        print(f"{arguments.videos:,} videos, {len(words)} words, {machine}\n")
        with serving([sys.executable, "-c", SERVE, os.fspath(path)]) as ours:
            show_gallery(ours, words, arguments.clients)
            with serving(bare_command(path), DATASETTE_LOAD_PLUGINS="") as bare:
                show_tables(ours, bare, f"/{path.stem}/videos", words)


def bare_command(path: Path) -> list[str]:
    return [sys.executable, "-m", "datasette", os.fspath(path), "--port", str(free_port()), *BARE]


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def choose_words(path: Path, count: int) -> list[str]:
    """The most frequent words that stand in a share of the prompts between the bounds."""
    with Catalog.open(path) as catalog:
        total = catalog.count()
        found = (word for word in make_words() if LEAST <= catalog.count(word) / total <= MOST)
        return list(itertools.islice(found, count))


def show_gallery(server: Server, words: list[str], clients: int) -> None:
    pages = [f"/?{urlencode({'q': word})}" for word in words]
    first, second = pages[::2], pages[1::2]  # those of one client, and those of many: all asked for once
    started = time.perf_counter()
    size = server.ask("/")
    print(f"first page after the start: {1000 * (time.perf_counter() - started):.0f} ms, {size / 1000:.0f} kB\n")
    print(f"{'gallery: 48 tiles, 9 facets':34}{'p50':>8}{'p95':>8}{'CPU':>8}")
    show("no filter", server.time(["/"] * 50))
    show(f"{len(first)} distinct words", server.time(first))
    show("the same words again", server.time(first))
    print(f"{clients} clients, distinct words:  {server.race(second, clients):8.1f} requests/s")
    print(f"{clients} clients, words again:     {server.race(pages, clients):8.1f} requests/s")
    show_memory("after these", server)


def show_tables(ours: Server, bare: Server, place: str, words: list[str]) -> None:
    own = urlencode(OWN_FACETS)
    searches = [urlencode({"_search": word}) for word in words[:NATIVE]]
    print(f"\n{'table page':34}{'p50':>8}{'p95':>8}{'CPU':>8}")
    for server in (ours, bare):
        server.time([f"{place}?_size=1"])
    mine = show("ours, 9 facets", ours.time([place] * NATIVE))
    show("ours, words", ours.time([f"{place}?{search}" for search in searches]))
    theirs = show("bare Datasette, 6 facets", bare.time([f"{place}?_size=50&{own}"] * 5))
    show("bare Datasette, words", bare.time([f"{place}?_size=50&{own}&{search}" for search in searches[:5]]))
    print(f"ours takes {ratio(mine, theirs):.2f} of the time\n")
    page = f"{place}.json?_size=100&_nofacet=1&_sort_desc=created_at"
    answers = {name: [] for name in ("ours", "bare")}
    cpu = dict.fromkeys(answers, 0.0)
    for _ in range(NATIVE):  # by turns, so that whatever slows one slows the other
        for name, server in (("ours", ours), ("bare", bare)):
            timed = server.time([page])
            answers[name] += timed.millis
            cpu[name] += timed.cpu / NATIVE
    mine = show("ours, JSON of 100 rows", Timed(answers["ours"], cpu["ours"]))
    theirs = show("bare Datasette, JSON of 100 rows", Timed(answers["bare"], cpu["bare"]))
    print(f"ours takes {ratio(mine, theirs):.2f} of the time")
    show_memory("at the end", ours)


def show(name: str, timed: Timed) -> Timed:
    ordered = sorted(timed.millis)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(f"{name:34}{statistics.median(ordered):8.1f}{p95:8.1f}{timed.cpu:8.1f}", flush=True)
    return timed


def ratio(mine: Timed, theirs: Timed) -> float:
    return statistics.median(mine.millis) / statistics.median(theirs.millis)


def show_memory(when: str, server: Server) -> None:
    held = server.memory()
    if held:
        others = f", its {len(held) - 1} processes {sum(held[1:]):.0f}" if len(held) > 1 else ""
        print(f"memory {when}: the server {held[0]:.0f} MB{others}", flush=True)


if __name__ == "__main__":
    main()
