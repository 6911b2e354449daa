"""Which other query was perhaps meant: by one with a misspelt field, or by one that finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.query_reports import Suggestion
from catalog.reading.names import has_videos
from catalog.search.bits import Bits
from catalog.search.clauses import drop_clause, list_clauses
from catalog.search.fields import Fields, find_similar
from catalog.search.grammar import parse
from catalog.search.nothing import find_near
from catalog.search.plan import make_plan
from catalog.search.query import Term, Value, list_terms
from catalog.search.remarks import list_near_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from catalog.database import Reader

_CLAUSES = 10  # of a query that finds nothing, each of which is left out once


def suggest(connection: Reader, query: str, *, now: datetime) -> tuple[Suggestion, ...]:
    """Other spellings of fields that do not exist and, of a query that finds nothing, what it finds in part."""
    fields, bits = Fields(connection), Bits(connection)

    def count(text: str) -> int:
        return len(make_plan(parse(text), connection, fields, now=now).find(bits))

    suggestions = list(_list_spellings(query, fields))
    if query.strip() and has_videos(connection) and not count(query):
        suggestions += _list_values(connection, query, fields)
        suggestions += _list_words(connection, query, fields, count)
        suggestions += _list_shorter(query, count)
    return tuple(suggestions)


def _list_spellings(query: str, fields: Fields) -> Iterator[Suggestion]:
    """The query with the nearest field in the place of each that does not exist."""
    for term, _ in list_terms(parse(query)):
        if term.name is None or fields.find(term.name):
            continue
        similar = find_similar(term.name.replace("-", "_"), fields.list_names())
        start = query.find(f"{term.name}:", term.position)
        if similar and start >= 0:
            old, new = f"{term.name}:", f"{similar}:"
            yield Suggestion(f"{query[:start]}{new}{query[start + len(old) :]}", old, new)


def _list_values(connection: Reader, query: str, fields: Fields) -> Iterator[Suggestion]:
    """The query with the nearest value in the place of each that no video has."""
    wanted = [term for term, is_negated in list_terms(parse(query)) if not is_negated][:_CLAUSES]
    for term, _, value, nearest in list_near_values(connection, wanted, fields):
        start = query.find(value, term.position)
        if start >= 0:
            new = nearest if nearest.replace("-", "").isalnum() else str(Value(nearest, is_quoted=True))
            yield Suggestion(f"{query[:start]}{new}{query[start + len(value) :]}", value, new)


def _list_words(connection: Reader, query: str, fields: Fields, count: Callable[[str], int]) -> Iterator[Suggestion]:
    """The query with the nearest word in the place of each that no video has."""
    clauses = list_clauses(query)
    for number, clause in enumerate(clauses[:_CLAUSES]):
        tree = parse(clause.text)
        if tree is None or not isinstance(tree, Term) or tree.name is not None or count(clause.text):
            continue
        if near := find_near(connection, tree, fields):
            texts = [each.text for each in clauses]
            texts[number] = near
            yield Suggestion(" ".join(texts), clause.text, near)


def _list_shorter(query: str, count: Callable[[str], int]) -> Iterator[Suggestion]:
    """The query without each of its clauses, where it finds something then."""
    clauses = list_clauses(query)
    for clause in clauses[:_CLAUSES] if len(clauses) > 1 else ():
        shorter = drop_clause(query, clause.text)
        if videos := count(shorter):
            yield Suggestion(shorter, clause.text, None, videos)
