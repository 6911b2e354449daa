"""What journeys with the bytes of files return. Dataclasses like those of `records`.

Sizes are bytes, durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog.credential_reports import CredentialsChecked
from catalog.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.reports import ImportReport

_NO_CHECKS = CredentialsChecked()


@dataclass(frozen=True, slots=True)
class PicturesMade(Record):
    """How many pictures were `made`; of how many files none can be; how many wait until PyAV is installed."""

    made: int = 0
    failed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class PicturesDue(Record):
    """How many `thumbnails` are still to be made; `waiting` of these, of clips, wait until PyAV is installed."""

    thumbnails: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class MarksRead(Record):
    """Of how many `files` it was read now what they say of themselves, and how many could not be read and stay due."""

    files: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class ArchiveReport(Record):
    """What a run to an archive, or back from archives, did; counts are files, each of different bytes.

    `copied` were sent to `address`, or brought back where it is None, and `bytes` is how many those were; `already`
    were there, and of each of them all was read and compared. `dropped` lie here no longer; `stayed` lie in folders of
    yours, where nothing is removed. `failed` maps `REF VARIANT NUMBER` to the reason.
    """

    address: str | None
    copied: int
    already: int
    bytes: int
    dropped: int
    failed: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    stayed: int = 0

    def __post_init__(self) -> None:
        self._freeze("failed")


@dataclass(frozen=True, slots=True)
class Unkept(Record):
    """A file that a download could not get: `failed`, to be tried again by the next run, or `lost` for good.

    `cost_usd` is what its job cost, None where that is unknown.
    """

    ref: str
    variant: str
    number: int
    reason: str
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class DownloadReport(Record):
    """What one download did: `files` that came, `bytes` of them, what could not be had, and `left`, jobs not tried.

    `lost_usd` is what the jobs with lost files cost, as far as that is known, None where nothing was lost or none of it
    is known. `errors` maps sources to why they could not be asked, `error` says what ended the whole: nothing more
    could be written. `missing` counts thumbnails and spritesheets that servers did not have, or that are of no use.
    `requests` are HTTP requests; `pictures` are the thumbnails made of what came without one, `credentials` the checks
    of the Content Credentials of what came, and of what earlier runs left unchecked.
    """

    files: int = 0
    bytes: int = 0
    failed: tuple[Unkept, ...] = ()
    lost: tuple[Unkept, ...] = ()
    lost_usd: float | None = None
    missing: int = 0
    left: int = 0
    requests: int = 0
    seconds: float = 0.0
    error: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    pictures: PicturesMade = PicturesMade()
    credentials: CredentialsChecked = _NO_CHECKS

    def __post_init__(self) -> None:
        self._freeze("errors")


class DownloadInterrupted(KeyboardInterrupt):
    """The user stopped a download: a KeyboardInterrupt that carries its `report` up to there."""

    def __init__(self, report: DownloadReport) -> None:
        super().__init__("interrupted")
        self.report = report


@dataclass(frozen=True, slots=True)
class Rescue(Record):
    """A job in the queue of a download: which files are wanted of it, and how long its addresses work.

    `seconds_left` is None where nobody says until when, and below 0 where they have expired: then only an answer that
    names new ones helps. `is_about` says that the time is reckoned. `bytes` is about how much there is to fetch, and
    `is_late` whether it will come too late when all is fetched in this order.
    """

    ref: str
    files: tuple[str, ...]
    expires_at: datetime | None = None
    is_about: bool = False
    seconds_left: float | None = None
    bytes: int = 0
    is_late: bool = False
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class RescueQueue(Record):
    """The queue of a download, worst first, and about what it takes: `bytes` and `seconds` for `files` of `videos`.

    `late` counts the jobs that will not make it, `expired` those among them whose addresses do not work any more.
    `rate` is the bytes a second that this reckons with. `jobs` are the first of them.
    """

    videos: int
    files: int
    bytes: int
    seconds: float
    rate: float
    late: int = 0
    expired: int = 0
    late_usd: float | None = None
    jobs: tuple[Rescue, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderReport(Record):
    """What one scan of a folder of clips and pictures did, which stay where they lie.

    `state` is `online`, or `offline` with the `reason`: then nothing was read and nothing is marked. `files` counts the
    clips and pictures that were seen. Of those that are new, `made` became videos of their own, `joined` went to jobs,
    and `copies` are further places of bytes that are known; `moved` were renamed or moved. `missing` were not found for
    the second time, `missed` for the first. `damaged` names those that play, and have bytes behind their last box.
    `growing` counts those that are not finished, `unfinished` says of the first of them why. `skipped` counts what was
    passed over, by reason, and `examples` are paths of each; `unread` are folders that could not be read, with the
    reason. `refs` are the first of the videos that were made or have a new file.
    """

    path: str
    state: str = "online"
    reason: str | None = None
    files: int = 0
    made: int = 0
    joined: int = 0
    copies: int = 0
    moved: int = 0
    missing: int = 0
    missed: int = 0
    growing: int = 0
    damaged: Mapping[str, str] = field(default_factory=dict)
    unfinished: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    refs: tuple[str, ...] = ()
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self._freeze("damaged", "unfinished", "skipped", "examples", "unread")

    @property
    def taken(self) -> int:
        """How many files were taken in."""
        return self.made + self.joined + self.copies


@dataclass(frozen=True, slots=True)
class WatchReport(Record):
    """What one scan of watched folders did: each folder, and the answers that were read in them.

    `unread` counts the answers that were left alone because no source was named that they belong to, `notes` are
    remarks for a person, `credentials` what the checks of new files have found.
    """

    folders: tuple[FolderReport, ...] = ()
    answers: tuple[ImportReport, ...] = ()
    unread: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    credentials: CredentialsChecked = _NO_CHECKS

    @property
    def offline(self) -> tuple[FolderReport, ...]:
        """The folders that could not be scanned."""
        return tuple(folder for folder in self.folders if folder.state == "offline")


@dataclass(frozen=True, slots=True)
class WatchedFolder(Record):
    """A folder whose clips and pictures were taken in.

    `state` and `reason` are as a FolderReport's, `files` counts what should lie in it, `growing` what is not finished.
    `is_watched` is false for one that was imported and never watched. `scanned_at` is when it was last scanned to its
    end.
    """

    path: str
    state: str
    reason: str | None = None
    files: int = 0
    growing: int = 0
    source: str | None = None
    is_watched: bool = False
    scanned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GrowingFile(Record):
    """A file that is not finished: why, and since when it is known."""

    path: str
    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class WatchStatus(Record):
    """The folders of clips and pictures, and the first of the files that are growing in them."""

    folders: tuple[WatchedFolder, ...] = ()
    growing: tuple[GrowingFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal(Record):
    """A video that is known by its file alone, and the job that this may be of.

    `confidence` is from 0 to 1, and 1 where the job has the same bytes, or is named by the file: in its name, by an id
    in it, or by its credentials. `reasons` say what speaks for it. `path` is where the file lies, `prompt` the job's.
    """

    ref: str
    job: str
    confidence: float
    reasons: tuple[str, ...] = ()
    path: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class AdoptReport(Record):
    """Which files were given to jobs, in one edit, and which are only proposed, the surest first."""

    adopted: tuple[Proposal, ...] = ()
    proposed: tuple[Proposal, ...] = ()
