"""Files that lie outside of the library: whose they are, where they lie, and what a scan has learnt of both.

The bytes stay where they are: they are never copied, moved or changed. Their hash says which file they are, so a file
that is renamed or moved keeps all that is known of it. Rows are written once the bytes were read to their end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.matching import list_ids
from catalog.records import utc_text
from catalog.rows import encodable, stored_path
from catalog.store.arrivals import FILE, Beside, describe_job, save_said, save_videos
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.files import find_by_paths, list_videos, probed
from catalog.store.indexes import indexed
from catalog.store.marks import fill_marks, save_marks, sum_up
from catalog.store.names import find_ids
from catalog.store.scans import STAMP, find_rows, forget_scanned
from catalog.store.sources import save_source
from catalog.wire.answers import ParsedVideo
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.database import Writer
    from catalog.media.marks import Marks
    from catalog.records import Probe

FILES = "files"  # the source of videos that are known by their file alone
_ID_LENGTH = 32  # of the digits of a hash: 128 bits
_SHORTEST = 8  # letters of a name that cannot be anybody's
_USUAL, _MOST_USUAL = 946_684_800, 3_600  # a time in this century; seconds and pixels that no rule is about
_EARLIEST = 2015  # before which no clip was generated: years of clocks that were never set

_HELD = "SELECT DISTINCT sha256 FROM files WHERE sha256 IN :hashes"
_NAMED = "SELECT remote_id, id, source, remote_id, kind FROM videos WHERE remote_id IN :names"
_ALIASED = """
SELECT video_aliases.alias, videos.id, videos.source, videos.remote_id, videos.kind
FROM video_aliases JOIN videos ON videos.id = video_aliases.video_id WHERE video_aliases.alias IN :names
"""
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
    marks: Marks
    damage: str | None = None
    job: str | None = None
    moved: tuple[int, ...] = ()


class Kept(NamedTuple):
    """What became of found files: the row ids of videos made for them and of jobs that they went to, and how many of
    them have moved, or are further copies of bytes that are known."""

    made: list[int]
    joined: list[int]
    moved: int
    copies: int


class _Job(NamedTuple):
    video_id: int
    source: str
    remote_id: str
    kind: str


def save_found(
    connection: Writer, root: str, found: Sequence[Found], *, source: str | None, own: str = FILES, at: datetime
) -> Kept:
    """Keep that these files lie below a root, whole as they are, as files of their jobs or of videos of their own.

    `source` is the one that sidecars and names are looked up in first, `own` that of videos without a job.
    """
    now, hashes = utc_text(at), list({item.sha256 for item in found})
    held = {row[0] for row in connection.execute(_HELD, {"hashes": hashes})}
    new: dict[str, Found] = {}
    for item in found:
        if item.sha256 not in held:
            new.setdefault(item.sha256, item)
    jobs = _find_jobs(connection, source, new)
    earlier = _find_earlier(connection, root, found)
    occupied = {item.sha256 for item in found if stored_path(item.path) in earlier}
    lone = {sha256: item for sha256, item in new.items() if sha256 not in jobs}
    making = _Making(root, found, lone, occupied, now)
    making.make(connection, own, at)
    owners = {sha256: job.video_id for sha256, job in jobs.items()} | making.others
    left = [item for item in found if item.sha256 not in making.written]
    moved = making.moved
    if left:
        concerned = list_videos(connection, [*hashes, *earlier.values()])
        with indexed(connection, {*concerned, *owners.values()}):
            _put_files(connection, {sha256: new[sha256] for sha256 in owners}, owners, jobs, now)
            moved += _put_places(connection, root, left, now)
            _be_whole(connection, [item.sha256 for item in left if item.sha256 in held and not item.damage], now)
            fill_marks(connection, {item.sha256: item.marks.marks for item in left if item.sha256 in held})
        save_said(connection, [(job.video_id, new[sha256].marks) for sha256, job in jobs.items()], at=at)
    forget_scanned(connection, root, [item.path for item in found])
    joined = [job.video_id for job in jobs.values()]
    return Kept([*making.written.values(), *making.others.values()], joined, moved, len(found) - len(new) - moved)


def _find_earlier(connection: Writer, root: str, found: Sequence[Found]) -> dict[str | bytes, str]:
    """The hashes of what lay at the same paths before, by path as it is stored."""
    paths = [stored_path(item.path) for item in found]
    return {row[0]: row[1] for row in find_by_paths(connection, "file_places", "path, sha256", root, paths)}


def _be_whole(connection: Writer, hashes: list[str], now: str) -> None:
    """Keep that bytes that were known have been read, and are whole."""
    connection.execute(
        "UPDATE files SET state = 'present', reason = NULL, changed_at = :now "
        "WHERE sha256 IN :hashes AND state <> 'present'",
        {"hashes": hashes, "now": now},
    )
    connection.execute("UPDATE files SET checked_at = :now WHERE sha256 IN :hashes", {"hashes": hashes, "now": now})


class _Making:
    """Videos that are made for files without a job, with all that is known of these, by the hash of the bytes.

    `written` are the row ids of those that are new and complete; `others` of those that lack the file still: the
    library had the video, or something else lay in the place of the file.
    """

    def __init__(
        self, root: str, found: Sequence[Found], lone: Mapping[str, Found], occupied: set[str], now: str
    ) -> None:
        self._root, self._lone, self._occupied, self._now = root, lone, occupied, now
        self._items: dict[str, list[Found]] = {}
        for item in found:
            if item.sha256 in lone:
                self._items.setdefault(item.sha256, []).append(item)
        self.written: dict[str, int] = {}
        self.others: dict[str, int] = {}
        self.moved = 0

    def make(self, connection: Writer, own: str, at: datetime) -> None:
        """Make them."""
        if not self._lone:
            return
        save_source(connection, own)
        videos = [_describe(item, at) for item in self._lone.values()]
        names = {
            sha256[:_ID_LENGTH]: sorted({encodable(_name(item.path)) for item in items})
            for sha256, items in self._items.items()
        }
        beside = Beside(names, lambda ids: self._write(connection, ids))
        save_videos(connection, own, videos, channel=FILE, received_at=at, beside=beside)
        lacking = [sha256 for sha256 in self._lone if sha256 not in self.written]
        ids = find_ids(connection, own, [sha256[:_ID_LENGTH] for sha256 in lacking]) if lacking else {}
        self.others = {sha256: ids[sha256[:_ID_LENGTH]] for sha256 in lacking}

    def _write(self, connection: Writer, ids: Mapping[str, int]) -> None:
        """Write the files and places of videos that are new."""
        free = [sha256 for sha256 in self._lone if sha256 not in self._occupied]
        owners = {sha256: ids[sha256[:_ID_LENGTH]] for sha256 in free if sha256[:_ID_LENGTH] in ids}
        _put_files(connection, {sha256: self._lone[sha256] for sha256 in owners}, owners, {}, self._now)
        items = [item for sha256 in owners for item in self._items[sha256]]
        self.moved += _put_places(connection, self._root, items, self._now)
        self.written |= owners


def _find_jobs(connection: Writer, source: str | None, new: Mapping[str, Found]) -> dict[str, _Job]:
    """The jobs that these files are of, by hash: those that a sidecar names, or whose id or alias is in the file, or is
    the file's name."""
    sidecars = {item.job for item in new.values() if item.job and source}
    names = {sha256: [text for _, text in item.marks.ids] for sha256, item in new.items()}
    stems = {sha256: list_ids(_name(item.path)) for sha256, item in new.items()}
    wanted = {*sidecars, *chain.from_iterable(names.values()), *chain.from_iterable(stems.values())}
    owners = _find_owners(connection, {encodable(name) for name in wanted if name})
    if not owners:
        return {}
    jobs: dict[str, _Job] = {}
    short: dict[str, _Job] = {}
    for sha256, item in new.items():
        by_sidecar = [job for job in owners.get(encodable(item.job or ""), ()) if job.source == source]
        by_mark = [job for name in names[sha256] for job in owners.get(encodable(name), ())]
        by_name = ((stem, owners.get(encodable(stem), [])) for stem in stems[sha256])
        for stem, candidates in ((None, by_sidecar), (None, by_mark), *by_name):
            job = _choose(candidates, source)
            if job is not None:
                is_short = stem is not None and len(stem) < _SHORTEST
                (short if is_short else jobs)[sha256] = job
                break
    return jobs | _without_held(connection, short)


