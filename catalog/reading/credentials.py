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
    """A file whose credentials can be checked: `path` is where its bytes lie.

    `root` is the folder outside the library that they lie in, empty for the media folder.
    """

    file_id: int
    ref: str
    variant: str
    number: int
    sha256: str
    path: Path
    root: str = ""


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
    are_time_stampers: bool | None = None


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


class KeptFile(NamedTuple):
    """A file of a video that bytes are known of; `place` is where they lie now, None where they lie nowhere.

    `is_due` says that no check was made of these bytes.
    """

    file_id: int
    variant: str
    number: int
    sha256: str
    is_due: bool
    place: str | None


class KeptManifest(NamedTuple):
    """A manifest of a store, with what it says was done and what its file was made of: rows by column."""

    row: dict[str, Any]
    actions: list[dict[str, Any]]
    ingredients: list[dict[str, Any]]


_PLACE = (
    "(SELECT file_places.id FROM file_places WHERE file_places.sha256 = files.sha256 "
    "AND file_places.state = 'present' ORDER BY EXISTS (SELECT 1 FROM roots WHERE roots.path = file_places.root "
    "AND roots.state = 'offline'), file_places.id LIMIT 1)"
)
_TARGETS = f"""
SELECT files.id, videos.ref, files.variant, files.number, files.sha256, file_places.root, file_places.path
FROM files CROSS JOIN videos ON videos.id = files.video_id CROSS JOIN file_places ON file_places.id = {_PLACE}
WHERE {{test}} AND files.sha256 IS NOT NULL AND coalesce(files.origin, '') <> 'made' ORDER BY files.id LIMIT :limit
"""
_IS_DUE = "files.check_id IS NULL AND files.id > :after AND files.changed_at >= :since"
_DUE = _TARGETS.format(test=_IS_DUE)
_OF_VIDEOS = _TARGETS.format(test="files.video_id IN :ids AND files.id > :after")
_ALL = _TARGETS.format(test="files.id > :after")
_OF_FILES = _TARGETS.format(test="files.id IN :ids")
_CHECK = """
SELECT id, file_id, checked_at, status, reason, sha256, size, type, is_detached, has_media, codes, signer_list,
remote_url, lists, reader, store_id FROM c2pa_checks
"""
_NEWEST = f"{_CHECK} WHERE id IN (SELECT check_id FROM files WHERE files.id IN :files) ORDER BY id"
_HISTORY = f"{_CHECK} WHERE file_id IN :files ORDER BY id"
_LISTS = """
SELECT uri, name, source, sha256, content, signers, time_stampers, issued, next_update, is_frozen, added_at,
are_time_stampers FROM trust_lists ORDER BY id
"""
_FILES = f"""
SELECT files.id, files.variant, files.number, files.sha256, files.check_id IS NULL, file_places.root, file_places.path
FROM files LEFT JOIN file_places ON file_places.id = {_PLACE}
WHERE files.video_id = :video_id AND files.sha256 IS NOT NULL AND coalesce(files.origin, '') <> 'made'
ORDER BY files.variant = 'video' DESC, files.variant = 'image' DESC, files.variant, files.number
"""
_TWINS = """
SELECT id, sha256 FROM files WHERE sha256 IN :hashes AND coalesce(origin, '') <> 'made'
AND (check_id IS NULL OR :all = 1) ORDER BY id
"""
_REFS = """
SELECT DISTINCT videos.ref FROM files JOIN videos ON videos.id = files.video_id
WHERE files.sha256 = :sha256 ORDER BY videos.id
"""
_MANIFESTS = "SELECT * FROM c2pa_manifests WHERE store_id IN :stores ORDER BY store_id, number"
_ACTIONS = "SELECT * FROM c2pa_actions WHERE manifest_id IN :ids ORDER BY manifest_id, number"
_INGREDIENTS = "SELECT * FROM c2pa_ingredients WHERE manifest_id IN :ids ORDER BY manifest_id, number"
_ENDS = "SELECT store_id, valid_until FROM c2pa_manifests WHERE store_id IN :stores AND is_active = 1"


