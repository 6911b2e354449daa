"""Finds the vocabulary's phrases in a text, in one pass of an automaton, and loads no more of them than it has to.

A process that reads a single prompt needs a twentieth of the phrases: those that open with a word of the prompt. So the
first few texts each load what may stand in them, and only then is everything loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import ahocorasick

from catalog.prompts.tokens import FIRST_CODE, spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ANYWHERE, NEAR, FIELD, UPPER, ALONE, HYPHENATED, OUTSIDE, BESIDE = range(8)  # when a form counts
VALUE, CONTEXT, NO_CONTEXT, NEGATOR, NO_NEGATOR, LOOKALIKE, COMPOUND, OPEN = range(8)  # what a phrase does

_SEPARATOR = " "
_MOST_PARTS = 3


class Entry(NamedTuple):
    """What one phrase does: its kind, the facet and value it speaks of, and when it counts."""

    kind: int
    facet: str = ""
    value: str = ""
    mode: int = ANYWHERE
    language: str = "en"


class Phrase(NamedTuple):
    """Everything one phrase does: the values it may name, the facets it is context of, and its other effects."""

    length: int
    values: tuple[Entry, ...]
    contexts: tuple[str, ...]
    effects: tuple[Entry, ...]


def group(phrases: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The data of a matcher, fit for JSON, from phrases by their codes with the numbers of their entries.

    `doings` are the lengths and entries that phrases have, each once. `by_word` has the phrases by their first word:
    of each its doing, as one character, and how the rest of it is spelled.
    """
    doings: dict[tuple[int, tuple[int, ...]], str] = {}
    by_word: dict[str, list[str]] = {}
    for code, numbers in phrases.items():
        doing = doings.setdefault((len(code), tuple(numbers)), chr(FIRST_CODE + len(doings)))
        by_word.setdefault(code[0], []).append(doing + spell(code[1:]))
    return {
        "doings": [[length, *numbers] for length, numbers in doings],
        "by_word": {word: _SEPARATOR.join(listed) for word, listed in by_word.items()},
    }


class Matcher:
    """The phrases that `group` has grouped, to be found in texts; several threads may use one."""

    def __init__(self, data: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        self.by_word: Mapping[str, str] = data["by_word"]
        self._doings: Sequence[Sequence[int]] = data["doings"]
        self._entries = entries
        self._phrases: dict[str, Phrase] = {}
        self._parts = 0
        self._loaded: tuple[Any, frozenset[str] | None] = None, frozenset()

    def find(self, codes: str) -> Iterator[tuple[int, Phrase]]:
        """Every phrase in the text with these codes, with the last letter of its spelling."""
        automaton, known = self._loaded
        if known is not None and not (words := self.by_word.keys() & set(codes)) <= known:
            automaton = self._load(known | words)
        return automaton.iter(spell(codes)) if automaton else iter(())

    def _load(self, words: frozenset[str]) -> Any:
        """An automaton of the phrases that open with one of the words, or of all; it takes the last one's place."""
        self._parts += 1
        is_whole = self._parts > _MOST_PARTS
        automaton = self._build(self.by_word if is_whole else words)
        self._loaded = automaton, None if is_whole else words
        return automaton

    def _build(self, words: Iterable[str]) -> Any:
        automaton = ahocorasick.Automaton()
        add, phrase_of = automaton.add_word, self._phrase_of
        for word in words:
            first = spell(word)
            for spelling in self.by_word[word].split(_SEPARATOR):
                add(first + spelling[1:], phrase_of(spelling[0]))
        automaton.make_automaton()
        return automaton

    def _phrase_of(self, doing: str) -> Phrase:
        phrase = self._phrases.get(doing)
        if phrase is None:
            length, *numbers = self._doings[ord(doing) - FIRST_CODE]
            phrase = self._phrases[doing] = _make_phrase(length, [self._entries[number] for number in numbers])
        return phrase


def _make_phrase(length: int, entries: Sequence[Entry]) -> Phrase:
    return Phrase(
        length,
        tuple(entry for entry in entries if entry.kind == VALUE),
        tuple(entry.facet for entry in entries if entry.kind == CONTEXT),
        tuple(entry for entry in entries if entry.kind not in (VALUE, CONTEXT)),
    )
