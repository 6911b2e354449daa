"""Connections of visitors, bounded in number and in the time of a request's head, which uvicorn's are not.

Whoever opens connections and sends nothing, or a byte now and then, would else take all that the process may have open,
and keep them for as long as it likes.
"""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from catalog.web.guard import policy_headers

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_SECONDS = 15.0  # for the head of a request to arrive
LAST_SECONDS = 2.0  # for a visitor who is refused to read that
MAX_VISITORS = 512


class Connection(H11Protocol):
    """One connection; where there are more than `most`, the one that has waited longest for a request is closed.

    Answers to no request at all have the headers of every page, too.
    """

    def __init__(self, *arguments: Any, head_seconds: float, most: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_seconds = head_seconds
        self._most = most
        self.deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._expect_request()
        waiting = [other for other in self.connections if isinstance(other, Connection) and other.deadline]
        if len(self.connections) > self._most and waiting:
            first = min(waiting, key=lambda other: other.deadline.when() if other.deadline else 0.0)
            first.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many visitors are connected.")

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle and not self.cycle.response_complete:
            self._stop_expecting()

    def on_response_complete(self) -> None:
        self._expect_request()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self.refuse(HTTPStatus.BAD_REQUEST, msg)

    def _expect_request(self) -> None:
        self._stop_expecting()
        text = f"The request did not arrive within {self._head_seconds:g} seconds."
        give_up = partial(self.refuse, HTTPStatus.REQUEST_TIMEOUT, text)
        self.deadline = asyncio.get_running_loop().call_later(self._head_seconds, give_up)

    def _stop_expecting(self) -> None:
        if self.deadline:
            self.deadline.cancel()
            self.deadline = None

    def refuse(self, status: HTTPStatus, text: str) -> None:
        """Close the connection, with an answer where none has begun."""
        self._stop_expecting()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *policy_headers("")]
        events = h11.Response(status_code=status, headers=headers), h11.Data(data=text.encode()), h11.EndOfMessage()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()
        asyncio.get_running_loop().call_later(
            LAST_SECONDS, self.transport.abort
        )  # whoever reads nothing has to go, too


def connections(head_seconds: float, most: int) -> Callable[..., asyncio.Protocol]:
    """What uvicorn makes of each connection, with these bounds."""
    return partial(Connection, head_seconds=head_seconds, most=most)
