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


@pytest.mark.parametrize(
    ("prompt", "subjects", "actions", "settings"),
    [
        ("A man in a grey suit walks up, knocks, waits.", "man", "walk knock wait", ""),
        ("A woman in rubber boots checks the buds.", "woman", "check", ""),
        ("A crew of five freezes.", "crew", "freeze", ""),
        ("The old cook turns, and whispers.", "cook", "turn whisper", ""),
        ("A wedding cake that turns to stone", "cake", "turn", ""),
        ("Mist lifts off the rows, a farmer lights a stove.", "farmer", "light", ""),
        ("A jellyfish the size of a house floats over a village", "jellyfish", "float", "village"),
        ("Please make a clip. We need an ad: a potter spins a bowl.", "potter", "spin", ""),
        ("A marching band rests in a living room", "band", "rest", "living room"),
        ("Cross-section of a volcano, steam rising", "volcano", "rise", "volcano"),
        ("Shot: insert of a hand turning a key", "hand", "turn", ""),
        (
            'Generate a video: "A paper boat drifts over tulip fields at dawn, seen from far above."',
            "boat",
            "drift",
            "field",
        ),
        ("A fox sleeps by a lamp. Later it wakes inside a cave.", "fox", "sleep", "cave"),
        ("Frame A: a boy kneels. Frame B: a grizzly roars.", "boy grizzly", "kneel roar", ""),
        ("The therapist's waiting room. Three strangers stare.", "stranger", "stare", "room"),
    ],
)
def test_clauses_are_read_for_who_does_what_and_where(prompt: str, subjects: str, actions: str, settings: str) -> None:
    heads = {name: " ".join(phrases(prompt, name)) for name in ("subject", "action", "setting")}
    assert [word for word in subjects.split() if word not in heads["subject"].split()] == []
    assert [word for word in actions.split() if word not in heads["action"].split()] == []
    assert [word for word in settings.split() if word not in heads["setting"].split()] == []


@pytest.mark.parametrize(
    ("prompt", "name", "value"),
    [
        ("Thirty-second spot. Please hurry: a runner rests.", "subject", "thirty"),
        ("We need a clip of a goat.", "subject", "need"),
        ("A dog's face fills the frame", "action", "face"),
        ("A market from opening to closing, cooks chop onions", "action", "open"),
        ("Nobody answers. A girl sings.", "action", "answer"),
        ("A crowd moves like ants", "subject", "ant"),
        ("一支队伍像蚂蚁一样前行", "subject", "蚂蚁"),
        ("傘が花のように開く街", "subject", "花"),
        ("bailarines con máscaras en una plaza", "subject", "máscaras"),
    ],
)
def test_words_of_the_request_and_comparisons_are_not_seen(prompt: str, name: str, value: str) -> None:
    assert value not in " ".join(phrases(prompt, name)).split()


@pytest.mark.parametrize(
    ("prompt", "action"),
    [("少女が窓辺で歩いている", "歩く"), ("女孩坐在床上", "坐"), ("Una abuela muele maíz en un metate", "muele")],
)
def test_verbs_of_other_languages_are_counted_by_their_base(prompt: str, action: str) -> None:
    assert phrases(prompt, "action") == [action]


@pytest.mark.parametrize("word", ["เด็กหญิง", "ក្មេងស្រី", "लड़की", "éte\u0301"])
def test_words_are_not_torn_at_their_marks(word: str) -> None:
    assert word in phrases(f"a girl named {word} runs on the beach", "subject")


@pytest.mark.parametrize(
    ("prompt", "name", "value"),
    [
        ("A baker in a mustard cardigan rolls the dough.", "action", "roll the dough"),  # a garment stays a noun
        ("A tired mule trots in. It kicks a bucket.", "action", "kick a bucket"),
        ("A kettle whistles on the stove.", "action", "whistle"),  # what is heard is seen too
        ("Dancers bow and wait.", "action", "wait"),
        ("Beat sheet\n1. Dusk, aerial: a lone barge crosses a lake.", "subject", "barge"),
        ("Beat sheet\n1. Dusk, aerial: a lone barge crosses a lake.", "setting", "lake"),
        ("Who: a cook\nDoes: slices a pear, wipes the board", "action", "slice a pear"),
        ("Arena: a flooded car park\nLens: 35mm", "setting", "car park"),
        ('{"opponent": "a heron", "view": "fixed"}', "subject", "heron"),
    ],
)
def test_what_is_shown_is_found_beside_what_qualifies_it(prompt: str, name: str, value: str) -> None:
    assert value in phrases(prompt, name)
