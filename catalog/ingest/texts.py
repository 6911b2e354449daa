"""Reads the bytes of a file as text: encodings, lines and limits."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, cast

from catalog.wire.documents import Unreadable

MAX_LINE = 32 * 1024 * 1024  # bytes of one line among many
MAX_PROMPT = 1024 * 1024  # characters of a text file; the longest prompt any server takes has 32,000

_SKIPPED = 1024 * 1024
_WIDEST = 4  # bytes of a character in UTF-8
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NOT_UTF16 = "not UTF-16, which its byte order mark promises"


def peekable(stream: BinaryIO) -> io.BufferedReader:
    """The stream, buffered, so its first bytes can be looked at before they are read."""
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.BytesIO", stream))


def encoding_of(head: bytes) -> str:
    """The encoding of a text that begins so, by its byte order mark or, without one, by the zeros of UTF-16."""
    if head.startswith(_UTF16_MARKS):
        return "utf-16"
    match [byte == 0 for byte in head[:4]]:
        case [False, True, False, True]:
            return "utf-16-le"
        case [True, False, True, False]:
            return "utf-16-be"
    return "utf-8-sig"


class LineReader:
    """The lines of a binary stream as UTF-8, whichever encoding it begins in.

    `number` is that of the last line that was read.
    """

    def __init__(self, stream: BinaryIO, number: int = 0) -> None:
        buffered = peekable(stream)
        head = buffered.peek(len(codecs.BOM_UTF8))
        encoding = encoding_of(head)
        self._text = None if encoding == "utf-8-sig" else io.TextIOWrapper(buffered, encoding, newline="\n")
        self._stream = buffered
        if head.startswith(codecs.BOM_UTF8):
            buffered.read(len(codecs.BOM_UTF8))
        self.number = number

    def read_piece(self, size: int) -> bytes | None:
        """The next line that is not blank, None at the end; of a longer one the first `size` bytes."""
        while line := self.read_on(size):
            self.number += 1
            if not line.isspace() or len(line) == size:
                return line
        return None

    def read_on(self, size: int) -> bytes:
        """At most `size` bytes of the rest of the line; nothing at the end."""
        return self._text.readline(size).encode() if self._text else self._stream.readline(size)

    def skip(self) -> None:
        """Read the rest, and forget it."""
        rest = self._text or self._stream
        while rest.read(_SKIPPED):
            pass

    def release(self) -> None:
        """Leave the stream to whoever opened it."""
        if self._text:
            self._text.detach()


def read_text(data: bytes) -> str:
    """The text of bytes in UTF-8, or in UTF-16 with a byte order mark; raises Unreadable."""
    try:
        return data.decode(encoding_of(data))
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: byte {error.start + 1} is {data[error.start]:#04x}") from error


def read_prompt(stream: BinaryIO) -> str:
    """The text of a file that holds one prompt; raises Unreadable for an empty one or one too long for a prompt."""
    data = stream.read(MAX_PROMPT * _WIDEST + 1)
    text = read_text(data).strip() if len(data) <= MAX_PROMPT * _WIDEST else None
    if text is None or len(text) > MAX_PROMPT:
        raise Unreadable("too long for a prompt")
    if not text:
        raise Unreadable("the file is empty")
    return text


def peek_text(head: bytes) -> str:
    """The beginning of a text, from its first bytes."""
    return head.decode(encoding_of(head), "ignore")
