"""Which function answers which path of the gallery."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog.web.gallery import (
    PAGES,
    compare,
    detail,
    edits,
    export,
    folders,
    grid,
    history,
    insight,
    lineage,
    lookups,
    media,
    review,
    static,
)
from catalog.web.gallery.visits import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.web.gallery.visits import Answer, Visit

    Handler = Callable[..., Answer]

READ = ("GET", "HEAD")
WRITE = ("POST",)
FORM = ("GET", "HEAD", "POST")  # asks for what is too long for an address, and changes nothing
READ_ONLY = "read-only: open the address that `catalog serve` has printed"


def _show_first(visit: Visit) -> Answer:
    """The first page, which is that of a review or a comparison where its address names one."""
    show = review.show if visit.query.get("review") else compare.show if visit.query.get("compare") else grid.show
    return show(visit)


# What follows such a path, segment by segment, are the arguments of the function.
_ROUTES: dict[tuple[str, ...], tuple[Handler, tuple[str, ...], int]] = {
    ("",): (_show_first, READ, 0),
    ("insight",): (insight.show, READ, 0),
    ("lineage",): (lineage.show, READ, 1),
    ("-", "media"): (media.send, READ, 1),
    ("-", "gallery", "family"): (lineage.download, READ, 2),
    ("-", "gallery", "results"): (grid.show_results, READ, 0),
    ("-", "gallery", "tiles"): (grid.show_tiles, READ, 0),
    ("-", "gallery", "rail"): (grid.show_rail, READ, 0),
    ("-", "gallery", "complete"): (lookups.complete, READ, 0),
    ("-", "gallery", "live"): (lookups.look, READ, 0),
    ("-", "gallery", "pictures"): (lookups.count_pictures, READ, 0),
    ("-", "gallery", "copy"): (lookups.describe, READ, 0),
    ("-", "gallery", "export"): (export.send, FORM, 0),
    ("-", "gallery", "compare"): (compare.show_part, READ, 0),
    ("-", "gallery", "review"): (review.show_part, READ, 0),
    ("-", "gallery", "review", "clip"): (review.show_clip, READ, 0),
    ("-", "gallery", "review", "clips"): (review.list_clips, READ, 0),
    ("-", "gallery", "video"): (detail.show_part, READ, 1),
    ("-", "gallery", "request"): (detail.show_request, READ, 1),
    ("-", "gallery", "edit"): (edits.edit, WRITE, 0),
    ("-", "gallery", "folder"): (folders.show, WRITE, 0),
    ("-", "gallery", "judge"): (edits.judge, WRITE, 1),
    ("-", "gallery", "undo"): (edits.undo, WRITE, 0),
    ("-", "gallery", "redo"): (edits.redo, WRITE, 0),
    ("-", "gallery", "history"): (history.show, READ, 0),
    ("-", "gallery", "names"): (edits.suggest, READ, 0),
    ("-", "gallery", "static"): (static.send, READ, 1),
    ("-", "gallery", "static", static.version()): (static.send_kept, READ, 1),
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
            text = f"this address is asked with {methods[0]}"
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, text, {"allow": ", ".join(methods)})
        if methods == WRITE and not visit.may_write:
            raise Refused(HTTPStatus.FORBIDDEN, READ_ONLY)
        return handler, arguments
    raise Refused(HTTPStatus.NOT_FOUND, "there is nothing at this address")


def only_reads(raw_path: bytes) -> bool:
    """Whether what is sent to a path of ours with POST changes nothing, so that whoever may read may send it."""
    return _ROUTES.get(tuple(raw_path.decode("latin-1").strip("/").split("/")), (None, WRITE, 0))[1] == FORM


def is_ours(raw_path: bytes) -> bool:
    """Whether a path is the gallery's, where it is the root of its server."""
    parts = tuple(raw_path.decode("latin-1").strip("/").split("/"))
    return parts[:1] in _ROOTS or parts[:2] in _ROOTS
