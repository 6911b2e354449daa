"""Media that captured calls carried: in the spool a file beside each note, then files of the library.

The note lists them under `media`, in the order in which their bytes follow each other in that file. Writing them is
quick, and needs no library; what they are is examined when the note is taken in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.errors import BadMedia
from catalog.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from catalog import store
    from catalog.database import Database
    from catalog.wire.inline import Inline

MEDIA = "media"  # the key of a note
MEDIA_SUFFIX = ".media"


class Medium(NamedTuple):
    """Media in a call: `name` is the id of the job, or the custom id of the request; None for that of the call."""

    name: str | None
    inline: Inline


def media_of(note: Path) -> Path:
    """The file beside a note that holds its media."""
    return note.with_name(note.name + MEDIA_SUFFIX)


def write_media(file: BinaryIO, media: Iterable[Medium]) -> list[dict[str, Any]]:
    """Write the bytes of media one after the other; returns what the note says of each. Raises OSError."""
    entries = []
    for name, inline in media:
        start = file.tell()
        entry = {
            "name": name,
            "use": inline.use,
            "role": inline.role,
            "file": inline.name and redact_text(inline.name),
            "beside": inline.beside and redact_text(inline.beside),
            "is_declared": inline.is_declared,
            "start": start,
        }
        try:
            file.writelines(inline.read())
        except BadMedia as error:
            file.seek(start)
            file.truncate()
            entry["reason"] = error.reason
        entries.append(entry | {"size": file.tell() - start})
    return entries


def keep_media(
    database: Database, path: Path, note: Mapping[str, Any], *, among: Mapping[str, str] | None = None
) -> dict[str | None, list[store.Enclosed]]:
    """Put the media of a note into the media folder; what became of each, by the names that the note has for them.

    `among` names those that are wanted, and the ids of the videos that they belong to.
    """
    entries = note.get(MEDIA)
    kept: dict[str | None, list[store.Enclosed]] = {}
    if not entries:
        return kept
    from catalog import store
    from catalog.enclosed import Keeper

    keeper = Keeper(database)
    try:
        with media_of(path).open("rb") as file:
            for entry in entries:
                name = entry["name"] if among is None else among.get(entry["name"])
                if among is not None and name is None:
                    continue
                found = store.Enclosed(entry["use"], entry["role"], name=entry["file"], beside=entry["beside"])
                found = found._replace(
                    origin="captured" if found.role else "inline",
                    reason=entry.get("reason"),
                    is_lost=entry["is_declared"],
                )
                if found.reason is None:
                    file.seek(entry["start"])
                    found = keeper.keep_bytes(found, file, entry["size"], is_declared=entry["is_declared"])
                kept.setdefault(name, []).append(found)
    except FileNotFoundError:  # the note came without its media, as from a disk that lost power
        return {}
    return kept
