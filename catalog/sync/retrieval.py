"""Jobs by id: the unfinished ones and those known too little of, a few at a time, once or until they have finished."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from catalog import store
from catalog.enclosed import keep_enclosed
from catalog.errors import Gone, RateLimited, SourceError
from catalog.parallel import ask_all
from catalog.reading.work import find_aliases, list_unfinished
from catalog.sync.failures import excuse, remember_failures, sort_by_failures
from catalog.sync.queue import MAX_FAILURES, Queue, is_key_refused
from catalog.wire.ids import raw_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from catalog.client.client import Client, Reply
    from catalog.sync.run import Run
    from catalog.wire.answers import ParsedVideo

    Answer = Reply | SourceError

SAVED_AT_ONCE = 50  # retrieved jobs in one transaction
PAUSE_FACTOR = 1.5  # each pause against the one before, if the server names none
LONGEST_PAUSE = 120.0  # seconds
RIDDLE_ANSWERS, RIDDLE_TIME = 10, timedelta(minutes=10)  # how often, and for how long, a state is not understood


def retrieve(run: Run, client: Client, remote_ids: Iterable[str], *, is_patient: bool = True) -> dict[str, Answer]:
    """Ask for the jobs, keep the answers, and return them by id; raises the SourceError that ends the run.

    Those that failed of late come last; the patient leave those out that are not due yet.
    """
    fresh, failing = sort_by_failures(run, remote_ids, is_patient=is_patient)
    rank = {remote_id: number for number, remote_id in enumerate([*fresh, *failing])}
    queue = Queue(fresh, failing)
    answers: dict[str, Answer] = {}
    unsaved: dict[str, Answer] = {}

    def flush() -> None:
        in_order = sorted(unsaved, key=rank.__getitem__)
        _keep(run, {remote_id: unsaved.pop(remote_id) for remote_id in in_order})
        run.progress(len(answers), len(rank), "retrieving")

    try:
        for remote_id, answer in _ask_all(run, client, queue):
            answers[remote_id] = unsaved[remote_id] = answer
            if len(unsaved) >= SAVED_AT_ONCE:
                flush()
    finally:
        if unsaved:
            flush()
    fault = queue.find_fault(is_alive=run.is_alive)
    if fault is not None:
        excuse(run, queue.failed)
        raise fault
    return answers


def wait_for(run: Run, client: Client) -> None:
    """Ask for the unfinished jobs until all have finished, each when the server wants it, else at growing intervals.

    Left to later runs are a job whose state nobody understands, told unchanged for long enough, which the report names
    with its word, one that could not be retrieved several times in a row, and one that the server does not answer for.
    """
    due: dict[str, float] = {}
    pauses: dict[str, float] = {}
    riddles: dict[str, _Riddle] = {}
    failures: dict[str, int] = {}
    left: set[str] = set(run.strays)
    while waiting := [remote_id for remote_id in run.ask(list_unfinished, run.look_back) if remote_id not in left]:
        now = time.monotonic()
        ready = [remote_id for remote_id in waiting if due.get(remote_id, 0.0) <= now]
        if not ready:
            run.progress(len(due) - len(waiting), len(due), "waiting")
            run.pause(min(due[remote_id] for remote_id in waiting) - now)
            continue
        answers = retrieve(run, client, ready, is_patient=False)
        for remote_id in ready:
            answer = answers.get(remote_id)
            failures[remote_id] = 0 if _is_told(answer) else failures.get(remote_id, 0) + 1
            pauses[remote_id] = _next_pause(client, answer, pauses.get(remote_id))
            due[remote_id] = time.monotonic() + pauses[remote_id]
            riddles[remote_id] = riddle = _Riddle.of(answer, riddles.get(remote_id), run.now())
            if riddle.is_given_up(run.now()):
                run.note([f"{remote_id}: {riddle}"])
            if isinstance(answer, Gone) or riddle.is_given_up(run.now()) or failures[remote_id] >= MAX_FAILURES:
                left.add(remote_id)
        left.update(run.strays)


class _Question(NamedTuple):
    """A job to ask for, and its other names."""

    remote_id: str
    names: Sequence[str]


class _Riddle(NamedTuple):
    """What a job says of its state, how often it said nothing else, and since when."""

    word: str | None
    progress: float | None
    is_understood: bool
    answers: int
    since: datetime

    @classmethod
    def of(cls, answer: Answer | None, before: _Riddle | None, now: datetime) -> _Riddle:
        """What this answer says; a failed retrieval says nothing new."""
        if answer is None or isinstance(answer, SourceError):
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


def _is_told(answer: Answer | None) -> bool:
    return isinstance(answer, Gone) or not (answer is None or isinstance(answer, SourceError))


def _next_pause(client: Client, answer: Answer | None, last_pause: float | None) -> float:
    if answer is not None and not isinstance(answer, SourceError) and answer.poll_after is not None:
        return answer.poll_after
    return client.dialect.poll_interval if last_pause is None else min(last_pause * PAUSE_FACTOR, LONGEST_PAUSE)


def _ask_all(run: Run, client: Client, queue: Queue) -> Iterator[tuple[str, Answer]]:
    """The answers as they come, until the queue has no more to ask for."""

    def take() -> _Question | None:
        remote_id = queue.take()
        if remote_id is None:
            return None
        given = [run.new[remote_id]] if remote_id in run.new else []
        return _Question(remote_id, [*given, *run.ask(find_aliases, [remote_id]).get(remote_id, [])])

    try:
        for question, answer in ask_all(lambda question: _ask(client, question), take, run.settings.parallel):
            queue.hear(question.remote_id, answer)
            yield question.remote_id, answer
    except BaseException:
        run.interrupt()
        raise


def _keep(run: Run, answers: Mapping[str, Answer]) -> None:
    """Keep what was answered and what failed, in one transaction; absences wait until the whole run can be judged."""
    replies: dict[int, list[ParsedVideo]] = {}  # by HTTP status
    failed: dict[str, str] = {}
    present: set[str] = set()
    for remote_id, answer in answers.items():
        if isinstance(answer, Gone):
            run.absences.hear(remote_id, answer)
        elif isinstance(answer, SourceError):
            run.missed[remote_id] = str(answer)
            if not isinstance(answer, RateLimited) and not is_key_refused(answer):
                failed[remote_id] = str(answer)
        else:
            run.is_alive = True
            run.missed.pop(remote_id, None)
            present.add(remote_id)
            replies.setdefault(answer.status, []).extend(answer.answer.videos)
    enclosed = {status: keep_enclosed(run.database, videos) for status, videos in replies.items()}
    with run.write() as connection:
        for status, videos in replies.items():
            failed |= run.save(connection, videos, "get", status, enclosed=enclosed[status]).strays
        present -= failed.keys()
        run.absences.hear_of(present)
        run.keep_ids(connection, run.missed.keys() & answers.keys())
        store.forget_failures(connection, run.source.name, present)
        remember_failures(run, connection, failed)
        run.save_state(connection)


def _ask(client: Client, question: _Question) -> Answer:
    """The job, asked for by the server's own newest encoding of the raw id, if there is one: gateways want theirs."""
    remote_id, names = question
    encoded = [name for name in names if raw_id(name) == remote_id]
    try:
        return client.retrieve(encoded[-1] if encoded else remote_id, known_as=names)
    except SourceError as error:
        return error
