"""Whether a file is finished: it is as it was at the first look, is whole to its end, and stays so while it is read.

A file that is not is growing, and tried again by every scan. Knows no library.
"""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING, NamedTuple

from catalog.disk import open_file
from catalog.errors import BadMedia
from catalog.media.boxes import BytesBehind
from catalog.media.examine import examine_file
from catalog.media.probe import describe
from catalog.media.sniff import HEAD, sniff
from catalog.watch.scanning import stamp_of

if TYPE_CHECKING:
    from typing import BinaryIO

    from catalog.media.marks import Marks
    from catalog.media.sniff import FileType
    from catalog.records import Probe
    from catalog.watch.scanning import Sighted

UNCHANGED = 3600.0  # seconds after which bytes behind the last box are not the beginning of a box any more
CHANGING = "is being written"
SPARSE = "sparse: parts of it were never written"

_BLOCK = 1024 * 1024
_WHOLE = 8 * 1024 * 1024  # bytes up to which a file is read at once: what is small calls on the system much less so
_GIANT = 64 * 1024 * 1024  # bytes from which on it matters whether they are there


class Settled(NamedTuple):
    """A finished file: its hash, its media type, what it says of itself; `damage` says what is wrong with it, if so."""

    sighted: Sighted
    sha256: str
    type: str
    is_image: bool
    probe: Probe
    marks: Marks
    damage: str | None = None


class Growing(NamedTuple):
    """A file that is not finished, and why."""

    sighted: Sighted
    reason: str


class Skipped(NamedTuple):
    """A file that is not read, and why."""

    sighted: Sighted
    reason: str


Outcome = Settled | Growing | Skipped


def settle(root: str, sighted: Sighted, *, now: float) -> Outcome:
    """Look at a file a second time; `now` is the time in seconds since 1970."""
    path = os.path.join(root, sighted.path)  # noqa: PTH118
    try:
        with open_file(path) as file:
            if stamp_of(os.fstat(file.fileno())) != sighted.stamp:
                return Growing(sighted, CHANGING)
            if _is_sparse(file, sighted.stamp.size):
                return Skipped(sighted, SPARSE)
            age = now - sighted.stamp.mtime_ns / 1e9
            if sighted.stamp.size <= _WHOLE:
                data = file.read(sighted.stamp.size + 1)
                sha256 = hashlib.sha256(data).hexdigest()
                file_type, probe, marks, damage = _describe(io.BytesIO(data), age)
            else:
                file_type, probe, marks, damage = _describe(file, age)
                sha256 = _hash(file, sighted.stamp.size)
            is_same = stamp_of(os.fstat(file.fileno())) == sighted.stamp == stamp_of(os.lstat(path))
    except BadMedia as error:
        return Growing(sighted, error.reason)
    except FileNotFoundError:
        return Growing(sighted, "has gone again")
    except OSError as error:
        return Growing(sighted, f"cannot be read: {(error.strerror or type(error).__name__).lower()}")
    if not is_same:
        return Growing(sighted, "was changed while it was read")
    return Settled(sighted, sha256, file_type.media_type, file_type.kind == "image", probe, marks, damage)


def is_unchanged(root: str, sighted: Sighted) -> bool:
    """Whether a file is as it was when it was seen."""
    try:
        return stamp_of(os.lstat(os.path.join(root, sighted.path))) == sighted.stamp  # noqa: PTH118
    except OSError:
        return False


def _describe(file: BinaryIO, age: float) -> tuple[FileType, Probe, Marks, str | None]:
    """What a file is and says, and what is wrong with it where it plays all the same and is done; raises BadMedia."""
    file_type = sniff(file.read(HEAD))
    if file_type.kind != "video":
        return file_type, *examine_file(file, "image")[-2:], None
    try:
        return file_type, *describe(file, file_type), None
    except BytesBehind as error:
        if age < UNCHANGED or not error.end:
            raise
        return file_type, *describe(io.BufferedReader(_Front(file, error.end)), file_type), error.reason


class _Front(io.RawIOBase):
    """The bytes of a file before `end`."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file, self._end, self._at = file, end, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._at)
        data = self._file.read(min(len(buffer), max(0, self._end - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _is_sparse(file: BinaryIO, size: int) -> bool:
    """Whether a large file has holes, as far as its disk says."""
    if size < _GIANT or not hasattr(os, "SEEK_HOLE"):
        return False
    try:
        return os.lseek(file.fileno(), 0, os.SEEK_HOLE) < size
    except OSError:
        return False
    finally:
        file.seek(0)


def _hash(file: BinaryIO, size: int) -> str:
    """The sha256 of so many bytes and one more, where there is one: who goes on writing has another hash."""
    digest = hashlib.sha256()
    block = memoryview(bytearray(min(_BLOCK, size + 1)))
    file.seek(0)
    left = size + 1
    while left and (count := file.readinto(block[:left])):  # type: ignore[attr-defined]
        digest.update(block[:count])
        left -= count
    return digest.hexdigest()
