"""Visitors who connect and say nothing, or little: none of them keeps the others out."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import httpx
import pytest

from catalog.library import create_library
from catalog.web.serve import serve
from tests.house import LONG, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.serving import RunningServer

HEAD_SECONDS, MOST = 0.5, 10
HALF = b"GET /-/static/app.css HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with little patience and little room."""
    path: Path = tmp_path_factory.mktemp("connections") / "catalog.db"
    create_library(path)
    servers: list[RunningServer] = []
    is_ready = threading.Event()

    def announce(server: RunningServer) -> None:
        servers.append(server)
        is_ready.set()

    options = {"head_seconds": HEAD_SECONDS, "max_visitors": MOST}
    thread = threading.Thread(target=lambda: serve(path, port=0, on_ready=announce, **options))
    thread.start()
    assert is_ready.wait(LONG)
    yield servers[0].url
    servers[0].stop()
    thread.join(LONG)


def connect(url: str, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection((httpx.URL(url).host, httpx.URL(url).port), timeout=LONG)
    connection.sendall(data)
    return connection


def read(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def drip(connection: socket.socket) -> bytes:
    """Send a byte now and then until there is an answer."""
    connection.settimeout(HEAD_SECONDS / 10)
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        try:
            connection.sendall(b"x")
            return connection.recv(65536)
        except TimeoutError:
            pass
    raise AssertionError("no answer")


def test_a_head_that_does_not_arrive_is_answered_and_closed(url: str) -> None:
    with connect(url) as silent, connect(url, b"GET / HTTP/1.1\r\nX: ") as slow:
        assert drip(slow).startswith(b"HTTP/1.1 408 ")
        assert read(silent).startswith(b"HTTP/1.1 408 ")


def test_a_kept_connection_has_no_more_time_for_its_next_head(url: str) -> None:
    with closing(http.client.HTTPConnection(httpx.URL(url).host, httpx.URL(url).port, timeout=LONG)) as kept:
        kept.request("GET", "/-/static/app.css")
        assert kept.getresponse().read()
        kept.sock.sendall(b"GET / HTTP/1.1\r\nX: ")
        assert drip(kept.sock).startswith(b"HTTP/1.1 408 ")


def answers_of_a_crowd(url: str) -> list[bytes]:
    """What those who sent half a head are answered, of whom there are as many as can be, when a visitor comes."""
    with ExitStack() as crowd:
        others = [crowd.enter_context(connect(url, HALF)) for _ in range(MOST)]
        assert httpx.get(f"{url}/-/static/app.css", trust_env=False, timeout=LONG).status_code == 200
        return [read(other) for other in others]


def test_where_all_connections_are_taken_the_one_that_waits_longest_has_to_go(url: str) -> None:
    def is_so() -> bool:  # on a very busy machine, their time may be over before the visitor comes
        first, *others = answers_of_a_crowd(url)
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in others)
        assert b"x-frame-options: DENY" in first
        return first.startswith(b"HTTP/1.1 503 ")

    wait_until(is_so)
