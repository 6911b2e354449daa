"""Jobs by id: the unfinished ones and those known too little of, a few at a time, once or until they have finished."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import Gone, Refused, SourceError, Unauthorized
from catalog.reading.work import find_aliases, list_unfinished
from catalog.sync.parallel import ask_all
from catalog.wire.ids import raw_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from catalog.client.client import Client, Reply
    from catalog.database import Writer
    from catalog.sync.run import Run

    Answer = Reply | SourceError

SAVED_AT_ONCE = 50  # retrieved jobs in one transaction
MAX_FAILURES = 5  # failed retrievals in a row, after which a source is given up for this run
PAUSE_FACTOR = 1.5  # each pause against the one before, if the server names none
LONGEST_PAUSE = 120.0  # seconds
RIDDLE_ANSWERS, RIDDLE_TIME = 10, timedelta(minutes=10)  # how often, and for how long, a state is not understood


def retrieve(run: Run, client: Client, remote_ids: Iterable[str]) -> dict[str, Answer]:
    """Ask for the jobs, keep the answers, and return them by id; raises the SourceError that ends the run."""
    wanted = list(dict.fromkeys(remote_ids))
    answers: dict[str, Answer] = {}
    failures = 0
    for start in range(0, len(wanted), SAVED_AT_ONCE):
        chunk = wanted[start : start + SAVED_AT_ONCE]
        chunk_answers = _ask_all(run, client, chunk)
        with run.database.write() as connection:
            for remote_id, answer in chunk_answers.items():
                _keep(run, connection, remote_id, answer)
            run.save_state(connection)
        answers |= chunk_answers
        failures = _count_failures(chunk_answers.values(), failures)
        run.progress(start + len(chunk), len(wanted), "retrieving")
    absent = sum(isinstance(answer, Gone) for answer in answers.values())
    run.is_mass_absence(absent, len(wanted), "the server no longer knows")
    return answers


def wait_for(run: Run, client: Client) -> None:
    """Ask for the unfinished jobs until all have finished, each when the server wants it, else at growing intervals.

    A job whose state nobody understands, told unchanged for long enough, is left to later runs, and the report names
    the word.
    """
    due: dict[str, float] = {}
    pauses: dict[str, float] = {}
    riddles: dict[str, _Riddle] = {}
    left: set[str] = set()
    while waiting := [remote_id for remote_id in run.ask(list_unfinished, run.look_back) if remote_id not in left]:
        now = time.monotonic()
        ready = [remote_id for remote_id in waiting if due.get(remote_id, 0.0) <= now]
        if not ready:
            run.progress(len(due) - len(waiting), len(due), "waiting")
            run.pause(min(due[remote_id] for remote_id in waiting) - now)
            continue
        for remote_id, answer in retrieve(run, client, ready).items():
            pauses[remote_id] = _next_pause(client, answer, pauses.get(remote_id))
            due[remote_id] = time.monotonic() + pauses[remote_id]
            riddles[remote_id] = riddle = _Riddle.of(answer, riddles.get(remote_id), run.now())
            if isinstance(answer, Gone) or riddle.is_given_up(run.now()):
                left.add(remote_id)
                run.note([] if isinstance(answer, Gone) else [f"{remote_id}: {riddle}"])


class _Riddle(NamedTuple):
    """What a job says of its state, how often it said nothing else, and since when."""

    word: str | None
    progress: float | None
    is_understood: bool
    answers: int
    since: datetime

    @classmethod
    def of(cls, answer: Answer, before: _Riddle | None, now: datetime) -> _Riddle:
        """What this answer says; a failed retrieval says nothing new."""
        if isinstance(answer, SourceError):
            return before or cls(None, None, True, 0, now)
        video = answer.answer.videos[0]
        said = cls(video.provider_status, video.progress, video.status != "unknown", 1, now)
        return before._replace(answers=before.answers + 1) if before and before[:3] == said[:3] else said

    def is_given_up(self, now: datetime) -> bool:
        return not self.is_understood and self.answers >= RIDDLE_ANSWERS and now - self.since >= RIDDLE_TIME

    def __str__(self) -> str:
        """The remark about a job that is left: for a person."""
        says = "does not say in which state it is" if self.word is None else f'is in the state "{self.word}"'
        unknown = "" if self.word is None else ", which the catalog does not understand"
        return f"the job {says}{unknown}: no longer waited for, the next sync asks again"


def _next_pause(client: Client, answer: Answer, last_pause: float | None) -> float:
    if not isinstance(answer, SourceError) and answer.poll_after is not None:
        return answer.poll_after
    return client.dialect.poll_interval if last_pause is None else min(last_pause * PAUSE_FACTOR, LONGEST_PAUSE)


def _ask_all(run: Run, client: Client, remote_ids: Sequence[str]) -> dict[str, Answer]:
    """The answers about these jobs, in their order."""
    names = run.ask(find_aliases, remote_ids)
    answers: dict[str, Answer] = dict(
        ask_all(lambda name: _ask(client, name, names.get(name, [])), remote_ids, run.settings.parallel)
    )
    return {remote_id: answers[remote_id] for remote_id in remote_ids}


def _ask(client: Client, remote_id: str, names: Sequence[str]) -> Answer:
    """The job, asked for by the server's own newest encoding of the raw id, if there is one: gateways want theirs."""
    encoded = [name for name in names if raw_id(name) == remote_id]
    try:
        return client.retrieve(encoded[-1] if encoded else remote_id, known_as=names)
    except SourceError as error:
        return error


def _keep(run: Run, connection: Writer, remote_id: str, answer: Answer) -> None:
    if isinstance(answer, Gone):
        run.save_absence(connection, remote_id, answer)
    elif isinstance(answer, SourceError):
        run.missed[remote_id] = str(answer)
    else:
        run.save(connection, answer.answer.videos, "get", answer.status)


def _count_failures(answers: Iterable[Answer], failures: int) -> int:
    """How many retrievals failed in a row up to the last one; raises the last of too many, and a refused key at once.

    A request that we refuse to make says nothing about the server.
    """
    last: SourceError | None = None
    for answer in answers:
        if isinstance(answer, Refused) and answer.status is None:
            continue
        if not isinstance(answer, SourceError) or isinstance(answer, Gone):
            failures, last = 0, None
            continue
        if isinstance(answer, Unauthorized):
            raise answer
        failures, last = failures + 1, answer
    if last is not None and failures >= MAX_FAILURES:
        raise last
    return failures
