"""Open facets: what is seen (`subject`), what it does (`action`) and where (`setting`), as short phrases of the prompt.

A small chunker: noun phrases and verbs follow from the classes that `tagging` gives the words of a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.inflection import singular
from catalog.prompts.known_words import find_known_words, may_be_seen, read_verbatim
from catalog.prompts.lexicon import Kind, load_lexicon
from catalog.prompts.tagging import find_qualifiers, tag_sentences
from catalog.records import Facet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catalog.prompts.lexicon import Lexicon
    from catalog.prompts.segments import Segment
    from catalog.prompts.tagging import Word
    from catalog.prompts.terms import Hit, Reading

    Span = tuple[int, int]  # words of a sentence, from the first up to but without the last
    Finder = Callable[[Sequence[Word], Lexicon, bool], Sequence[Span]]

_MOST = {"subject": 3, "action": 3, "setting": 2}
_MAX_WORDS = 1200
_SHORT = 4  # words of a predicate that is kept whole

_SIDES = frozenset({"left", "right", "top", "bottom", "front", "back"})
_VIEWERS = frozenset({"we", "you", "i", "us"})
_PICTURES = frozenset(
    {
        "ad",
        "advert",
        "advertisement",
        "commercial",
        "shot",
        "shots",
        "sequence",
        "clip",
        "explainer",
        "segment",
        "trailer",
    }
    | {"montage", "video", "footage", "spot", "promo", "teaser", "vlog", "cinematography"}
)
_CAMERA_NOUNS = frozenset({"camera", "shot", "lens", "drone", "view", "footage"})
_ARTICLES = frozenset({"a", "an", "the"})

_MODIFIERS = frozenset({Kind.DETERMINER, Kind.ADJECTIVE, Kind.NUMBER, Kind.PARTICIPLE})
_NOUNS = frozenset({Kind.NOUN})
_JOINTS = frozenset({Kind.COMMA, Kind.CONJUNCTION})
_DOING = frozenset({Kind.VERB, Kind.GERUND})
_DOING_OR_BEING = _DOING | {Kind.AUXILIARY}
_ACTORS = frozenset({Kind.NOUN, Kind.PRONOUN})
_PREDICATE = frozenset({Kind.NOUN, Kind.ADJECTIVE, Kind.DETERMINER, Kind.GERUND})
_AFTER_OBJECT = frozenset({Kind.PREPOSITION, Kind.COMMA, Kind.CONJUNCTION})


class Sentence(NamedTuple):
    """The words of a sentence and the segment that it stands in."""

    segment: Segment
    words: list[Word]


class Noun(NamedTuple):
    """A noun phrase: its words from `start` up to `end`; determiners and adjectives stand from `first` to `start`."""

    start: int
    end: int
    first: int

    @property
    def span(self) -> Span:
        """The words of the noun alone."""
        return self.start, self.end


def find_phrases(reading: Reading, hits: Sequence[Hit]) -> list[Facet]:
    """The open facets of a sheet: from fields about them where there are any, else from its prose."""
    lexicon = load_lexicon()
    sentences = _read_sentences(reading, hits, lexicon)
    prose = [sentence for sentence in sentences if not sentence.segment.field.bare or sentence.segment.field.opens]
    phrases: list[Facet] = []
    for facet, most in _MOST.items():
        fields = [sentence for sentence in sentences if facet in sentence.segment.field.opens]
        phrases += (
            list(_collect(facet, fields, _IN_FIELDS[facet], most + 1, reading, lexicon))
            or find_known_words(facet, most, reading, hits, in_fields=True)
            or read_verbatim(facet, most, reading)
            or list(_collect(facet, prose, _IN_PROSE[facet], most, reading, lexicon))
            or find_known_words(facet, most, reading, hits, in_fields=False)
        )
    return phrases


def _read_sentences(reading: Reading, hits: Sequence[Hit], lexicon: Lexicon) -> list[Sentence]:
    """The sentences in segments that may say what is seen, up to 1,200 words and the end of that segment."""
    sentences: list[Sentence] = []
    budget = _MAX_WORDS
    qualifiers = find_qualifiers(reading.tokens.words, hits, lexicon)
    for segment in reading.segments:
        if not may_be_seen(segment):
            continue
        if budget <= 0:
            break
        for words in tag_sentences(reading, segment, lexicon, qualifiers):
            budget -= len(words)
            sentences.append(Sentence(segment, words))
    return sentences


def _collect(
    facet: str, sentences: Sequence[Sentence], find: Finder, most: int, reading: Reading, lexicon: Lexicon
) -> Iterator[Facet]:
    """The first few different phrases; the finder is told whether it is still looking for the first one."""
    values: set[str] = set()
    for segment, words in sentences:
        if len(values) >= most:
            return
        for start, end in find(words, lexicon, not values):
            value = _normalise(facet, [word.text for word in words[start:end]], lexicon)
            if value and value not in values and len(values) < most:
                values.add(value)
                begin, stop = reading.tokens.starts[words[start].token], reading.tokens.end(words[end - 1].token)
                yield Facet(facet, value, segment.origin, begin, stop, segment.shot)


def _normalise(facet: str, texts: list[str], lexicon: Lexicon) -> str:
    """The phrase as it is counted: a verb in its base form, a noun in the singular."""
    if facet == "action":
        return " ".join([lexicon.base(texts[0]) or singular(texts[0]), *texts[1:]])
    return " ".join([*texts[:-1], singular(texts[-1])])


def _find_nouns(words: Sequence[Word], lexicon: Lexicon) -> list[Noun]:
    """The noun phrases of a sentence; words about the picture itself are passed over."""
    nouns = []
    index = 0
    while index < len(words):
        first = index
        # "A sign painted red": a participle opens a noun phrase only where it opens the sentence.
        is_verb = first > 0 and words[first].kind is Kind.PARTICIPLE
        start = first if is_verb else _skip(words, first, _MODIFIERS)
        end = _skip(words, start, _NOUNS)
        if end > start:
            nouns.append(_trim(Noun(start, end, first), words, lexicon))
        index = max(end, first + 1)
    return [noun for noun in nouns if noun.start < noun.end]


def _skip(words: Sequence[Word], index: int, kinds: frozenset[Kind]) -> int:
    while index < len(words) and words[index].kind in kinds:
        index += 1
    return index


def _trim(noun: Noun, words: Sequence[Word], lexicon: Lexicon) -> Noun:
    start, end = noun.span
    while start < end and words[start].text in lexicon.frames:
        start += 1
    while end > start and words[end - 1].text in lexicon.frames:
        end -= 1
    return Noun(max(start, end - 3), end, noun.first)


def _between(words: Sequence[Word], noun: Noun, following: Noun) -> list[Kind]:
    return [word.kind for word in words[noun.end : following.first]]


def _is_joint(kinds: Sequence[Kind]) -> bool:
    """Whether nothing but commas and conjunctions stands there."""
    return bool(kinds) and _JOINTS.issuperset(kinds)


def _subjects_of_field(words: Sequence[Word], lexicon: Lexicon, _: bool) -> list[Span]:
    """The first noun phrase and those that commas or conjunctions join to it."""
    nouns = _find_nouns(words, lexicon)
    chosen = nouns[:1]
    for noun in nouns[1:]:
        if not _is_joint(_between(words, chosen[-1], noun)):
            break
        chosen.append(noun)
    return [noun.span for noun in chosen[: _MOST["subject"]]]


def _settings_of_field(words: Sequence[Word], lexicon: Lexicon, _: bool) -> list[Span]:
    """The first noun phrase, and the next where a preposition joins them: "a bench in a park"."""
    nouns = _find_nouns(words, lexicon)
    is_joined = len(nouns) > 1 and Kind.PREPOSITION in _between(words, nouns[0], nouns[1])
    return [noun.span for noun in nouns[: 2 if is_joined else 1]]


def _actions_of_field(words: Sequence[Word], lexicon: Lexicon, _: bool) -> list[Span]:
    """The verbs, and what follows a comma and may be one: "kneads, folds, rests"."""
    actions = [
        (index, _object_end(words, index))
        for index in range(len(words))
        if (_is_verb(words, index) or _is_listed_verb(words, index, lexicon)) and _is_action(words, index, lexicon)
    ]
    return actions[: _MOST["action"]]


def _subjects(words: Sequence[Word], lexicon: Lexicon, is_first: bool) -> list[Span]:
    """What a sentence is about: its first noun phrase and those joined to it; later ones add only living things."""
    offset = _heading_end(words, lexicon)
    return [(start + offset, end + offset) for start, end in _subjects_of(words[offset:], lexicon, is_first=is_first)]


def _heading_end(words: Sequence[Word], lexicon: Lexicon) -> int:
    """Where a sentence begins whose first words only say what is shown: "Skincare product shot: a frosted jar"."""
    colon = next((index for index, word in enumerate(words) if word.kind is Kind.COLON), 0)
    heading = words[:colon]
    is_heading = any(word.kind is Kind.CAMERA or word.text in lexicon.frames for word in heading)
    return colon + 1 if is_heading else 0


def _subjects_of(words: Sequence[Word], lexicon: Lexicon, *, is_first: bool) -> list[Span]:
    if not is_first and not any(word.kind is Kind.NOUN and lexicon.is_animate(word.text) for word in words):
        return []
    nouns = _find_nouns(words, lexicon)
    lead = _find_lead(words, nouns, lexicon, is_first=is_first)
    if lead is None:
        return []
    if sides := _find_sides(words, nouns):
        return sides
    chosen = _list_from(words, nouns, _pass_measure(words, nouns, nouns.index(lead), lexicon))
    if not is_first:
        chosen = [noun for noun in chosen if lexicon.is_animate(words[noun.end - 1].text) and noun.first <= 2]
    chosen += [noun for noun in nouns if noun not in chosen and _is_agent(words, noun, lexicon)]
    return [noun.span for noun in chosen]


def _find_lead(words: Sequence[Word], nouns: Sequence[Noun], lexicon: Lexicon, *, is_first: bool) -> Noun | None:
    """The noun phrase that a sentence is about: not a setting, nor what "in", "on" or "behind" leads to.

    While no subject is known, a setting will do, or what stands in one.
    """
    free = [noun for noun in nouns if not noun.first or not _is_locative(words[noun.first - 1], lexicon)]
    lead = next((noun for noun in free if _is_thing(words, noun, lexicon)), None)
    if lead or not is_first:
        return lead
    if free:
        return next((noun for noun in free if not _is_picture(words, noun)), None)
    return next((noun for noun in nouns[:1] if not _is_setting(words, noun, lexicon)), None)


def _is_locative(word: Word, lexicon: Lexicon) -> bool:
    return word.text in lexicon.locative and word.kind is not Kind.CAMERA


def _is_thing(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    """Whether a noun phrase names neither a setting nor the picture itself."""
    return not _is_picture(words, noun) and not _is_setting(words, noun, lexicon)


def _is_picture(words: Sequence[Word], noun: Noun) -> bool:
    """Whether the last word of a noun phrase is one for the picture: "product shot"."""
    after = words[noun.end : noun.end + 2]
    return bool(after) and after[0].text in _PICTURES and (len(after) == 1 or after[1].kind is not Kind.NOUN)


def _find_sides(words: Sequence[Word], nouns: Sequence[Noun]) -> list[Span]:
    """Both things of "a banana on the left of an apple"."""
    for index in range(2, len(words) - 1):
        side, of = words[index - 1].text, words[index].text
        if of == "of" and side in _SIDES and words[index - 2].text in ("the", "top"):
            before = [noun for noun in nouns if noun.end <= index - 2]
            after = [noun for noun in nouns if noun.start > index]
            if before and after and before[-1].first == 0:
                return [before[-1].span, after[0].span]
    return []


def _pass_measure(words: Sequence[Word], nouns: Sequence[Noun], index: int, lexicon: Lexicon) -> int:
    """The index of the noun that is meant: of "a group of puppies" the second."""
    end = nouns[index].end
    is_measure = words[end - 1].text.rstrip("s") in lexicon.measures
    is_measured = end < len(words) and words[end].text == "of" and index + 1 < len(nouns)
    return index + 1 if is_measure and is_measured else index


def _list_from(words: Sequence[Word], nouns: Sequence[Noun], index: int) -> list[Noun]:
    """The noun and those that a conjunction joins to it, one by one."""
    joined = [nouns[index]]
    for noun in nouns[index + 1 :]:
        between = _between(words, joined[-1], noun)
        if not (_is_joint(between) and Kind.CONJUNCTION in between):
            break
        joined.append(noun)
    return joined


def _is_agent(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    """Whether the phrase is a living thing that does something: a verb follows, and no preposition governs it."""
    is_governed = noun.first > 0 and words[noun.first - 1].kind is Kind.PREPOSITION
    if is_governed or noun.end == len(words) or words[noun.end].kind not in _DOING_OR_BEING:
        return False
    return lexicon.is_animate(words[noun.end - 1].text)


def _actions(words: Sequence[Word], lexicon: Lexicon, is_first: bool) -> list[Span]:
    """The verbs that say what is done, each with a short object right after it."""
    # "Walking through Lagos" is a caption: its first word says how the place is seen.
    is_caption = len(words) > 1 and words[0].kind is Kind.GERUND and words[1].kind is Kind.PREPOSITION
    return [
        (index, _object_end(words, index))
        for index in range(1 if is_caption else 0, len(words))
        if _is_verb(words, index)
        and _is_action(words, index, lexicon)
        and (is_first or not _is_aside(words, index, lexicon))
    ]


def _is_aside(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether an -ing form only says how a thing beside the main one is: "..., steam rising off a pot"."""
    if words[index].kind is not Kind.GERUND or index == 0 or words[index - 1].kind is not Kind.NOUN:
        return False
    start = index
    while start > 0 and words[start - 1].kind not in (Kind.COMMA, Kind.COLON):
        start -= 1
    return start > 0 and not lexicon.is_animate(words[index - 1].text)