def list_due(connection: Reader, limit: int, *, after: int = 0, since: str = "") -> list[Target]:
    """The next files, in order of row id, whose credentials were never checked and whose bytes lie in a place.

    Of all, or of those that came, or changed, `since` this moment.
    """
    return _read_targets(connection, _DUE, {"after": after, "limit": limit, "since": since})


def count_due(connection: Reader, most: int = -1, *, since: str = "") -> int:
    """Of how many different bytes the files are that are due; of the first `most` of them."""
    query = f"SELECT count(DISTINCT sha256) FROM ({_DUE})"
    return int(connection.execute(query, {"after": 0, "limit": most, "since": since}).fetchone()[0])


def find_twins(connection: Reader, hashes: Iterable[str], *, are_all: bool) -> dict[str, list[int]]:
    """The row ids of the files with these bytes, by hash: of those that are due, or of all."""
    twins: dict[str, list[int]] = {}
    for file_id, sha256 in connection.execute(_TWINS, {"hashes": list(hashes), "all": int(are_all)}):
        twins.setdefault(sha256, []).append(file_id)
    return twins


def list_refs_with(connection: Reader, sha256: str) -> list[str]:
    """The refs of the videos that have a file with these bytes."""
    return [row[0] for row in connection.execute(_REFS, {"sha256": sha256})]


def list_files(connection: Reader, video_id: int) -> list[KeptFile]:
    """The files of a video whose credentials are of interest: clips, images, then what belongs to them."""
    folder = path_of(connection).parent
    rows = connection.execute(_FILES, {"video_id": video_id})
    return [
        KeptFile(
            file_id,
            variant,
            number,
            sha256,
            bool(is_due),
            None if path is None else str(Path(read_path(root) or folder) / read_path(path)),
        )
        for file_id, variant, number, sha256, is_due, root, path in rows
    ]


def list_checkable(
    connection: Reader, limit: int = -1, *, after: int = 0, among: Iterable[int] | None = None
) -> list[Target]:
    """The next files whose bytes lie in a place, of these videos or of all, checked before or not."""
    if among is None:
        return _read_targets(connection, _ALL, {"after": after, "limit": limit})
    return _read_targets(connection, _OF_VIDEOS, {"after": after, "limit": limit, "ids": list(among)})


def read_targets(connection: Reader, ids: Iterable[int]) -> list[Target]:
    """The files with these row ids whose bytes lie in a place."""
    return _read_targets(connection, _OF_FILES, {"ids": list(ids), "limit": -1})


def _read_targets(connection: Reader, query: str, parameters: dict[str, Any]) -> list[Target]:
    folder = path_of(connection).parent
    rows = connection.execute(query, parameters)
    make: Callable[..., Target] = Target
    return [make(*own, Path(read_path(root) or folder) / read_path(path), read_path(root)) for *own, root, path in rows]


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
    return [
        each._replace(
            is_frozen=bool(each.is_frozen),
            added_at=read_utc(str(each.added_at)),
            are_time_stampers=None if each.are_time_stampers is None else bool(each.are_time_stampers),
        )
        for each in lists
    ]


def read_ends(connection: Reader, stores: Iterable[int]) -> dict[int, datetime]:
    """Until when the certificates of these stores' signers are valid, where that is known."""
    rows = connection.execute(_ENDS, {"stores": list(stores)})
    return {store_id: datetime.fromisoformat(end) for store_id, end in rows if end}


def read_manifests(connection: Reader, stores: Iterable[int]) -> dict[int, list[KeptManifest]]:
    """The manifests of these stores, by row id of the store, the active one first."""
    manifests: dict[int, list[KeptManifest]] = {}
    by_id: dict[int, KeptManifest] = {}
    for row in connection.execute(_MANIFESTS, {"stores": list(stores)}):
        manifest = KeptManifest(dict(row), [], [])
        by_id[row["id"]] = manifest
        manifests.setdefault(row["store_id"], []).append(manifest)
    for row in connection.execute(_ACTIONS, {"ids": list(by_id)}):
        by_id[row["manifest_id"]].actions.append(dict(row))
    for row in connection.execute(_INGREDIENTS, {"ids": list(by_id)}):
        by_id[row["manifest_id"]].ingredients.append(dict(row))
    return manifests
