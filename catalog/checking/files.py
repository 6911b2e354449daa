"""The files of videos: whether their bytes lie where they should, and are whole.

Bytes are read outside of any transaction; what was learnt is written a portion at a time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from catalog import store
from catalog.checking.places import open_shelves
from catalog.errors import CatalogError, SchemaError
from catalog.reading.holdings import count_stored, find_whole, list_owners, list_stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.checking.places import Looked, Shelves
    from catalog.checking.run import Run
    from catalog.database import Writer
    from catalog.reading.holdings import Owner, Stored

_SECONDS = 5.0  # of reading, at most, that an interruption loses


class Broken(NamedTuple):
    """A file of a video that is still to be repaired."""

    owner: Owner
    kind: str
    reason: str
    path: str | None
    hint: str

    @property
    def is_elsewhere(self) -> bool:
        """Whether a server may have it still."""
        return self.kind != "offline" and self.owner.origin != "made" and not self.owner.is_alone


def check_files(run: Run) -> None:
    """Check the bytes that are or were held, keep what was learnt of them, and repair what can be."""
    shelves, after, done = open_shelves(run.database), "", 0
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
    for spot, state in (change for item in looked for change in item.list_changes()):
        places.setdefault(spot.root, {})[spot.path] = state
    damaged = {item.bytes.sha256: reason for item in looked if (reason := item.damage)}
    read = [item for item in looked if item.is_read and item.seen]
    whole = [item.bytes.sha256 for item in read if item.is_whole]
    run.checked["files"] += len(looked)
    run.checked["read"] += len(read)
    run.checked["bytes"] += sum(item.bytes.size or 0 for item in read)

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
        broken, is_repaired = _repair(run, shelves, item, owners.get(item.bytes.sha256, []))
        for one in broken:
            if is_repaired or run.fetch is None or not one.is_elsewhere:
                _add(run, one, is_repaired=is_repaired)
            else:
                left.append(one)
    return left


def _repair(run: Run, shelves: Shelves, item: Looked, owners: Sequence[Owner]) -> tuple[list[Broken], bool]:
    """What is wrong with the files that these bytes are, and whether bytes in the media folder have repaired it."""
    kind, reason, spot = item.fault or ("", "", None)
    path = str(shelves.path_of(spot)) if spot else None
    twin = None if kind == "offline" else shelves.find_twin(item.bytes)
    is_repaired = twin is not None and run.is_repair and _adopt(run, item, twin)
    return [Broken(owner, kind, reason, path, _advise(owner, item.bytes, kind, twin)) for owner in owners], is_repaired


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
    if owner.origin == "file":
        way = "put it back, or say where it lies now: `catalog import DIR`"
        return way if owner.is_alone else f"{way}; else run `catalog download {owner.ref}`"
    if owner.origin == "inline":
        return "its bytes came inside an answer, once: only a backup has them"
    return f"run `catalog download {owner.ref}`"


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
    reasons: Mapping[str, str] = {}
    try:
        reasons = run.fetch(list(dict.fromkeys(item.owner.ref for item in broken)))
    except SchemaError:
        raise
    except CatalogError as error:
        run.note(str(error))
    with run.database.read() as connection:
        whole = find_whole(connection, [item.owner.file_id for item in broken])
    for item in broken:
        reason = reasons.get(item.owner.ref)
        explained = item._replace(hint=f"it could not be downloaded again: {reason}") if reason else item
        _add(run, explained, is_repaired=item.owner.file_id in whole)
