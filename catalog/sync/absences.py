"""Jobs that the server says it does not know, judged together when all have been asked for.

Where so many are missing that the server itself is suspect, or it is suspect for another reason, its word counts for
none of them: nothing is kept, and the next run asks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import store
from catalog.reading.work import find_gone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.errors import Gone
    from catalog.sync.run import Run

LEAST, SHARE = 10, 0.1  # so many jobs, and this share of those expected: a fault of the server, not their end


def is_mass(absent: int, expected: int) -> bool:
    """Whether so many of the jobs that a server should have are missing that it is suspect."""
    return absent >= LEAST and absent >= expected * SHARE


class Absences:
    """What one run heard of jobs asked for by id: which the server has, and which it does not know.

    `unlisted` are those that a whole list lacks, found to be few: two witnesses say that they are gone.
    """

    def __init__(self) -> None:
        self.unlisted: frozenset[str] = frozenset()
        self._absent: dict[str, Gone] = {}
        self._present: set[str] = set()

    def __contains__(self, remote_id: str) -> bool:
        return remote_id in self._absent

    def hear(self, remote_id: str, answer: Gone) -> None:
        """Take note that the server does not know a job."""
        self._absent[remote_id] = answer

    def hear_of(self, remote_ids: Iterable[str]) -> None:
        """Take note that the server has these jobs."""
        self._present.update(remote_ids)

    def settle(self, run: Run) -> None:
        """Mark the absent jobs as gone, unless the source is suspect."""
        known_gone = run.ask(find_gone, self._absent)
        missing = self._absent.keys() - known_gone - self.unlisted - run.new.keys()
        expected = len(missing | self._present)
        if is_mass(len(missing), expected):
            run.suspect(
                f"the server no longer knows {len(missing)} of {expected} jobs at once, and none is marked as gone"
            )
        if run.suspicion:
            return
        with run.write() as connection:
            run.count(store.save_absences(connection, run.source.name, self._absent, received_at=run.now()))
            run.save_state(connection)
