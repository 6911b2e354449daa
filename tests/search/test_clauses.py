"""The clauses of a query, and the query after a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import QueryError
from catalog.search.clauses import drop_clause, list_clauses, refine
from catalog.search.grammar import parse
from catalog.search.query import And

if TYPE_CHECKING:
    from catalog.search.query import Node

TEXTS = st.lists(
    st.sampled_from(
        [*'ab"():,-*= ', "model:", "model:a", "NOT ", " OR ", " AND ", '"x y"', "（", "）", "「", "」", " b "]
    )
).map("".join)


@pytest.mark.parametrize(
    ("query", "clauses"),
    [
        ("neon street model:a", ["neon", "street", "model:a"]),
        ("neon OR b c", ["neon OR b c"]),
        ("(a OR b)  -(c d) NOT status:failed", ["(a OR b)", "-(c d)", "NOT status:failed"]),
        ('"open', ['"open']),
        ("neon (a b", ["neon", "(a b"]),
        ("x AND y", ["x", "y"]),
        ('model:"a b",c -dog', ['model:"a b",c', "-dog"]),
        ("", []),
        ("  ", []),
        (")", []),
    ],
)
def test_a_query_has_clauses_as_typed(query: str, clauses: list[str]) -> None:
    assert [clause.text for clause in list_clauses(query)] == clauses


@settings(deadline=None)
@given(TEXTS)
def test_clauses_joined_are_the_query(query: str) -> None:
    assert parse(" ".join(clause.text for clause in list_clauses(query))) == parse(query)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(["a", "x y", 'q"uote', "a,b", "*", "=", "(", None]), st.sampled_from(["only", "not"]))
def test_a_click_adds_one_clause_and_keeps_what_the_query_says(query: str, value: str | None, way: str) -> None:
    refined = refine(query, "mood", value, way)  # a field that none of the queries names
    tree, [*_, last] = parse(refined), list_clauses(refined)
    assert last.is_negated == (way == "not")
    assert last.field == ("mood" if value is not None else "missing")
    assert last.values == ((value,) if value is not None else ("mood",))
    before = parse(query)
    if before is not None:
        assert tree == And((*_operands(before), parse(last.text)))
    assert parse(refine(refined, "mood", value, way)) == before


def _operands(tree: Node) -> tuple[Node, ...]:
    return tree.operands if isinstance(tree, And) else (tree,)


@pytest.mark.parametrize(
    ("query", "value", "way", "refined"),
    [
        ("neon model:a", "b", "only", "neon model:b"),
        ("neon model:a,b", "b", "only", "neon model:b"),
        ("model:b neon", "b", "only", "neon"),
        ("model:a model:b", "b", "only", "model:b"),
        ("neon model:a", "b", "or", "neon model:a,b"),
        ("model:a,b neon", "b", "or", "model:a neon"),
        ("model:a", "a", "or", ""),
        ("model:a", None, "or", "(model:a OR missing:model)"),
        ("missing:model", "b", "only", "model:b"),
        ("neon", "x y", "only", 'neon model:"x y"'),
        ("neon -model:b", "b", "only", "neon -model:b model:b"),
        ("neon -model:b", "b", "or", "neon model:b"),
        ("neon model:b", "b", "not", "neon -model:b"),
        ("neon -model:b", "b", "not", "neon"),
        ("a OR b", "c", "only", "(a OR b) model:c"),
        ('"open', "c", "only", '"open" model:c'),
        ("(a OR b", "c", "only", "(a OR b) model:c"),
    ],
)
def test_a_click_on_a_value(query: str, value: str | None, way: str, refined: str) -> None:
    assert refine(query, "model", value, way) == refined


def test_a_clause_is_dropped_once() -> None:
    assert drop_clause("neon model:a neon", "neon") == "model:a neon"
    assert drop_clause("neon model:a", "status:failed") == "neon model:a"


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(QueryError, match="refined by only, or, not"):
        refine("", "model", "a", "xor")


def test_a_query_that_is_too_long_is_refused() -> None:
    with pytest.raises(QueryError, match="characters"):
        list_clauses("a" * 10_001)
