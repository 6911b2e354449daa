"""Any text is a prompt: nothing raises, and the time grows with the length and no faster."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.prompts import LONGEST_READ, extract, extract_facets
from catalog.prompts.diff import Change, diff_words

PIECES = [
    *(
        "camera",
        "pan left",
        "no",
        "Shot 1",
        "0-3s",
        "Mood:",
        "soft",
        "light",
        "雾",
        "35mm",
        "says",
        "the dog runs",
        "as the",
    ),
    *(
        "\\",
        "\ud800",
        ".",
        " - ",
        "**",
        '"',
        "'",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\n",
        "\x00",
        "“",
        "”",
        "\\u00e9",
        "🎬",
        "שלום",
    ),
]


ODD = [
    *(
        None,
        "",
        " \n",
        "🎬🎥",
        "\ud800 pan \udfff",
        "\x00\x1b[31m",
        "مرحبا بالعالم",
        "İİİ neon",
        '"',
        "''",
        "[",
        ":",
        "{}",
    ),
    *("no", "mm", "Dialogue:", "Shot 1", '{"dialogue": ""}', '{"a":}', "Negative prompt:"),
]


@pytest.mark.parametrize("prompt", ODD)
def test_odd_text_does_not_raise(prompt: str | None) -> None:
    assert extract(prompt) is not None


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join) | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_spans_lie_in_the_prompt_whatever_it_is(prompt: str) -> None:
    for facet in extract(prompt).facets:
        assert 0 <= facet.start < facet.end <= len(prompt)


def test_a_document_ten_thousand_levels_deep_is_read() -> None:
    prompt = '{"a":' * 10_000 + '{"camera": "pan left"}' + "}" * 10_000
    assert [facet.value for facet in extract(prompt, open_facets=False).facets] == ["pan_left"]


def test_a_document_of_any_shape_is_read_where_the_standard_parser_reads_it() -> None:
    document = {"list": [1, None, True, "x", {"camera": "pan left", "é\n": ["\u7279\u5199", {}]}], "mood": "tense"}
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=2)):
        assert {facet.value for facet in extract(text, open_facets=False).facets} == {"pan_left", "close_up", "tense"}


HOSTILE = {
    "prose": "The camera pans left, a dog runs. ",
    "one clause": "camera follows man and warm light ",
    "colons": ":",
    "labels": "Camera: wide\n",
    "headings": "Camera\n",
    "brackets": "[",
    "broken JSON": '{"a" x ',
    "open JSON": '{"a":',
    "quotes": '"a',
    "apostrophes": "'a ",
    "blank lines": "\n",
    "negations": "no a, ",
    "shots": "Shot 1 (0-3s). wide. ",
    "times": "0:0-",
    "near words": "soft ",
    "digits": "1",
    "letters": "a",
    "Chinese": "镜头推进",
    "Japanese": "カメラループの風、音なし、",
    "Spanish": "la cámara sube, ni lluvia ni ",
    "tags": "<a>x</a>",
    "terms": "tender, slow, ",
    "switches": "--no x ",
    "foreign quotes": "{'a': ‘b’, ",
    "backslashes": "\\",
}


def _work(prompt: str) -> int:
    """Function calls and lines run for a prompt: work that no other process can disturb."""
    count = 0

    def tick(*_: object) -> object:
        nonlocal count
        count += 1
        return tick

    sys.settrace(tick)  # type: ignore[arg-type]
    try:
        extract(prompt)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("kind", HOSTILE)
def test_twice_the_text_is_twice_the_work(kind: str) -> None:
    piece = HOSTILE[kind]
    half, whole = (_work(piece * (length // len(piece)) + " pan left") for length in (2_000, 4_000))
    assert whole < 2.5 * half + 500


@pytest.mark.parametrize("kind", HOSTILE)
def test_thirty_two_thousand_characters_are_read(kind: str) -> None:
    piece = HOSTILE[kind]
    assert extract(piece * (32_000 // len(piece))) is not None


def test_a_prompt_is_read_up_to_its_bound():
    start = "A wide shot of a harbour. "
    long = start + "x " * LONGEST_READ + " Slow push in."
    found = {(facet.name, facet.value) for facet in extract_facets(long)}
    assert found == {(facet.name, facet.value) for facet in extract_facets(long[:LONGEST_READ])}
    assert ("camera_movement", "push_in") not in found


def test_prompts_too_long_to_compare_are_told_whole():
    old, new = "rain " * 300_000, "fog " * 300_000
    assert diff_words(old, old) == (Change("same", old),)
    assert diff_words(old, new) == (Change("removed", old), Change("added", new))
