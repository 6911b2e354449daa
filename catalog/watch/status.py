"""What is known of watched folders without looking at them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from catalog.file_reports import GrowingFile, WatchedFolder, WatchStatus
from catalog.reading.watching import count_by_root, list_growing, list_roots
from catalog.watch.taking import NAMED

if TYPE_CHECKING:
    from catalog.database import Reader


def read_status(connection: Reader) -> WatchStatus:
    """The folders, as they were last seen, and the first of the files that are growing."""
    files, growing = count_by_root(connection)
    return WatchStatus(
        tuple(
            WatchedFolder(
                root.path,
                root.state,
                root.reason,
                files.get(root.path, 0),
                growing.get(root.path, 0),
                root.source,
                root.is_watched,
                root.scanned_at,
            )
            for root in list_roots(connection)
        ),
        tuple(
            GrowingFile(os.path.join(item.root, item.path), item.reason, item.since)  # noqa: PTH118
            for item in list_growing(connection, NAMED)
        ),
    )
