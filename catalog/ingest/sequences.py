"""Reads a text as JSON values one after another: a value per line, values that span lines, values without a break
between them, values inside the lines of a log.

A value per line is the rule and takes the short way. Memory holds one value at a time, however long the text is. After
a broken value, reading goes on at the next line that may begin one.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from catalog.ingest.items import PassedOver, refuse
from catalog.ingest.texts import MAX_LINE, NOT_UTF16, LineReader
from catalog.reports import Refusal
from catalog.wire.documents import (
    MAX_DEPTH,
    MOST_SAVED,
    Unfinished,
    Unreadable,
    read_json,
    read_next,
    require_few_values,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    Rest = tuple[int, str] | None  # what follows a value on its last line, and that line's number

MAX_DOCUMENT = 64 * 1024 * 1024  # bytes of one JSON document; of a file of many, each counts alone
TOO_LONG = f"one JSON document of more than {MAX_DOCUMENT // 1024**2} MiB: save it as JSON lines"
TOO_MANY = f"JSON of more than {MOST_SAVED:,} values: save it as JSON lines"
PIECE = 4 * 1024 * 1024  # bytes; longer lines are read in pieces, for they may hold many values

_CUT = 16  # characters at the end of a piece in which a word or an escape may be cut in two
_SEPARATORS = re.compile("[\\s,\x1e\ufeff]*")  # between values; a record separator marks a JSON text sequence
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_CONTINUES = re.compile(r'[\s}\])",]')  # how the further lines of a value begin
_FIRST_CHECK, _CHECK_GROWTH = 2, 8  # after how many lines an unfinished value is checked

# A line that has words before its JSON: neither an object nor a list begins it.
_IS_WORDED = re.compile(r'\s*(?:[^\s{\["]|\[(?!\s*(?:[\[{"\]]|$)))')
_OBJECT = re.compile(r'\{\s*(?:["}]|$)|"(?=\{\\")')  # an object in a line, or one that is quoted as text
_LOGGED = re.compile(
    r"\W*(?:\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2}\s+\d{1,2}\s+\d\d:"
    r"|(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b)|(?:event|data|id|retry|):\s"
)


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value of a file; `line` is None where it is the whole file, `size` is in bytes.

    One that stands in a line of a log, among words, `is_embedded`: it need not have a job.
    """

    line: int | None
    content: Any
    size: int
    is_embedded: bool = False


def read_values(
    stream: BinaryIO, *, is_lines: bool = False, is_log: bool = False
) -> Iterator[Value | Refusal | PassedOver]:
    """Every JSON value of a text, in order, and a refusal for each that is not JSON.

    `is_lines` means that the name promises one value per line, `is_log` that lines without JSON are to be expected.
    Raises OSError.
    """
    lines = LineReader(stream)
    try:
        yield from _number(iter(_Sequence(lines, is_log=is_log)), is_lines=is_lines)
    except UnicodeError:
        yield refuse(None, NOT_UTF16)
    finally:
        lines.release()


def _number(
    values: Iterator[Value | Refusal | PassedOver], *, is_lines: bool
) -> Iterator[Value | Refusal | PassedOver]:
    """The values; the only one of a text is the whole of it, and has no line."""
    first = next(values, None)
    if first is None:
        yield refuse(None, "the file is empty")
        return
    second = next(values, None)
    if second is None and not is_lines:
        first = replace(first, line=None) if isinstance(first, Value) else first
        first = replace(first, place=None) if isinstance(first, Refusal) else first
    yield first
    if second is not None:
        yield second
    yield from values


