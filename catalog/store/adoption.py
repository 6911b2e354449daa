"""Files given to jobs: the video that was known by the file alone is hidden, and nothing of it is lost.

With a file go what it says of itself, the pictures made of it, its newest check, and what it says of the job where
nobody else has said that. What the user made of the video, tags, judgements and places in collections, goes too, as far
as the job has none of its own. All of it is kept in the journal, or follows from what is.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from catalog.records import utc_text
from catalog.rows import encodable, read_path, stored_path
from catalog.store.arrivals import FILE, SAID, keep_beside
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.credentials import share_checks
from catalog.store.edits import Changed
from catalog.store.files import find_by_paths
from catalog.store.folding import fold_again
from catalog.store.indexes import collecting, indexed, noting
from catalog.store.ingredients import followed
from catalog.store.journal import journaled
from catalog.store.judgements import annotate, make_annotations
from catalog.store.marks import share_marks
from catalog.store.names import find_ids
from catalog.store.subjects import FILE_COLUMNS
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer

    Row = dict[str, Any]

_VARIANTS = ("video", "image", "thumbnail", "spritesheet")
_OWN = f"SELECT {FILE_COLUMNS} FROM files WHERE video_id IN :ids AND origin IN ('file', 'made') ORDER BY id"
_ALONE = """
SELECT videos.id, files.sha256 FROM files CROSS JOIN videos ON videos.id = files.video_id
WHERE files.sha256 IN :hashes AND files.origin = 'file' AND videos.remote_id = substr(files.sha256, 1, 32)
AND videos.deleted_at IS NULL
"""
_NUMBERS = "SELECT id, video_id, variant, number, sha256 FROM files WHERE video_id IN :ids ORDER BY number"
_KINDS = "SELECT id, kind FROM videos WHERE id IN :ids"
_TAGS = "SELECT video_id, key, value FROM tags WHERE origin = 'user' AND video_id IN :ids"
_SAID = "SELECT video_id, payload FROM observations WHERE video_id IN :ids AND channel = 'file' ORDER BY id"
_REMOTE_IDS = "SELECT id, remote_id FROM videos WHERE id IN :ids"
_JUDGED = "SELECT video_id, rating, verdict, note FROM annotations WHERE video_id IN :ids ORDER BY id"
_COLLECTED = "SELECT video_id, collection_id, position FROM collection_videos WHERE video_id IN :ids ORDER BY id"


def adopt_files(connection: Writer, pairs: Mapping[int, int], *, made_at: datetime) -> Changed:
    """Give the files of videos to jobs, `pairs` of row ids, and hide the videos: one edit.

    What the user made of the videos goes with them. Returns the jobs; their prompts may have to be read, where a file
    has filled them.
    """
    jobs = list(dict.fromkeys(pairs.values()))
    tags, said = _read_tags(connection, pairs), _read_said(connection, pairs)
    judged, collected = _read_judged(connection, pairs), _read_places(connection, pairs)
    make_annotations(connection, {video for values in judged.values() for video in values})
    with journaled(connection, "adopt", made_at=made_at) as act:
        for videos in act.portions("files", jobs, _VARIANTS):
            among = {own: job for own, job in pairs.items() if job in set(videos)}
            with followed(connection, {*among, *videos}), indexed(connection, videos):
                _give(connection, among)
        for videos in act.portions("observations", said, (FILE,)):
            _keep_said(connection, {video: said[video] for video in videos}, made_at)
        for videos in act.portions("tags", jobs, sorted({key for own in tags.values() for key in own})):
            with indexed(connection, videos):
                _add_tags(connection, {video: tags[video] for video in videos if video in tags})
        for column, values in judged.items():
            for videos in act.portions(f"{column}s", values):
                with noting(connection, videos):
                    annotate(connection, column, {video: values[video] for video in videos})
        for number, positions in collected.items():
            for videos in act.portions("collection_videos", positions, [str(number)]):
                with collecting(connection, videos):
                    _collect(connection, number, {video: positions[video] for video in videos})
        for videos in act.portions("videos", list(pairs)):
            with indexed(connection, videos):
                connection.executemany(
                    "UPDATE videos SET deleted_at = :at WHERE id = :id AND deleted_at IS NULL",
                    [{"id": video, "at": utc_text(made_at)} for video in videos],
                )
    share_checks(connection, jobs)
    fold_again(connection, list(said))
    return Changed(jobs, list(said))


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
    jobs = list(dict.fromkeys(pairs.values()))
    tags, said = _read_tags(connection, pairs), _read_said(connection, pairs)
    judged, collected = _read_judged(connection, pairs), _read_places(connection, pairs)
    make_annotations(connection, {video for values in judged.values() for video in values})
    concerned = {*pairs, *jobs}
    with followed(connection, concerned), indexed(connection, concerned):
        _give(connection, pairs)
        _add_tags(connection, tags)
        for column, values in judged.items():
            annotate(connection, column, values)
        for number, positions in collected.items():
            _collect(connection, number, positions)
        update_rows(connection, "videos", [{"id": video, "deleted_at": utc_text(at)} for video in pairs])
    _keep_said(connection, said, at)
    share_checks(connection, jobs)
    fold_again(connection, list(said))
    return jobs


def _read_tags(connection: Writer, pairs: Mapping[int, int]) -> dict[int, dict[str, str]]:
    """The user's tags on videos, by the jobs that these belong to."""
    tags: dict[int, dict[str, str]] = {}
    for video_id, key, value in connection.execute(_TAGS, {"ids": list(pairs)}):
        tags.setdefault(pairs[video_id], {})[key] = value
    return tags


