"""The files of videos: what the library holds, where it lies, and what it still has to get."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.database import path_of
from catalog.errors import NotFound
from catalog.media.keep import MediaFolder
from catalog.media.sniff import name_extension
from catalog.reading.marks import read_marks
from catalog.records import Credentials, File, Input, Place, Probe, read_utc
from catalog.rows import read_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.database import Reader

MEDIA = "media"  # the media folder beside the library

# Whether the bytes of a file can be had without its server; of a table `files`.
IS_HELD = (
    "(files.state = 'present' AND (EXISTS "
    "(SELECT 1 FROM file_places WHERE file_places.sha256 = files.sha256 AND file_places.state <> 'missing') "
    "OR EXISTS (SELECT 1 FROM archives WHERE archives.sha256 = files.sha256)))"
)
_COLUMNS = (
    "video_id, variant, number, sha256, size, type, state, reason, origin, "
    "seconds, width, height, fps, codec, audio, made_at, check_id, CASE WHEN marks IS NOT NULL THEN id END"
)
_FILE = f"SELECT {_COLUMNS} FROM files WHERE sha256 = :sha256 ORDER BY state <> 'present', id LIMIT 1"
_FILES = f"""
SELECT {_COLUMNS}
FROM files WHERE video_id IN :ids
ORDER BY video_id, variant = 'video' DESC, variant = 'image' DESC, variant, number
"""
_PLACES = """
SELECT sha256, root, path, state, name, changed_at FROM file_places WHERE sha256 IN :hashes
ORDER BY state <> 'present', id
"""
_NAMES = """
SELECT files.video_id, file_places.name FROM files
CROSS JOIN file_places ON file_places.sha256 = files.sha256 AND file_places.root <> ''
WHERE files.video_id IN :ids
ORDER BY files.video_id, files.variant = 'video' DESC, files.variant = 'image' DESC, files.variant, files.number,
file_places.state <> 'present', file_places.id
"""
_ARCHIVES = "SELECT sha256, address FROM archives WHERE sha256 IN :hashes ORDER BY id"
_CREDENTIALS = """
SELECT c2pa_checks.id, c2pa_checks.status, c2pa_manifests.signer, c2pa_checks.checked_at FROM c2pa_checks
LEFT JOIN c2pa_manifests ON c2pa_manifests.store_id = c2pa_checks.store_id AND c2pa_manifests.number = 1
WHERE c2pa_checks.id IN :checks
"""
_WORDS = {
    "unsupported": "in a kind of file that is not read for them",
    "remote_only": "said to be online, not fetched",
    "unreadable": "cannot be read",
    "absent": "none in this file",
    "changed": "the signed bytes have changed since",
    "broken": "they do not hold",
    "history_problem": "unchanged, but not what it was made from",
    "intact_expired": "unchanged, the certificate has expired",
    "intact_known_signer": "unchanged, one of your lists knows the signer",
    "intact_unknown_signer": "unchanged, the signer is unknown",
}
_INPUTS = """
SELECT video_inputs.video_id, role, video_inputs.number, name, files.number FROM video_inputs
LEFT JOIN files ON files.id = video_inputs.file_id WHERE video_inputs.video_id IN :ids ORDER BY video_inputs.id
"""


def has_places(connection: Reader) -> bool:
    """Whether the library knows of files in its media folder."""
    query = "SELECT 1 FROM file_places WHERE root = '' LIMIT 1"
    return connection.execute(query).fetchone() is not None


def media_folder(connection: Reader) -> MediaFolder:
    """The media folder of the library that the connection is to."""
    path = path_of(connection)
    return MediaFolder(path.parent / MEDIA, like=path.stat(), has_files=has_places(connection))


_make: Callable[..., File] = File  # whose first fields are columns


def read_files(connection: Reader, ids: Iterable[int]) -> dict[int, list[File]]:
    """The files of these videos, by row id: clips first, then images, then what belongs to them."""
    return _make_files(connection, connection.execute(_FILES, {"ids": list(ids)}).fetchall())


def get_media(connection: Reader, sha256: str) -> File:
    """The file with these bytes, whichever video it is of; raises NotFound."""
    rows = connection.execute(_FILE, {"sha256": sha256}).fetchall()
    if not rows:
        raise NotFound(f"no file {sha256} in this library")
    return next(iter(_make_files(connection, rows).values()))[0]


def _make_files(connection: Reader, rows: Sequence[Any]) -> dict[int, list[File]]:
    hashes = list({row[3] for row in rows if row[3]})
    (places, names), archives = (
        (_read_places(connection, hashes), _read_archives(connection, hashes)) if hashes else (({}, {}), {})
    )
    checks = [row[-2] for row in rows if row[-2]]
    credentials = _read_credentials(connection, checks) if checks else {}
    marked = [row[-1] for row in rows if row[-1]]
    marks = read_marks(connection, marked) if marked else {}
    files: dict[int, list[File]] = {}
    for video_id, *own, made_at, check_id, marked_id in rows:
        sha256, probed = own[2], (*own[8:], read_utc(made_at))
        probe = None if all(value is None for value in probed) else Probe(*probed)
        lying = tuple(places.get(sha256, ())), tuple(archives.get(sha256, ()))
        said = credentials.get(check_id), tuple(marks.get(marked_id, ())), names.get(sha256)
        files.setdefault(video_id, []).append(_make(*own[:8], probe, *lying, *said))
    return files


def read_names(connection: Reader, ids: Iterable[int]) -> dict[int, str]:
    """What the first file of each of these videos is called in a folder of the user's, by row id; see `File.name`."""
    names: dict[int, str] = {}
    for video_id, name in connection.execute(_NAMES, {"ids": list(ids)}):
        names.setdefault(video_id, read_path(name))
    return names


