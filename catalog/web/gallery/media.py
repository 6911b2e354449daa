"""The bytes of files, addressed by their hash alone: whole or the part that is asked for, so that a player can seek.

Clips and pictures of jobs are sent as they are. Thumbnails and sheets of frames that came from a server are drawn
afresh, so that nothing but what they show reaches a browser; an SVG or a page is never sent, whatever it calls itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from catalog.errors import BadMedia, NotFound
from catalog.media.pictures import redraw
from catalog.web.gallery.tiles import DRAWN, EXTENSIONS, is_foreign
from catalog.web.gallery.visits import Answer, Piece, Refused

if TYPE_CHECKING:
    from catalog.records import File
    from catalog.web.gallery.visits import Visit

_NAME = re.compile(r"([0-9a-f]{64})\.([a-z0-9]{2,5})")
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_REDRAWN = "jpg"
_KEPT = 128  # pictures that were drawn afresh, in memory: each some 50 kB
_drawing = Lock()  # one at a time, since each may take 100 MB
_HEADERS = {
    "accept-ranges": "bytes",
    "cache-control": "private, max-age=31536000, immutable",  # the name says the bytes
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
}


def send(visit: Visit, name: str) -> Answer:
    """The bytes of a file, or the one range of them that is asked for."""
    file, path = _find(visit, name)
    if is_foreign(file) or file.type not in EXTENSIONS or EXTENSIONS[file.type] != name.rpartition(".")[2]:
        return _send_redrawn(visit, file, path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Refused(HTTPStatus.NOT_FOUND, "the file is not where it was") from error
    tag, kind = f'"{file.sha256}"', file.type
    headers = {**_HEADERS, "etag": tag}
    if size != file.size:  # they are other bytes than those that have the name
        headers, tag = {**_HEADERS, "cache-control": "no-store"}, ""
    elif _is_known(visit, tag):
        return Answer(status=HTTPStatus.NOT_MODIFIED, type=kind, headers=headers)
    part = _read_range(visit, size, tag)
    if part is None:
        return Answer(Piece(path, 0, size), type=kind, headers=headers)
    start, end = part
    if start >= size or end < start:
        headers["content-range"] = f"bytes */{size}"
        return Answer(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, type=kind, headers=headers)
    headers["content-range"] = f"bytes {start}-{end}/{size}"
    return Answer(Piece(path, start, end - start + 1), HTTPStatus.PARTIAL_CONTENT, kind, headers)


def _find(visit: Visit, name: str) -> tuple[File, Path]:
    """The file of this name, and where its bytes lie."""
    match = _NAME.fullmatch(name)
    try:
        file = visit.catalog.media(match[1]) if match else None
    except NotFound:
        file = None
    if match is None or file is None or file.path is None or match[2] not in _list_extensions(file):
        raise Refused(HTTPStatus.NOT_FOUND, "no file of this library has this address, or its bytes are not here")
    return file, Path(file.path)


def _list_extensions(file: File) -> set[str]:
    """How the address of a file may end: as the bytes are, or as JPEG where they can be drawn so.

    The same bytes may be the picture of one job and the thumbnail of another.
    """
    own = set() if is_foreign(file) else {EXTENSIONS.get(file.type or "", "")}
    return {*own, *({_REDRAWN} if file.type in DRAWN else ())} - {""}


def _send_redrawn(visit: Visit, file: File, path: Path) -> Answer:
    tag = f'"{file.sha256}-redrawn"'
    headers = {**_HEADERS, "etag": tag, "accept-ranges": "none"}
    if _is_known(visit, tag):
        return Answer(status=HTTPStatus.NOT_MODIFIED, type="image/jpeg", headers=headers)
    try:
        with _drawing:
            return Answer(_redraw(file.sha256, path), type="image/jpeg", headers=headers)
    except (BadMedia, OSError) as error:
        raise Refused(HTTPStatus.NOT_FOUND, "this picture cannot be drawn") from error


@lru_cache(maxsize=_KEPT)
def _redraw(_: str | None, path: Path) -> bytes:
    return redraw(path)


def _is_known(visit: Visit, tag: str) -> bool:
    """Whether the browser has these bytes."""
    tags = {each.strip().removeprefix("W/") for each in visit.headers.get("if-none-match", "").split(",")}
    return tag in tags or "*" in tags


def _read_range(visit: Visit, size: int, tag: str) -> tuple[int, int] | None:
    """The first and the last byte that are asked for; None for all, as for what is not one range of bytes.

    A HEAD asks for none, and whoever has other bytes than these gets them all.
    """
    match = _RANGE.fullmatch(visit.headers.get("range", "").replace(" ", "").lower())
    if (
        visit.method != "GET"
        or match is None
        or not (match[1] or match[2])
        or visit.headers.get("if-range", tag) != tag
    ):
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size - 1 if int(match[2]) else -1
    return int(match[1]), min(size - 1, int(match[2])) if match[2] else size - 1
