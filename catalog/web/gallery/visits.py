"""A visitor's request and what is answered to it: plain values, which know neither sockets nor Datasette."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from catalog.api import Catalog
    from catalog.web.gallery.kept import Kept

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


class Refused(CatalogError):
    """A request that is answered with a status other than 200 and one line that says why."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: `path` are the segments below the gallery's own root, decoded, `query` the last value of each name.

    Links begin with `base`, which is empty where the gallery is the root of its server. `name` is that of the database
    in Datasette, whose pages lie below `tables`. Only where `may_write` was the address opened with its token. `kept`
    are pages of the same gallery, None where none are kept. Where it `is_local`, nobody on another machine can ask.
    """

    catalog: Catalog
    method: str = "GET"
    path: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""
    name: str = "catalog"
    tables: str = "/catalog"
    may_write: bool = False
    kept: Kept | None = None
    is_local: bool = False

    def read_json(self) -> dict[str, Any]:
        """The body, which is one JSON object; raises Refused."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "the body of the request is not JSON") from error
        if not isinstance(value, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body of the request is not a JSON object")
        return value


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file, to be sent as it is: `length` bytes from `start` on."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back, at once or piece by piece; `headers` come on top of those that every answer has."""

    body: bytes | Piece | Iterator[bytes] = b""
    status: int = HTTPStatus.OK
    type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)


def page(text: str, status: int = HTTPStatus.OK) -> Answer:
    """A page of HTML."""
    return Answer(text.encode("utf-8", "replace"), status)


def plain(text: str, status: int = HTTPStatus.OK) -> Answer:
    """One line of text."""
    return Answer(f"{text}\n".encode("utf-8", "replace"), status, TEXT)


def as_json(value: Any, status: int = HTTPStatus.OK) -> Answer:
    """A value as JSON."""
    return Answer(json.dumps(value).encode(), status, JSON)


def redirect(place: str) -> Answer:
    """The way to another address of ours, to be asked for with GET."""
    return Answer(status=HTTPStatus.SEE_OTHER, type=TEXT, headers={"location": place})


def read_path(raw: bytes) -> tuple[str, ...]:
    """The segments of a path, decoded one by one, so that a `%2F` in one divides nothing."""
    return tuple(unquote(part, errors="replace") for part in raw.decode("latin-1").strip("/").split("/"))


def read_query(raw: bytes) -> dict[str, str]:
    """The parameters of a query, the last of those that stand there twice."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace"))


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of a request by their names in lower case; lines of several cookies are one."""
    headers: dict[str, str] = {}
    for each, value in raw:
        name, text = each.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}; {text}" if name == "cookie" and name in headers else text
    return headers
