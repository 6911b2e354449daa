"""What is derived, against what it derives from: the two indexes against the rows, the rows against the answers.

A row that something else than the catalog has changed shows in the indexes too, so where one of them differs, every
row is compared before a repair is told to have done it all.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from catalog import bitmaps, fulltext, store
from catalog.database.integrity import Differs
from catalog.errors import CatalogError, SchemaError
from catalog.reading.holdings import read_newest, read_refs

if TYPE_CHECKING:
    from catalog.checking.run import Run

SAMPLE = 2000  # rows that are folded again where not all are
_PORTION = 200  # rows in one read
_REPAIR = "run `catalog check --repair`"


def check_derived(run: Run) -> None:
    """Check what is derived, and make it again where it differs."""
    _check_texts(run)
    _check_bitmaps(run)
    _check_rows(run)
    _check_stacks(run)


def _check_texts(run: Run) -> None:
    run.on_progress("library", 0, None, "checking the full-text index")
    try:
        with run.database.write() as connection:
            fulltext.check(connection)
    except Differs as error:
        is_repaired = run.is_repair and run.write(lambda connection: store.rebuild_texts(connection, run.on_progress))
        run.add("fts", str(error).partition(":")[0], hint=_REPAIR, is_repaired=is_repaired)
    except SchemaError:
        raise
    except CatalogError as error:
        run.note(f"the full-text index was not checked: {error}")


def _check_bitmaps(run: Run) -> None:
    run.on_progress("library", 0, None, "checking the bitmaps")
    try:
        with run.database.read() as connection:
            bitmaps.check(connection)
    except Differs as error:
        is_repaired = run.is_repair and run.write(lambda connection: store.rebuild_bitmaps(connection, run.on_progress))
        run.add("bitmaps", str(error).rpartition(": ")[0], hint=_REPAIR, is_repaired=is_repaired)


def _check_rows(run: Run) -> None:
    with run.database.read() as connection:
        newest = read_newest(connection)
    chosen = _choose(run, newest)
    for first in range(0, len(chosen), _PORTION):
        run.on_progress("library", first, len(chosen), "folding answers again")
        ids = list(chosen[first : first + _PORTION])
        with run.database.read() as connection:
            differing = store.list_unfolded(connection, ids)
            refs = read_refs(connection, differing)
            run.checked["rows"] += len(read_refs(connection, ids))
        is_repaired = bool(differing) and run.is_repair and _fold_again(run, differing)
        for video_id, columns in differing.items():
            reason = f"{', '.join(columns)}: not what the kept answers say"
            run.add("rows", reason, ref=refs[video_id], hint=_REPAIR, is_repaired=is_repaired)


def _check_stacks(run: Run) -> None:
    with run.database.read() as connection:
        newest = read_newest(connection)
    chosen = _choose(run, newest)
    misplaced: list[int] = []
    for first in range(0, len(chosen), _PORTION):
        run.on_progress("library", first, len(chosen), "checking the stacks")
        with run.database.read() as connection:
            misplaced += store.list_misplaced(connection, list(chosen[first : first + _PORTION]))
    if misplaced:
        is_repaired = run.is_repair and run.write(lambda connection: store.rebuild_stacks(connection, run.on_progress))
        with run.database.read() as connection:
            refs = read_refs(connection, misplaced[:1])
        reason = f"{len(misplaced):,} of the videos that were compared are not in the stack of their prompt"
        run.add("stacks", reason, ref=refs.get(misplaced[0]), hint=_REPAIR, is_repaired=is_repaired)


def _fold_again(run: Run, differing: dict[int, list[str]]) -> bool:
    return run.write(lambda connection: store.fold_again(connection, list(differing)))


def _choose(run: Run, newest: int) -> range:
    """The rows to fold again: those of the part that is read, all where an index differs, else a sample."""
    if run.part is None and not run.has_found("fts", "bitmaps"):
        step = max(1, -(-newest // SAMPLE))
        return range(1 + Random().randrange(step), newest + 1, step)  # noqa: S311 - other rows every time
    if run.part is None or run.has_found("fts", "bitmaps"):
        return range(1, newest + 1)
    return range(run.part.number, newest + 1, run.part.of)
