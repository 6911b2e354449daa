"""English, Chinese, Japanese and Spanish: each form in its own language, whole words only, and what each leaves out."""

from __future__ import annotations

import pytest

from catalog.prompts import extract


def values(prompt: str) -> set[str]:
    return {f"{facet.name}:{facet.value}" for facet in extract(prompt, open_facets=False).facets}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("白天的集市", {"time_of_day:day"}),
        ("白领在空白的墙前喝白酒", set()),
        ("雪白的墙", {"color:white"}),
        ("黑白影像", {"palette:black_and_white"}),
        ("撑着雨伞的青春少女，荡秋千", set()),
        ("夏威夷的音乐会", set()),
        ("夏夜的晨雾", {"season:summer", "time_of_day:night", "weather:fog", "time_of_day:morning"}),
        ("金色阳光", {"palette:warm", "lighting:sunlight"}),
        ("日光灯下", {"lighting:fluorescent"}),
        ("映画風の街", {"style:cinematic"}),
        ("風の街", {"weather:wind"}),
        ("告白する青年と赤ちゃん", set()),
        ("グループで歩く", set()),
        ("ループビデオ", {"speed:loop"}),
        ("風景と扇風機", set()),
    ],
)
def test_a_term_counts_only_as_a_whole_word(prompt: str, expected: set[str]) -> None:
    assert values(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("赤脚的男孩在青石板上", set()),  # red and blue in Japanese
        ("赤い傘と青い車", {"color:red", "color:blue"}),
        ("紅色の傘、窓からの光。白と黒", {"color:red", "lighting:window", "color:white", "color:black"}),
        ("少女说：「こんにちは、赤！」", {"audio:dialogue"}),
        ("Jessica Alba in a bar called Sol", set()),
        ("Una calle al alba", {"time_of_day:dawn"}),
        ("Una red de pesca en la playa", set()),
        ("A red net on the beach", {"color:red"}),
        ("luz suave, cámara lenta", {"lighting:soft", "speed:slow_motion"}),
    ],
)
def test_a_form_counts_in_its_own_language(prompt: str, expected: set[str]) -> None:
    assert values(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [
        ("老街，无背景音乐，无旁白", "无背景音乐, 无旁白"),
        ("不下雨的老街", "不下雨"),
        ("老街，非纪录片风格，未使用霓虹灯", "非纪录片风格, 未使用霓虹灯"),
        ("老街，请勿出现霓虹灯，切勿手持", "请勿出现霓虹灯, 切勿手持"),
        ("老街，没有音乐、对白和旁白", "没有音乐、对白和旁白"),
        ("路地、スローモーション禁止", "スローモーション禁止"),
        ("路地。音楽とナレーション無し", "音楽とナレーション無し"),
        ("路地。雨は降っていない", "雨は降っていない"),
        ("Una calle, ni lluvia ni nieve", "ni lluvia ni nieve"),
        ("Una calle sin música, lluvia ni viento", "sin música, lluvia ni viento"),
    ],
)
def test_what_is_negated_before_or_after_gives_nothing(prompt: str, negative: str) -> None:
    assert (values(prompt), extract(prompt).negative_prompt) == (set(), negative)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("没有雾的清晨", {"time_of_day:morning"}),
        ("没有雨，只有雪", {"weather:snow"}),
        ("无人机航拍，霓虹灯不断闪烁", {"camera_angle:aerial", "lighting:neon", "lighting:flickering"}),
        ("无缝循环，不安的气氛，未来感", {"speed:loop", "mood:tense", "style:sci_fi"}),
        ("夜の街、音楽なし", {"time_of_day:night"}),
        ("夜の街で雨は降っていない", {"time_of_day:night"}),
        ("かけがえのない夜、切ない", {"time_of_day:night", "mood:melancholic"}),
        ("Sin música; una noche de lluvia", {"time_of_day:night", "weather:rain"}),
    ],
)
def test_a_negation_reaches_no_further_than_its_clause(prompt: str, expected: set[str]) -> None:
    assert values(prompt) == expected


@pytest.mark.parametrize(
    "prompt",
    [
        "The rain has stopped over the town",
        "The snow and wind have finally died down",
        "It has stopped raining",
        "The fog is gone, rain no longer falls",
        "雨停了，街道湿润",
        "雾已散去",
        "雨が止んだ街",
        "霧が晴れた",
        "La lluvia ha cesado",
        "Ha dejado de llover en la calle",
    ],
)
def test_weather_that_is_over_gives_nothing(prompt: str) -> None:
    assert not {value for value in values(prompt) if value.startswith("weather")}


def test_only_the_weather_is_over() -> None:
    assert values("The camera has stopped in the rain; neon signs, a storm passes") == {
        "weather:rain",
        "lighting:neon",
        "weather:storm",
    }


@pytest.mark.parametrize(
    "nothing", ["on", "true", "default", "auto", "yes", "as needed", "native audio", "无", "なし", "ninguno"]
)
@pytest.mark.parametrize("form", ["Audio: {}", '{{"audio": "{}", "sfx": "{}"}}', "Sound effects: {}"])
def test_a_sound_field_that_says_nothing_is_none(form: str, nothing: str) -> None:
    assert not values(form.format(nothing, nothing))


@pytest.mark.parametrize("sound", ["on-set chatter", "standard street noise", "なめらかな足音", "无人机的嗡嗡声"])
def test_a_sound_field_that_says_something_is_sound(sound: str) -> None:
    assert values(f"Audio: {sound}") == {"audio:sound"}


@pytest.mark.parametrize(
    "prompt",
    [
        "Ein roter Hund läuft am Strand entlang",
        "Die Katze springt über das Auto im Garten",
        "Un chien court sur la plage avec une balle",
        "Uma menina corre na praia com um cachorro",
        "Un cane nero cammina nella pioggia",
        "Een hond rent over het strand",
        "Мальчик бежит по пляжу",
        "Seorang gadis berlari di pantai",
        "Küçük bir kız sahilde koşuyor",
    ],
)
def test_another_language_gives_no_open_facets(prompt: str) -> None:
    assert not {facet.name for facet in extract(prompt).facets} & {"subject", "action", "setting"}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Una anciana camina con su perro por la playa", {("anciana", "perro"), ("camina",), ("playa",)}),
        ("一只小猫趴在窗台上打盹", {("小猫",), ("趴", "打盹"), ("窗台",)}),
        ("老渔夫在江面上撒网，无行人", {("渔夫",), ("撒网",), ("江面",)}),
        ("海辺の駅で少女が電車を待っている", {("少女", "電車"), ("待つ",), ("海辺", "駅")}),
        ("主体：一位画家", {("画家",), (), ()}),
    ],
)
def test_the_words_of_other_known_languages_are_found(prompt: str, expected: set[tuple[str, ...]]) -> None:
    facets = extract(prompt).facets
    assert {
        tuple(facet.value for facet in facets if facet.name == name) for name in ("subject", "action", "setting")
    } == expected


@pytest.mark.parametrize("prompt", ["Ducks swimming in water", "Dog running", "A café in Paris", "Fox at 3 am"])
def test_a_short_english_caption_does(prompt: str) -> None:
    assert {facet.name for facet in extract(prompt).facets} & {"subject", "action", "setting"}
