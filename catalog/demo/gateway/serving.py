"""HTTP/1.1 on loopback: requests in, answers out. It knows nothing about videos.

The server answers every connection in a thread of its own and keeps it open between requests, as real servers do. It
stops at once: open connections are shut, threads are joined.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from email.message import Message

HOST = "127.0.0.1"
LARGEST_BODY = 64 << 20
TICK = 0.02  # seconds between two pieces of what comes slowly
LIE = 1000  # bytes that a length says too much
FILLER = bytes(1 << 16)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REASONS = {206: "Partial Content", 416: "Range Not Satisfiable", 429: "Too Many Requests"}


Length = Literal["right", "long", "short", "chunked", "closed"]


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
    """What a server answers; ranges of a file may be asked for. The rest is how an answer goes wrong on its way.

    With `sent`, only that many bytes of the body leave and the connection is closed. `length` is what is said of the
    length: the truth, too much, too little, nothing because the body comes in chunks, or nothing because it ends with
    the connection. The body leaves at `pace` bytes a second, at 0 never. What is `endless` goes on until the client
    leaves.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_file: bool = False
    sent: int | None = None
    length: Length = "right"
    pace: float | None = None
    endless: Literal["", "head", "body"] = ""

    @property
    def ends_connection(self) -> bool:
        """Whether nothing can follow this answer."""
        return self.sent is not None or bool(self.endless) or self.length not in ("right", "chunked")

    def framing(self) -> dict[str, str]:
        """The header that says where the body ends."""
        if self.length == "closed":
            return {}
        if self.length == "chunked":
            return {"Transfer-Encoding": "chunked"}
        size = len(self.body)
        length = {"right": size, "long": size + LIE, "short": size // 2}[self.length]
        return {"Content-Length": str(length)}

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the body as they leave."""
        body = self.body[: self.sent]
        size = max(1, int(self.pace * TICK)) if self.pace else len(body) or 1
        yield from (body[at : at + size] for at in range(0, len(body), size))
        while self.endless == "body":
            yield FILLER[:size] if self.pace else FILLER


class Dropped(Exception):
    """Close the connection without an answer."""


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
        self.stopped = threading.Event()
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
        self.stopped.set()
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
        self.close_connection = self.close_connection or answer.ends_connection
        headers = {
            "Date": formatdate(usegmt=True),
            "Server": "sample-gateway",
            "Content-Type": answer.content_type,
            **answer.framing(),
            **answer.headers,
            **({"Connection": "close"} if self.close_connection else {}),
        }
        reason = REASONS.get(answer.status) or self.responses.get(answer.status, ("",))[0]
        head = f"HTTP/1.1 {answer.status} {reason}\r\n" + "".join(
            f"{name}: {text}\r\n" for name, text in headers.items()
        )
        if answer.endless == "head":
            self._send_head_without_end(head)
            return
        self.wfile.write(head.encode("latin-1") + b"\r\n")
        if self.command != "HEAD":
            self._send_body(answer)

    def _send_head_without_end(self, head: str) -> None:
        self.wfile.write(head.encode("latin-1"))
        while not self._wait(TICK):
            self.wfile.write(b"X-And-Then: more\r\n")

    def _send_body(self, answer: Answer) -> None:
        if answer.pace == 0:
            self._wait(None)
            return
        is_chunked = answer.length == "chunked"
        for piece in answer.pieces():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            if answer.pace and self._wait(len(piece) / answer.pace):
                return
        if is_chunked and answer.sent is None:
            self.wfile.write(b"0\r\n\r\n")

    def _wait(self, seconds: float | None) -> bool:
        """Wait so long, or until the server stops, which is then true."""
        return cast("_Listener", self.server).stopped.wait(seconds)


for _method in METHODS:
    setattr(_Handler, f"do_{_method}", _Handler._serve)  # noqa: SLF001  # the names http.server looks for
