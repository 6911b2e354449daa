"""Looking at the places where bytes should lie.

A folder that cannot be reached says nothing about the files in it: they are offline, not missing.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog.media.keep import MediaFolder, hash_file
from catalog.reading.files import media_folder
from catalog.reading.watching import list_known as list_known_files
from catalog.reading.watching import list_roots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Database
    from catalog.reading.holdings import Spot, Stored

_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_BROKEN = {errno.EIO, getattr(errno, "EUCLEAN", errno.EIO)}


class Seen(NamedTuple):
    """What a look at a place showed: `whole damaged missing offline`, and why if not whole."""

    state: str
    reason: str = ""


class Looked(NamedTuple):
    """What was seen of bytes at each of their places; `is_read` where they were read to their end."""

    bytes: Stored
    seen: tuple[Seen, ...]
    is_read: bool

    def find(self, state: str) -> tuple[Spot, Seen] | None:
        """The first place that was seen to be so."""
        pairs = zip(self.bytes.places, self.seen, strict=True)
        return next((pair for pair in pairs if pair[1].state == state), None)

    @property
    def is_whole(self) -> bool:
        """Whether the bytes lie whole at one of their places."""
        return self.find("whole") is not None

    @property
    def damage(self) -> str | None:
        """Why the bytes are not whole any more, where that was not known before."""
        found = None if self.is_whole or self.bytes.is_damaged else self.find("damaged")
        return found and found[1].reason

    def list_changes(self) -> list[tuple[Spot, str]]:
        """The places whose state is not the one that the library knows, each with its state."""
        states = {"whole": "present", "damaged": "missing" if self.is_whole else "present"}
        pairs = zip(self.bytes.places, self.seen, strict=True)
        return [(spot, state) for spot, seen in pairs if (state := states.get(seen.state, seen.state)) != spot.state]

    @property
    def fault(self) -> tuple[str, str, Spot | None] | None:
        """The kind of the fault, its reason and its place; None where the bytes are whole somewhere, or archived."""
        if self.is_whole or (self.bytes.is_archived and not self.seen):
            return None
        for kind in ("damaged", "offline", "missing"):
            if found := self.find(kind):
                return kind, found[1].reason, found[0]
        return "missing", "the library knows no place of it", None


_UNREACHED = Seen("offline", "its folder cannot be reached")


class Shelves:
    """The folders that files lie in."""

    def __init__(self, folder: MediaFolder, list_known: Callable[[str], Iterator[str]]) -> None:
        """`list_known` gives the files that should lie below a folder of the user's that was scanned."""
        self.media = folder
        self._list_known = list_known
        self._unmounted: dict[str, bool] = {}
        self._beside = folder.root.parent
        self.is_offline = folder.is_offline()

    def path_of(self, spot: Spot) -> Path:
        """Where a place is."""
        return Path(spot.root or self._beside) / spot.path

    def look(self, item: Stored, *, is_read: bool) -> Looked:
        """Look at all places of the bytes."""
        return Looked(item, tuple(self._look(spot, item, is_read=is_read) for spot in item.places), is_read)

    def _look(self, spot: Spot, item: Stored, *, is_read: bool) -> Seen:
        is_beside = not spot.root
        if self.is_offline if is_beside else not Path(spot.root).is_dir():
            return _UNREACHED
        try:
            seen = _look(self.path_of(spot), item, is_read=is_read)
        except OSError as error:
            seen = _explain(error)
        if seen.state == "missing" and is_beside and self.media.is_offline():  # the drive went while we looked
            self.is_offline = True
            return _UNREACHED
        if seen.state == "missing" and not is_beside and self._is_unmounted(spot.root):
            return _UNREACHED
        return seen

    def _is_unmounted(self, root: str) -> bool:
        """Whether a folder of the user's is empty, or one that was scanned holds none of its files.

        Then its drive is not mounted, as far as one sees, and a scan says so too.
        """
        if _is_empty(Path(root)):
            return True
        if root not in self._unmounted:
            paths = [os.path.join(root, path) for path in self._list_known(root)]  # noqa: PTH118
            self._unmounted[root] = bool(paths) and not any(map(os.path.lexists, paths))
        return self._unmounted[root]

    def find_twin(self, item: Stored) -> str | None:
        """The path of a file in the media folder that has these bytes, whole, and where they are not known to lie."""
        if self.is_offline:
            return None
        known = {self.path_of(spot) for spot in item.places}
        folder = self.media.root / item.sha256[:2] / item.sha256[2:4]
        try:
            for path in sorted(path for path in folder.glob(f"{item.sha256}.*") if path not in known):
                relative = path.relative_to(self._beside).as_posix()
                if self.media.is_name(relative) and hash_file(path, item.size)[0] == item.sha256:
                    return relative
        except OSError:
            pass
        return None


def _is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing, or cannot be read."""
    try:
        return next(folder.iterdir(), None) is None
    except OSError:
        return True


def _look(path: Path, item: Stored, *, is_read: bool) -> Seen:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return Seen("damaged", "something other than a file lies in its place")
    if item.size is not None and status.st_size != item.size:
        return Seen("damaged", f"has {status.st_size:,} bytes instead of {item.size:,}")
    if is_read and hash_file(path, item.size)[0] != item.sha256:
        return Seen("damaged", "its bytes are not those that it had")
    return Seen("whole")


def _explain(error: OSError) -> Seen:
    if error.errno in _GONE:
        return Seen("missing", "nothing lies in its place")
    reason = f"it cannot be read: {error.strerror or error}"
    return Seen("damaged" if error.errno in _BROKEN else "offline", reason)


def open_shelves(database: Database) -> Shelves:
    """The folders of a library."""

    with database.read() as connection:
        scanned = {root.path for root in list_roots(connection)}
        folder = media_folder(connection)

    def list_known(root: str) -> Iterator[str]:
        after = ""
        while root in scanned:
            with database.read() as connection:
                portion = list_known_files(connection, root, after)
            yield from (file[0] for file in portion)
            if not portion:
                return
            after = portion[-1][0]

    return Shelves(folder, list_known)
