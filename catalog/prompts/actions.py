"""Verbs of a sentence that say what is done in the picture, and how much the picture is about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.prompts.inflection import singular
from catalog.prompts.lexicon import Kind
from catalog.prompts.nouns import DOING, IN_PHRASE, JOINTS, NOUNS, skip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts.lexicon import Lexicon
    from catalog.prompts.nouns import Noun, Ranked
    from catalog.prompts.tagging import Word

_MOST_IN_FIELD = 4
_SHORT = 4  # words of a predicate that is kept whole
_REACH, _FAR = 12, 60  # words back to the camera, and to the one who acts
_VIEWERS = frozenset({"we", "you", "i", "us"})
_NOBODY = frozenset({"nobody", "nothing", "one", "there", "that", "what"})
_THINGS = frozenset({"it", "something", "everything", "anything"})
_CAMERA_NOUNS = frozenset({"camera", "shot", "lens", "drone", "view", "footage"})
_ARTICLES = frozenset({"a", "an", "the"})
_ACTORS = frozenset({Kind.NOUN, Kind.PRONOUN})
_PREDICATE = frozenset({Kind.NOUN, Kind.ADJECTIVE, Kind.DETERMINER, Kind.GERUND})
_AFTER_OBJECT = frozenset({Kind.PREPOSITION, Kind.COMMA, Kind.CONJUNCTION})


def find_actions_of_field(words: Sequence[Word], _: Sequence[Noun], lexicon: Lexicon, __: int) -> list[Ranked]:
    """The verbs, and what follows a comma and may be one: "kneads, folds, rests"."""
    actions = [
        ((index, _object_end(words, index)), 0)
        for index in range(len(words))
        if (_is_verb(words, index) or _is_listed_verb(words, index, lexicon)) and _is_action(words, index, lexicon)
    ]
    return actions[:_MOST_IN_FIELD]


def find_actions(words: Sequence[Word], _: Sequence[Noun], lexicon: Lexicon, known: int) -> list[Ranked]:
    """The verbs that say what is done, each with a short object right after it: what living things do before others."""
    # "Walking through Lagos" is a caption: its first word says how the place is seen.
    is_caption = len(words) > 1 and words[0].kind is Kind.GERUND and words[1].kind is Kind.PREPOSITION
    ranked = [
        ((index, _object_end(words, index)), _rank_of_action(words, index, lexicon))
        for index in range(1 if is_caption else 0, len(words))
        if _is_verb(words, index)
        and _is_action(words, index, lexicon)
        and (not known or not _is_aside(words, index, lexicon))
    ]
    return [(span, rank) for span, rank in ranked if not rank or lexicon.base(words[span[0]].text) not in lexicon.deeds]


def _rank_of_action(words: Sequence[Word], index: int, lexicon: Lexicon) -> int:
    """0 for what somebody does, 1 for what a thing does, 2 for what light, air or a part of somebody does."""
    actor = _find_actor(words, index)
    is_named = words[index - 1].kind is Kind.PREPOSITION  # "to open", "from opening to closing"
    if actor < 0 or is_named:
        return 2
    text = words[actor].text
    if words[actor].kind is Kind.PRONOUN:
        return 2 if text in _NOBODY else 1 if text in _THINGS else 0
    if lexicon.is_animate(text):
        return 0
    return 2 if singular(text) in lexicon.ambient else 1


def _find_actor(words: Sequence[Word], index: int) -> int:
    """The noun or pronoun that does what the verb says; -1 where none is named."""
    actor = index - 1
    lowest = max(0, index - _FAR)
    while actor >= lowest:
        if words[actor].kind is Kind.PRONOUN:
            return actor
        if words[actor].kind is not Kind.NOUN:
            actor -= 1
            continue
        first = actor
        while first > lowest and words[first - 1].kind in IN_PHRASE:
            first -= 1
        if not _is_governed(words, first, is_adjacent=actor == index - 1):
            return actor
        actor = first - 1
    return -1


def _is_governed(words: Sequence[Word], first: int, *, is_adjacent: bool) -> bool:
    """Whether a preposition or an earlier verb governs the phrase: "in boots", "lights a stove and smiles"."""
    before = words[first - 1].kind if first > 1 else Kind.START
    return before is Kind.PREPOSITION or (before in DOING and not is_adjacent)


def _is_aside(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether an -ing form only says how a thing beside the main one is: "..., steam rising off a pot"."""
    if words[index].kind is not Kind.GERUND or index == 0 or words[index - 1].kind is not Kind.NOUN:
        return False
    start = index
    while start > max(0, index - _FAR) and words[start - 1].kind not in (Kind.COMMA, Kind.COLON):
        start -= 1
    return start > 0 and not lexicon.is_animate(words[index - 1].text)


def _is_verb(words: Sequence[Word], index: int) -> bool:
    kind = words[index].kind
    return kind in DOING or (kind is Kind.PARTICIPLE and index > 0 and words[index - 1].kind is Kind.AUXILIARY)


def _is_listed_verb(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether a form of a verb stands where a list of actions has its next item."""
    if index and words[index - 1].kind not in JOINTS and words[index - 1].text != "then":
        return False
    return bool(lexicon.base(words[index].text))


def _is_action(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether a verb says what is done in the picture: it does not merely point, and the camera does not do it."""
    if lexicon.base(words[index].text) in lexicon.pointing:
        return False
    for word in reversed(words[max(0, index - _REACH) : index]):
        if word.text in _CAMERA_NOUNS or word.kind is Kind.CAMERA:
            return False
        if word.kind in _ACTORS:
            return word.text not in _VIEWERS
    return True


def _object_end(words: Sequence[Word], index: int) -> int:
    """Where the phrase of a verb ends: after a short predicate ("is tying a red ribbon") or a short object."""
    rest = words[index + 1 :]
    is_predicate = index > 0 and words[index - 1].kind is Kind.AUXILIARY and len(rest) <= _SHORT
    if is_predicate and all(word.kind in _PREDICATE for word in rest):
        return len(words)
    start = index + 1
    if rest and rest[0].text in _ARTICLES:
        start += 1
    end = min(skip(words, start, NOUNS), start + 2)
    is_object = start < end <= index + 3 and (end == len(words) or words[end].kind in _AFTER_OBJECT)
    return end if is_object else index + 1
