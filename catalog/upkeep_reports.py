"""What those verbs answer with that look after a library: records like those of `reports`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from catalog.cost_reports import CostSum
from catalog.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from catalog.file_reports import MarksRead, PicturesMade

_NO_COST = CostSum()


@dataclass(frozen=True, slots=True)
class Fault(Record):
    """One thing that a check found, with the reason, and what can be done about it (`hint`), unless it was repaired.

    `kind` is `schema`, `database` (what SQLite finds), `keys`, `rows`, `fts`, `bitmaps` or `stacks` for the library;
    `missing`, `offline` or `damaged` for a file of the video `ref`; `orphan` or `leftover` for what else lies in the
    media folder.
    """

    kind: str
    reason: str
    ref: str | None = None
    variant: str | None = None
    number: int | None = None
    path: str | None = None
    is_repaired: bool = False
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class CheckReport(Record):
    """What a check found: how many of each kind, and how many of these it repaired.

    `faults` are the first 10,000 of each kind. `checked` counts what was looked at: `rows` folded again, `files` looked
    for, `read` to their end, and the `bytes` of those. `part` is the part of the files that was read, as "2/7".
    `is_sound` says that nothing is left to repair. `notes` are remarks about what is not a fault.
    """

    COMPUTED: ClassVar[tuple[str, ...]] = ("is_sound",)

    found: Mapping[str, int]
    repaired: Mapping[str, int]
    faults: tuple[Fault, ...] = ()
    checked: Mapping[str, int] = field(default_factory=dict)
    part: str | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self._freeze("found", "repaired", "checked")

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found, or all of it was repaired."""
        return dict(self.found) == dict(self.repaired)


@dataclass(frozen=True, slots=True)
class LostVideo(Record):
    """A video whose bytes are lost with its source, and what it cost, in US dollars."""

    ref: str
    status: str
    cost_usd: float | None = None
    cost_basis: str = "unknown"


@dataclass(frozen=True, slots=True)
class Retirement(Record):
    """A source that was retired, or came back (`retired_at` is None), and what that means for its videos.

    `lost` are the first 10,000 of `count` videos without bytes, newest first, `cost` is what all of them cost. Before
    the day has come they can still be downloaded, and nothing is marked: `is_due` is False. `brought_back` counts files
    that are not lost any more.
    """

    source: str
    retired_at: datetime | None
    is_due: bool = True
    count: int = 0
    cost: CostSum = _NO_COST
    lost: tuple[LostVideo, ...] = ()
    brought_back: int = 0


@dataclass(frozen=True, slots=True)
class MediaCopy(Record):
    """What became of the media of a library that was backed up or restored.

    `folder` is the media folder that has them now. `files` counts those of the library, `copied` those that were not
    there and are now, with their `bytes`; `faults` are the first 10,000 of `failed` that could not be taken along.
    `outside` counts those that lie in folders of yours alone, and `left` those of these that were left out.
    """

    folder: Path
    files: int = 0
    copied: int = 0
    bytes: int = 0
    failed: int = 0
    faults: tuple[Fault, ...] = ()
    outside: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Reindexed(Record):
    """What was rebuilt: `rebuilt` names it (`rows fts bitmaps facets costs pictures marks`), None counts what was not.

    `costs_changed` is how many estimates changed, `prompts_read` how many prompts were read. `prices_changed` says that
    the prices in force were not those of the estimates, `cleaned` from how many rows a known secret was cut.
    """

    rebuilt: tuple[str, ...]
    costs_changed: int | None = None
    prompts_read: int | None = None
    prices_changed: bool = False
    cleaned: int = 0
    pictures: PicturesMade | None = None
    marks: MarksRead | None = None
    seconds: float = 0.0
    phases: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._freeze("phases")


@dataclass(frozen=True, slots=True)
class Migration(Record):
    """What became of an old library: its schema before and after, and the backup made first.

    `backup` is None where there was nothing to do.
    """

    before: str
    after: str
    backup: Path | None = None
