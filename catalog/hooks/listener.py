"""A small HTTP server for deliveries: one request for each connection, bounded in size and in time.

A whole request has one deadline, however slowly its bytes arrive, and a connection that only waits costs no thread. A
request that cannot be read is answered with a 4xx, never with a 5xx. The port of a receiver is open to the world, which
is why uvicorn does not serve it as it serves `catalog serve`: it has no deadline for the head of a request, and let 200
senders that sent a line a second stay for as long as they liked (measured with 0.54).

This module does not know what deliveries mean.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from catalog.wire.webhooks import MAX_BODY

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    import h11

    from catalog.serving import Answer

    Receive = Callable[[Mapping[str, str], bytes], tuple[HTTPStatus, str]]

PATHS = frozenset({"/", "/webhook", "/webhooks", "/hooks"})  # that senders may be configured with
READ_SECONDS = 15.0
LINGER_SECONDS = 2.0  # for a sender that is still sending to receive the refusal
MAX_HEAD = 16 << 10
MAX_CONNECTIONS = 512
RETRY_SECONDS = 30

_EXTRA_HEADERS = {
    HTTPStatus.METHOD_NOT_ALLOWED: [("Allow", "POST")],
    HTTPStatus.SERVICE_UNAVAILABLE: [("Retry-After", str(RETRY_SECONDS))],
}


class _Refused(Exception):
    """A request that is answered without being taken in."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def receive_requests(receive: Receive, read_seconds: float = READ_SECONDS) -> Answer:
    """A server for `serve_at`: answers each request with what `receive(headers, body)` returns, run in a thread.

    A request that has not arrived as a whole within `read_seconds` is refused.
    """

    async def answer(listener: socket.socket, announce: Callable[[], None], stopped: asyncio.Event) -> None:
        conversations: set[asyncio.Task[Any]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None and len(conversations) < MAX_CONNECTIONS:
                conversations.add(task)
                task.add_done_callback(conversations.discard)
                with suppress(ConnectionError):
                    await _converse(receive, read_seconds, reader, writer)
            writer.close()

        async with await asyncio.start_server(accept, sock=listener, limit=MAX_HEAD) as server:
            announce()
            await stopped.wait()
            server.close()
            if conversations:
                await asyncio.wait(conversations, timeout=LINGER_SECONDS)
            for task in list(conversations):
                task.cancel()

    return answer


async def _converse(
    receive: Receive, read_seconds: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    import h11

    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    is_read = False
    try:
        async with asyncio.timeout(read_seconds):
            request = await _read(connection, reader, writer)
        if request is None:
            return
        is_read = True
        status, message = await asyncio.to_thread(receive, *request)
    except _Refused as refusal:
        status, message = refusal.status, str(refusal)
    except TimeoutError:
        status, message = HTTPStatus.REQUEST_TIMEOUT, f"the request did not arrive within {READ_SECONDS:.0f} seconds"
    except h11.RemoteProtocolError as error:
        hint = error.error_status_hint
        status, message = (
            HTTPStatus(hint) if 400 <= hint < 500 else HTTPStatus.BAD_REQUEST,
            "this is not an HTTP request",
        )
    await _answer(connection, writer, status, message)
    if not is_read:
        await _linger(reader, writer)


async def _read(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[dict[str, str], bytes] | None:
    """The headers and the body of a delivery; None if the connection ends without a request."""
    import h11

    request = await _next_event(connection, reader, writer)
    if not isinstance(request, h11.Request):
        return None
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
    if request.target.decode("latin-1").partition("?")[0] not in PATHS:
        raise _Refused(HTTPStatus.NOT_FOUND, "deliver to /webhook")
    if request.method != b"POST":
        raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, "deliver with POST")
    length = headers.get("content-length", "0")
    body = bytearray()
    while int(length) <= MAX_BODY and len(body) <= MAX_BODY:
        event = await _next_event(connection, reader, writer)
        if isinstance(event, h11.EndOfMessage):
            return headers, bytes(body)
        if isinstance(event, h11.Data):
            body += event.data
    raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {MAX_BODY} bytes")


async def _next_event(connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> object:
    import h11

    while (event := connection.next_event()) is h11.NEED_DATA:
        if connection.they_are_waiting_for_100_continue:
            writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        connection.receive_data(await reader.read(MAX_HEAD))
    return event


async def _answer(connection: h11.Connection, writer: asyncio.StreamWriter, status: HTTPStatus, message: str) -> None:
    import h11

    body = json.dumps({"message": message}).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *_EXTRA_HEADERS.get(status, []),
    ]
    with suppress(h11.LocalProtocolError):  # the sender has already gone
        for event in (
            h11.Response(status_code=status, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            writer.write(connection.send(event) or b"")
        await writer.drain()


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read on for a moment: closing a connection with unread bytes resets it, and the answer is lost."""
    with suppress(OSError, TimeoutError):
        writer.write_eof()
        async with asyncio.timeout(LINGER_SECONDS):
            while await reader.read(MAX_HEAD):
                pass
