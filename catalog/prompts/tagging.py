"""The words of a sentence with their classes: closed lists, verbs and endings first, then what the neighbours say.

A small tagger of its own. Statistical taggers were measured and set aside: those whose data ship with the package take
0.4 ms for 400 characters before any phrase is found, read the verbs of captions ("airplanes flutters") as nouns, and
bring along several heavy packages.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.lexicon import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.prompts.lexicon import Lexicon
    from catalog.prompts.segments import Segment
    from catalog.prompts.terms import Hit, Reading

_SENTENCE_ENDS = ".;\n-"
_PAUSES = {mark.value: mark for mark in (Kind.COMMA, Kind.COLON, Kind.BRACKET, Kind.QUOTE, Kind.SLASH)}
_FIRST_WIDE = "\u2e80"  # from here on, characters of scripts without blanks

_TECHNICAL = frozenset(
    {"shot_size", "camera_angle", "camera_movement", "lens", "focus", "speed", "style", "palette", "audio"}
)
_QUALIFYING = frozenset({"time_of_day", "season", "color", "mood"})

_FIRST_HALVES = frozenset({Kind.NOUN})
_SECOND_HALVES = frozenset({Kind.PARTICIPLE, Kind.GERUND, Kind.ADJECTIVE})  # hand-painted, slow-moving, ice-cold
_UNSETTLED = frozenset({Kind.VERB_OR_NOUN, Kind.GERUND, Kind.PARTICIPLE, Kind.ADVERB})
_QUALIFIERS = frozenset({Kind.DETERMINER, Kind.ADJECTIVE})
_NAMES = frozenset({Kind.NOUN, Kind.VERB_OR_NOUN})
_NAMES_OR_ADJECTIVES = _NAMES | {Kind.ADJECTIVE}
_NOUN_PHRASE = frozenset({Kind.NOUN, Kind.ADJECTIVE})
_NEVER_BEFORE_VERB = _QUALIFIERS | {Kind.NUMBER}
_ONE = frozenset({"a", "an", "one", "each", "every", "this", "another"})
_IN_S = re.compile("[^sui]s$")
_BEFORE_DESCRIPTION = frozenset({Kind.COMMA, Kind.PREPOSITION})
_BEFORE_VERB = frozenset({Kind.AUXILIARY, Kind.PRONOUN, Kind.ADVERB})
_AFTER_VERB = frozenset({Kind.PREPOSITION, Kind.DETERMINER, Kind.PRONOUN, Kind.ADVERB})
_AFTER_LIKELY_VERB = _AFTER_VERB | {Kind.COMMA, Kind.CONJUNCTION, Kind.END}
_BEFORE_COMMAND = frozenset({Kind.START, Kind.COMMA, Kind.COLON, Kind.BRACKET, Kind.CAMERA})
_AFTER_COMMAND = _AFTER_VERB - {Kind.ADVERB}
_JOINTS = frozenset({Kind.COMMA, Kind.CONJUNCTION})
_AFTER_LAST_VERB = frozenset({Kind.CONJUNCTION, Kind.END})
_BEFORE_NEXT_VERB = frozenset({Kind.COMMA, Kind.QUOTE, Kind.CONJUNCTION})


class Word(NamedTuple):
    """One word of a sentence, its class, and its index among the tokens of the sheet."""

    text: str
    kind: Kind
    token: int


def find_qualifiers(words: Sequence[str], hits: Sequence[Hit], lexicon: Lexicon) -> dict[int, Kind]:
    """The tokens that speak of the camera or of how the picture is made, and those that only qualify a thing."""
    kinds: dict[int, Kind] = {}
    for hit in hits:
        tokens = range(hit.start, hit.end + 1)
        if hit.facet in _TECHNICAL or (hit.facet == "lighting" and hit.end > hit.start):
            kinds |= dict.fromkeys(tokens, Kind.CAMERA)
        elif hit.facet in _QUALIFYING:
            kinds |= {token: Kind.ADJECTIVE for token in tokens if not lexicon.is_thing(words[token])}
    return kinds


def tag_sentences(
    reading: Reading, segment: Segment, lexicon: Lexicon, qualifiers: dict[int, Kind]
) -> Iterator[list[Word]]:
    """The sentences of a segment that the lexicon can read, word by word; `qualifiers` have their class already."""
    tokens = reading.tokens
    start, last = bisect_left(tokens.starts, segment.start), bisect_left(tokens.starts, segment.end)
    for token in range(start, last + 1):
        if token == last or tokens.codes[token] in _SENTENCE_ENDS:
            if token > start and _is_english(tokens.words[start:token], reading, lexicon):
                yield _tag(reading, range(start, token), lexicon, qualifiers)
            start = token + 1


def _is_english(words: Sequence[str], reading: Reading, lexicon: Lexicon) -> bool:
    """Whether the lexicon can read the words: more of them are English than not, else more of the whole prompt's."""
    if lead := lexicon.count_english(words):
        return lead > 0
    if reading.english_lead is None:
        reading.english_lead = lexicon.count_english(reading.tokens.words)
    return reading.english_lead > 0 or (reading.english_lead == 0 and any(map(lexicon.knows, words)))


