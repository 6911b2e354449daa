"""Files given to jobs: the video that was known by the file alone is hidden, and nothing of it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.records import utc_text
from catalog.rows import encodable, read_path, stored_path
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.edits import Changed
from catalog.store.files import find_by_paths
from catalog.store.hearing import FILE, hear_files
from catalog.store.indexes import indexed
from catalog.store.journal import journaled
from catalog.store.marks import share_marks
from catalog.store.names import find_ids
from catalog.store.subjects import FILE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.database import Writer

_VARIANTS = ("video", "image", "thumbnail")
_OWN = f"SELECT {FILE_COLUMNS} FROM files WHERE video_id IN :ids AND origin = 'file' ORDER BY id"
_ALONE = """
SELECT videos.id, files.sha256 FROM files CROSS JOIN videos ON videos.id = files.video_id
WHERE files.sha256 IN :hashes AND files.origin = 'file' AND videos.remote_id = substr(files.sha256, 1, 32)
AND videos.deleted_at IS NULL
"""
_NUMBERS = "SELECT id, variant, number, sha256 FROM files WHERE video_id = :id ORDER BY number"
_TAGS = "SELECT video_id, key, value FROM tags WHERE origin = 'user' AND video_id IN :ids"


def adopt_files(connection: Writer, pairs: Mapping[int, int], *, made_at: datetime) -> Changed:
    """Give the files of videos to jobs, `pairs` of row ids, with the user's tags; hide the videos: one edit.

    What the files say of their jobs fills what nobody else has said.
    """
    jobs = list(dict.fromkeys(pairs.values()))
    tags = _read_tags(connection, pairs)
    due: list[int] = []
    with journaled(connection, "adopt", made_at=made_at) as act:
        for videos in act.portions("files", jobs, _VARIANTS):
            among = {own: job for own, job in pairs.items() if job in set(videos)}
            with indexed(connection, videos):
                _give(connection, among)
        for videos in act.portions("observations", jobs, [FILE]):
            heard = set(videos)
            due += hear_files(connection, {own: job for own, job in pairs.items() if job in heard}, at=made_at)
        for videos in act.portions("tags", jobs, sorted({key for own in tags.values() for key in own})):
            with indexed(connection, videos):
                _add_tags(connection, {video: tags[video] for video in videos if video in tags})
        for videos in act.portions("videos", list(pairs)):
            with indexed(connection, videos):
                connection.executemany(
                    "UPDATE videos SET deleted_at = :at WHERE id = :id AND deleted_at IS NULL",
                    [{"id": video, "at": utc_text(made_at)} for video in videos],
                )
    return Changed(jobs, due)


def join_described(
    connection: Writer, root: str, described: Mapping[str, str], source: str, *, at: datetime
) -> list[int]:
    """Give files below a root, by path, to the jobs that sidecars have named since they were taken in.

    Only what is known by the file alone is hidden by it. Returns the row ids of the jobs that got a file.
    """
    places = find_by_paths(connection, "file_places", "path, sha256", root, [stored_path(path) for path in described])
    names = {row[1]: described[read_path(row[0])] for row in places}
    ids = find_ids(connection, source, {encodable(name) for name in names.values()})
    rows = connection.execute(_ALONE, {"hashes": list(names)})
    pairs = {row[0]: ids[encodable(names[row[1]])] for row in rows if encodable(names[row[1]]) in ids}
    if not pairs:
        return []
    tags = _read_tags(connection, pairs)
    with indexed(connection, {*pairs, *pairs.values()}):
        _give(connection, pairs)
        _add_tags(connection, tags)
        update_rows(connection, "videos", [{"id": video, "deleted_at": utc_text(at)} for video in pairs])
    hear_files(connection, pairs, at=at)
    return list(dict.fromkeys(pairs.values()))


def _read_tags(connection: Writer, pairs: Mapping[int, int]) -> dict[int, dict[str, str]]:
    """The user's tags on videos, by the jobs that these belong to."""
    tags: dict[int, dict[str, str]] = {}
    for video_id, key, value in connection.execute(_TAGS, {"ids": list(pairs)}):
        tags.setdefault(pairs[video_id], {})[key] = value
    return tags


def _give(connection: Writer, pairs: Mapping[int, int]) -> None:
    inserted: list[dict[str, Any]] = []
    updated: list[dict[str, Any]] = []
    for row in map(dict, connection.execute(_OWN, {"ids": list(pairs)}).fetchall()):
        job = pairs[row["video_id"]]
        known = [tuple(other) for other in connection.execute(_NUMBERS, {"id": job}) if other[1] == row["variant"]]
        held = {other[3] for other in known}
        if row["sha256"] in held:
            continue
        free = next((other for other in known if other[3] is None), None)
        values = {name: value for name, value in row.items() if name not in {"id", "video_id", "number"}}
        values |= {"check_id": None, "marks": None}
        if free is not None:
            updated.append({"id": free[0], **values})
        else:
            inserted.append({"video_id": job, "number": max((other[2] for other in known), default=0) + 1, **values})
    insert_rows(connection, "files", inserted)
    update_rows(connection, "files", updated)
    share_marks(connection, {row["sha256"] for row in (*inserted, *updated)})


def _add_tags(connection: Writer, tags: Mapping[int, Mapping[str, str]]) -> None:
    """Set the tags that a job does not have under their key."""
    query = "SELECT video_id, key FROM tags WHERE origin = 'user' AND video_id IN :ids"
    known = {tuple(row) for row in connection.execute(query, {"ids": list(tags)})}
    rows = [
        {"video_id": video, "key": key, "value": value, "origin": "user"}
        for video, own in tags.items()
        for key, value in own.items()
        if (video, key) not in known
    ]
    insert_rows(connection, "tags", rows)
