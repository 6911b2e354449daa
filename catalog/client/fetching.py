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
    resumption: Resumption | None = None
    tail = b""
    furthest = 0
    while True:
        content: Content | None = None
        try:
            with client.open_content(remote_id, variant, url, resumption=resumption, deadline=deadline) as content:
                on_open(content)
                chunks = content.iter_bytes()
                if content.starts_at == 0:
                    sink.restart()
                    tail = b""
                elif (rest := _continue(chunks, tail)) is not None:
                    chunks = rest
                else:
                    resumption = None
                    continue
                for chunk in _gathered(chunks):
                    sink.write(chunk)
                    tail = chunk[-OVERLAP:] if len(chunk) >= OVERLAP else (tail + chunk)[-OVERLAP:]
                if content.total is not None and sink.size != content.total:
                    problem = f"it ended after {sink.size:,} of {content.total:,} bytes"
                    raise BadPayload(problem, source=client.source, remote_id=remote_id)
                return
        except Unavailable:
            if content is None or content.is_too_slow or sink.size <= furthest:
                raise
            furthest = sink.size
            start = sink.size - len(tail)
            resumption = Resumption(start, content.etag, content.total) if content.etag and start else None


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
