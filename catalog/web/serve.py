"""Serving the library to a browser until Ctrl-C: Datasette, and the server that runs it.

Importing this module loads Datasette and uvicorn, so it is imported only where a server starts.
"""

from __future__ import annotations

import gc
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from catalog.errors import ConfigError
from catalog.library import check_library
from catalog.serving import ACCEPTED_AT_ONCE, affordable_connections, in_url, serve_at
from catalog.web import DEFAULT_PORT
from catalog.web.application import Site
from catalog.web.connections import HEAD_SECONDS, MAX_VISITORS, connections
from catalog.web.painter import Painter

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    from catalog.serving import Answer, RunningServer

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OTHER_FILES = 64  # that the library and the processes which read it need open meanwhile
_COLLECTED = (20_000, 20, 20)  # new objects until unused ones are looked for: a page of tiles makes thousands
_LAST_ANSWERS = 3  # seconds that running requests have after Ctrl-C


def serve(
    path: str | Path,
    *,
    port: int = DEFAULT_PORT,
    host: str = "127.0.0.1",
    allow_sql: bool = False,
    token: str | None = None,
    open_browser: bool = False,
    on_ready: Callable[[RunningServer], None] | None = None,
    head_seconds: float = HEAD_SECONDS,
    max_visitors: int | None = None,
) -> None:
    """Serve the library with Datasette until Ctrl-C; port 0 picks a free one.

    `on_ready` gets the server once it answers; it is called in another thread, and an exception in it ends the server.
    Visitors read; who opens `/?token=TOKEN` may rate, tag and undo as well, where there is a `token`. With `allow_sql`
    visitors may run SELECTs of their own. What others write meanwhile shows at once. The head of a request must arrive
    within `head_seconds`; at most `max_visitors` are connected, by default as many as the process may have files open
    for. On a loopback address, requests under other host names are refused. Raises NotFound or SchemaError for the
    library, ConfigError for an address that cannot be used, or that other machines reach, without a token.
    """
    check_library(Path(path))
    if host not in LOOPBACK and token is None:
        raise ConfigError(f"{host} can be reached from other machines: serve it there with a token only")

    def announce(server: RunningServer) -> None:
        if on_ready is not None:
            on_ready(server)
        painter.start()
        if open_browser:
            webbrowser.open(address_of(server, token))

    painter = Painter(Path(path))
    gc.freeze()  # what is loaded by now stays, and need not be looked through
    gc.set_threshold(*_COLLECTED)
    names = {in_url(name) for name in LOOPBACK} if host in LOOPBACK else None
    site = Site(path, allow_sql=allow_sql, names=names, token=token, is_open=names is not None)
    try:
        with suppress(KeyboardInterrupt):
            most = max_visitors or affordable_connections(MAX_VISITORS, besides=_OTHER_FILES)
            serve_at(host, port, _answer_with(site.application, connections(head_seconds, most)), announce)
    finally:
        painter.stop()
        site.close()


def address_of(server: RunningServer, token: str | None) -> str:
    """The address that opens the gallery for writing, or for reading without a token."""
    return f"{server.url}/?token={token}" if token else server.url


def _answer_with(application: Any, protocol: Any) -> Answer:
    async def answer(listener: socket.socket, announce: Callable[[], None], stopped: asyncio.Event) -> None:
        config = uvicorn.Config(
            application,
            http=protocol,
            backlog=ACCEPTED_AT_ONCE,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_ANSWERS,
        )
        await _Server(config, announce, stopped).serve(sockets=[listener])

    return answer


class _Server(uvicorn.Server):
    """A server that announces itself once it accepts requests, and ends once it is stopped."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None], stopped: asyncio.Event) -> None:
        super().__init__(config)
        self._announce = announce
        self._stopped = stopped

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._stopped.is_set()
