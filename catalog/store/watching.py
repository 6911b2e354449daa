"""Files that lie outside of the library: whose they are, where they lie, and what a scan has learnt of both.

The bytes stay where they are: they are never copied, moved or changed. Their hash says which file they are, so a file
that is renamed or moved keeps all that is known of it. Rows are written once the bytes were read to their end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.records import utc_text
from catalog.rows import encodable, stored, stored_path
from catalog.store.arrivals import save_videos
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.files import find_by_paths, list_videos, probed
from catalog.store.indexes import indexed
from catalog.store.names import find_ids
from catalog.store.sources import save_source
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer
    from catalog.records import Probe

FILES = "files"  # the source of videos that are known by their file alone
_ID_LENGTH = 32  # of the digits of a hash: 128 bits
_SHORTEST = 8  # letters of a name that cannot be anybody's
_EARLIEST = 2015  # before which no clip was generated: years of clocks that were never set

_HELD = "SELECT DISTINCT sha256 FROM files WHERE sha256 IN :hashes"
_NAMED = "SELECT id, source, remote_id, kind FROM videos WHERE remote_id IN :names"
_ALIASED = """
SELECT videos.id, video_aliases.source, video_aliases.alias, videos.kind
FROM video_aliases JOIN videos ON videos.id = video_aliases.video_id WHERE video_aliases.alias IN :names
"""
_OWN = "SELECT id, kind FROM videos WHERE id IN :ids"
_NUMBERS = "SELECT id, video_id, variant, number, sha256 FROM files WHERE video_id IN :ids ORDER BY number"


class Found(NamedTuple):
    """A finished file below a root: `path` is relative to it, `stamp` its bytes, both times and its inode.

    `job` is the id that a sidecar gives it, `moved` are the places of the same bytes that it has left.
    """

    path: str
    stamp: tuple[int, int, int, int]
    sha256: str
    type: str
    is_image: bool
    probe: Probe
    damage: str | None = None
    job: str | None = None
    moved: tuple[int, ...] = ()


class Kept(NamedTuple):
    """What became of found files: the row ids of videos made for them, how many went to a job, moved, or lie again."""

    made: list[int]
    joined: list[int]
    moved: int
    again: int


class _Job(NamedTuple):
    video_id: int
    source: str
    kind: str
    is_told: bool = False  # by a sidecar, and not by the name of the file


def save_found(
    connection: Writer, root: str, found: Sequence[Found], *, source: str | None, own: str = FILES, at: datetime
) -> Kept:
    """Keep that these files lie below a root, whole as they are, as files of their jobs or of videos of their own.

    `source` is the one that sidecars and names are looked up in first, `own` that of videos without a job.
    """
    now = utc_text(at)
    hashes = list({item.sha256 for item in found})
    held = {row[0] for row in connection.execute(_HELD, {"hashes": hashes})}
    new: dict[str, Found] = {}
    for item in found:
        if item.sha256 not in held:
            new.setdefault(item.sha256, item)
    jobs = _find_jobs(connection, source, new.values())
    made = _make(connection, own, [item for sha256, item in new.items() if sha256 not in jobs], at)
    with indexed(
        connection, {*list_videos(connection, hashes), *made.values(), *(job.video_id for job in jobs.values())}
    ):
        _put_files(connection, new, jobs, made, now)
        moved = _put_places(connection, root, found, now)
        whole = [item.sha256 for item in found if item.sha256 in held and item.damage is None]
        connection.execute(
            "UPDATE files SET state = 'present', reason = NULL, changed_at = :now "
            "WHERE sha256 IN :hashes AND state <> 'present'",
            {"hashes": whole, "now": now},
        )
        connection.execute("UPDATE files SET checked_at = :now WHERE sha256 IN :hashes", {"hashes": hashes, "now": now})
    forget_scanned(connection, root, [item.path for item in found])
    joined = [job.video_id for job in jobs.values()]
    return Kept(list(made.values()), joined, moved, len(found) - len(new) - moved)


def _find_jobs(connection: Writer, source: str | None, items: Iterable[Found]) -> dict[str, _Job]:
    """The jobs that these files are of, by hash: those that sidecars name, or whose id or alias is the file's name."""
    items = list(items)
    told = {item.sha256: item.job for item in items if item.job}
    jobs: dict[str, _Job] = {}
    if told and source:
        ids = find_ids(connection, source, {encodable(name) for name in told.values()})
        kinds = dict(map(tuple, connection.execute(_OWN, {"ids": list(ids.values())})))
        for sha256, name in told.items():
            video_id = ids.get(encodable(name))
            if video_id is not None:
                jobs[sha256] = _Job(video_id, source, kinds[video_id], is_told=True)
    named = {item.sha256: encodable(_stem(item.path)) for item in items if item.sha256 not in jobs}
    owners: dict[str, list[_Job]] = {}
    for query in (_NAMED, _ALIASED) if named else ():
        for video_id, owner, name, kind in connection.execute(query, {"names": list(set(named.values()))}):
            owners.setdefault(name, []).append(_Job(video_id, owner, kind))
    for sha256, name in named.items():
        candidates = owners.get(name, [])
        preferred = [job for job in candidates if job.source == source] or candidates
        if len({job.video_id for job in preferred}) == 1:
            jobs[sha256] = preferred[0]
    return _without_doubtful(connection, jobs, named)


