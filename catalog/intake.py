"""The frame of every verb that brings videos in: notes and prices before it, the facets of new prompts after it.

A missing library is made, with its prices, when such a verb has something to write for the first time.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from catalog import capture, store
from catalog.capture.spool import list_notes
from catalog.library import create_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.database import Database
    from catalog.reports import Progress
    from catalog.settings import Settings


@contextmanager
def taking_in(database: Database, settings: Settings, on_progress: Progress | None = None) -> Iterator[None]:
    """Run a journey inside the frame; prompts that an interruption leaves unread are read by the next journey."""
    if database.is_made:
        keep_prices(database, settings)
    else:
        settings.load_prices()  # which raises here what would fail the making
    with database.making(lambda: make(database, settings)):
        take_in_notes(database)
        yield
    if database.is_made:
        read_prompts(database, settings, on_progress)


def make(database: Database, settings: Settings) -> None:
    """Make the library unless there is one, with the configured prices in it.

    Raises ConfigError if they cannot be read, and then makes nothing.
    """
    if not database.is_made:
        settings.load_prices()
        create_library(database.path)
    keep_prices(database, settings)


def take_in_notes(database: Database) -> None:
    """Take in the notes that a capturing client left while the library was busy or missing."""
    if list_notes(database.path):
        capture.take_in_spool(database)


def keep_prices(database: Database, settings: Settings) -> None:
    """Keep the configured prices in the library, and estimate costs again when they have changed."""
    prices = settings.load_prices()
    payers = {source.name: (source.dialect, source.prices) for source in settings.sources.values()}
    with database.read() as connection:
        if store.has_prices(connection, prices, payers):
            return
    with database.write() as connection:
        store.save_prices(connection, prices)
        for name, (dialect, provider) in payers.items():
            store.save_source(connection, name, dialect=dialect, provider=provider)
        store.estimate_costs(connection)


def fold_again(database: Database, on_progress: Progress | None = None) -> None:
    """Fold every video again from the answers that the library kept, a batch in a transaction."""
    after: int | None = 0
    while after is not None:
        with database.write() as connection:
            after = store.refold_all(connection, after)
        if on_progress and after is not None:
            on_progress("library", after, None, "folding")


def read_prompts(
    database: Database,
    settings: Settings,
    on_progress: Progress | None = None,
    *,
    among: Sequence[int] | None = None,
) -> None:
    """Extract the facets of the prompts that are due, all or those `among` the videos with these row ids."""
    from catalog.facets import extract_due

    extract_due(database, settings.facets, among=among, on_progress=on_progress)
