"""The gallery at the root of a server, Datasette behind it, and the token without which nobody writes.

The address that is printed carries the token; whoever opens it gets it as a cookie that scripts cannot read and other
sites cannot send. Pages are then asked for without it, so that it stands in no history and no copied address.
"""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from catalog.web.gallery.routes import READ_ONLY, is_ours, only_reads
from catalog.web.gallery.visits import read_headers
from catalog.web.guard import answer_plainly, find_foreign

if TYPE_CHECKING:
    from catalog.web.application import Application, Message, Receive, Send
    from catalog.web.gallery.application import Gallery

_PARAMETER = "token"
_PORT = re.compile(r":(\d+)$")
_WRITING = "POST"
_READING = ("GET", "HEAD")


def make_token() -> str:
    """A token, as long as nobody can guess."""
    return secrets.token_urlsafe(24)


class Front:
    """An ASGI application: the gallery's paths answered by it, all others by `tables`.

    Without a `token`, nobody may write. With `is_open` false, nobody without the token may read either.
    """

    def __init__(self, gallery: Gallery, tables: Application, *, token: str | None, is_open: bool = True) -> None:
        self._gallery, self._tables = gallery, tables
        self._token, self._is_open = token, is_open

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._tables(scope, receive, send)
            return
        raw_path = scope["raw_path"].partition(b"?")[0]
        headers = read_headers(scope["headers"])
        allowed = (*_READING, _WRITING) if is_ours(raw_path) else _READING
        if scope["method"] not in allowed:
            names = (b"allow", ", ".join(allowed).encode())
            await answer_plainly(send, HTTPStatus.METHOD_NOT_ALLOWED, "this address is asked with GET", names)
            return
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")
        if scope["method"] in _READING and any(name == _PARAMETER for name, _ in query):
            await self._take_token(query, raw_path, headers, send)
            return
        knows_token = self._token is not None and _same(_cookie(headers), self._token)
        if not (self._is_open or knows_token):
            await answer_plainly(send, HTTPStatus.FORBIDDEN, "open the address that `catalog serve` has printed")
            return
        if not is_ours(raw_path):
            await self._tables(scope, receive, send)
            return
        if scope["method"] == _WRITING and (reason := _find_fault(headers, raw_path, knows_token=knows_token)):
            await answer_plainly(send, HTTPStatus.FORBIDDEN, reason)
            return
        await self._gallery.answer(scope, receive, send, raw_path, may_write=knows_token)

    async def _take_token(
        self, query: list[tuple[str, str]], raw_path: bytes, headers: dict[str, str], send: Send
    ) -> None:
        """Send the visitor on to the same address without the token, which becomes a cookie where it is right."""
        token = next(value for name, value in reversed(query) if name == _PARAMETER)
        if self._token is None or not _same(token, self._token):
            await answer_plainly(send, HTTPStatus.FORBIDDEN, "this token is not that of the running server")
            return
        rest = urlencode([(name, value) for name, value in query if name != _PARAMETER])
        place = "/" + raw_path.lstrip(b"/").decode("latin-1") + (f"?{rest}" if rest else "")
        cookie = f"{_cookie_name(headers)}={token}; Path=/; HttpOnly; SameSite=Strict"
        more = [
            (b"location", place.encode("latin-1")),
            (b"set-cookie", cookie.encode()),
            (b"cache-control", b"no-store"),
        ]
        await answer_plainly(send, HTTPStatus.SEE_OTHER, "see the address without the token", *more)


def _cookie_name(headers: dict[str, str]) -> str:
    """The cookie's name, of this port alone: browsers send the cookies of all servers of a machine to each of them."""
    port = _PORT.search(headers.get("host", ""))
    return f"catalog-{port[1] if port else 80}"


def _cookie(headers: dict[str, str]) -> str:
    """The token in the cookies, which come from every program of this machine and may be malformed around ours."""
    name = _cookie_name(headers)
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return next((value for key, _, value in pairs if key == name), "")


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())


def _find_fault(headers: dict[str, str], raw_path: bytes, *, knows_token: bool) -> str | None:
    """Why a POST is not from a page of ours that may send it, None where it is."""
    return find_foreign(headers) if knows_token or only_reads(raw_path) else READ_ONLY
