"""What an instruction takes away, replaces and leaves alone of what its parent asks for."""

from __future__ import annotations

import random
import time
from functools import cache

import pytest

from catalog.demo.prompts import Takes, family, scenes
from catalog.prompts import LONGEST_READ, extract, load
from catalog.prompts.inheritance import MOST, Asked, Line, choose_parent, inherit, is_whole
from catalog.prompts.likeness import measure, resemble
from catalog.records import Facet

SCENE = (
    "Slow push in on a fisherman and a small dog on a wooden pier in heavy rain at dusk. Handheld, 35mm, soft light, "
    'teal and orange palette, melancholy mood, gentle piano music. He says: "The sea is angry tonight."'
)
MOVES = {"camera_movement:push_in", "camera_movement:handheld"}
SPEECH = {"audio:dialogue", "dialogue:The sea is angry tonight."}


@cache
def ask(prompt: str, *given: tuple[str, str]) -> Asked:
    extraction = extract(prompt)
    names = {name for name, _ in given}
    own = [facet for facet in extraction.facets if facet.name not in names]
    facets = [*(Facet(name, value, "given") for name, value in given), *own]
    return Asked(prompt, facets, extraction.negative_prompt)


def name(values: object) -> set[str]:
    return {f"{facet}:{value}" for facet, value in values}  # type: ignore[attr-defined]


def lose(prompt: str, scene: str = SCENE, *given: tuple[str, str]) -> set[str]:
    """What a remix of the scene with this prompt neither inherits nor asks for itself."""
    child, parent = ask(prompt, *given), ask(scene)
    return name(parent.effective) - name(child.own) - name(inherit(child, parent, load))


@pytest.mark.parametrize(
    ("instruction", "gone"),
    [
        # what it takes away
        ("Please remove the dog from the scene.", {"subject:dog"}),
        ("Get rid of the dog.", {"subject:dog"}),
        ("Take the dog out.", {"subject:dog"}),
        ("Take out the dog and the piano.", {"subject:dog", "audio:music"}),
        ("Same shot, but without the dog.", {"subject:dog"}),
        ("No dog.", {"subject:dog"}),
        ("The dog is gone.", {"subject:dog"}),
        ("Same scene minus the dog", {"subject:dog"}),
        ("Erase the fisherman, keep the pier.", {"subject:fisherman"}),
        ("Remove everyone", {"subject:dog", "subject:fisherman"}),
        ("Drop the rain", {"weather:rain"}),
        ("The rain has stopped.", {"weather:rain"}),
        ("Stop the rain", {"weather:rain"}),
        ("No more rain", {"weather:rain"}),
        ("Keep the rain, lose the music.", {"audio:music"}),
        ("No talking", SPEECH),
        ("Remove all audio", SPEECH | {"audio:music"}),
        ("Make it silent", SPEECH | {"audio:music"}),
        ("Turn off the soft light", {"lighting:soft"}),
        ("Without handheld shake", {"camera_movement:handheld"}),
        ("Remove camera movement", MOVES),
        ("Mismo plano, sin lluvia", {"weather:rain"}),
        ("Elimina la música", {"audio:music"}),
        ("删除雨", {"weather:rain"}),
        ("音楽なし", {"audio:music"}),
        # one thing in the place of another
        ("Swap the dog for a cat", {"subject:dog"}),
        ("Replace the fisherman with an old woman in a yellow raincoat.", {"subject:fisherman"}),
        ("Change the dog to a wolf", {"subject:dog"}),
        ("Turn the dog into a tiger", {"subject:dog"}),
        ("Make the dog a wolf", {"subject:dog"}),
        ("Turn the rain to snow", {"weather:rain"}),
        ("Make it snow instead of rain.", {"weather:rain"}),
        ("雨をやめて雪に", {"weather:rain"}),
        # another value of the same name
        ("Keep everything, but at night.", {"time_of_day:dusk"}),
        ("Same, at dawn", {"time_of_day:dusk"}),
        ("Change it to nighttime", {"time_of_day:dusk"}),
        ("Ahora de noche", {"time_of_day:dusk"}),
        ("同样的镜头，但是晚上", {"time_of_day:dusk"}),
        ("Make it rain", set()),
        ("Make it snow", {"weather:rain"}),
        ("Use a 50mm lens", {"lens:35mm"}),
        ("Switch to a static camera.", MOVES),
        ("Pan left instead", MOVES),
        ("Make the mood joyful", {"mood:melancholic"}),
        ("Change the palette to pastel", {"palette:teal_orange"}),
        ("Convert to black and white", {"palette:teal_orange"}),
        ("Lit by neon signs", {"lighting:soft"}),
        ('Change his line to "It is late."', {"dialogue:The sea is angry tonight."}),
        ("Move it to a desert", {"setting:pier"}),
        ("Set in a quiet library instead", {"setting:pier"}),
        ("Same take, in an empty theatre", {"setting:pier"}),
        ("Background: desert", {"setting:pier"}),
        ("Lose the dog, add a seagull, and make it night", {"subject:dog", "time_of_day:dusk"}),
        # what comes to it
        ("Add a cat.", set()),
        ("A seagull lands on his head", set()),
        ("The dog barks and runs away.", set()),
        ("Add some fog and a lighthouse in the distance", set()),
        ("Add a rim light", set()),
        ("Let him dance", set()),
        ("The dog sits on a bench in the park", set()),
        ("Also show a red boat", set()),
        ("As a stop-motion film", set()),
        ("Slow motion", set()),
        ("Extreme close-up of his hands", set()),
        ("Keep the rain and the handheld camera", set()),
        ("Turn the camera to the sea", set()),
        ("Try again", set()),
        ("猫を追加", set()),
    ],
)
def test_an_instruction_changes_what_it_speaks_of_and_nothing_else(instruction: str, gone: set[str]) -> None:
    assert lose(instruction) == gone


