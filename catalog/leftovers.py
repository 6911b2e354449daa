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

from catalog.processes import read_process

if TYPE_CHECKING:
    from collections.abc import Iterator

_BESIDE = ("", "-journal", "-wal", "-shm")  # what SQLite may add to the name of a file
_PART = re.compile(r"(?P<owned>.+\.(?P<process>\d+)(?P<mark>\.catalog)?\.part)(-journal|-wal|-shm)?")
_RESERVED = re.compile(
    r".+\.\d{8}T\d{6}Z\.(backup|before-[\w.-]+)(-\d+)?"
)  # taken for a copy, and empty until that is whole
# How the parts of earlier versions begin, whose names could be anybody's: a database and its journals.
_DATABASES = (b"SQLite format 3\0", b"\xd9\xd5\x05\xf9 \xa1c\xd7", b"\x37\x7f\x06")


def name_part(target: Path) -> Path:
    """Where to write what is then put in the place of `target`; what dead processes left in its folder is removed."""
    with suppress(OSError):
        for entry in os.scandir(target.parent):
            if _is_leftover(entry):
                _remove(Path(entry))
    return target.with_name(f"{target.name}.{os.getpid()}.catalog.part")


def remove_part(part: Path) -> None:
    """Remove a part and whatever SQLite has put beside it."""
    for suffix in _BESIDE:
        with suppress(OSError):
            part.with_name(part.name + suffix).unlink(missing_ok=True)


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
def temporary_folder(purpose: str) -> Iterator[Path]:
    """A folder for temporary files, removed at the end; those that dead processes left are removed first."""
    import tempfile

    name = re.compile(rf"catalog-{purpose}-(?P<process>\d+)-\w+")
    place = Path(tempfile.gettempdir())
    with suppress(OSError):
        for entry in os.scandir(place):
            if (match := name.fullmatch(entry.name)) and _is_abandoned(Path(entry), int(match["process"])):
                shutil.rmtree(entry, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"catalog-{purpose}-{os.getpid()}-") as folder, held(Path(folder)):
        yield Path(folder)


def _is_leftover(entry: os.DirEntry[str]) -> bool:
    path = Path(entry)
    if not entry.is_file(follow_symlinks=False):
        return False
    if match := _PART.fullmatch(entry.name):
        is_ours = bool(match["mark"]) or _begins_as_database(path)
        return is_ours and _is_abandoned(path.with_name(match["owned"]), int(match["process"]))
    return bool(_RESERVED.fullmatch(entry.name)) and not entry.stat().st_size and _is_abandoned(path)


def _begins_as_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16).startswith(_DATABASES)


def _is_abandoned(path: Path, process: int | None = None) -> bool:
    """Whether nobody holds this file or folder of this user's, and the process in its name has ended."""
    if os.name != "posix" or (process is not None and _is_running(process)):
        return False
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:  # something that stood beside it is left
        return True
    try:
        return os.fstat(handle).st_uid == os.geteuid() and _lock(handle)
    finally:
        os.close(handle)


def _is_running(process: int) -> bool:
    """Whether another process of this number runs; in a container, the dead one may have had our own."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return not read_process(process)[0]


def _lock(handle: int) -> bool:
    """Hold what is open under the handle until that is closed; False where somebody else does, or nobody can."""
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
