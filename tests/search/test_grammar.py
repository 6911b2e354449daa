from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import QueryError
from catalog.search.grammar import MAX_CHARACTERS, MAX_VALUES, parse
from catalog.search.query import And, Not, Or, Term, Value, list_terms

PIECES = st.sampled_from(
    [
        *("a", "b", "OR", "AND", "NOT", "(", ")", "（", "）", "-", "--", '"', "“", "「", "」", " ", "\u3000", "\0"),
        *("model:", "：", ":=", ",", "*", "close(up)", ">=8", "..", "x:y"),
    ]
)
ANY_TEXT = st.text(max_size=60) | st.lists(PIECES, max_size=25).map("".join)


def word(text: str, **options: bool) -> Term:
    return Term((Value(text, **options),))


def of(name: str, *values: str, **options: bool) -> Term:
    return Term(tuple(map(Value, values)), name, **options)


A, B, C = map(word, "abc")


@pytest.mark.parametrize(
    ("query", "term"),
    [
        ("neon", word("neon")),
        ('"neon street"', word("neon street", is_quoted=True)),
        ("neon*", word("neon", is_prefix=True)),
        ('"neon str"*', word("neon str", is_quoted=True, is_prefix=True)),
        ("model:sora-2", of("model", "sora-2")),
        ("model:a,b", of("model", "a", "b")),
        ('model:a,"b c"', Term((Value("a"), Value("b c", is_quoted=True)), "model")),
        ('model:"b,c",a*', Term((Value("b,c", is_quoted=True), Value("a", is_prefix=True)), "model")),
        ("model:a,,b,", of("model", "a", "b")),
        ("model:=a*", of("model", "a*", is_exact=True)),
        ("seconds:>=8", of("seconds", ">=8")),
        ("created:2026-10-05T10:57", of("created", "2026-10-05T10:57")),
        ("model:*", Term((Value("", is_prefix=True),), "model")),
    ],
)
def test_a_term_is_read_as_it_is_meant(query: str, term: Term) -> None:
    assert parse(query) == term


@pytest.mark.parametrize(
    "text",
    [
        "close-up",
        "16:9",
        "it's",
        "c++",
        "a(b",
        "close(up)",
        "^x",
        "status:",
        "model:=",
        "{y}",
        '5"2',
        "-",
        "::",
        "ab,c",
    ],
)
def test_every_other_character_is_data(text: str) -> None:
    assert parse(text) == word(text)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a OR b c", Or((A, And((B, C))))),
        ("-a OR b", Or((Not(A), B))),
        ("NOT a b", And((Not(A), B))),
        ("a NOT b", And((A, Not(B)))),
        ("a AND NOT b", And((A, Not(B)))),
        ("(a OR b) -c", And((Or((A, B)), Not(C)))),
        ("-(a OR b)", Not(Or((A, B)))),
        ("NOT (a b) c", And((Not(And((A, B))), C))),
        ("(a (b c))", And((A, B, C))),
        ("a OR (b OR c)", Or((A, B, C))),
        ("--a", Not(A)),
        ("NOT NOT a", A),
        ("-(-a)", A),
        ("((((a))))", A),
        ("a a (a) OR a", A),
        ("(a)(b)", And((A, B))),
        ("(close(up) OR a) b", And((Or((word("close(up)"), A)), B))),
    ],
)
def test_operators_bind_as_documented(query: str, tree: object) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("(a OR b", Or((A, B))),
        ("a (b OR c", And((A, Or((B, C))))),
        ("a) b", And((A, B))),
        (") a (", A),
        ("() a", A),
        ("a -() b", And((A, B))),
        ("(()", None),
        ("", None),
        (" \u3000\0", None),
    ],
)
def test_parentheses_are_forgiven(query: str, tree: object) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize("query", ["OR a", "a OR", "AND a", "a AND", "a NOT", "(OR) a", "(a OR) b", "a OR OR b"])
def test_an_operator_without_an_operand_is_a_word(query: str) -> None:
    dangling = [term for term, _ in list_terms(parse(query)) if term.is_dangling]
    assert [term.content in {"AND", "OR", "NOT"} for term in dangling] == [True]


@pytest.mark.parametrize("query", ["a or b", "a and b", "not a", 'a "OR" b', "a Or b"])
def test_operators_are_in_capitals_and_unquoted(query: str) -> None:
    tree = parse(query)
    assert isinstance(tree, And)
    assert not any(term.is_dangling for term, _ in list_terms(tree))


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("（a　OR　b）-c", "(a OR b) -c"),
        ("model：sora-2", "model:sora-2"),
        ("model：＝a", "model:＝a"),
        ("“neon street”", '"neon street"'),
        ("＂neon street＂", '"neon street"'),
        ("「東京 塔」", '"東京 塔"'),
        ("model:“a b”,c", 'model:"a b",c'),
    ],
)
def test_marks_of_east_asian_keyboards_count_as_theirs(query: str, same: str) -> None:
    assert parse(query) == parse(same)


def test_a_missing_last_quotation_mark_takes_the_rest_as_the_phrase() -> None:
    assert parse('a "neon street') == And((A, word("neon street", is_quoted=True)))


def test_a_doubled_quotation_mark_in_a_phrase_is_one() -> None:
    assert parse('"say ""hi"" now"') == word('say "hi" now', is_quoted=True)


def test_a_term_knows_where_it_began() -> None:
    assert [term.position for term, _ in list_terms(parse("  a  -(b OR c:d)"))] == [2, 7, 12]


def test_terms_say_whether_they_are_negated() -> None:
    assert [is_negated for _, is_negated in list_terms(parse("a -b -(c -d)"))] == [False, True, True, False]


def test_a_query_that_is_too_long_is_refused() -> None:
    parse("x" * MAX_CHARACTERS)
    with pytest.raises(QueryError, match="10,001 characters"):
        parse("x" * (MAX_CHARACTERS + 1))


@pytest.mark.parametrize(("first", "more"), [("", "x "), ("model:x", ",x")])
def test_a_query_of_too_many_values_is_refused(first: str, more: str) -> None:
    parse(first + more * (MAX_VALUES - bool(first)))
    with pytest.raises(QueryError, match="more than 500 terms and values"):
        parse(first + more * (MAX_VALUES + 1))


@pytest.mark.parametrize("query", ["(" * 10_000, ")" * 10_000, "(" * 4999 + "a" + ")" * 4999, "-(" * 5000, "()" * 5000])
def test_parentheses_without_meaning_nest_as_deep_as_they_like(query: str) -> None:
    assert parse(query) in {None, A}


def test_a_tree_that_is_too_deep_is_refused() -> None:
    parse("(a OR (b " * 12)
    with pytest.raises(QueryError, match="nests groups more than 25 deep"):
        parse("(a OR (b " * 100)


@given(ANY_TEXT)
def test_what_was_parsed_can_be_written_and_parsed_again(query: str) -> None:
    tree = parse(query)
    assert parse(str(tree)) == tree if tree else tree is None


@given(st.text())
def test_no_value_is_lost_in_quotation_marks(value: str) -> None:
    clean = value.replace("\0", " ").encode("utf-8", "replace").decode()
    term = Term((Value(value, is_quoted=True),), "model")
    assert parse(str(term)) == Term((Value(clean, is_quoted=True),), "model")
