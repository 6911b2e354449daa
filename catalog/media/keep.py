"""The media folder beside a library: files under the hash of their bytes, `media/ab/cd/<sha256>.<extension>`.

A file is written beside its place, hashed on the way, brought to the disk and then renamed: whatever has a name of this
kind is whole. It is never written again. What killed runs leave is removed by the next one (`catalog.leftovers`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog.disk import make_folder, open_file, put_in_place, sync
from catalog.errors import DiskFull, MediaError, MediaOffline, MediaReadOnly
from catalog.leftovers import held_from_the_start, name_part, remove_leftovers, remove_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = re.compile(r"(?P<first>[0-9a-f]{2})/(?P<second>[0-9a-f]{2})/(?P=first)(?P=second)[0-9a-f]{60}\.[a-z0-9]{1,8}")

_PASSED = re.compile(
    r"\.|.*\.catalog\.part$|(Thumbs\.db|desktop\.ini)$", re.IGNORECASE
)  # what systems and runs put there
_BLOCK = 256 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_UNREACHABLE = {errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.ESTALE, errno.ENOTDIR}


class Part:
    """A file on its way into the folder: what is written is hashed; `size` is the bytes written so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file = path.open("r+b", buffering=0)
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Append bytes; raises DiskFull, or another MediaError."""
        with explained(self.path):
            left = memoryview(data)
            while left:  # an unbuffered file may take a part of them
                left = left[self._file.write(left) :]
        self._hash.update(data)
        self.size += len(data)

    def restart(self) -> None:
        """Forget what was written, to begin from the first byte."""
        with explained(self.path):
            self._file.seek(0)
            self._file.truncate()
        self.size = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The hash of what was written so far, in hexadecimal."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Close the file; nothing more can be written."""
        self._file.close()


class Kept(NamedTuple):
    """A file in the folder: where, relative to the folder of the library, with slashes; bytes."""

    relative: str
    size: int


class MediaFolder:
    """The media folder at `root`, beside its library.

    `like` is the status of the library's file: files and folders are made open to whom it is open to, or to their owner
    alone. `has_files` says that the library knows of files in here: then a folder that is not there, or is empty, is
    one whose drive is not there. No other is made in its place. The first part removes what killed runs left; where
    none may come to be written, `clean` does.
    """

    def __init__(self, root: Path, *, like: os.stat_result | None = None, has_files: bool = False) -> None:
        self.root = root
        self._like = like
        self._has_files = has_files
        self._is_clean = False

    def is_offline(self) -> bool:
        """Whether nothing can be said about the files in here, because the folder cannot be reached."""
        try:
            with os.scandir(self.root) as entries:
                is_empty = not any(len(entry.name) == 2 for entry in entries)
        except FileNotFoundError:
            return self._has_files or self.root.is_symlink()
        except OSError:
            return True
        return self._has_files and is_empty

    def require(self) -> None:
        """Raise MediaOffline where the folder cannot be reached."""
        if self.is_offline():
            raise MediaOffline(
                f"the media folder {self.root} cannot be reached, or is empty: is its drive connected?",
                path=str(self.root),
            )

    def free_bytes(self) -> int:
        """The room on the disk that this user may fill; raises MediaError."""
        with explained(self.root, "read"):
            return shutil.disk_usage(self.root if self.root.exists() else self.root.parent).free

    def clean(self) -> None:
        """Remove what killed runs left, the first time; what cannot be removed stays."""
        if not self._is_clean:
            remove_leftovers(self.root)
        self._is_clean = True

    @contextmanager
    def part(self) -> Iterator[Part]:
        """A file to write to, in the folder, which is made if need be; what is not committed is removed at the end.

        Raises MediaOffline, MediaReadOnly, DiskFull, or another MediaError.
        """
        self.require()
        with explained(self.root):
            make_folder(self.root, self._like)
            self.clean()
            path = name_part(self.root / uuid.uuid4().hex, cleans=False)
        with ExitStack() as stack:
            stack.callback(remove_part, path)
            with explained(self.root):
                stack.enter_context(held_from_the_start(path, self._like))
                part = Part(path)
            stack.callback(part.close)
            yield part

    def commit(self, part: Part, extension: str) -> str:
        """Put a part that is whole in its place; return that, relative to the folder of the library.

        When this returns, the file outlasts a power cut. Bytes that are there already are kept as they are, and the
        part is dropped; a file that is there and is not whole any more is replaced. Raises MediaError.
        """
        sha256 = part.sha256
        target = self.root / sha256[:2] / sha256[2:4] / f"{sha256}.{extension}"
        part.close()
        with explained(self.root):
            if not self._holds(target, sha256, part.size):
                folders = (target.parent.parent, target.parent)
                made = [folder for folder in folders if not folder.exists()]
                for folder in made:
                    make_folder(folder, self._like)
                put_in_place(part.path, target)
                for folder in reversed(made):  # after the file: most disks have then written them too
                    sync(folder.parent)
        return self._relative(target)

    @staticmethod
    def _holds(target: Path, sha256: str, size: int) -> bool:
        with suppress(OSError):
            return target.stat().st_size == size and hash_file(target, size) == (sha256, size)
        return False

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root.parent).as_posix()

    def name_of(self, sha256: str, extension: str) -> str:
        """Where bytes with this hash lie in here, relative to the folder of the library."""
        return f"{self.root.name}/{sha256[:2]}/{sha256[2:4]}/{sha256}.{extension}"

    def path_of(self, relative: str) -> Path:
        """Where a file of this folder lies; raises MediaError for another name, as one that leads out."""
        if not self.is_name(relative):
            raise MediaError(f"{relative} is not the name of a file in the media folder {self.root}", path=relative)
        return self.root.parent / relative

    def is_name(self, relative: str) -> bool:
        """Whether a file of this folder can have this name."""
        folder, _, name = relative.partition("/")
        return folder == self.root.name and NAME.fullmatch(name) is not None

    def iter_files(self) -> Iterator[Kept]:
        """Every file in here that has a name of its kind, one folder after the other; raises MediaError."""
        self.require()
        with explained(self.root, "read"):
            for first in _list_folders(self.root):
                for second in _list_folders(first):
                    with os.scandir(second) as entries:
                        for entry in sorted(entries, key=lambda entry: entry.name):
                            if NAME.fullmatch(f"{first.name}/{second.name}/{entry.name}") and entry.is_file():
                                yield Kept(self._relative(Path(entry)), entry.stat().st_size)

    def iter_strangers(self) -> Iterator[Path]:
        """What else lies in here, but for hidden files and parts of files; raises MediaError."""
        self.require()
        with explained(self.root, "read"):
            for folder in (self.root, *_list_folders(self.root)):
                yield from _list_strangers(folder, lambda entry: len(entry.name) == 2 and entry.is_dir())
                if folder == self.root:
                    continue
                for last in _list_folders(folder):
                    yield from _list_strangers(last, _has_name)

    def remove(self, relative: str) -> bool:
        """Remove a file; False where it was gone already. Raises MediaError."""
        path = self.path_of(relative)
        with explained(path, "remove"):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            sync(path.parent)
        return True


