"""Walks a folder: which files in it may be clips, pictures or answers, and why the others are passed over.

Nothing is opened and nothing is written. Names are as the system gives them: bytes that are not UTF-8 are surrogates.
Links are never followed, so a walk ends. Knows no library.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MEDIA = frozenset({"mp4", "mov", "m4v", "webm", "mkv", "avi", "webp", "png", "jpg", "jpeg", "gif"})
PORTION = 2_000  # files that are handed on at once, and so looked up at once
NAMED = 20  # paths that are named for each reason

HIDDEN = "hidden"
UNFINISHED = "unfinished download or copy"
LINK = "symbolic link"
NOT_A_FILE = "not a regular file"
OTHER = "of another kind"
OF_A_SYSTEM = "of a system or a program"
OF_THE_LIBRARY = "the media folder of a library"

_UNFINISHED = re.compile(r"\.(part|partial|crdownload|download|opdownload|aria2|!ut|!qb|tmp|temp)$|^~\$|~$", re.IGNORECASE)
_OF_A_SYSTEM = re.compile(
    r"(@eaDir|#recycle|#snapshot|__MACOSX|\$RECYCLE\.BIN|System Volume Information|lost\+found|Thumbs\.db|desktop\.ini)$",
    re.IGNORECASE,
)


class Stamp(NamedTuple):
    """What tells that a file is still as it was: bytes, nanoseconds since 1970, and its number on its disk."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Sighted(NamedTuple):
    """A file that a walk has seen: `path` is relative to the root, with slashes."""

    path: str
    stamp: Stamp
    is_media: bool


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file. An inode is kept as SQLite can hold it."""
    inode = status.st_ino
    return Stamp(
        status.st_size, status.st_mtime_ns, status.st_ctime_ns, inode if inode < 1 << 63 else inode - (1 << 64)
    )


class Walk:
    """One walk over what lies below a folder, a portion of its files at a time.

    `documents` are the endings of files that may hold answers. Folders that are `elsewhere`, by absolute path, are left
    out: they are roots of their own. `media` is the media folder of the library. After the walk, `skipped` counts what
    was passed over by its reason, `named` are the first paths of each, and `unread` are the folders that could not be
    read, with the reason: nothing is known of what lies in them.
    """

    def __init__(
        self,
        root: str,
        *,
        documents: Collection[str] = (),
        elsewhere: Collection[str] = (),
        media: str | None = None,
    ) -> None:
        self.root = root
        self.skipped: Counter[str] = Counter()
        self.named: dict[str, list[str]] = {}
        self.unread: dict[str, str] = {}
        self._documents = frozenset(ending.lstrip(".") for ending in documents)
        self._elsewhere = frozenset(elsewhere)
        self._media = media

    def __iter__(self) -> Iterator[list[Sighted]]:
        folders = [""]
        while folders:
            folder = folders.pop()
            found: list[str] = []
            try:
                yield from self._list(folder, found)
            except FileNotFoundError:  # it has gone since its parent was read
                if not folder:
                    raise
            except OSError as error:
                if not folder:
                    raise
                self.unread[folder] = (error.strerror or type(error).__name__).lower()
            folders += sorted(found, reverse=True)

    def covers(self, path: str) -> bool:
        """Whether the walk has seen all that lies in the folder of this path, if that is there."""
        parts = path.split("/")[:-1]
        return self.unread.keys().isdisjoint("/".join(parts[: number + 1]) for number in range(len(parts)))

    def skip(self, path: str, reason: str) -> None:
        """Count a file as passed over."""
        self.skipped[reason] += 1
        named = self.named.setdefault(reason, [])
        if len(named) < NAMED:
            named.append(path)

    def _list(self, folder: str, folders: list[str]) -> Iterator[list[Sighted]]:
        beginning = f"{folder}/" if folder else ""
        portion: list[Sighted] = []
        with os.scandir(os.path.join(self.root, folder)) as entries:  # noqa: PTH118 - a Path for each is slow
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    sighted = self._see(entry, beginning)
                    if sighted is not None:
                        portion.append(sighted)
                        if len(portion) == PORTION:
                            yield portion
                            portion = []
                elif entry.is_dir(follow_symlinks=False):
                    if self._enters(entry, beginning):
                        folders.append(beginning + entry.name)
                else:
                    self.skip(beginning + entry.name, LINK if entry.is_symlink() else NOT_A_FILE)
        if portion:
            yield portion

    def _see(self, entry: os.DirEntry[str], beginning: str) -> Sighted | None:
        name = entry.name
        _, dot, ending = name.rpartition(".")
        ending = ending.lower()
        is_media = ending in MEDIA
        if name.startswith(".") or not dot or not (is_media or ending in self._documents):
            self.skip(beginning + name, _explain(name))
            return None
        if name.startswith("~$"):
            self.skip(beginning + name, UNFINISHED)
            return None
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # gone since the folder was read
            return None
        if not stat.S_ISREG(status.st_mode):
            self.skip(beginning + name, NOT_A_FILE)
            return None
        return Sighted(beginning + name, stamp_of(status), is_media)

    def _enters(self, entry: os.DirEntry[str], beginning: str) -> bool:
        name = entry.name
        if entry.path in self._elsewhere:
            return False
        if entry.path == self._media:
            self.skip(beginning + name, OF_THE_LIBRARY)
        elif name.startswith(".") or _OF_A_SYSTEM.match(name):
            self.skip(beginning + name, HIDDEN if name.startswith(".") else OF_A_SYSTEM)
        else:
            return True
        return False


def _explain(name: str) -> str:
    """Why a file of this name is passed over."""
    if _UNFINISHED.search(name) or name.startswith(".~"):
        return UNFINISHED
    if name.startswith("."):
        return HIDDEN
    return OF_A_SYSTEM if _OF_A_SYSTEM.match(name) else OTHER
