"""Notes on disk, between the call that made them and the library that takes them in.

Each note is a file of its own, written whole under another name and then renamed: a reader sees all of it or nothing,
and nobody needs a lock. The folder lies beside the library, `catalog.db.spool/`; where that cannot be written, in the
system's folder for the state of the user's programs or the temporary one, under a name made from the library's path.
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
    """Where notes for the library may lie, the place they belong to first."""
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
    """Put a note where the library will find it: its file, safe from the end of this process but not from a power cut.

    Raises OSError when no folder takes it.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}-{secrets.token_hex(4)}.{note['kind']}{SUFFIX}"
    text = json_text(note).encode() + b"\n"
    fault: OSError | None = None
    for place, folder in enumerate(spool_folders(library)):
        try:
            folder.mkdir(mode=0o700, parents=place > 0, exist_ok=True)
            if _is_trusted(folder, place):
                return _write(folder / name, text)
        except OSError as error:
            fault = fault or error
    raise fault or OSError("no folder for notes")


def _is_trusted(folder: Path, place: int) -> bool:
    """Whether what lies in the folder is ours: anybody may make a folder of that name in the temporary one."""
    return place == 0 or not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


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
    """Replace what a note says, at once."""
    with suppress(FileNotFoundError):
        path.with_name(path.name + PART).unlink()
    sync_note(_write(path, json_text(note).encode() + b"\n"))


def list_notes(library: Path) -> list[Path]:
    """The notes that wait for the library, oldest first."""
    found: list[Path] = []
    for place, folder in enumerate(spool_folders(library)):
        with suppress(OSError):
            if _is_trusted(folder, place):
                found += [path for path in folder.iterdir() if path.name.endswith(SUFFIX)]
    return sorted(found, key=lambda path: path.name)


def kind_of(path: Path) -> str:
    """The kind of a note, by the name of its file."""
    return path.name.removesuffix(SUFFIX).rpartition(".")[2]


def read_note(path: Path) -> dict[str, Any]:
    """What a note says; raises ValueError when it is none, FileNotFoundError when somebody took it in meanwhile."""
    try:
        note = json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(note, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - one class for all that is no note
    return note


def remove_note(path: Path) -> None:
    """Forget a note that the library has, and the folder with the last one."""
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def set_aside(path: Path) -> Path:
    """Move a note that cannot be taken in to where nobody tries it again: its new place."""
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
