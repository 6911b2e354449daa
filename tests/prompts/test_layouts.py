"""Labelled blocks, JSON and mixtures: which words belong to which field and which shot."""

from __future__ import annotations

import pytest

from catalog.prompts import extract


def found(prompt: str) -> set[tuple[str, str, int | None]]:
    return {(facet.name, facet.value, facet.shot) for facet in extract(prompt).facets if facet.name != "subject"}


@pytest.mark.parametrize(
    "prompt",
    [
        "Lighting: soft",
        "**Lighting:** soft",
        "**Lighting** - soft",
        "- Lighting: soft",
        "## Lighting\nsoft",
        "Lighting\nsoft",
        "Lighting:\n- soft",
        "Lighting. Soft.",
        "[Lighting] soft",
        "【灯光】soft",
        "A fox in a box. Lighting: soft",
        "Camera: static. Lighting: soft. Mood: calm",
        "Lighting + palette: soft",
        "LIGHTING: SOFT",
        "🎬 Lighting: soft",
        '{"lighting": "soft"}',
        '{"scene": {"Lighting_Style": "soft"}}',
    ],
)
def test_a_label_is_found_in_every_layout(prompt: str) -> None:
    assert ("lighting", "soft", None) in found(prompt)


def test_a_bare_word_needs_its_field() -> None:
    assert not extract("a soft pillow, a static shock, a hard floor", open_facets=False).facets


def test_a_heading_governs_its_paragraph_only() -> None:
    assert found("Palette\nmint, sage\n\nA mint leaf") == {("color", "green", None)}


@pytest.mark.parametrize("before", ["", "A fox on a log.\n"])
def test_a_label_of_two_words_with_a_comma_governs_its_line(before: str) -> None:
    facets = extract(f"{before}Palette, lighting: teal. Backlit, rust.").facets
    assert [(facet.value, facet.origin) for facet in facets if facet.name in ("color", "lighting")] == [
        ("teal", "label"),
        ("backlight", "label"),
        ("brown", "label"),
    ]


def test_shots_are_numbered_and_what_follows_the_list_has_no_shot() -> None:
    prompt = "Shot 1 (0-3s). Wide shot. Shot 2 (3-6s). Close-up.\n\nLighting. Neon."
    assert found(prompt) == {("shot_size", "wide", 1), ("shot_size", "close_up", 2), ("lighting", "neon", None)}


def test_time_ranges_are_shots() -> None:
    prompt = "[00:00-00:05] Whip pan to a bell. [00:05-00:10] Freeze frame."
    assert {item for item in found(prompt) if item[0] != "action"} == {
        ("camera_movement", "whip_pan", 1),
        ("speed", "freeze_frame", 2),
    }


def test_labels_under_a_shot_heading_belong_to_the_shot() -> None:
    prompt = "## Shot 1\nCamera: static\n\n## Shot 2\nCamera: handheld\n\nLighting: moonlight"
    assert found(prompt) == {
        ("camera_movement", "static", 1),
        ("camera_movement", "handheld", 2),
        ("lighting", "moonlight", None),
    }


def test_a_json_list_of_shots_is_numbered() -> None:
    prompt = '{"shots": [{"camera": "static"}, {"camera": {"motion": "pan left"}}], "style": "noir"}'
    assert found(prompt) == {
        ("camera_movement", "static", 1),
        ("camera_movement", "pan_left", 2),
        ("style", "noir", None),
    }


def test_one_text_may_mix_all_three() -> None:
    prompt = 'At dusk. {"camera": "slow zoom in"} with fog.\nMood: calm'
    origins = {facet.name: facet.origin for facet in extract(prompt, open_facets=False).facets}
    assert origins == {"time_of_day": "prose", "camera_movement": "json", "weather": "prose", "mood": "label"}


@pytest.mark.parametrize(
    "prompt",
    [
        "Camera: slow push in on a red door",
        '{"camera": "slow push in on a red door"}',
        '{"camera": "slow push\\u0020in \\"on\\" a red door"}',
        "“Go!” he says. The camera pushes in.",
    ],
)
def test_a_span_points_at_the_words_in_the_raw_prompt(prompt: str) -> None:
    facet = next(facet for facet in extract(prompt).facets if facet.name == "camera_movement")
    assert prompt[facet.start : facet.end] in ("slow push in", "slow push\\u0020in", "camera pushes")


