"""Reads the bytes of a file as JSON values or text: encodings, lines and limits.

A file with one value per line is read as a stream, so its size does not matter; a value that spans lines is read whole.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from catalog.ingest.items import refuse
from catalog.reports import Refusal
from catalog.wire.documents import Unreadable, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DOCUMENT = 256 * 1024 * 1024  # bytes of one JSON document; a Batch file has at most 200 MB
MAX_LINE = 32 * 1024 * 1024  # bytes of one line among many
MAX_PROMPT = 1024 * 1024  # characters of a text file; the longest prompt any server takes has 32,000

_MIB = 1024 * 1024
_WIDEST = 4  # bytes of a character in UTF-8
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NOT_UTF16 = "not UTF-16, which its byte order mark promises"


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value of a file; `line` is None where it is the whole file, `size` is in bytes."""

    line: int | None
    content: Any
    size: int


def peekable(stream: BinaryIO) -> io.BufferedReader:
    """The stream, buffered, so its first bytes can be looked at before they are read."""
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.BytesIO", stream))


def read_values(stream: BinaryIO, *, is_lines: bool = False) -> Iterator[Value | Refusal]:
    """Every JSON value of a file, in order, and a refusal for each that is not JSON.

    `is_lines` means that the name promises one value per line; else a first line that is a whole value does. Raises
    OSError.
    """
    lines = LineReader(stream)
    try:
        yield from _read(lines, is_lines)
    except UnicodeError:
        yield refuse(None, NOT_UTF16)
    finally:
        lines.release()


class LineReader:
    """The lines of a binary stream as UTF-8, whichever encoding its byte order mark names.

    `number` is that of the last line that was read.
    """

    def __init__(self, stream: BinaryIO, number: int = 0) -> None:
        buffered = peekable(stream)
        head = buffered.peek(len(codecs.BOM_UTF8))
        self._text = io.TextIOWrapper(buffered, "utf-16", newline="\n") if head.startswith(UTF16_MARKS) else None
        self._stream = buffered
        if head.startswith(codecs.BOM_UTF8):
            buffered.read(len(codecs.BOM_UTF8))
        self.number = number

    def read(self, cap: int) -> bytes | None:
        """The next line that is not blank, None at the end; raises Unreadable for one over `cap`, which it skips."""
        while line := self._read(cap + 1):
            self.number += 1
            if len(line) > cap:
                while line and not line.endswith(b"\n"):
                    line = self._read(cap)
                raise Unreadable(f"a line of more than {cap / _MIB:g} MiB")
            if not line.isspace():
                return line
        return None

    def read_rest(self, cap: int) -> bytes:
        """The lines that were not read yet; raises Unreadable for more than `cap` bytes."""
        rest = self._text.read(cap + 1).encode() if self._text else self._stream.read(cap + 1)
        if len(rest) > cap:
            raise Unreadable(f"one JSON document of more than {MAX_DOCUMENT / _MIB:g} MiB: save it as JSON lines")
        return rest

    def release(self) -> None:
        """Leave the stream to whoever opened it."""
        if self._text:
            self._text.detach()

    def _read(self, limit: int) -> bytes:
        return self._text.readline(limit).encode() if self._text else self._stream.readline(limit)


def _read(lines: LineReader, is_lines: bool) -> Iterator[Value | Refusal]:
    try:
        line = lines.read(MAX_DOCUMENT)
    except Unreadable as error:
        yield refuse(lines.number, str(error))
        yield from _read_lines(lines)
        return
    if line is None:
        yield refuse(None, "the file is empty")
        return
    head = _parse(lines.number, line)
    if isinstance(head, Refusal) and not is_lines:
        yield from _read_document(line, head, lines)
        return
    others = _read_lines(lines)
    second = next(others, None)
    if second is None:
        yield replace(head, line=None) if isinstance(head, Value) and not is_lines else head
        return
    yield head
    yield second
    yield from others


def _read_document(line: bytes, head: Refusal, lines: LineReader) -> Iterator[Value | Refusal]:
    """One value over many lines; if it is not JSON but its second line is an object, one value per line."""
    try:
        rest = lines.read_rest(MAX_DOCUMENT - len(line))
    except Unreadable as error:
        yield refuse(None, str(error))
        return
    try:
        document = b"\n" * (lines.number - 1) + line + rest
        yield Value(None, read_json(document), len(document))
    except Unreadable as error:
        others = _read_lines(LineReader(io.BytesIO(rest), lines.number))
        second = next(others, None)
        if not isinstance(second, Value) or not isinstance(second.content, dict):
            yield refuse(None, str(error))
            return
        yield head
        yield second
        yield from others


def _read_lines(lines: LineReader) -> Iterator[Value | Refusal]:
    while True:
        try:
            line = lines.read(MAX_LINE)
        except Unreadable as error:
            yield refuse(lines.number, str(error))
            continue
        if line is None:
            return
        yield _parse(lines.number, line)


def _parse(number: int, line: bytes) -> Value | Refusal:
    try:
        return Value(number, read_json(line.rstrip()), len(line))
    except Unreadable as error:
        return refuse(number, str(error))


def read_text(data: bytes) -> str:
    """The text of bytes in UTF-8, or in UTF-16 with a byte order mark; raises Unreadable."""
    try:
        return data.decode("utf-16" if data.startswith(UTF16_MARKS) else "utf-8-sig")
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
    return head.decode("utf-16" if head.startswith(UTF16_MARKS) else "utf-8-sig", "ignore")
