"""A queue for each kind of request, so that fifty heavy ones never hold up a plain page.

Each kind has its own places and its own bound on who waits for one; whoever comes beyond that is told to come again.
What visitors ask for is answered by processes of the kind's own (`reader.py`), one for each place; what the page of the
database shows is read by threads that all share. Whatever is written gives way to plain pages.
"""

from __future__ import annotations

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

from catalog.web.gallery.routes import is_ours
from catalog.web.reader import Reader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
    from pathlib import Path

    from catalog.web.application import Application, Message, Receive, Send

Answer = TypeVar("Answer")

WAIT_SECONDS = 20.0  # for a place
SEND_SECONDS = 30.0  # for a visitor to take a piece of the answer
PIECE = 256 << 10  # bytes
ANSWER_SECONDS = 600.0  # for an answer as a whole
TURN_SECONDS = 0.005  # for which a page is written without a pause
REST_SECONDS = 0.02  # of such a pause while plain pages are answered
RETRY_SECONDS = 5

# Parameters of Datasette's that give a visitor's request no more to do than the page has anyway.
_LIGHT = frozenset(
    {"_col", "_dl", "_header", "_json", "_json_infinity", "_labels", "_next", "_nl", "_nocol", "_nocount", "_nofacet"}
    | {"_nosuggest", "_shape", "_size", "_sort", "_sort_desc", "_stream", "_ttl"}
)
_PARTS = ("database", "table")  # pages by the parts of their paths; rows and files have more
_VIDEOS = re.compile(r"/[^/]+/videos(\.json)?")
_USUAL = re.compile(r"[0-9]{1,2}|100|")  # sizes of a page that is read and written in milliseconds
_current: ContextVar[Lane | None] = ContextVar("lane", default=None)


class Full(Exception):
    """So many wait already, or one has waited for so long, that it has to come again."""


class Lane:
    """The requests of one kind: so many are answered at a time, and so many wait.

    With a path, their queries are answered by processes of their own. They give way to those of the lane `before`.
    """

    def __init__(self, places: int, waiting: int, path: Path | None = None, *, before: Lane | None = None) -> None:
        self._free = asyncio.Semaphore(places)
        self._most = waiting
        self._waiting = 0
        self._before = before
        self.answered = 0
        self._turn = time.monotonic()
        self._readers = [Reader(path) for _ in range(places)] if path else []
        self._idle: SimpleQueue[Reader] = SimpleQueue()
        for reader in self._readers:
            self._idle.put(reader)
        self._threads = ThreadPoolExecutor(places, "catalog-reader")

    @property
    def is_apart(self) -> bool:
        """Whether its queries are answered by processes of their own."""
        return bool(self._readers)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place, once there is one; raises Full."""
        if self._free.locked() and self._waiting >= self._most:
            raise Full
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Full from None
        finally:
            self._waiting -= 1
        self.answered += 1
        try:
            yield
        finally:
            self.answered -= 1
            self._free.release()

    def is_turn_over(self) -> bool:
        """Whether what is written without a pause has taken so long that others must have their turn."""
        return time.monotonic() - self._turn > TURN_SECONDS

    async def give_way(self) -> None:
        """Pause, where it is time to.

        One step of the server's loop is not enough: a plain page takes some twenty, and each would wait for a turn of
        every heavy page.
        """
        if self.is_turn_over():
            await asyncio.sleep(REST_SECONDS if self._before and self._before.answered else 0)
            self._turn = time.monotonic()

    async def ask(self, question: Callable[[Reader], Answer]) -> Answer:
        """What the question has of a reader, once one is free; where nobody waits for it any more, that is ended."""
        asked: list[Reader] = []

        def ask() -> Answer:
            reader = self._idle.get()
            asked.append(reader)
            try:
                return question(reader)
            finally:
                self._idle.put(reader)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        except asyncio.CancelledError:
            for reader in asked:
                reader.stop()
            raise

    def close(self) -> None:
        """End its processes, whatever they do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for reader in self._readers:
            reader.stop()


class Queues:
    """The lanes of one library."""

    def __init__(self, path: Path) -> None:
        plain = Lane(8, 128)
        self._lanes = {
            "plain": plain,
            "database": Lane(2, 64, before=plain),
            "videos": Lane(2, 64, before=plain),
            "table": Lane(2, 16, path, before=plain),
            "search": Lane(2, 16, path, before=plain),
            "export": Lane(1, 16, path, before=plain),
            "sql": Lane(1, 16, path, before=plain),
            "gallery": Lane(4, 128, before=plain),
            "media": Lane(32, 256, before=plain),
        }

    def lane(self, path: str, query: str) -> Lane:
        """The lane of a request."""
        return self._lanes[kind_of(path, query)]

    def close(self) -> None:
        """End all processes that answer queries."""
        for lane in self._lanes.values():
            lane.close()


