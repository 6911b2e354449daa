"""The journey from prompts that are due to stacks of takes: sketched a portion at a time, and put into their stacks."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from catalog import store
from catalog.prompts.similarity import sketch
from catalog.reading.stacks import count_unstacked, list_unstacked

if TYPE_CHECKING:
    from catalog.database import Database
    from catalog.reports import Progress

PORTION = 50_000  # prompts in a transaction, which are in memory with their keys: 100 MB
READ_AT_ONCE = 500


def stack_due(database: Database, *, on_progress: Progress | None = None) -> int:
    """Put every video whose prompt is due into its stack, and return how many there were.

    `on_progress("prompts", done, total, "stacking")` is called as it goes on. What is interrupted stays due.
    """
    with database.read() as connection:
        total = count_unstacked(connection)
    done = 0
    after: int | None = 0
    while after is not None and total:
        sketched, after = _sketch_next(database, after)
        with database.write() as connection:
            store.save_stacks(connection, sketched)
        done += len(sketched)
        if on_progress is not None:
            on_progress("prompts", done, max(total, done), "stacking")
    return done


def _sketch_next(database: Database, after: int) -> tuple[list[store.Sketched], int | None]:
    """The next prompts that are due, sketched, and the row to go on after, None at the end."""
    sketched: list[store.Sketched] = []
    last: int | None = after
    while last is not None and len(sketched) < PORTION:
        with database.read() as connection:
            batch = list_unstacked(connection, READ_AT_ONCE, after=last)
        sketched += [store.Sketched(number, prompt, array("q", sketch(prompt))) for number, prompt in batch]
        last = batch[-1][0] if len(batch) == READ_AT_ONCE else None
    return sketched, last
