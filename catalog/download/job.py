"""The files of one job: from its addresses into the media folder, in a thread that writes nothing to the library."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from catalog.download.keeping import NoGrid
from catalog.errors import BadMedia, Gone, MediaError, Refused, SourceError, Unauthorized, Unavailable
from catalog.reading.rescue import BESIDES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.client.client import Client, Reply
    from catalog.download.keeping import Keeper
    from catalog.reading.files import Unfetched
    from catalog.reading.rescue import Wanted
    from catalog.store import Bytes

State = Literal["present", "failed", "lost", "may_be_lost", "missing"]

_REFUSALS = frozenset({403, 404, 410})  # HTTP statuses that say: not this, and not later


class Fetched(NamedTuple):
    """What became of a file of a job: its bytes, or in their place the reason and how bad it is.

    A server does not have to have what is `missing`. What `may_be_lost` is lost unless the server is suspect.
    """

    variant: str
    number: int
    data: Bytes | None = None
    state: State = "present"
    reason: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of a job: of its files, the answer that it was retrieved with, and what came of its `inputs`.

    `refusal` says that its source refuses the key, `silence` that it could not be reached, `breakdown` that nothing can
    be written any more. One that `is_skipped` was not tried, because the download was over.
    """

    job: Wanted
    files: list[Fetched] = field(default_factory=list)
    inputs: list[tuple[Unfetched, Bytes]] = field(default_factory=list)
    reply: Reply | SourceError | None = None
    refusal: SourceError | None = None
    silence: SourceError | None = None
    breakdown: MediaError | None = None
    is_skipped: bool = False

    @property
    def is_over(self) -> bool:
        """Whether no further file of the job can be had in this run."""
        return self.refusal is not None or self.breakdown is not None


