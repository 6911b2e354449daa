"""The journey from prompts that are due to stacks of takes: sketched some at a time, and put into their stacks.

Where very many are due, processes sketch the next ones while this one puts what they have sketched into its stacks.
"""

from __future__ import annotations

import os
from array import array
from contextlib import closing
from itertools import starmap
from typing import TYPE_CHECKING

from catalog import store
from catalog.parallel import ask_all
from catalog.processes import Pool, serve_pool
from catalog.prompts.similarity import sketch
from catalog.reading.stacks import count_unstacked, list_unstacked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from catalog.database import Database
    from catalog.reports import Progress

    Due = list[tuple[int, str]]  # videos and their prompts

PORTION = 100_000  # prompts in a transaction, whose keys are in memory; each writes most pages of the table of keys
READ_AT_ONCE = 2_000
MANY = 20_000  # prompts from which on processes are worth their start
MOST_PROCESSES = 4
_CORES = os.cpu_count() or 1
_AHEAD = PORTION // READ_AT_ONCE  # batches that are being sketched while a portion is written


def stack_due(database: Database, *, on_progress: Progress | None = None) -> int:
    """Put every video whose prompt is due into its stack, and return how many there were.

    `on_progress("prompts", done, total, "stacking")` is called as it goes on. What is interrupted stays due.
    """
    with database.read() as connection:
        total = count_unstacked(connection)
    done = 0
    with closing(_sketch_due(database, total)) as batches:
        for sketched in _join(batches):
            with database.write() as connection:
                store.save_stacks(connection, sketched)
            done += len(sketched)
            if on_progress is not None:
                on_progress("prompts", done, max(total, done), "stacking")
    return done


def sketch_all(due: Due) -> list[array[int]]:
    """The keys of the prompts."""
    return [array("q", sketch(prompt)) for _, prompt in due]


def serve(orders_number: int, answers_number: int, parent: int) -> None:
    """Be a process that sketches prompts."""
    serve_pool(sketch_all, orders_number, answers_number, parent)


def _sketch_due(database: Database, total: int) -> Generator[list[store.Sketched], None, None]:
    batches = _read_due(database) if total else iter(())
    if total < MANY or _CORES == 1:
        for due in batches:
            yield _combine(due, sketch_all(due))
        return
    with closing(Pool(__name__, sketch_all, min(_CORES, MOST_PROCESSES))) as pool:
        yield from starmap(_combine, ask_all(pool.ask, lambda: next(batches, None), _AHEAD))


def _read_due(database: Database) -> Iterator[Due]:
    after = 0
    while True:
        with database.read() as connection:
            due = list_unstacked(connection, READ_AT_ONCE, after=after)
        if not due:
            return
        yield due
        after = due[-1][0]


def _combine(due: Due, keys: Sequence[array[int]]) -> list[store.Sketched]:
    digests = (store.digest_prompt(prompt) for _, prompt in due)
    numbers = (video_id for video_id, _ in due)
    return list(map(store.Sketched, numbers, digests, keys))


def _join(batches: Iterator[list[store.Sketched]]) -> Iterator[list[store.Sketched]]:
    """The batches, so many at once that a portion is in a transaction."""
    portion: list[store.Sketched] = []
    for batch in batches:
        portion += batch
        if len(portion) >= PORTION:
            yield portion
            portion = []
    if portion:
        yield portion
