"""The body of a request as parameters: JSON, multipart with bracket keys, or a form."""

from __future__ import annotations

import json
import re
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from catalog.demo.gateway.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.demo.gateway.serving import Request


class Upload(NamedTuple):
    """A file that came with a request."""

    name: str
    content_type: str
    data: bytes


def read_params(request: Request, accepts: Iterable[str]) -> dict[str, Any]:
    """The parameters of a request whose media type the server accepts; Problem when they cannot be read."""
    kind = request.content_type
    if kind not in accepts or kind not in _READERS:
        raise Problem(415, f"Unsupported Content-Type {kind or 'none'!r}.", code="unsupported_media_type")
    return _READERS[kind](request)


def _read_json(request: Request) -> dict[str, Any]:
    try:
        params = json.loads(request.body)
    except (ValueError, RecursionError):
        params = None
    if not isinstance(params, dict):
        raise Problem(400, "We could not parse the JSON body of your request.")
    return params


def _read_multipart(request: Request) -> dict[str, Any]:
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    if not message.is_multipart():
        raise Problem(400, "We could not parse the multipart body of your request.")
    return nest((_name(part), _value(part)) for part in message.iter_parts())


def _name(part: Any) -> str:
    return str(part.get_param("name", "", "content-disposition"))


def _value(part: Any) -> str | Upload:
    data: bytes = part.get_payload(decode=True) or b""
    if (filename := part.get_filename()) is not None:
        return Upload(filename, part.get_content_type(), data)
    return data.decode("utf-8", "replace")


def _read_form(request: Request) -> dict[str, Any]:
    return nest(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


_READERS = {
    "application/json": _read_json,
    "multipart/form-data": _read_multipart,
    "application/x-www-form-urlencoded": _read_form,
}


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Pairs with bracket keys as nested values: `video[id]` is a key of an object, `characters[][id]` of list items.

    A repeated key begins the next item of its list.
    """
    params: dict[str, Any] = {}
    for name, value in pairs:
        first, *inner = re.findall(r"[^\[\]]+|\[\]", name) or [""]
        _put(params, first, inner, value)
    return params


def _put(into: dict[str, Any], key: str, inner: list[str], value: Any) -> None:
    if not inner:
        into[key] = value
    elif inner[0] != "[]":
        _put(_open(into, key), inner[0], inner[1:], value)
    else:
        items = into.setdefault(key, [])
        if not isinstance(items, list):
            items = into[key] = [items]
        if len(inner) == 1:
            items.append(value)
            return
        if not items or not isinstance(items[-1], dict) or inner[1] in items[-1]:
            items.append({})
        _put(items[-1], inner[1], inner[2:], value)


def _open(into: dict[str, Any], key: str) -> dict[str, Any]:
    inner = into.get(key)
    if not isinstance(inner, dict):
        inner = into[key] = {}
    return inner