class Fetch:
    """Fetches the wanted files of one job; `keeper` brings each into the media folder."""

    def __init__(self, client: Client, job: Wanted, keeper: Keeper) -> None:
        self._client = client
        self._job = job
        self._keeper = keeper
        self._outcome = Outcome(job)
        self._urls = job.urls
        self._is_fresh = False  # whether these addresses are those of an answer to this run

    def run(self) -> Outcome:
        """Fetch what is wanted, the results first."""
        job, outcome = self._job, self._outcome
        if job.urls and not all(map(_is_whole, job.urls)):
            self._retrieve()
        number = 1
        while number <= max(1, len(self._urls)) and not outcome.is_over:
            if number in job.list_missing(job.result, number):
                outcome.files.append(self._fetch_result(number))
            number += 1
        self._learn_shape()
        has_result = all(file.state == "present" for file in outcome.files)
        for variant in BESIDES:
            if has_result and not outcome.is_over and job.list_missing(variant, 1):
                outcome.files.append(self._fetch_beside(variant))
        self._fetch_inputs()
        return outcome

    def _fetch_inputs(self) -> None:
        """What went into the job, as far as its addresses still work; those that do not work are passed over."""
        for given in self._job.inputs:
            if self._outcome.is_over:
                return
            with suppress(SourceError, BadMedia):
                self._outcome.inputs.append((given, self._keeper.keep(self._client, self._job, "reference", given.url)))

    def _learn_shape(self) -> None:
        """Know the shape of the clip, which its spritesheet is judged by."""
        for file in self._outcome.files:
            probe = file.data.probe if file.data and file.number == 1 else None
            if probe and probe.width and probe.height:
                self._job = self._job._replace(shape=(probe.width, probe.height))

    def _retrieve(self) -> None:
        """Ask for the job, once: its answer names addresses that work."""
        job = self._job
        try:
            with self._keeper.asking:
                reply = self._client.retrieve(job.asked_id, known_as=[job.remote_id, *job.names])
        except SourceError as error:
            self._outcome.reply = error
            self._note(error)
            return
        self._outcome.reply = reply
        video = reply.answer.videos[0]
        if video.answered_id is None:
            self._is_fresh = True
            self._urls = tuple(video.output_urls) or self._urls

    def _fetch_result(self, number: int) -> Fetched:
        """A file that the job made; where it is refused, the job is retrieved, and the file asked for again."""
        variant = self._job.result
        while True:
            errors: list[SourceError | BadMedia] = []
            for url in self._addresses(number):
                file = self._keep(variant, number, url, errors)
                if file is not None:
                    return file
            if self._outcome.is_over or self._outcome.reply is not None or not any(map(_is_refusal, errors)):
                return self._judge(variant, number, errors)
            self._retrieve()

    def _keep(self, variant: str, number: int, url: str | None, errors: list[SourceError | BadMedia]) -> Fetched | None:
        """The file at an address; None where it cannot be had there, and why is added to the errors."""
        try:
            return Fetched(variant, number, self._keeper.keep(self._client, self._job, variant, url))
        except (SourceError, BadMedia) as error:
            errors.append(error)
            self._note(error)
            return None
        except MediaError as error:
            self._outcome.breakdown = error
            return Fetched(variant, number, state="failed", reason=str(error))

    def _addresses(self, number: int) -> Iterator[str | None]:
        """Where a file can be: the address that the answer names, then the content path, as None."""
        if number <= len(self._urls):
            yield self._urls[number - 1]
        if number == 1 and self._client.dialect.content_path is not None and not self._outcome.is_over:
            yield None

    def _judge(self, variant: str, number: int, errors: list[SourceError | BadMedia]) -> Fetched:
        """What it means that no address gave the file: lost only where the job, or a fresh address, is refused."""
        reply = self._outcome.reply
        if isinstance(reply, SourceError) and not errors:
            errors = [reply]
        if not errors:
            return Fetched(variant, number, state="failed", reason="the server names no address for it")
        reason = _explain(next((error for error in errors if not _is_refusal(error)), errors[0]))
        if all(map(_is_refusal, errors)) and not self._outcome.is_over:
            if isinstance(reply, Gone):
                state: State = "lost" if self._job.is_gone else "may_be_lost"
                return Fetched(variant, number, state=state, reason=f"the server no longer has the job: {reason}")
            if self._is_fresh:
                return Fetched(variant, number, state="lost", reason=f"refused under a fresh address too: {reason}")
        return Fetched(variant, number, state="failed", reason=reason)

    def _fetch_beside(self, variant: str) -> Fetched:
        """What a server may have besides the clip."""
        errors: list[SourceError | BadMedia] = []
        file = self._keep(variant, 1, None, errors)
        if file is not None:
            return file
        state: State = "missing" if _is_lacking(errors[0]) else "failed"
        return Fetched(variant, 1, state=state, reason=_explain(errors[0]))

    def _note(self, error: SourceError | BadMedia) -> None:
        """Note a failure that is the source's, and not this job's."""
        if isinstance(error, Unauthorized) and error.status not in _REFUSALS:
            self._outcome.refusal = error
        elif isinstance(error, Unavailable):
            self._outcome.silence = error


def _is_whole(url: str) -> bool:
    """Whether an address that is kept is as the server gave it: a signed one has lost its query."""
    return "?" in url or url.endswith("/content")


def _is_refusal(error: SourceError | BadMedia) -> bool:
    return isinstance(error, Unauthorized | Gone | Refused) and error.status in _REFUSALS


def _is_lacking(error: SourceError | BadMedia) -> bool:
    """Whether a server says that it does not have what was asked for, or what it has is of no use."""
    return isinstance(error, NoGrid) or _is_denial(error)


def _is_denial(error: SourceError | BadMedia) -> bool:
    return isinstance(error, Unauthorized | Gone | Refused) and 400 <= (error.status or 0) < 500


def _explain(error: SourceError | BadMedia) -> str:
    return error.reason if isinstance(error, BadMedia) else error.problem
