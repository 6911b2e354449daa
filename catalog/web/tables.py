"""A plugin of Datasette's: its own pages of a library show what matters first, and count what prompts ask for.

The page of `videos` has few columns, the prompt first, until its address says which (`_col`, `_nocol`); descriptions of
columns are folded, `videos` is listed first, refs lead to the gallery, and the facets of type `catalog` are counted by
the bitmaps that `catalog search` counts with. Other databases stay as they are.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette import hookimpl
from datasette.facets import Facet
from datasette.utils import path_with_replaced_args, tilde_decode, tilde_encode, to_css_class
from jinja2 import BaseLoader, TemplateNotFound
from markupsafe import Markup

from catalog.errors import QueryError
from catalog.web.libraries import catalog_of, gallery_root, library_path
from catalog.web.metadata import metadata_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette
    from datasette.utils.asgi import Request
    from jinja2 import Environment

    from catalog.api import Catalog
    from catalog.records import FacetCount
    from catalog.web.application import Application, Message, Receive, Send

_TABLE = "videos"
_COLUMNS = ("prompt", "ref", "status", "model", "seconds", "cost_usd", "created_at")
_CHOICES = re.compile(rb"(?:^|&)_(?:(?:no)?col|filter_column)=")  # the last leads to an address without it
# Columns whose equality is a term of the query language.
_FIELDS = frozenset(
    {"source", "kind", "status", "model", "seconds", "width", "height", "quality", "tier", "error_code"}
)
_REFS = frozenset({"ref", "root_ref", "parent_ref"})
_SEARCH = "_search"

# Of a template of Datasette's: what is rewritten in the one of a library, of either version.
_GLOSSARY = re.compile(r'<dl class="column-descriptions">.*?</dl>', re.DOTALL)
_FOLDED = r'<details class="glossary"><summary>What the columns mean</summary>\n\g<0>\n</details>'
_EACH_TABLE = "{% for table in tables %}"
_VIDEOS_FIRST = (
    '{% for table in (tables | selectattr("name", "equalto", "videos") | list)'
    ' + (tables | rejectattr("name", "equalto", "videos") | list) %}'
)


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, which has no types here
def prepare_jinja2_environment(env: Environment, datasette: Datasette) -> None:
    """Let the pages of libraries have templates of their own."""
    if env.loader is not None:
        env.loader = _Templates(env.loader, datasette)


class _Templates(BaseLoader):
    """Datasette's templates, and those of the databases that are libraries, which are made of them."""

    def __init__(self, loader: BaseLoader, datasette: Datasette) -> None:
        self._loader, self._datasette = loader, datasette

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        try:
            return self._loader.get_source(environment, template)
        except TemplateNotFound:
            kind, _, rest = template.removesuffix(".html").partition("-")
            if kind not in {"database", "table"} or not rest or not self._is_of_library(kind, rest):
                raise
        source, name, is_current = self._loader.get_source(environment, f"{kind}.html")
        return _GLOSSARY.sub(_FOLDED, source.replace(_EACH_TABLE, _VIDEOS_FIRST)), name, is_current

    def list_templates(self) -> list[str]:
        return self._loader.list_templates()

    def _is_of_library(self, kind: str, rest: str) -> bool:
        for name in self._datasette.databases:
            named = to_css_class(name)
            if (rest == named if kind == "database" else rest.startswith(f"{named}-")) and _is_library(
                name, self._datasette
            ):
                return True
        return False


@hookimpl  # type: ignore[untyped-decorator]
def extra_css_urls(database: str | None, datasette: Datasette) -> list[str]:
    """The style of a library's pages."""
    if database is None or not _is_library(database, datasette):
        return []
    return [f"{gallery_root(database, datasette)}/-/gallery/static/tables.css"]


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: Any, column: str, database: str, datasette: Datasette) -> Markup | None:
    """A ref as the way to its video in the gallery."""
    if column not in _REFS or not isinstance(value, str) or not _is_library(database, datasette):
        return None
    address = f"{gallery_root(database, datasette)}/?{urlencode({'open': value})}"
    return Markup('<a href="{}">{}</a>').format(address, value)


@hookimpl  # type: ignore[untyped-decorator]
def canned_queries(datasette: Datasette, database: str) -> dict[str, dict[str, Any]]:
    """The named queries of a library, before Datasette 1.0."""
    return _named_queries(database, datasette)


@hookimpl  # type: ignore[untyped-decorator]
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """The named queries of every library, from Datasette 1.0 on."""

    async def add() -> None:
        if hasattr(datasette, "add_query"):
            for database in datasette.databases:
                for name, query in _named_queries(database, datasette).items():
                    known = {key: query[key] for key in ("title", "description", "hide_sql") if key in query}
                    await datasette.add_query(database, name, query["sql"], is_trusted=True, **known)

    return add


