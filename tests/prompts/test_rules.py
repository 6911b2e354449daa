"""The labelling rules, one by one: what names a value, and what only looks as if it did."""

from __future__ import annotations

import pytest

from catalog.fields import OPEN_FACETS
from catalog.prompts import extract


def values(prompt: str, *names: str) -> set[str]:
    """`name:value` of the controlled facets, or of the named ones."""
    return {
        f"{facet.name}:{facet.value}"
        for facet in extract(prompt).facets
        if (facet.name in names if names else facet.name not in OPEN_FACETS)
    }


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Extreme close-up of a watch", {"shot_size:extreme_close_up"}),
        ("Wide, static shot of a valley", {"shot_size:wide", "camera_movement:static"}),
        ("Medium-wide shots of a cook", {"shot_size:medium_wide"}),
        ("Low-angle view of a tower", {"camera_angle:low_angle"}),
        ("A bird’s-eye view of a town", {"camera_angle:overhead"}),
        ("Drone footage of a reef", {"camera_angle:aerial"}),
        ("A fisherman filmed from behind", {"camera_angle:rear_view"}),
        ("The camera slowly pans to the left", {"camera_movement:pan_left"}),
        ("A gentle dolly-in on a door", {"camera_movement:push_in"}),
        ("The camera glides smoothly backward", {"camera_movement:pull_out"}),
        ("Lateral dolly left along a wall", {"camera_movement:truck_left"}),
        ("The camera descends to the street", {"camera_movement:crane_down"}),
        ("The camera moves around the statue", {"camera_movement:orbit"}),
        ("Gimbal shot in a corridor", {"camera_movement:steadicam"}),
        ("The camera does not move", {"camera_movement:static"}),
        ("85 mm portrait", {"lens:85mm"}),
        ("60mm macro of a bee", {"lens:60mm", "lens:macro_lens"}),
        ("16 mm newsreel", {"style:film_16mm", "style:news"}),
        ("Shot on 35mm film", {"style:film_35mm"}),
        ("Shot with a 35mm lens", {"lens:35mm"}),
        ("70 mm IMAX", {"style:film_70mm"}),
        ("depth of field", {"focus:shallow_dof"}),
        ("The background is blurred", {"focus:shallow_dof"}),
        ("deep depth of field", {"focus:deep_focus"}),
        ("soft, diffused morning light", {"lighting:soft", "time_of_day:morning"}),
        ("lit by an overhead lamp", {"lighting:top_light"}),
        ("shafts of sunlight in a barn", {"lighting:sunlight", "lighting:volumetric"}),
        ("golden light on the hills", {"palette:warm"}),
        ("a golden crown", {"color:gold"}),
        ("rendered in black and white", {"palette:black_and_white"}),
        ("a black and white cat", {"color:black", "color:white"}),
        ("a teal and orange grade", {"palette:teal_orange"}),
        ("2D animation of a fox", {"style:animation_2d"}),
        ("a tense, mysterious atmosphere", {"mood:tense", "mood:mysterious"}),
        ("under a clear blue sky", {"weather:clear", "color:blue"}),
        ("the street at 3 am", {"time_of_day:night"}),
        ("a meadow in early spring", {"season:spring"}),
        ("super slow-mo of a splash", {"speed:slow_motion"}),
        ("a smooth loop", {"speed:loop"}),
    ],
)
def test_a_term_names_its_value(prompt: str, expected: set[str]) -> None:
    assert values(prompt) == expected


@pytest.mark.parametrize(
    "prompt",
    [
        "a woman in an evening gown",
        "a whooping crane by a pond",
        "cranes over the dock, seen by an old crane operator",
        "a black hole",
        "peach blossom on the water",
        "Movie Night at the villa",
        "petals fall like snow",
        "tracking lines on the tape",
        "a man spins a coil spring",
        "the man falls asleep",
        "a nightclub crowd, a night club sign",
        "a full moon over a tall tower",
        "he shakes his head",
        "she looks over her shoulder",
        "a press room in the White House",
        "a copper kettle and a walnut table",
        "a vintage car",
        "clouds of dust",
        "a trailer park",
        "he is happy and confident",
        "a fast train, a slow turtle",
        "tiny particles orbit the bottle",
        "the villagers look up",
        "wind chimes",
    ],
)
def test_a_lookalike_gives_nothing(prompt: str) -> None:
    assert not values(prompt)


