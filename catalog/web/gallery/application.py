"""The gallery as an ASGI application: a request in, an answer out, with headers that let nothing foreign run."""

from __future__ import annotations

import asyncio
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from catalog.errors import CatalogError, NotFound, QueryError
from catalog.web.gallery import edits, pages
from catalog.web.gallery.kept import Kept
from catalog.web.gallery.routes import find_route
from catalog.web.gallery.visits import (
    Answer,
    Piece,
    Refused,
    Visit,
    as_json,
    page,
    read_headers,
    read_path,
    read_query,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.api import Catalog
    from catalog.web.application import Message, Receive, Send

MAX_BODY = 4 << 20  # bytes of a request: ten thousand refs take 0.6 MB
_MOST_READ = 64 << 20  # bytes of a request that are read, those that are passed over included
THREADS = 4  # requests that are worked on at once
_CHUNK = 256 << 10  # bytes of a file that are read at once

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_GONE = "the file is not where it was"
_NOT_KEPT = {"cache-control": "no-store"}  # of pages: others write while we serve


class Gallery:
    """The pages of one library."""

    def __init__(self, catalog: Catalog, *, base: str, name: str, tables: str, is_local: bool = False) -> None:
        self._catalog, self._is_local = catalog, is_local
        self._base, self._name, self._tables = base, name, tables
        self._threads = ThreadPoolExecutor(THREADS, "gallery")
        self._kept = Kept()
        self._is_ready_to_write = False

    def close(self) -> None:
        """Close the library, once the requests in progress are answered."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._catalog.close()

    async def answer(
        self, scope: Message, receive: Receive, send: Send, raw_path: bytes, *, may_write: bool = False
    ) -> None:
        """Answer a request for a path below the gallery's root."""
        try:
            body = await _read_body(receive) if scope["method"] == "POST" else b""
        except Refused as error:
            await _send(send, as_json({"error": str(error)}, error.status), is_head=False)
            return
        visit = Visit(
            catalog=self._catalog,
            method=scope["method"],
            path=read_path(raw_path),
            query=read_query(scope["query_string"]),
            headers=read_headers(scope["headers"]),
            body=body,
            base=self._base,
            name=self._name,
            tables=self._tables,
            may_write=may_write,
            kept=self._kept,
            is_local=self._is_local,
        )
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, _respond_at_once, visit)
        if may_write and not self._is_ready_to_write:
            self._is_ready_to_write = True
            self._threads.submit(edits.prepare)
        if isinstance(answer.body, Piece) and scope["method"] != "HEAD":
            await _send_piece(receive, send, visit, answer, answer.body)
        else:
            await _send(send, answer, is_head=scope["method"] == "HEAD")
            with suppress(RuntimeError):  # it is closed
                self._threads.submit(self._kept.pack)


def respond(visit: Visit) -> Answer:
    """The answer to a request, also where it fails: a page, or JSON to whoever asks for that."""
    try:
        handler, arguments = find_route(visit)
        return handler(visit, *arguments)
    except Refused as error:
        return _say(visit, str(error), error.status, error.headers)
    except NotFound as error:
        return _say(visit, str(error), HTTPStatus.NOT_FOUND)
    except QueryError as error:
        return _say(visit, str(error), HTTPStatus.BAD_REQUEST)
    except CatalogError as error:
        return _say(visit, str(error), HTTPStatus.CONFLICT)
    except Exception:  # noqa: BLE001 - a page must not end in silence, and its visitor must not see what failed in it
        traceback.print_exc(file=sys.stderr)
        return _say(visit, "the server failed at this page", HTTPStatus.INTERNAL_SERVER_ERROR)


def _respond_at_once(visit: Visit) -> Answer:
    """The answer, and what is small of a file read with it: a page of tiles asks for a picture of each."""
    answer = respond(visit)
    piece = answer.body
    if visit.method == "HEAD" or not isinstance(piece, Piece) or piece.length > _CHUNK:
        return answer
    try:
        with piece.path.open("rb") as file:
            file.seek(piece.start)
            data = file.read(piece.length)
    except OSError:
        return _say(visit, _GONE, HTTPStatus.NOT_FOUND)
    return replace(answer, body=data) if len(data) == piece.length else answer


def _say(visit: Visit, text: str, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    accepted = visit.headers.get("accept", "")
    if "application/json" in accepted or (visit.method == "POST" and "text/html" not in accepted):
        answer = as_json({"error": text}, status)
    else:
        answer = page(pages.render(visit, "message.html", message=text, status=status), status)
    return replace(answer, headers=headers) if headers else answer


async def _read_body(receive: Receive) -> bytes:
    """The body; of one that is too large, what a browser must send before it reads the answer is passed over."""
    pieces, length, has_more = [], 0, True
    while has_more and length <= _MOST_READ:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(HTTPStatus.BAD_REQUEST, "the request was not sent to its end")
        length += len(message.get("body", b""))
        if length <= MAX_BODY:
            pieces.append(message.get("body", b""))
        has_more = message.get("more_body", False)
    if length > MAX_BODY:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {MAX_BODY >> 20} MB")
    return b"".join(pieces)


async def _send(send: Send, answer: Answer, *, is_head: bool) -> None:
    await _begin(send, answer)
    body = answer.body
    if is_head or isinstance(body, bytes | Piece):
        await send({"type": "http.response.body", "body": body if isinstance(body, bytes) and not is_head else b""})
        return
    while (data := await asyncio.to_thread(next, body, None)) is not None:
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _begin(send: Send, answer: Answer) -> None:
    body = answer.body
    headers = {**HEADERS, **_NOT_KEPT, "content-type": answer.type, **answer.headers}
    if isinstance(body, bytes | Piece):
        headers["content-length"] = str(body.length if isinstance(body, Piece) else len(body))
    await send(
        {
            "type": "http.response.start",
            "status": int(answer.status),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
    )


async def _send_piece(receive: Receive, send: Send, visit: Visit, answer: Answer, piece: Piece) -> None:
    """Send a part of a file, for as long as the visitor takes it: a player that seeks lets go of what it has asked for.

    Where the file has become shorter meanwhile, the answer ends before its length, and the server closes the
    connection.
    """
    try:
        file = await asyncio.to_thread(piece.path.open, "rb")
    except OSError:
        await _send(send, _say(visit, _GONE, HTTPStatus.NOT_FOUND), is_head=False)
        return
    leaving = asyncio.create_task(_wait_for_leave(receive))
    try:
        await _begin(send, answer)
        await asyncio.to_thread(file.seek, piece.start)
        left = piece.length
        while left and not leaving.done():
            data = await asyncio.to_thread(_read, file, min(_CHUNK, left))
            if not data:
                return
            left -= len(data)
            await send({"type": "http.response.body", "body": data, "more_body": left > 0})
        if not piece.length:
            await send({"type": "http.response.body", "body": b""})
    finally:
        leaving.cancel()
        await asyncio.to_thread(file.close)


def _read(file: BinaryIO, length: int) -> bytes:
    """The next bytes of a file; none where it ends, or cannot be read any more."""
    try:
        return file.read(length)
    except OSError:
        return b""


async def _wait_for_leave(receive: Receive) -> None:
    """Wait until the visitor has left; where a request is ended from outside then, for ever."""
    for _ in range(2):  # the first says that a request has no body
        if (await receive())["type"] == "http.disconnect":
            return
    await asyncio.Event().wait()
