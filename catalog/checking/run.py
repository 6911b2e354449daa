"""One run of `check`: what it works on, and what it has found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.database import DatabaseError
from catalog.errors import CatalogError, SchemaError
from catalog.upkeep_reports import CheckReport, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from catalog.database import Database, Writer
    from catalog.reports import Progress

Fetch = Callable[[Sequence[str]], Mapping[str, str]]  # refs in; those that could not be had again, with the reason

LISTED = 10_000  # faults of one kind that a report names; further ones are counted
FROM_A_BACKUP = "run `catalog restore BACKUP`"


class Part(NamedTuple):
    """The `number`-th of `of` parts of all files, by their hashes: the same files every time."""

    number: int = 1
    of: int = 1

    def holds(self, sha256: str) -> bool:
        """Whether these bytes are in the part."""
        return int(sha256[:8], 16) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass
class Run:
    """What one call of `check` is about, and its findings so far."""

    database: Database
    part: Part | None
    is_repair: bool
    fetch: Fetch | None
    on_progress: Progress
    now: Callable[[], datetime]
    checked: Counter[str] = field(default_factory=Counter)
    _found: Counter[str] = field(default_factory=Counter)
    _repaired: Counter[str] = field(default_factory=Counter)
    _faults: dict[str, list[Fault]] = field(default_factory=dict)
    _notes: dict[str, None] = field(default_factory=dict)

    def add(self, kind: str, reason: str, *, hint: str | None = None, is_repaired: bool = False, **about: Any) -> None:
        """Add a fault; what `about` names are other fields of Fault."""
        self._found[kind] += 1
        self._repaired[kind] += is_repaired
        faults = self._faults.setdefault(kind, [])
        if len(faults) < LISTED:
            faults.append(Fault(kind, reason, hint=None if is_repaired else hint, is_repaired=is_repaired, **about))

    def has_found(self, *kinds: str) -> bool:
        """Whether a fault of one of these kinds was found."""
        return any(self._found[kind] for kind in kinds)

    def note(self, text: str) -> None:
        """Add a remark, once."""
        self._notes[text] = None

    @contextmanager
    def surviving(self) -> Iterator[None]:
        """Go on behind a block that a damaged library ends, with what it says as a fault."""
        try:
            yield
        except SchemaError as error:
            self.add("database", str(error), hint=FROM_A_BACKUP)
        except DatabaseError as error:
            if not self.has_found("schema"):
                raise
            self.note(f"not all could be checked: {error}")

    def write(self, act: Callable[[Writer], object]) -> bool:
        """Do this in a transaction, and return whether the library could be written to; a remark says it if not."""
        try:
            with self.database.write() as connection:
                act(connection)
        except SchemaError:
            raise
        except CatalogError as error:
            self.note(f"{error}; what was found is not kept in the library")
            return False
        return True

    def close(self, seconds: float) -> CheckReport:
        """The report of the run."""
        return CheckReport(
            found={kind: count for kind, count in self._found.items() if count},
            repaired={kind: count for kind, count in self._repaired.items() if count},
            faults=tuple(fault for faults in self._faults.values() for fault in faults),
            checked=dict(self.checked),
            part=str(self.part) if self.part else None,
            notes=tuple(self._notes),
            seconds=round(seconds, 3),
        )
