"""Serving at an address of this machine: take the port, announce the server once it answers, stop it.

The caller brings the server that answers: `catalog hooks` and `catalog serve` each have one. This module knows no HTTP.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.errors import ConfigError
from catalog.stopping import ENDING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from types import FrameType

    Answer = Callable[[socket.socket, Callable[[], None], asyncio.Event], Coroutine[Any, Any, None]]

LAST_PORT = 65535
ACCEPTED_AT_ONCE = 16  # connections, before any is looked at; as many may be open beyond what a server counts
WAITING = 512  # connections that the system keeps until they are accepted
_FULL = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
FIRST_FREE_PORT = 1024  # below it, many systems want an administrator


class RunningServer:
    """A server that answers: its `url`, without a trailing slash, and a way to stop it."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
        self.url = url
        self._loop = loop
        self._stopped = stopped

    def stop(self) -> None:
        """Stop the server, from any thread; requests in progress are still answered."""
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._stopped.set)


def serve_at(host: str, port: int, answer: Answer, on_ready: Callable[[RunningServer], None] | None = None) -> None:
    """Serve until the server is stopped or the program is interrupted; port 0 picks a free one.

    `answer(listener, announce, stopped)` accepts connections at the listening socket, ACCEPTED_AT_ONCE, calls
    `announce` once it does, and returns after `stopped` is set. `on_ready` is called in another thread; an exception in
    it stops the server and is raised here. A signal that the program handles stops the server first, and reaches its
    handler then; a second one reaches it at once. Raises ConfigError for an address that cannot be used.
    """
    received: list[int] = []
    with listen(host, port) as listener:
        asyncio.run(_serve(url_of(host, listener), listener, answer, on_ready or (lambda _: None), received))
    for number in received:
        signal.raise_signal(number)


async def _serve(
    url: str,
    listener: socket.socket,
    answer: Answer,
    on_ready: Callable[[RunningServer], None],
    received: list[int],
) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(_tell)
    announcements: list[asyncio.Task[None]] = []

    def announce() -> None:
        listener.listen(WAITING)  # asyncio knows one number for this and for how many it accepts at once
        server = RunningServer(url, asyncio.get_running_loop(), stopped)
        announcement = asyncio.create_task(asyncio.to_thread(on_ready, server))
        announcement.add_done_callback(end_if_failed)
        announcements.append(announcement)

    def end_if_failed(announcement: asyncio.Task[None]) -> None:
        if not announcement.cancelled() and announcement.exception():
            stopped.set()

    with _stopping(stopped, received):
        await answer(listener, announce, stopped)
    for announcement in announcements:
        if announcement.done():
            announcement.result()


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of a fault, but not of a connection too many: that is tried again, and strangers can make thousands."""
    error = context.get("exception")
    if not (isinstance(error, OSError) and error.errno in _FULL):
        loop.default_exception_handler(context)


@contextmanager
def _stopping(stopped: asyncio.Event, received: list[int]) -> Iterator[None]:
    """Inside, the first signal is put into `received` and sets `stopped`; only the main thread gets any."""
    loop = asyncio.get_running_loop()
    handlers: dict[int, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        if received:
            handlers[number](number, frame)
        received.append(number)
        loop.call_soon_threadsafe(stopped.set)

    if threading.current_thread() is threading.main_thread():
        numbers = (signal.SIGINT, *ENDING)
        handlers = {number: signal.getsignal(number) for number in numbers if callable(signal.getsignal(number))}
    for number in handlers:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at the first usable address of `host`, IPv4 before IPv6; raises ConfigError."""
    if not 0 <= port <= LAST_PORT:
        raise ConfigError(f"cannot listen on port {port}: name one from 0 to {LAST_PORT}")
    try:
        addresses = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"cannot listen on {host!r}: no such host; name an address of this machine") from error
    fault: OSError | None = None
    for family, *_, address in sorted(addresses, key=lambda entry: entry[0] != socket.AF_INET):
        try:
            return _listen_at(address, family)
        except OSError as error:
            fault = fault or error
    raise _explain(fault, host, port) from fault


def _listen_at(address: Any, family: int) -> socket.socket:
    """The socket of `socket.create_server`, its protocol named: where it is TCP, asyncio turns Nagle's delay off."""
    made = socket.create_server(address, family=family)
    return socket.socket(family, made.type, socket.IPPROTO_TCP, fileno=made.detach())


def _explain(fault: OSError | None, host: str, port: int) -> ConfigError:
    number = fault.errno if fault else None
    if number == errno.EADDRINUSE:
        return ConfigError(f"port {port} is in use: name another, or 0 for a free one")
    if number == errno.EACCES and port < FIRST_FREE_PORT:
        return ConfigError(f"port {port} is for administrators: name one from {FIRST_FREE_PORT} up")
    if number == errno.EADDRNOTAVAIL:
        return ConfigError(f"cannot listen on {host}: it is not an address of this machine")
    return ConfigError(f"cannot listen on {in_url(host)}:{port}: {fault.strerror if fault else 'no address'}")


def url_of(host: str, listener: socket.socket) -> str:
    """The URL of the server at this socket, with the host as the caller wrote it."""
    address, port, *_ = listener.getsockname()
    return f"http://{in_url(host or address)}:{port}"


def in_url(host: str) -> str:
    """A host as it is written in a URL: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def affordable_connections(most: int, *, besides: int, least: int = 8) -> int:
    """How many connections this process can have open at once, `besides` so many further files: at most `most`."""
    try:
        import resource

        may_open = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        is_open = len(list(Path("/dev/fd").iterdir()))
    except (ImportError, OSError):
        return most
    return most if may_open == resource.RLIM_INFINITY else max(least, min(most, may_open - is_open - besides))
