"""The files of videos: bytes that came, places where they lie, and what became of both.

The bytes are in the media folder, whole and on the disk, before their row is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.records import utc_text
from catalog.rows import stored, stored_path
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.indexes import indexed
from catalog.store.ingredients import followed
from catalog.store.marks import forget_marks, save_marks, share_marks, sum_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer
    from catalog.media.marks import Marks
    from catalog.records import Probe

BESIDE = ""  # root of places in the folder of the library

_FIND = "SELECT id, state, sha256 FROM files WHERE video_id = :video_id AND variant = :variant AND number = :number"
_VIDEOS = "SELECT DISTINCT video_id FROM files WHERE sha256 IN :hashes"
_PLACE = "SELECT id, sha256, state FROM file_places WHERE root = :root AND path = :path"


class Bytes(NamedTuple):
    """Bytes in the media folder: `path` is relative to the library's folder, `size` in bytes, `type` what they are.

    `marks` is None where they were not read for them.
    """

    sha256: str
    size: int
    type: str
    path: str
    probe: Probe | None = None
    marks: Marks | None = None


class Spot(NamedTuple):
    """Which file of a video: its variant, and its number among those of the variant, from 1."""

    video_id: int
    variant: str
    number: int = 1


def save_file(connection: Writer, spot: Spot, data: Bytes, *, origin: str, at: datetime) -> int:
    """Keep that these bytes are the file, in the place of what was there before, and return the row id of the file."""
    return save_files(connection, {spot: data}, origins={spot: origin}, at=at)[spot]


def save_files(
    connection: Writer, files: Mapping[Spot, Bytes], *, origins: Mapping[Spot, str], at: datetime
) -> dict[Spot, int]:
    """Keep that these bytes are these files, as `save_file`, and return the row ids of the files."""
    now = utc_text(at)
    hashes = list({data.sha256 for data in files.values()})
    owners = {spot.video_id for spot in files}
    with followed(connection, owners), indexed(connection, owners.union(list_videos(connection, hashes))):
        rows = {spot: _put(connection, spot, _row(data, origins[spot], now)) for spot, data in files.items()}
        for data in files.values():
            _save_place(connection, data.sha256, BESIDE, data.path, now)
        _be_whole(connection, hashes, now)
        said = {row_id: files[spot].marks for spot, row_id in rows.items()}
        save_marks(connection, {row_id: marks.marks for row_id, marks in said.items() if marks is not None})
        share_marks(connection, hashes)
    return rows


def _row(data: Bytes, origin: str, now: str) -> dict[str, object]:
    return {
        "state": "present",
        "reason": None,
        "origin": origin,
        "sha256": data.sha256,
        "size": data.size,
        "type": data.type,
        **probed(data.probe),
        "changed_at": now,
        "checked_at": now,
        **({"marks": sum_up(data.marks.marks)} if data.marks is not None else {}),
    }


def probed(probe: Probe | None) -> dict[str, object]:
    """The columns of what bytes say of themselves."""
    return {
        "seconds": probe and probe.seconds,
        "width": probe and probe.width,
        "height": probe and probe.height,
        "fps": probe and probe.fps,
        "codec": probe and probe.codec,
        "audio": probe and probe.audio,
        "made_at": stored(probe.created_at) if probe and probe.created_at else None,
    }


def save_failure(
    connection: Writer, spot: Spot, *, state: str, reason: str, at: datetime, origin: str | None = None
) -> None:
    """Keep why a file could not be had: `failed`, or `lost` for good. One whose bytes are held stays as it is.

    `origin` says how it was to come, where that tells them apart.
    """
    found = connection.execute(_FIND, spot._asdict()).fetchone()
    if found is not None and found[1] == "present":
        return
    if found is not None and found[1] == "damaged" and state == "failed":
        return
    row = {"state": state, "reason": reason, "changed_at": utc_text(at), **({"origin": origin} if origin else {})}
    with indexed(connection, [spot.video_id]):
        _put(connection, spot, row)


def save_damage(connection: Writer, reasons: Mapping[str, str], *, at: datetime) -> None:
    """Keep that bytes with these hashes are not whole any more, and why, wherever they are files of a video."""
    now = utc_text(at)
    with indexed(connection, list_videos(connection, reasons)):
        connection.executemany(
            "UPDATE files SET state = 'damaged', reason = :reason, changed_at = :now "
            "WHERE sha256 = :sha256 AND state <> 'damaged'",
            [{"sha256": sha256, "reason": reason, "now": now} for sha256, reason in reasons.items()],
        )


def save_checked(connection: Writer, hashes: Iterable[str], *, at: datetime) -> None:
    """Keep that bytes with these hashes were read and are whole."""
    wanted, now = list(hashes), utc_text(at)
    query = "SELECT DISTINCT video_id FROM files WHERE sha256 IN :hashes AND state <> 'present'"
    with indexed(connection, [row[0] for row in connection.execute(query, {"hashes": wanted})]):
        _be_whole(connection, wanted, now)
    connection.execute("UPDATE files SET checked_at = :now WHERE sha256 IN :hashes", {"hashes": wanted, "now": now})


def save_places(connection: Writer, states: Mapping[str, str], *, root: str = BESIDE, at: datetime) -> None:
    """Keep in which state these places, by path, were seen: `present`, `missing` or `offline`."""
    kept = {stored_path(path): path for path in states}
    rows = find_by_paths(connection, "file_places", "path, id, sha256, state", root, list(kept))
    changed = [(row_id, kept[path], sha256) for path, row_id, sha256, state in rows if states[kept[path]] != state]
    now = utc_text(at)
    with indexed(connection, list_videos(connection, {sha256 for _, _, sha256 in changed})):
        update_rows(
            connection,
            "file_places",
            [{"id": row_id, "state": states[path], "changed_at": now} for row_id, path, _ in changed],
        )


def save_place(connection: Writer, sha256: str, path: str, *, at: datetime) -> None:
    """Keep that the bytes with this hash lie, whole, at this path again."""
    now = utc_text(at)
    with indexed(connection, list_videos(connection, [sha256])):
        _save_place(connection, sha256, BESIDE, path, now)
        _be_whole(connection, [sha256], now)


def save_kept(connection: Writer, paths: Mapping[str, str], *, at: datetime) -> None:
    """Keep that the bytes with these hashes lie, whole, in the media folder too, each at a path."""
    now = utc_text(at)
    with indexed(connection, list_videos(connection, paths)):
        for sha256, path in paths.items():
            _save_place(connection, sha256, BESIDE, path, now)
        _be_whole(connection, list(paths), now)


def save_archived(connection: Writer, addresses: Mapping[str, str], *, at: datetime) -> None:
    """Keep that archives hold the bytes with these hashes, each at an address: they were read back from it."""
    known = connection.execute("SELECT sha256, address FROM archives WHERE sha256 IN :hashes", {
        "hashes": list(addresses),
    }).fetchall()  # fmt: skip
    new = addresses.items() - {(row[0], row[1]) for row in known}
    with indexed(connection, list_videos(connection, {sha256 for sha256, _ in new})):
        insert_rows(
            connection,
            "archives",
            [{"sha256": sha256, "address": address, "archived_at": utc_text(at)} for sha256, address in sorted(new)],
        )


def forget_places(connection: Writer, paths: Iterable[str], *, root: str = BESIDE) -> None:
    """Take out places where bytes were on purpose removed from."""
    parameters = {"root": root, "paths": list(paths)}
    hashes = connection.execute("SELECT sha256 FROM file_places WHERE root = :root AND path IN :paths", parameters)
    with indexed(connection, list_videos(connection, [row[0] for row in hashes.fetchall()])):
        connection.execute("DELETE FROM file_places WHERE root = :root AND path IN :paths", parameters)


def save_reference(connection: Writer, video_id: int, role: str, number: int, data: Bytes, *, at: datetime) -> None:
    """Keep that these bytes, which were downloaded, are the input of a video with this role and number."""
    query = "SELECT number FROM files WHERE video_id = :id AND variant = 'reference' AND sha256 = :sha256"
    found = connection.execute(query, {"id": video_id, "sha256": data.sha256}).fetchone()
    if found is None:
        query = "SELECT coalesce(max(number), 0) + 1 FROM files WHERE video_id = :id AND variant = 'reference'"
        found = connection.execute(query, {"id": video_id}).fetchone()
    file_id = save_file(connection, Spot(video_id, "reference", found[0]), data, origin="download", at=at)
    save_input(connection, video_id, role, number, file_id=file_id)


def save_input(
    connection: Writer, video_id: int, role: str, number: int, *, name: str | None = None, file_id: int | None = None
) -> None:
    """Keep what went into a video beside its prompt; what is known of it already is filled, never blanked."""
    connection.execute(
        "INSERT INTO video_inputs (video_id, role, number, name, file_id) "
        "VALUES (:video_id, :role, :number, :name, :file_id) "
        "ON CONFLICT (video_id, role, number) DO UPDATE SET name = coalesce(excluded.name, video_inputs.name), "
        "file_id = coalesce(excluded.file_id, video_inputs.file_id)",
        {"video_id": video_id, "role": role, "number": number, "name": name, "file_id": file_id},
    )


def _put(connection: Writer, spot: Spot, row: Mapping[str, object]) -> int:
    found = connection.execute(_FIND, spot._asdict()).fetchone()
    if found is None:
        insert_rows(connection, "files", [{**spot._asdict(), **row}])
        found = connection.execute(_FIND, spot._asdict()).fetchone()
    else:
        is_whole_again = found[1] == "damaged" and row["state"] == "present"
        has_others = row.get("sha256", found[2]) != found[2]
        due = {"check_id": None} if has_others or is_whole_again else {}
        if has_others:
            forget_marks(connection, [found[0]])
            due["marks"] = None
        update_rows(connection, "files", [{"id": found[0], **due, **row}])
    return int(found[0])


def _save_place(connection: Writer, sha256: str, root: str, path: str, now: str) -> None:
    row = {"sha256": sha256, "state": "present", "changed_at": now}
    found = connection.execute(_PLACE, {"root": root, "path": path}).fetchone()
    if found is None:
        name = path.rpartition("/")[2]
        insert_rows(connection, "file_places", [{"root": root, "path": path, "name": name, **row}])
    elif tuple(found[1:]) != (sha256, "present"):
        update_rows(connection, "file_places", [{"id": found[0], **row}])


def _be_whole(connection: Writer, hashes: list[str], now: str) -> None:
    connection.execute(
        "UPDATE files SET state = 'present', reason = NULL, changed_at = :now, "
        "check_id = CASE WHEN state = 'damaged' THEN NULL ELSE check_id END "
        "WHERE sha256 IN :hashes AND state <> 'present'",
        {"hashes": hashes, "now": now},
    )


def find_by_paths(
    connection: Writer, table: str, columns: str, root: str, paths: Sequence[str | bytes]
) -> list[tuple[Any, ...]]:
    """These columns of the rows with these paths, as they are stored, below a root."""
    query, where = f"SELECT {columns} FROM {table} WHERE root = :root AND path", stored_path(root)
    texts = [path for path in paths if isinstance(path, str)]
    rows = connection.execute(f"{query} IN :paths", {"root": where, "paths": texts}).fetchall() if texts else []
    for path in paths:
        if isinstance(path, bytes):  # JSON, in which lists reach SQL, holds none
            rows += connection.execute(f"{query} = :path", {"root": where, "path": path}).fetchall()
    return rows


def list_videos(connection: Writer, hashes: Iterable[str]) -> list[int]:
    """The videos that have a file of these bytes."""
    return [row[0] for row in connection.execute(_VIDEOS, {"hashes": list(hashes)})]