def test_a_color_before_an_or_another_term_is_no_time() -> None:
    assert values("sunset orange and midnight blue walls") == {"color:orange", "color:blue"}


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [
        ("A street. No music, no rain.", "No music, no rain"),
        ("A street without fog", "without fog"),
        ("A street. Avoid: lens flare, neon", "lens flare, neon"),
        ("A street\nNegative prompt: snow, handheld", "snow, handheld"),
        ("A street\nConstraints: no neon; avoid fast motion", "no neon; avoid fast motion"),
        ('{"prompt": "A street", "negative_prompt": ["neon", "harsh light"]}', "neon, harsh light"),
        ("小巷，没有音乐", "没有音乐"),
        ("路地、音楽なし", "音楽なし"),
        ("Una calle de noche... sin música", "sin música"),
    ],
)
def test_what_is_negated_gives_no_facet_and_is_kept_as_negative_prompt(prompt: str, negative: str) -> None:
    assert extract(prompt).negative_prompt == negative
    assert not values(prompt, "audio", "weather", "lighting", "camera_movement", "season", "speed")


def test_a_negation_ends_with_its_clause() -> None:
    assert values("No music, just the low rumble of thunder rolls") >= {"audio:sound"}


def test_a_negation_reaches_over_its_list() -> None:
    assert not values("no fog, rain or snow")


def test_not_only_is_no_negation() -> None:
    assert values("not only neon but fog") == {"lighting:neon", "weather:fog"}


def test_quoted_words_are_not_seen() -> None:
    assert not values('A sign reads "Neon sunset" on the wall')


@pytest.mark.parametrize(
    ("prompt", "line", "speaker"),
    [
        ('The old man says, "It is late."', "It is late.", "The old man"),
        ("Dialogue:\n- Girl: “Run, it starts!”", "Run, it starts!", "Girl"),
        ("Dialogue:\nBen (whispering): Right here.", "Right here.", "Ben"),
        ('{"dialogue": {"character": "Mia", "line": "It\'s \\"fine\\"."}}', 'It\'s "fine".', "Mia"),
        ("少女说：“快跑！”", "快跑！", "少女说"),
    ],
)
def test_a_spoken_line_is_kept_word_for_word_with_its_speaker(prompt: str, line: str, speaker: str) -> None:
    found = extract(prompt)
    assert [(spoken.text, spoken.speaker) for spoken in found.dialogue] == [(line, speaker)]
    assert [facet.value for facet in found.facets if facet.name == "dialogue"] == [line]
    assert "audio:dialogue" in values(prompt)


def test_a_narrator_is_a_voiceover() -> None:
    assert values('Narrator: "Long ago."', "audio") == {"audio:voiceover"}


def test_words_on_a_screen_are_no_dialogue() -> None:
    assert not extract("A title card that reads \"Later\" and a button labelled 'Go'").dialogue


def test_no_dialogue_is_no_dialogue() -> None:
    assert not extract("Dialogue: none").dialogue


def test_the_most_specific_value_wins() -> None:
    assert values("Slow pan. The camera pans left.") == {"camera_movement:pan_left"}


def test_the_camera_in_a_clause_does_not_govern_the_next_one() -> None:
    assert values("The camera pushes in as the train moves left") == {"camera_movement:push_in"}


def test_a_thing_beside_the_camera_does_not_move_it() -> None:
    assert not values("A dog walks toward the camera and follows a ball", "camera_movement")


def test_a_color_in_a_name_is_no_color() -> None:
    assert not values("A boat trip to Blue Lagoon in the north")
