"""Folders that are watched: which of several a file belongs to, and whether one can be judged now.

A folder that cannot be reached says nothing about the files in it. A drive that is not mounted leaves an empty folder
behind, or another disk in its place; so a root that is empty though it was not, or holds none of the files that are
known, is offline, and so is one on another device, unless every file that is looked for is there. Knows no library.
"""

from __future__ import annotations

import os
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from catalog.watch.scanning import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LOOKED_AT = 100  # known files that have to be there on another device


class Known(NamedTuple):
    """A file that should lie below a root, relative to it, and its stamp as far as it is known."""

    path: str
    size: int | None
    mtime_ns: int | None = None
    inode: int | None = None


def absolute(path: str | os.PathLike[str]) -> str:
    """The one name of a folder or a file, links on the way to it resolved."""
    return os.path.realpath(os.fspath(path))


def is_below(path: str, root: str) -> bool:
    """Whether an absolute path lies below an absolute folder."""
    return path.startswith(root if root.endswith("/") else f"{root}/") and path != root


def innermost(path: str, roots: Iterable[str]) -> str | None:
    """The innermost of these folders that a path lies in."""
    return max((root for root in roots if is_below(path, root)), key=len, default=None)


def explain_offline(
    root: str, device: int | None, known: Callable[[], Iterator[Known]], count: Callable[[], int]
) -> str | None:
    """Why nothing can be said about the files below a root; None where it can be scanned.

    `device` is the one it was last scanned on, `known` gives the files that were there, `count` of them. Files that
    were all renamed are there still: their inodes tell.
    """
    try:
        status = os.stat(root)  # noqa: PTH116
        with os.scandir(root) as entries:
            is_empty = next(entries, None) is None
    except OSError as error:
        return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
    if next(known(), None) is None:
        return None
    if is_empty:
        return f"is empty, though {_files(count())} should be in it"
    if device is not None and device_of(status) != device:
        return None if all(_is_there(root, item) for item in islice(known(), LOOKED_AT)) else "is on another device"
    if not any(_is_there(root, item) for item in known()) and not _has_renamed(root, known()):
        return f"holds none of {_files(count())} that should be in it"
    return None


def device_of(status: os.stat_result) -> int:
    """The number of a device, as SQLite can hold it."""
    return status.st_dev if status.st_dev < 1 << 63 else status.st_dev - (1 << 64)


def _files(count: int) -> str:
    return "the 1 file" if count == 1 else f"the {count:,} files"


def _has_renamed(root: str, known: Iterator[Known]) -> bool:
    """Whether one of the files lies below the root under another name."""
    entries = {(item.size, item.mtime_ns, item.inode) for item in known if item.inode is not None}
    try:
        return any((stamp[0], stamp[1], stamp[3]) in entries for portion in Walk(root) for _, stamp in portion)
    except OSError:
        return False


def _is_there(root: str, item: Known) -> bool:
    try:
        status = os.lstat(os.path.join(root, item.path))  # noqa: PTH118
    except OSError:
        return False
    return item.size is None or status.st_size == item.size


def is_gone(path: str) -> bool:
    """Whether nothing lies there; what cannot be looked at may."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_same_entry(old: str, new: str) -> bool:
    """Whether two absolute paths are one entry of a folder, under another spelling of its name.

    A disk that folds case, or composes letters, answers to both. Where it does not, two entries have an inode each, or
    one that counts two links.
    """
    if old == new:
        return True
    if folded(old) != folded(new):
        return False
    try:
        before, after = os.lstat(old), os.lstat(new)
    except OSError:
        return False
    return os.path.samestat(before, after) and after.st_nlink == 1


def folded(path: str) -> str:
    """A path as disks compare it that tell neither case nor composed letters apart."""
    return unicodedata.normalize("NFC", path).casefold()
