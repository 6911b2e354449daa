"""Opens packed files, gzip and zip, which are known by their first bytes: each file in them is a file to read.

Nothing is written to the disk, so a name in an archive is a name and no path. What comes out is bounded by the size of
what went in, for the whole archive and for archives in it, so that a bomb ends early.
"""

from __future__ import annotations

import gzip
import io
import lzma
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from catalog.ingest.folders import MAX_BESIDE, Others, is_hidden, media_of
from catalog.ingest.texts import peekable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from io import BufferedReader
    from typing import BinaryIO

    from catalog.ingest.folders import ReadBeside

SUFFIXES = frozenset({".gz", ".gzip", ".zip"})
ROOM = 256 * 1024 * 1024  # bytes that any archive may unpack to
MOST_TIMES = 200  # of its own size; JSON of one kind packs to a fiftieth
MOST_FILES = 100_000
TOO_MANY = f"more than {MOST_FILES:,} files in it: unpack it and import the folder"
MOST_DIRECTORY = 16 * 1024 * 1024  # bytes of the list of files of a zip file, which is read whole
MOST_PIPED = 64 * 1024**3  # bytes of what has no size of its own
DEEPEST = 2  # archives in each other
_LONGEST_END = 22 + 65_535 + 76 + 1024  # bytes of the records at the end of a zip file, and of its comment
PEEKED = 512  # first bytes of a file that tell how it is packed

_GZIP, _ZIPS = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED = 0x1
_OFFICE = ({"[Content_Types].xml"}, {"mimetype", "content.xml"})
# What the decoders raise for data that are not what they promise to be; an OSError without a number is theirs as well.
_DAMAGES = (
    *(EOFError, ValueError, NotImplementedError, RuntimeError),
    *(zlib.error, lzma.LZMAError, struct.error, zipfile.BadZipFile),
)
# Packed in ways that are not read here, by the first bytes and where these stand.
_OTHERS = (
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"BZh", "packed with bzip2"),
    (0, b"\xfd7zXZ\x00", "packed with xz"),
    (0, b"\x28\xb5\x2f\xfd", "packed with Zstandard"),
    (257, b"ustar", "a tar archive"),
)


class Packed(OSError):
    """A packed file that cannot be read on; the message says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(0, reason)


class Part(NamedTuple):
    """A file to read, or the problem that prevents reading it.

    `label` is what a report calls it, `name` what its format is told by. In an archive, `media` is the clip that it
    lies beside, and `read_beside` reads other files there. `is_other` says that the problem is its kind.
    """

    label: str
    name: str
    stream: BufferedReader | None = None
    problem: str | None = None
    media: Path | None = None
    read_beside: ReadBeside | None = None
    is_other: bool = False


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is one that `Unpacking` opens, or names."""
    return head.startswith((_GZIP, *_ZIPS)) or _other_kind(head) is not None


def _other_kind(head: bytes) -> str | None:
    return next((kind for at, mark, kind in _OTHERS if head[at : at + len(mark)] == mark), None)


