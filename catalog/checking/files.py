"""The files of videos: whether their bytes lie where they should, and are whole.

Bytes are read outside of any transaction; what was learnt is written a portion at a time. A folder that cannot be
reached says nothing about the files in it: they are offline, not missing.
"""

from __future__ import annotations

import errno
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog import store
from catalog.errors import CatalogError, SchemaError
from catalog.media.keep import MediaFolder, hash_file
from catalog.reading.files import media_folder
from catalog.reading.holdings import count_stored, find_whole, has_places, list_owners, list_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.checking.run import Run
    from catalog.database import Writer
    from catalog.reading.holdings import Owner, Spot, Stored

_SECONDS = 5.0  # of reading, at most, that an interruption loses
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_BROKEN = {errno.EIO, errno.EUCLEAN} if hasattr(errno, "EUCLEAN") else {errno.EIO}


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
    def fault(self) -> tuple[str, str, Spot | None] | None:
        """The kind of the fault, its reason and its place; None where the bytes are whole somewhere, or archived."""
        if self.find("whole") or (self.bytes.is_archived and not self.seen):
            return None
        for kind in ("damaged", "offline", "missing"):
            if found := self.find(kind):
                return kind, found[1].reason, found[0]
        return "missing", "the library knows no place of it", None


class Broken(NamedTuple):
    """A file of a video that is still to be repaired."""

    owner: Owner
    kind: str
    reason: str
    path: str | None
    hint: str


class Shelves:
    """The folders that files lie in."""

    def __init__(self, folder: MediaFolder) -> None:
        self.media = folder
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
            return Seen("offline", "its folder cannot be reached")
        try:
            seen = _look(self.path_of(spot), item, is_read=is_read)
        except OSError as error:
            seen = _explain(error)
        if seen.state == "missing" and is_beside and self.media.is_offline():  # the drive went while we looked
            self.is_offline = True
            return Seen("offline", "its folder cannot be reached")
        return seen


def _look(path: Path, item: Stored, *, is_read: bool) -> Seen:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return Seen("damaged", "something that is no file lies in its place")
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


def open_shelves(run: Run) -> Shelves:
    """The folders of the library."""
    with run.database.read() as connection:
        return Shelves(MediaFolder(media_folder(connection), has_files=has_places(connection)))


def check_files(run: Run) -> None:
    """Check the bytes that are or were held, keep what was learnt of them, and repair what can be."""
    shelves, after, done = open_shelves(run), "", 0
    broken: list[Broken] = []
    with run.database.read() as connection:
        total = count_stored(connection)
    phase = "hashing files" if run.part else "checking files"
    while True:
        with run.database.read() as connection:
            portion = list_stored(connection, after)
        if not portion:
            break
        looked: list[Looked] = []
        begun = time.monotonic()
        for item in portion:
            run.on_progress("files", done + len(looked), total, phase)
            is_read = item.is_damaged or (run.part is not None and run.part.holds(item.sha256))
            looked.append(shelves.look(item, is_read=is_read))
            if time.monotonic() - begun > _SECONDS:
                break
        done += len(looked)
        after = looked[-1].bytes.sha256
        _keep(run, looked)
        broken += _tell(run, shelves, looked)
    run.on_progress("files", total, total, phase)
    _fetch(run, broken)


def _keep(run: Run, looked: Sequence[Looked]) -> None:
    """Keep the states of places and bytes that were seen, where they differ from what is known."""
    places: dict[str, dict[str, str]] = {}
    damaged: dict[str, str] = {}
    whole: list[str] = []
    for item in looked:
        is_whole = item.find("whole") is not None
        for spot, seen in zip(item.bytes.places, item.seen, strict=True):
            state = {"whole": "present", "damaged": "missing" if is_whole else "present"}.get(seen.state, seen.state)
            if state != spot.state:
                places.setdefault(spot.root, {})[spot.path] = state
        if (found := item.find("damaged")) and not is_whole:
            damaged |= {} if item.bytes.is_damaged else {item.bytes.sha256: found[1].reason}
        if is_whole and item.is_read:
            whole.append(item.bytes.sha256)
        if item.is_read and item.seen:
            run.checked["read"] += 1
            run.checked["bytes"] += item.bytes.size or 0
    run.checked["files"] += len(looked)

    def save(connection: Writer) -> None:
        for root, states in places.items():
            store.save_places(connection, states, root=root, at=run.now())
        store.save_damage(connection, damaged, at=run.now())
        store.save_checked(connection, whole, at=run.now())

    if places or damaged or whole:
        run.write(save)


