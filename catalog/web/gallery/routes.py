"""Which function answers which path of the gallery."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog.web.gallery import PAGES, detail, edits, grid, history, media, static
from catalog.web.gallery.visits import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.web.gallery.visits import Answer, Visit

    Handler = Callable[..., Answer]

READ = ("GET", "HEAD")
WRITE = ("POST",)

# What follows such a path, segment by segment, are the arguments of the function.
_ROUTES: dict[tuple[str, ...], tuple[Handler, tuple[str, ...], int]] = {
    ("",): (grid.show, READ, 0),
    ("-", "media"): (media.send, READ, 1),
    ("-", "gallery", "results"): (grid.show_results, READ, 0),
    ("-", "gallery", "video"): (detail.show_part, READ, 1),
    ("-", "gallery", "request"): (detail.show_request, READ, 1),
    ("-", "gallery", "edit"): (edits.edit, WRITE, 0),
    ("-", "gallery", "undo"): (edits.undo, WRITE, 0),
    ("-", "gallery", "redo"): (edits.redo, WRITE, 0),
    ("-", "gallery", "history"): (history.show, READ, 0),
    ("-", "gallery", "names"): (edits.suggest, READ, 0),
    ("-", "gallery", "static"): (static.send, READ, 1),
}
# The first segments of every path that is the gallery's where it is the root of its server.
_ROOTS = frozenset({("",), *((name,) for name in PAGES), ("-", "media"), ("-", "gallery")})


def find_route(visit: Visit) -> tuple[Handler, tuple[str, ...]]:
    """The function for a request, and what it is called with beside it; raises Refused."""
    for length in range(len(visit.path), 0, -1):
        route = _ROUTES.get(visit.path[:length])
        arguments = visit.path[length:]
        if route is None or len(arguments) != route[2]:
            continue
        handler, methods, _ = route
        if visit.method not in methods:
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"this address is asked with {methods[0]}")
        if methods == WRITE and not visit.may_write:
            raise Refused(HTTPStatus.FORBIDDEN, "read-only: open the address that `catalog serve` has printed")
        return handler, arguments
    raise Refused(HTTPStatus.NOT_FOUND, "there is nothing at this address")


def is_ours(raw_path: bytes) -> bool:
    """Whether a path is the gallery's, where it is the root of its server."""
    parts = tuple(raw_path.decode("latin-1").strip("/").split("/"))
    return parts[:1] in _ROOTS or parts[:2] in _ROOTS
