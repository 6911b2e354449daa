"""Words of the vocabulary that are names where they stand: of people, animals and places."""

from __future__ import annotations

import pytest

from catalog.prompts import extract


def values(prompt: str) -> set[str]:
    return {f"{facet.name}:{facet.value}" for facet in extract(prompt, open_facets=False).facets}


@pytest.mark.parametrize(
    "prompt",
    [
        "Dawn pours the coffee.",
        "A keeper's daughter, Dawn, learns the truth. Dawn, drenched, screams.",
        "Characters: Amber (8) and her grandpa",
        "A dog named Sunny chases a stick.",
        "Violet, the barista, wipes the counter.",
        '{"characters": [{"name": "Misty", "type": "snail"}], "action": "Misty climbs a leaf"}',
        'Amber: "Wait for me!"',
        "Miss Scarlet waits.",
        "A boat trip to Blue Lagoon in the north",
    ],
)
def test_a_name_gives_nothing(prompt: str) -> None:
    assert not {value for value in values(prompt) if value.startswith(("color", "time", "weather"))}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Dawn breaks over the harbor.", "time_of_day:dawn"),
        ("Amber light on the wall.", "color:orange"),
        ("Rain falls. A woman looks up.", "weather:rain"),
        ("Sunny, a beach, a boy runs.", "weather:clear"),
    ],
)
def test_the_same_words_elsewhere_do(prompt: str, expected: str) -> None:
    assert expected in values(prompt)
