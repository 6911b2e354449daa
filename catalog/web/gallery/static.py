"""Scripts and styles of the gallery: the files of one folder, with a version, so that browsers keep them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.web.gallery.visits import Answer, Refused

if TYPE_CHECKING:
    from catalog.web.gallery.visits import Visit

FOLDER = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def _files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}


@cache
def version() -> str:
    """A short text that changes with any of the files."""
    return sha256(b"".join(_files().values())).hexdigest()[:12]


def send(visit: Visit, name: str) -> Answer:
    """One of the files, at an address without a version, so that browsers ask whether theirs still holds."""
    data = _get(name)
    tag = f'"{version()}"'
    headers = {"cache-control": "no-cache", "etag": tag}
    if visit.headers.get("if-none-match") == tag:
        return Answer(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Answer(data, type=_TYPES[Path(name).suffix], headers=headers)


def send_kept(visit: Visit, name: str) -> Answer:  # noqa: ARG001  # as all that answer
    """One of the files, at an address in a folder of its version, as modules name each other: to be kept for good."""
    headers = {"cache-control": "private, max-age=31536000, immutable"}
    return Answer(_get(name), type=_TYPES[Path(name).suffix], headers=headers)


def _get(name: str) -> bytes:
    if name not in _files():
        raise Refused(HTTPStatus.NOT_FOUND, "there is nothing at this address")
    return _files()[name]