def _without_doubtful(connection: Writer, jobs: dict[str, _Job], named: Mapping[str, str]) -> dict[str, _Job]:
    """The jobs but for those whose name could be anybody's, as `clip1`, and which have a file already."""
    short = {jobs[sha256].video_id for sha256, name in named.items() if sha256 in jobs and len(name) < _SHORTEST}
    query = "SELECT DISTINCT video_id FROM files WHERE video_id IN :ids AND sha256 IS NOT NULL"
    taken = {row[0] for row in connection.execute(query, {"ids": list(short)})}
    return {sha256: job for sha256, job in jobs.items() if job.is_told or job.video_id not in taken}


def _make(connection: Writer, own: str, items: Sequence[Found], at: datetime) -> dict[str, int]:
    """Make a video of its own for each of these files; returns their row ids by hash."""
    if not items:
        return {}
    save_source(connection, own)
    videos = [parse_videos(_describe(item, at)).videos[0] for item in items]
    save_videos(connection, own, videos, channel="import", received_at=at)
    ids = find_ids(connection, own, [video.remote_id for video in videos])
    return {item.sha256: ids[item.sha256[:_ID_LENGTH]] for item in items}


def _describe(item: Found, at: datetime) -> dict[str, Any]:
    """The job that a file is all that is known of, as a server would answer it."""
    probe, modified = item.probe, item.stamp[1] / 1e9
    made = probe.created_at
    is_dated = made is not None and made.year >= _EARLIEST and made <= at
    job: dict[str, Any] = {
        "id": item.sha256[:_ID_LENGTH],
        "object": "image" if item.is_image else "video",
        "status": "completed",
        "created_at": int(made.timestamp() if made and is_dated else max(0.0, min(modified, at.timestamp()))),
    }
    if probe.seconds:
        job["seconds"] = probe.seconds
    if probe.width and probe.height:
        job["size"] = f"{probe.width}x{probe.height}"
    return job


def _put_files(
    connection: Writer, new: Mapping[str, Found], jobs: Mapping[str, _Job], made: Mapping[str, int], now: str
) -> None:
    """Make rows of new bytes: of each variant they take the first number without bytes, or the next one."""
    owners = {sha256: (made[sha256] if sha256 in made else jobs[sha256].video_id) for sha256 in new}
    free: dict[tuple[int, str], list[tuple[int, int]]] = {}
    last: dict[tuple[int, str], int] = {}
    for file_id, video_id, variant, number, sha256 in connection.execute(_NUMBERS, {"ids": list(owners.values())}):
        last[video_id, variant] = number
        if sha256 is None:
            free.setdefault((video_id, variant), []).append((file_id, number))
    inserted, updated = [], []
    for sha256, item in new.items():
        variant = _variant_of(item, jobs[sha256].kind if sha256 in jobs else None)
        spot = owners[sha256], variant
        row = _row(item, now)
        if free.get(spot):
            updated.append({"id": free[spot].pop(0)[0], **row, "check_id": None})
        else:
            last[spot] = last.get(spot, 0) + 1
            inserted.append({"video_id": spot[0], "variant": variant, "number": last[spot], **row})
    insert_rows(connection, "files", inserted)
    update_rows(connection, "files", updated)


def _variant_of(item: Found, kind: str | None) -> str:
    """What a file is of its video: a picture beside the clip of a job shows what is in that."""
    if not item.is_image:
        return "video"
    return "image" if kind in {None, "image"} else "thumbnail"


def _row(item: Found, now: str) -> dict[str, Any]:
    return {
        "state": "damaged" if item.damage else "present",
        "reason": item.damage,
        "origin": "file",
        "sha256": item.sha256,
        "size": item.stamp[0],
        "type": item.type,
        **probed(item.probe),
        "changed_at": now,
        "checked_at": now,
    }


