"""What scans remember: the roots, the places that were not found, and files that are not files of videos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.records import utc_text
from catalog.rows import stored, stored_path
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.files import find_by_paths, list_videos
from catalog.store.indexes import indexed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer

STAMP = ("size", "mtime_ns", "ctime_ns", "inode")  # the columns of a file's stamp


def save_root(connection: Writer, path: str, *, is_known: bool = False, **columns: Any) -> None:
    """Set columns of a root; one that is not there is added, unless it was known, and so was forgotten meanwhile."""
    row = {column: stored(value) for column, value in columns.items()}
    where = stored_path(path)
    is_there = connection.execute("SELECT 1 FROM roots WHERE path = :path", {"path": where}).fetchone()
    if is_there is None:
        if not is_known:
            insert_rows(connection, "roots", [{"path": where, "state": "online", "is_watched": 0} | row])
    elif row:
        update_rows(connection, "roots", [{"path": where} | row], key="path")


def forget_root(connection: Writer, path: str) -> None:
    """Forget a root, and what scans remember of the files below it that are not files of videos; places stay."""
    where = stored_path(path)
    connection.execute("DELETE FROM scanned_files WHERE root = :root", {"root": where})
    connection.execute("DELETE FROM roots WHERE path = :root", {"root": where})


def save_absences_of_places(
    connection: Writer, *, back: Iterable[int], missed: Iterable[int], missing: Iterable[int], at: datetime
) -> None:
    """Keep which places are there again, were not found for the first time, and were not found for the second time."""
    now = utc_text(at)
    gone, present = list(missing), list(back)
    query = "SELECT DISTINCT sha256 FROM file_places WHERE id IN :ids"
    hashes = [row[0] for row in connection.execute(query, {"ids": [*gone, *present]})]
    update_rows(connection, "file_places", [{"id": place, "missed_at": now} for place in missed])
    with indexed(connection, list_videos(connection, hashes)):
        update_rows(connection, "file_places", [{"id": place, "state": "missing", "changed_at": now} for place in gone])
        update_rows(
            connection,
            "file_places",
            [{"id": place, "state": "present", "missed_at": None, "changed_at": now} for place in present],
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
    known = find_rows(connection, "scanned_files", root, list(files))
    inserted, updated = [], []
    for path, (stamp, state, reason) in files.items():
        row = {**dict(zip(STAMP, stamp, strict=True)), "state": state, "reason": reason}
        kept = stored_path(path)
        if kept in known:
            updated.append({"id": known[kept], **row})
        else:
            inserted.append({"root": where, "path": kept, **row, "since": now})
    insert_rows(connection, "scanned_files", inserted)
    update_rows(connection, "scanned_files", updated)


def forget_scanned(connection: Writer, root: str, paths: Sequence[str]) -> None:
    """Forget what was seen of these files, which are taken in, or gone."""
    ids = find_rows(connection, "scanned_files", root, paths)
    connection.execute("DELETE FROM scanned_files WHERE id IN :ids", {"ids": list(ids.values())})


def forget_scanned_rows(connection: Writer, ids: Iterable[int]) -> None:
    """Forget what was seen of files that are gone, by row."""
    connection.execute("DELETE FROM scanned_files WHERE id IN :ids", {"ids": list(ids)})


def find_rows(connection: Writer, table: str, root: str, paths: Sequence[str]) -> dict[str | bytes, int]:
    """The rows of these paths below a root, by path as it is stored."""
    rows = find_by_paths(connection, table, "path, id", root, [stored_path(path) for path in paths])
    return {row[0]: row[1] for row in rows}
