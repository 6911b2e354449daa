"""What killed processes leave behind, half-written files and copies of a library: the next run removes it.

Whoever writes such a file holds it: the lock ends with its process, however that ends, on any machine that shares the
disk. A file is removed only if its name is one of ours, it belongs to this user, nobody holds it, and the process in
its name has ended. This module knows no library.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.disk import create
from catalog.processes import is_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ours: set[Path] = set()  # the parts that threads of this process are writing
_BESIDE = ("", "-journal", "-wal", "-shm")  # what SQLite may add to the name of a file
_PART = re.compile(r"(?P<owned>.+\.(?P<process>\d+)(?P<mark>\.catalog)?\.part)(-journal|-wal|-shm)?")
_RESERVED = re.compile(
    r".+\.\d{8}T\d{6}Z\.(backup|before-[\w.-]+)(-\d+)?"
)  # taken for a copy, and empty until that is whole
# How the parts of earlier versions begin, whose names could be anybody's: a database and its journals.
_DATABASES = (b"SQLite format 3\0", b"\xd9\xd5\x05\xf9 \xa1c\xd7", b"\x37\x7f\x06")


def list_leftovers(folder: Path) -> list[Path]:
    """What dead processes left in a folder."""
    return list(_iter_leftovers(folder, lambda _: None))


def remove_leftovers(folder: Path) -> list[Path]:
    """Remove what dead processes left in a folder, and return it."""
    return list(_iter_leftovers(folder, Path.unlink))


def _iter_leftovers(folder: Path, act: Callable[[Path], object]) -> Iterator[Path]:
    for entry in _list(folder):
        with suppress(OSError), _leftover(entry) as is_leftover:  # it may have gone by now
            if is_leftover:
                act(Path(entry))
                yield Path(entry)


def name_part(target: Path, *, cleans: bool = True) -> Path:
    """Where to write what is then put in the place of `target`; leftovers in its folder are removed, if it `cleans`."""
    if cleans:
        remove_leftovers(target.parent)
    part = target.with_name(f"{target.name}.{os.getpid()}.catalog.part")
    _ours.add(part)
    return part


def remove_part(part: Path) -> None:
    """Remove a part and whatever SQLite has put beside it."""
    for suffix in _BESIDE:
        with suppress(OSError):
            part.with_name(part.name + suffix).unlink(missing_ok=True)
    _ours.discard(part)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file or a folder of ours, so that no other process takes it for a leftover."""
    if os.name != "posix":  # a file that is open cannot be renamed there; leftovers stay
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


@contextmanager
def held_from_the_start(path: Path, like: os.stat_result | None = None) -> Iterator[None]:
    """Make a new, empty file, open to whom `like` is open to, and hold it; raises OSError, as FileExistsError.

    Without `like` it is open to its owner alone.
    """
    handle = _make_held(path, like)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _make_held(path: Path, like: os.stat_result | None) -> int | None:
    while True:
        create(path, like)
        if os.name != "posix":
            return None
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY)
            _lock(handle, is_patient=True)
            if _is_at(path, handle):
                return handle
            os.close(handle)  # somebody took it for a leftover before it was held


def _is_at(path: Path, handle: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """A folder for temporary files, removed at the end; those that dead processes left are removed first."""
    import tempfile

    name = re.compile(rf"catalog-{purpose}-(?P<process>\d+)-\w+")
    place = Path(tempfile.gettempdir())
    for entry in _list(place):
        if match := name.fullmatch(entry.name):
            with suppress(OSError), _abandoned(Path(entry), int(match["process"])) as is_abandoned:
                if is_abandoned:
                    shutil.rmtree(entry, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"catalog-{purpose}-{os.getpid()}-") as folder, held(Path(folder)):
        yield Path(folder)


@contextmanager
def _leftover(entry: os.DirEntry[str]) -> Iterator[bool]:
    """Whether a dead process left this file, which nobody can take meanwhile."""
    path = Path(entry)
    if not entry.is_file(follow_symlinks=False):
        yield False
    elif match := _PART.fullmatch(entry.name):
        owned = path.with_name(match["owned"])
        is_part = bool(match["mark"]) or _begins_as_database(path)
        with _abandoned(owned, int(match["process"])) as is_abandoned:
            yield is_part and owned not in _ours and is_abandoned
    elif _RESERVED.fullmatch(entry.name) and not entry.stat().st_size:
        with _abandoned(path) as is_abandoned:
            yield is_abandoned and not path.stat().st_size
    else:
        yield False


def _begins_as_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16).startswith(_DATABASES)


@contextmanager
def _abandoned(path: Path, process: int | None = None) -> Iterator[bool]:
    """Whether nobody holds this file or folder of this user's, and the process in its name has ended.

    It is held meanwhile. In a container, a dead process may have had the number of this one.
    """
    if os.name != "posix" or (process not in {None, os.getpid()} and is_running(process)):
        yield False
        return
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:  # something that stood beside it is left
        yield True
        return
    try:
        yield os.fstat(handle).st_uid == os.geteuid() and _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int, *, is_patient: bool = False) -> bool:
    """Hold what is open under the handle until that is closed; False where somebody else does, or nobody can.

    Who is patient waits for somebody else to let go.
    """
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def _list(folder: Path) -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []
