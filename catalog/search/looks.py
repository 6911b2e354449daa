"""What all pictures look like, read at once, and kept in memory by an open library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.search.columns import read_numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from catalog.database import Reader

_ALL = "SELECT json_group_array(id), json_group_array(dhash) FROM likenesses WHERE dhash IS NOT NULL"
_STAMP = "SELECT count(*), coalesce(max(id), 0) FROM likenesses"  # of what is only added and removed


def read_looks(connection: Reader) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The row ids of all likenesses that say something, and their hashes."""
    stamp = (getattr(connection, "stamp", None), *connection.execute(_STAMP).fetchone())
    shared = getattr(connection, "shared", None)
    kept = None if shared is None else shared.get("looks")
    if kept is None or kept[0] != stamp:
        ids, hashes = map(read_numbers, connection.execute(_ALL).fetchone())
        kept = stamp, (ids, hashes.view("uint64"))
        if shared is not None:
            shared["looks"] = kept
    looks: tuple[NDArray[np.int64], NDArray[np.uint64]] = kept[1]
    return looks