class Unpacking:
    """The files in one packed file, of which `size` is the size; those that nobody reads are added to `others`."""

    def __init__(self, size: int, suffixes: Container[str], others: Others) -> None:
        self._all = self._left = max(ROOM, size * MOST_TIMES)
        self._suffixes = suffixes
        self._others = others

    def open(self, stream: BufferedReader, label: str, name: str | None = None, depth: int = DEEPEST) -> Iterator[Part]:
        """Each file, to be read before the next is asked for."""
        name = name or label
        head = stream.peek(PEEKED)
        kind = _other_kind(head)
        if not is_packed(head):
            yield Part(label, name, stream)
        elif kind is not None:
            yield Part(label, name, problem=f"{kind}: unpack it and import the folder", is_other=True)
        elif depth == 0:
            yield Part(label, name, problem="an archive too deep inside archives: unpack it and import the folder")
        elif head.startswith(_GZIP):
            inner = cast("BinaryIO", gzip.GzipFile(fileobj=stream))
            yield from self._open_inner(inner, label, name.removesuffix(".gz").removesuffix(".gzip"), depth - 1)
        else:
            yield from self._unzip(stream, label, depth)

    def take(self, size: int) -> None:
        """Count what came out; raises Packed where it is too much."""
        self._left -= size
        if self._left < 0:
            raise Packed(f"it unpacks to more than {self._all // 1024**2:,} MiB: unpack it and import the folder")

    def _open_inner(self, packed: BinaryIO, label: str, name: str, depth: int) -> Iterator[Part]:
        """What comes out of a packed stream, which may be packed again."""
        stream = peekable(cast("BinaryIO", _Bounded(packed, self)))
        try:
            stream.peek(1)
        except OSError as error:
            yield Part(label, name, problem=error.strerror)
        else:
            yield from self.open(stream, label, name, depth)

    def _unzip(self, stream: BufferedReader, label: str, depth: int) -> Iterator[Part]:
        with nullcontext(stream) if stream.seekable() else tempfile.TemporaryFile() as file:
            try:
                whole = cast("BinaryIO", stream if file is stream else _copy(stream, file))
                _require_short_directory(whole)
                archive = zipfile.ZipFile(whole)
            except Packed as error:
                yield Part(label, label, problem=error.strerror)
            except (OSError, *_DAMAGES):
                yield Part(label, label, problem="a broken zip file, or one that is not complete")
            else:
                with archive:
                    yield from self._read_archive(archive, label, depth)

    def _read_archive(self, archive: zipfile.ZipFile, label: str, depth: int) -> Iterator[Part]:
        members = [(_plain(info.filename), info) for info in archive.infolist() if not info.filename.endswith("/")]
        by_name = dict(members)
        if len(members) > MOST_FILES:
            yield Part(label, label, problem=TOO_MANY)
            return
        if any(mark <= by_name.keys() for mark in _OFFICE):
            yield Part(label, label, problem="a document of an office program: save its table as CSV")
            return
        folders: dict[PurePosixPath, set[str]] = defaultdict(set)
        for path in map(PurePosixPath, by_name):
            folders[path.parent].add(path.name)

        def read_beside(path: Path) -> bytes | None:
            info = by_name.get(path.as_posix())
            return None if info is None or _is_link(info) else _read_member(archive, info)

        for name, info in sorted(members, key=lambda member: member[0]):
            path = PurePosixPath(name)
            names = folders[path.parent]
            if any(map(is_hidden, path.parts)):
                continue
            if path.suffix.lower() not in self._suffixes or _is_link(info):
                self._others.add(f"{label}/{name}", path.name, names)
                continue
            clip = media_of(path.name, names)
            media = None if clip is None else Path(path.with_name(clip))
            for part in self._open_member(archive, info, f"{label}/{name}", depth):
                yield part._replace(media=media, read_beside=read_beside)

    def _open_member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: str, depth: int) -> Iterator[Part]:
        if info.flag_bits & _ENCRYPTED:
            yield Part(label, label, problem="encrypted: unpack the archive with its password and import the folder")
            return
        try:
            member = archive.open(info)
        except (OSError, *_DAMAGES):
            yield Part(label, label, problem="cannot be unpacked: it is damaged, or packed in an uncommon way")
            return
        with member:
            yield from self._open_inner(cast("BinaryIO", member), label, label, depth - 1)


def _require_short_directory(file: BinaryIO) -> None:
    """Raise Packed for a zip file whose list of files is too long, before it is read.

    The end of the file says how long: 32 bits at offset 12 of the last record, 64 at offset 40 of the one before it.
    """
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(max(0, size - _LONGEST_END))
    end = file.read(_LONGEST_END)
    file.seek(0)
    last, large = end.rfind(b"PK\x05\x06"), end.rfind(b"PK\x06\x06")
    lengths = [int.from_bytes(end[last + 12 : last + 16], "little")] if last >= 0 else []
    if large >= 0 and lengths == [0xFFFFFFFF]:
        lengths = [int.from_bytes(end[large + 40 : large + 48], "little")]
    if any(min(length, size) > MOST_DIRECTORY for length in lengths):
        raise Packed(TOO_MANY)


class _Bounded(io.RawIOBase):
    """What comes out of a packed stream, counted."""

    def __init__(self, stream: BinaryIO, unpacking: Unpacking) -> None:
        self._stream = cast("io.BufferedReader", stream)
        self._unpacking = unpacking

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a buffer is a memoryview here
        """Read the next bytes; raises Packed where they are damaged, cut off or too many."""
        try:
            data = self._stream.read1(len(buffer))
        except (OSError, *_DAMAGES) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise Packed("what is packed is damaged or cut off") from error
        self._unpacking.take(len(data))
        buffer[: len(data)] = data
        return len(data)


def _is_link(info: zipfile.ZipInfo) -> bool:
    """Whether a file of the archive is a symbolic link: its bytes are the path that it leads to."""
    return stat.S_ISLNK(info.external_attr >> 16)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    """The bytes of a small file of the archive; None where they cannot be had."""
    if info.flag_bits & _ENCRYPTED or info.file_size > MAX_BESIDE:
        return None
    try:
        with archive.open(info) as member:
            return member.read(MAX_BESIDE)
    except (OSError, *_DAMAGES):
        return None


def _plain(name: str) -> str:
    """The name of a file in an archive, without what would lead out of it."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in {"", ".", ".."} and not part.endswith(":"))


def _copy(stream: BufferedReader, copy: Any) -> Any:
    """The stream as a file in which one can go back."""
    left = MOST_PIPED
    while data := stream.read(1024 * 1024):
        left -= len(data)
        if left < 0:
            raise Packed("too long an archive to be read from a pipe")
        copy.write(data)
    copy.seek(0)
    return copy
