"""The clauses of a query, as they are typed, and the query after a click on a value: pure, as the grammar is.

A clause is what must match beside the others: a term, a group in parentheses, or all of a query with OR at its top.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from catalog.errors import QueryError
from catalog.query_reports import Clause, Refined
from catalog.search.grammar import list_spans, parse
from catalog.search.query import And, Not, Or, Term, Value, grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.search.query import Node

ONLY, OR, NOT = "only", "or", "not"
WAYS = (ONLY, OR, NOT)
_MISSING = "missing"
_KEPT = 64  # queries that have been read
_KEPT_VALUES = 1_000  # that have been written: a page shows most of those that the one before it has shown
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # a value that is written as it is, and needs no reading to be sure


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
    return read_refiner(query).refine(field, value, way)


@lru_cache(_KEPT)
def read_refiner(query: str) -> Refiner:
    """The query, read once for all that a page asks of it; raises QueryError."""
    return Refiner(query)


class Refiner:
    """What `refine` answers for one query, which is read once: a page links to three others for each value it shows."""

    def __init__(self, query: str) -> None:
        self.clauses = list_clauses(query)
        self._trees = {id(each): parse(each.text) for each in self.clauses}
        self._closed: dict[int, str] = {}

    def refine(self, field: str, value: str | None, way: str = ONLY) -> str:
        """The query after a click on a value of a field."""
        wanted, tree = _write(field, value)
        asking = [each for each in self.clauses if each.field in {field, _MISSING}]
        if not asking:
            return f"{self._all}-{wanted}" if way == NOT else f"{self._all}{wanted}"
        same = [each for each in asking if self._trees[id(each)] == tree]
        excluding = [each for each in asking if self._trees[id(each)] == Not(tree)]
        if way == OR:
            return self._join(self._add_alternative(self._without(*excluding), field, value, wanted))
        if way == NOT:
            kept, is_there = self._without(*same, *excluding), bool(excluding)
        else:
            about = [each for each in asking if _is_about(each, field)]
            kept, is_there = self._without(*about), len(about) == 1 and bool(same)
        return self._join(kept if is_there else [*kept, f"-{wanted}" if way == NOT else wanted])

    @cached_property
    def _all(self) -> str:
        """All clauses, so that another can follow them."""
        return "".join(f"{text} " for text in map(self._close, self.clauses) if text)

    def refine_all(self, values: Mapping[str, Iterable[str | None]]) -> dict[str, dict[str | None, Refined]]:
        """The queries after a click on each of the values, by field."""
        return {
            field: {
                value: Refined(*(self.refine(field, value, way) for way in WAYS)) for value in dict.fromkeys(wanted)
            }
            for field, wanted in values.items()
        }

    def _without(self, *clauses: Clause) -> list[Clause | str]:
        return [each for each in self.clauses if not any(each is other for other in clauses)]

    def _add_alternative(
        self, kept: list[Clause | str], field: str, value: str | None, wanted: str
    ) -> list[Clause | str]:
        """The clauses with one more value among those that one of them allows, or without it."""
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

    def _join(self, parts: Sequence[Clause | str]) -> str:
        """The parts as one query; one that a quotation mark leaves open is closed, or it would take more."""
        return " ".join([*map(self._close, parts[:-1]), *(_text(part) for part in parts[-1:])])

    def _close(self, part: Clause | str) -> str:
        if isinstance(part, str):
            return _closed(part)
        if id(part) not in self._closed:
            self._closed[id(part)] = _closed(part.text)
        return self._closed[id(part)]


def close(query: str) -> str:
    """The query, written so that `narrow` can put more clauses after it; raises QueryError."""
    return " ".join(_closed(each.text) for each in list_clauses(query))


def narrow(closed: str, *clauses: str) -> str:
    """What matches a closed query and these clauses too."""
    return " ".join([closed, *clauses]).strip()


def write_clause(field: str, value: str | None, *, is_exact: bool = False) -> str:
    """The clause that asks for a value of a field, with `is_exact` for no narrower one; None stands for no value."""
    if value is None or not is_exact:
        return _write(field, value)[0]
    return str(Term((Value(value, is_quoted=True),), field, is_exact=True))


def _text(part: Clause | str) -> str:
    return part if isinstance(part, str) else part.text


def _closed(text: str) -> str:
    """A clause so that another can follow it."""
    tree, follower = parse(text), Term((Value("x"),), "x")
    if tree is None:
        return ""
    both = f"{text} {follower}"
    is_closed = len(_list_spans(both)) == 2 and parse(both) == And((*_operands(tree), follower))
    return text if is_closed else grouped(tree)


def _operands(tree: Node | None) -> tuple[Node, ...]:
    return tree.operands if isinstance(tree, And) else (tree,) if tree else ()


def _read_clause(text: str) -> Clause:
    tree = parse(text)
    operand = tree.operand if isinstance(tree, Not) else tree
    if not isinstance(operand, Term) or operand.name is None:
        return Clause(text)
    return Clause(text, operand.name, tuple(value.text for value in operand.values), isinstance(tree, Not))


def _list_spans(query: str) -> list[tuple[int, int]]:
    """Where the clauses stand: all of it is one where its parts mean something else alone than together."""
    spans, tree = list_spans(query), parse(query)
    alone = [operand for begin, end in spans for operand in _operands(parse(query[begin:end]))]
    is_many = not isinstance(tree, Or) and tuple(dict.fromkeys(alone)) == _operands(tree)
    return spans if is_many else [(0, len(query))]


def _is_about(clause: Clause, field: str) -> bool:
    """Whether the clause asks for values of the field, and for nothing else."""
    if clause.field == _MISSING:
        return not clause.is_negated and clause.values == (field,)
    return clause.field == field and not clause.is_negated


@lru_cache(_KEPT_VALUES)
def _write(field: str, value: str | None) -> tuple[str, Node]:
    """What asks for a value of the field, as text and as a tree."""
    if value is None:
        return f"{_MISSING}:{field}", Term((Value(field),), _MISSING)
    if _PLAIN.fullmatch(value):
        return f"{field}:{value}", Term((Value(value),), field)
    text = _write_values(field, [value])
    tree = parse(text)
    return text, tree or Term((Value(value),), field)


def _write_values(field: str, values: Sequence[str]) -> str:
    return f"{field}:{','.join(_write_value(field, value) for value in values)}"


def _write_value(field: str, value: str) -> str:
    """The value as a query asks for it, in quotation marks where it would be read as something else."""
    if _PLAIN.fullmatch(value):
        return value
    wanted: Node = Term((Value(value),), field)
    return value if value and parse(f"{field}:{value}") == wanted else str(Value(value, is_quoted=True))
