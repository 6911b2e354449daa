"""Bodies with a bound: chunks off the wire to inflated bytes, and bytes to JSON that the rest of the house can hold.

A server decides what it sends, so every step has a limit: bytes received, bytes after inflating (a kilobyte of gzip can
say a gigabyte), and how deep JSON may nest. JSON as servers really write it is accepted where its meaning is plain: of
a repeated key the last one counts, NaN and Infinity are unknown values, a lone half of a surrogate pair is U+FFFD.
"""

from __future__ import annotations

import json
import math
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE = 64 * 1024
DEEPEST = 100


class BodyTooLarge(Exception):
    """More bytes than the cap, as sent or after inflating."""


class BadBody(Exception):
    """Bytes that are not what the headers say, or no JSON; the message says which."""


def inflated(chunks: Iterable[bytes], coding: str, cap: int) -> Iterator[bytes]:
    """The body without its content coding, at most `cap` bytes of it before and after; raises as it goes."""
    coding = coding.strip().lower()
    received = within_cap(chunks, cap)
    if coding in {"", "identity"}:
        return received
    if coding in {"gzip", "x-gzip"}:
        return within_cap(_unzipped(received, 16 + zlib.MAX_WBITS), cap)
    if coding == "deflate":
        return within_cap(_unzipped(received, None), cap)
    raise BadBody("a content coding that was not asked for")


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


def read_json(body: bytes) -> Any:
    """The JSON value in a body; raises BadBody for anything that is none, or that nests deeper than 100 levels."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadBody("not UTF-8") from error
    try:
        payload = json.loads(text, parse_constant=_unknown, parse_float=_finite)
    except RecursionError as error:
        raise BadBody("nested too deeply") from error
    except ValueError as error:
        raise BadBody("not JSON" if text.strip() else "empty") from error
    if _depth(payload) > DEEPEST:
        raise BadBody("nested too deeply")
    return _whole(payload) if "\\ud" in text or "\\uD" in text else payload


def _unknown(_constant: str) -> None:
    return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _depth(payload: object) -> int:
    depth, level = 0, [payload]
    while level and depth <= DEEPEST:
        depth += 1
        level = [part for value in level for part in _parts(value) if isinstance(part, dict | list)]
    return depth


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _whole(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(key): _whole(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return value
