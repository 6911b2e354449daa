"""Snippets of long prompts: found wherever they stand, in a time that grows with the length alone."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from catalog.search.snippets import LONGEST, PIECE

if TYPE_CHECKING:
    from tests.search.conftest import Library

FILLER = "grey fog over the quiet harbour "


def long_prompt(text: str, at: int, length: int = 40_000) -> str:
    before, after = FILLER * (at // len(FILLER)), FILLER * ((length - at) // len(FILLER))
    return f"{before}{text} {after}"


def snippet(library: Library, query: str) -> str | None:
    page = library.page(query)
    assert page.total == 1
    return page.snippets.get(page.videos[0].ref)


@pytest.mark.parametrize("at", [0, 1_000, PIECE - 20, PIECE, 10 * PIECE - 5, 40_000])
@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("a red dragon lands", "dragon", "[dragon]"),
        ("a red dragon lands", '"red dragon"', "[red dragon]"),
        ("a red dragon lands", "drag*", "[dragon]"),
        ("Café Évora", "cafe", "[Café]"),
        ("a close-up of it", "close-up", "[close-up]"),
        ("東京の夜景", "夜景", "東京の[夜景]"),
        ("🎬 take one", "🎬", "[🎬]"),
    ],
)
def test_a_match_anywhere_in_a_long_prompt_is_shown(library: Library, text: str, query: str, marked: str, at: int):
    library.prompts(long_prompt(text, at))
    shown = snippet(library, query)
    assert shown is not None
    assert marked in shown
    assert shown.startswith("…") == (at > 200)
    assert len(shown) < 500


def test_the_piece_with_most_of_the_words_is_shown(library: Library):
    library.prompts(long_prompt("dragon ", 4_000) + long_prompt("a dragon and a lighthouse", 4_000))
    assert "[dragon] and a [lighthouse]" in str(snippet(library, "lighthouse dragon"))


def test_a_match_outside_the_prompt_has_no_snippet(library: Library):
    library.add("v1", prompt=FILLER * 200, error_message="the dragon was refused")
    assert snippet(library, "dragon") is None
    assert snippet(library, "error_message:dragon") is None


def test_a_long_prompt_without_blanks_has_a_snippet(library: Library):
    library.prompts("夜" * 30_000 + "東京" + "昼" * 30_000)
    assert "[東京]" in str(snippet(library, "東京"))


def test_a_hundred_words_in_long_prompts_take_no_time_to_speak_of(library: Library):
    words = [f"word{number}" for number in range(100)]
    choose = random.Random(1).choice
    prompt = " ".join(choose(words) for _ in range(60_000))[:LONGEST]
    library.prompts(*(f"{number} {prompt}" for number in range(3)))
    began = time.process_time()
    page = library.page(" ".join(words))
    assert len(page.snippets) == 3
    assert time.process_time() - began < 5  # 0.3 s; FTS5's own snippets took 10 s for each
