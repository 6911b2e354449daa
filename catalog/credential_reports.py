"""What journeys with Content Credentials return. Dataclasses like those of `records`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from catalog.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.provenance import Check


@dataclass(frozen=True, slots=True)
class CredentialsChecked(Record):
    """How many files were `checked`, bytes that several share once, and with which status: `by_status` counts them.

    `moved` counts those with another status than at the check before, `damaged` those whose bytes are not what they
    were. `offline` are files whose folder could not be reached, `waiting` those that are still to be checked. `adopted`
    are files without a job of which it is certain now whose they are, and which were given to their jobs. `reason` says
    why nothing could be checked, None where it could.
    """

    checked: int = 0
    by_status: Mapping[str, int] = field(default_factory=dict)
    moved: int = 0
    damaged: int = 0
    offline: int = 0
    waiting: int = 0
    reason: str | None = None
    seconds: float = 0.0
    adopted: int = 0

    def __post_init__(self) -> None:
        self._freeze("by_status")


@dataclass(frozen=True, slots=True)
class PastCheck(Record):
    """One check of the history of a file; `moved` says why its status is another than that of the one before.

    `lists` are the names of the trust lists that it was made with, `sha256` is of the bytes that were checked.
    """

    checked_at: datetime
    status: str
    words: str
    sha256: str | None = None
    lists: tuple[str, ...] = ()
    reader: str | None = None
    moved: str | None = None


@dataclass(frozen=True, slots=True)
class FileProvenance(Record):
    """The Content Credentials of one file: its newest check, None where there was none, and all of them, oldest first.

    `seen_at` is when credentials were last seen in a file that has none any more. `path` is where the bytes lie.
    """

    COMPUTED: ClassVar[tuple[str, ...]] = ("status", "words")

    variant: str | None
    number: int
    sha256: str | None
    path: str | None = None
    check: Check | None = None
    history: tuple[PastCheck, ...] = ()
    seen_at: datetime | None = None

    @property
    def status(self) -> str | None:
        """The status of the newest check."""
        return None if self.check is None else self.check.status

    @property
    def words(self) -> str:
        """The status for people."""
        return "not checked yet" if self.check is None else self.check.words


@dataclass(frozen=True, slots=True)
class Provenance(Record):
    """The Content Credentials of the files of a video; of a file that was named itself, `ref` is None.

    `twins` are the refs of the videos that have a file with its bytes.
    """

    ref: str | None
    files: tuple[FileProvenance, ...]
    twins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustListEntry(Record):
    """A trust list of the library: how many certificates of `signers` and of authorities of time-stamps it holds.

    `source` is the file or the address that it came from. `issued` and `next_update` are dates, where it has them, and
    `is_overdue` says that the latter is past. `is_frozen` says that it takes in nobody new. What has just been done to
    it is its `outcome`: `added`, `renewed`, `unchanged`, `removed`; `repeated` counts the certificates that stood in
    the file once more.
    """

    name: str
    uri: str
    source: str | None
    sha256: str
    signers: int
    time_stampers: int
    issued: str | None = None
    next_update: str | None = None
    is_overdue: bool = False
    is_frozen: bool = False
    added_at: datetime | None = None
    repeated: int = 0
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class TrustUpdate(Record):
    """The trust lists that were fetched, each with its `outcome`; `failed` maps addresses to why they gave none."""

    lists: tuple[TrustListEntry, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._freeze("failed")
