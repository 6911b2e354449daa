"""The journeys of `backup` and `restore` where the media folder comes along: bytes first, then the library that knows
of them.

A file goes to the name of its hash, so only what is not there is copied, and several backups in one folder share their
media. Every file is hashed on its way: what is not whole does not arrive, and is told. A run that was interrupted
leaves whole files, and the next one goes on. What lies in folders of the user's comes along too; the copy of the
library knows its bytes in the media folder as well, and a restore brings back those that lie nowhere else.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import library, store
from catalog.disk import open_file
from catalog.errors import CatalogError, NotFound, SchemaError, SchemaOutdated
from catalog.media.keep import MediaFolder
from catalog.media.sniff import name_extension
from catalog.reading.files import MEDIA, has_places
from catalog.reading.holdings import count_stored, list_damaged, list_owners, list_stored
from catalog.upkeep_reports import Fault, MediaCopy

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Sequence
    from typing import BinaryIO

    from catalog.database import Database, Writer
    from catalog.media.keep import Part
    from catalog.reading.holdings import Stored
    from catalog.reports import Progress

LISTED = 10_000  # faults that are named; further ones are counted
_BLOCK = 1024 * 1024


def back_up(
    database: Database,
    target: Path | None,
    *,
    folders: bool = True,
    on_media: Callable[[MediaCopy], object] | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Back up a library with its media, into the media folder beside the copy, and return the path of the copy.

    Without `folders`, what lies in folders of the user's alone is left out. The copy gets its name when its media are
    there. Raises CatalogError where that would be the library's own media folder, MediaOffline where this one cannot be
    reached, DiskFull; then nothing gets the name of the copy.
    """
    beside = target if target is not None and target.is_dir() else (target or database.path).parent
    source = database.path.parent / MEDIA
    if beside.is_dir() and beside.samefile(source.parent):
        raise CatalogError(
            "a backup in the folder of the library would share its media: name a file, or a folder, elsewhere, best "
            "on another disk"
        )

    def carry(part: Path) -> None:
        copying = Copying(database, source, beside / MEDIA, database.path.stat(), on_progress, takes_folders=folders)
        copying.run()
        if copying.moved:
            now = datetime.now(UTC)
            library.amend(part, lambda connection: store.save_kept(connection, copying.moved, at=now))
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

    A whole file that is there already stays, and so does one in a folder of the user's, which is not copied. Where the
    backup has no media beside it, only the library is restored.
    """
    spared: list[str] = []

    def end(connection: Writer) -> None:
        if complete is not None:
            complete(connection)
        store.forget_places(connection, spared)

    def carry(like: os.stat_result | None) -> None:
        source = copy.parent / MEDIA
        if not (source.is_dir() and path.parent.is_dir()) or path.parent.samefile(copy.parent):
            return
        try:
            database = library.open_library(copy)
        except SchemaOutdated:  # which knows of no files
            return
        try:
            target = path.parent / MEDIA
            copying = Copying(database, source, target, like, on_progress, _list_damaged(path), spares_folders=True)
            copying.run()
            spared.extend(copying.spared)
        finally:
            database.close()
        if on_media:
            on_media(copying.report())

    return library.restore(path, copy, complete=end, carry=carry)


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
    """The media of one library, on their way from one folder to another; `doubtful` are bytes to look at there.

    With `takes_folders`, what lies in folders of the user's comes along: `moved` maps the hashes of bytes that lie
    there alone to their names in the media folder. With `spares_folders`, what lies there is left where it is, and
    `spared` are the names of those that did not come.
    """

    database: Database
    source: Path
    target: Path
    like: os.stat_result | None
    on_progress: Progress | None = None
    doubtful: Collection[str] = ()
    takes_folders: bool = False
    spares_folders: bool = False
    moved: dict[str, str] = field(default_factory=dict)
    spared: list[str] = field(default_factory=list)
    files: int = 0
    copied: int = 0
    bytes: int = 0
    failed: int = 0
    outside: int = 0
    left: int = 0
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
        own = [spot.path for spot in item.places if not spot.root and source.is_name(spot.path)]
        outside = [Path(spot.root) / spot.path for spot in item.places if spot.root]
        self.files += bool(item.places)
        self.outside += bool(outside and not own)
        if self.spares_folders and self._spare(item, own, outside, target):
            return
        ways = [(name, source.path_of(name)) for name in own]
        if self.takes_folders and outside:
            names = [*own, target.name_of(item.sha256, name_extension(item.type))]
            ways += [(names[0], path) for path in outside]
        self.left += not ways and bool(outside) and not self.spares_folders
        for path, reason in self._bring(item, ways, target):
            self._tell(item, path, reason)

    def _spare(self, item: Stored, own: Sequence[str], outside: Sequence[Path], target: MediaFolder) -> bool:
        """Whether the bytes lie in a folder of the user's, and so need not come; their names are noted."""
        if item.is_damaged or not any(_has(path, item.size) for path in outside):
            return False
        self.spared += [name for name in own if not _has(target.path_of(name), item.size)]
        return True

    def _bring(self, item: Stored, ways: Sequence[tuple[str, Path]], target: MediaFolder) -> list[tuple[Path, str]]:
        """Copy from the first place where the bytes are whole; returns why it could not be, nothing where it was."""
        reasons: list[tuple[Path, str]] = []
        is_doubtful = item.is_damaged or item.sha256 in self.doubtful
        for relative, path in ways:
            reason = None
            if is_doubtful or not _has(target.path_of(relative), item.size):
                reason = self._copy_file(item, path, relative.rpartition(".")[2], target)
                self.copied += reason is None
                self.bytes += (item.size or 0) if reason is None else 0
            if reason is None:
                if all(spot.root for spot in item.places):
                    self.moved[item.sha256] = relative
                return []
            reasons.append((path, reason))
        return reasons

    def _copy_file(self, item: Stored, path: Path, extension: str, target: MediaFolder) -> str | None:
        """Copy one file; returns why it could not be, None where it was."""
        try:
            file = open_file(path)
        except FileNotFoundError:
            if path.is_relative_to(self.source):
                MediaFolder(self.source, has_files=True).require()
                return "missing"
            return "missing" if path.parent.is_dir() else "missing: its folder cannot be reached"
        except OSError as error:
            return f"cannot be read: {error.strerror or error}"
        with file, target.part() as part:
            try:
                _pour(file, part, item.size)
            except OSError as error:
                return f"cannot be read: {error.strerror or error}"
            if part.sha256 != item.sha256:
                return "damaged: its bytes are not those that it had"
            target.commit(part, extension)
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
        return MediaCopy(
            self.target,
            self.files,
            self.copied,
            self.bytes,
            self.failed,
            tuple(self._faults),
            outside=self.outside,
            left=self.left,
        )


def _pour(file: BinaryIO, part: Part, size: int | None) -> None:
    """Write a file into a part, as far as it has this size; raises OSError where it cannot be read, MediaError."""
    while block := file.read(_BLOCK):
        part.write(block)
        if size is not None and part.size > size:
            return


def _has(path: Path, size: int | None) -> bool:
    with suppress(OSError):
        return path.stat().st_size == size
    return False
