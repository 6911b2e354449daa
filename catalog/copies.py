"""The journeys of `backup` and `restore` where the media folder comes along: bytes first, then the library that knows
of them.

A file goes to the name of its hash, so only what is not there is copied, and several backups in one folder share their
media. Every file is hashed on its way: what is not whole does not arrive, and is told. A run that was interrupted
leaves whole files, and the next one goes on.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog import library
from catalog.disk import open_file
from catalog.errors import CatalogError, NotFound, SchemaError, SchemaOutdated
from catalog.media.keep import MediaFolder
from catalog.reading.files import MEDIA, has_places
from catalog.reading.holdings import count_stored, list_damaged, list_owners, list_stored
from catalog.upkeep_reports import Fault, MediaCopy

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection
    from pathlib import Path

    from catalog.database import Database, Writer
    from catalog.reading.holdings import Stored
    from catalog.reports import Progress

LISTED = 10_000  # faults that are named; further ones are counted
_BLOCK = 1024 * 1024


def back_up(
    database: Database,
    target: Path | None,
    *,
    on_media: Callable[[MediaCopy], object] | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Back up a library with its media, into the media folder beside the copy, and return the path of the copy.

    The copy gets its name when its media are there. Raises CatalogError where that would be the library's own media
    folder, MediaOffline where this one cannot be reached, DiskFull; then nothing gets the name of the copy.
    """
    beside = target if target is not None and target.is_dir() else (target or database.path).parent
    source = database.path.parent / MEDIA
    if beside.is_dir() and beside.samefile(source.parent):
        raise CatalogError(
            "a backup in the folder of the library would share its media: name a file, or a folder, elsewhere, best "
            "on another disk"
        )

    def carry(_: Path) -> None:
        copying = Copying(database, source, beside / MEDIA, database.path.stat(), on_progress)
        copying.run()
        if on_media:
            on_media(copying.report())

    return library.backup(database.path, target, carry=carry)


def restore(
    path: Path,
    copy: Path,
    *,
    complete: Callable[[Writer], object] | None = None,
    on_media: Callable[[MediaCopy], object] | None = None,
    on_progress: Progress | None = None,
) -> Path | None:
    """Replace the library by a backup, and put what is missing of its media into the media folder: `library.restore`.

    A whole file that is there already stays. Where the backup has no media beside it, only the library is restored.
    """

    def carry(like: os.stat_result | None) -> None:
        source = copy.parent / MEDIA
        if not (source.is_dir() and path.parent.is_dir()) or path.parent.samefile(copy.parent):
            return
        try:
            database = library.open_library(copy)
        except SchemaOutdated:  # which knows of no files
            return
        try:
            copying = Copying(database, source, path.parent / MEDIA, like, on_progress, _list_damaged(path))
            copying.run()
        finally:
            database.close()
        if on_media:
            on_media(copying.report())

    return library.restore(path, copy, complete=complete, carry=carry)


def _list_damaged(path: Path) -> Collection[str]:
    """The bytes that the library at this path knows to be damaged, if it can still be read."""
    with suppress(NotFound, SchemaError):
        database = library.open_library(path)
        try:
            with database.read() as connection:
                return list_damaged(connection)
        finally:
            database.close()
    return ()


@dataclass
class Copying:
    """The media of one library, on their way from one folder to another; `doubtful` are bytes to look at there."""

    database: Database
    source: Path
    target: Path
    like: os.stat_result | None
    on_progress: Progress | None = None
    doubtful: Collection[str] = ()
    files: int = 0
    copied: int = 0
    bytes: int = 0
    failed: int = 0
    _faults: list[Fault] = field(default_factory=list)

    def run(self) -> None:
        """Copy what is not there yet; raises MediaError where no file can be read or written."""
        with self.database.read() as connection:
            total = count_stored(connection)
            source = MediaFolder(self.source, has_files=has_places(connection))
        target = MediaFolder(self.target, like=self.like)
        source.require()
        after = ""
        while True:
            with self.database.read() as connection:
                portion = list_stored(connection, after)
            if not portion:
                return
            for item in portion:
                self._copy(item, source, target)
                if self.on_progress:
                    self.on_progress("media", self.files, total, "copying media")
            after = portion[-1].sha256

    def _copy(self, item: Stored, source: MediaFolder, target: MediaFolder) -> None:
        reasons: list[tuple[str, str]] = []
        for relative in [spot.path for spot in item.places if not spot.root and source.is_name(spot.path)]:
            is_doubtful = item.is_damaged or item.sha256 in self.doubtful
            if not is_doubtful and _has(target.path_of(relative), item.size):
                reasons = []
                break
            reason = self._copy_file(item, relative, source, target)
            if reason is None:
                self.copied += 1
                self.bytes += item.size or 0
                reasons = []
                break
            reasons.append((relative, reason))
        self.files += bool(item.places)
        for relative, reason in reasons:
            self._tell(item, source.path_of(relative), reason)

    def _copy_file(self, item: Stored, relative: str, source: MediaFolder, target: MediaFolder) -> str | None:
        """Copy one file; returns why it could not be, None where it was."""
        try:
            file = open_file(source.path_of(relative))
        except FileNotFoundError:
            source.require()
            return "missing"
        except OSError as error:
            return f"cannot be read: {error.strerror or error}"
        with file, target.part() as part:
            while True:
                try:
                    block = file.read(_BLOCK)
                except OSError as error:
                    return f"cannot be read: {error.strerror or error}"
                if not block or (item.size is not None and part.size > item.size):
                    break
                part.write(block)
            if part.sha256 != item.sha256:
                return "damaged: its bytes are not those that it had"
            target.commit(part, relative.rpartition(".")[2])
        return None

    def _tell(self, item: Stored, path: Path, reason: str) -> None:
        with self.database.read() as connection:
            owners = list_owners(connection, [item.sha256]).get(item.sha256, [])
        self.failed += len(owners)
        for owner in owners[: LISTED - len(self._faults)]:
            kind = "damaged" if reason.startswith("damaged") else "missing"
            self._faults.append(Fault(kind, reason, owner.ref, owner.variant, owner.number, str(path)))

    def report(self) -> MediaCopy:
        """What became of them."""
        return MediaCopy(self.target, self.files, self.copied, self.bytes, self.failed, tuple(self._faults))


def _has(path: Path, size: int | None) -> bool:
    with suppress(OSError):
        return path.stat().st_size == size
    return False
