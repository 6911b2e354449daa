"""What a prompt is wrapped in is no part of what it says: fences, quotes around all of it, escapes, other quotes."""

from __future__ import annotations

import json
import time

import pytest

from catalog.prompts import extract
from catalog.prompts.wrapping import unwrap

SHEET = {"camera": "wide shot", "mood": ["tense", "eerie"], "subject": "a fox", "note": "the hunter's dog, it's late"}
PLAIN = json.dumps(SHEET)
SAID = {(facet.name, facet.value) for facet in extract(PLAIN).facets}


@pytest.mark.parametrize(
    "prompt",
    [
        f"```json\n{PLAIN}\n```",
        f"```\n{PLAIN}\n```",
        f"~~~ json\n{PLAIN}\n~~~\n",
        f"```JSON {PLAIN} ```",
        f"`{PLAIN}`",
        str(SHEET),
        str(SHEET | {"mood": ("tense", "eerie"), "loop": True, "seed": None}),
        json.dumps(PLAIN),
        repr(PLAIN),
        json.dumps(PLAIN)[1:-1],
        f"```json\n{json.dumps(PLAIN)}\n```",
        PLAIN.replace('"', "”"),
        PLAIN.replace(' "', " “").replace('{"', "{“").replace('["', "[“").replace('"', "”"),
        PLAIN.replace(' "', " «").replace('{"', "{«").replace('["', "[«").replace('"', "»"),
        str(SHEET).replace(" '", " ‘").replace("{'", "{‘").replace("['", "[‘").replace("'", "’"),
        str(SHEET).replace('"', "'"),
    ],
)
def test_a_sheet_says_the_same_in_every_wrapping(prompt: str) -> None:
    assert {(facet.name, facet.value) for facet in extract(prompt).facets} == SAID


@pytest.mark.parametrize(
    "prompt", ["{}", '"{}"', "'{}'", "“{}”", "‘{}’", "«{}»", "「{}」", "```\n{}\n```", '"""\n{}\n"""']
)
@pytest.mark.parametrize(
    "text", ["A red fox at night.", "The hunter's dog runs at dusk; he says “Stop right there!” and waits."]
)
def test_quotes_around_a_prompt_are_no_content(prompt: str, text: str) -> None:
    wrapped = extract(prompt.format(text))
    assert [(facet.name, facet.value) for facet in wrapped.facets] == [
        (facet.name, facet.value) for facet in extract(text).facets
    ]


def test_quotes_that_open_and_close_inside_are_not_around_the_prompt() -> None:
    prompt = '"Hello there," she says at night. "Bye now."'
    assert unwrap(prompt) == prompt
    assert unwrap("'Tis night, and the dogs' bowls are red") == "'Tis night, and the dogs' bowls are red"


def test_a_sign_inside_a_quoted_prompt_stays_quoted() -> None:
    assert not extract('"A sign reads "NEON SUNSET" on the wall."', open_facets=False).facets


def test_the_escapes_of_a_literal_are_read() -> None:
    prompt = r'''"A man says \"Mind the gap!\"\nCamera: wide shot\nCaf\u00e9 at night"'''
    found = extract(prompt)
    assert [line.text for line in found.dialogue] == ["Mind the gap!"]
    assert {facet.value for facet in found.facets} >= {"wide", "night"}


@pytest.mark.parametrize(
    "prompt", ["```json\n{'camera': 'wide shot'}\n```", "{“camera”: “wide shot”}", '"a wide shot"']
)
def test_a_span_points_at_the_words_in_the_wrapped_prompt(prompt: str) -> None:
    facet = next(iter(extract(prompt, open_facets=False).facets))
    assert prompt[facet.start : facet.end] == "wide shot"


def test_a_line_of_a_python_literal_is_kept_word_for_word() -> None:
    said = {"dialogue": {"speaker": "Mia", "line": "It's \"fine\", isn't it?"}}
    assert [(line.text, line.speaker) for line in extract(str(said)).dialogue] == [("It's \"fine\", isn't it?", "Mia")]


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [
        ("A quiet street --no rain, neon", "rain, neon"),
        ("A quiet street --no rain, neon --ar 16:9 --v 6.1", "rain, neon"),
        ("A quiet street --style raw --no text, rain, neon", "text, rain, neon"),
        ("A quiet street -- no rain, neon", "rain, neon"),
        ("A quiet street —no rain, neon", "rain, neon"),
    ],
)
def test_a_switch_leaves_out_all_that_follows_it(prompt: str, negative: str) -> None:
    found = extract(prompt, open_facets=False)
    assert (found.facets, found.negative_prompt) == ((), negative)


def test_other_switches_say_nothing_and_the_prompt_goes_on() -> None:
    assert [facet.value for facet in extract("A fox --ar 16:9 in fog --no rain\nAt night").facets] == [
        "fox",
        "fog",
        "night",
    ]


@pytest.mark.parametrize("piece", ["['", "{'a': ", "{“", "```", '"a', '\\"', "' ", "--no a "])
def test_many_openings_are_read_in_time(piece: str) -> None:
    began = time.process_time()
    extract(piece * (32_000 // len(piece)))
    assert time.process_time() - began < 20