def _tag(reading: Reading, tokens: range, lexicon: Lexicon, qualifiers: dict[int, Kind]) -> list[Word]:
    texts = reading.tokens.words
    words = [Word(texts[token], _classify(reading, token, lexicon, qualifiers), token) for token in tokens]
    for index, word in enumerate(words):
        if word.kind in _UNSETTLED:
            words[index] = word._replace(kind=_settle(words, index, lexicon))
        elif word.kind is Kind.NOUN and _is_unknown_verb(words, index, lexicon):
            words[index] = word._replace(kind=Kind.VERB)
    return words


def _is_unknown_verb(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether a word that no list has must be a verb: "a zeppelin moors above a crowd"."""
    if not _IN_S.search(words[index].text) or lexicon.knows(words[index].text) or not _follows_one(words, index):
        return False
    return index + 1 == len(words) or words[index + 1].kind not in _NAMES_OR_ADJECTIVES


def _follows_one(words: Sequence[Word], index: int) -> bool:
    """Whether a noun stands before that its article puts in the singular: what ends in -s after it is a verb."""
    start = index - 1
    while start >= 0 and words[start].kind in _NOUN_PHRASE:
        start -= 1
    return 0 <= start < index - 1 and words[index - 1].kind is Kind.NOUN and words[start].text in _ONE


def _classify(reading: Reading, token: int, lexicon: Lexicon, qualifiers: dict[int, Kind]) -> Kind:
    """The class of a word by itself; what must not be read is a pause."""
    tokens = reading.tokens
    if pause := _PAUSES.get(tokens.codes[token]):
        return pause
    text = tokens.words[token]
    if reading.blocked[token] or text[0] >= _FIRST_WIDE:
        return Kind.COMMA
    if token in qualifiers:
        return qualifiers[token]
    kind = lexicon.kind(text)
    return Kind.ADJECTIVE if kind in _FIRST_HALVES and _is_modifier(reading, token, lexicon) else kind


def _is_modifier(reading: Reading, token: int, lexicon: Lexicon) -> bool:
    """Whether the noun is the first part of an adjective, as in `hand-painted`."""
    tokens = reading.tokens
    end = tokens.end(token)
    is_joined = reading.text[end : end + 1] == "-" and token + 1 < len(tokens) and tokens.starts[token + 1] == end + 1
    return is_joined and lexicon.kind(tokens.words[token + 1]) in _SECOND_HALVES


def _settle(words: Sequence[Word], index: int, lexicon: Lexicon) -> Kind:
    """The class of a word, settled by the word before, which is settled already, and the one after."""
    text, kind, _ = words[index]
    before = words[index - 1].kind if index else Kind.START
    after = words[index + 1].kind if index + 1 < len(words) else Kind.END
    if kind is Kind.VERB_OR_NOUN:
        return Kind.VERB if _is_verb(words, index, before, after, lexicon) else Kind.NOUN
    if kind is Kind.ADVERB:  # "the still pond"
        return Kind.ADJECTIVE if before is Kind.DETERMINER and after is Kind.NOUN else kind
    if kind is Kind.GERUND and before is Kind.ADJECTIVE and index > 1 and words[index - 2].kind is Kind.NOUN:
        return kind  # "a couple slow dancing"
    return _settle_participle(text, kind, before, after, lexicon)


def _settle_participle(text: str, kind: Kind, before: Kind, after: Kind, lexicon: Lexicon) -> Kind:
    """Whether a form in -ing or -ed is one of a verb, or an adjective or a noun made of it."""
    if before in _QUALIFIERS:
        if after in _NAMES_OR_ADJECTIVES or (
            after is Kind.GERUND and kind is Kind.PARTICIPLE
        ):  # "a glowing orb", "a fallen old tree"
            return Kind.ADJECTIVE
        return Kind.NOUN if kind is Kind.GERUND else kind  # "the crossing"
    if kind is Kind.GERUND and after in _NAMES and _describes(text, before, lexicon):
        return Kind.ADJECTIVE
    return kind


def _describes(gerund: str, before: Kind, lexicon: Lexicon) -> bool:
    """Whether an -ing form before a noun describes it ("under falling snow") and does not act on it."""
    return before in _BEFORE_DESCRIPTION or (before is Kind.START and not lexicon.takes_object(gerund))


def _is_verb(words: Sequence[Word], index: int, before: Kind, after: Kind, lexicon: Lexicon) -> bool:
    """Whether a word that may be a verb or a noun is a verb."""
    if before in _NEVER_BEFORE_VERB:
        return False
    if before in _BEFORE_VERB:
        return True
    if before is Kind.PREPOSITION:
        return words[index - 1].text == "to"
    if before is Kind.NOUN:
        return _agrees_with_noun(words, index, after, lexicon)
    text = words[index].text
    if before is Kind.PARTICIPLE:
        return not lexicon.is_noun_first(text)
    if lexicon.is_third_person(text):
        return _continues(words, index, before, after, lexicon)
    if lexicon.is_noun_first(text):
        return False
    return before is Kind.CONJUNCTION or (before in _BEFORE_COMMAND and after in _AFTER_COMMAND)


def _continues(words: Sequence[Word], index: int, before: Kind, after: Kind, lexicon: Lexicon) -> bool:
    """Whether a third person goes on with a sentence that has its subject: "a fox stops, looks around and yawns"."""
    if before is Kind.CONJUNCTION and not lexicon.is_noun_first(words[index].text):
        return True
    if before in _JOINTS and after in _AFTER_LAST_VERB and any(word.kind is Kind.VERB for word in words[:index]):
        return True
    return before in _BEFORE_NEXT_VERB and after in _AFTER_VERB and index > 1


def _agrees_with_noun(words: Sequence[Word], index: int, after: Kind, lexicon: Lexicon) -> bool:
    """Whether the word agrees in number with the noun before it, as a verb would ("a dog runs", "dogs run")."""
    text = words[index].text
    if lexicon.is_third_person(text) and _follows_one(words, index):
        return True
    is_joined = any(word.kind is Kind.CONJUNCTION for word in words[max(0, index - 4) : index - 1])
    is_plural = is_joined or _IN_S.search(words[index - 1].text) is not None
    agrees = lexicon.is_third_person(text) != is_plural
    if lexicon.is_noun_first(text):
        return agrees and after in _AFTER_LIKELY_VERB
    return agrees or after in _AFTER_VERB
