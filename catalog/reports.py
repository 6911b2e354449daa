"""What journeys and summaries return: families, runs, counts. Dataclasses like those of `records`.

Times are aware datetimes in UTC, lengths and durations are seconds, money is US dollars.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from catalog.credential_reports import CredentialsChecked
from catalog.records import PromptsRead, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from catalog.file_reports import FolderReport
    from catalog.prompts import PromptDiff
    from catalog.records import Video

Progress = Callable[[str, int, int | None, str], None]
"""Called with what is being worked on, how much of it is done, the total (None while it is unknown) and the phase."""


_NO_PROMPTS = PromptsRead(total=0, due=0)
_NO_CHECKS = CredentialsChecked()


@dataclass(frozen=True, slots=True)
class LineageNode(Record):
    """A video in a family tree, or a parent known by its ref alone (`video` is None).

    `relation` is the edge to the node above it; `is_repeat` marks a node whose branches appear elsewhere in the same
    tree: the child of two parents, or a cycle. `origins` are who speaks of that edge: `api`, `request`, `c2pa` (the
    video's credentials), `user`; `evidence` is how the credentials compare with the others, as in EvidenceRow; both are
    empty for a root. `credentials` is the status of the video's credentials, None where they were not checked. `name`
    is that of its file, as `Video.file_name`.
    """

    ref: str
    video: Video | None
    relation: str | None = None
    depth: int = 0
    is_repeat: bool = False
    children: tuple[LineageNode, ...] = ()
    origins: tuple[str, ...] = ()
    evidence: str | None = None
    credentials: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Lineage(Record):
    """Where a video comes from and what was made from it.

    `ancestors` are nearest first; `roots` are the family as trees, from each oldest known or dangling ancestor down.
    Both have no more of it than was asked for; the numbers count all: what is above `ref`, the videos below it, and
    the `members` of the whole family.
    """

    ref: str
    ancestors: tuple[LineageNode, ...]
    roots: tuple[LineageNode, ...]
    ancestor_count: int
    descendants: int
    members: int


@dataclass(frozen=True, slots=True)
class FamilyExport(Record):
    """What an export of a family holds: `members` and `edges`, parents that the library does not have included.

    `total` counts the members of the whole family.
    """

    ref: str
    form: str
    members: int
    edges: int
    total: int


@dataclass(frozen=True, slots=True)
class Generation(Record):
    """One step of a family: how the prompt of `ref` differs from that of `parent`."""

    ref: str
    parent: str
    relation: str
    change: PromptDiff


@dataclass(frozen=True, slots=True)
class Change(Record):
    """One change to one field of a video: a line of the flight recorder."""

    ref: str
    field: str
    old: str | None
    new: str | None
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Edit(Record):
    """One act of the user's that changed something, as the journal keeps it: `catalog undo` takes it back.

    `act` is its verb (`tag untag give delete undelete`), `summary` says it in words. `videos` counts those that it
    changed, and `refs` are the first few of them. `detail` is what it wrote, such as the tags. `undone_at` is None
    while it stands; `superseded_by` is the later edit after which it cannot be redone any more. After an undo or a
    redo, `overtaken` counts what it did not touch, because something else had changed it since. `author` is the user
    of the system who made it, and `via` what it was made through (`shell gallery python`); both are None where that is
    not known, as for edits of earlier versions.
    """

    number: int
    made_at: datetime
    act: str
    summary: str
    videos: int
    refs: tuple[str, ...] = ()
    undone_at: datetime | None = None
    overtaken: int = 0
    detail: str | None = None
    superseded_by: int | None = None
    author: str | None = None
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Edited(Record):
    """What an edit of several videos changed: how many of them, and their refs.

    `unchanged` are the refs of those that were so already. Refs stand in the order in which they were named, those of a
    query newest first. `number` is that of the edit in the journal, None where nothing changed; it stays out of JSON.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"number"})

    count: int
    refs: tuple[str, ...]
    unchanged: tuple[str, ...] = ()
    number: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SyncReport(Record):
    """What one run over one source did; counts are videos, `unfinished` and `expiring` as they stand afterwards.

    `stopped` says why the walk over the list ended; `error` is set when the source failed, and whatever came in before
    that is kept. `missed` maps the ids whose retrieval failed to the reason. `expiring_about` counts those of
    `expiring`, finished videos whose bytes are not held and whose addresses expire within the hour, whose expiry no
    answer named: it is reckoned by what the dialect documents. `expiring_new` counts those of them of which no earlier
    run said so. `is_interrupted` is True for a run that was stopped before its end: the next one completes it.

    `overturned` maps the ids of jobs that had ended and have now ended otherwise to both states (`completed, now
    failed`). `strays` maps ids that were asked for to the reason why the answer is about another job: it was kept
    apart, and nothing of the job asked for changed. `suspicion` says why the source is suspect, None where it is not.

    `seconds` is what the whole call took, which may have been about several sources; `phases` are the seconds of its
    parts: `pages` of this source, `prompts` of reading the new prompts. `costs_changed` is how many costs changed when
    they were estimated again, None where the prices in force were the same; `prompts_left` how many of the prompts read
    had been left by earlier runs; `credentials` are the checks of the files that lay in answers. All are told in the
    first report of a call.
    """

    source: str
    mode: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    unfinished: int = 0
    failed: int = 0
    requests: int = 0
    seconds: float = 0.0
    expiring: int = 0
    expiring_about: int = 0
    expiring_new: int = 0
    stopped: str | None = None
    error: str | None = None
    missed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    is_interrupted: bool = False
    overturned: Mapping[str, str] = field(default_factory=dict)
    strays: Mapping[str, str] = field(default_factory=dict)
    suspicion: str | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    costs_changed: int | None = None
    prompts_left: int = 0
    credentials: CredentialsChecked = _NO_CHECKS

    def __post_init__(self) -> None:
        self._freeze("missed", "overturned", "strays", "phases")