def _read_places(connection: Reader, hashes: list[str]) -> tuple[dict[str, list[Place]], dict[str, str]]:
    """The places of bytes, and what they are called in folders of the user's, by hash."""
    folder = path_of(connection).parent
    places: dict[str, list[Place]] = {}
    names: dict[str, str] = {}
    for sha256, root, path, state, name, changed_at in connection.execute(_PLACES, {"hashes": hashes}):
        where = Path(read_path(root) or folder) / read_path(path)
        places.setdefault(sha256, []).append(Place(str(where), state, read_utc(changed_at)))
        if root:
            names.setdefault(sha256, read_path(name))
    return places, names


def _read_credentials(connection: Reader, checks: list[int]) -> dict[int | None, Credentials]:
    rows = connection.execute(_CREDENTIALS, {"checks": checks})
    return {row[0]: Credentials(row[1], _WORDS.get(row[1], row[1]), row[2], read_utc(row[3])) for row in rows}


def _read_archives(connection: Reader, hashes: list[str]) -> dict[str, list[str]]:
    archives: dict[str, list[str]] = {}
    for sha256, address in connection.execute(_ARCHIVES, {"hashes": hashes}):
        archives.setdefault(sha256, []).append(address)
    return archives


def read_inputs(connection: Reader, ids: Iterable[int]) -> dict[int, list[Input]]:
    """What went into these videos beside their prompts, by row id."""
    inputs: dict[int, list[Input]] = {}
    for video_id, *values in connection.execute(_INPUTS, {"ids": list(ids)}):
        inputs.setdefault(video_id, []).append(Input(*values))
    return inputs


class Unfetched(NamedTuple):
    """An input of a video that has an address and no file: which it is, and where its bytes may be had."""

    video_id: int
    ref: str
    role: str
    number: int
    url: str


