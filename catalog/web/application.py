"""Datasette, set up for one library: it reads through the catalog's own connections and is closed to other sites.

Importing this module loads Datasette, so it is imported only where a server starts.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import datasette.views.base
from datasette.app import Datasette
from datasette.database import Database as DatasetteDatabase
from datasette.database import QueryInterrupted, Results
from datasette.plugins import pm
from datasette.renderer import json_renderer
from datasette.utils import CustomJSONEncoder, tilde_encode
from datasette.utils.asgi import Response
from datasette.views.base import DatasetteError

from catalog.api import Catalog
from catalog.database import OperationalError, connect_read_only, make_rows
from catalog.errors import CatalogError, QueryError
from catalog.sharing import Readers, retried
from catalog.web import plugin, search_box, tables
from catalog.web.cells import SafeWriter
from catalog.web.front import Front
from catalog.web.gallery.application import Gallery
from catalog.web.guard import allow_own_scripts, only_for, with_headers
from catalog.web.metadata import as_text, database_name, metadata_for
from catalog.web.queues import Queues, current_lane, in_turn
from catalog.web.reader import TookTooLong
from catalog.web.turns import GivingWay, render_in_turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, MutableMapping

    from catalog.database import Parameters

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

# Where rich is installed, Datasette prints pages of traceback to standard output for every mistake of a visitor.
pm.get_plugin("datasette.handle_exception").rich = None
# Its exports write each row with this module's `csv.writer`, in one piece or as a stream.
datasette.views.base.csv = SimpleNamespace(writer=SafeWriter)

pm.register(GivingWay(), GivingWay.__name__)
for each in (plugin, search_box, tables):
    if not pm.is_registered(each):  # by its entry point, which a package that is not installed lacks
        pm.register(each)

SETTINGS = {
    "suggest_facets": False,
    "allow_download": False,
    "default_cache_ttl": 0,  # others write while we serve
    "truncate_cells_html": 300,  # prompts and JSON; a row's own page shows all
    "sql_time_limit_ms": 5000,  # counting a million videos by month takes 1.5 s
    "facet_time_limit_ms": 500,  # a facet without an index takes 0.6 s there, and is then left out
}

MAX_SQL = 10_000  # characters of a query, with what Datasette puts around a visitor's condition

SMALL_CELLS, SMALL_TEXT = 5_000, 256 << 10  # of an answer that the server writes as JSON itself

# How Datasette asks for the first page of a sorted table, and for the page after a row whose sort column has a value.
_FIRST = re.compile(r"(select id, .* order by \S+(?: desc)?)( limit \d+)")
_AFTER = re.compile(r"or (\S+) is null or \(\1 = (?=:p\d+ and )")


class _Datasette(Datasette):  # type: ignore[misc]
    """Datasette with metadata that restricts no table; its own copies all of that twice for a page to find out."""

    def _table_permission_allows(self, database: str, table: str) -> list[Any]:  # noqa: ARG002  # as Datasette's
        return []


class LibraryDatabase(DatasetteDatabase):  # type: ignore[misc]
    """A library as a Datasette database, under any file name; Datasette itself reads `%` in one as an escape."""

    def __init__(self, datasette: Datasette, path: Path, catalog: Catalog) -> None:
        super().__init__(datasette, as_text(str(path)))
        self.file = path
        self.catalog = catalog  # what plugins ask
        self.gallery = ""  # is the root of its server
        self._readers = Readers(path, self.connect)

    @property
    def size(self) -> int:
        """The size of the file in bytes, without its write-ahead log."""
        return self.file.stat().st_size

    def connect(self, write: bool = False) -> Any:
        """A connection that only reads; raises CatalogError when asked to write."""
        if write:
            raise CatalogError(f"cannot write to {self.path}: the library is served read-only")
        connection = connect_read_only(self.file)
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

    async def execute(
        self,
        sql: str,
        params: Parameters | None = None,
        truncate: bool = False,
        custom_time_limit: float | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = True,
    ) -> Any:
        """What Datasette's own method returns, for the query as `keep_order` rewrites it."""
        sql = keep_order(sql)
        lane = current_lane()
        if lane is None or not lane.is_apart:
            return await super().execute(sql, params, truncate, custom_time_limit, page_size, log_sql_errors)
        if len(sql) > MAX_SQL:
            raise OperationalError(f"the query has {len(sql):,} characters, more than {MAX_SQL:,}")
        most = self.ds.max_returned_rows + (self.ds.max_returned_rows == (page_size or self.ds.page_size))
        limit = min(custom_time_limit or self.ds.sql_time_limit_ms, self.ds.sql_time_limit_ms)
        values = dict(params) if isinstance(params, dict) else list(params or ())
        try:
            answer = await lane.ask(
                lambda reader: reader.answer(sql, values, seconds=limit / 1000, max_rows=most if truncate else None)
            )
        except TookTooLong as error:
            raise QueryInterrupted(error, sql, params) from error
        except QueryError as error:
            if custom_time_limit:  # of a facet or a count, which is left out where it is interrupted
                raise QueryInterrupted(error, sql, params) from error
            raise OperationalError(str(error)) from error
        rows, description = make_rows(answer.names, answer.rows)
        return Results(rows, answer.is_cut, description)


