"""Walks a folder: which files in it may be clips, pictures or answers, and why the others are passed over.

Nothing is opened and nothing is written. Names are as the system gives them: bytes that are not UTF-8 are surrogates.
Links are never followed, so a walk ends. Knows no library.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from catalog.ingest.folders import MEDIA

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

PORTION = 2_000  # files that are handed on at once, and so looked up at once
NAMED = 20  # paths that are named for each reason

HIDDEN = "hidden"
UNFINISHED = "unfinished download or copy"
LINK = "symbolic link"
NOT_A_FILE = "not a regular file"
OTHER = "of another kind"
OF_A_SYSTEM = "of a system or a program"
OF_THE_LIBRARY = "the media folder of a library"

_MARKED = frozenset(".~")  # how the names of files begin that are no clips
_LARGEST, _WRAPPED = (1 << 63) - 1, 1 << 64
_UNFINISHED = re.compile(
    r"\.(part|partial|crdownload|download|opdownload|aria2|!ut|!qb|tmp|temp)$|^~\$|~$", re.IGNORECASE
)
_OF_A_SYSTEM = re.compile(
    r"(@eaDir|#recycle|#snapshot|__MACOSX|\$RECYCLE\.BIN|System Volume Information|lost\+found"
    r"|Thumbs\.db|desktop\.ini)$",
    re.IGNORECASE,
)


class Stamp(NamedTuple):
    """What tells that a file is still as it was: bytes, nanoseconds since 1970, and its number on its disk.

    A number that SQLite cannot hold is kept as a negative one.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Sighted(NamedTuple):
    """A file that a walk has seen: `path` is relative to the root, with slashes."""

    path: str
    stamp: Stamp


Seen = tuple[str, tuple[int, int, int, int]]  # the values of a Sighted, which cost less