_UNFETCHED = """
SELECT video_inputs.video_id, videos.ref, role, video_inputs.number, name FROM video_inputs
CROSS JOIN videos ON videos.id = video_inputs.video_id
WHERE video_inputs.video_id IN :ids AND file_id IS NULL AND (name LIKE 'https://%' OR name LIKE 'http://%')
ORDER BY video_inputs.id
"""


def list_unfetched_inputs(connection: Reader, ids: Iterable[int]) -> list[Unfetched]:
    """The inputs of these videos that have an address and whose bytes were never had."""
    return [Unfetched(*row) for row in connection.execute(_UNFETCHED, {"ids": list(ids)})]


class Copy(NamedTuple):
    """Bytes of files, each once: their name in the media folder, and at which addresses archives hold them.

    The names are of one of the files that they are of. `outside` are the paths below the user's folders where they lie;
    `is_kept` says that they lie in the media folder.
    """

    sha256: str
    size: int
    type: str
    path: str
    ref: str
    variant: str
    number: int
    archives: tuple[str, ...]
    outside: tuple[Path, ...] = ()
    is_kept: bool = True


_COPIES = """
SELECT files.sha256, files.size, files.type, {path} AS path, videos.ref, files.variant, files.number
FROM files CROSS JOIN videos ON videos.id = files.video_id
WHERE files.sha256 IS NOT NULL AND files.origin <> 'made' {among} ORDER BY files.id
"""
_LYING = (
    "(SELECT file_places.path FROM file_places WHERE file_places.sha256 = files.sha256 "
    "AND file_places.root = '' AND file_places.state = 'present' LIMIT 1)"
)
_OUTSIDE = """
SELECT sha256, root, path FROM file_places WHERE root > '' AND state = 'present'
ORDER BY EXISTS (SELECT 1 FROM roots WHERE roots.path = file_places.root AND roots.state = 'offline'), id
"""
_ADDRESSES = "SELECT sha256, address FROM archives ORDER BY id"


def list_archivable(connection: Reader, ids: Iterable[int] | None = None) -> list[Copy]:
    """All bytes that lie here and cannot be made again, of these videos or of all."""
    copies = _list_copies(connection, f"coalesce({_LYING}, '')", ids)
    return [_named(copy) for copy in copies if copy.path or copy.outside]


def _named(copy: Copy) -> Copy:
    """The copy under the name that its bytes have, or would have, in the media folder."""
    if copy.path:
        return copy
    name = f"{copy.sha256[:2]}/{copy.sha256[2:4]}/{copy.sha256}.{name_extension(copy.type)}"
    return copy._replace(path=f"{MEDIA}/{name}", is_kept=False)


def list_archived(connection: Reader, ids: Iterable[int] | None = None) -> list[Copy]:
    """All bytes that an archive holds and that lie in no place here, of these videos or of all."""
    copies = _list_copies(connection, f"coalesce({_LYING}, '')", ids)
    return [
        copy._replace(path=f"{MEDIA}/{copy.archives[0].rpartition(f'/{MEDIA}/')[2]}")
        for copy in copies
        if copy.archives and not copy.path and not copy.outside
    ]


def _list_copies(connection: Reader, path: str, ids: Iterable[int] | None) -> list[Copy]:
    archives: dict[str, tuple[str, ...]] = {}
    for sha256, address in connection.execute(_ADDRESSES):
        archives[sha256] = (*archives.get(sha256, ()), address)
    outside: dict[str, tuple[Path, ...]] = {}
    for sha256, root, inner in connection.execute(_OUTSIDE):
        outside[sha256] = (*outside.get(sha256, ()), Path(read_path(root)) / read_path(inner))
    among = "" if ids is None else "AND files.video_id IN :ids"
    rows = connection.execute(_COPIES.format(path=path, among=among), {} if ids is None else {"ids": list(ids)})
    make: Callable[..., Copy] = Copy
    copies = {row[0]: make(*row, archives.get(row[0], ()), outside.get(row[0], ())) for row in rows}
    return list(copies.values())