@pytest.mark.parametrize(
    ("instruction", "own"),
    [
        ("Remove the umbrella.", set()),
        ("Replace the dog with a cat", {"subject:cat"}),
        ("Change the lighting from golden hour to neon", {"lighting:neon"}),
        ("Get rid of the crowd and make it foggy", {"weather:fog"}),
        ("Lose the handheld shake; make the camera static", {"camera_movement:static"}),
    ],
)
def test_what_is_taken_away_is_not_asked_for(instruction: str, own: set[str]) -> None:
    assert {value for value in name(ask(instruction).own) if not value.startswith("subject:change")} == own


@pytest.mark.parametrize(
    "prompt",
    [
        "She walks to the window and removes her hat.",
        "Two dancers turn into birds as the curtain falls.",
        "The chef takes the bread out of the oven.",
        "A drop of water falls.",
        'A man shouts: "Remove the dog!"',
    ],
)
def test_a_story_takes_nothing_away(prompt: str) -> None:
    assert extract(prompt).negative_prompt is None


def test_a_color_of_a_thing_that_comes_in_leaves_the_others() -> None:
    scene = "A red car on a green field."
    assert lose("A girl in a blue coat walks past.", scene) == set()
    assert lose("The car is blue now.", scene) == {"color:red", "color:green"}
    assert lose("In black and white.", scene) == {"color:red", "color:green"}


def test_a_narrower_value_of_the_parent_is_what_a_broad_word_means() -> None:
    assert lose("Keep the zoom, at night", "Slow zoom in on a door at dusk, handheld.") == {"time_of_day:dusk"}


def test_given_facets_of_the_child_leave_no_room_for_inherited_ones() -> None:
    assert "weather:rain" in lose("Add a cat.", SCENE, ("weather", "clear"))


def test_given_facets_of_the_parent_are_inherited() -> None:
    parent = ask(SCENE, ("client", "acme"))
    assert ("client", "acme") in inherit(ask("Add a cat."), parent, load)


def test_what_the_parent_inherited_is_inherited_on() -> None:
    parent = ask("Same shot, but at night.")._replace(inherited=[("subject", "fisherman"), ("weather", "rain")])
    assert inherit(ask("Make it snow."), parent, load) == [("time_of_day", "night"), ("subject", "fisherman")]