def kind_of(path: str, query: str) -> str:
    """The kind of work that a request asks for: `plain database videos table search export sql gallery media`."""
    values = parse_qsl(query, keep_blank_values=True)
    names = {name for name, _ in values}
    parts = [part for part in path.split("/") if part]
    if is_ours(path.encode("latin-1")):
        return "media" if parts[1:2] == ["media"] else "gallery"
    if parts and parts[0] == "-":
        return "plain"
    if path.endswith(".csv"):
        return "export"
    if names & {"sql", "_where"}:
        return "sql"
    if len(parts) > len(_PARTS):
        return "plain"
    if names - _LIGHT:
        return "search"
    return "videos" if _is_usual(path, values) else _PARTS[len(parts) - 1]


def _is_usual(path: str, values: list[tuple[str, str]]) -> bool:
    """Whether a path is of a page of videos that is no longer than usual."""
    return _VIDEOS.fullmatch(path) is not None and all(
        _USUAL.fullmatch(value) for name, value in values if name == "_size"
    )


def current_lane() -> Lane | None:
    """The lane of the request that is being answered; None outside one."""
    return _current.get()


def in_turn(application: Application, queues: Queues) -> Application:
    """The application, each request in the lane of its kind; 503 for those that find it full.

    A visitor who leaves, or takes nothing of the answer for long, gives up the place.
    """

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        lane = queues.lane(scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"))
        visit = _Visit(receive, send, is_reading=scope["method"] in ("GET", "HEAD"))
        try:
            await visit.spend(_in_place(application, lane, scope, visit))
        except Full:
            await _refuse(send, "Too many requests of this kind are waiting: come again in a few seconds.")
        except asyncio.CancelledError:  # the server stops
            if not visit.has_started:
                await _refuse(send, "The server stops.")

    return answer


async def _in_place(application: Application, lane: Lane, scope: Message, visit: _Visit) -> None:
    async with lane.place():
        _current.set(lane)
        await application(scope, visit.receive, visit.send)


class _Visit:
    """One request, which ends when its visitor leaves or takes nothing more."""

    def __init__(self, receive: Receive, send: Send, *, is_reading: bool) -> None:
        self._receive = receive
        self._send = send
        self._is_reading = is_reading
        self._has_stalled = asyncio.Event()
        self._is_sent = False
        self.has_started = False

    async def spend(self, work: Any) -> None:
        """Do the work as long as the visitor is there."""
        task = asyncio.ensure_future(work)
        ends = [task, asyncio.ensure_future(self._has_stalled.wait())]
        if self._is_reading:
            ends.append(asyncio.ensure_future(self._left()))
        try:
            await asyncio.wait(ends, timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends[self._is_sent :]:  # who has it all may leave, and the work has a moment to tidy up
                if not end.done():
                    end.cancel()
        await asyncio.wait(ends)
        if not task.cancelled():
            task.result()

    async def receive(self) -> MutableMapping[str, Any]:
        """What the server receives; nothing of a request that has no body, whose end `spend` waits for."""
        return {"type": "http.request", "body": b"", "more_body": False} if self._is_reading else await self._receive()

    async def send(self, message: Message) -> None:
        """Send a message, if the visitor takes each piece of it in time."""
        self.has_started = True
        for piece in _pieces(message):
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._send(piece)
            except TimeoutError:
                self._has_stalled.set()
                await asyncio.Event().wait()  # until `spend` ends it
            if lane := current_lane():
                await lane.give_way()
        self._is_sent = message["type"] == "http.response.body" and not message.get("more_body")

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _pieces(message: Message) -> Iterator[Message]:
    """The message, with at most so much of a body in each piece: copying 30 MB at once holds up all that is served."""
    body = memoryview(message.get("body", b""))
    while len(body) > PIECE:
        yield {**message, "body": bytes(body[:PIECE]), "more_body": True}
        body = body[PIECE:]
    yield {**message, "body": bytes(body)} if "body" in message else message


async def _refuse(send: Send, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", str(RETRY_SECONDS).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
