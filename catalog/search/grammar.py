"""The query language: text in, clauses out. Pure; it knows neither fields nor tables nor SQL.

A query is a row of clauses, all of which must hold::

    neon street             two words
    "neon street"           a phrase; a quote inside is doubled; a missing last quote is forgiven
    neon*                   words that begin so; "neon str"* does the same with a phrase
    model:sora-2            a field and its value; model:"a b" with blanks in it; model:sora* for a beginning
    -dog -"red car" -status:failed      what must not hold

Every other character is data: a text is never a syntax error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_CHARACTERS = 10_000
MAX_CLAUSES = 500

# Every character but a blank begins a clause, so whatever `finditer` passes over is blank.
_CLAUSE = re.compile(
    r"""
    (?P<minus>-)?
    (?:(?P<name>[A-Za-z][A-Za-z0-9_-]*):)?
    (?: "(?P<quoted>(?:[^"]|"")*)(?:"|\Z)(?P<star>\*)?
      | (?P<bare>[^\s"]\S*) )
    """,
    re.VERBOSE,
)


class Clause(NamedTuple):
    """One condition as it was written: `name` is None for words, and is not checked to be a field.

    `text` lacks the quotes, the minus and the last `*`; `position` is where the clause begins in the query.
    """

    text: str
    name: str | None = None
    is_quoted: bool = False
    is_prefix: bool = False
    is_negated: bool = False
    position: int = 0

    @property
    def content(self) -> str:
        """Name and value together: the text to search for where the name is not a field."""
        return self.text if self.name is None else f"{self.name}:{self.text}"

    def __str__(self) -> str:
        """The clause in the query language."""
        minus = "-" if self.is_negated else ""
        name = "" if self.name is None else f"{self.name}:"
        value = '"' + self.text.replace('"', '""') + '"' if self.is_quoted else self.text
        star = "*" if self.is_prefix else ""
        return f"{minus}{name}{value}{star}"


def parse(query: str) -> tuple[Clause, ...]:
    """The clauses of a query, in order; raises QueryError only for too many clauses or characters."""
    if len(query) > MAX_CHARACTERS:
        raise QueryError(f"the query has {len(query):,} characters, more than {MAX_CHARACTERS:,}: shorten it")
    clauses = []
    for match in _CLAUSE.finditer(_storable(query)):
        clauses.append(_read(match))
        if len(clauses) > MAX_CLAUSES:
            raise QueryError(f"the query has more than {MAX_CLAUSES} terms: leave some out", position=match.start())
    return tuple(clauses)


def write(clauses: Iterable[Clause]) -> str:
    """The clauses as a query that parses to them again."""
    return " ".join(map(str, clauses))


def _read(match: re.Match[str]) -> Clause:
    quoted, bare = match["quoted"], match["bare"]
    is_quoted = quoted is not None
    text = quoted.replace('""', '"') if is_quoted else bare
    is_prefix = bool(match["star"]) if is_quoted else bare.endswith("*")
    if is_prefix and not is_quoted:
        text = text[:-1]
    return Clause(text, match["name"], is_quoted, is_prefix, bool(match["minus"]), match.start())


def _storable(text: str) -> str:
    """The text as UTF-8 can hold it, with a blank for NUL, which ends a text in C; offsets stay."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
