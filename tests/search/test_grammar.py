from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import QueryError
from catalog.search.grammar import MAX_CHARACTERS, MAX_CLAUSES, Clause, parse, write

QUERY_CHARACTERS = st.text(st.one_of(st.sampled_from('ab:-*" =.,<>()\0\n^{}+'), st.characters()), max_size=60)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("neon", Clause("neon")),
        ('"neon street"', Clause("neon street", is_quoted=True)),
        ("neon*", Clause("neon", is_prefix=True)),
        ('"neon str"*', Clause("neon str", is_quoted=True, is_prefix=True)),
        ("-dog", Clause("dog", is_negated=True)),
        ('-"red car"', Clause("red car", is_quoted=True, is_negated=True)),
        ("model:sora-2", Clause("sora-2", "model")),
        ("-model:sora*", Clause("sora", "model", is_prefix=True, is_negated=True)),
        ('model:"a b"', Clause("a b", "model", is_quoted=True)),
        ("seconds:>=8", Clause(">=8", "seconds")),
        ("created:2026-10-05T10:57", Clause("2026-10-05T10:57", "created")),
    ],
)
def test_a_clause_is_read_as_it_is_meant(query: str, expected: Clause) -> None:
    assert parse(query) == (expected,)


@pytest.mark.parametrize(
    "word", ["close-up", "16:9", "it's", "c++", "a(b", "^x", "AND", "status:", "{y}", '5"2', "-", "::"]
)
def test_every_other_character_is_data(word: str) -> None:
    assert parse(word) == (Clause(word),)


def test_a_missing_last_quote_takes_the_rest_as_the_phrase() -> None:
    assert parse('red "neon street') == (Clause("red"), Clause("neon street", is_quoted=True, position=4))


def test_a_doubled_quote_in_a_phrase_is_a_quote() -> None:
    assert parse('"say ""hi"" now"') == (Clause('say "hi" now', is_quoted=True),)


def test_a_nul_parts_words_like_a_blank() -> None:
    assert [clause.text for clause in parse("red\0car")] == ["red", "car"]


def test_a_clause_knows_where_it_began() -> None:
    assert [clause.position for clause in parse("  red  -car")] == [2, 7]


def test_a_query_that_is_too_long_is_refused() -> None:
    parse("x" * MAX_CHARACTERS)
    with pytest.raises(QueryError, match="10,001 characters"):
        parse("x" * (MAX_CHARACTERS + 1))


def test_a_query_of_too_many_terms_is_refused() -> None:
    parse("x " * MAX_CLAUSES)
    with pytest.raises(QueryError, match="more than 500 terms"):
        parse("x " * (MAX_CLAUSES + 1))


@given(QUERY_CHARACTERS)
def test_what_was_parsed_can_be_written_and_parsed_again(query: str) -> None:
    clauses = parse(query)
    again = parse(write(clauses))
    assert [clause._replace(position=0) for clause in again] == [clause._replace(position=0) for clause in clauses]


@given(st.text())
def test_no_value_is_lost_in_quotes(value: str) -> None:
    clean = value.replace("\0", " ").encode("utf-8", "replace").decode()
    assert parse(str(Clause(value, "model", is_quoted=True))) == (Clause(clean, "model", is_quoted=True),)
