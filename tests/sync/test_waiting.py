"""Waiting ends: a state that nobody understands is named and left to the next sync."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from catalog.config import Source, SyncSettings
from catalog.sync import add_ids
from tests.client.server import RawServer, response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.database import Database
    from catalog.reports import SyncReport
    from tests.client.server import Request

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Server:
    """A server whose every answer takes `step` seconds of the clock; `say` gives what it says, by number."""

    def __init__(self, step: float, say: Callable[[int], dict[str, Any]]) -> None:
        self.now = NOON
        self.answers = 0
        self._step = timedelta(seconds=step)
        self._say = say

    def answer(self, _: Request) -> Iterable[bytes]:
        self.answers += 1
        self.now += self._step
        return response({"id": "video_1", "object": "video", "polling_interval_seconds": 0, **self._say(self.answers)})


def wait(library: Database, server: Server) -> SyncReport:
    with RawServer(server.answer) as running:
        source = Source(name="studio", base_url=running.base_url)
        return add_ids(library, source, SyncSettings(), ["video_1"], wait=True, now=lambda: server.now)


@pytest.mark.parametrize(("step", "answers"), [(300, 10), (30, 21)], ids=["ten answers", "ten minutes"])
def test_a_word_nobody_knows_is_named_after_ten_answers_and_ten_minutes(
    library: Database, step: float, answers: int
) -> None:
    server = Server(step, lambda _: {"status": "pondering"})
    report = wait(library, server)
    assert server.answers == 1 + answers  # the first answer came before the wait
    (note,) = report.notes
    assert note == (
        'video_1: the job is in the state "pondering", which the catalog does not understand: no longer waited for, '
        "the next sync asks again"
    )
    assert (report.unfinished, report.error) == (1, None)


def test_a_job_without_a_state_is_not_waited_for_either(library: Database) -> None:
    report = wait(library, Server(300, lambda _: {}))
    assert [note[:48] for note in report.notes] == ["video_1: the job does not say in which state it "]


def test_a_job_that_moves_is_waited_for_whatever_its_word(library: Database) -> None:
    def say(number: int) -> dict[str, Any]:
        return {"status": "done"} if number == 40 else {"status": "pondering", "progress": number}

    server = Server(300, say)
    report = wait(library, server)
    assert (server.answers, report.notes, report.unfinished) == (40, (), 0)


def test_a_job_in_a_known_state_is_waited_for_however_long(library: Database) -> None:
    server = Server(3600, lambda number: {"status": "done" if number == 40 else "queued"})
    assert (wait(library, server).unfinished, server.answers) == (0, 40)