def _list_folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry) for entry in entries if len(entry.name) == 2 and entry.is_dir())
    except FileNotFoundError:  # nothing was kept yet
        return []


def _has_name(entry: os.DirEntry[str]) -> bool:
    """Whether a file has the name that its folders ask for."""
    return NAME.fullmatch("/".join(Path(entry).parts[-3:])) is not None and entry.is_file()


def _list_strangers(folder: Path, belongs: Callable[[os.DirEntry[str]], bool]) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry) for entry in entries if not (_PASSED.match(entry.name) or belongs(entry)))
    except FileNotFoundError:
        return []


def hash_file(path: Path, limit: int | None = None) -> tuple[str, int]:
    """The sha256 of a file, in hexadecimal, and its bytes; raises MediaError, and OSError as FileNotFoundError.

    `limit` is how many bytes it should have at most: one that goes on is read no further, and has that many and one.
    """
    digest, size = hashlib.sha256(), 0
    block = memoryview(bytearray(_BLOCK))
    with open_file(path) as file:
        while count := file.readinto(block if limit is None else block[: limit + 1 - size]):  # type: ignore[attr-defined]
            digest.update(block[:count])
            size += count
    return digest.hexdigest(), size


@contextmanager
def explained(path: Path, action: str = "write to") -> Iterator[None]:
    """Raise a MediaError, in our words, for what the disk would not do with this file or folder."""
    try:
        yield
    except OSError as error:
        where, reason = str(path), error.strerror or str(error)
        if error.errno in _FULL:
            raise DiskFull(f"the disk of {where} is full: make room, and run this again", path=where) from error
        if error.errno in _FORBIDDEN:
            raise MediaReadOnly(f"cannot {action} {where}: {reason}", path=where) from error
        if error.errno in _UNREACHABLE or (error.errno == errno.ENOENT and not path.exists()):
            raise MediaOffline(f"{where} cannot be reached ({reason}): is its drive connected?", path=where) from error
        raise MediaError(f"cannot {action} {where}: {reason}", path=where) from error


__all__ = ["Kept", "MediaFolder", "Part", "explained", "hash_file"]
