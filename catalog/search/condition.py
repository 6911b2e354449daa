"""A condition that a term sets on videos, as SQL, and what such conditions are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.search.facets import escape
from catalog.search.query import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from catalog.database import Reader
    from catalog.search.fields import Fields


class Setting(NamedTuple):
    """Where and when a query is asked: the library, its fields, and the time that `-7d` counts from.

    `notes` collects remarks for the author of the query.
    """

    connection: Reader
    fields: Fields
    now: datetime
    notes: list[str]


class Condition(NamedTuple):
    """SQL and the values of its question marks: a test on a row of `videos`, or the SELECT of a set of `id`s.

    With `takes_roots` it holds for the videos without a parent too, which the SQL leaves out.
    """

    sql: str
    values: list[Any]
    is_set: bool = False
    takes_roots: bool = False


class Unreadable(Exception):
    """A value that its field cannot have: the term is searched as text, with the message as a remark."""


def contains(column: str, text: str) -> Condition:
    """The condition that a column contains this text, without regard to ASCII case."""
    return Condition(f"{column} LIKE ? ESCAPE '\\'", [f"%{escape(text)}%"])


def any_of(conditions: Iterable[Condition]) -> Condition:
    """The test that one of these tests holds."""
    alternatives = list(conditions)
    if len(alternatives) == 1:
        return alternatives[0]
    sql = " OR ".join(f"({alternative.sql})" for alternative in alternatives)
    return Condition(sql, [value for alternative in alternatives for value in alternative.values])


def is_one_of(column: str, texts: Iterable[str]) -> Condition:
    """The test that a column is one of these texts."""
    values = list(texts)
    return Condition(f"{column} IN ({', '.join('?' * len(values))})", values)


def negated(test: Condition) -> Condition:
    """The test that another does not hold."""
    return Condition(f"({test.sql}) IS NOT TRUE", test.values)


def with_text(value: Value, text: str) -> Value:
    """The value with another text."""
    return Value(text, value.is_quoted, value.is_prefix)


def equals(column: str, values: Sequence[Value]) -> Condition:
    """The column is one of the values or begins with one that is a beginning, without regard to ASCII case."""
    whole = [value.text for value in values if not value.is_prefix]
    tests = [
        Condition(f"{column} LIKE ? ESCAPE '\\'", [f"{escape(value.text)}%"]) for value in values if value.is_prefix
    ]
    if whole:
        tests.insert(0, Condition(f"{column} COLLATE NOCASE IN ({', '.join('?' * len(whole))})", list(whole)))
    return any_of(tests)


def all_of(conditions: Sequence[Condition]) -> Condition:
    """The test that all of these hold."""
    sql = " AND ".join(f"({test.sql})" for test in conditions)
    return Condition(sql, [value for test in conditions for value in test.values])
