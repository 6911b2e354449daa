"""Notes on disk, between the call that made them and the library that takes them in.

Each note is a file of its own, written whole under another name and then renamed: a reader sees all of it or nothing,
without a lock. The folder lies beside the library, `catalog.db.spool/`; where that cannot be written, in the user's
state folder or the system's temporary one, under a name made from the library's path.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalog.disk import sync
from catalog.rows import json_text

SUFFIX = ".json"
PART = ".part"
BROKEN = "broken"


def spool_folders(library: Path) -> tuple[Path, ...]:
    """The folders that may hold notes for the library, the one beside it first."""
    from platformdirs import user_state_path

    library = Path(os.path.abspath(library))  # noqa: PTH100 - resolve() would follow links, which may be broken
    name = f"{library.name}-{hashlib.sha256(os.fsencode(library)).hexdigest()[:16]}.spool"
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    return (
        library.with_name(f"{library.name}.spool"),
        user_state_path("video-catalog", appauthor=False) / name,
        Path(tempfile.gettempdir(), f"video-catalog-{user}", name),
    )


def write_note(library: Path, note: dict[str, Any]) -> Path:
    """Write a note where the library will find it; returns its path.

    The file survives the end of this process but not a power cut. Raises OSError when no folder can be written.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}-{secrets.token_hex(4)}.{note['kind']}{SUFFIX}"
    text = json_text(note).encode() + b"\n"
    fault: OSError | None = None
    for rank, folder in enumerate(spool_folders(library)):
        try:
            folder.mkdir(mode=0o700, parents=rank > 0, exist_ok=True)
            if _is_trusted(folder, rank):
                return _write(folder / name, text)
        except OSError as error:
            fault = fault or error
    raise fault or OSError("no folder for notes can be trusted: another user owns each")


def _is_trusted(folder: Path, rank: int) -> bool:
    """Whether this user wrote the notes in the folder: in the temporary one, anybody may make a folder of its name."""
    return rank == 0 or not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _write(path: Path, text: bytes) -> Path:
    part = path.with_name(path.name + PART)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    return path


def rewrite_note(path: Path, note: dict[str, Any]) -> None:
    """Replace the content of a note, safe from a power cut."""
    with suppress(FileNotFoundError):
        path.with_name(path.name + PART).unlink()
    sync_note(_write(path, json_text(note).encode() + b"\n"))


def list_notes(library: Path) -> list[Path]:
    """The notes that wait for the library, oldest first."""
    notes: list[Path] = []
    for rank, folder in enumerate(spool_folders(library)):
        with suppress(OSError):
            if _is_trusted(folder, rank):
                notes += [path for path in folder.iterdir() if path.name.endswith(SUFFIX)]
    return sorted(notes, key=lambda path: path.name)


def kind_of(path: Path) -> str:
    """The kind of a note, by the name of its file."""
    return path.name.removesuffix(SUFFIX).rpartition(".")[2]


def read_note(path: Path) -> dict[str, Any]:
    """The content of a note; raises ValueError if it is not one, FileNotFoundError if it was just taken in."""
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
    with suppress(OSError):
        path.parent.rmdir()


def set_aside(path: Path) -> Path:
    """Move a note that cannot be taken in to where it is not read again; returns its new path."""
    folder = path.parent / BROKEN
    folder.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError):
        path.replace(folder / path.name)
    return folder / path.name


def sync_note(path: Path) -> None:
    """Make a note safe from a power cut."""
    for part in (path, path.parent):
        with suppress(OSError):
            sync(part)
