"""Checks of Content Credentials: what is due, what was found, and the trust lists that checks are made with."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.database import path_of
from catalog.records import read_utc
from catalog.rows import read_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.database import Reader


class Target(NamedTuple):
    """A file whose credentials can be checked: `path` is where its bytes lie."""

    file_id: int
    ref: str
    variant: str
    number: int
    sha256: str
    path: Path


class KeptList(NamedTuple):
    """A trust list of the library, with its file."""

    uri: str
    name: str
    source: str | None
    sha256: str
    content: bytes
    signers: int
    time_stampers: int
    issued: str | None
    next_update: str | None
    is_frozen: bool
    added_at: datetime | None


class KeptCheck(NamedTuple):
    """A check as the library keeps it; `codes` and `lists` are JSON values."""

    id: int
    file_id: int
    checked_at: datetime
    status: str
    reason: str | None
    sha256: str | None
    size: int | None
    type: str | None
    is_detached: bool
    has_media: bool
    codes: dict[str, Any]
    signer_list: str | None
    remote_url: str | None
    lists: list[dict[str, Any]]
    reader: str | None
    store_id: int | None


_PLACE = (
    "(SELECT file_places.id FROM file_places WHERE file_places.sha256 = files.sha256 "
    "AND file_places.state = 'present' ORDER BY file_places.id LIMIT 1)"
)
_TARGETS = f"""
SELECT files.id, videos.ref, files.variant, files.number, files.sha256, file_places.root, file_places.path
FROM files CROSS JOIN videos ON videos.id = files.video_id CROSS JOIN file_places ON file_places.id = {_PLACE}
WHERE {{test}} AND files.sha256 IS NOT NULL AND coalesce(files.origin, '') <> 'made' ORDER BY files.id LIMIT :limit
"""
_DUE = _TARGETS.format(test="files.check_id IS NULL AND files.id > :after")
_OF_VIDEOS = _TARGETS.format(test="files.video_id IN :ids AND files.id > :after")
_ALL = _TARGETS.format(test="files.id > :after")
_CHECK = """
SELECT id, file_id, checked_at, status, reason, sha256, size, type, is_detached, has_media, codes, signer_list,
remote_url, lists, reader, store_id FROM c2pa_checks
"""
_NEWEST = f"{_CHECK} WHERE id IN (SELECT check_id FROM files WHERE files.id IN :files) ORDER BY id"
_HISTORY = f"{_CHECK} WHERE file_id IN :files ORDER BY id"
_LISTS = """
SELECT uri, name, source, sha256, content, signers, time_stampers, issued, next_update, is_frozen, added_at
FROM trust_lists ORDER BY id
"""


def list_due(connection: Reader, limit: int, *, after: int = 0) -> list[Target]:
    """The next files, in order of row id, whose credentials were never checked and whose bytes lie in a place."""
    return _read_targets(connection, _DUE, {"after": after, "limit": limit})


def list_checkable(
    connection: Reader, limit: int, *, after: int = 0, among: Iterable[int] | None = None
) -> list[Target]:
    """The next files whose bytes lie in a place, of these videos or of all, checked before or not."""
    if among is None:
        return _read_targets(connection, _ALL, {"after": after, "limit": limit})
    return _read_targets(connection, _OF_VIDEOS, {"after": after, "limit": limit, "ids": list(among)})


def _read_targets(connection: Reader, query: str, parameters: dict[str, Any]) -> list[Target]:
    folder = path_of(connection).parent
    rows = connection.execute(query, parameters)
    make: Callable[..., Target] = Target
    return [make(*own, Path(read_path(root) or folder) / read_path(path)) for *own, root, path in rows]


def read_newest_checks(connection: Reader, files: Iterable[int]) -> dict[int, KeptCheck]:
    """The newest check of each of these files, by row id of the file; what was never checked is left out."""
    checks = _read_checks(connection, _NEWEST, files)
    return {check.file_id: check for check in checks}


def read_checks(connection: Reader, files: Iterable[int]) -> dict[int, list[KeptCheck]]:
    """All checks of each of these files, by row id of the file, the oldest first."""
    checks: dict[int, list[KeptCheck]] = {}
    for check in _read_checks(connection, _HISTORY, files):
        checks.setdefault(check.file_id, []).append(check)
    return checks


def _read_checks(connection: Reader, query: str, files: Iterable[int]) -> list[KeptCheck]:
    return [_read_check(row) for row in connection.execute(query, {"files": list(files)})]


def _read_check(row: Sequence[Any]) -> KeptCheck:
    check = KeptCheck(*row)
    return check._replace(
        checked_at=datetime.fromisoformat(row[2]),
        is_detached=bool(check.is_detached),
        has_media=bool(check.has_media),
        codes=json.loads(row[10]),
        lists=json.loads(row[13]),
    )


def list_trust_lists(connection: Reader) -> list[KeptList]:
    """The trust lists of the library, in the order in which they were added."""
    lists = [KeptList(*row) for row in connection.execute(_LISTS)]
    return [each._replace(is_frozen=bool(each.is_frozen), added_at=read_utc(str(each.added_at))) for each in lists]
