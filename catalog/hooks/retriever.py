"""The thread that has each job that deliveries are about retrieved, until its server says how it ended.

A few jobs are asked for at a time, so that one whose server hangs keeps no other waiting. All is kept by one thread.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from catalog import store
from catalog.enclosed import keep_enclosed
from catalog.errors import CatalogError, SourceError
from catalog.facets import extract_due
from catalog.parallel import ask_all
from catalog.reading.work import list_waiting_deliveries
from catalog.records import TERMINAL_STATUSES
from catalog.stacks import stack_due

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from catalog.client.client import Client, Reply
    from catalog.database import Database, Writer
    from catalog.reading.work import WaitingDelivery
    from catalog.store.deliveries import State

    Enclosed = Mapping[str, Sequence[store.Enclosed]]

GIVE_UP_AFTER = timedelta(hours=72)  # as long as senders redeliver
SHORTEST_PAUSE, LONGEST_PAUSE = 2.0, 3600.0
MAX_WAITING = 1000  # deliveries read at once
LOOK_SECONDS = 0.2  # between looks at what has come in while jobs are asked for


class _Interrupted(Exception):
    """Something is more urgent than reading prompts."""


def growing_pause(attempts: int) -> float:
    """The seconds to wait after this many attempts at a job: 2, 4, 8 ... up to an hour."""
    return float(min(SHORTEST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE))


class Retriever:
    """Retrieves the jobs of waiting deliveries; `run` is for a thread of its own, `wake` and `stop` for any other.

    `on_ended` is called after each job that has ended was kept.
    """

    def __init__(
        self,
        database: Database,
        source: str,
        client: Client,
        *,
        parallel: int,
        words: Mapping[str, Any] | None,
        now: Callable[[], datetime],
        pause: Callable[[int], float],
        tell: Callable[[str], None],
        on_ended: Callable[[], object] = lambda: None,
    ) -> None:
        self._database = database
        self._source = source
        self._client = client
        self._parallel = parallel
        self._words = words
        self._now = now
        self._pause = pause
        self._tell = tell
        self._on_ended = on_ended
        self._due: dict[int, float] = {}
        self._asked_for: set[str | None] = set()  # the jobs that are asked for now
        self._woken = threading.Event()
        self._is_stopping = False
        self._has_prompts = True  # prompts may be due since before this run

    def wake(self) -> None:
        """Make the thread look at the inbox now."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread when it is done with its present step."""
        self._is_stopping = True
        self._woken.set()

    def run(self) -> None:
        """Retrieve what is due, read the prompts that came with it, and wait for the next due job, until stopped."""
        while True:
            self._woken.clear()
            if self._is_stopping:
                return
            try:
                pause = self._step()
            except Exception as error:  # noqa: BLE001 - the last net: whatever it is, the other jobs must be retrieved
                fault = error if isinstance(error, CatalogError) else f"{type(error).__name__}: {error}"
                self._tell(f"cannot retrieve, trying again in {SHORTEST_PAUSE:.0f} seconds: {fault}")
                pause = SHORTEST_PAUSE
            else:
                if self._has_prompts and pause != 0.0:
                    self._has_prompts = self._read_prompts(pause)
                    continue
            self._woken.wait(pause)

    def _read_prompts(self, pause: float | None) -> bool:
        """Extract the facets that are due until a job has to be retrieved, and return whether some are still due.

        Prompts that cannot be read wait for the next job or the next run, while retrieving goes on.
        """
        end = None if pause is None else time.monotonic() + pause

        def go_on(*_: object) -> None:
            if self._woken.is_set() or (end is not None and time.monotonic() >= end):
                raise _Interrupted

        try:
            extract_due(self._database, self._words, on_progress=go_on)
            stack_due(self._database, on_progress=go_on)
        except _Interrupted:
            return True
        except Exception as error:  # noqa: BLE001 - whatever it is, the addresses of jobs expire within the hour
            self._tell(f"cannot read prompts: {error or type(error).__name__}")
        return False

    def _step(self) -> float | None:
        """Ask for all jobs that are due, and return the seconds until the next is; None if no delivery is waiting."""
        self._asked_for.clear()
        for deliveries, answer in ask_all(self._ask, self._take, self._parallel, every=LOOK_SECONDS):
            if self._is_stopping and isinstance(answer, SourceError):
                return None  # the call was ended
            self._settle(deliveries, answer)
        waiting = self._list_waiting()
        return max(min(map(self._due_at, waiting)) - time.monotonic(), 0.0) if waiting else None

    def _list_waiting(self) -> list[WaitingDelivery]:
        with self._database.read() as connection:
            return list_waiting_deliveries(connection, self._source, MAX_WAITING)

    def _due_at(self, delivery: WaitingDelivery) -> float:
        return self._due.get(delivery.id, 0.0)

    def _take(self) -> list[WaitingDelivery] | None:
        """The deliveries about the job that is due first; None if none is that is not asked for already."""
        if self._is_stopping:
            return None
        now = time.monotonic()
        waiting = [delivery for delivery in self._list_waiting() if delivery.remote_id not in self._asked_for]
        due = [delivery for delivery in waiting if self._due_at(delivery) <= now]
        if not due:
            return None
        remote_id = min(due, key=self._due_at).remote_id
        self._asked_for.add(remote_id)
        return [delivery for delivery in waiting if delivery.remote_id == remote_id]

    def _ask(self, deliveries: list[WaitingDelivery]) -> Reply | SourceError:
        try:
            return self._client.retrieve(deliveries[0].remote_id)
        except SourceError as error:
            return error
        except Exception as error:  # noqa: BLE001 - of one job, which keeps no other waiting
            return SourceError(f"{type(error).__name__}: {error}")

    def _settle(self, deliveries: list[WaitingDelivery], answer: Reply | SourceError) -> None:
        """Keep what became of a job that was asked for once, for all deliveries about it."""
        self._asked_for.discard(deliveries[0].remote_id)
        attempts = max(delivery.attempts for delivery in deliveries) + 1
        wanted_pause = answer.retry_after if isinstance(answer, SourceError) else answer.poll_after
        for delivery in deliveries:
            self._due[delivery.id] = time.monotonic() + max(self._pause(attempts), wanted_pause or 0.0)
        videos = () if isinstance(answer, SourceError) else answer.answer.videos
        enclosed = keep_enclosed(self._database, videos)
        with self._database.write() as connection:
            is_settled, message = self._keep(connection, deliveries[0].remote_id, answer, enclosed)
            for delivery in deliveries:
                state: State = "done" if is_settled else "refused" if self._is_late(delivery) else "waiting"
                store.save_attempt(
                    connection, delivery.id, state, tried_at=self._now(), message=None if is_settled else message
                )
                if state != "waiting":
                    self._due.pop(delivery.id, None)
        self._has_prompts = True
        self._tell(f"{deliveries[0].remote_id}: {message}")
        if is_settled:
            self._on_ended()

    def _is_late(self, delivery: WaitingDelivery) -> bool:
        return delivery.received_at is not None and self._now() - delivery.received_at > GIVE_UP_AFTER

    def _keep(
        self, connection: Writer, remote_id: str, answer: Reply | SourceError, enclosed: Enclosed
    ) -> tuple[bool, str]:
        """Keep the answer about a job, and what is enclosed in it.

        Returns whether the job has ended, and its status or what went wrong.

        A job that the server does not know may not be there yet: only a sync, which sees many, marks one as gone.
        """
        if isinstance(answer, SourceError):
            return False, str(answer)
        videos = answer.answer.videos
        saved = store.save_videos(
            connection,
            self._source,
            videos,
            channel="get",
            received_at=self._now(),
            http_status=answer.status,
            enclosed=enclosed,
        )
        for remark in saved.remarks:
            self._tell(remark)
        if saved.strays:
            reason = f"asked for {remote_id}: {next(iter(saved.strays.values()))}; the answer is kept apart"
            store.save_source(connection, self._source, health="suspect", message=reason)
            return False, reason
        for old, new in saved.overturned.values():
            self._tell(f"{remote_id}: was {old}, and is {new} now")
        return any(video.status in TERMINAL_STATUSES for video in videos), videos[0].status
