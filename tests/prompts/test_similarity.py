import json
import random
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.demo.prompts import Takes, scenes
from catalog.prompts.leads import find_leads
from catalog.prompts.similarity import _split, _split_ascii, are_alike, fold, group, sketch

FOX = (
    "Wide shot of a red fox trotting through deep snow at dawn, its breath steaming in the cold air. Handheld camera, "
    "35mm lens, shallow depth of field. Muted blue palette, a distant train horn, wind in the pines."
)
STYLE = (
    "Shot on 35mm film with fine grain and halation, anamorphic lens, shallow depth of field, warm golden light, muted "
    "teal palette, gentle camera drift, no music, natural ambience only."
)
UNBROKEN = (
    "a lone astronaut walks slowly across a red desert at dusk while fine dust swirls around her boots and the camera "
    "tracks alongside at shoulder height with a long lens under a violet sky"
)


@pytest.mark.parametrize(
    "other",
    [
        FOX.upper(),
        FOX.replace(" ", "  \n"),
        FOX.replace(",", " –").replace(".", "!"),
        FOX.replace(" ", ""),
        "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in FOX),
    ],
)
def test_prompts_that_differ_in_case_width_blanks_and_punctuation_are_alike(other):
    assert are_alike(FOX, other)


@pytest.mark.parametrize(("old", "new"), [("red fox", "red-fox!"), ("雨の 夜", "雨の夜。"), ("Café", "CAFE\u0301")])
def test_short_prompts_are_alike_where_their_letters_are_the_same(old, new):
    assert are_alike(old, new)


@pytest.mark.parametrize(
    ("old", "new"), [("a red fox in the snow", "a red fox in the rain"), ("🐶 runs", "🐱 runs"), ("!", "?"), ("", "")]
)
def test_other_short_prompts_are_not(old, new):
    assert not are_alike(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("red", "white"),
        ("trotting", "running"),
        ("deep ", ""),
        ("Handheld", "Slow handheld"),
        ("35mm", "85mm"),
        ("its breath steaming in the cold air", "crows rising from the trees"),
        (", its breath steaming in the cold air", ""),
        ("Handheld camera, 35mm lens, shallow depth of field", "Locked-off tripod, deep focus"),
        ("a distant train horn", "a dog barking, far away"),
        ("wind in the pines.", "wind in the pines. One continuous take."),
    ],
)
def test_one_word_or_one_clause_of_a_long_prompt_may_differ(old, new):
    assert old in FOX
    assert are_alike(FOX, FOX.replace(old, new))


def test_one_word_of_a_long_prompt_without_punctuation_may_differ():
    words = UNBROKEN.split()
    joined = [are_alike(UNBROKEN, " ".join([*words[:at], "quiet", *words[at + 1 :]])) for at in range(len(words))]
    assert joined.count(False) == 1  # the astronaut


@pytest.mark.parametrize("subject", ["grey wolf", "tram", "young woman", "steam locomotive", "fox cub"])
def test_prompts_of_which_only_the_subject_differs_are_not_alike(subject):
    assert not are_alike(FOX, FOX.replace("red fox", subject))
    assert not are_alike(UNBROKEN, UNBROKEN.replace("astronaut", subject))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A woman dances in the rain", "A woman reads a letter by the window"),
        ("Fog rolls over the hills", "A lighthouse blinks in a storm"),
        ("一只红狐在雪地里奔跑", "一位老人在修理钟表"),
    ],
)
def test_scenes_that_share_only_their_style_are_not_alike(old, new):
    assert not are_alike(f"{old}. {STYLE}", f"{new}. {STYLE}")
    assert not are_alike(f"{STYLE} {old}.", f"{STYLE} {new}.")


def test_translations_are_not_alike_even_in_one_style():
    versions = [
        "A red fox in deep snow",
        "Un zorro rojo en la nieve profunda",
        "深雪中的红狐",
        "Ein roter Fuchs im Schnee",
    ]
    prompts = [f"{version}. {STYLE}" for version in versions]
    assert group(prompts) == [0, 1, 2, 3]


def test_chinese_and_thai_prompts_are_compared_letter_by_letter():
    scene = next(scene["prompt"] for scene in scenes() if scene["name"] == "zh-tokyo-rain")
    assert are_alike(scene, scene.replace("透明雨伞", "黑色雨伞"))
    assert are_alike(scene, scene.replace("远处传来电车的声音", "只有雨声"))
    assert not are_alike(scene, scene.replace("女子", "老人"))
    thai = "หมาป่าสีเทาเดินข้ามทุ่งหิมะในยามเช้าตรู่, กล้องมือถือ, เลนส์ 35 มม., แสงสีฟ้าอ่อน, ไม่มีดนตรี มีแต่เสียงลม"
    assert are_alike(thai, thai.replace("แสงสีฟ้าอ่อน", "แสงสีทอง"))


def test_the_strings_of_json_are_compared_and_its_subject_counts():
    document = {
        "subject": "a bee sleeping inside a foxglove bell",
        "action": "wakes, stretches one leg, falls out and flies away into the garden",
        "camera": {"movement": "slow push in", "lens": "100mm macro", "focus": "razor thin"},
        "light": "early sun through petals, drops of dew",
    }
    prompt = json.dumps(document)
    assert are_alike(prompt, json.dumps({**document, "light": "overcast noon"}, indent=2))
    assert not are_alike(prompt, json.dumps({**document, "subject": "a snail resting on a rusty nail"}))


