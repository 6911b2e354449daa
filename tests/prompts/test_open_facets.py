"""Subject, action and setting: short phrases of the prompt that are good to count by."""

from __future__ import annotations

import pytest

from catalog.prompts import extract


def phrases(prompt: str, name: str) -> list[str]:
    return [facet.value for facet in extract(prompt).facets if facet.name == name]


@pytest.mark.parametrize(
    ("prompt", "subject", "action", "setting"),
    [
        ("A flock of paper airplanes flutters through a dense jungle", "paper airplane", "flutter", "jungle"),
        ("Two kids are playing on a sunny beach", "kid", "play", "beach"),
        ("Close-up shot of a chameleon sitting in a tree", "chameleon", "sit", "tree"),
        ("Footage of a butterfly fluttering over a meadow", "butterfly", "flutter", "meadow"),
        (
            "Subject: a round blue hedgehog\nAction: kneads dough\nSetting: a tiny bakery",
            "hedgehog",
            "knead dough",
            "bakery",
        ),
        (
            '{"subject": "an old sailor", "action": "coils a rope", "location": "ferry deck"}',
            "sailor",
            "coil a rope",
            "ferry deck",
        ),
    ],
)
def test_a_prompt_gives_its_head_noun_base_verb_and_place(prompt: str, subject: str, action: str, setting: str) -> None:
    assert (phrases(prompt, "subject"), phrases(prompt, "action"), phrases(prompt, "setting")) == (
        [subject],
        [action],
        [setting],
    )


@pytest.mark.parametrize(
    ("prompt", "subject", "action"),
    [
        ("A street drummer hammers plastic buckets", "street drummer", "hammer"),
        ("A zeppelin dawdles above a crowd", "zeppelin", "dawdle"),
        ("Skincare product shot: a frosted jar on a slab", "jar", ""),
        ("A man enters, winks and laughs.", "man", "enter|wink|laugh"),
        ("We hold on a fox", "fox", ""),
    ],
)
def test_verbs_are_found_by_the_noun_before_them(prompt: str, subject: str, action: str) -> None:
    assert phrases(prompt, "subject")[:1] == [subject]
    assert [phrase.split()[0] for phrase in phrases(prompt, "action")] == [verb for verb in action.split("|") if verb]


def test_joined_subjects_are_both_named() -> None:
    assert phrases("A mother and her son walk along a path", "subject") == ["mother", "son"]


def test_what_the_camera_does_is_no_action() -> None:
    assert not phrases("The camera pans left and follows slowly, then zooms out", "action")


def test_a_phrase_points_at_its_words() -> None:
    prompt = "Slow zoom in on two old dogs at dusk"
    subject = next(facet for facet in extract(prompt).facets if facet.name == "subject")
    assert (subject.value, prompt[subject.start : subject.end]) == ("dog", "dogs")


def test_open_facets_may_be_left_out() -> None:
    assert {facet.name for facet in extract("A red fox runs at dusk", open_facets=False).facets} == {
        "color",
        "time_of_day",
    }
