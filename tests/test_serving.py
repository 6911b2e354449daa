"""Taking an address of this machine, for both servers: what they announce, and what they say when they cannot."""

from __future__ import annotations

import asyncio
import errno
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from catalog.client.client import Client
from catalog.errors import ConfigError
from catalog.hooks import serve_hooks
from catalog.serving import _explain, listen, serve_at, url_of
from catalog.web.serve import serve
from tests.house import LONG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from catalog.database import Database
    from catalog.serving import RunningServer


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


async def say_hello(listener: socket.socket, announce: Callable[[], None], stopped: asyncio.Event) -> None:
    announce()
    await stopped.wait()


def test_a_free_port_is_announced_and_answers_until_the_server_is_stopped() -> None:
    urls: list[str] = []

    def on_ready(server: RunningServer) -> None:
        urls.append(server.url)
        host, _, port = server.url.removeprefix("http://").partition(":")
        socket.create_connection((host, int(port))).close()
        server.stop()

    serve_at("127.0.0.1", 0, say_hello, on_ready)
    host, _, port = urls[0].removeprefix("http://").partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_a_server_may_be_stopped_twice_and_after_its_end() -> None:
    servers: list[RunningServer] = []

    def on_ready(server: RunningServer) -> None:
        servers.append(server)
        server.stop()
        server.stop()

    serve_at("127.0.0.1", 0, say_hello, on_ready)
    servers[0].stop()


def test_what_an_announcement_raises_ends_the_server() -> None:
    def fail(_: RunningServer) -> None:
        raise ValueError("nobody listens")

    with pytest.raises(ValueError, match="nobody listens"):
        serve_at("127.0.0.1", 0, say_hello, fail)


def test_an_announcement_may_take_as_long_as_the_server_runs() -> None:
    released = threading.Event()

    def on_ready(server: RunningServer) -> None:
        threading.Timer(0.05, server.stop).start()
        threading.Timer(0.3, released.set).start()
        assert released.wait(30)

    serve_at("127.0.0.1", 0, say_hello, on_ready)
    assert released.is_set()


@pytest.mark.parametrize(("host", "spelled"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("", "0.0.0.0")])
def test_a_url_names_the_address_as_it_was_asked_for(host: str, spelled: str) -> None:
    with listen(host, 0) as listener:
        assert url_of(host, listener) == f"http://{spelled}:{listener.getsockname()[1]}"


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_an_address_of_ipv6_stands_in_brackets() -> None:
    with listen("::1", 0) as listener:
        url = url_of("::1", listener)
        assert url == f"http://[::1]:{listener.getsockname()[1]}"
        socket.create_connection(listener.getsockname()[:2]).close()


def test_small_answers_leave_at_once() -> None:
    """Without TCP_NODELAY each later request of a connection takes 40 ms."""
    options: list[int] = []

    async def answer(listener: socket.socket, announce: Callable[[], None], stopped: asyncio.Event) -> None:
        def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            options.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(note, sock=listener):
            announce()
            await stopped.wait()

    def on_ready(server: RunningServer) -> None:
        host, _, port = server.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.recv(1)
        server.stop()

    serve_at("127.0.0.1", 0, answer, on_ready)
    assert options
    assert all(options)


# What cannot be had, as both servers say it


def hooks_at(library: Database, host: str, port: int) -> None:
    serve_hooks(
        library, "studio", lambda: Client("http://127.0.0.1:1/v1"), ["whsec_aGVsbG8gd29ybGQ="], host=host, port=port
    )


def web_at(library: Database, host: str, port: int) -> None:
    serve(library.path, host=host, port=port, token="sesame")


SERVERS = pytest.mark.parametrize("server", [hooks_at, web_at])


@SERVERS
def test_a_port_in_use_is_named(library: Database, server: Callable[[Database, str, int], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"^port {port} is in use: name another, or 0 for a free one$"):
            server(library, "127.0.0.1", port)


@SERVERS
@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 65536, "cannot listen on port 65536: name one from 0 to 65535"),
        ("127.0.0.1", -1, "cannot listen on port -1: name one from 0 to 65535"),
        ("192.0.2.1", 0, "cannot listen on 192.0.2.1: it is not an address of this machine"),
        ("no host", 0, "cannot listen on 'no host': no such host; name an address of this machine"),
        ("h" * 70, 0, f"cannot listen on {'h' * 70!r}: no such host; name an address of this machine"),
    ],
)
def test_an_impossible_address_is_named(
    library: Database, server: Callable[[Database, str, int], None], host: str, port: int, message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        server(library, host, port)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("number", "port", "message"),
    [
        (errno.EACCES, 80, "port 80 is for administrators: name one from 1024 up"),
        (errno.EACCES, 8080, "cannot listen on [::1]:8080: Permission denied"),
        (errno.EAFNOSUPPORT, 8080, "cannot listen on [::1]:8080: not supported"),
    ],
)
def test_what_the_system_refuses_is_told_with_the_way_out(number: int, port: int, message: str) -> None:
    fault = OSError(number, "not supported" if number == errno.EAFNOSUPPORT else "Permission denied")
    assert str(_explain(fault, "::1", port)) == message


@pytest.mark.parametrize("verb", ["hooks", "serve"])
def test_both_verbs_end_with_one_line_when_the_port_is_taken(library_path: Path, verb: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (library_path.parent / "catalog.toml").write_text("[sources.studio]\nbase_url = 'http://127.0.0.1:1/v1'\n")
        command = [sys.executable, "-m", "catalog", verb, "--db", str(library_path), "--port", str(port)]
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={"CATALOG_WEBHOOK_SECRET": "whsec_aGVsbG8gd29ybGQ=", "PATH": ""},
        )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.strip().splitlines()[-1].endswith(f"port {port} is in use: name another, or 0 for a free one")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_the_server_in_order_and_then_reaches_its_handler(name: str) -> None:
    code = (
        "import asyncio, os, signal\n"
        "from catalog.serving import serve_at\n"
        f"signal.signal(signal.{name}, lambda *_: print('handled', flush=True))\n"
        "async def answer(listener, announce, stopped):\n"
        "    announce()\n"
        "    await stopped.wait()\n"
        "    print('in order', flush=True)\n"
        f"serve_at('127.0.0.1', 0, answer, lambda _: os.kill(os.getpid(), signal.{name}))\n"
        "print('ended')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LONG, check=False)
    assert done.stdout.split("\n") == ["in order", "handled", "ended", ""]
    assert (done.returncode, done.stderr) == (0, "")
