"""A plugin of Datasette's: the gallery of every library among its databases, below `/-/catalog/NAME/`, to be read.

Whoever may not see the tables that the gallery shows, does not see the gallery. Nothing else of that Datasette changes,
but that the pages of a library have a link to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, finalize

from datasette import Forbidden, NotFound, Response, hookimpl
from datasette.utils import tilde_decode

from catalog.web.gallery.visits import read_headers
from catalog.web.guard import find_foreign
from catalog.web.libraries import catalog_of, gallery_root, library_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    from catalog.web.application import Application, Message, Receive, Send
    from catalog.web.gallery.application import Gallery

    Links = Callable[[], Awaitable[list[dict[str, str]]]]

_ROUTE = r"^/-/catalog/(?P<database>[^/]+)(?P<rest>/.*)?$"
_FILES = re.compile(r"/-/(?:media|gallery/static)/")
_KEPT = "catalog.kept"  # in the scope of a request: what the gallery says of how long its answer may be kept
_CACHE = b"cache-control"
_TABLE = "videos"
_OF_FILES = (_TABLE, "files")
# Whose rows pages of the gallery show. The rest is derived from them, or says what stands in them.
_OF_PAGES = (
    *_OF_FILES, "observations", "changes", "tags", "links", "annotations", "collections", "video_facets", "characters",
    "c2pa_checks", "edits",
)  # fmt: skip

_galleries: WeakKeyDictionary[Datasette, dict[Path, Gallery]] = WeakKeyDictionary()


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, which has no types here
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response | None]]]]:
    """The addresses of galleries."""
    return [(_ROUTE, _show)]


@hookimpl  # type: ignore[untyped-decorator]
def database_actions(datasette: Datasette, actor: dict[str, Any] | None, database: str) -> Links:
    """The way from a library's page to its gallery."""
    return _link(datasette, actor, database)


@hookimpl  # type: ignore[untyped-decorator]
def table_actions(datasette: Datasette, actor: dict[str, Any] | None, database: str, table: str) -> Links | None:
    """The way from the page of its videos."""
    return _link(datasette, actor, database) if table == _TABLE else None


@hookimpl(optionalhook=True)  # type: ignore[untyped-decorator]  # before 1.0, which looks at the Origin itself
def skip_csrf(datasette: Datasette, scope: Message) -> bool:
    """Whether a POST needs no token of Datasette's: a page of a gallery has what is selected sent, and changes nothing.

    Datasette asks for one as soon as a visitor has a cookie, of whichever program of the machine.
    """
    from catalog.web.gallery.routes import only_reads

    root = str(datasette.setting("base_url")).rstrip("/")
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0].removeprefix(root)
    match = re.fullmatch(_ROUTE, path)
    rest = (match and match["rest"]) or ""
    return only_reads(rest.encode("latin-1")) and find_foreign(read_headers(scope["headers"])) is None


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Datasette) -> Callable[[Application], Application]:  # noqa: ARG001  # named by Datasette
    """Let browsers keep clips and pictures, which Datasette forbids whoever has a cookie, of whichever program."""
    return _keeping


def _keeping(application: Application) -> Application:
    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        kept: list[bytes] = []

        async def send_kept(message: Message) -> None:
            if kept and message["type"] == "http.response.start":
                headers = [item for item in message["headers"] if item[0].lower() != _CACHE]
                message = {**message, "headers": [*headers, (_CACHE, kept[0])]}
            await send(message)

        await application({**scope, _KEPT: kept}, receive, send_kept)

    return answer


async def _show(
    datasette: Datasette, request: Request, scope: Message, receive: Receive, send: Send
) -> Response | None:
    """The answer of a gallery, sent as it comes; raises NotFound and Forbidden."""
    name, rest = tilde_decode(request.url_vars["database"]), request.url_vars["rest"] or ""
    path = library_path(name, datasette)
    if path is None:
        raise NotFound(f"no library {name}")
    is_file = _FILES.match(rest) is not None
    if not await _may_view(datasette, request.actor, name, _OF_FILES if is_file else _OF_PAGES):
        raise Forbidden("this gallery is shown to others only")
    root = gallery_root(name, datasette)
    if not root.endswith(request.url_vars["database"]):
        query = f"?{request.query_string}" if request.query_string else ""
        return Response.redirect(f"{root}{rest.partition('?')[0] or '/'}{query}")

    async def send_noting(message: Message) -> None:
        if is_file and message["type"] == "http.response.start" and message["status"] in {200, 206, 304}:
            scope.get(_KEPT, []).extend(value for key, value in message["headers"] if key.lower() == _CACHE)
        await send(message)

    gallery = _open_gallery(datasette, name, path, root)
    await gallery.answer(scope, receive, send_noting, rest.partition("?")[0].encode("latin-1"))
    return None


def _open_gallery(datasette: Datasette, name: str, path: Path, root: str) -> Gallery:
    from catalog.web.gallery.application import Gallery

    galleries = _galleries.setdefault(datasette, {})
    if path not in galleries:
        catalog, tables = catalog_of(name, datasette), str(datasette.urls.database(name))
        gallery = galleries[path] = Gallery(catalog, base=root, name=name, tables=tables)
        finalize(datasette, gallery.close)
    return galleries[path]


def _link(datasette: Datasette, actor: dict[str, Any] | None, database: str) -> Links:
    async def links() -> list[dict[str, str]]:
        if not (library_path(database, datasette) and await _may_view(datasette, actor, database, _OF_PAGES)):
            return []
        return [{"href": f"{gallery_root(database, datasette)}/", "label": "Gallery"}]

    return links


async def _may_view(datasette: Datasette, actor: dict[str, Any] | None, database: str, tables: tuple[str, ...]) -> bool:
    """Whether the actor may see all these tables, as each version of Datasette says it."""
    if hasattr(datasette, "permission_allowed"):  # before 1.0
        for table in tables:
            chain = [("view-table", (database, table)), ("view-database", database), "view-instance"]
            if not (await datasette.check_visibility(actor, permissions=chain))[0]:
                return False
        return True
    from datasette.resources import TableResource

    for table in tables:
        resource = TableResource(database=database, table=table)
        if not await datasette.allowed(action="view-table", resource=resource, actor=actor):
            return False
    return True