def _find_owners(connection: Writer, names: set[str]) -> dict[str, list[_Job]]:
    """The videos that have these ids or aliases."""
    owners: dict[str, list[_Job]] = {}
    for query in (_NAMED, _ALIASED):
        for name, *job in connection.execute(query, {"names": list(names)}):
            owners.setdefault(name, []).append(_Job(*job))
    return owners


def _choose(candidates: Sequence[_Job], source: str | None) -> _Job | None:
    """The one of them that is meant; None where several may be."""
    preferred = [job for job in candidates if job.source == source] or candidates
    return preferred[0] if len({job.video_id for job in preferred}) == 1 else None


def _without_held(connection: Writer, jobs: Mapping[str, _Job]) -> dict[str, _Job]:
    """The jobs but for those that have a file already: a short name, as `clip1`, could be anybody's."""
    query = "SELECT DISTINCT video_id FROM files WHERE video_id IN :ids AND sha256 IS NOT NULL"
    ids = [job.video_id for job in jobs.values()]
    holding = {row[0] for row in connection.execute(query, {"ids": ids})} if ids else set()
    return {sha256: job for sha256, job in jobs.items() if job.video_id not in holding}


def _describe(item: Found, at: datetime) -> ParsedVideo:
    """The job that a file is all that is known of, as a server would answer it."""
    probe, created = item.probe, _date(item, at)
    width, height = (probe.width, probe.height) if probe.width and probe.height else (None, None)
    kind = "image" if item.is_image else "video"
    payload: dict[str, Any] = {
        "id": item.sha256[:_ID_LENGTH],
        "object": kind,
        "status": "completed",
        "created_at": created,
    }
    payload |= {"seconds": probe.seconds} if probe.seconds else {}
    payload |= {"size": f"{width}x{height}"} if width else {}
    said = describe_job(item.marks)
    if said or created < _USUAL or max(filter(None, (probe.seconds, width, height)), default=0) > _MOST_USUAL:
        return parse_videos(payload | said).videos[0]
    return ParsedVideo(  # what the parser makes of it, at a tenth of the price
        payload["id"],
        kind=kind,
        status="completed",
        provider_status="completed",
        seconds=probe.seconds or None,
        width=width,
        height=height,
        created_at=datetime.fromtimestamp(created, UTC),
        payload=payload,
    )


