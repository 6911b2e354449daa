"""The words of a sentence with their classes: closed lists, verbs and endings first, then what the neighbours say.

A small tagger of its own. Statistical taggers were measured and set aside: those whose data ship with the package take
0.4 ms for 400 characters before any phrase is found, read the verbs of captions ("airplanes flutters") as nouns, and
bring along several heavy packages.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.imperatives import is_caused, is_imperative
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
_UNSURE = frozenset({Kind.NOUN, Kind.COMMA})
_CHANGING = frozenset({Kind.NOUN, Kind.DETERMINER})
_QUALIFIERS = frozenset({Kind.DETERMINER, Kind.ADJECTIVE})
_NAMES = frozenset({Kind.NOUN, Kind.VERB_OR_NOUN})
_NAMES_OR_ADJECTIVES = _NAMES | {Kind.ADJECTIVE}
_NOUN_PHRASE = frozenset({Kind.NOUN, Kind.ADJECTIVE})
_NEVER_BEFORE_VERB = _QUALIFIERS | {Kind.NUMBER}
_POSSESSIVE = ("'s", "’s", "s'", "s’")
_ONE = frozenset({"a", "an", "one", "each", "every", "this", "another"})
_IN_S = re.compile("[^sui]s$")
_BEFORE_CAPTION = frozenset({Kind.START, Kind.COMMA})
_BEFORE_VERB = frozenset({Kind.AUXILIARY, Kind.PRONOUN, Kind.ADVERB})
_JOINTS = frozenset({Kind.COMMA, Kind.CONJUNCTION})
_OPENING = frozenset({Kind.COMMA, Kind.COLON, Kind.CONJUNCTION, Kind.ADVERB})
_MARKED = frozenset({Kind.COMMA, Kind.CAMERA})
_IN_PHRASE = _NOUN_PHRASE | {Kind.DETERMINER, Kind.NUMBER}
_AFTER_WEIGHTS = {
    Kind.DETERMINER: 1.5, Kind.PRONOUN: 1.5, Kind.ADVERB: 1, Kind.PREPOSITION: 1, Kind.COMMA: 0.5, Kind.CAMERA: 0.5,
    Kind.CONJUNCTION: 0.5, Kind.END: 0.5, Kind.ADJECTIVE: 0.5, Kind.AUXILIARY: -3,
}  # fmt: skip
_CONTINUATION_WEIGHTS = {Kind.PARTICIPLE: 0.5, Kind.START: -1, Kind.COLON: -1, Kind.BRACKET: -1}
_REACH = 40  # words back to the verb of the same sentence
_SUBORDINATING = frozenset({"while", "when", "where", "because", "if", "although", "though", "whereas", "until", "as"})
_PLURALS = frozenset({"people", "children", "men", "women", "feet", "geese", "mice", "teeth", "police", "sheep"})


class Word(NamedTuple):
    """One word of a sentence, its class, and its index among the tokens of the sheet."""

    text: str
    kind: Kind
    token: int


def find_qualifiers(words: Sequence[str], hits: Sequence[Hit], lexicon: Lexicon) -> dict[int, Kind]:
    """The tokens that speak of the camera or of how the picture is made, and those that only qualify a thing."""
    kinds: dict[int, Kind] = {}
    for hit in hits:
        if hit.facet == "audio" and hit.value == "sound" and lexicon.is_third_person(words[hit.end]):
            continue  # "a kettle whistles" is heard, and seen
        tokens = range(hit.start, hit.end + 1)
        if hit.facet in _TECHNICAL or (hit.facet == "lighting" and hit.end > hit.start):
            kinds |= dict.fromkeys(tokens, Kind.CAMERA)
        elif hit.facet in _QUALIFYING:
            if hit.facet == "color" and hit.end > hit.start:  # "mustard cardigan"
                tokens = tokens[:-1]
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
    recall = lexicon.remembered.get
    words = []
    for token in tokens:
        text = texts[token]
        kind = qualifiers.get(token) or recall(text, Kind.NOUN)
        if kind in _UNSURE or reading.blocked[token]:
            kind = _classify(reading, token, lexicon, qualifiers)
        words.append(Word(text, kind, token))
    return _settle_all(words, lexicon)


def tag_words(texts: Sequence[str], lexicon: Lexicon) -> list[Word]:
    """The words of an English sentence with their classes, by the lexicon alone; those about the picture are CAMERA.

    Less exact than `tag_sentences`, and many times faster.
    """
    frames = lexicon.frames
    kinds = [
        Kind.CAMERA if kind in _NAMES and text in frames else kind
        for text, kind in zip(texts, map(lexicon.kind, texts), strict=True)
    ]
    return _settle_all(list(map(Word, texts, kinds, range(len(texts)))), lexicon)


def _settle_all(words: list[Word], lexicon: Lexicon) -> list[Word]:
    """The words with the classes that those beside them give them."""
    is_opening = True
    for index, word in enumerate(words):
        text, kind, token = word
        if is_opening and _may_command(word, lexicon) and is_imperative(words, index, lexicon):
            words[index] = Word(text, Kind.COMMAND, token)
        elif kind in _UNSETTLED:
            words[index] = Word(text, _settle(words, index, lexicon), token)
        elif kind in _CHANGING and (changed := _change(words, index, lexicon)) is not kind:
            words[index] = Word(text, changed, token)
        is_opening = kind in _OPENING
    return words


def _may_command(word: Word, lexicon: Lexicon) -> bool:
    """Whether the word may tell the maker what to do: one of those verbs, or another in its base form."""
    text, kind, _ = word
    if kind is Kind.VERB_OR_NOUN:
        return lexicon.bases[text] == text
    return text in lexicon.directing and kind not in _MARKED


def _change(words: Sequence[Word], index: int, lexicon: Lexicon) -> Kind:
    """The class of a noun or a determiner after what stands before it: "a cake that turns", "a zeppelin moors"."""
    text, kind, _ = words[index]
    if kind is Kind.DETERMINER:
        return Kind.PRONOUN if text == "that" and index and words[index - 1].kind is Kind.NOUN else kind
    return Kind.VERB if text[-1] == "s" and _is_unknown_verb(words, index, lexicon) else kind


def _is_unknown_verb(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether a word that no list has must be a verb: "a zeppelin moors above a crowd"."""
    if not _IN_S.search(words[index].text) or lexicon.knows(words[index].text) or not _follows_one(words, index):
        return False
    return index + 1 == len(words) or words[index + 1].kind not in _NAMES_OR_ADJECTIVES