def _put_places(connection: Writer, root: str, found: Sequence[Found], now: str) -> int:
    """Keep where the files lie; returns how many of them have moved there."""
    where = stored_path(root)
    known = _find_ids(connection, "file_places", root, [item.path for item in found])
    inserted: list[dict[str, Any]] = []
    updated: list[dict[str, Any]] = []
    left: list[int] = []
    moved = 0
    for item in found:
        path = stored_path(item.path)
        row = {
            "sha256": item.sha256,
            "root": where,
            "path": path,
            "name": stored_path(item.path.rpartition("/")[2]),
            "state": "present",
            "changed_at": now,
            **dict(zip(_STAMP, item.stamp, strict=True)),
            "missed_at": None,
        }
        if path in known:
            updated.append({"id": known[path], **row})
            left += item.moved
        elif item.moved:
            updated.append({"id": item.moved[0], **row})
            left += item.moved[1:]
        else:
            inserted.append(row)
        moved += bool(item.moved)
    connection.execute("DELETE FROM file_places WHERE id IN :ids", {"ids": left})
    update_rows(connection, "file_places", updated)
    insert_rows(connection, "file_places", inserted)
    return moved


_STAMP = ("size", "mtime_ns", "ctime_ns", "inode")


def save_root(connection: Writer, path: str, **columns: Any) -> None:
    """Set columns of a root; one that is not known yet is added."""
    row = {column: stored(value) for column, value in columns.items()}
    where = stored_path(path)
    is_known = connection.execute("SELECT 1 FROM roots WHERE path = :path", {"path": where}).fetchone()
    if is_known is None:
        insert_rows(connection, "roots", [{"path": where, "state": "online", "is_watched": 0} | row])
    elif row:
        update_rows(connection, "roots", [{"path": where} | row], key="path")


def save_absences_of_places(
    connection: Writer, *, back: Iterable[int], missed: Iterable[int], missing: Iterable[int], at: datetime
) -> None:
    """Keep which places are there again, were not found for the first time, and were not found for the second time."""
    now = utc_text(at)
    gone, again = list(missing), list(back)
    query = "SELECT DISTINCT sha256 FROM file_places WHERE id IN :ids"
    hashes = [row[0] for row in connection.execute(query, {"ids": [*gone, *again]})]
    update_rows(connection, "file_places", [{"id": place, "missed_at": now} for place in missed])
    with indexed(connection, list_videos(connection, hashes)):
        update_rows(connection, "file_places", [{"id": place, "state": "missing", "changed_at": now} for place in gone])
        update_rows(
            connection,
            "file_places",
            [{"id": place, "state": "present", "missed_at": None, "changed_at": now} for place in again],
        )


def save_scanned(
    connection: Writer,
    root: str,
    files: Mapping[str, tuple[tuple[int, int, int, int], str, str | None]],
    *,
    at: datetime,
) -> None:
    """Keep what was seen of files that are not files of videos: by path, the stamp, the state and the reason."""
    where, now = stored_path(root), utc_text(at)
    known = _find_ids(connection, "scanned_files", root, list(files))
    inserted, updated = [], []
    for path, (stamp, state, reason) in files.items():
        row = {**dict(zip(_STAMP, stamp, strict=True)), "state": state, "reason": reason}
        kept = stored_path(path)
        if kept in known:
            updated.append({"id": known[kept], **row})
        else:
            inserted.append({"root": where, "path": kept, **row, "since": now})
    insert_rows(connection, "scanned_files", inserted)
    update_rows(connection, "scanned_files", updated)


def forget_scanned(connection: Writer, root: str, paths: Sequence[str]) -> None:
    """Forget what was seen of these files, which are taken in, or gone."""
    ids = _find_ids(connection, "scanned_files", root, paths)
    connection.execute("DELETE FROM scanned_files WHERE id IN :ids", {"ids": list(ids.values())})


def forget_scanned_rows(connection: Writer, ids: Iterable[int]) -> None:
    """Forget what was seen of files that are gone, by row."""
    connection.execute("DELETE FROM scanned_files WHERE id IN :ids", {"ids": list(ids)})


def _find_ids(connection: Writer, table: str, root: str, paths: Sequence[str]) -> dict[str | bytes, int]:
    """The rows of these paths below a root, by path as it is stored."""
    rows = find_by_paths(connection, table, "path, id", root, [stored_path(path) for path in paths])
    return {row[0]: row[1] for row in rows}


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]