_read_stamp: Callable[[os.stat_result], tuple[int, int, int, int]]
_read_stamp = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file."""
    inode = status.st_ino
    inode -= _WRAPPED if inode > _LARGEST else 0
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, inode)


def read_device(status: os.stat_result) -> int:
    """The device that a file lies on."""
    return status.st_dev


class Walk:
    """One walk over what lies below a folder, a portion of its files at a time.

    It yields the clips and pictures of a folder. `endings` are those of files that may hold answers, which are left in
    `documents`, to be taken out after each portion; where it `seeks_documents`, it looks for nothing else. Folders that
    are `elsewhere`, by absolute path, are left out: they are roots of their own. `media` is the media folder of the
    library. After the walk, `skipped` counts what was passed over by its reason, `named` are the first paths of each,
    and `unread` are the folders that could not be read, with the reason: nothing is known of what lies in them. Nor is
    it of `mounts`, folders on another device than the root's: what lies there may go with its drive.
    """

    def __init__(
        self,
        root: str,
        *,
        endings: Collection[str] = (),
        elsewhere: Collection[str] = (),
        media: str | None = None,
        seeks_documents: bool = False,
        device: Callable[[os.stat_result], int] = read_device,
    ) -> None:
        self.root = root
        self.mounts: list[str] = []
        self.skipped: Counter[str] = Counter()
        self.named: dict[str, list[str]] = {}
        self.unread: dict[str, str] = {}
        self.documents: list[Seen] = []
        self.is_flat = False  # whether the last portion is of a folder as a whole, in which there is no other
        self._kinds = dict.fromkeys(endings, False) | ({} if seeks_documents else dict.fromkeys(MEDIA, True))
        self._others = MEDIA if seeks_documents else frozenset[str]()
        self._elsewhere = frozenset(elsewhere)
        self._media = media
        self._read_device = device
        self._device = 0

    def __iter__(self) -> Iterator[list[Seen]]:
        self._device = self._read_device(os.stat(self.root))  # noqa: PTH116
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
        folders = {"/".join(parts[: number + 1]) for number in range(len(parts))}
        return folders.isdisjoint(self.unread) and folders.isdisjoint(self.mounts)

    def skip(self, path: str, reason: str) -> None:
        """Count a file as passed over."""
        self.skipped[reason] += 1
        named = self.named.setdefault(reason, [])
        if len(named) < NAMED:
            named.append(path)

    def _list(self, folder: str, folders: list[str]) -> Iterator[list[Seen]]:
        beginning = os.path.join(folder, "")  # noqa: PTH118
        kinds = self._kinds
        portion: list[Seen] = []
        is_split = self.is_flat = False
        with _scan(os.path.join(self.root, folder)) as entries:  # noqa: PTH118 - a Path for each is slow
            for entry in entries:
                name = entry.name
                is_media = kinds.get(name[name.rfind(".") :])
                if is_media is None or name[0] in _MARKED or not entry.is_file(follow_symlinks=False):
                    is_media = self._look_closer(entry, beginning, folders)
                    if is_media is None:
                        continue
                try:
                    stamp = _read_stamp(entry.stat(follow_symlinks=False))
                except FileNotFoundError:  # gone since the folder was read
                    continue
                if stamp[3] > _LARGEST:
                    stamp = *stamp[:3], stamp[3] - _WRAPPED
                (portion if is_media else self.documents).append((beginning + name, stamp))
                if PORTION in (len(portion), len(self.documents)):
                    yield portion
                    portion, is_split = [], True
        if portion or self.documents:
            self.is_flat = not any((folders, is_split))
            yield portion

    def _look_closer(self, entry: os.DirEntry[str], beginning: str, folders: list[str]) -> bool | None:
        """Whether a file that is looked for is a clip or a picture, None where it is not; folders are noted."""
        name = entry.name
        ending, is_marked = name[name.rfind(".") :].lower(), name[0] in _MARKED
        if ending in self._kinds and not is_marked and entry.is_file(follow_symlinks=False):
            return self._kinds[ending]
        if ending in self._kinds or ending not in self._others or is_marked or entry.is_dir(follow_symlinks=False):
            self._pass(entry, beginning, folders)
        return None

    def _pass(self, entry: os.DirEntry[str], beginning: str, folders: list[str]) -> None:
        """Pass over what is not a file of a kind that is looked for; a folder is entered later."""
        path = beginning + entry.name
        if entry.is_dir(follow_symlinks=False):
            if self._enters(entry, beginning):
                folders.append(path)
        elif entry.is_file(follow_symlinks=False):
            self.skip(path, _explain(entry.name))
        else:
            self.skip(path, LINK if entry.is_symlink() else NOT_A_FILE)

    def _enters(self, entry: os.DirEntry[str], beginning: str) -> bool:
        name = entry.name
        path = os.path.join(self.root, beginning + name)  # noqa: PTH118
        if path in self._elsewhere:
            return False
        if path == self._media:
            self.skip(beginning + name, OF_THE_LIBRARY)
        elif name.startswith(".") or _OF_A_SYSTEM.match(name):
            self.skip(beginning + name, HIDDEN if name.startswith(".") else OF_A_SYSTEM)
        elif self._is_mount(entry):
            self.mounts.append(beginning + name)
        else:
            return True
        return False

    def _is_mount(self, entry: os.DirEntry[str]) -> bool:
        """Whether a folder lies on another device than the root."""
        try:
            return self._read_device(entry.stat(follow_symlinks=False)) != self._device
        except OSError:  # gone by now, or not to be looked at, as entering it will say
            return False


@contextmanager
def _scan(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """The entries of a folder; those of one that is open are looked at without finding the way to it each time."""
    if os.scandir not in os.supports_fd:
        with os.scandir(folder) as entries:
            yield entries
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(number) as entries:
            yield entries
    finally:
        os.close(number)


def _explain(name: str) -> str:
    """Why a file of this name is passed over."""
    if _UNFINISHED.search(name) or name.startswith(".~"):
        return UNFINISHED
    if name.startswith("."):
        return HIDDEN
    return OF_A_SYSTEM if _OF_A_SYSTEM.match(name) else OTHER
