"""The class of each word: by itself where a list or an ending says it, else by its neighbours."""

from __future__ import annotations

import pytest

from catalog.prompts import load
from catalog.prompts.lexicon import Kind, load_lexicon
from catalog.prompts.segments import Segment
from catalog.prompts.tagging import find_qualifiers, tag_sentences
from catalog.prompts.terms import Reading


def tag(text: str) -> list[list[tuple[str, Kind]]]:
    segment = Segment(0, len(text))
    reading = Reading(text, [segment], load())
    qualifiers = find_qualifiers(reading.tokens.words, reading.find_terms(), load_lexicon())
    sentences = tag_sentences(reading, segment, load_lexicon(), qualifiers)
    return [[(word.text, word.kind) for word in sentence] for sentence in sentences]


def kind(text: str, word: str) -> Kind:
    return next(kind for sentence in tag(text) for found, kind in sentence if found == word)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("the walk home", "walk", Kind.NOUN),
        ("they walk home", "walk", Kind.VERB),
        ("ready to walk home", "walk", Kind.VERB),
        ("out for walk after walk", "walk", Kind.NOUN),
        ("two dogs walk by a lake", "walk", Kind.VERB),
        ("a boy and his dog walk by a lake", "walk", Kind.VERB),
        ("a dog chases a cat", "chases", Kind.VERB),
        ("a dog waves at a cat", "waves", Kind.VERB),
        ("a dog waves", "waves", Kind.VERB),
        ("ocean waves crash", "waves", Kind.NOUN),
        ("a fox stops, chases a hare", "chases", Kind.VERB),
        ("chase a hare", "chase", Kind.VERB),
        ("hand a coin over", "hand", Kind.NOUN),
        ("a glowing orb", "glowing", Kind.ADJECTIVE),
        ("under falling snow", "falling", Kind.ADJECTIVE),
        ("falling snow on a roof", "falling", Kind.ADJECTIVE),
        ("playing chess in a park", "playing", Kind.GERUND),
        ("at the crossing", "crossing", Kind.NOUN),
        ("a painted house", "painted", Kind.ADJECTIVE),
        ("a house painted by all", "painted", Kind.PARTICIPLE),
        ("the still pond", "still", Kind.ADJECTIVE),
        ("the pond is still", "still", Kind.ADVERB),
        ("a marble-topped desk", "marble", Kind.ADJECTIVE),
        ("a wide shot of a fox", "wide", Kind.CAMERA),
        ("a red fox", "red", Kind.ADJECTIVE),
        ("12 foxes", "12", Kind.NUMBER),
    ],
)
def test_neighbours_settle_what_a_word_is(text: str, word: str, expected: Kind) -> None:
    assert kind(text, word) is expected


def test_sentences_end_at_full_stops_and_lines() -> None:
    assert [[text for text, _ in sentence] for sentence in tag("A fox. Two dogs\nrun, bark")] == [
        ["a", "fox"],
        ["two", "dogs"],
        ["run", ",", "bark"],
    ]


def test_a_sentence_in_spanish_is_left_out() -> None:
    assert tag("Un perro corre con una pelota") == []


def test_scripts_without_blanks_are_a_pause() -> None:
    assert [kind for _, kind in tag("the fox 狐")[0]] == [Kind.DETERMINER, Kind.NOUN, Kind.COMMA]
