"""One job at one moment, and the reference format in which it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from catalog.demo.gateway.jobs import Job, State

Call = Literal["created", "retrieved", "listed"]


@dataclass(frozen=True, slots=True)
class View:
    """A job as it is shown now: under which id, in answer to which call, with which addresses.

    `content_url` needs the key; `addresses` makes one for each output, in order, that does not: signed, or, of an
    inline job, a `data:` URL. `word` is the server's word for the status.
    """

    job: Job
    state: State
    call: Call
    now: int
    id: str
    remixed_from: str | None
    word: str
    content_url: str
    addresses: Callable[[], list[str]]

    def signed_url(self) -> str:
        """The address of the first output."""
        return self.addresses()[0]


Body = dict[str, Any]
Shape = Callable[[View], Body]


def openai(view: View) -> Body:
    """The reference format, and a list of the outputs where the content path alone would not do."""
    shown = reference(view)
    if view.job.names_outputs and view.state.status == "completed":
        shown["output"] = [{"type": view.job.kind, **_output(view, address)} for address in view.addresses()]
    return shown


def _output(view: View, address: str) -> Body:
    if view.job.inline == "b64_json":
        return {"b64_json": address.partition(",")[2]}
    return {"url": address}


def reference(view: View) -> Body:
    """All thirteen keys, nulls included, and the metadata of a server that keeps any."""
    job, state = view.job, view.state
    shown = {
        "id": view.id,
        "object": "video",
        "model": job.model,
        "status": view.word,
        "progress": state.progress,
        "created_at": job.created_at,
        "completed_at": state.completed_at,
        "expires_at": state.expires_at,
        "prompt": job.prompt,
        "size": job.size,
        "seconds": job.shown_seconds,
        "remixed_from_video_id": view.remixed_from,
        "error": state.error._asdict() if state.error else None,
    }
    return {**shown, "metadata": dict(job.metadata)} if job.metadata else shown


def row_number(view: View) -> int:
    """A number for the job, as a database would give it."""
    return int(view.job.id[-7:], 36) % 10_000_000


def without_nulls(body: Body) -> Body:
    """The keys that have a value."""
    return {key: value for key, value in body.items() if value is not None}
