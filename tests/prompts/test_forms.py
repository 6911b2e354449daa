"""The ways in which cinematographers, guides of generators and laypeople say a value, in the four languages."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import pytest

from catalog.prompts import extract, load
from catalog.prompts.compiler import expand

FORMS = tomllib.loads(Path(__file__).with_name("forms.toml").read_text("utf-8"))
TABLES = [(facet, value) for facet, values in FORMS.items() for value in values]


def read(facet: str, prompt: str) -> set[str]:
    facets = extract(prompt.replace(" / ", "\n"), open_facets=False).facets
    return {found.value for found in facets if found.name == facet}


@pytest.mark.parametrize(("facet", "value"), TABLES)
def test_every_way_to_say_a_value_gives_it(facet: str, value: str) -> None:
    wanted = set() if value == "none" else {value}
    prompts = FORMS[facet][value].strip().splitlines()
    assert [prompt for prompt in prompts if not wanted <= read(facet, prompt)] == []
    assert [prompt for prompt in prompts if not wanted and read(facet, prompt)] == []


@pytest.mark.parametrize("facet", ["camera_movement", "camera_angle", "speed", "palette", "audio", "mood"])
def test_every_value_of_the_facet_has_its_ways(facet: str) -> None:
    assert set(load().values[facet]) == set(FORMS[facet]) - {"none"}


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [("鏡頭緩緩推進，緊張的氛圍", "镜头缓缓推进，紧张的氛围"), ("慢動作，黑白畫面，無聲", "慢动作，黑白画面，无声")],
)
def test_traditional_characters_are_read_as_the_simplified_ones(traditional: str, simplified: str) -> None:
    values = [[(facet.name, facet.value) for facet in extract(text).facets] for text in (traditional, simplified)]
    assert values[0] == values[1] != []


def test_a_japanese_label_tells_the_language_of_what_follows_it() -> None:
    assert read("mood", '{"シーン": "港", "ムード": "劇的"}') == {"dramatic"}


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ("夜の港。男「逃げろ！」", "逃げろ！"),
        ("Un patio.\n—¿Quién eres? —pregunta ella.", "¿Quién eres?"),
        ('She hisses, "Get down!"', "Get down!"),
        ("老人低声道：「别怕。」", "别怕。"),
    ],
)
def test_a_line_is_heard_however_it_is_written(prompt: str, line: str) -> None:
    assert [spoken.text for spoken in extract(prompt).dialogue] == [line]


@pytest.mark.parametrize(
    "prompt",
    [
        "店の看板「営業中」が光る",
        "— A fox runs.",
        "a harbor — quiet. — a boat",
        'Seed 4. Generate a video: "A fox runs off." No text.',
    ],
)
def test_signs_and_dashes_of_prose_are_not_lines(prompt: str) -> None:
    assert extract(prompt).dialogue == ()


def test_no_form_stands_for_thousands_of_phrases() -> None:
    table = tomllib.loads(resources.files("catalog.prompts").joinpath("vocabulary.toml").read_text("utf-8"))
    forms = {
        form
        for values in table["facets"].values()
        for modes in values.values()
        for some in modes.values()
        for form in some
    }
    assert [form for form in forms if sum(1 for _ in expand(form, table["macros"])) > 10_000] == []
