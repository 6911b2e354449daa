"""A secret is found however it is spelt, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.spellings import REMOVED, Secrets
from tests.canary import KEYS, escape, leaks, spellings

CASES = [(key, spelling) for key in KEYS.values() for spelling in spellings(key).values()]
PROMPTS = (
    "Übermut IN_CAPITALS/and/AB12cd34EF56gh78 lines\nThatGoOnAndOnAnd\nThatGoOnAndOn= [x]",
    'A lighthouse in fog & rain, 100% handheld, "push in" \\ tilt, 35mm; café, 東京, İstanbul',
    "https://cdn.example/v%20one.mp4?index=0&model=azure%2Fsora-2",
    '{"shot": "\\u6771\\u4eac", "note": "a \\/ b"}',
)


@pytest.mark.parametrize(("key", "spelling"), CASES)
@pytest.mark.parametrize(
    "around", ["{}", "Incorrect API key provided: {}, see the docs", 'x"{}"y', "https://a.example/{}/v?k={}&b=1"]
)
def test_a_key_is_found_in_every_spelling(key: str, spelling: str, around: str) -> None:
    text = around.replace("{}", spelling)
    assert leaks(text, key)
    clean = Secrets([key]).cut(text)
    assert REMOVED in clean
    assert not leaks(clean, key), clean


@pytest.mark.parametrize(("key", "spelling"), CASES)
def test_cutting_twice_is_cutting_once(key: str, spelling: str) -> None:
    secrets = Secrets([key])
    clean = secrets.cut(f"{spelling} and {spelling}")
    assert secrets.cut(clean) is clean


@pytest.mark.parametrize("prompt", PROMPTS)
def test_what_holds_no_secret_is_the_same_object(prompt: str) -> None:
    assert Secrets(KEYS.values()).cut(prompt) is prompt


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("key", KEYS.values())
def test_the_rest_of_a_text_stays_as_it_was(prompt: str, key: str) -> None:
    text = f"{prompt} {escape(key)} {prompt}"
    assert Secrets([key]).cut(text) == f"{prompt} {REMOVED} {prompt}"


@pytest.mark.parametrize("key", ["CANARYplainKEY0123456789", "cnry/Key+77=ZZ9q", 'q"uo\\te/Key#99'])
def test_json_inside_a_text_stays_json(key: str) -> None:
    inner = json.dumps({"prompt": 'she said "go"\n', "message": f"bad key {key}", key: 1})
    clean = json.loads(Secrets([key]).cut(inner.replace("/", "\\/")))
    assert clean == {"prompt": 'she said "go"\n', "message": f"bad key {REMOVED}", REMOVED: 1}


@pytest.mark.parametrize("key", ["", "a", "neon", "secret", "Sunset", "SUNRISE"])
def test_an_ordinary_short_word_is_no_secret(key: str) -> None:
    text = f"a {key} sign, {key}s, un{key}, neon secret Sunset SUNRISE"
    assert not Secrets([key])
    assert Secrets([key]).cut(text) is text


def test_a_short_key_is_cut_only_where_it_stands_alone() -> None:
    assert Secrets(["neon42"]).cut("key neon42, neon420, Neon42") == f"key {REMOVED}, neon420, Neon42"


def test_a_key_of_backslashes_or_escapes_blanks_no_others() -> None:
    text = "a\\b %41%42 &amp; c"
    assert Secrets(["\\" * 12, "%41%42%43", "&amp;&amp;"]).cut(text) is text


@given(st.text(), st.text(), st.sampled_from(sorted(KEYS.values())), st.integers(0, 3), st.data())
def test_escapes_in_any_mixture_hide_nothing(
    before: str, after: str, key: str, depth: int, data: st.DataObject
) -> None:
    forms = ("{}", "\\u{:04x}", "%{:02X}", "&#{};", "&#x{:x};", "\\x{:02x}")
    text = ""
    for character in key:
        form = data.draw(st.sampled_from(forms))
        text += character if form == "{}" else form.format(ord(character))
    for _ in range(depth):
        text = escape(text)
    clean = Secrets([key]).cut(f"{before} {text} {after}")
    assert key.lower() not in clean.lower()
    assert REMOVED in clean


@pytest.mark.parametrize("place", [0, 256 * 1024 - 5, 256 * 1024, 700_000])
@pytest.mark.parametrize("spelling", ["as it is", "\\U, twice", "percent three times", "base64 of user:KEY"])
def test_a_long_text_hides_no_secret(place: int, spelling: str) -> None:
    key = KEYS["slashes"]
    text = "x" * place + " " + spellings(key)[spelling] + " " + "%41y" * 200_000
    clean = Secrets([key]).cut(text)
    assert not leaks(clean[max(0, place - 500) : place + 500], key)
    assert clean.endswith("%41y" * 200_000)