def _read_said(connection: Writer, pairs: Mapping[int, int]) -> dict[int, list[dict[str, str]]]:
    """What the files of videos say of how they were made, by the jobs that these belong to."""
    said: dict[int, list[dict[str, str]]] = {}
    for video_id, text in connection.execute(_SAID, {"ids": list(pairs)}):
        payload = json.loads(text)
        own = {name: payload[name] for name in SAID if isinstance(payload, dict) and payload.get(name)}
        if own:
            said.setdefault(pairs[video_id], []).append(own)
    return said


def _keep_said(connection: Writer, said: Mapping[int, Sequence[Mapping[str, str]]], at: datetime) -> None:
    """Keep what files say of their jobs, as an answer each; it fills what nobody else has said."""
    ids = dict(map(tuple, connection.execute(_REMOTE_IDS, {"ids": list(said)}).fetchall()))
    for video_id, texts in said.items():
        for own in texts:
            video = parse_videos({"id": ids[video_id], "object": "video", **own}).videos[0]
            keep_beside(connection, {video_id: video}, channel=FILE, received_at=at)


def _read_judged(connection: Writer, pairs: Mapping[int, int]) -> dict[str, dict[int, Any]]:
    """What the user thinks of videos, by column and by the jobs that these belong to, where the job lacks it."""
    rows = connection.execute(_JUDGED, {"ids": [*pairs, *pairs.values()]}).fetchall()
    judged: dict[str, dict[int, Any]] = {}
    for column in ("rating", "verdict", "note"):
        known = {row["video_id"]: row[column] for row in rows if row[column] is not None}
        handed = {pairs[own]: known[own] for own in pairs if own in known and pairs[own] not in known}
        if handed:
            judged[column] = handed
    return judged


def _read_places(connection: Writer, pairs: Mapping[int, int]) -> dict[int, dict[int, float]]:
    """The positions of videos in collections, by these and by the jobs that the videos belong to, which are not in."""
    rows = connection.execute(_COLLECTED, {"ids": [*pairs, *pairs.values()]}).fetchall()
    inside = {(row["collection_id"], row["video_id"]) for row in rows}
    places: dict[int, dict[int, float]] = {}
    for row in rows:
        number, job = row["collection_id"], pairs.get(row["video_id"])
        if job is not None and (number, job) not in inside:
            places.setdefault(number, {})[job] = row["position"]
    return places


def _collect(connection: Writer, number: int, positions: Mapping[int, float]) -> None:
    rows = [{"collection_id": number, "video_id": video, "position": position} for video, position in positions.items()]
    insert_rows(connection, "collection_videos", rows)


def _give(connection: Writer, pairs: Mapping[int, int]) -> None:
    """Give the files of videos to jobs: in the place of one that never had bytes, else as the next of its variant."""
    spots = _Spots(connection, pairs.values())
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in map(dict, connection.execute(_OWN, {"ids": list(pairs)}).fetchall()):
        rows[row["video_id"]].append(row)
    for own, job in pairs.items():
        numbers = [spots.put(job, row) for row in rows[own] if row["origin"] == FILE]
        number = next((number for number in numbers if number is not None), None)
        for row in rows[own]:
            if row["origin"] != FILE and number is not None:
                spots.put(job, row, number=number)
    insert_rows(connection, "files", spots.inserted)
    update_rows(connection, "files", spots.updated)
    share_marks(connection, {row["sha256"] for row in (*spots.inserted, *spots.updated)})


class _Spots:
    """The files of some jobs, and where others find room among them."""

    def __init__(self, connection: Writer, jobs: Any) -> None:
        ids = list(dict.fromkeys(jobs))
        self._kinds = dict(map(tuple, connection.execute(_KINDS, {"ids": ids}).fetchall()))
        self._known: dict[tuple[int, str], dict[int, tuple[int | None, str | None]]] = defaultdict(dict)
        for file_id, job, variant, number, sha256 in connection.execute(_NUMBERS, {"ids": ids}):
            self._known[job, variant][number] = (file_id, sha256)
        self.inserted: list[Row] = []
        self.updated: list[Row] = []

    def put(self, job: int, row: Row, *, number: int | None = None) -> int | None:
        """Take a file in, as a given number if that is free; the number that it has now, None where it is not taken."""
        variant = row["variant"]
        if variant == "image" and self._kinds.get(job) != "image":
            variant = "thumbnail"  # a picture beside the clip of a job shows what is in that
        known = self._known[job, variant]
        if any(sha256 == row["sha256"] for _, sha256 in known.values()):
            return None
        if number is None:
            unfilled = [each for each, (file_id, sha256) in known.items() if sha256 is None and file_id is not None]
            number = min(unfilled, default=max(known, default=0) + 1)
        file_id, held = known.get(number, (None, None))
        if held is not None:
            return None
        values = {name: value for name, value in row.items() if name not in {"id", "video_id", "variant", "number"}}
        values |= {"check_id": None, "marks": None}
        if file_id is not None:
            self.updated.append({"id": file_id, **values})
        else:
            self.inserted.append({"video_id": job, "variant": variant, "number": number, **values})
        known[number] = (file_id, row["sha256"])
        return number


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