async def write_json(args: Any, data: dict[str, Any], view_name: str) -> Response:
    """The answer as Datasette writes it in JSON, where it is large by the process that has answered the query."""
    lane = current_lane()
    if lane is None or not lane.is_apart or _is_small(args, data):
        return json_renderer(args, data, view_name)
    arguments = {name: args.getlist(name) for name in args}
    plain = {name: list(map(tuple, value)) if name == "rows" else _plain(value) for name, value in data.items()}
    try:
        page = await lane.ask(lambda reader: reader.write_json(arguments, plain, view_name))
    except (TookTooLong, QueryError) as error:
        raise DatasetteError(str(error), status=400) from error
    return Response(page.body, page.status, page.headers, page.content_type)


def _is_small(args: Any, data: dict[str, Any]) -> bool:
    """Whether an answer is written in a few milliseconds; what a visitor lets it decode has no bound."""
    rows = data.get("rows")
    if "_json" in args or not isinstance(rows, list):
        return False
    cells = [cell for row in rows for cell in row]
    texts = [cell for cell in cells if isinstance(cell, str | bytes)]
    return len(cells) <= SMALL_CELLS and sum(map(len, texts)) <= SMALL_TEXT


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, cls=CustomJSONEncoder))


def keep_order(sql: str) -> str:
    """The query, rewritten so that the pages of a sorted table show each row once, and load at once.

    Datasette breaks ties by id from the second page on only, so rows created in the same second as the last one of the
    first page would be lost. For a next page as Datasette writes it, SQLite looks up each alternative separately and
    sorts the results: 6 s for a million videos, against 5 ms where it walks the index of the sort column and stops at
    the end of the page (measured).
    """
    first = _FIRST.fullmatch(sql)
    return f"{first[1]}, id{first[2]}" if first else _AFTER.sub(r"or +\1 is null or (\1 = ", sql)


class Site:
    """Datasette on a live library file as an ASGI `application`, to be closed when it has been served.

    It takes no plugins, templates or settings from a folder. Before it stands the gallery: who knows the `token` may
    write there. With `names`, it answers under these host names only; where it is not `is_open`, only to who
    knows the token.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        allow_sql: bool = False,
        names: Collection[str] | None = None,
        token: str | None = None,
        is_open: bool = True,
    ) -> None:
        metadata = metadata_for(path) | {"allow_sql": allow_sql}
        self._datasette = _Datasette(metadata=metadata, settings=SETTINGS | {"default_allow_sql": allow_sql})
        self._datasette.remove_database("_memory")  # Datasette adds it where no files are named
        name, catalog = database_name(path), Catalog.open(path, via="gallery")
        self._datasette.add_database(LibraryDatabase(self._datasette, Path(path), catalog), name=name)
        self._datasette.renderers["json"] = (write_json, lambda: True)
        allow_own_scripts(self._datasette.jinja_env)
        render_in_turns(self._datasette.jinja_env)
        self._queues = Queues(Path(path))
        self._gallery = Gallery(
            catalog, base="", name=name, tables=f"/{tilde_encode(name)}", is_local=names is not None
        )
        front = Front(self._gallery, self._datasette.app(), token=token, is_open=is_open)
        application = in_turn(front, self._queues)
        self.application = with_headers(only_for(application, names) if names else application)

    def close(self) -> None:
        """Close every connection, and end the queries that still run."""
        self._queues.close()
        self._gallery.close()
        self._datasette.executor.shutdown(cancel_futures=True)
        for database in self._datasette.databases.values():
            database.close()
