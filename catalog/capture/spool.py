"""Notes on disk, between the call that made them and the library that takes them in.

Each note is a file of its own, written whole under another name and then renamed: a reader sees all of it or nothing,
without a lock. Media that the call carried lie in a file beside it. The folder lies beside the library,
`catalog.db.spool/`; where that cannot be written, in the user's state folder or the system's temporary one, under a
name made from the library's path. A folder that another user could have made is neither read nor written: whoever
plants one would choose which files are moved, and what the library is told.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shlex
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.capture.media import MEDIA, MEDIA_SUFFIX, media_of, write_media
from catalog.disk import make_folder, open_as, sync
from catalog.rows import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

SUFFIX = ".json"
PART = ".part"
PART_SECONDS = 600  # then whoever wrote a part is dead
BROKEN = "broken"
LONGEST_NOTE = 1 << 30  # bytes; the largest Batch file has a fifth of them
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NOTE = 0o644  # a note is read by whom the library is open to, and written by its user alone

_log = logging.getLogger("catalog.capture")


def spool_folders(library: Path) -> tuple[Path, ...]:
    """The folders that may hold notes for the library, the one beside it first, those of earlier versions last."""
    from platformdirs import user_state_path

    library = Path(os.path.abspath(library))  # noqa: PTH100 - resolve() would follow links, which may be broken
    name = f"{library.name}-{hashlib.sha256(os.fsencode(library)).hexdigest()[:16]}.spool"
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    earlier = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 - no home, no error
    folders = (
        library.with_name(f"{library.name}.spool"),
        user_state_path("video-catalog", appauthor=False).absolute() / name,
        *(place / f"video-catalog-{user}" / name for place in _temporary_places()),
        Path(earlier, "video-catalog", name).absolute(),  # on macOS, and where the variable is a relative path
    )
    return tuple(dict.fromkeys(folders))


def _temporary_places() -> list[Path]:
    """The system's folder of temporary files, if it has a usable one."""
    try:
        return [Path(tempfile.gettempdir())]
    except OSError:
        return []


