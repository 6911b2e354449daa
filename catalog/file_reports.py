"""What journeys with the bytes of files return. Dataclasses like those of `records`.

Sizes are bytes, durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ArchiveReport(Record):
    """What a run to an archive, or back from archives, did; counts are files, each of different bytes.

    `copied` were sent to `address`, or brought back where it is None, and `bytes` is how many those were; `already`
    were there, and of each of them all was read and compared. `dropped` lie here no longer. `failed` maps
    `REF VARIANT NUMBER` to the reason.
    """

    address: str | None
    copied: int
    already: int
    bytes: int
    dropped: int
    failed: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self._freeze("failed")
