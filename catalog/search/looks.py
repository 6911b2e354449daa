"""What all pictures look like, read at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from catalog.database import Reader

_ALL = "SELECT json_group_array(id), json_group_array(dhash) FROM likenesses WHERE dhash IS NOT NULL"


def read_looks(connection: Reader) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The row ids of all likenesses that say something, and their hashes."""
    ids, hashes = connection.execute(_ALL).fetchone()
    return np.array(json.loads(ids), dtype=np.int64), np.array(json.loads(hashes), dtype=np.int64).view(np.uint64)
