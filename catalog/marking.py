"""The journey that reads what files say of themselves where that was not read when they came, a portion at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from catalog import store
from catalog.disk import open_file
from catalog.errors import BadMedia
from catalog.file_reports import MarksRead
from catalog.media.marks import read_marks_of
from catalog.parallel import ask_all
from catalog.reading.marks import list_unread

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from catalog.database import Database
    from catalog.media.marks import Marks
    from catalog.reading.marks import Unread
    from catalog.reports import Progress

PORTION = 200  # files whose marks are kept in one transaction
PARALLEL = 4


def read_due_marks(
    database: Database, *, among: Collection[str] | None = None, on_progress: Progress | None = None
) -> MarksRead:
    """Read the marks of all files that were not read for them and lie somewhere, or `among` the bytes of these hashes.

    What cannot be read now, or is not as it was when it was taken in, stays due.
    """
    files = passed = done = 0
    for portion in _iter_portions(database):
        due = [item for item in portion if among is None or item.sha256 in among]
        waiting = iter({item.sha256: item for item in due}.values())
        read = {item.sha256: marks for item, marks in ask_all(_read, partial(next, waiting, None), PARALLEL)}
        said = {sha256: marks for sha256, marks in read.items() if marks is not None}
        passed += len(read) - len(said)
        if said:
            with database.write() as connection:
                files += store.save_read_marks(connection, said, at=datetime.now(UTC))
        done += len(due)
        if on_progress and due:
            on_progress("files", done, None, "looking for labels in files")
    return MarksRead(files, passed)


def _iter_portions(database: Database) -> Iterator[list[Unread]]:
    after = 0
    while True:
        with database.read() as connection:
            portion = list_unread(connection, after=after, limit=PORTION)
        if not portion:
            return
        yield portion
        after = portion[-1].file_id


def _read(item: Unread) -> Marks | None:
    """What a file says of itself; None where it cannot be read, or is not the one that was taken in."""
    try:
        with open_file(item.path) as file:
            size = file.seek(0, 2)
            is_same = size == item.size and item.mtime_ns in {None, item.path.stat().st_mtime_ns}
            return read_marks_of(file) if is_same else None
    except (OSError, BadMedia):
        return None
