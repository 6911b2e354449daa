"""What became of answers that were kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(slots=True)
class Saved:
    """What became of the videos of a batch, by remote id.

    `overturned` holds those that had ended and have now ended otherwise, with both states; `strays` holds, for ids that
    were asked for, why the answer is taken for one about another job; `cuts` says of which videos what was too long,
    `remarks` of which what lay inside their answers could not be kept.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    overturned: dict[str, tuple[str, str]] = field(default_factory=dict)
    strays: dict[str, str] = field(default_factory=dict)
    cuts: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __iadd__(self, other: Saved) -> Saved:
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.overturned |= other.overturned
        self.strays |= other.strays
        self.cuts += other.cuts
        self.remarks += other.remarks
        return self

    def settle(self, changed: Collection[str], overturned: Mapping[str, tuple[str, str]]) -> None:
        """Count the videos that came with these ids, which a fold in the end has changed, once as changed."""
        for name in set(self.unchanged).intersection(changed):
            self.unchanged.remove(name)
            self.changed.append(name)
            if name in overturned:
                self.overturned[name] = overturned[name]
