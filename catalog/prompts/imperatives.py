"""Imperatives among the words of a sentence: "hold the shot" tells whoever makes the picture what to do with it.

An imperative is the base form of a verb that opens a sentence or a clause, with nobody before it who does it, and with
its object, a preposition or an adverb after it. What it tells is not an action of the picture. Some verbs are said to
the maker whatever follows (`directing`), some only where they point at something (`aiming`: "linger on the teapot"),
the rest where their object is the picture itself: "flip the shot".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.prompts.lexicon import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts.lexicon import Lexicon
    from catalog.prompts.tagging import Word

_JOINTS = frozenset({Kind.COMMA, Kind.COLON, Kind.CONJUNCTION})
_OBJECTS = frozenset({Kind.DETERMINER, Kind.PRONOUN, Kind.NUMBER})
_AIMS = frozenset({"on", "with", "to", "from", "at", "in"})
_AFTER_NOUNS = frozenset({Kind.AUXILIARY, Kind.VERB})  # "a cut is", "a start leads"
_MAYBE_NOUNS = frozenset({Kind.NOUN, Kind.VERB_OR_NOUN, Kind.CAMERA})
_NAMES = frozenset({Kind.NOUN, Kind.VERB_OR_NOUN})
_DESCRIBING = frozenset({Kind.DETERMINER, Kind.ADJECTIVE, Kind.NUMBER})
_IN_OBJECT = _DESCRIBING | {Kind.NOUN}
_LETTING = frozenset({"let", "have"})  # what follows is done by somebody, always
_CAUSATIVE = frozenset({"make", "see", "watch", "help"})
_REACH = 40  # words


def is_imperative(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether the word there tells the maker of the picture what to do."""
    text, kind, _ = words[index]
    if not _opens_clause(words, index, lexicon):
        return False
    if index + 1 == len(words):
        return index > 0 and words[index - 1].text == "then" and text in lexicon.directing | lexicon.aiming
    after = words[index + 1]
    if after.text == "of":
        return False
    if text in lexicon.directing and _directs(text, kind, after, lexicon):
        return True
    return (text in lexicon.aiming and _points(kind, after)) or _has_picture(words, index, lexicon)


def _directs(text: str, kind: Kind, after: Word, lexicon: Lexicon) -> bool:
    """Whether what follows lets a verb of the maker be one, and not the noun or the adjective that it also is."""
    if after.kind in _OBJECTS:
        return True
    if kind is Kind.AUXILIARY or after.kind in _AFTER_NOUNS:
        return False
    if kind is Kind.ADJECTIVE or lexicon.is_noun_first(text):
        return _points(kind, after) or lexicon.compares(after.text)
    return True


def _points(kind: Kind, after: Word) -> bool:
    """Whether what follows says what the camera turns to, or how: "end on the lantern", "drift left"."""
    return after.text in _AIMS or (after.kind is Kind.ADVERB and kind is not Kind.ADJECTIVE)


def _has_picture(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether the object of the verb is the picture or a part of it: "flip the whole shot"."""
    end = index + 1
    if end >= len(words) or words[end].kind is not Kind.DETERMINER:
        return False
    while end < len(words) and words[end].kind in _DESCRIBING:
        end += 1
    is_named = end < len(words) and words[end].kind in _MAYBE_NOUNS
    return is_named and (words[end].kind is Kind.CAMERA or words[end].text in lexicon.frames)


def _opens_clause(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether the word opens the sentence, or a clause after one in which nobody does what comes next too."""
    start = index
    while start and words[start - 1].kind is Kind.ADVERB:
        start -= 1
    if not start:
        return True
    if words[start - 1].kind not in _JOINTS:
        return False
    for before in range(start - 1, max(-1, start - _REACH), -1):
        text, kind, _ = words[before]
        if kind is Kind.COMMAND:
            return True
        if kind is Kind.VERB and not lexicon.is_third_person(text):  # "two dogs run, jump and drop the ball"
            return before > 0 and words[before - 1].text == "to"  # "zoom out to show the valley, then stop"
    return True


def is_caused(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether somebody is made to do what the base form there says: "let the curtain fall", "have her walk"."""
    if words[index - 1].kind is not Kind.NOUN and words[index - 1].text != "her":
        return False
    command = _command_before(words, index)
    if not command:
        return False
    text = words[index].text
    after = words[index + 1].kind if index + 1 < len(words) else Kind.END
    if after in _NAMES or lexicon.base(text) != text:
        return False
    if command in _LETTING:
        return True
    return command in _CAUSATIVE and (after is Kind.PREPOSITION or not lexicon.is_noun_first(text))


def _command_before(words: Sequence[Word], index: int) -> str:
    """The command whose object ends there; empty without one."""
    start = index - 1
    while start > 0 and words[start].kind in _IN_OBJECT:
        start -= 1
    return words[start].text if start >= 0 and words[start].kind is Kind.COMMAND else ""