@pytest.mark.parametrize("prompt", [None, "", "  \n"])
def test_an_unknown_prompt_inherits_nothing(prompt: str | None) -> None:
    assert inherit(Asked(prompt), ask(SCENE), load) == []


@pytest.mark.parametrize(
    "prompt",
    [
        SCENE.replace("dusk", "dawn").replace("soft light, ", ""),
        "A woman in a green dress dances on a rooftop at sunrise, slow orbit, 50mm, warm light, joyful mood, jazz.",
        "Push in on a knight in a dark hall at midday, 24mm, hard light, warm palette, tense mood, low drums.",
    ],
)
def test_a_whole_prompt_inherits_nothing(prompt: str) -> None:
    assert inherit(ask(prompt), ask(SCENE), load) == []


def test_an_instruction_like_its_parents_is_an_instruction_still() -> None:
    parent = ask("Rainy, at night, handheld.")._replace(inherited=[("subject", "fisherman")])
    child = ask("Rainy, at dawn, handheld.")
    assert resemble(parent.prompt or "", child.prompt or "")
    assert ("subject", "fisherman") in inherit(child, parent, load)


def test_the_remixes_of_the_sample_are_instructions_and_its_takes_are_whole() -> None:
    count = 0
    for scene in scenes():
        members: list[Asked] = []
        for prompt, parent in family(scene):
            asked = ask(prompt)
            if parent is not None:
                count += 1
                assert not is_whole(asked, members[parent]), prompt
                assert measure(members[parent].prompt or "", prompt) < 0.4
                asked = asked._replace(inherited=inherit(asked, members[parent], load))
                assert asked.inherited
            members.append(asked)
    assert count == 38
    roots = [ask(scene["prompt"]) for scene in scenes()]
    takes = Takes(random.Random(1))
    for _ in range(100):
        take = takes.next()
        root = max(roots, key=lambda root: measure(root.prompt or "", take))
        assert measure(root.prompt or "", take) > 0.7
        assert is_whole(ask(take), root), take


def test_one_parent_is_chosen_by_who_named_it_then_by_which_came_first() -> None:
    lines = [
        Line("reference", "user", 1, is_circular=False),
        Line("remix", "c2pa", 2, is_circular=False),
        Line("extension", "request", 3, is_circular=False),
        Line("edit", "request", 4, is_circular=False),
        Line("remix", "api", 5, is_circular=False),
        Line("edit", "user", None, is_circular=False),
        Line("remix", "user", 6, is_circular=True),
    ]
    assert [choose_parent(lines[:count]) for count in range(8)] == [None, None, 2, 3, 3, 5, None, None]
    assert choose_parent(lines[6:]) is None


def test_what_is_inherited_is_bounded_and_the_nearest_come_first() -> None:
    parent = Asked("x", [Facet("subject", f"own {number}", "prose", number) for number in range(60)])
    parent = parent._replace(inherited=[("subject", f"inherited {number}") for number in range(90)])
    left = inherit(ask("Add a cat."), parent, load)
    assert len(left) == MOST
    assert left[:60] == list(parent.own)


@pytest.mark.parametrize(
    "text",
    [
        "remove " * 20_000, "a-" * 60_000, "\n" * 60_000, "now, " * 20_000, "the dog is gone " * 5_000,
        "Remove the dog, the cat, " * 4_000, "replace the " * 8_000, "no rain, " * 10_000,
        "Add " + "a red dog " * 9_000,
        "in " * 30_000, "in a red place " * 6_000,
    ],
)  # fmt: skip
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    text = text[:LONGEST_READ]
    start = time.process_time()
    short = extract(text[: LONGEST_READ // 8])
    inherit(Asked(text[: LONGEST_READ // 8], short.facets, short.negative_prompt), ask(SCENE), load)
    begun = time.process_time()
    extraction = extract(text)
    parent = Asked(SCENE, [*ask(SCENE).facets, *extraction.facets], None)
    inherit(Asked(text, extraction.facets, extraction.negative_prompt), parent, load)
    assert time.process_time() - begun < 40 * (begun - start) + 2
