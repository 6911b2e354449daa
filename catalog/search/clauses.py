"""The clauses of a query, as they are typed, and the query after a click on a value: pure, as the grammar is.

A clause is what must match beside the others: a term, a group in parentheses, or all of a query with OR at its top.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from catalog.errors import QueryError
from catalog.query_reports import Clause
from catalog.search.grammar import list_spans, parse
from catalog.search.query import And, Not, Or, Term, Value, grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.search.query import Node

ONLY, OR, NOT = "only", "or", "not"
WAYS = (ONLY, OR, NOT)
_MISSING = "missing"
_parse = lru_cache(4096)(parse)  # a page refines one query by every value of its facets


@lru_cache(256)
def list_clauses(query: str) -> tuple[Clause, ...]:
    """The clauses of a query in their order; joined by blanks they are the same query. Raises QueryError."""
    return tuple(_read_clause(query[start:end]) for start, end in _list_spans(query))


def drop_clause(query: str, clause: str) -> str:
    """The query without a clause, as it is typed; the query itself where it has none such."""
    texts = [each.text for each in list_clauses(query)]
    if clause in texts:
        texts.remove(clause)
    return " ".join(texts)


def refine(query: str, field: str, value: str | None, way: str = ONLY) -> str:
    """The query after a click on a value of a field: `only` this value, this `or` those it has, or `not` this one.

    `only` takes the place of what the query asks of the field, and takes itself off where it stands there alone; `or`
    and `not` take themselves off too. None stands for having no value. Raises QueryError.
    """
    if way not in WAYS:
        raise QueryError(f"a value is refined by {', '.join(WAYS)}, not by {way!r}")
    clauses = list_clauses(query)
    wanted = _write(field, value)
    if way == NOT:
        excluded = f"-{wanted}"
        kept = [each for each in clauses if not _is(each, wanted) and not _is(each, excluded)]
        is_there = any(_is(each, excluded) for each in clauses)
        return _join([*kept] if is_there else [*kept, excluded])
    if way == ONLY:
        kept = [each for each in clauses if not _is_about(each, field)]
        is_there = len(kept) == len(clauses) - 1 and any(_is(each, wanted) for each in clauses)
        return _join([*kept] if is_there else [*kept, wanted])
    return _join(_with_alternative(clauses, field, value))


def _with_alternative(clauses: Sequence[Clause], field: str, value: str | None) -> list[Clause | str]:
    """The clauses with one more value among those that one of them allows, or without it."""
    wanted = _write(field, value)
    kept: list[Clause | str] = [each for each in clauses if not _is(each, f"-{wanted}")]
    for index, each in enumerate(kept):
        if not isinstance(each, Clause) or each.is_negated or each.field != field:
            continue
        if value is None:
            kept[index] = f"({each.text} OR {wanted})"
            return kept
        values = [one for one in each.values if one != value]
        if len(values) == len(each.values):
            values.append(value)
        kept[index : index + 1] = [_write_values(field, values)] if values else []
        return kept
    return [*kept, wanted]


def _join(parts: Sequence[Clause | str]) -> str:
    """The parts as one query; one that a quotation mark or parenthesis leaves open is closed, or it would take more."""
    texts = [part if isinstance(part, str) else part.text for part in parts]
    return " ".join([*map(_closed, texts[:-1]), *texts[-1:]])


@lru_cache(1024)
def _closed(text: str) -> str:
    """A clause so that another can follow it."""
    tree, follower = _parse(text), Term((Value("x"),), "x")
    if tree is None:
        return ""
    both = f"{text} {follower}"
    is_closed = len(_list_spans(both)) == 2 and _parse(both) == And((*_operands(tree), follower))
    return text if is_closed else grouped(tree)


def _operands(tree: Node | None) -> tuple[Node, ...]:
    return tree.operands if isinstance(tree, And) else (tree,) if tree else ()


def _read_clause(text: str) -> Clause:
    tree = _parse(text)
    operand = tree.operand if isinstance(tree, Not) else tree
    if not isinstance(operand, Term) or operand.name is None:
        return Clause(text)
    return Clause(text, operand.name, tuple(value.text for value in operand.values), isinstance(tree, Not))


def _list_spans(query: str) -> list[tuple[int, int]]:
    """Where the clauses stand: all of it is one where its parts mean something else alone than together."""
    spans, tree = list_spans(query), _parse(query)
    alone = [operand for begin, end in spans for operand in _operands(_parse(query[begin:end]))]
    is_many = not isinstance(tree, Or) and tuple(dict.fromkeys(alone)) == _operands(tree)
    return spans if is_many else [(0, len(query))]


def _is(clause: Clause, text: str) -> bool:
    return _parse(clause.text) == _parse(text)


def _is_about(clause: Clause, field: str) -> bool:
    """Whether the clause asks for values of the field, and for nothing else."""
    if clause.field == _MISSING:
        return not clause.is_negated and clause.values == (field,)
    return clause.field == field and not clause.is_negated


def _write(field: str, value: str | None) -> str:
    return f"{_MISSING}:{field}" if value is None else _write_values(field, [value])


def _write_values(field: str, values: Sequence[str]) -> str:
    return f"{field}:{','.join(_write_value(field, value) for value in values)}"


@lru_cache(4096)
def _write_value(field: str, value: str) -> str:
    """The value as a query asks for it, in quotation marks where it would be read as something else."""
    wanted: Node = Term((Value(value),), field)
    return value if value and _parse(f"{field}:{value}") == wanted else str(Value(value, is_quoted=True))
