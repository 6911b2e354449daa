"""HTTP/1.1 on loopback: requests in, answers out. It knows nothing about videos.

The server answers every connection in a thread of its own and keeps it open between requests, as real servers do. It
stops at once: open connections are shut, threads are joined.
"""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from email.message import Message

HOST = "127.0.0.1"
LARGEST_BODY = 64 << 20
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REASONS = {206: "Partial Content", 416: "Range Not Satisfiable", 429: "Too Many Requests"}


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked; `path` is percent-encoded as sent; the last of a repeated query parameter counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters, in lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers. With `sent`, only that many bytes of the body leave and the connection is closed."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None


class Dropped(Exception):
    """Close the connection without an answer."""


def ranged(request: Request, data: bytes, content_type: str) -> Answer:
    """The bytes, or the one range of them that was asked for (RFC 9110, section 14).

    A range that holds no byte is answered with 416; several ranges, a malformed one, or one for another version of the
    bytes (`If-Range`) with all of them.
    """
    tag = f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag}
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", "").replace(" ", ""))
    if not wanted or wanted[0] == "bytes=-" or request.headers.get("If-Range", tag) != tag:
        return Answer(200, data, content_type, headers)
    first, last = wanted.groups()
    size = len(data)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Answer(416, b"", content_type, {**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Answer(206, data[start : end + 1], content_type, headers)


class Server:
    """Answers requests on a loopback port through `answer` from `start` to `stop`; port 0 takes a free one."""

    def __init__(self, answer: Callable[[Request], Answer], *, port: int = 0) -> None:
        self._answer = answer
        self._port = port
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        if self._listener is None:
            raise RuntimeError("the server is not running: enter it as a context manager first")
        return f"http://{HOST}:{self._listener.server_address[1]}"

    def start(self) -> None:
        """Listen; requests are answered from now on. OSError when the port is taken."""
        self._listener = _Listener(self._answer, self._port)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), name="gateway", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and wait for the threads behind them."""
        if self._listener and self._thread:
            self._listener.shutdown()
            self._listener.hang_up()
            self._listener.server_close()
            self._thread.join()


class _Listener(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, answer: Callable[[Request], Answer], port: int) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 1 << 16

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name in the base class
        """Print nothing: the gateway keeps its own log."""

    def _serve(self) -> None:
        target = urlsplit(self.path)
        try:
            body = self._read_body()
        except ValueError:
            self._send(Answer(400, b"", "text/plain", sent=0))
            return
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        with suppress(Dropped):
            self._send(
                cast("_Listener", self.server).answer(Request(self.command, target.path, query, self.headers, body))
            )
            return
        self.close_connection = True

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(self._read_chunk, b""))
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= LARGEST_BODY:
            raise ValueError("a body of an impossible length")
        return self.rfile.read(length)

    def _read_chunk(self) -> bytes:
        length = int(self.rfile.readline(64).partition(b";")[0], 16)
        if not 0 <= length <= LARGEST_BODY:
            raise ValueError("a chunk of an impossible length")
        chunk = self.rfile.read(length)
        self.rfile.readline(64)
        return chunk

    def _send(self, answer: Answer) -> None:
        self.close_connection = self.close_connection or answer.sent is not None
        headers = {
            "Date": formatdate(usegmt=True),
            "Server": "sample-gateway",
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            **answer.headers,
            **({"Connection": "close"} if self.close_connection else {}),
        }
        reason = REASONS.get(answer.status) or self.responses.get(answer.status, ("",))[0]
        head = f"HTTP/1.1 {answer.status} {reason}\r\n" + "".join(
            f"{name}: {text}\r\n" for name, text in headers.items()
        )
        body = b"" if self.command == "HEAD" else answer.body[: answer.sent]
        self.wfile.write(head.encode("latin-1") + b"\r\n" + body)


for _method in METHODS:
    setattr(_Handler, f"do_{_method}", _Handler._serve)  # noqa: SLF001  # the names http.server looks for
