"""A raw HTTP server on loopback for answers that no library would let a server send.

It writes the bytes it is told to, when it is told to, and keeps what it was asked.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a client asked: method, target as sent, headers with names in lower case."""

    method: str
    target: str
    headers: dict[str, str]


Answer = Callable[[Request], Iterable[bytes]]


class RawServer:
    """A context manager; `answer` gives the bytes for each request, and the connection closes behind them."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.stopping = threading.Event()
        self.requests: list[Request] = []

    @property
    def port(self) -> int:
        return self._socket.getsockname()[1]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    def __enter__(self) -> RawServer:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in list(self._threads):
            thread.join(5)

    def drip(self, data: bytes, pause: float) -> Iterable[bytes]:
        """The data one byte at a time, until the test ends."""
        for byte in data:
            if self.stopping.wait(pause):
                return
            yield bytes([byte])

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            request = self._read(connection)
            if request is None:
                return
            self.requests.append(request)
            for piece in self._answer(request):
                connection.sendall(piece)

    @staticmethod
    def _read(connection: socket.socket) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            received = connection.recv(65536)
            if not received:
                return None
            data += received
        first, *lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(": ") for line in lines)
        return Request(method, target, {name.lower(): value for name, _, value in pairs})


def response(body: object = b"", status: int = 200, length: int | None = None, **headers: str) -> list[bytes]:
    """One HTTP answer; anything but bytes is sent as JSON; `_` in a name without `-` stands for it."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": "application/json", "connection": "close"}
    fields |= {name if "-" in name else name.replace("_", "-"): value for name, value in headers.items()}
    fields["content-length"] = str(len(data) if length is None else length)
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return [head.encode() + b"\r\n", data]


def always(body: object = b"", status: int = 200, length: int | None = None, **headers: str) -> Answer:
    """A server that gives one answer to everything."""
    return lambda _request: response(body, status, length, **headers)


def in_turn(*answers: Iterable[bytes]) -> Answer:
    """A server that gives these answers one after another, and the last one for ever."""
    left = list(answers)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]
