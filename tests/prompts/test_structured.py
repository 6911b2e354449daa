"""JSON inside prompts, as the words it holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.prompts.structured import as_words


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("A fox.", "A fox."),
        ('{"subject": "a fox"}', "a fox"),
        ('{"shot": {"lens": "35mm", "moves": ["pan", "tilt"]}, "seconds": 8, "audio": null}', "35mm, pan, tilt"),
        ('Slow. {"subject": "a \\"red\\" fox\\u00e9"} Fast.', 'Slow. a "red" foxé Fast.'),
        ('{"subject": "a fox", "mood": "calm", "lens": "35', "a fox, calm"),
        ('{"subject": "", "mood": " calm "}', "calm"),
        ("(a {curly} [note], 16:9)", "(a {curly} [note], 16:9)"),
        ('[{"subject": "a fox"}, {"subject": "a cat"}]', "a fox, a cat"),
    ],
)
def test_a_document_becomes_its_strings(prompt: str, words: str) -> None:
    assert as_words(prompt) == words


@given(st.recursive(st.text(max_size=9), lambda inner: st.dictionaries(st.text(max_size=5), inner, min_size=1)))
def test_every_string_of_a_document_is_among_its_words(value: object) -> None:
    words = as_words(json.dumps({"prompt": value}))
    while isinstance(value, dict):
        value = next(iter(value.values()))
    assert str(value).strip() in words


def test_a_large_document_takes_no_longer_than_it_is() -> None:
    assert as_words(json.dumps({"prompt": ["a fox"] * 50_000})).count("fox") == 50_000


@given(st.text())
def test_any_text_has_words(prompt: str) -> None:
    as_words(prompt)
