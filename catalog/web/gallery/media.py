"""The bytes of files, addressed by their hash alone: whole or the part that is asked for, so that a player can seek."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.errors import NotFound
from catalog.web.gallery.tiles import EXTENSIONS, media_name
from catalog.web.gallery.visits import Answer, Piece, Refused

if TYPE_CHECKING:
    from catalog.records import File
    from catalog.web.gallery.visits import Visit

_NAME = re.compile(r"([0-9a-f]{64})\.([a-z0-9]{2,5})")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_HEADERS = {
    "accept-ranges": "bytes",
    "cache-control": "private, max-age=31536000, immutable",  # the name says the bytes
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
}


def send(visit: Visit, name: str) -> Answer:
    """The bytes of a file, or the one range of them that is asked for."""
    path, kind, sha256 = _find(visit, name)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Refused(HTTPStatus.NOT_FOUND, "the file is not where it was") from error
    tag = f'"{sha256}"'
    headers = {**_HEADERS, "etag": tag}
    if tag in visit.headers.get("if-none-match", ""):
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


def _find(visit: Visit, name: str) -> tuple[Path, str, str]:
    match = _NAME.fullmatch(name)
    try:
        file = visit.catalog.media(match[1]) if match else None
    except NotFound:
        file = None
    if file is None or not _is_called(file, name) or file.path is None or file.type is None or file.sha256 is None:
        raise Refused(HTTPStatus.NOT_FOUND, "no file of this library has this address, or its bytes are not here")
    return Path(file.path), file.type, file.sha256


def _is_called(file: File, name: str) -> bool:
    return file.type in EXTENSIONS and media_name(file) == name


def _read_range(visit: Visit, size: int, tag: str) -> tuple[int, int] | None:
    """The first and the last byte that are asked for; None for all, as for what is not one range of bytes."""
    match = _RANGE.fullmatch(visit.headers.get("range", "").replace(" ", ""))
    if match is None or not (match[1] or match[2]) or visit.headers.get("if-range", tag) != tag:
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size - 1 if int(match[2]) else -1
    return int(match[1]), min(size - 1, int(match[2])) if match[2] else size - 1
