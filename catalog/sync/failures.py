"""What is remembered of jobs that could not be retrieved: they come last, and rest longer each time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from catalog import store
from catalog.reading.work import find_failing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.database import Writer
    from catalog.sync.run import Run

FREE = 2  # failures in a row after which the next run still asks
FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(hours=1)


def rest_after(failures: int) -> timedelta:
    """How long a job rests after so many failures in a row: not at all after two, then 15 seconds, 30 ... an hour."""
    beyond = failures - FREE
    return timedelta(0) if beyond <= 0 else min(FIRST_REST * 2 ** min(beyond - 1, 20), LONGEST_REST)


def sort_by_failures(run: Run, remote_ids: Iterable[str], *, is_patient: bool) -> tuple[list[str], list[str]]:
    """The jobs that did not fail of late, and those that did, the fewest failures first.

    The patient leave out those that still rest, and say how many in a remark. A rest is never longer than the longest:
    one that would be was begun under another clock.
    """
    failing, now = run.ask(find_failing), run.now()
    fresh, failed, resting = [], [], 0
    for remote_id in dict.fromkeys(remote_ids):
        memory = failing.get(remote_id)
        if memory is None:
            fresh.append(remote_id)
        elif is_patient and memory.due_at is not None and now < memory.due_at <= now + LONGEST_REST:
            resting += 1
        else:
            failed.append(remote_id)
    if resting:
        jobs = (
            "1 job that failed several times is" if resting == 1 else f"{resting:,} jobs that failed several times are"
        )
        run.note([f"{jobs} not asked for in this run, but in a later one"])
    return fresh, sorted(failed, key=lambda remote_id: failing[remote_id].failures)


def remember_failures(run: Run, connection: Writer, reasons: Mapping[str, str]) -> None:
    """Count a failure of each of these jobs."""
    failing, now = find_failing(connection, run.source.name), run.now()
    failures = {}
    for remote_id, reason in reasons.items():
        count = failing[remote_id].failures + 1 if remote_id in failing else 1
        failures[remote_id] = store.Failure(count, now + rest_after(count), reason)
    store.save_failures(connection, run.source.name, failures, failed_at=now)


def excuse(run: Run, failed: Mapping[str, Exception]) -> None:
    """Let jobs be asked for by the next run, since it was the source that failed, not they."""
    now = run.now()
    with run.write() as connection:
        failing = find_failing(connection, run.source.name)
        failures = {
            remote_id: store.Failure(failing[remote_id].failures, now, str(error))
            for remote_id, error in failed.items()
            if remote_id in failing
        }
        store.save_failures(connection, run.source.name, failures, failed_at=now)
