"""Files as they are on the disk: read only where they are files, and written so that they survive a power cut.

This module knows no library and no spool.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

MOST_READ = 32 * 1024 * 1024  # bytes of a file that is read whole: settings, prices, facets, ids
NOT_REGULAR = "not a regular file"


def open_file(path: str | Path) -> BinaryIO:
    """The file, open for reading; raises OSError, and for a pipe, a device or a socket at once, without waiting."""
    _require_regular(os.stat(path))  # noqa: PTH116 - before it is opened, which a device may take as an order
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    file = os.fdopen(number, "rb")
    try:
        _require_regular(os.fstat(number))
    except OSError:
        file.close()
        raise
    return file


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, NOT_REGULAR)


def read_file(path: str | Path) -> bytes:
    """The bytes of a regular file; raises OSError, also for one of more than MOST_READ."""
    with open_file(path) as file:
        return read_whole(file)


def read_whole(stream: BinaryIO) -> bytes:
    """The rest of a stream; raises OSError where it has more than MOST_READ."""
    data = stream.read(MOST_READ + 1)
    if len(data) > MOST_READ:
        raise OSError(errno.EFBIG, f"more than {MOST_READ // 1024**2} MiB")
    return data


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
