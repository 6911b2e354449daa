"""Open facets: what is seen (`subject`), what it does (`action`) and where (`setting`), as short phrases of the prompt.

A small chunker: noun phrases and verbs follow from the classes that `tagging` gives the words of a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.actions import find_actions, find_actions_of_field
from catalog.prompts.inflection import singular
from catalog.prompts.known_words import find_known_words, is_of_camera, may_be_seen, read_verbatim
from catalog.prompts.lexicon import load_lexicon
from catalog.prompts.nouns import (
    find_nouns,
    find_settings,
    find_settings_of_field,
    find_subjects,
    find_subjects_of_field,
)
from catalog.prompts.tagging import find_qualifiers, tag_sentences
from catalog.records import Facet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.prompts.lexicon import Kind, Lexicon
    from catalog.prompts.nouns import Noun, Ranked, Span
    from catalog.prompts.segments import Segment
    from catalog.prompts.tagging import Word
    from catalog.prompts.terms import Hit, Reading
    from catalog.prompts.vocabulary import Field

    Finder = Callable[[Sequence[Word], Sequence[Noun], Lexicon, int], Sequence[Ranked]]

_MOST = {"subject": 4, "action": 4, "setting": 2}
_ENOUGH = {"subject": (4, 3, 1), "action": (4, 3, 1), "setting": (2, 2, 1)}  # how many there may be, for each rank
_MAX_WORDS = 1200


class Sentence(NamedTuple):
    """The words of a sentence, its noun phrases and the segment that it stands in."""

    segment: Segment
    words: list[Word]
    nouns: list[Noun]


def find_phrases(reading: Reading, hits: Sequence[Hit]) -> list[Facet]:
    """The open facets of a sheet: from fields about them where there are any, else from its prose."""
    lexicon = load_lexicon()
    qualifiers = find_qualifiers(reading.tokens.words, hits, lexicon)
    sentences = _read_sentences(reading, filter(may_be_seen, reading.segments), lexicon, qualifiers)
    prose = [sentence for sentence in sentences if _is_prose(sentence.segment.field)]
    shots: list[Sentence] | None = None
    phrases: list[Facet] = []
    for facet, most in _MOST.items():
        fields = [sentence for sentence in sentences if facet in sentence.segment.field.opens]
        found = (
            _collect(facet, fields, _IN_FIELDS[facet], reading, lexicon)
            or find_known_words(facet, most, reading, hits, in_fields=True)
            or read_verbatim(facet, most, reading)
            or _collect(facet, prose, _IN_PROSE[facet], reading, lexicon)
            or find_known_words(facet, most, reading, hits, in_fields=False)
        )
        if not found:  # "Shot: insert of a hand turning a key"
            if shots is None:
                shots = _read_sentences(reading, filter(is_of_camera, reading.segments), lexicon, qualifiers)
            found = _collect(facet, shots, _IN_PROSE[facet], reading, lexicon)
        phrases += found
    return phrases


def _is_prose(field: Field) -> bool:
    """Whether text of the field may speak of anything, as that of a list of shots does."""
    return not field.bare or bool(field.opens) or field.role == "shots"


def _read_sentences(
    reading: Reading, segments: Iterable[Segment], lexicon: Lexicon, qualifiers: dict[int, Kind]
) -> list[Sentence]:
    """The sentences of the segments, up to 1,200 words and the end of that segment."""
    sentences: list[Sentence] = []
    budget = _MAX_WORDS
    for segment in segments:
        if budget <= 0:
            break
        for words in tag_sentences(reading, segment, lexicon, qualifiers):
            budget -= len(words)
            sentences.append(Sentence(segment, words, find_nouns(words, lexicon)))
    return sentences


def _collect(
    facet: str, sentences: Sequence[Sentence], find: Finder, reading: Reading, lexicon: Lexicon
) -> list[Facet]:
    """The first few different phrases, those of a better rank first; a finder is told how many came before."""
    ranked: dict[str, tuple[int, Sentence, Span]] = {}
    for sentence in sentences:
        words = sentence.words
        for span, rank in find(words, sentence.nouns, lexicon, len(ranked)):
            value = _normalise(facet, [word.text for word in words[span[0] : span[1]]], lexicon)
            if value and (value not in ranked or rank < ranked[value][0]):
                ranked[value] = rank, sentence, span
    phrases: list[Facet] = []
    most = _ENOUGH[facet]
    for value, (rank, (segment, words, _), (start, end)) in sorted(ranked.items(), key=_rank):
        if len(phrases) >= most[rank]:
            break
        begin, stop = reading.tokens.starts[words[start].token], reading.tokens.end(words[end - 1].token)
        phrases.append(Facet(facet, value, segment.origin, begin, stop, segment.shot))
    return phrases


def _rank(found: tuple[str, tuple[int, Sentence, Span]]) -> int:
    return found[1][0]


def _normalise(facet: str, texts: list[str], lexicon: Lexicon) -> str:
    """The phrase as it is counted: a verb in its base form, a noun in the singular."""
    if facet == "action":
        return " ".join([lexicon.base(texts[0]) or singular(texts[0]), *texts[1:]])
    return " ".join([*texts[:-1], singular(texts[-1])])


_IN_FIELDS: dict[str, Finder] = {
    "subject": find_subjects_of_field,
    "action": find_actions_of_field,
    "setting": find_settings_of_field,
}
_IN_PROSE: dict[str, Finder] = {"subject": find_subjects, "action": find_actions, "setting": find_settings}
