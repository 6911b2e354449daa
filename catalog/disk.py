"""Files as they are on the disk: read only where they are files, written so that they survive a power cut, and as
private as what they copy.

This module knows no library and no spool.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
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


_PRIVATE = 0o600
_GROUP = 0o070
_READABLE = 0o444
_OTHERS_READ = 0o044


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


def create(path: Path, like: os.stat_result | None = None) -> None:
    """Make a new, empty file with the mode and the group of `like`, or for its owner alone, whatever the umask.

    At no moment can anybody read it who cannot read `like`. Raises OSError, FileExistsError where there is a file.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    try:
        open_as(handle, like)
        if like is not None and _is_root():
            os.chown(handle, like.st_uid, -1)
    finally:
        os.close(handle)


def make_folder(path: Path, like: os.stat_result | None = None) -> None:
    """Make a folder unless there is one, and open it to whom `like` is open to, to be read; raises OSError."""
    try:
        path.mkdir(mode=_PRIVATE | stat.S_IXUSR)
    except FileExistsError:
        return
    open_as(path, like, _READABLE)


def open_as(file: Path | int, like: os.stat_result | None, mask: int = 0o666) -> None:
    """Open a file or folder of this user's, or what a handle is of, to whom `like` is open to, or to its owner alone.

    `mask` are the bits of the mode that are taken over. Where it cannot be given the group, no group gets it; a disk
    without owners keeps it as it is. Raises OSError where there is none.
    """
    if os.name == "nt":
        return
    status = os.stat(file)  # noqa: PTH116 (a handle is no path)
    mode = _PRIVATE if like is None else stat.S_IMODE(like.st_mode) & mask | _PRIVATE
    if like is not None and status.st_gid != like.st_gid:
        try:
            os.chown(file, -1, like.st_gid)
        except OSError:
            mode &= ~_GROUP
    if stat.S_ISDIR(status.st_mode):
        mode |= (mode & _READABLE) >> 2  # whoever may read a folder may enter it
    with suppress(OSError):
        os.chmod(file, mode)  # noqa: PTH101


def is_shared(status: os.stat_result) -> bool:
    """Whether others than its owner may read the file."""
    return bool(status.st_mode & _OTHERS_READ) and os.name != "nt"


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