class SyncInterrupted(KeyboardInterrupt):
    """The user stopped a sync: a KeyboardInterrupt that carries the `reports` of the sources up to there."""

    def __init__(self, reports: Iterable[SyncReport]) -> None:
        super().__init__("interrupted")
        self.reports = tuple(reports)


@dataclass(frozen=True, slots=True)
class SourceState(Record):
    """A configured or remembered source and its health: `new ok failing suspect interrupted`, as its last run ended.

    From `retired_at` on, its health is `retired`: nothing asks its server any more.
    """

    name: str
    base_url: str | None
    dialect: str | None
    is_configured: bool
    has_key: bool
    videos: int
    health: str
    message: str | None = None
    cursor: str | None = None
    last_run_at: datetime | None = None
    last_success_at: datetime | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Latency(Record):
    """Queue to completion, in seconds, of the completed videos of one group."""

    model: str | None
    size: str | None
    status: str
    count: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Stats(Record):
    """The library in numbers.

    `by_error` counts failures by error code. `stalled` are the refs of videos unfinished for more than `stalled_after`
    seconds, `expiring` those of finished videos whose addresses expire within the hour, and `expiring_about` those
    among them whose expiry no answer named: it is reckoned by what the dialect documents. `prompts` says how many
    prompts have been read for their facets.
    """

    total: int
    by_status: Mapping[str, int]
    by_model: Mapping[str | None, int]
    by_error: Mapping[str | None, int]
    latency: tuple[Latency, ...]
    stalled: tuple[str, ...]
    expiring: tuple[str, ...]
    stalled_after: float
    expiring_about: tuple[str, ...] = ()
    prompts: PromptsRead = _NO_PROMPTS

    def __post_init__(self) -> None:
        self._freeze("by_status", "by_model", "by_error")


@dataclass(frozen=True, slots=True)
class Refusal(Record):
    """Something that was refused, and why; `place` is its line or number in the file, None for the whole file.

    `field` is set where only this value of a video could not be read: the video was taken, the value is in its `extra`.
    """

    place: int | None
    reason: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class FileReport(Record):
    """What became of one imported file; counts are items of it, so one video may count more than once.

    `form` names the format that the file was read as (`json`, `batch`, `csv` …), empty where it was not read.
    `refusals` counts what was refused whole, `unread` the values that could not be read of videos that were taken;
    `refused` holds the first of both. `waiting` counts Batch requests without an answer so far, `passed_over` what is
    not about videos: lines of a log without JSON, other calls of a recording, lines above a table.
    """

    path: str
    form: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    waiting: int = 0
    refusals: int = 0
    unread: int = 0
    passed_over: int = 0
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport(Record):
    """What one import did, in total and by file.

    In folders and archives, `ignored` counts the files that are not of a format it reads, and `lone_clips` the clips
    that nothing lies beside; `others` and `clips` are the paths of the first of them. `left_out` counts the symbolic
    links that were not followed because they lead out of the folder, `outside` are the first of them. After a dry run,
    the numbers say what would have happened. `seconds` is what the whole call took, and `phases` are the seconds of its
    parts: `files` and `prompts`. `costs_changed`, `prompts_left` and `credentials` are those of a SyncReport. `notes`
    name the first texts that were too long and are kept cut. `folders` say what became of the clips and pictures that
    were found; those that became videos of their own count among the `added`.
    """

    source: str
    files: tuple[FileReport, ...] = ()
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    waiting: int = 0
    refusals: int = 0
    unread: int = 0
    passed_over: int = 0
    ignored: int = 0
    lone_clips: int = 0
    left_out: int = 0
    others: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    seconds: float = 0.0
    is_dry_run: bool = False
    phases: Mapping[str, float] = field(default_factory=dict)
    costs_changed: int | None = None
    prompts_left: int = 0
    credentials: CredentialsChecked = _NO_CHECKS
    notes: tuple[str, ...] = ()
    folders: tuple[FolderReport, ...] = ()

    def __post_init__(self) -> None:
        self._freeze("phases")
