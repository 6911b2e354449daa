"""Words that stand alone describe the picture; beside a thing, or with somebody, they describe that."""

from __future__ import annotations

import pytest

from catalog.prompts import extract


def values(prompt: str, *names: str) -> set[str]:
    return {
        f"{facet.name}:{facet.value}"
        for facet in extract(prompt, open_facets=False).facets
        if not names or facet.name in names
    }


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "A grandmother rolls dough. Tender, hopeful, a little bit playful.",
            {"mood:intimate", "mood:hopeful", "mood:playful"},
        ),
        ("a corgi on a skateboard, fun and fast", {"mood:playful"}),
        ("photoreal lion, savanna, majestic, breeze in mane", {"mood:epic"}),
        ("Wide, a gallows on a hill.", {"shot_size:wide"}),
        ("Owl in a barn, head-on.", {"camera_angle:front_view"}),
        ("white cat, white sofa, static", {"camera_movement:static"}),
        ("A Western, widescreen.", {"style:western"}),
        ("A clock on a wall, wide shot, calm.", {"mood:calm"}),
        ("El perro salta, divertido y tierno", {"mood:playful", "mood:intimate"}),
        ("少女站在桥上，孤独而温柔。", {"mood:melancholic", "mood:intimate"}),
    ],
)
def test_a_description_that_stands_alone_is_the_pictures(prompt: str, expected: set[str]) -> None:
    assert values(prompt) >= expected


@pytest.mark.parametrize(
    "prompt",
    [
        "A woman, happy and confident, walks down a street with her friends",
        "The villagers look up - surprised, but welcoming",
        "A tender steak and an elegant lady in the hall",
        "A list of words on a wall: hook, rising, turning",
        "A wide river, a quiet child, a western wall",
        "安静的女孩看着优雅的天鹅",
    ],
)
def test_beside_a_thing_or_a_person_it_is_not(prompt: str) -> None:
    assert not values(prompt, "mood", "shot_size", "camera_movement", "style")


@pytest.mark.parametrize(
    ("prompt", "layers"),
    [
        ("A bar at closing time. Slightly menacing cello.", {"music"}),
        ("boy, beach, slide guitar", {"music"}),
        ("A boy tunes a trombone, a guitar on the wall", set()),
        ("The crowd waits. Silence.", {"silence"}),
        ("Everyone falls silent", set()),
        ("No music, only boots on ash.", {"sound"}),
        ("Nothing moves. You hear nothing but ticking.", {"sound"}),
        ("MUSIC: none, oars only", set()),
    ],
)
def test_sound_is_read_from_prose(prompt: str, layers: set[str]) -> None:
    assert values(prompt, "audio") == {f"audio:{layer}" for layer in layers}


@pytest.mark.parametrize(
    ("prompt", "movements"),
    [
        ("Pull out as the moth opens its wings", {"pull_out"}),
        ("Camera: pedestal up, then a tilt to the propellers", {"crane_up", "tilt"}),
        ("The frame opens on the engine room of a sinking ferry", set()),
        ("The camera slowly spins clockwise while chopsticks dive in and out", {"roll"}),
        ("镜头缓缓上升，随后环绕主体", {"crane_up", "orbit"}),
        ("镜头跟拍一位骑手在车流里穿梭", {"tracking"}),
        ("カメラがゆっくりと前進し、少女の周りを回り込む", {"push_in", "orbit"}),
        ("La cámara retrocede lentamente y luego sube", {"pull_out", "crane_up"}),
    ],
)
def test_a_move_belongs_to_the_camera_that_makes_it(prompt: str, movements: set[str]) -> None:
    assert values(prompt, "camera_movement") == {f"camera_movement:{movement}" for movement in movements}


@pytest.mark.parametrize(
    ("prompt", "is_night"),
    [
        ("A gamer at his desk. 3 a.m.", True),
        ("A street at 11:30 PM", True),
        ("CCTV, timestamp 23:51", True),
        ("- 23:30 tea by the window", True),
        ("breakfast at 8 a.m., 10 am", False),
        ("[00:02] a door opens\n00:03 it closes\n02:14 - 02:20 rain", False),
    ],
)
def test_hours_of_the_night_are_night(prompt: str, is_night: bool) -> None:
    assert ("time_of_day:night" in values(prompt, "time_of_day")) is is_night
