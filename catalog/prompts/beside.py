"""What a word names only beside another: a sound and its source ("halyards tapping"), a window and its light."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.prompts.terms import Reading

_MARKS = '.,;:\n("-/'


def has_companion(reading: Reading, start: int, end: int, name: str) -> bool:
    """Whether a context word of the value stands a few words before, with no mark between, or right after "-ing"."""
    companions = reading.context_of(name)
    if not companions:
        return False
    codes = reading.tokens.codes
    reach = reading.vocabulary.contexts[name].before
    for token in range(start - 1, max(start - 1 - reach, -1), -1):
        if codes[token] in _MARKS:
            break
        if token in companions:
            return True
    return reading.tokens.words[end].endswith("ing") and end + 1 in companions