class _Sequence:
    """The values of a text."""

    def __init__(self, lines: LineReader, *, is_log: bool) -> None:
        self._lines = lines
        self._is_log = is_log
        self._again: deque[tuple[int, bytes]] = deque()  # lines after a broken value, to be read again
        self._is_later = False  # whether a line was read before

    def __iter__(self) -> Iterator[Value | Refusal | PassedOver]:
        while (line := self._read_line()) is not None:
            number, data = line
            if len(data) > PIECE:
                yield from self._read_pieces(number, data)
            else:
                try:
                    yield Value(number, read_json(data.rstrip()), len(data))
                except Unreadable as error:
                    yield from self._read_text(number, data, error)
            self._is_later = True

    def _read_line(self) -> tuple[int, bytes] | None:
        """The next line that is not blank and its number; of a long one only a piece."""
        if self._again:
            return self._again.popleft()
        line = self._lines.read_piece(PIECE + 1)
        return None if line is None else (self._lines.number, line)

    def _read_text(
        self, number: int, data: bytes, error: Unreadable
    ) -> Generator[Value | Refusal | PassedOver, None, None]:
        """What a line holds that is not one value: several, the beginning of one, or words around some."""
        try:
            rest: Rest = (number, data.rstrip().decode())
        except UnicodeDecodeError:
            yield refuse(number, str(error))
            return
        while rest is not None:
            number, text = rest[0], rest[1][_skip_separators(rest[1], 0) :]
            if _IS_WORDED.match(text):
                yield from self._read_words(number, text, error)
                return
            try:
                position = yield from _read_values(number, text)
            except Unreadable as fault:
                yield refuse(number, str(fault))
                return
            rest = (yield from self._read_block(number, text[position:])) if position < len(text) else None

    def _read_pieces(self, number: int, data: bytes) -> Generator[Value | Refusal | PassedOver, None, None]:
        """The values of a long line, which is read a piece at a time, each as long as what is still unfinished."""
        cap = MAX_LINE if self._is_later else MAX_DOCUMENT
        decoder, text, has_ended = codecs.getincrementaldecoder("utf-8")(), "", False
        try:
            while not has_ended:
                has_ended = not data or data.endswith(b"\n")
                text += decoder.decode(data, final=has_ended)
                _require_few_values(text)
                position = yield from _read_values(number, text, 0 if has_ended else _CUT)
                text = text[position:]
                _require_shorter(text, cap)
                if not has_ended:
                    data = self._lines.read_on(max(PIECE, len(text)))
        except UnicodeDecodeError as error:
            yield refuse(number, f"not UTF-8: byte {error.start + 1} is {error.object[error.start]:#04x}")
        except Unreadable as error:
            yield refuse(number, str(error))
        else:
            rest: Rest = (yield from self._read_block(number, text)) if text else None
            if rest is not None:
                yield from self._read_text(rest[0], rest[1].encode(), Unreadable(""))
            return
        while data and not data.endswith(b"\n"):
            data = self._lines.read_on(PIECE)

    def _read_block(
        self, number: int, text: str, *, is_embedded: bool = False
    ) -> Generator[Value | Refusal, None, Rest]:
        """A value that goes on after its first line; returns what follows it on its last line."""
        block = _Block(number, text)
        check_at = _FIRST_CHECK
        while block.depth and block.depth <= MAX_DEPTH and block.excess is None:
            line = self._read_line()
            if line is None:
                break
            block.add(line[0], self._complete(line[1]))
            if len(block.lines) == check_at:
                check_at *= _CHECK_GROWTH
                if block.depth and block.is_broken():
                    break
        if block.excess is not None:
            yield refuse(number, block.excess)
            self._lines.skip()
            return None
        try:
            content, end = block.read()
        except Unreadable:
            yield self._break_off(block, is_embedded=is_embedded)
            return None
        yield Value(number, content, block.size, is_embedded)
        return block.last, block.text[end:].rstrip()

    def _complete(self, data: bytes) -> bytes:
        """The whole line that begins with a piece, up to what a document may have."""
        if len(data) <= PIECE or data.endswith(b"\n"):
            return data
        pieces, size = [data], len(data)
        while size <= MAX_DOCUMENT and not pieces[-1].endswith(b"\n") and (data := self._lines.read_on(PIECE)):
            pieces.append(data)
            size += len(data)
        return b"".join(pieces)

    def _break_off(self, block: _Block, *, is_embedded: bool) -> Refusal:
        """Why the block is not JSON; its further lines from the first that may begin a value are read again."""
        starts = (n for n, (_, text) in enumerate(block.lines) if n and (is_embedded or text.startswith(("{", "["))))
        end = next(starts, len(block.lines)) if block.depth <= MAX_DEPTH else len(block.lines)
        self._again.extendleft((number, text.encode()) for number, text in reversed(block.lines[end:]))
        if not self._again and not is_embedded and len(block.lines) > 1:
            self._skip_continued()
        return refuse(block.lines[0][0], block.explain(end))

    def _skip_continued(self) -> None:
        """Go on after the further lines of a broken value."""
        while (line := self._read_line()) is not None:
            if not _CONTINUES.match(line[1].decode(errors="replace")):
                self._again.append(line)
                return

    def _read_words(
        self, number: int, text: str, fault: Unreadable
    ) -> Generator[Value | Refusal | PassedOver, None, None]:
        """The objects in a line that begins with words; two of them are a request and its answer."""
        objects: list[Any] = []
        position, refusal = 0, None
        while match := _OBJECT.search(text, position):
            try:
                content, position = read_next(text, match.start())
                objects.append(read_json(content.encode()) if isinstance(content, str) else content)
            except Unfinished:
                yield from _embed(number, objects, len(text))
                yield from self._read_block(number, text[match.start() :], is_embedded=True)
                return
            except Unreadable as error:
                refusal = refuse(number, str(error))
                break
        yield from _embed(number, objects, len(text))
        if refusal is not None:
            yield refusal
        elif not objects:
            is_expected = self._is_log or _LOGGED.match(text)
            yield PassedOver() if is_expected else refuse(number, str(fault))


