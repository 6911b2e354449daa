"""English inflection: how regular words are spelled, and the irregular ones that prompts use."""

from __future__ import annotations

import pytest

from catalog.prompts.inflection import inflect, regular_forms, singular, stem_of_participle


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("glide", ("glides", "gliding", "glided")),
        ("push", ("pushes", "pushing", "pushed")),
        ("tilt", ("tilts", "tilting", "tilted")),
        ("pan", ("pans", "panning", "panned")),
        ("look", ("looks", "looking", "looked")),
        ("play", ("plays", "playing", "played")),
        ("follow", ("follows", "following", "followed")),
        ("accompany", ("accompanies", "accompanying", "accompanied")),
        ("tie", ("ties", "tying", "tied")),
        ("agree", ("agrees", "agreeing", "agreed")),
        ("tiptoe", ("tiptoes", "tiptoeing", "tiptoed")),
        ("lasso", ("lassoes", "lassoing", "lassoed")),
        ("video", ("videos", "videoing", "videoed")),
        ("do", ("does", "doing", "doed")),
        ("x", ("xes", "xing", "xed")),
        ("", ("s", "ing", "ed")),
    ],
)
def test_regular_verbs_are_spelled_by_rule(verb: str, forms: tuple[str, str, str]) -> None:
    assert regular_forms(verb) == forms


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("fly", ("fly", "flies", "flying", "flew")),
        ("dolly", ("dolly", "dollies", "dollying", "dollied", "dollys")),
        ("pan", ("pan", "pans", "panning", "panned")),
    ],
)
def test_the_base_of_a_verb_is_the_first_of_its_forms(verb: str, forms: tuple[str, ...]) -> None:
    assert inflect(verb) == forms


@pytest.mark.parametrize(
    ("noun", "one"),
    [
        ("dogs", "dog"),
        ("puppies", "puppy"),
        ("pies", "pie"),
        ("churches", "church"),
        ("foxes", "fox"),
        ("wolves", "wolf"),
        ("grass", "grass"),
        ("cactus", "cactus"),
        ("stairs", "stairs"),
        ("bus", "bus"),
    ],
)
def test_a_plural_becomes_one_thing(noun: str, one: str) -> None:
    assert singular(noun) == one


@pytest.mark.parametrize(
    ("word", "stem"), [("strumming", "strum"), ("calling", "call"), ("painting", "paint"), ("king", ""), ("runs", "")]
)
def test_a_participle_gives_its_stem(word: str, stem: str) -> None:
    assert stem_of_participle(word) == stem
