"""What else lies in the media folder: files that no video of the library has, and what killed runs left.

Nothing but the latter is ever removed: two libraries may lie in one folder, and share it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from catalog.checking.places import open_shelves
from catalog.disk import open_file
from catalog.errors import CatalogError, MediaError
from catalog.leftovers import list_leftovers, remove_leftovers
from catalog.library import APPLICATION_ID, open_library
from catalog.reading.holdings import PORTION, find_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from catalog.checking.run import Run
    from catalog.database import Database
    from catalog.media.keep import Kept

_HEAD = 72  # bytes of a database that say what it is
_MAGIC = b"SQLite format 3\0"
_UNKNOWN = "no video of the library has these bytes"
_HINT = "it is left as it is: remove it, if it is nobody's"


def check_folder(run: Run) -> None:
    """Look at what lies in the media folder and is nobody's."""
    shelves = open_shelves(run.database)
    if shelves.is_offline:
        return
    others = Others(run.database)
    shared, done = 0, 0
    try:
        for kept in _batched(shelves.media.iter_files()):
            done += len(kept)
            run.on_progress("folder", done, None, "looking for orphans")
            with run.database.read() as connection:
                orphans = set(kept) - find_known(connection, kept)
            owned = others.find_known(sorted(orphans)) if orphans else set()
            shared += len(owned)
            for relative in sorted(orphans - owned):
                run.add("orphan", _UNKNOWN, hint=_HINT, path=str(shelves.media.path_of(relative)))
        for path in shelves.media.iter_strangers():
            run.add("orphan", "its name is not one that the media folder gives", hint=_HINT, path=str(path))
    except MediaError as error:
        run.note(str(error))
    finally:
        others.close()
    if shared:
        run.note(f"{shared:,} files in the media folder belong to other libraries beside this one")
    left = (remove_leftovers if run.is_repair else list_leftovers)(shelves.media.root)
    for path in left:
        run.add(
            "leftover",
            "a killed run left it",
            hint="the next run that writes there removes it",
            is_repaired=run.is_repair,
            path=str(path),
        )


class Others:
    """The other libraries in the folder of this one, backups of it included, opened when they are needed."""

    def __init__(self, own: Database) -> None:
        self._own = own.path
        self._opened: list[Database] | None = None

    def find_known(self, paths: Iterable[str]) -> set[str]:
        """Those of these paths of the media folder that another library knows."""
        wanted = list(paths)
        known: set[str] = set()
        for database in self._open():
            try:
                with database.read() as connection:
                    known |= find_known(connection, wanted)
            except CatalogError:
                continue
        return known

    def _open(self) -> list[Database]:
        if self._opened is None:
            self._opened = []
            for path in sorted(self._own.parent.iterdir()):
                if _is_library(path) and not path.samefile(self._own):
                    try:
                        self._opened.append(open_library(path))
                    except CatalogError:  # of another version, which knows no files, or damaged
                        continue
        return self._opened

    def close(self) -> None:
        """Close what was opened."""
        for database in self._opened or ():
            database.close()


def _is_library(path: Path) -> bool:
    try:
        with open_file(path) as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return head.startswith(_MAGIC) and head[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _batched(files: Iterator[Kept]) -> Iterator[list[str]]:
    while portion := [kept.relative for kept in islice(files, PORTION)]:
        yield portion