@pytest.mark.parametrize(
    "prompt", ['{"camera": "pan left", "mood": "tense"', '{"camera": pan left; neon}', "{camera pan left"]
)
def test_broken_json_is_still_read(prompt: str) -> None:
    assert ("camera_movement", "pan_left", None) in found(prompt)


@pytest.mark.parametrize(
    ("prompt", "layers"),
    [
        ("Audio: bouncy xylophone music, a tiny sneeze", {"music", "sound"}),
        ("Audio: distant gulls. No music.", {"sound"}),
        ("Sound\nNarrator voiceover over clanking chains; no music.", {"voiceover", "sound"}),
        ("Music: gentle piano", {"music"}),
        ("BGM: None", set()),
        ('{"audio": {"foley": "footsteps", "score": "n/a"}}', {"sound"}),
        ("Audio: no sound", {"silence"}),
    ],
)
def test_a_field_of_sound_states_its_layers(prompt: str, layers: set[str]) -> None:
    assert {facet.value for facet in extract(prompt).facets if facet.name == "audio"} == layers


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("<prompt><camera>pan left</camera><text>Neon</text><negative>rain</negative></prompt>", {"pan_left"}),
        ('"camera": "low angle", "mood": "tense", "negative": "rain, fog"', {"low_angle", "tense"}),
        ('{"camera": "pan left", "avoid": {"camera": "shaky", "audio": "voiceover"}}', {"pan_left"}),
        ('{"must_not_show": ["rain", "fog"], "light": "neon"}', {"neon"}),
        ("Please avoid: slow motion, rain.\nLight: neon", {"neon"}),
        ("Neon-free street in fog", {"fog"}),
        ("INT. MARKET - DAY\n2. INSERT: a blade", {"day", "insert"}),
        (
            '{"shots": [{"size": "establishing", "text": "a ferry in fog"}, {"size": "MS"}]}',
            {"establishing", "fog", "medium"},
        ),
    ],
)
def test_a_loose_layout_is_read(prompt: str, expected: set[str]) -> None:
    assert {facet.value for facet in extract(prompt, open_facets=False).facets} == expected


@pytest.mark.parametrize(
    ("prompt", "lines"),
    [
        (
            "OTS the buyer.\n   SMUGGLER\n   (in a low voice)\n   “That is not saffron, my friend.”",
            ["That is not saffron, my friend."],
        ),
        ('Reporter on a flooded street: "The river is still rising."', ["The river is still rising."]),
        ('Chef to camera, waist up, "Squid ink stains. Accept it."', ["Squid ink stains. Accept it."]),
        ("Eine Stimme sagt: „Niemand kam zurück.“", ["Niemand kam zurück."]),
        ("女人大喊：“快跑，别回头！”", ["快跑，别回头！"]),
        ('{"speech": [{"by": "tailor", "text": "How many sleeves, sir?"}]}', ["How many sleeves, sir?"]),
        ('JACK\n"Not now"\nHe leaves.', ["Not now"]),
        ('Spot: "Overtime" (30s)', []),
        ('Notes: don\'t say "very cinematic", it goes flat', []),
        ('A banner reads "Summer is here."', []),
    ],
)
def test_spoken_lines_are_found_however_they_are_led_to(prompt: str, lines: list[str]) -> None:
    assert [line.text for line in extract(prompt).dialogue] == lines


def test_a_quotation_that_is_the_whole_prompt_is_read() -> None:
    content = "Retrato editorial de moda, modelo con abrigo dorado, plano entero, luz suave, cámara fija."
    prompt = f"Para Veo 3: «{content}» (sin música)"
    assert {facet.value for facet in extract(prompt, open_facets=False).facets} >= {"full", "gold", "soft", "static"}


@pytest.mark.parametrize("label", ["Title", "Text (verbatim)", "Duration", "Aspect ratio"])
def test_text_that_is_not_the_picture_gives_no_picture(label: str) -> None:
    assert not extract(f"{label}: neon wide shot").facets


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("镜头缓慢推进，黄昏的街道，暖色调，浅景深", {"push_in", "dusk", "warm", "shallow_dof"}),
        ("カメラが前進、夕焼け、柔らかい光", {"push_in", "sunset", "soft"}),
        ("Plano general de noche, cámara en mano, luz suave", {"wide", "night", "handheld", "soft"}),
    ],
)
def test_other_languages_name_the_same_values(prompt: str, expected: set[str]) -> None:
    assert {facet.value for facet in extract(prompt, open_facets=False).facets} == expected
