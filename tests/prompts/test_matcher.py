"""Finding phrases: with what one text needs, with what a few need, and with everything loaded, they are the same."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.prompts.matcher import CONTEXT, NEGATOR, VALUE, Entry, Matcher, group
from catalog.prompts.tokens import FIRST_CODE

ENTRIES = [Entry(VALUE, "lens", "35mm"), Entry(CONTEXT, "lens"), Entry(NEGATOR), Entry(VALUE, "focus", "soft_focus")]
A, B, C, D, E, F, G, UNKNOWN = (chr(FIRST_CODE + number) for number in range(8))
PHRASES = {A: [0], A + B: [1, 3], B + C: [2], C: [0, 2], D + E + F: [3], E: [1], F + A: [0], G: [2]}


@pytest.fixture
def data() -> dict[str, Any]:
    return group(PHRASES)


def find(matcher: Matcher, codes: str) -> list[tuple[str, list[Entry]]]:
    """What is found in a text, in order: the phrase by its codes, and what it does."""
    found = []
    for letter, (length, values, contexts, effects) in matcher.find(codes):
        entries = [*values, *(Entry(CONTEXT, facet) for facet in contexts), *effects]
        found.append((codes[letter // 2 - length + 1 : letter // 2 + 1], entries))
    return sorted(found)


def expected(codes: str) -> list[tuple[str, list[Entry]]]:
    spans = [codes[start:end] for end in range(len(codes) + 1) for start in range(end)]
    order = {VALUE: 0, CONTEXT: 1, NEGATOR: 2}
    return sorted(
        (span, sorted((ENTRIES[number] for number in PHRASES[span]), key=lambda entry: order[entry.kind]))
        for span in spans
        if span in PHRASES
    )


@pytest.mark.parametrize("codes", ["", UNKNOWN, "," + UNKNOWN, A, A + B + C, D + E + F + A, D + E + A + A, "." + C + G])
def test_the_first_text_finds_all_that_is_in_it(codes: str, data: dict[str, Any]) -> None:
    assert find(Matcher(data, ENTRIES), codes) == expected(codes)


def test_every_later_text_does_too(data: dict[str, Any]) -> None:
    matcher = Matcher(data, ENTRIES)
    for codes in (UNKNOWN, A, A + A, B + C, A + B + C, D + E + F, G + A, F + A + E, D + E + F + A + B + C + G):
        assert find(matcher, codes) == expected(codes)


def test_phrases_are_looked_for_in_a_text_while_another_loads_more(data: dict[str, Any]) -> None:
    matcher = Matcher(data, ENTRIES)
    first = matcher.find(A + B + C)
    next(first)
    for codes in (D + E, F, G, B):
        find(matcher, codes)
    assert len(list(first)) == len(expected(A + B + C)) - 1
