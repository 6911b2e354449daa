"""Serving the library to a browser until Ctrl-C: the port, the server and their end.

Importing this module loads Datasette and uvicorn, so whoever starts a server imports it then.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from catalog.errors import CatalogError
from catalog.library import open_library
from catalog.web.application import make_datasette, only_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from datasette.app import Datasette

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LAST_ANSWERS = 3  # seconds that requests under way have left after Ctrl-C


def serve(
    path: str | Path,
    *,
    port: int = 8001,
    host: str = "127.0.0.1",
    allow_sql: bool = False,
    open_browser: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Browse the library with Datasette until Ctrl-C; port 0 is a free one.

    `on_ready` gets the URL, without a slash at its end, once the server answers; it is called in another thread, and
    what it raises ends the server. Visitors read and never write; with `allow_sql` they may send SELECTs of their own.
    What others write meanwhile shows at once. On a loopback address, requests under other host names are refused.
    Raises NotFound or SchemaError for the library, CatalogError for the port.
    """
    open_library(path, create=False).close()
    with _listen(host, port) as listener:
        url = f"http://{_in_url(host)}:{listener.getsockname()[1]}"

        def announce() -> None:
            if on_ready is not None:
                on_ready(url)
            if open_browser:
                webbrowser.open(url)

        datasette = make_datasette(path, allow_sql=allow_sql)
        try:
            _run(datasette, host, listener, announce)
        finally:
            datasette.executor.shutdown(cancel_futures=True)
            for database in datasette.databases.values():
                database.close()


class _Server(uvicorn.Server):
    """A server that announces itself once it accepts requests, and ends when that fails."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self.failure: BaseException | None = None
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announcement = asyncio.create_task(asyncio.to_thread(self._announce))
        self._announcement.add_done_callback(self._check)

    def _check(self, announcement: asyncio.Task[None]) -> None:
        if not announcement.cancelled():
            self.failure = announcement.exception()
            self.should_exit |= self.failure is not None


def _run(datasette: Datasette, host: str, listener: socket.socket, announce: Callable[[], None]) -> None:
    application = datasette.app()
    if host in _LOOPBACK:
        application = only_for(application, {_in_url(name) for name in _LOOPBACK})
    config = uvicorn.Config(
        application,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS,
    )
    server = _Server(config, announce)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    if server.failure is not None:
        raise server.failure


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens; raises CatalogError where none can."""
    if not 0 <= port <= 65535:
        raise CatalogError(f"cannot serve at port {port}: ports end at 65535")
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CatalogError(f"port {port} is in use: name another one, or 0 for one that is free") from error
        raise CatalogError(f"cannot serve at {_in_url(host)}:{port}: {error}") from error


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
