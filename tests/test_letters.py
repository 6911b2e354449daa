"""Which letters count as the same: in any normal form, and as the index's own tokenizer sees them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import fulltext, letters
from catalog.database import scratch

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
RARE = (
    "aBÉßёйиЎуάϊıİłøæœŉſﬁ　ｎＡ１²½㎏℃™①㍿ﷺ東京が゙ｶﾞﾊﾟ゚ー々〇กำํ้ิเาນຳ້ក្នຆမြန်네온넨ㄴहिन्दीكِتَابأـ"
    "🦊🎬❤️👩\u200d🚀1️⃣\u200b\u200e\u2068\u00ad\u0301\u0306\u0332\u0336\U000e0100\ue000\U0010ffff"
    "ᤐᦰ\u1cf2𝐧𞤀𐐀Ꭰꭰ゛·’ʼ-_., \n"
)
texts = st.text(st.one_of(st.sampled_from(RARE), st.characters(exclude_categories=["Cs"])), max_size=30)


def read(text: str) -> list[str]:
    return [part.letters for part in letters.read(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ｎｅｏｎ", "NEON"),
        ("ｶﾒﾗ ｶﾞﾗｽ", "カメラ ガラス"),
        ("ﬁlm oﬃce", "film office"),
        ("ёлка Ѓ Ї", "елка г і"),
        ("άέήίόύώ ΐ ᾳ ς", "αεηιουω ι α σ"),
        ("đ Ł ø ß ẞ æ Œ ı İ ħ ŧ", "d l o ss ss ae oe i i h t"),
        ("m² ½ ①", "m2 1 2 1"),
        ("neon™ sign", "neon sign"),
        ("neon\u200bsign\u2060light", "neon sign light"),
        ("a㎏b", "a kg b"),
        ("น้ำ ນ້ຳ", "น\u0e4d\u0e49า ນ\u0ecd\u0ec9າ"),
        ("كِتَابٌ كتـــاب", "كتاب كتاب"),
        ("葛\U000e0100飾", "葛飾"),
        ("м\u02bcята", "м'ята"),
        ("🦊neon", "neon"),
        ("s\u0336t\u0336r\u0336", "str"),
    ],
)
def test_letters_that_are_alike(one: str, other: str) -> None:
    assert read(one) == read(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("й", "и"), ("ў", "у"), ("が", "か"), ("パ", "ハ"), ("हि", "ह"), ("กิ", "ก"), ("네", "느"), ("å", "o"), ("ы", "ь")],
)
@pytest.mark.parametrize("form", FORMS)
def test_letters_that_are_not(one: str, other: str, form: str) -> None:
    assert read(unicodedata.normalize(form, one)) != read(other)


@given(texts, st.sampled_from(FORMS[:2]))
def test_composed_and_decomposed_texts_are_alike(text: str, form: str) -> None:
    assert read(unicodedata.normalize(form, text)) == read(text)


@given(texts)
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    words = [part for part in letters.read(text) if part.letters < "\U000f0000"]
    plain = [part.letters for part in words if not any(char >= "\U000f0000" for char in part.letters)]
    assert [read(word) for word in plain] == [[word] for word in plain]


@given(texts)
def test_a_letter_is_located_where_it_stands(text: str) -> None:
    located, starts, ends = letters.locate(text)
    assert located.split(" ") == (read(text) or [""])
    assert len(located) == len(starts) == len(ends)
    for letter, start, end in zip(located, starts, ends, strict=True):
        if letter != " ":
            assert letter in letters.locate(text[start:end])[0]


@pytest.mark.parametrize(
    "mark", ["\u0301", "\u0336", "\u0e48\u0e38", "\u05b0\u05b8", "\u0f71\u0f72", "\u200d", "\u3099"]
)
def test_a_crowd_of_marks_is_read(mark: str) -> None:
    assert read(f"a{mark * 100_000}")[0].startswith("a")


def test_a_lone_surrogate_parts_words() -> None:
    assert read("neon\ud800sign") == ["neon", "sign"]


def words_of_sqlite(texts: list[str]) -> list[list[str]]:
    """The words that the index's tokenizer makes of each of the texts."""
    found: list[list[str]] = [[] for _ in texts]
    with scratch() as connection:
        connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5(text, {fulltext.TOKENS})")
        connection.executemany("INSERT INTO texts(rowid, text) VALUES (?, ?)", enumerate(texts))
        connection.execute("CREATE VIRTUAL TABLE words USING fts5vocab(texts, instance)")
        for term, number in connection.execute('SELECT term, doc FROM words ORDER BY doc, "offset"'):
            found[number].append(term)
    return found


def test_texts_that_are_alike_give_the_words_that_the_tokenizer_makes() -> None:
    around = [f"a{chr(code)}b {chr(code)}" for code in range(0x80, 0x20000) if not 0xD800 <= code < 0xE000]
    marked = [f"a{chr(code)}{chr(mark)}" for code in range(0x80, 0x590) for mark in (0x301, 0x308, 0x306, 0x323)]
    alike = [text for text in around + marked if letters.is_alike(text)]
    assert len(alike) > 4000
    found = zip(alike, words_of_sqlite(alike), strict=True)
    assert [(text, words, read(text)) for text, words in found if words != read(text)] == []


def test_the_tokenizer_takes_a_folded_word_for_one() -> None:
    large = [range(0x3400, 0xA48D), range(0xAC00, 0xD7A4), range(0x17000, 0x18D00), range(0x20000, 0x110000)]
    chars = [chr(code) for code in range(0x80, 0x20000) if not any(code in block for block in large)]
    chosen = [char for char in chars if unicodedata.category(char)[0] == "M"]
    chosen += [char for char in chars if unicodedata.category(char)[0] in "LN"][::5]
    chosen += "字가\U00020000"
    words = sorted({part.letters for part in letters.read(" ".join(f"a{char}b" for char in chosen))})
    assert len(words) > 3000
    assert [len(found) for found in words_of_sqlite(words)] == [1] * len(words)
