"""A small HTTP server for deliveries: one request for each connection, bounded in size and in time.

A whole request has one deadline, however slowly its bytes arrive, and a connection that only waits costs no thread. A
request that cannot be read is answered with a 4xx; one that nobody has room or time for with a 503, which makes its
sender deliver again. The port of a receiver is open to the world, which is why uvicorn does not serve it as it serves
`catalog serve`: it has no deadline for a request as a whole, and cuts senders off without an answer.

This module does not know what deliveries mean.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog.hooks.senders import Senders
from catalog.serving import ACCEPTED_AT_ONCE
from catalog.wire.webhooks import MAX_BODY

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    import h11

    from catalog.hooks.senders import Sender
    from catalog.serving import Answer

    Reply = tuple[HTTPStatus, str]
    Receive = Callable[[Mapping[str, str], bytes], Reply | Callable[[], Reply]]

PATHS = frozenset({"/", "/webhook", "/webhooks", "/hooks"})  # that senders may be configured with
READ_SECONDS = 15.0
LINGER_SECONDS = 2.0  # for a sender that is still sending to receive the refusal
LAST_SECONDS = 0.5  # for a request to arrive when the receiver ends
KEEP_SECONDS = 10.0  # senders give up after 15 to 30
MAX_HEAD = 16 << 10
RETRY_SECONDS = 30
READERS, KEEPERS = 2, 4  # threads

_EXTRA_HEADERS = {
    HTTPStatus.METHOD_NOT_ALLOWED: [("Allow", "POST")],
    HTTPStatus.SERVICE_UNAVAILABLE: [("Retry-After", str(RETRY_SECONDS))],
}


class _Refused(Exception):
    """A request that is answered without being taken in."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def receive_requests(
    receive: Receive,
    read_seconds: float = READ_SECONDS,
    keep_seconds: float = KEEP_SECONDS,
    max_senders: int | None = None,
) -> Answer:
    """A server for `serve_at`: answers each request with what `receive(headers, body)` returns, run in a thread.

    Where that is a function, it is what takes long, and the answer is what it returns: run in threads of its own, so
    that requests which are refused at once neither wait for it nor keep it waiting. A request that has not arrived as a
    whole within `read_seconds` is refused, and one that is not taken in within `keep_seconds` is answered 503. At most
    `max_senders` wait or are worked on, by default as many as the process may have files open for.
    """

    async def answer(listener: socket.socket, announce: Callable[[], None], stopped: asyncio.Event) -> None:
        desk = _Desk(receive, read_seconds, keep_seconds, Senders(max_senders))
        async with await asyncio.start_server(
            desk.accept, sock=listener, limit=MAX_HEAD, backlog=ACCEPTED_AT_ONCE
        ) as server:
            announce()
            await stopped.wait()
            server.close()
            await desk.close()

    return answer


class _Desk:
    """Where requests are read, worked on and answered."""

    def __init__(self, receive: Receive, read_seconds: float, keep_seconds: float, senders: Senders) -> None:
        self._receive = receive
        self._read_seconds = read_seconds
        self._keep_seconds = keep_seconds
        self._senders = senders
        self._readers = ThreadPoolExecutor(READERS, "catalog-hooks-read")
        self._keepers = ThreadPoolExecutor(KEEPERS, "catalog-hooks-keep")

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        if task is None:
            return
        sender = self._senders.admit(task)
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                await self._converse(sender, reader, writer)
        finally:
            self._senders.remove(sender)
            writer.close()

    async def close(self) -> None:
        """End every connection, after a moment; whose delivery has arrived gets an answer if that takes little more."""
        if tasks := self._senders.tasks():
            await asyncio.wait(tasks, timeout=LAST_SECONDS)
        if tasks := self._senders.tasks(have_arrived=True):
            await asyncio.wait(tasks, timeout=LINGER_SECONDS)
        for task in self._senders.tasks():
            task.cancel()
        for threads in (self._readers, self._keepers):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _converse(self, sender: Sender, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        import h11

        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        try:
            reply = await self._reply(sender, connection, reader, writer)
        except asyncio.CancelledError:
            if not sender.is_leaving:
                raise
            while sender.task.uncancel():
                pass
            reply = HTTPStatus.SERVICE_UNAVAILABLE, "too many senders are connected: deliver again, at once as a whole"
        if reply is None:
            return
        self._senders.start_leaving(sender)
        await _answer(connection, writer, *reply)
        if sender.received and not sender.has_arrived:
            await _linger(reader, writer)

    async def _reply(
        self, sender: Sender, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Reply | None:
        import h11

        def count(received: int) -> None:
            self._senders.count_bytes(sender, received)

        try:
            async with asyncio.timeout(self._read_seconds):
                request = await _read(connection, reader, writer, count)
        except _Refused as refusal:
            return refusal.status, str(refusal)
        except TimeoutError:
            seconds = f"{self._read_seconds:g} seconds"
            return HTTPStatus.REQUEST_TIMEOUT, f"the request did not arrive within {seconds}"
        except h11.RemoteProtocolError as error:
            hint = error.error_status_hint
            status = HTTPStatus(hint) if 400 <= hint < 500 else HTTPStatus.BAD_REQUEST
            return status, "this is not an HTTP request"
        if request is None:
            return None
        if not self._senders.start_work(sender):
            return HTTPStatus.SERVICE_UNAVAILABLE, "too many deliveries are waiting for the library: deliver again"
        return await self._work(*request)

    async def _work(self, headers: Mapping[str, str], body: bytes) -> Reply:
        loop = asyncio.get_running_loop()
        outcome = await loop.run_in_executor(self._readers, self._receive, headers, body)
        if isinstance(outcome, tuple):
            return outcome
        try:
            async with asyncio.timeout(self._keep_seconds):
                return await loop.run_in_executor(self._keepers, outcome)
        except TimeoutError:  # if it is kept after all, the next delivery is known already
            return HTTPStatus.SERVICE_UNAVAILABLE, "the library is busy: deliver again"


async def _read(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    count: Callable[[int], None],
) -> tuple[dict[str, str], bytes] | None:
    """The headers and the body of a delivery; None if the connection ends without a request."""
    import h11

    request = await _next_event(connection, reader, writer, count)
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
        event = await _next_event(connection, reader, writer, count)
        if isinstance(event, h11.EndOfMessage):
            return headers, bytes(body)
        if isinstance(event, h11.Data):
            body += event.data
    raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {MAX_BODY} bytes")


async def _next_event(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    count: Callable[[int], None],
) -> object:
    import h11

    while (event := connection.next_event()) is h11.NEED_DATA:
        if connection.they_are_waiting_for_100_continue:
            writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        data = await reader.read(MAX_HEAD)
        count(len(data))
        connection.receive_data(data)
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
    sent = []
    with suppress(h11.LocalProtocolError):  # the sender has already gone, or wants no body
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            sent.append(connection.send(event) or b"")  # noqa: PERF401 - what is there at the error counts
    writer.write(b"".join(sent))
    await writer.drain()


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read on for a moment: closing a connection with unread bytes resets it, and the answer is lost."""
    with suppress(OSError, TimeoutError):
        writer.write_eof()
        async with asyncio.timeout(LINGER_SECONDS):
            while await reader.read(MAX_HEAD):
                pass