def _named_queries(database: str, datasette: Datasette) -> dict[str, dict[str, Any]]:
    if not _is_library(database, datasette):
        return {}
    (described,) = metadata_for("catalog.db")["databases"].values()
    queries: dict[str, dict[str, Any]] = described["queries"]
    return queries


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Datasette) -> Callable[[Application], Application]:
    """Choose the columns of the page of videos, where its address does not."""

    def wrap(application: Application) -> Application:
        async def answer(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and not _CHOICES.search(scope["query_string"]):
                path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
                if path.endswith(f"/{_TABLE}") and _is_page_of_videos(path, datasette):
                    chosen = urlencode([("_col", column) for column in _COLUMNS]).encode()
                    scope = {**scope, "query_string": b"&".join(filter(None, (scope["query_string"], chosen)))}
            await application(scope, receive, send)

        return answer

    return wrap


def _is_page_of_videos(path: str, datasette: Datasette) -> bool:
    place = path.removeprefix(datasette.setting("base_url").rstrip("/")).removesuffix(f"/{_TABLE}").lstrip("/")
    name = tilde_decode(place)
    return tilde_encode(name) == place and name in datasette.databases and _is_library(name, datasette)


@hookimpl  # type: ignore[untyped-decorator]
def register_facet_classes() -> list[type[Facet]]:
    """What Datasette calls `_facet_catalog`, and `{"catalog": NAME}` in its metadata."""
    return [CatalogFacet]


class CatalogFacet(Facet):  # type: ignore[misc]  # Datasette has no types
    """A facet of the query language on the table of videos, counted as `catalog search` counts it.

    Its values lead to the query in the search box. Where the table is filtered by more than the box and equalities of
    fields, nothing is counted.
    """

    type = "catalog"

    async def suggest(self) -> list[dict[str, Any]]:
        """Nothing: the metadata names those that matter."""
        return []

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The values of each facet."""
        sources = {item["config"]["simple"]: item["source"] for item in self.get_configs()}
        if not sources or self.table != _TABLE or not _is_library(self.database, self.ds):
            return [], []
        size = self.get_facet_size()
        limit: int = await size if inspect.isawaitable(size) else size
        catalog = catalog_of(self.database, self.ds)
        try:
            query = _query_of(catalog, self.request)
            if query is None:
                return [], []
            counts = await asyncio.to_thread(catalog.facets, list(sources), query=query, limit=limit + 1)
            return [self._describe(catalog, query, name, counts[name], limit, sources[name]) for name in sources], []
        except QueryError:  # of a facet that nobody knows
            return [], []

    def _describe(
        self, catalog: Catalog, query: str, name: str, counts: tuple[FacetCount, ...], limit: int, source: str
    ) -> dict[str, Any]:
        chosen = {value for clause in catalog.clauses(query) if clause.field == name for value in clause.values}

        def address(value: str | None) -> str:
            return self._address({_SEARCH: catalog.refine(query, name, value), "_next": None})

        values = [
            {
                "value": item.value,
                "label": "none" if item.value is None else item.value,
                "count": item.count,
                "toggle_url": address(item.value),
                "selected": item.value in chosen,
            }
            for item in counts[:limit]
        ]
        return {
            "name": name,
            "type": self.type,
            "hideable": source != "metadata",
            "toggle_url": self._address({"_facet_catalog": None}),
            "results": values,
            "truncated": len(counts) > limit,
        }

    def _address(self, changes: dict[str, str | None]) -> str:
        path = self.ds.urls.path(path_with_replaced_args(self.request, changes))
        address: str = self.ds.absolute_url(self.request, path)
        return address


def _query_of(catalog: Catalog, request: Request) -> str | None:
    """What the table is filtered by as a query of ours; None where that cannot be said in one."""
    query = " ".join(request.args.getlist(_SEARCH))
    for name in request.args:
        field, _, how = name.partition("__")
        if name == "deleted_at__isnull":  # as of every query of ours
            continue
        if name.startswith("_") and name not in {"_where", "_through", "_searchmode"} and "_search_" not in name:
            continue
        if field not in _FIELDS or how not in {"", "exact"}:
            return None
        for value in request.args.getlist(name):
            query = catalog.refine(query, field, value)
    return query


def _is_library(database: str, datasette: Datasette) -> bool:
    """Whether a database is a library, as its file was when it was last changed."""
    shown = datasette.databases.get(database)
    place = getattr(shown, "file", None) or getattr(shown, "path", None)
    if place is None:
        return False
    try:
        state = Path(place).stat()
    except OSError:
        return False
    return _is_library_then(database, datasette, (str(place), state.st_ino, state.st_mtime_ns))


@lru_cache(maxsize=256)
def _is_library_then(database: str, datasette: Datasette, state: tuple[str, int, int]) -> bool:  # noqa: ARG001
    return library_path(database, datasette) is not None
