"""Bodies within bounds: chunks off the wire become inflated bytes.

A server decides what it sends, so every step has a limit: bytes received, and bytes after inflating (a kilobyte of gzip
can hold a megabyte).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE = 64 * 1024


class BodyTooLarge(Exception):
    """More bytes than the cap, as sent or after inflating."""


class BadBody(Exception):
    """Bytes that do not match their headers; the message says how."""


def inflated(chunks: Iterable[bytes], coding: str, cap: int) -> Iterator[bytes]:
    """The body without its content coding, at most `cap` bytes before and after decoding; raises as it goes."""
    coding = coding.strip().lower()
    received = within_cap(chunks, cap)
    if coding in {"", "identity"}:
        return received
    if coding in {"gzip", "x-gzip"}:
        return within_cap(_unzipped(received, 16 + zlib.MAX_WBITS), cap)
    if coding == "deflate":
        return within_cap(_unzipped(received, None), cap)
    raise BadBody("in a content coding that was not asked for")


def within_cap(chunks: Iterable[bytes], cap: int) -> Iterator[bytes]:
    """The same chunks; raises BodyTooLarge at the first one that passes the cap."""
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > cap:
            raise BodyTooLarge
        yield chunk


def _unzipped(chunks: Iterable[bytes], window: int | None) -> Iterator[bytes]:
    """Inflate in pieces; `window` None stands for deflate, which servers send with and without its zlib wrapper."""
    stream = None
    for received in chunks:
        chunk = received
        while chunk:
            if stream is None:
                window = window or (zlib.MAX_WBITS if chunk[0] & 0x0F == 8 else -zlib.MAX_WBITS)
                stream = zlib.decompressobj(window)
            try:
                yield stream.decompress(chunk, PIECE)
            except zlib.error as error:
                raise BadBody("a compressed body that is damaged") from error
            chunk = stream.unconsumed_tail
            if stream.eof:
                chunk, stream = stream.unused_data, None
    if stream is not None:
        yield from _rest(stream)


def _rest(stream: zlib._Decompress) -> Iterator[bytes]:
    while piece := stream.decompress(stream.unconsumed_tail, PIECE):
        yield piece
    if not stream.eof:
        raise BadBody("a compressed body that broke off")