def _follows_one(words: Sequence[Word], index: int) -> bool:
    """Whether a noun stands before that its article puts in the singular: what ends in -s after it is a verb."""
    start = index - 1
    while start >= max(0, index - _REACH) and words[start].kind in _NOUN_PHRASE:
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
    before, after = _neighbours(words, index)
    if kind is Kind.VERB_OR_NOUN:
        return Kind.VERB if _is_verb(words, index, before, after, lexicon) else Kind.NOUN
    if kind is Kind.ADVERB:  # "the still pond"
        return Kind.ADJECTIVE if before is Kind.DETERMINER and after is Kind.NOUN else kind
    if kind is Kind.GERUND:
        if after in _NAMES and text in lexicon.compounding and not _is_bare_noun(words, index - 1):
            return Kind.NOUN  # "a living room"
        if before is Kind.ADJECTIVE and _is_bare_noun(words, index - 2):
            return kind  # "a couple slow dancing"
    return _settle_participle(text, kind, before, after, lexicon)


def _neighbours(words: Sequence[Word], index: int) -> tuple[Kind, Kind]:
    before = words[index - 1].kind if index else Kind.START
    return before, words[index + 1].kind if index + 1 < len(words) else Kind.END


def _is_bare_noun(words: Sequence[Word], index: int) -> bool:
    """Whether a noun stands there that owns nothing: `couple`, not `therapist's`."""
    return index >= 0 and words[index].kind is Kind.NOUN and not words[index].text.endswith(_POSSESSIVE)


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
    return before is Kind.PREPOSITION or (before in _BEFORE_CAPTION and not lexicon.takes_object(gerund))