def write_note(library: Path, note: dict[str, Any]) -> Path:
    """Write a note where the library will find it, its media before it; returns its path.

    The file survives the end of this process but not a power cut. Raises OSError when no folder can be written.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}-{secrets.token_hex(4)}.{note['kind']}{SUFFIX}"
    fault: OSError | None = None
    for folder in spool_folders(library):
        try:
            if _make(folder, library):
                return _write_whole(folder / name, note, _audience(folder, library))
        except OSError as error:
            fault = fault or error
    raise fault or OSError("no folder for notes can be trusted: another user could have made each")


def _make(folder: Path, library: Path) -> bool:
    """Make the folder where it is missing, for whom may read the library beside it; returns whether it can be trusted.

    The folder of the library is not made: it may be a disk that is unplugged.
    """
    if not _is_beside(folder, library):
        folder.parent.parent.mkdir(parents=True, exist_ok=True)
        make_folder(folder.parent)
        if not _is_private(folder.parent):
            return False
    make_folder(folder, _audience(folder, library))
    if not (is_trusted := _is_private(folder)):
        with suppress(OSError):  # it stays if it is another's; on a disk without owners it was made in vain
            folder.rmdir()
    return is_trusted


def _is_trusted(folder: Path, library: Path) -> bool:
    """Whether only this user could have put the folder where it is and notes into it.

    Beside the library, that is up to the folder itself: whoever can replace it there can replace the library.
    """
    return _is_private(folder) and (_is_beside(folder, library) or _is_private(folder.parent))


def _is_beside(folder: Path, library: Path) -> bool:
    return folder.parent == Path(os.path.abspath(library)).parent  # noqa: PTH100 - as above


def _audience(folder: Path, library: Path) -> os.stat_result | None:
    """Who may read notes: those who may read the library, where the folder lies beside it, else this user alone."""
    with suppress(OSError):
        return library.stat() if _is_beside(folder, library) else None
    return None


def _is_private(folder: Path) -> bool:
    """Whether the path is a folder, not a link to one, that belongs to this user and that nobody else can write."""
    status = folder.lstat()
    is_private = _is_own(status) and not status.st_mode & _OTHERS_WRITE
    return stat.S_ISDIR(status.st_mode) and (is_private or not hasattr(os, "geteuid"))


def _is_own(status: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def _write_whole(path: Path, note: dict[str, Any], like: os.stat_result | None) -> Path:
    media, beside = note.get(MEDIA) or [], media_of(path)
    try:
        if media:
            with _writing(beside, like) as file:
                media = write_media(file, media)
        _write(path, json_text({**note, MEDIA: media} if media else note).encode() + b"\n", like)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
    return path


def _write(path: Path, text: bytes, like: os.stat_result | None) -> None:
    with _writing(path, like) as file:
        file.write(text)


@contextmanager
def _writing(path: Path, like: os.stat_result | None) -> Iterator[BinaryIO]:
    """A file to write, which has its name when it is whole."""
    part = path.with_name(path.name + PART)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        open_as(part, like, _NOTE)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def rewrite_note(path: Path, note: dict[str, Any]) -> None:
    """Replace the content of a note, safe from a power cut."""
    with suppress(FileNotFoundError):
        path.with_name(path.name + PART).unlink()
    like = None
    with suppress(FileNotFoundError):
        like = path.stat()
    _write(path, json_text(note).encode() + b"\n", like)
    sync_note(path)


def list_notes(library: Path) -> list[Path]:
    """The notes that wait for the library, oldest first."""
    notes: list[Path] = []
    for folder in spool_folders(library):
        with suppress(OSError):
            if _is_trusted(folder, library):
                with os.scandir(folder) as listing:
                    entries = [entry for entry in listing if _is_own_file(entry)]
                notes += [Path(entry) for entry in entries if entry.name.endswith(SUFFIX)]
                _remove_parts(entries)
            else:
                _warn(folder, (folder,) if _is_beside(folder, library) else (folder.parent, folder))
    return sorted(notes, key=lambda path: path.name)


def _is_own_file(entry: os.DirEntry[str]) -> bool:
    """Whether this is a file of this user's: no link, no pipe, nothing that others left before they were kept out.

    One that somebody else has taken in meanwhile is none.
    """
    with suppress(FileNotFoundError):
        return entry.is_file(follow_symlinks=False) and _is_own(entry.stat(follow_symlinks=False))
    return False


def _remove_parts(entries: Iterable[os.DirEntry[str]]) -> None:
    """Remove what a process was killed over: half of a call, of which nothing was acknowledged, or its media alone."""
    names = {entry.name for entry in entries}
    for entry in entries:
        is_part = entry.name.endswith((SUFFIX + PART, MEDIA_SUFFIX + PART))
        is_alone = entry.name.endswith(MEDIA_SUFFIX) and entry.name.removesuffix(MEDIA_SUFFIX) not in names
        with suppress(FileNotFoundError):
            if (is_part or is_alone) and time.time() - entry.stat().st_mtime > PART_SECONDS:
                Path(entry).unlink()


@cache
def _warn(folder: Path, suspects: tuple[Path, ...]) -> None:
    _log.warning(
        "captured calls in %s are left alone, another user could have put them there: if they are yours, run `%s`",
        folder,
        shlex.join(["chmod", "go-w", *map(str, suspects)]),
    )


def kind_of(path: Path) -> str:
    """The kind of a note, by the name of its file."""
    return path.name.removesuffix(SUFFIX).rpartition(".")[2]


def read_note(path: Path) -> dict[str, Any]:
    """The content of a note; raises ValueError if it is not one, FileNotFoundError if it was just taken in."""
    if path.stat().st_size > LONGEST_NOTE:
        raise ValueError(f"longer than {LONGEST_NOTE} bytes")
    try:
        note = json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(note, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one class for whatever is not a note
    return note


def remove_note(path: Path) -> None:
    """Remove a note that was taken in, and the folder with its last one."""
    path.unlink(missing_ok=True)
    media_of(path).unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def set_aside(path: Path) -> Path:
    """Move a note that cannot be taken in to where it is not read again; returns its new path."""
    folder = path.parent / BROKEN
    make_folder(folder, path.parent.stat())
    for file in (media_of(path), path):
        with suppress(FileNotFoundError):
            file.replace(folder / file.name)
    return folder / path.name


def sync_note(path: Path) -> None:
    """Make a note safe from a power cut."""
    for part in (media_of(path), path, path.parent):
        with suppress(OSError):
            sync(part)
