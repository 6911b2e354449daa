"""One file as a whole: begun again where it breaks off, as long as each attempt gets further than those before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from catalog.client.content import Resumption
from catalog.errors import BadPayload, SourceError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.client.client import Client
    from catalog.client.content import Content

OVERLAP = 1024  # bytes asked for a second time: a server that sends others than it says is found out


PIECE = 256 * 1024  # bytes written at once


class Sink(Protocol):
    """Where the bytes go: `size` of them so far."""

    size: int

    def write(self, data: bytes) -> None:
        """Append bytes."""

    def restart(self) -> None:
        """Forget what was written."""


def fetch_content(
    client: Client,
    remote_id: str,
    sink: Sink,
    variant: str = "video",
    url: str | None = None,
    *,
    on_open: Callable[[Content], object] = lambda _: None,
) -> None:
    """Write all bytes of a variant of a job to the sink, within the one deadline that the client has for media.

    Where it breaks off, the rest is asked for under the strong ETag of what is there, else all of it again; an attempt
    that gets no further than those before ends it. `on_open` is called with each answer before its bytes are read.
    Raises the SourceError of the last attempt, BadPayload for a body that is shorter than it was said to be.
    """
    deadline = client.media_deadline()
    transfer = _Transfer(sink)
    furthest = 0
    while not transfer.is_done:
        content: Content | None = None
        try:
            with client.open_content(
                remote_id, variant, url, resumption=transfer.resumption, deadline=deadline
            ) as content:
                on_open(content)
                transfer.take(content)
        except Unavailable:
            if content is None or content.is_too_slow or sink.size <= furthest:
                raise
            furthest = sink.size
            transfer.prepare(content)
    if transfer.total not in {None, sink.size}:
        problem = f"it ended after {sink.size:,} of {transfer.total:,} bytes"
        raise BadPayload(problem, source=client.source, remote_id=remote_id)


class _Transfer:
    """What has come of a file, and how the rest is asked for: `total` are the bytes that it is said to have."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._tail = b""
        self.resumption: Resumption | None = None
        self.total: int | None = None
        self.is_done = False

    def take(self, content: Content) -> None:
        """Write what an answer holds; one that does not go on as what is there ends is left, to begin again."""
        chunks: Iterator[bytes] | None = content.iter_bytes()
        self.total = content.total
        if content.starts_at:
            chunks = _continue(content.iter_bytes(), self._tail)
        else:
            self._sink.restart()
            self._tail = b""
        if chunks is None:
            self.resumption = None
            return
        for chunk in _gathered(chunks):
            self._sink.write(chunk)
            self._tail = chunk[-OVERLAP:] if len(chunk) >= OVERLAP else (self._tail + chunk)[-OVERLAP:]
        self.is_done = True

    def prepare(self, content: Content) -> None:
        """Ask for the rest of what broke off, where that can be done safely, else for all of it."""
        start = self._sink.size - len(self._tail)
        self.resumption = Resumption(start, content.etag, content.total) if content.etag and start else None


def _gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes in larger pieces, each worth the change of threads that writing takes; whatever came is among them."""
    held, size = [], 0
    try:
        for chunk in chunks:
            held.append(chunk)
            size += len(chunk)
            if size >= PIECE:
                yield b"".join(held)
                held, size = [], 0
    except SourceError:
        if held:
            yield b"".join(held)
        raise
    if held:
        yield b"".join(held)


def _continue(chunks: Iterator[bytes], tail: bytes) -> Iterator[bytes] | None:
    """The chunks after those that are there already; None where they are not what was sent before."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len(tail):
            break
    if head[: len(tail)] != tail:
        return None
    return _after(head[len(tail) :], chunks)


def _after(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from chunks