def test_a_chain_of_small_changes_is_one_stack():
    second = FOX.replace("35mm", "85mm")
    third = second.replace("Muted blue palette", "Warm amber palette")
    assert not are_alike(FOX, third)
    assert group([FOX, third]) == [0, 1]
    assert group([third, FOX, second]) == [0, 0, 0]


def test_scenes_of_the_sample_are_never_joined():
    prompts = [scene["prompt"] for scene in scenes()]
    assert group(prompts) == list(range(len(prompts)))


def test_takes_of_different_scenes_are_never_joined():
    takes = Takes(random.Random(7))
    names = {scene["prompt"][:30]: scene["name"] for scene in scenes()}
    prompts = [takes.next() for _ in range(400)]
    kinds = [names.get(prompt[:30]) for prompt in prompts]
    for index, stack in enumerate(group(prompts)):
        assert kinds[index] == kinds[stack]


def test_what_the_shared_prompts_join_differs_in_one_clause(shared):
    lines = (shared / "prompts" / "facets-dev.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    prompts = [row["prompt"] for row in rows]
    joined = [(prompts[stack], prompts[index]) for index, stack in enumerate(group(prompts)) if stack != index]
    assert len(joined) <= 10
    assert all(first.split(", ")[:-1] == second.split(", ")[:-1] for first, second in joined)


PIECES = """a red fox|an old man|walks|through the snow|at dawn,|35mm lens,|soft light.|while rain falls
and a dog barks,|wide shot.|雨の夜、|no music.|muted palette,|slowly|by the river."""
pieces = st.sampled_from(PIECES.replace("\n", "|").split("|"))
texts = st.lists(pieces, min_size=1, max_size=14).map(" ".join)


@pytest.mark.parametrize(
    ("prompt", "count", "total"),
    [
        (FOX, 37, 41725571762538294967),
        (UNBROKEN, 26, 23555921739064683994),
        (
            json.dumps({"subject": "a red fox", "style": STYLE, "camera": "slow push in, 16:9 - handheld"}),
            25,
            27324167740560547602,
        ),
        ("Ein Fuchs läuft durch tiefen Schnee. " + STYLE, 29, 35130326450406738425),
        (
            "赤い狐が雪の中を歩く。広角、夜明け、白い息、静かな森、遠くの列車の音、手持ちカメラ、浅い被写界深度。",
            24,
            27871489043195639896,
        ),
        ("Subject: a grey wolf... in 3.5 cm of snow\n- " + STYLE, 21, 31243015841869877686),
    ],
    ids=["clauses", "unbroken", "document", "accents", "no blanks", "label"],
)
def test_keys_are_those_that_libraries_hold(prompt, count, total):
    keys = sketch(prompt)
    assert (len(keys), sum(keys)) == (count, total)


@given(st.text(alphabet="abcSCZ19 .,:;!?-(\"')*|#\n\t\x1f", max_size=80))
@example("a -,9 b -.5 c")
@settings(max_examples=300, deadline=None)
def test_ascii_is_read_as_all_text_is(text):
    assert list(_split_ascii(text)) == list(_split(text.lower()))


@given(st.lists(texts, max_size=14), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_stacks_do_not_depend_on_the_order_of_prompts(prompts, chance):
    order = list(range(len(prompts)))
    chance.shuffle(order)
    shuffled = group([prompts[index] for index in order])
    stacks = {frozenset(order[at] for at, other in enumerate(shuffled) if other == stack) for stack in set(shuffled)}
    plain = group(prompts)
    assert stacks == {frozenset(at for at, other in enumerate(plain) if other == stack) for stack in set(plain)}


@given(st.text(max_size=300))
@settings(deadline=None)
def test_no_text_raises_an_error_and_each_is_alike_to_itself(text):
    assert sketch(text) == sketch(text)
    assert bool(sketch(text)) == bool(text.strip())
    assert fold(text.upper().lower()) == fold(text.lower()) or not text.isascii()


@given(st.text(alphabet="abcXYZ äöÉ，。,.-!? \n12", max_size=200))
def test_signs_never_matter(text):
    if any(char.isalnum() for char in text):
        assert fold(text) == fold("  " + unicodedata.normalize("NFD", text).replace(",", " ").swapcase())


def test_a_long_prompt_has_a_bounded_number_of_keys():
    assert len(sketch(", ".join(f"word{index} {index} things there" for index in range(5_000)))) < 150
    assert len(sketch(" ".join(f"word{index}" for index in range(10_000)))) < 150


@pytest.mark.parametrize(
    ("prompt", "leads"),
    [
        ("Wide aerial shot circling a white lighthouse on a cliff as a storm comes in.", ("lighthouse",)),
        ("In a misty forest, an old fisherman mends a net.", ("fisherman",)),
        ("35mm film, soft grain. Slow dolly in. Two children build a sandcastle.", ("children",)),
        ("Style: oil painting\nSubject: a very large snail\nCamera: side view", ("snail",)),
        ("", ()),
    ],
)
def test_what_a_prompt_is_about_is_found(prompt, leads):
    assert set(leads) <= set(find_leads(prompt)) if leads else find_leads(prompt) == ()
