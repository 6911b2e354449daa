"""What a server may send in place of a file: other bytes under the same address, all with a good status.

Each of `SPOILED` takes the whole answer and a number that is another one each time.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from catalog.demo.clips import box

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.demo.gateway.serving import Answer

Body = Literal[
    "whole", "html", "json", "picture", "huge_picture", "truncated", "junk", "empty", "endless", "other", "gzip", "bomb"
]

PAGE = b"<html><body><h1>Welcome to nginx!</h1></body></html>"
ERROR = b'{"error":{"message":"upstream error","type":"server_error","code":null}}'
HUGE_SIDE = 100_000  # pixels
BOMB = 64 << 20  # bytes, of which a thousandth is sent
_ZEROS = bytes(1 << 20)
_GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def _page(answer: Answer, content_type: str, body: bytes) -> Answer:
    return replace(answer, body=body, content_type=content_type, headers={}, is_file=False)


def _packed(answer: Answer, body: bytes) -> Answer:
    return replace(answer, body=body, headers={**answer.headers, "Content-Encoding": "gzip"})


def _png(width: int, height: int) -> bytes:
    """A picture of one grey; it holds no more than one line, however high it says that it is."""
    line = zlib.compress(bytes(1 + (width + 7) // 8))
    shape = width.to_bytes(4) + height.to_bytes(4) + b"\1\0\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", shape) + _chunk(b"IDAT", line) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


@cache
def _bomb() -> bytes:
    """So many zeros as one gzip member, made of one piece that is repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = packer.compress(_ZEROS) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(BOMB // len(_ZEROS)):
        check = zlib.crc32(_ZEROS, check)
    body = piece * (BOMB // len(_ZEROS)) + packer.flush()
    return _GZIP_HEAD + body + check.to_bytes(4, "little") + (BOMB & 0xFFFFFFFF).to_bytes(4, "little")


SPOILED: Mapping[Body, Callable[[Answer, int], Answer]] = {
    "whole": lambda answer, _: answer,
    "html": lambda answer, _: _page(answer, "text/html", PAGE),
    "json": lambda answer, _: _page(answer, "application/json", ERROR),
    "picture": lambda answer, _: replace(answer, body=_png(8, 1)),
    "huge_picture": lambda answer, _: replace(answer, body=_png(HUGE_SIDE, HUGE_SIDE), content_type="image/png"),
    "truncated": lambda answer, _: replace(answer, body=answer.body[: len(answer.body) // 2]),
    "junk": lambda answer, _: replace(answer, body=answer.body + b"\xde\xad\xbe\xef" * 16),
    "empty": lambda answer, _: replace(answer, body=b""),
    "endless": lambda answer, _: replace(answer, endless="body", length="chunked"),
    "other": lambda answer, number: replace(answer, body=answer.body + box(b"free", number.to_bytes(8))),
    "gzip": lambda answer, _: _packed(answer, gzip.compress(answer.body, 1)),
    "bomb": lambda answer, _: _packed(answer, _bomb()),
}