def _read_values(number: int, text: str, cut: int = 0) -> Generator[Value, None, int]:
    """The values that are whole in a text; returns where the rest begins, which is empty or unfinished."""
    position = 0
    while True:
        start = _skip_separators(text, position)
        if start == len(text):
            return start
        if text[start] not in "{[":
            raise Unreadable(f"not JSON: Expecting an object or a list at column {start + 1}")
        try:
            content, position = read_next(text, start, cut)
        except Unfinished:
            return start
        yield Value(number, content, position - start)


def _skip_separators(text: str, position: int) -> int:
    """Where the next value begins."""
    match = _SEPARATORS.match(text, position)
    return match.end() if match else position


def _require_shorter(text: str, cap: int) -> None:
    """Raise Unreadable where what is read of one value is longer than that."""
    if len(text) > cap:
        raise Unreadable(f"a line of more than {cap // 1024**2} MiB" if cap == MAX_LINE else TOO_LONG)


def _require_few_values(text: str) -> None:
    """Raise Unreadable where what is read of one value would become too many."""
    try:
        require_few_values(text, MOST_SAVED)
    except Unreadable as error:
        raise Unreadable(TOO_MANY) from error


def _embed(number: int, objects: list[Any], size: int) -> Iterator[Value]:
    """The objects of one line; a request before its answer stays with it."""
    if len(objects) == 2 and "prompt" in objects[0] and "id" not in objects[0]:
        objects = [{"request": objects[0], "response": objects[1]}]
    for content in objects:
        yield Value(number, content, size, is_embedded=True)


class _Block:
    """The lines of one value, from where it begins; `depth` is how many brackets are open."""

    def __init__(self, number: int, text: str) -> None:
        self.lines: list[tuple[int, str]] = []
        self.depth = 0
        self.size = 0
        self.values = 0
        self.last = number
        self.is_utf8 = True
        self._take(number, text)

    def add(self, number: int, data: bytes) -> None:
        """Add the next line."""
        self._take(number, data.decode(errors="surrogateescape").rstrip("\r\n"))
        self.is_utf8 &= data.isascii() or _is_utf8(data)

    def _take(self, number: int, text: str) -> None:
        self.lines.append((number, text))
        self.size += len(text)
        self.last = number
        bare = _STRING.sub("", text) if '"' in text else text
        self.values += bare.count(",") + bare.count("[") + bare.count("{")
        self.depth = _depth_after(bare, self.depth)

    @property
    def excess(self) -> str | None:
        """What of it is too much to be read; None where nothing is."""
        if self.size > MAX_DOCUMENT:
            return TOO_LONG
        return TOO_MANY if max(self.values, len(self.lines)) > MOST_SAVED else None

    def read(self) -> tuple[Any, int]:
        """The value and where it ends; raises Unreadable."""
        if not self.is_utf8:
            raise Unreadable("not UTF-8")
        return read_next(self.text)

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(text for _, text in self.lines)

    def is_broken(self) -> bool:
        """Whether no further line could make JSON of it."""
        try:
            self.read()
        except Unfinished:
            return False
        except Unreadable:
            return True
        return False

    def explain(self, end: int) -> str:
        """Why the first lines are not JSON, by the numbers of lines in the file."""
        if self.depth > MAX_DEPTH:
            return f"nested more than {MAX_DEPTH} levels deep"
        lines = self.lines[:end]
        text, last = "", 1 if len(lines) > 1 else lines[0][0]
        for number, line in lines:
            text += "\n" * (number - last) + line
            last = number
        try:
            read_json(text.encode(errors="surrogateescape"))
        except Unreadable as error:
            return str(error)
        return "not JSON: it ends too early"


def _depth_after(bare: str, depth: int) -> int:
    """How many brackets are open after the text, its strings left out; 0 as soon as a value ends in it."""
    opening, closing = bare.count("{") + bare.count("["), bare.count("}") + bare.count("]")
    if closing < depth:
        return depth + opening - closing
    for bracket in re.findall(r"[\[\]{}]", bare):
        depth += 1 if bracket in "[{" else -1
        if depth <= 0:
            return 0
    return depth


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
