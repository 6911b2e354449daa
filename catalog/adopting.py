"""The journey of adoption: which jobs files may be of, and files given to jobs, in one edit that can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import CatalogError
from catalog.file_reports import AdoptReport, Proposal
from catalog.matching import match
from catalog.reading.adoption import list_orphans, list_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from catalog.database import Database
    from catalog.matching import Match


def propose(database: Database) -> list[Match]:
    """The files that have no job and the jobs that they may be of, the surest first."""
    with database.read() as connection:
        orphans = list_orphans(connection)
        return match(orphans, list_waiting(connection)) if orphans else []


def adopt(
    database: Database, *, above: float | None = None, pairs: Mapping[str, str] | None = None, now: datetime
) -> tuple[AdoptReport, Sequence[int]]:
    """Give files to the jobs that are proposed with at least this confidence, or as `pairs` of refs say: one edit.

    Returns what became of them, and the row ids of the jobs whose prompts, which stood in the files, are to be read.
    Without both, nothing is changed. Raises CatalogError for a pair that is not proposed.
    """
    matches = propose(database)
    wanted = dict(pairs or {})
    proposed = {(found.orphan.ref, found.job.ref) for found in matches}
    unknown = [pair for pair in wanted.items() if pair not in proposed]
    if unknown:
        raise CatalogError(f"{unknown[0][0]} is not proposed for {unknown[0][1]}: see `catalog adopt`")
    chosen = [
        found
        for found in matches
        if wanted.get(found.orphan.ref) == found.job.ref or (above is not None and found.confidence >= above)
    ]
    due: Sequence[int] = ()
    if chosen:
        with database.write() as connection:
            due = store.adopt_files(connection, {found.orphan.id: found.job.id for found in chosen}, made_at=now).due
    done = {found.orphan.id for found in chosen}
    adopted, left = map(_tell, chosen), (_tell(found) for found in matches if found.orphan.id not in done)
    return AdoptReport(tuple(adopted), tuple(left)), due


def _tell(found: Match) -> Proposal:
    return Proposal(
        found.orphan.ref, found.job.ref, found.confidence, found.reasons, found.orphan.path, found.job.prompt
    )