def _is_verb(words: Sequence[Word], index: int) -> bool:
    kind = words[index].kind
    return kind in _DOING or (kind is Kind.PARTICIPLE and index > 0 and words[index - 1].kind is Kind.AUXILIARY)


def _is_listed_verb(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether a form of a verb stands where a list of actions has its next item."""
    if index and words[index - 1].kind not in _JOINTS and words[index - 1].text != "then":
        return False
    return bool(lexicon.base(words[index].text))


def _is_action(words: Sequence[Word], index: int, lexicon: Lexicon) -> bool:
    """Whether a verb says what is done in the picture: it does not merely point, and the camera does not do it."""
    if lexicon.base(words[index].text) in lexicon.pointing:
        return False
    for word in reversed(words[max(0, index - 12) : index]):
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
    end = min(_skip(words, start, _NOUNS), start + 2)
    is_object = start < end <= index + 3 and (end == len(words) or words[end].kind in _AFTER_OBJECT)
    return end if is_object else index + 1


def _settings(words: Sequence[Word], lexicon: Lexicon, is_first: bool) -> list[Span]:
    """The settings that a word such as "in" or "across" leads to, else the first one; of one sentence only."""
    if not is_first:
        return []
    settings = [noun for noun in _find_nouns(words, lexicon) if _is_setting(words, noun, lexicon)]
    led_to = [noun for noun in settings if noun.first and words[noun.first - 1].text in lexicon.locative]
    return [noun.span for noun in led_to or settings[:1]]


def _is_setting(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    return lexicon.is_setting(words[noun.end - 1].text)


_IN_FIELDS: dict[str, Finder] = {
    "subject": _subjects_of_field,
    "action": _actions_of_field,
    "setting": _settings_of_field,
}
_IN_PROSE: dict[str, Finder] = {"subject": _subjects, "action": _actions, "setting": _settings}
