"""The journey from prompts to facets: every video whose facets are due, a batch at a time, then what remixes inherit.

Prompts change, vocabularies grow, and reading a prompt takes longer than storing it. So the ways in only mark facets as
due, and this journey, which may be interrupted at any time, does the reading. When there is much to read, a second
process (`python -m catalog.facets`, over pipes) reads every other batch.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from catalog import prompts, store
from catalog.reading.prompts import (
    count_due_prompts,
    is_inheritance_due,
    list_due_prompts,
    measure_due_prompts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalog.database import Database
    from catalog.prompts import Vocabulary
    from catalog.reports import Progress

    Batch = Sequence[tuple[int, str]]

BATCH = 500  # prompts
BATCH_SIZE = 300_000  # characters of prompts, read in 2 s, whichever is reached first
WORTH_A_HELPER = 4 * BATCH  # due prompts that make starting a second process worth while, or
SIZE_WORTH_A_HELPER = 2 * BATCH_SIZE  # as many characters of fewer


def count_due(database: Database) -> int:
    """How many videos have a prompt whose facets have not been extracted yet."""
    with database.read() as connection:
        return count_due_prompts(connection)


def extract_due(
    database: Database,
    words: Mapping[str, Any] | None = None,
    *,
    among: Sequence[int] | None = None,
    left: int = 0,
    on_progress: Progress | None = None,
) -> int:
    """Extract the facets of every video that is due, return how many there were, and see to what remixes inherit.

    Or of those `among` the videos with these row ids. `words` are the user's additions to the vocabulary;
    `on_progress("prompts", done, total, "reading")` is called after each batch. `left` is how many were due before the
    journey that calls this: the phase says so until as many have been read, first before the first batch.
    """
    total = count_due(database) if among is None else len(among)
    done = _extract_due(database, words, total, among=among, left=left, on_progress=on_progress) if total else 0
    inherit_due(database, words, on_progress=on_progress)
    return done


def inherit_due(
    database: Database, words: Mapping[str, Any] | None = None, *, on_progress: Progress | None = None
) -> int:
    """Reckon what every remix inherits that is due, and return how many were reckoned.

    A pass goes from the oldest generation down; what it changes above a place that it has passed is for the next.
    `on_progress("prompts", done, None, "inheriting")` is called after each portion.
    """
    with database.read() as connection:
        if not is_inheritance_due(connection):
            return 0
    load, done, is_whole = partial(prompts.load, words), 0, False
    while not is_whole:
        is_whole, place = True, store.START
        while True:
            with database.write() as connection:
                reckoned = store.inherit_next(connection, load, place)
            if reckoned is None:
                break
            is_whole, place = False, reckoned.place
            done += reckoned.videos
            if on_progress is not None:
                on_progress("prompts", done, None, "inheriting")
    return done


def _extract_due(
    database: Database,
    words: Mapping[str, Any] | None,
    total: int,
    *,
    among: Sequence[int] | None,
    left: int,
    on_progress: Progress | None,
) -> int:
    """Extract the facets of the videos that are due, of which there are so many, and return how many there were."""
    done = 0
    if left and on_progress is not None:
        on_progress("prompts", 0, total, _phase(0, left))
    batches = _read_due(database) if among is None else _read_due_among(database, among)
    with closing(_Helper(words) if _is_much(database, total) else _NoHelper()) as helper:
        vocabulary = prompts.load(words)
        for extracted in _extract_all(batches, vocabulary, helper):
            with database.write() as connection:
                store.save_extracted(connection, extracted, vocabulary=vocabulary.revision)
            done += len(extracted)
            if on_progress is not None:
                on_progress("prompts", done, max(total, done), _phase(done, left))
    return done


def _phase(done: int, left: int) -> str:
    """What is being read: prompts are read in the order in which they came, those that were left first."""
    prompts_left = f"{left:,} prompt{'' if left == 1 else 's'}"
    return f"reading {prompts_left} left unread by earlier runs" if done < left else "reading"


def _is_much(database: Database, total: int) -> bool:
    """Whether a second process is worth while for so many prompts."""
    if total >= WORTH_A_HELPER:
        return True
    with database.read() as connection:
        return measure_due_prompts(connection, total) >= SIZE_WORTH_A_HELPER


def _split(batch: Batch) -> Iterator[Batch]:
    """The prompts in portions of BATCH_SIZE, so that long ones are kept and told of as they are read."""
    portion: list[tuple[int, str]] = []
    size = 0
    for video_id, prompt in batch:
        if portion and size + len(prompt) > BATCH_SIZE:
            yield portion
            portion, size = [], 0
        portion.append((video_id, prompt))
        size += len(prompt)
    if portion:
        yield portion


def _read_due(database: Database) -> Iterator[Batch]:
    last = 0
    while True:
        with database.read() as connection:
            batch = list_due_prompts(connection, BATCH, after=last)
        if not batch:
            return
        yield from _split(batch)
        last = batch[-1][0]


def _read_due_among(database: Database, ids: Sequence[int]) -> Iterator[Batch]:
    for start in range(0, len(ids), BATCH):
        with database.read() as connection:
            batch = list_due_prompts(connection, BATCH, among=ids[start : start + BATCH])
        yield from _split(batch)


def _extract_all(
    batches: Iterator[Batch], vocabulary: Vocabulary, helper: _Helper | _NoHelper
) -> Iterator[list[store.Extracted]]:
    for batch in batches:
        helper.ask(batch)
        if helper.is_there and (own_batch := next(batches, None)):
            yield _extract(own_batch, vocabulary)
        answer = helper.answer()
        yield _extract(batch, vocabulary) if answer is None else answer


def _extract(batch: Batch, vocabulary: Vocabulary) -> list[store.Extracted]:
    extracted = []
    for video_id, prompt in batch:
        extraction = prompts.extract(prompt, vocabulary)
        extracted.append(store.Extracted(video_id, prompt, extraction.facets, extraction.negative_prompt))
    return extracted


class _NoHelper:
    """Stands in for a helper where none is worth while: every answer is None, and this process does the work."""

    is_there = False

    def ask(self, batch: Batch) -> None:
        pass

    def answer(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Helper:
    """Another process that extracts facets too; one that has died answers None, and says nothing.

    A plain subprocess, not a `ProcessPoolExecutor`: that one would need a `__main__` guard in the caller's program.
    """

    is_there = True

    def __init__(self, words: Mapping[str, Any] | None) -> None:
        command = [sys.executable, "-m", "catalog.facets"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._send(words)

    def ask(self, batch: Batch) -> None:
        self._send(batch)

    def answer(self) -> list[store.Extracted] | None:
        try:
            extracted: list[store.Extracted] = pickle.load(self._process.stdout)  # type: ignore[arg-type]  # noqa: S301 - our own process
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        return extracted

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _send(self, value: object) -> None:
        try:
            pickle.dump(value, self._process.stdin)  # type: ignore[arg-type]
            self._process.stdin.flush()  # type: ignore[union-attr]
        except OSError:
            return


def _serve() -> None:
    """Read the user's words, then batch after batch, and write what each asks for, until the pipe is closed."""
    vocabulary = prompts.load(pickle.load(sys.stdin.buffer))  # noqa: S301 - our own parent
    while True:
        try:
            batch = pickle.load(sys.stdin.buffer)  # noqa: S301
        except EOFError:
            return
        pickle.dump(_extract(batch, vocabulary), sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
