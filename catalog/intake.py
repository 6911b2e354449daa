"""The frame of every verb that brings videos in: notes and prices before it, the facets of new prompts after it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from catalog import capture, store
from catalog.capture.spool import list_notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.database import Database
    from catalog.reports import Progress
    from catalog.settings import Settings


@contextmanager
def taking_in(database: Database, settings: Settings, on_progress: Progress | None = None) -> Iterator[None]:
    """Run a journey inside the frame; prompts that an interruption leaves unread are read by the next journey."""
    take_in_notes(database)
    keep_prices(database, settings)
    yield
    read_prompts(database, settings, on_progress)


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


def read_prompts(database: Database, settings: Settings, on_progress: Progress | None = None) -> None:
    """Extract the facets of the prompts that are due."""
    from catalog.facets import extract_due

    extract_due(database, settings.facets, on_progress=on_progress)