def _is_verb(words: Sequence[Word], index: int, before: Kind, after: Kind, lexicon: Lexicon) -> bool:
    """Whether a word that may be a verb or a noun is a verb."""
    if before in _BEFORE_VERB:
        return True
    is_third = lexicon.is_third_person(words[index].text)
    if not is_third and is_caused(words, index, lexicon):
        return True
    if before is Kind.PREPOSITION:
        return words[index - 1].text == "to"
    if before in _NEVER_BEFORE_VERB:
        return is_third and _has_other_subject(words, index, before, after)
    weight = _weight(words, index, after, lexicon, is_third=is_third)
    if before is Kind.NOUN:
        is_owner = words[index - 1].text.endswith(_POSSESSIVE)
        return not is_owner and weight + _agreement(words, index, is_third=is_third) > 0
    return weight + _continuation(words, index, before, lexicon, is_third=is_third) > 0


def _has_other_subject(words: Sequence[Word], index: int, before: Kind, after: Kind) -> bool:
    """Whether the word is not of the phrase before it: "something huge swims", "a crew of five freezes"."""
    if index < 2:
        return False
    if before is Kind.ADJECTIVE:
        return words[index - 2].kind is Kind.PRONOUN
    return words[index - 2].text == "of" and after not in _NAMES_OR_ADJECTIVES


def _weight(words: Sequence[Word], index: int, after: Kind, lexicon: Lexicon, *, is_third: bool) -> float:
    """How much the word itself and the one after it speak for a verb."""
    weight = _AFTER_WEIGHTS.get(after, 0) + (-1 if lexicon.is_noun_first(words[index].text) else 0.5)
    following = words[index + 1].text if index + 1 < len(words) else ""
    if following == "of":
        return weight - 2.5
    is_noun = after is Kind.VERB_OR_NOUN and is_third and not lexicon.is_third_person(following)
    return weight - is_noun  # "ocean waves crash"


def _agreement(words: Sequence[Word], index: int, *, is_third: bool) -> float:
    """How well the word agrees in number with the noun before it, as a verb would ("a dog runs", "dogs run")."""
    if is_third and _follows_one(words, index):
        return 2.5
    noun = words[index - 1].text
    is_plural = noun in _PLURALS or _IN_S.search(noun) is not None
    if is_third != is_plural:
        return 1.5
    head = _head_before(words, index)
    if is_third and head and not (head in _PLURALS or _IN_S.search(head)):  # "a woman in boots checks the buds"
        return 1
    is_joined = any(word.kind is Kind.CONJUNCTION for word in words[max(0, index - 4) : index - 1])
    return 0.5 if is_joined and not is_third else -1.5


def _head_before(words: Sequence[Word], index: int) -> str:
    """The noun that a preposition joins the noun before to: `woman` of "a woman in boots"; empty without one."""
    start = index - 1
    while start >= max(0, index - _REACH) and words[start].kind in _IN_PHRASE:
        start -= 1
    is_joined = start > 0 and words[start].kind is Kind.PREPOSITION and words[start - 1].kind is Kind.NOUN
    return words[start - 1].text if is_joined else ""


def _continuation(words: Sequence[Word], index: int, before: Kind, lexicon: Lexicon, *, is_third: bool) -> float:
    """How likely a word goes on with a sentence that has its verb ("a fox stops and yawns"), or opens one."""
    if before in _JOINTS or before is Kind.QUOTE:
        if words[index - 1].text in _SUBORDINATING:
            return -3
        verbs = [word for word in words[max(0, index - _REACH) : index] if word.kind is Kind.VERB]
        if any(lexicon.is_third_person(word.text) is is_third for word in verbs):
            is_next = before is Kind.CONJUNCTION and words[index - 2].kind is Kind.VERB  # "turn and stand"
            return 1.5 if is_third or is_next else 0
        return -0.5 if is_third and before is Kind.CONJUNCTION else -1.5
    return _CONTINUATION_WEIGHTS.get(before, -1)
