"""The frame of every verb that brings videos in: notes and prices before it, facets and checks of new files after it.

A missing library is made, with its prices, when such a verb has something to write for the first time.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from catalog import bitmaps, capture, store
from catalog.capture.spool import list_notes
from catalog.credential_reports import CredentialsChecked
from catalog.errors import CatalogError
from catalog.library import create_library
from catalog.reading.costs import are_in_force
from catalog.reading.credentials import count_due
from catalog.reading.prompts import count_due_prompts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.database import Database, Writer
    from catalog.reports import ImportReport, Progress, SyncReport
    from catalog.settings import Settings

    Report = TypeVar("Report", SyncReport, ImportReport)


class Intake:
    """One call of such a verb: what happens around its journey, and how long each part takes."""

    def __init__(self, database: Database, settings: Settings, on_progress: Progress | None = None) -> None:
        self._database = database
        self._settings = settings
        self._on_progress = on_progress
        self._started = time.monotonic()
        self._reading = 0.0
        self._costs_changed: int | None = None
        self._left = 0
        self._began_at = datetime.now(UTC)
        self._checking = 0.0
        self._credentials = CredentialsChecked()

    @property
    def credentials(self) -> CredentialsChecked:
        """What the checks of new files have found, after the journey."""
        return self._credentials

    @contextmanager
    def around(self) -> Iterator[Intake]:
        """Run a journey inside the frame; prompts that an interruption leaves unread are read by the next journey."""
        database, settings = self._database, self._settings
        if database.is_made:
            self._costs_changed = keep_prices(database, settings)
            with database.read() as connection:
                self._left = count_due_prompts(connection)
        else:
            settings.load_prices()  # which raises here what would fail the making
        with database.making(lambda: make(database, settings)):
            take_in_notes(database)
            yield self
        if database.is_made:
            begun = time.monotonic()
            try:
                read_prompts(database, settings, self._on_progress, left=self._left)
                look_up_words(database, self._on_progress)
                self._reading = time.monotonic() - begun
                self._check_credentials()
            except CatalogError as error:
                raise CatalogError(f"{error} (all that has come in is kept: run the same again to go on)") from error

    def _check_credentials(self) -> None:
        """Check the files that lay in answers, and those that earlier runs left."""
        begun = time.monotonic()
        if has_unchecked(self._database):
            from catalog.credentials.run import check_due

            self._credentials = check_due(
                self._database, self._settings.facets, since=self._began_at, on_progress=self._on_progress
            )
            self._checking = time.monotonic() - begun

    def complete(self, reports: Iterable[Report], phase: str) -> list[Report]:
        """The reports of the journey, with what the frame did; what each took becomes that phase.

        Only the first tells what is about the library and not about a source.
        """
        seconds, reading = round(time.monotonic() - self._started, 3), round(self._reading, 3)
        checking = {"credentials": round(self._checking, 3)} if self._checking else {}
        return [
            replace(
                report,
                seconds=seconds,
                phases={phase: report.seconds, "prompts": reading, **checking},
                costs_changed=self._costs_changed if position == 0 else None,
                prompts_left=self._left if position == 0 else 0,
                credentials=self._credentials if position == 0 else CredentialsChecked(),
            )
            for position, report in enumerate(reports)
        ]


def make(database: Database, settings: Settings) -> int | None:
    """Make the library unless there is one, with the configured prices in it: what `keep_prices` returns.

    Raises ConfigError if they cannot be read, and then makes nothing.
    """
    if not database.is_made:
        settings.load_prices()
        create_library(database.path)
    return keep_prices(database, settings)


def has_unchecked(database: Database) -> bool:
    """Whether there are files whose Content Credentials are due for a check."""
    with database.read() as connection:
        return bool(count_due(connection, 1))


def take_in_notes(database: Database) -> None:
    """Take in the notes that a capturing client left while the library was busy or missing."""
    if list_notes(database.path):
        capture.take_in_spool(database)


def look_up_words(database: Database, on_progress: Progress | None = None) -> None:
    """Look up again what common words find, where texts have changed all over the library, and let others write."""
    with database.read() as connection:
        if not bitmaps.are_words_due(connection):
            return
        number, found = bitmaps.revision(connection), store.look_up_words(connection, on_progress)
    with database.write() as connection:
        bitmaps.save_words(connection, found, number)


def keep_prices(database: Database, settings: Settings) -> int | None:
    """Keep the configured prices in the library, and estimate costs again when those in force have changed.

    Returns how many costs changed by it; None where the prices in force are the same, or the library has no video.
    """
    prices, payers = settings.load_prices(), settings.payers
    with database.read() as connection:
        if store.has_prices(connection, prices, payers):
            return None
    with database.write() as connection:
        is_unchanged = are_in_force(connection, prices, payers)
        store.save_prices(connection, prices)
        for name, (dialect, provider) in payers.items():
            store.save_source(connection, name, dialect=dialect, provider=provider)
        return None if is_unchanged else store.estimate_costs(connection)


def fold_again(database: Database, on_progress: Progress | None = None) -> None:
    """Fold every video again from the answers that the library kept, a batch in a transaction."""
    after: int | None = 0
    while after is not None:
        with database.write() as connection:
            after = fold_batch(connection, after, on_progress)


def fold_all(connection: Writer, on_progress: Progress | None = None) -> None:
    """Fold every video again, in the transaction of the connection."""
    after: int | None = 0
    while after is not None:
        after = fold_batch(connection, after, on_progress)


def derive_all(connection: Writer, on_progress: Progress | None = None) -> None:
    """Derive all of every video again, its row and what is indexed of it, in the transaction of the connection."""
    store.complete_marks(connection)
    store.rebuild_descent(connection)
    store.rebuild_bitmaps(connection, on_progress)
    fold_all(connection, on_progress)
    after: int | None = 0
    while after is not None:
        after = store.refresh_next(connection, after)
        if on_progress and after is not None:
            on_progress("library", after, None, "indexing")
    store.rebuild_words(connection, on_progress)


def fold_batch(connection: Writer, after: int, on_progress: Progress | None) -> int | None:
    """Fold the next videos after this row again, and return the row to go on after, None at the end."""
    last = store.refold_all(connection, after)
    if on_progress and last is not None:
        on_progress("library", last, None, "folding")
    return last


def read_inheritance(database: Database, settings: Settings, on_progress: Progress | None = None) -> None:
    """Reckon what remixes inherit, where that is due."""
    from catalog.facets import inherit_due

    inherit_due(database, settings.facets, on_progress=on_progress)


def read_prompts(
    database: Database,
    settings: Settings,
    on_progress: Progress | None = None,
    *,
    among: Sequence[int] | None = None,
    left: int = 0,
) -> int:
    """Extract the facets of the prompts that are due, all or those `among` the videos with these row ids.

    With all of them, the videos whose prompts are new are put into stacks. Returns how many prompts were read; `left`
    is how many of them earlier runs have left.
    """
    from catalog.facets import extract_due

    read = extract_due(database, settings.facets, among=among, left=left, on_progress=on_progress)
    if among is None:
        stack_prompts(database, on_progress)
    return read


def stack_prompts(database: Database, on_progress: Progress | None = None) -> int:
    """Put the videos whose prompts are due into stacks of takes, and return how many there were."""
    from catalog.stacks import stack_due

    return stack_due(database, on_progress=on_progress)