def _tell(run: Run, shelves: Shelves, looked: Sequence[Looked]) -> list[Broken]:
    """Add the faults of the portion, repaired by what lies in the media folder if may be; returns what is left."""
    faulty = [item for item in looked if item.fault]
    if not faulty:
        return []
    with run.database.read() as connection:
        owners = list_owners(connection, [item.bytes.sha256 for item in faulty])
    left: list[Broken] = []
    for item in faulty:
        kind, reason, spot = item.fault or ("", "", None)
        path = str(shelves.path_of(spot)) if spot else None
        twin = None if kind == "offline" or shelves.is_offline else _find_twin(shelves, item.bytes)
        is_repaired = twin is not None and run.is_repair and _adopt(run, item, twin)
        for owner in owners.get(item.bytes.sha256, ()):
            hint = _advise(owner, item.bytes, kind, twin)
            if is_repaired or kind == "offline" or run.fetch is None or owner.origin == "made":
                _add(run, Broken(owner, kind, reason, path, hint), is_repaired=is_repaired)
            else:
                left.append(Broken(owner, kind, reason, path, hint))
    return left


def _add(run: Run, broken: Broken, *, is_repaired: bool) -> None:
    owner = broken.owner
    run.add(
        broken.kind,
        broken.reason,
        hint=broken.hint,
        is_repaired=is_repaired,
        ref=owner.ref,
        variant=owner.variant,
        number=owner.number,
        path=broken.path,
    )


def _advise(owner: Owner, item: Stored, kind: str, twin: str | None) -> str:
    if kind == "offline":
        return "connect its drive, and check again"
    if twin is not None:
        return f"{twin} has its bytes: run `catalog check --repair`"
    if owner.origin == "made":
        return "run `catalog reindex --pictures`"
    if item.is_archived:
        return f"run `catalog archive --restore {owner.ref}`"
    if owner.origin == "inline":
        return "its bytes came inside an answer, once: only a backup has them"
    return f"run `catalog download {owner.ref}`"


def _find_twin(shelves: Shelves, item: Stored) -> str | None:
    """The path of a file in the media folder that has these bytes, whole, and is no known place of them."""
    known = {shelves.path_of(spot) for spot in item.places}
    folder = shelves.media.root / item.sha256[:2] / item.sha256[2:4]
    try:
        candidates = sorted(path for path in folder.glob(f"{item.sha256}.*") if path not in known)
        for path in candidates:
            relative = path.relative_to(shelves.media.root.parent).as_posix()
            if shelves.media.is_name(relative) and hash_file(path, item.size)[0] == item.sha256:
                return relative
    except (OSError, CatalogError):
        return None
    return None


def _adopt(run: Run, item: Looked, twin: str) -> bool:
    """Keep that the bytes lie at another path of the media folder, in place of those where they are not."""
    old = [spot.path for spot in item.bytes.places if not spot.root]

    def save(connection: Writer) -> None:
        store.save_place(connection, item.bytes.sha256, twin, at=run.now())
        store.forget_places(connection, old)

    return run.write(save)


def _fetch(run: Run, broken: Sequence[Broken]) -> None:
    """Have the files fetched that are left, and add each with what became of it."""
    if run.fetch is None or not broken:
        return
    try:
        run.fetch(list(dict.fromkeys(item.owner.ref for item in broken)))
    except SchemaError:
        raise
    except CatalogError as error:
        run.note(str(error))
    with run.database.read() as connection:
        whole = find_whole(connection, [item.owner.file_id for item in broken])
    for item in broken:
        _add(run, item, is_repaired=item.owner.file_id in whole)
