"""How a query is read, as the library tells it."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.records import Record


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class QueryPart(Record):
    """A part of a query, and how many videos it matches by itself; what belongs to an operator is one deeper.

    `text` is the term as it was read, or `AND`, `OR`, `NOT`; `ways` say how its videos are found.
    """

    depth: int
    text: str
    videos: int
    ways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Clause(Record):
    """What must match in a query beside its other clauses: its `text` as typed, and what it asks of one field.

    `field` is None where the clause is of words, of a group or of alternatives.
    """

    text: str
    field: str | None = None
    values: tuple[str, ...] = ()
    is_negated: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Refined(Record):
    """The query after a click on a value: `only` this value, this `either` beside those it has, or `without` it."""

    only: str
    either: str
    without: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Suggestion(Record):
    """Another `query` that was perhaps meant: with `new` in the place of its part `old`, or without that part.

    `new` is None where the part is left out. `videos` is how many the other query finds, None where nobody counted.
    """

    query: str
    old: str
    new: str | None = None
    videos: int | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Explanation(Record):
    """How a query was read: its `parts`, the order of its matches, such as `-created_at`, and how many there are.

    `ranked` and `notes` are as for a Page.
    """

    parts: tuple[QueryPart, ...]
    total: int
    sort: str
    ranked: int | None = None
    notes: tuple[str, ...] = ()
