"""The journey of `retire`: a source whose server has gone, or soon will, is not asked any more; what it says stays.

What the library holds of it keeps working. What it does not hold is lost: such files are marked, a portion in a
transaction, so that a search finds them, and an interrupted run is completed by the next one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import ConfigError
from catalog.reading.costs import read_costs
from catalog.reading.losses import describe_lost, list_lost, list_without_bytes
from catalog.reading.names import list_video_sources
from catalog.upkeep_reports import Retirement

if TYPE_CHECKING:
    from collections.abc import Collection

    from catalog.database import Database, Reader
    from catalog.reports import Progress

LISTED = 10_000  # lost videos that are named; further ones are counted


def retire(
    database: Database,
    source: str,
    as_of: datetime,
    *,
    configured: Collection[str] = (),
    on_progress: Progress | None = None,
    now: datetime | None = None,
) -> Retirement:
    """Retire a source as of a moment, and say what is lost with it.

    Before that moment nothing is marked: it can still be downloaded. Raises ConfigError for a source that is neither
    configured nor known to the library.
    """
    moment = now or datetime.now(UTC)
    _require_known(database, source, configured)
    with database.write() as connection:
        store.save_source(connection, source, retired_at=as_of)
    if as_of > moment:
        with database.read() as connection:
            ids = _list_all(connection, source)
            return _describe(connection, source, as_of, ids, is_due=False)
    mark_losses(database, source, as_of, moment, on_progress)
    with database.read() as connection:
        return _describe(connection, source, as_of, list_lost(connection, source), is_due=True)


def mark_losses(
    database: Database, source: str, as_of: datetime, moment: datetime, on_progress: Progress | None = None
) -> None:
    """Keep as lost what the library does not hold of a source that is retired."""
    after = done = 0
    while True:
        with database.read() as connection:
            ids = list_without_bytes(connection, source, after)
        if not ids:
            return
        with database.write() as connection:
            store.save_losses(connection, ids, retired=as_of, at=moment)
        after, done = ids[-1], done + len(ids)
        if on_progress:
            on_progress(source, done, None, "listing what is lost")


def bring_back(
    database: Database, source: str, *, configured: Collection[str] = (), now: datetime | None = None
) -> Retirement:
    """Bring a retired source back, with what was lost because of that; raises ConfigError for an unknown source."""
    _require_known(database, source, configured)
    with database.write() as connection:
        store.save_source(connection, source, retired_at=None)
    total = 0
    while True:
        with database.write() as connection:
            count = store.bring_back(connection, source, at=now or datetime.now(UTC))
        if not count:
            return Retirement(source, None, brought_back=total)
        total += count


def _require_known(database: Database, source: str, configured: Collection[str]) -> None:
    with database.read() as connection:
        known = [*configured, *list_video_sources(connection)]
    if source not in known:
        names = ", ".join(dict.fromkeys(known))
        raise ConfigError(f"no source {source!r} is known: use one of {names}" if names else "no source is known")


def _list_all(connection: Reader, source: str) -> list[int]:
    ids: list[int] = []
    while portion := list_without_bytes(connection, source, ids[-1] if ids else 0):
        ids += portion
    return ids


def _describe(connection: Reader, source: str, as_of: datetime, ids: list[int], *, is_due: bool) -> Retirement:
    costs = read_costs(connection, (), "", among=ids)
    return Retirement(source, as_of, is_due, len(ids), costs.cost, lost=describe_lost(connection, ids, LISTED))