def _date(item: Found, at: datetime) -> int:
    """When a file was made, in seconds since 1970: as it says itself, if that can be, else when it was written last."""
    made = item.probe.created_at
    if made is not None and made.year >= _EARLIEST and made <= at:
        return int(made.timestamp())
    return int(max(0.0, min(item.stamp[1] / 1e9, at.timestamp())))


def _put_files(
    connection: Writer, new: Mapping[str, Found], owners: Mapping[str, int], jobs: Mapping[str, _Job], now: str
) -> None:
    """Make rows of new bytes: of each variant they take the first number without bytes, or the next one."""
    free: dict[tuple[int, str], list[int]] = {}
    last: dict[tuple[int, str], int] = {}
    for file_id, video_id, variant, number, sha256 in connection.execute(_NUMBERS, {"ids": list(owners.values())}):
        last[video_id, variant] = number
        if sha256 is None:
            free.setdefault((video_id, variant), []).append(file_id)
    inserted, updated = [], []
    for sha256, item in new.items():
        spot = owners[sha256], _variant_of(item, jobs[sha256].kind if sha256 in jobs else None)
        row = _row(item, now)
        if free.get(spot):
            updated.append({"id": free[spot].pop(0), **row, "check_id": None})
        else:
            last[spot] = last.get(spot, 0) + 1
            inserted.append({"video_id": spot[0], "variant": spot[1], "number": last[spot], **row})
    insert_rows(connection, "files", inserted)
    update_rows(connection, "files", updated)
    marked = [sha256 for sha256, item in new.items() if item.marks.marks]
    rows = connection.execute("SELECT id, sha256 FROM files WHERE sha256 IN :hashes", {"hashes": marked})
    save_marks(connection, {row[0]: new[row[1]].marks.marks for row in rows} if marked else {})


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
        "marks": sum_up(item.marks.marks),
    }


def _put_places(connection: Writer, root: str, found: Sequence[Found], now: str) -> int:
    """Keep where the files lie; returns how many of them have moved there."""
    where = stored_path(root)
    known = find_rows(connection, "file_places", root, [item.path for item in found])
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
            "name": stored_path(_name(item.path)),
            "state": "present",
            "changed_at": now,
            **dict(zip(STAMP, item.stamp, strict=True)),
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


def _name(path: str) -> str:
    return path.rpartition("/")[2]
