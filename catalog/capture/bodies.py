"""Reads bodies as they pass by, in pieces: JSON and forms, with the files in them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl

from catalog.wire.documents import read_json
from catalog.wire.parts import FilePart

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_BODY = 32 << 20
LONGEST_FILE = 200 << 20  # what a Batch input or output file may have
MOST_MEDIA = 64 << 20  # bytes of the files of one form that are kept; of others the name is
UNNAMED = frozenset({"", "upload"})  # what HTTP clients call a file that has no name


class TooLong(ValueError):
    """A body is longer than is worth keeping."""


class Body(Protocol):
    """Reads a body piece by piece."""

    def feed(self, data: bytes) -> None:
        """Take the next piece; raises ValueError for what cannot be read."""

    def value(self) -> Any:
        """The content of the body, after its last piece; raises ValueError for what cannot be read."""


class _Buffer:
    """Collects at most `limit` bytes."""

    def __init__(self, limit: int = LONGEST_BODY) -> None:
        self._data = bytearray()
        self._limit = limit

    def feed(self, data: bytes) -> None:
        """Take the next piece; raises TooLong beyond the limit."""
        self._data += data
        if len(self._data) > self._limit:
            self._data.clear()
            raise TooLong(f"a body of more than {self._limit} bytes")


class PlainBody(_Buffer):
    """The bytes as they are."""

    def value(self) -> bytes:
        """The bytes."""
        return bytes(self._data)


class JsonBody(_Buffer):
    """A JSON document."""

    def value(self) -> Any:
        """The document; None for an empty body."""
        return read_json(bytes(self._data), is_lenient=True) if self._data else None


class QueryBody(_Buffer):
    """A form without files, as browsers send it."""

    def value(self) -> dict[str, object]:
        """The fields by name; a field that was sent several times is a list."""
        return _gather(parse_qsl(self._data.decode(), keep_blank_values=True))


class FormBody:
    """A multipart form: fields as text, files as `FilePart`.

    A file without a name is named `sha256:…` after its bytes. Where they have more than MOST_MEDIA bytes together, the
    content of the last is left out; with `needs_files` that many more are too long a form.
    """

    def __init__(self, content_type: bytes, *, needs_files: bool = False) -> None:
        from python_multipart.multipart import MultipartParser, parse_options_header

        _, options = parse_options_header(content_type)
        self._read_options = parse_options_header
        self._needs_files = needs_files
        self._fields: list[tuple[str, object]] = []
        self._size = 0
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": self._take_header_name,
                "on_header_value": self._take_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._start_content,
                "on_part_data": self._take_data,
                "on_part_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        self._parser.write(data)

    def value(self) -> dict[str, object]:
        """The fields by name; a field that was sent several times is a list."""
        self._parser.finalize()
        return _gather(self._fields)

    def _begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._header = [bytearray(), bytearray()]
        self._content = bytearray()
        self._digest = hashlib.sha256()

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _end_header(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = [bytearray(), bytearray()]

    def _start_content(self) -> None:
        _, options = self._read_options(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode()
        self._filename = options[b"filename"].decode() if b"filename" in options else None
        self._is_file = self._filename is not None or b"content-type" in self._headers
        self._is_nameless = self._is_file and (self._filename or "") in UNNAMED

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_nameless:
            self._digest.update(data[start:end])
        self._size += end - start
        if self._is_file and not self._needs_files and self._size > MOST_MEDIA:
            self._content.clear()
            return
        self._content += data[start:end]
        if len(self._content) > LONGEST_FILE:
            self._content.clear()
            raise TooLong(f"a form of more than {LONGEST_FILE} bytes")

    def _end(self) -> None:
        if self._is_file:
            name = f"sha256:{self._digest.hexdigest()}" if self._is_nameless else self._filename
            self._fields.append((self._name, FilePart(name, content=bytes(self._content))))
        else:
            self._fields.append((self._name, self._content.decode()))


def body_reader(content_type: str, *, needs_files: bool = False) -> Body | None:
    """A reader for a request body of that type, None for a type that is not read."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return FormBody(content_type.encode(), needs_files=needs_files)
    if kind == "application/x-www-form-urlencoded":
        return QueryBody()
    return JsonBody() if kind == "application/json" or kind.endswith("+json") or not kind else None


def _gather(fields: Iterable[tuple[str, object]]) -> dict[str, object]:
    gathered: dict[str, list[object]] = {}
    for name, value in fields:
        gathered.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in gathered.items()}
