"""Datasette, set up for one library: it reads through the catalog's own connections and is closed to other sites.

Importing this module loads Datasette, so it is imported only where a server starts.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette.app import Datasette
from datasette.database import Database as DatasetteDatabase
from datasette.plugins import pm

from catalog.database import connect_read_only
from catalog.errors import CatalogError
from catalog.sharing import Readers, retried
from catalog.web.metadata import as_text, database_name, metadata_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

# Where rich is installed, Datasette prints pages of traceback to standard output for every mistake of a visitor.
pm.get_plugin("datasette.handle_exception").rich = None

SETTINGS = {
    "suggest_facets": False,
    "allow_download": False,
    "default_cache_ttl": 0,  # others write while we serve
    "truncate_cells_html": 300,  # prompts and JSON; a row's own page shows all
    "sql_time_limit_ms": 5000,  # counting a million videos by month takes 1.5 s
    "facet_time_limit_ms": 500,  # a facet without an index takes 0.6 s there, and is then left out
}

# How Datasette asks for the first page of a sorted table, and for the page after a row whose sort column has a value.
_FIRST = re.compile(r"(select id, .* order by \S+(?: desc)?)( limit \d+)")
_AFTER = re.compile(r"or (\S+) is null or \(\1 = (?=:p\d+ and )")
_PORT = re.compile(r":\d*$")


class LibraryDatabase(DatasetteDatabase):  # type: ignore[misc]
    """A library as a Datasette database, under any file name; Datasette itself reads `%` in one as an escape."""

    def __init__(self, datasette: Datasette, path: Path) -> None:
        super().__init__(datasette, as_text(str(path)))
        self._file = path
        self._readers = Readers(path, self.connect)

    @property
    def size(self) -> int:
        """The size of the file in bytes, without its write-ahead log."""
        return self._file.stat().st_size

    def connect(self, write: bool = False) -> Any:
        """A connection that only reads; raises CatalogError when asked to write."""
        if write:
            raise CatalogError(f"cannot write to {self.path}: the library is served read-only")
        connection = connect_read_only(self._file)
        self.ds._prepare_connection(connection, self.name)  # noqa: SLF001 - as Datasette's own databases do
        return connection

    async def execute_fn(self, fn: Callable[[Any], Any]) -> Any:
        """What the function answers for a connection that shows what is in the file now.

        Datasette keeps a connection for each thread for ever, which sees nothing of a library that took its place.
        """

        def answer() -> Any:
            with self._readers.borrow() as connection:
                return fn(connection)

        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, retried, answer)

    def close(self) -> None:
        """Close every connection."""
        self._readers.close()

    async def execute(self, sql: str, *arguments: Any, **options: Any) -> Any:
        """What Datasette's own method returns, for the query as `keep_order` rewrites it."""
        return await super().execute(keep_order(sql), *arguments, **options)


def keep_order(sql: str) -> str:
    """The query, rewritten so that the pages of a sorted table show each row once, and load at once.

    Datasette breaks ties by id from the second page on only, so rows created in the same second as the last one of the
    first page would be lost. For a next page as Datasette writes it, SQLite looks up each alternative separately and
    sorts the results: 6 s for a million videos, against 5 ms where it walks the index of the sort column and stops at
    the end of the page (measured).
    """
    first = _FIRST.fullmatch(sql)
    return f"{first[1]}, id{first[2]}" if first else _AFTER.sub(r"or +\1 is null or (\1 = ", sql)


def make_datasette(path: str | Path, *, allow_sql: bool = False) -> Datasette:
    """Datasette on the live library file; it takes no plugins, templates or settings from a folder."""
    metadata = metadata_for(path) | {"allow_sql": allow_sql}
    datasette = Datasette(metadata=metadata, settings=SETTINGS | {"default_allow_sql": allow_sql})
    datasette.remove_database("_memory")  # Datasette adds it where no files are named
    datasette.add_database(LibraryDatabase(datasette, Path(path)), name=database_name(path))
    return datasette


def only_for(application: Application, names: Collection[str]) -> Application:
    """The application for requests to these host names, and status 403 for all others.

    Another site can point a name of its own at this machine, and would then share an origin with the library.
    """

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _host(scope) in names:
            await application(scope, receive, send)
            return
        text = (b"content-type", b"text/plain; charset=utf-8")
        await send({"type": "http.response.start", "status": 403, "headers": [text]})
        await send({"type": "http.response.body", "body": b"This address shows the library to its own machine only.\n"})

    return guarded


def _host(scope: Message) -> str:
    """The host name in the request, without the port."""
    host: bytes = dict(scope["headers"]).get(b"host", b"")
    return _PORT.sub("", host.decode("latin-1")).lower()
