"""Files that survive a power cut, for what must be safe on the disk before it is acknowledged.

This module knows no library and no spool.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync(path: Path) -> None:
    """Write a file's content, or a folder's names, through to the disk; raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_in_place(part: Path, target: Path) -> None:
    """Rename a finished file over its target, which is whole whenever the power fails; raises OSError."""
    sync(part)
    part.replace(target)
    sync(target.parent)
