"""The journey of `reindex`: derived data made again from what the library keeps.

Nothing that a server or a user said is touched but for secrets, which are cut out of what servers said before it is
folded again. A run that is interrupted leaves work that the next one ends.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from catalog import intake, store
from catalog.errors import MediaOffline
from catalog.marking import read_due_marks
from catalog.pictures import make_pictures
from catalog.upkeep_reports import Reindexed

if TYPE_CHECKING:
    from collections.abc import Collection

    from catalog.database import Database, Writer
    from catalog.file_reports import MarksRead, PicturesMade
    from catalog.reports import Progress
    from catalog.settings import Settings

DERIVED = ("rows", "links", "fts", "bitmaps", "facets", "stacks", "costs", "pictures", "marks")


def rebuild(
    database: Database,
    settings: Settings,
    named: Collection[str],
    *,
    read_by: str | None,
    retries: bool = False,
    on_progress: Progress | None = None,
) -> Reindexed:
    """Rebuild what is named of DERIVED; prompts that the vocabulary of revision `read_by` has read stay as they are.

    Pictures are made for files that lack them, with `retries` also for those of which none could be made; without it, a
    media folder that cannot be reached is passed over. Marks are read of files that were not read for them yet.
    """
    started = time.monotonic()
    costs_changed = prompts_read = moved = pictures = None
    cleaned = 0
    phases: dict[str, float] = {}
    if "rows" in named:
        cleaned = _clean(database, on_progress)
        intake.fold_again(database, on_progress)
    if "costs" in named:
        moved = intake.keep_prices(database, settings)
    with database.write() as connection:
        _derive(connection, named, read_by, on_progress)
        if "costs" in named:
            costs_changed = (moved or 0) + store.estimate_costs(connection)
    marks = _read_marks(database, phases, on_progress) if "marks" in named else None
    if "facets" in named:
        begun = time.monotonic()
        prompts_read = intake.read_prompts(database, settings, on_progress)
        phases["prompts"] = round(time.monotonic() - begun, 3)
    elif marks and marks.files:  # prompts stood in some of them
        intake.read_prompts(database, settings, on_progress)
    elif "links" in named:
        intake.read_inheritance(database, settings, on_progress)
    _stack(database, named, phases, on_progress)
    if "pictures" in named:
        pictures = _make_pictures(database, phases, on_progress, retries=retries)
    return Reindexed(
        rebuilt=tuple(name for name in DERIVED if name in named),
        costs_changed=costs_changed,
        prompts_read=prompts_read,
        prices_changed=moved is not None,
        cleaned=cleaned,
        pictures=pictures,
        marks=marks,
        seconds=round(time.monotonic() - started, 3),
        phases=phases,
    )


def _make_pictures(
    database: Database, phases: dict[str, float], on_progress: Progress | None, *, retries: bool
) -> PicturesMade | None:
    begun = time.monotonic()
    try:
        return make_pictures(database, retries=retries, on_progress=on_progress)
    except MediaOffline:
        if retries:
            raise
        return None
    finally:
        phases["pictures"] = round(time.monotonic() - begun, 3)


def _read_marks(database: Database, phases: dict[str, float], on_progress: Progress | None) -> MarksRead:
    begun = time.monotonic()
    marks = read_due_marks(database, on_progress=on_progress)
    phases["marks"] = round(time.monotonic() - begun, 3)
    return marks


def _stack(database: Database, named: Collection[str], phases: dict[str, float], on_progress: Progress | None) -> None:
    """Put videos into the stacks that were taken apart."""
    if "stacks" in named:
        begun = time.monotonic()
        intake.stack_prompts(database, on_progress)
        phases["stacks"] = round(time.monotonic() - begun, 3)


def _derive(connection: Writer, named: Collection[str], read_by: str | None, on_progress: Progress | None) -> None:
    """Make what hangs on rows again, in one transaction; the prompts whose facets are named become due."""
    if "links" in named:
        store.rebuild_descent(connection)
        store.rebuild_ingredients(connection)
    if "fts" in named:
        store.rebuild_texts(connection, on_progress)
    if "bitmaps" in named:
        store.rebuild_bitmaps(connection, on_progress)
    if "fts" in named or "bitmaps" in named:
        store.rebuild_words(connection, on_progress)
    if "facets" in named:
        store.forget_extracted(connection, but_by=read_by)
        store.forget_inherited(connection)
    if "stacks" in named:
        store.forget_stacks(connection)


def _clean(database: Database, on_progress: Progress | None) -> int:
    """Cut all known secrets out of what servers said, a portion in a transaction, and return how many rows had any."""
    total = 0
    for table in store.HEARD:
        after: int | None = 0
        while after is not None:
            with database.write() as connection:
                cleaned, after = store.clean_rows(connection, table, after)
            total += cleaned
            if on_progress and after is not None:
                on_progress("library", after, None, f"looking for keys in {table}")
    return total
