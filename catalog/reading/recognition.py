"""What tells of a video that is known by its file alone which job that file is of: its bytes, ids in it, its manifest.

A job is any other video that is not deleted. Reads only, by indexes.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.ingredients import FENCED, LINKING, OUTPUTS
from catalog.matching import Waiting
from catalog.media.marks import Mark
from catalog.records import read_utc
from catalog.rows import encodable, read_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.database import Reader

_UNIQUE = 3  # videos that share an instance id, from which on it tells none of them

_IS_ALONE = "files.origin = 'file' AND videos.remote_id = substr(files.sha256, 1, 32) AND videos.deleted_at IS NULL"
_OWNER = "videos.deleted_at IS NULL AND videos.remote_id <> substr(files.sha256, 1, 32)"
_HAS_FOLDERS = "SELECT 1 FROM file_places WHERE root > '' LIMIT 1"
_ALONE = f"""
SELECT videos.id FROM files CROSS JOIN videos ON videos.id = files.video_id
WHERE files.sha256 IN :hashes AND {_IS_ALONE}
"""
_HASHES = "SELECT sha256 FROM files WHERE id IN :files"
_MANIFEST = """
CROSS JOIN c2pa_checks ON c2pa_checks.id = files.check_id
CROSS JOIN c2pa_manifests ON c2pa_manifests.store_id = c2pa_checks.store_id AND c2pa_manifests.is_active = 1
"""
_IS_REMADE = """
EXISTS (SELECT 1 FROM c2pa_ingredients WHERE c2pa_ingredients.manifest_id = c2pa_manifests.id
AND c2pa_ingredients.instance_id = c2pa_manifests.instance_id)
"""
_SIGNED = f"""
SELECT files.id, c2pa_manifests.label, c2pa_manifests.instance_id FROM files {_MANIFEST} WHERE files.id IN :files
"""
_HOLDERS = f"""
SELECT files.sha256 FROM c2pa_manifests CROSS JOIN c2pa_checks ON c2pa_checks.store_id = c2pa_manifests.store_id
CROSS JOIN files ON files.check_id = c2pa_checks.id
WHERE c2pa_manifests.is_active = 1 AND c2pa_manifests.{{column}} = :name AND files.variant IN {OUTPUTS} LIMIT :limit
"""
_FILES = f"""
SELECT videos.id, files.id, files.sha256, files.seconds, files.width, files.height
FROM files CROSS JOIN videos ON videos.id = files.video_id WHERE files.video_id IN :ids AND {_IS_ALONE}
"""
_CREDENTIALS = f"""
SELECT files.video_id, c2pa_checks.status, c2pa_checks.store_id, c2pa_manifests.label, c2pa_manifests.hash,
c2pa_manifests.instance_id, c2pa_manifests.title, {_IS_REMADE} FROM files {_MANIFEST} WHERE files.id IN :files
"""
_SAME_BYTES = f"""
SELECT files.sha256, videos.id FROM files CROSS JOIN videos ON videos.id = files.video_id
WHERE files.sha256 IN :hashes AND files.variant IN {OUTPUTS} AND {_OWNER}
"""
_SAME = f"""
SELECT videos.id, c2pa_manifests.hash, files.seconds, files.width, files.height, {_IS_REMADE}
FROM c2pa_manifests CROSS JOIN c2pa_checks ON c2pa_checks.store_id = c2pa_manifests.store_id
CROSS JOIN files ON files.check_id = c2pa_checks.id CROSS JOIN videos ON videos.id = files.video_id
WHERE c2pa_manifests.is_active = 1 AND c2pa_manifests.{{column}} = :name AND files.variant IN {OUTPUTS}
AND c2pa_checks.status IN :statuses AND {_OWNER} LIMIT :limit
"""
_STORE = "SELECT id, crjson FROM c2pa_stores WHERE id IN :stores"
_MARKS = """
SELECT files.video_id, file_marks.kind, file_marks.carrier, file_marks."key", file_marks.value
FROM files CROSS JOIN file_marks ON file_marks.file_id = files.id
WHERE files.id IN :files AND file_marks.kind IN ('aigc', 'platform') AND is_broken = 0 AND is_truncated = 0
"""
_NAMES = "SELECT sha256, name FROM file_places WHERE sha256 IN :hashes AND root > ''"
_IS_JOB = (
    "videos.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM files WHERE files.video_id = videos.id "
    "AND files.origin = 'file' AND videos.remote_id = substr(files.sha256, 1, 32))"
)
_NAMED = f"SELECT remote_id, id FROM videos WHERE remote_id IN :names AND {_IS_JOB}"
_ALIASED = f"""
SELECT video_aliases.alias, videos.id FROM video_aliases CROSS JOIN videos ON videos.id = video_aliases.video_id
WHERE video_aliases.alias IN :names AND {_IS_JOB}
"""
_JOBS = """
SELECT id, ref, remote_id, prompt, kind, seconds, width, height, created_at, completed_at FROM videos WHERE id IN :ids
"""
_HOLDING = f"""
SELECT DISTINCT video_id FROM files WHERE video_id IN :ids AND variant IN {OUTPUTS} AND sha256 IS NOT NULL
"""
_TAKEN_BACK = """
SELECT edits_rows.video_id FROM edits_rows CROSS JOIN edits ON edits.id = edits_rows.edit_id
WHERE edits_rows.table_name = 'videos' AND edits_rows.video_id IN :ids AND edits.act = 'adopt'
AND edits.undone_at IS NOT NULL
"""


class Shape(NamedTuple):
    """How long a clip is, in seconds, and its width and height; None what is not known."""

    seconds: float | None
    width: int | None
    height: int | None


class Signed(NamedTuple):
    """What the credentials of a file say, whose status is one of those that count, or of those that may be anything.

    `is_remade` says that it was made of something with its own instance id. `crjson` is empty where it was not kept.
    """

    is_intact: bool
    label: str
    hash: str | None
    instance_id: str | None
    title: str | None
    is_remade: bool
    crjson: str


class Traits(NamedTuple):
    """What a file without a job can be recognized by. `ids` are those in its marks, `names` those of its places."""

    video_id: int
    sha256: str
    shape: Shape
    ids: tuple[str, ...]
    names: tuple[str, ...]
    signed: Signed | None


class Holder(NamedTuple):
    """A job with a file whose manifest has the wanted label or instance id."""

    video_id: int
    hash: str | None
    shape: Shape
    is_remade: bool


def has_folders(connection: Reader) -> bool:
    """Whether there are files outside of the library, without which no file lacks its job."""
    return connection.execute(_HAS_FOLDERS).fetchone() is not None


def list_concerned(connection: Reader, files: Iterable[int]) -> list[int]:
    """The videos known by their file alone that these files, by row id, may tell the job of, now that they are checked.

    Those that are among them, or have the bytes, the manifest or the instance id of one.
    """
    wanted = list(files)
    hashes = {row[0] for row in connection.execute(_HASHES, {"files": wanted})}
    names: dict[str, set[str]] = {"label": set(), "instance_id": set()}
    for _, label, instance_id in connection.execute(_SIGNED, {"files": wanted}):
        names["label"].add(label)
        names["instance_id"].add(instance_id or "")
    for column, texts in names.items():
        for text in texts - {""}:
            parameters = {"name": text, "limit": 2 * _UNIQUE}
            hashes.update(row[0] for row in connection.execute(_HOLDERS.format(column=column), parameters))
    return [row[0] for row in connection.execute(_ALONE, {"hashes": list(hashes)})]


def list_taken_back(connection: Reader, ids: Iterable[int]) -> set[int]:
    """Those of these videos whose adoption was undone."""
    return {row[0] for row in connection.execute(_TAKEN_BACK, {"ids": list(ids)})}


def read_traits(connection: Reader, ids: Iterable[int]) -> list[Traits]:
    """What tells of these videos, which are known by their files alone, what job they are of."""
    rows = {row[1]: tuple(row) for row in connection.execute(_FILES, {"ids": list(ids)})}
    files, hashes = list(rows), list({row[2] for row in rows.values()})
    marks: dict[int, list[str]] = defaultdict(list)
    for video_id, kind, carrier, key, value in connection.execute(_MARKS, {"files": files}):
        marks[video_id] += [text for _, text in Mark(kind, carrier, key, value or "", 0).ids]
    names: dict[str, list[str]] = defaultdict(list)
    for sha256, name in connection.execute(_NAMES, {"hashes": hashes}):
        names[sha256].append(read_path(name))
    signed = _read_signed(connection, files)
    return [
        Traits(row[0], row[2], Shape(*row[3:]), tuple(marks[row[0]]), tuple(names[row[2]]), signed.get(row[0]))
        for row in rows.values()
    ]


def _read_signed(connection: Reader, files: Sequence[int]) -> dict[int, Signed]:
    rows = [tuple(row) for row in connection.execute(_CREDENTIALS, {"files": files})]
    rows = [row for row in rows if row[1] in LINKING or row[1] in FENCED]
    stores = {row[0]: row[1] for row in connection.execute(_STORE, {"stores": list({row[2] for row in rows})})}
    make: Callable[..., Signed] = Signed
    return {row[0]: make(row[1] in LINKING, *row[3:7], bool(row[7]), stores.get(row[2]) or "") for row in rows}


def find_same_bytes(connection: Reader, hashes: Iterable[str]) -> dict[str, set[int]]:
    """The jobs that have a clip or an image of these bytes, by hash."""
    return _group(connection.execute(_SAME_BYTES, {"hashes": list(hashes)}))


def find_named(connection: Reader, names: Iterable[str]) -> dict[str, set[int]]:
    """The jobs that have these ids or aliases."""
    wanted = list({encodable(name) for name in names})
    found = _group(connection.execute(_NAMED, {"names": wanted})) if wanted else {}
    for name, jobs in (_group(connection.execute(_ALIASED, {"names": wanted})) if wanted else {}).items():
        found.setdefault(name, set()).update(jobs)
    return found


def list_holders(connection: Reader, column: str, name: str) -> list[Holder]:
    """The jobs with a file whose active manifest has this `label` or `instance_id`: the first of them."""
    parameters = {"name": name, "limit": 2 * _UNIQUE, "statuses": list(LINKING)}
    return [
        Holder(row[0], row[1], Shape(*tuple(row)[2:5]), bool(row[5]))
        for row in connection.execute(_SAME.format(column=column), parameters)
    ]


def read_jobs(connection: Reader, ids: Iterable[int]) -> dict[int, Waiting]:
    """These jobs, by row id."""
    make: Callable[..., Waiting] = Waiting
    return {
        row[0]: make(row[0], row[1], (row[2],), *tuple(row)[3:8], read_utc(row[8]), read_utc(row[9]))
        for row in connection.execute(_JOBS, {"ids": list(ids)})
    }


def list_holding(connection: Reader, ids: Iterable[int]) -> set[int]:
    """Those of these jobs that have, or had, a clip or an image."""
    return {row[0] for row in connection.execute(_HOLDING, {"ids": list(ids)})}


def _group(rows: Iterable[Sequence[Any]]) -> dict[str, set[int]]:
    groups: dict[str, set[int]] = {}
    for name, video_id in rows:
        groups.setdefault(name, set()).add(video_id)
    return groups
