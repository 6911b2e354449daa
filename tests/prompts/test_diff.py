"""What changed between two prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from catalog.prompts import diff_prompts
from catalog.prompts.diff import diff_words


def test_a_diff_names_the_facets_that_came_and_went() -> None:
    changed = diff_prompts("A red car at dusk, slow zoom in", "A blue car at dusk, slow zoom in")
    assert (changed.added, changed.removed) == ((("color", "blue"),), (("color", "red"),))
    assert ("time_of_day", "dusk") in changed.kept
    assert str(changed) == "-color:red +color:blue"


def test_a_diff_of_words_only_shows_the_words() -> None:
    assert str(diff_prompts("zzz one", "zzz two")) in (
        "-[one] +[two]",
        "-subject:zzz one +subject:zzz two",
        "-subject:zzz +subject:zzz two",
    )


def test_equal_prompts_are_unchanged() -> None:
    changed = diff_prompts("A fox", "A fox")
    assert changed.is_same
    assert str(changed) == "unchanged"


def test_a_missing_prompt_is_an_empty_one() -> None:
    assert diff_prompts(None, "neon").added == (("lighting", "neon"),)


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_stretches_of_a_word_diff_give_both_texts_back(old: str, new: str) -> None:
    changes = diff_words(old, new)
    assert "".join(change.text for change in changes if change.kind != "added") == old
    assert "".join(change.text for change in changes if change.kind != "removed") == new


def test_very_long_prompts_are_compared_in_bounded_time() -> None:
    old, new = "a b " * 10_000, "c d " * 10_000
    assert [change.kind for change in diff_words(old, new)] == ["removed", "added", "same"]
