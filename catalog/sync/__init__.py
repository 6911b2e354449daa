"""The main journey in: what a source lists, and what of it is unfinished, into the library.

A run walks the list newest first, keeping each page in one transaction with the cursor of the next, until a page holds
nothing new and is older than the look-back. Then it retrieves by id what is unfinished, and what the list says too
little about. An interrupted run resumes at its cursor. Sync never deletes: a job that the server no longer knows is
marked as gone, and when a great many disappear at once, or an answer is about another job than the one asked for, the
source is marked as suspect and nothing as gone.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import CatalogError, Gone
from catalog.reading.work import list_unfinished, list_without_prompt
from catalog.sync.characters import take_in_characters
from catalog.sync.listing import take_in_list
from catalog.sync.locks import hold
from catalog.sync.retrieval import retrieve, wait_for
from catalog.sync.run import Run
from catalog.wire.ids import MAX_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.client.client import Client
    from catalog.config import Source, SyncSettings
    from catalog.database import Database
    from catalog.reports import Progress, SyncReport

__all__ = ["add_ids", "sync_source"]


def sync_source(
    database: Database,
    source: Source,
    settings: SyncSettings,
    *,
    full: bool = False,
    wait: bool = False,
    on_progress: Progress | None = None,
    now: Callable[[], datetime] | None = None,
) -> SyncReport:
    """Bring the library up to date with one source, and return the report of the run, its failure included.

    `full` walks the whole list; `wait` keeps asking for unfinished jobs until all have finished. Raises CatalogError
    only while another run holds the source, or where its key is not set or cannot be used; nothing is written then. So
    it does where another run takes the source over, which happens to a run that stood still; what came in until then
    stays.
    """
    with _running(database, source, settings, on_progress, now) as (run, client):
        with run.reporting():
            absent: list[str] = []
            if client.dialect.lists:
                with run.surviving():
                    absent = take_in_list(run, client, full=full)
            retrieve(run, client, [*run.ask(list_unfinished, run.look_back), *run.ask(list_without_prompt), *absent])
            if wait:
                wait_for(run, client)
            run.absences.settle(run)
            take_in_characters(run, client)
        return run.close()


def add_ids(
    database: Database,
    source: Source,
    settings: SyncSettings,
    remote_ids: Iterable[str],
    *,
    wait: bool = False,
    on_progress: Progress | None = None,
    now: Callable[[], datetime] | None = None,
) -> SyncReport:
    """Add jobs by their ids: each is retrieved, and later syncs retrieve it until it has finished.

    What could not be retrieved is kept as an id, to be asked for again. Nothing is kept of a job that the server does
    not know. `missed` of the report names both. Raises CatalogError for an id of more than MAX_ID characters.
    """
    remote_ids = list(remote_ids)
    longest = max(map(len, remote_ids), default=0)
    if longest > MAX_ID:
        raise CatalogError(f"an id of {longest:,} characters: ids have at most {MAX_ID}, one on a line")
    with _running(database, source, settings, on_progress, now) as (run, client):
        with run.reporting():
            run.mode = "add"
            wanted = run.find_new(remote_ids)
            try:
                answers = retrieve(run, client, wanted, is_patient=False)
            finally:
                with run.write() as connection:
                    run.keep_ids(connection, [name for name in run.new if name not in run.absences])
            for name, answer in answers.items():
                if isinstance(answer, Gone):
                    run.missed[name] = f"{answer}: nothing is kept of it" if name in run.new else str(answer)
            if wait:
                wait_for(run, client)
            run.absences.settle(run)
        return run.close()


@contextmanager
def _running(
    database: Database,
    source: Source,
    settings: SyncSettings,
    on_progress: Progress | None,
    now: Callable[[], datetime] | None,
) -> Iterator[tuple[Run, Client]]:
    """A run and its client, while no other run has the source; nothing is written before both can be had."""
    clock = now or (lambda: datetime.now(UTC))
    run = Run(database, source, settings, on_progress or (lambda *_: None), clock)
    with run.connected() as client, hold(database, source.name, clock, on_doubt=run.watch_lock) as run.write:
        with run.write() as connection:
            store.save_source(
                connection, source.name, base_url=source.base_url, dialect=source.dialect, provider=source.prices
            )
        yield run, client
