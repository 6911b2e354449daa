"""Noun phrases of a sentence, and which of them a picture is about: its subjects and its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.inflection import singular
from catalog.prompts.lexicon import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts.lexicon import Lexicon
    from catalog.prompts.tagging import Word

    Span = tuple[int, int]  # words of a sentence, from the first up to but without the last
    Ranked = tuple[Span, int]  # the less, the more the picture is about it

NOUNS = frozenset({Kind.NOUN})
MODIFIERS = frozenset({Kind.DETERMINER, Kind.ADJECTIVE, Kind.NUMBER, Kind.PARTICIPLE})
IN_PHRASE = NOUNS | MODIFIERS
JOINTS = frozenset({Kind.COMMA, Kind.CONJUNCTION})
DOING = frozenset({Kind.VERB, Kind.GERUND})
_DOING_OR_BEING = DOING | {Kind.AUXILIARY}
_MOST_IN_FIELD = 4
_MAX_HEADING = 16
_INSIDE = frozenset({"in", "inside", "into", "at", "through", "across"})
_COMPARING = frozenset({"like", "as", "for", "by", "than", "without"})
_AIMS = frozenset({"on", "with", "to", "at", "from"})
_SIDES = frozenset({"left", "right", "top", "bottom", "front", "back"})
_PICTURES = frozenset(
    {
        "ad", "advert", "advertisement", "clip", "commercial", "cinematography", "explainer", "footage", "montage",
        "promo", "segment", "sequence", "shot", "shots", "spot", "teaser", "trailer", "video", "vlog",
    }
)  # fmt: skip


class Noun(NamedTuple):
    """A noun phrase: its words from `start` up to `end`; determiners and adjectives stand from `first` to `start`."""

    start: int
    end: int
    first: int

    @property
    def span(self) -> Span:
        """The words of the noun alone."""
        return self.start, self.end


def find_nouns(words: Sequence[Word], lexicon: Lexicon) -> list[Noun]:
    """The noun phrases of a sentence; words about the picture itself are passed over."""
    nouns = []
    kinds = [word.kind for word in words]
    count = len(kinds)
    index = 0
    while index < count:
        first = start = index
        index += 1
        # "A sign painted red": a participle opens a noun phrase only where it opens the sentence.
        if kinds[first] not in IN_PHRASE or (first and kinds[first] is Kind.PARTICIPLE):
            continue
        while start < count and kinds[start] in MODIFIERS:
            start += 1
        end = start
        while end < count and kinds[end] is Kind.NOUN:
            end += 1
        if end > start:
            noun = _trim(Noun(start, end, first), words, lexicon)
            if noun.start < noun.end:
                nouns.append(noun)
        index = end
    return nouns


def skip(words: Sequence[Word], index: int, kinds: frozenset[Kind]) -> int:
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
    return bool(kinds) and JOINTS.issuperset(kinds)


def find_subjects_of_field(words: Sequence[Word], nouns: Sequence[Noun], _: Lexicon, __: int) -> list[Ranked]:
    """The first noun phrase and those that commas or conjunctions join to it."""
    chosen = list(nouns[:1])
    for noun in nouns[1:]:
        if not _is_joint(_between(words, chosen[-1], noun)):
            break
        chosen.append(noun)
    return [(noun.span, 0) for noun in chosen[:_MOST_IN_FIELD]]


def find_subjects(words: Sequence[Word], nouns: Sequence[Noun], lexicon: Lexicon, known: int) -> list[Ranked]:
    """What a sentence is about: its first noun phrase and those joined to it; later ones add only living things."""
    offset = _heading_end(words, lexicon)
    if not offset:
        return _subjects_of(words, nouns, lexicon, known)
    rest = words[offset:]
    ranked = _subjects_of(rest, find_nouns(rest, lexicon), lexicon, known)
    return [((start + offset, end + offset), rank) for (start, end), rank in ranked]


def _heading_end(words: Sequence[Word], lexicon: Lexicon) -> int:
    """Where a sentence begins whose first words only say what is shown: "Skincare product shot: a frosted jar"."""
    colon = next((index for index, word in enumerate(words[:_MAX_HEADING]) if word.kind is Kind.COLON), 0)
    if not colon:
        return 0
    heading = words[:colon]
    is_heading = any(word.kind is Kind.CAMERA or word.text in lexicon.frames for word in heading)
    return colon + 1 if is_heading else 0


def _subjects_of(words: Sequence[Word], nouns: Sequence[Noun], lexicon: Lexicon, known: int) -> list[Ranked]:
    lead = _find_lead(words, nouns, lexicon, is_first=not known)
    chosen: list[Noun] = []
    if lead:
        if sides := _find_sides(words, nouns):
            return [(side, 0) for side in sides]
        chosen = _list_from(words, nouns, _pass_measure(words, nouns, nouns.index(lead), lexicon))
        if known:
            chosen = [noun for noun in chosen if lexicon.is_animate(words[noun.end - 1].text) and noun.first <= 2]
    ranked = [(noun.span, 0 if _is_main(words, noun, lexicon) else 2) for noun in chosen]
    ranked += [
        (noun.span, rank)
        for noun in nouns
        if noun not in chosen and (rank := _rank_of_subject(words, noun, lexicon)) is not None
    ]
    return ranked


def _rank_of_subject(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> int | None:
    """0 for somebody who does something, 1 for others and for a thing that does something; None for the rest."""
    is_agent = _is_agent(words, noun)
    if lexicon.is_animate(words[noun.end - 1].text):
        before = words[noun.first - 1] if noun.first else None
        is_compared = before is not None and before.text in _COMPARING
        return None if is_compared else 0 if is_agent else 1
    return 1 if is_agent and words[noun.end].kind is Kind.VERB and _is_main(words, noun, lexicon) else None


def _find_lead(words: Sequence[Word], nouns: Sequence[Noun], lexicon: Lexicon, *, is_first: bool) -> Noun | None:
    """The noun phrase that a sentence is about: not a setting, nor what "in", "on" or "behind" leads to.

    While no subject is known, a setting will do, or what stands in one.
    """
    for noun in nouns:
        is_lead = not noun.first or not _is_locative(words[noun.first - 1], lexicon) or _is_aimed_at(words, noun)
        if is_lead and _is_thing(words, noun, lexicon):
            return noun
    if not is_first:
        return None
    free = [noun for noun in nouns if not noun.first or not _is_locative(words[noun.first - 1], lexicon)]
    if free:
        return next((noun for noun in free if not _is_picture(words, noun)), None)
    return next((noun for noun in nouns[:1] if not _is_setting(words, noun, lexicon)), None)


def _is_locative(word: Word, lexicon: Lexicon) -> bool:
    return word.text in lexicon.locative and word.kind is not Kind.CAMERA


def _is_aimed_at(words: Sequence[Word], noun: Noun) -> bool:
    """Whether the maker is told to turn the camera to the noun: the lantern of "end on the lantern"."""
    return noun.first > 1 and words[noun.first - 2].kind is Kind.COMMAND and words[noun.first - 1].text in _AIMS


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


def _is_agent(words: Sequence[Word], noun: Noun) -> bool:
    """Whether the phrase does something: a verb follows, and no preposition governs it."""
    first = noun.first
    while first > 0 and words[first - 1].kind is Kind.PARTICIPLE:
        first -= 1
    is_governed = first > 0 and words[first - 1].kind is Kind.PREPOSITION
    return not is_governed and noun.end < len(words) and words[noun.end].kind in _DOING_OR_BEING


def _is_main(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    """Whether a picture may be about the thing: not about the light, the air or a part of somebody."""
    return singular(words[noun.end - 1].text) not in lexicon.ambient and not _is_setting(words, noun, lexicon)


def find_settings_of_field(words: Sequence[Word], nouns: Sequence[Noun], lexicon: Lexicon, _: int) -> list[Ranked]:
    """The first noun phrase, and the next where a preposition joins them: "a bench in a park"."""
    if nouns and lexicon.is_animate(words[nouns[0].end - 1].text):  # "Scene: two bikers race across a bridge"
        return find_settings(words, nouns, lexicon, 0)
    is_joined = len(nouns) > 1 and Kind.PREPOSITION in _between(words, nouns[0], nouns[1])
    return [(noun.span, 0) for noun in nouns[: 2 if is_joined else 1]]


def find_settings(words: Sequence[Word], nouns: Sequence[Noun], lexicon: Lexicon, known: int) -> list[Ranked]:
    """The settings that "in" or "across" leads to, else the first one; of later sentences, what is inside one."""
    settings = [noun for noun in nouns if _is_setting(words, noun, lexicon) and not _is_aimed_at(words, noun)]
    led_to = [noun for noun in settings if noun.first and words[noun.first - 1].text in lexicon.locative]
    inside = [noun for noun in led_to if words[noun.first - 1].text in _INSIDE]
    chosen = inside if known else led_to or settings[:1]
    return [(noun.span, 2 if _is_furniture(words, noun, lexicon) else 1 if known else 0) for noun in chosen]


def _is_furniture(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    return singular(words[noun.end - 1].text) in lexicon.furniture


def _is_setting(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    return lexicon.is_setting(words[noun.end - 1].text)
