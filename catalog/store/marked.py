"""Marks of files that the library held before it read any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.store.arrivals import save_said
from catalog.store.files import list_videos
from catalog.store.indexes import indexed
from catalog.store.marks import fill_marks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.database import Writer
    from catalog.media.marks import Marks

_OWNERS = "SELECT id, video_id FROM files WHERE id IN :ids AND variant <> 'reference' ORDER BY id"


def save_read_marks(connection: Writer, read: Mapping[str, Marks], *, at: datetime) -> int:
    """Keep what bytes say of themselves, by hash, for the files that were not read for it; return how many these are.

    It fills what nobody has said of their jobs, too.
    """
    with indexed(connection, list_videos(connection, read)):
        files = dict(fill_marks(connection, {sha256: marks.marks for sha256, marks in read.items()}))
    owners = connection.execute(_OWNERS, {"ids": list(files)}).fetchall()
    save_said(connection, [(row[1], read[files[row[0]]]) for row in owners], at=at)
    return len(files)
