"""One fold for the index and the query: what is alike is found, what is not is not, in every column."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import fulltext, letters
from catalog.database import scratch
from catalog.search.words import _is_unsure, expression, has_word, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.letters import Part
    from tests.search.conftest import Library

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
UNSPACED = {
    "Chinese": "镜头缓缓推近东京新宿的雨夜",
    "Japanese": "カメラがゆっくりズームインする高い塔",
    "Korean": "서울의밤거리를달리는택시",
    "Thai": "เด็กหญิงวิ่งบนชายหาดน้ำทะเล",
    "Khmer": "ក្មេងស្រីរត់លើឆ្នេរខ្សាច់",
    "Lao": "ເດັກຍິງແລ່ນເທິງຫາດຊາຍນ້ຳ",
    "Burmese": "မိန်းကလေးသည်ကမ်းခြေတွင်ပြေးနေသည်",
}


# Any part of a run


@pytest.mark.parametrize("script", UNSPACED)
def test_any_part_of_a_run_is_found_in_prompts_errors_and_labels(library: Library, script: str) -> None:
    run = UNSPACED[script]
    library.add("prompt", prompt=f"a {run} b", error_message="none")
    library.add("error", prompt="none", error_message=f"{run}.")
    library.add("label", prompt="none", tags=[f"name={run}"])
    parts = {run[start:end] for start in range(0, len(run), 3) for end in (start + 1, start + 2, start + 4, len(run))}
    for part in parts:
        assert sorted(library.find(f'"{part}"')) == ["error", "label", "prompt"], part
        assert library.find(f'prompt:"{part}"') == ["prompt"]
        assert library.find(f'-error:"{part}" -prompt:"{part}"') == ["label"]
    assert library.find(f"{run[4]}{run[0]}{run[4]}") == []


@given(st.text(alphabet="東京かがカกิ้ำក្ន네온", min_size=1, max_size=12), st.data())
def test_a_part_of_a_run_is_found_and_no_other(run: str, data: st.DataObject) -> None:
    words = data.draw(st.lists(st.text(alphabet="東京かがカกิ้ำក្ន네온", min_size=1, max_size=3), min_size=1, max_size=5))
    start = data.draw(st.integers(0, len(run) - 1))
    words.append(run[start : data.draw(st.integers(start + 1, len(run)))])
    text = unicodedata.normalize("NFKC", run)
    with Index([(run, None, None)]) as find:
        for word in words:
            assert find(expression(word)) == ([0] if unicodedata.normalize("NFKC", word) in text else []), word


# Words


@pytest.mark.parametrize(
    ("prompt", "found", "not_found"),
    [
        ("海边的灯塔16:9", ["16:9", "灯塔", "16", '"灯塔16:9"'], ["1", '"塔 9"']),
        ("画面里有neon灯牌", ["neon", "prompt:neon", "neon灯牌", "ne*"], ["eon", "-prompt:neon", "-neon"]),
        ("in 4K東京, at night", ['"4K東京"', "4K", "4K東", '"in 4K"', '"東京 at"'], ['"東京4K"', '"K東京"', "4"]),
        ("東京、4K", ["4K東京", "Tokyo OR 京"], ['"4K東京"']),
        ("全角のｎｅｏｎ文字", ["neon", "ｎｅｏｎ", "NEON"], ["ne"]),
        ("ｶﾒﾗがｽﾞｰﾑｲﾝ", ["カメラ", "ｶﾒﾗ", "ズーム", "ズ"], ["ス"]),
        ("ﬁlm grain, oﬃce", ["film", "office", "ﬁlm", '"film grain"'], ["fil"]),
        ("Ёлка, всё", ["елка", "ЁЛКА", "все", "ёл*"], ["ел"]),
        ("Άγιος καφές", ["αγιος", "ΚΑΦΕΣ", "καφές"], ["καφε"]),
        ("Łódź, nasse Straße, Ørsted, İstanbul ışık", ["lodz", "STRASSE", "straße", "orsted", "istanbul", "isik"], []),
        ("neon™ sign\u200blight", ["neon", '"neon sign light"'], ["signlight", "neontm"]),
        ("🦊neon🤖street", ["neon", "street", "🦊"], ["-neon"]),
        ("रात की सड़क पर हिन्दी", ["हिन्दी", '"सड़क पर"', "रात"], ["हन्द", "ह", "सड"]),
        ("كِتَابٌ جميل", ["كتاب", "كِتَاب", "جميل"], ["تاب", "ت"]),
    ],
)
def test_words_are_found_however_they_are_written(
    library: Library, prompt: str, found: Sequence[str], not_found: Sequence[str]
) -> None:
    library.prompts(prompt)
    assert {query: library.find(query) for query in found} == {query: ["v1"] for query in found}
    assert {query: library.find(query) for query in not_found} == {query: [] for query in not_found}


@pytest.mark.parametrize("stored", FORMS)
@pytest.mark.parametrize("asked", FORMS)
def test_letters_are_found_in_either_form_and_other_letters_are_not(library: Library, stored: str, asked: str) -> None:
    words = ("йод", "иод", "네온", "느온", "がき", "かき", "Évora", "น้ำ", "ελιά")
    for number, word in enumerate(words):
        library.add(f"v{number}", prompt=unicodedata.normalize(stored, f"x {word} y"))
        library.add(f"e{number}", error_message=unicodedata.normalize(stored, word))
    for number, word in enumerate(words):
        query = unicodedata.normalize(asked, word)
        assert sorted(library.find(query)) == [f"e{number}", f"v{number}"]
        assert library.find(f"prompt:{query}") == [f"v{number}"]
        assert f"v{number}" not in library.find(f"-{query}")
        assert len(library.find(f"-prompt:{query}")) == 2 * len(words) - 1


def test_a_phrase_is_found_across_words_that_fold_otherwise(library: Library) -> None:
    library.prompts("a man walks over the wet straße corner at night in the rain", "the straße, and a strasse corner")
    assert library.find('"over the wet strasse corner at night"') == ["v1"]
    assert library.find('"man walks over the wet STRASSE"') == ["v1"]
    assert library.find('"walks over the wet"') == ["v1"]
    assert library.find('"the strasse corner"') == []
    assert sorted(library.find("prompt:strasse")) == ["v1", "v2"]


def test_what_is_found_is_marked_where_it_stands(library: Library) -> None:
    library.prompts("nasse Straße, ｎｅｏｎ灯牌 in e\u0301te\u0301, สวนน้ำใหญ่ 4K東京Tower")
    queries = ("strasse", "neon", "灯", "ete", "น้ำ", '"4k東京"')
    shown = {query: next(iter(library.page(query).snippets.values())) for query in queries}
    assert "[Straße]" in shown["strasse"]
    assert "[ｎｅｏｎ]灯牌" in shown["neon"]
    assert "ｎｅｏｎ[灯]牌" in shown["灯"]
    assert "[e\u0301te\u0301]" in shown["ete"]
    assert "สวน[น้ำ]ใหญ่" in shown["น้ำ"]
    assert "[4K東京]Tower" in shown['"4k東京"']


# Any text, against a reading of each text from its beginning


class Index:
    """An index of these texts, three columns each, and a way to ask it; made as the library makes its own."""

    def __init__(self, texts: Sequence[tuple[str | None, str | None, str | None]]) -> None:
        self.texts = texts
        self.manager = scratch()

    def __enter__(self):
        connection = self.connection = self.manager.__enter__()
        connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5({', '.join(fulltext.COLUMNS)}, {fulltext.TOKENS})")
        for number, (prompt, error, labels) in enumerate(self.texts):
            entry = (
                number,
                prompt,
                error,
                fulltext.folded(labels or ""),
                fulltext.grams(prompt),
                fulltext.grams(error),
            )
            names = ", ".join(("rowid", *fulltext.COLUMNS))
            connection.execute(f"INSERT INTO texts({names}) VALUES (?, ?, ?, ?, ?, ?)", entry)
        return self.find

    def __exit__(self, *error: object) -> None:
        self.manager.__exit__(*error)

    def find(self, match: str) -> list[int]:
        query = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rowid"
        return [row[0] for row in self.connection.execute(query, (match,))]


def stands_at(parts: Sequence[Part], start: int, group: Sequence[Part], *, is_prefix: bool) -> bool:
    here = parts[start : start + len(group)]
    if [part.is_run for part in here] != [part.is_run for part in group]:
        return False
    for number, (part, wanted) in enumerate(zip(here, group, strict=True)):
        is_first, is_last = number == 0, number == len(group) - 1
        text, word = part.letters, wanted.letters
        if part.is_run and is_first and is_last:
            stands = word in text
        elif part.is_run and is_first:
            stands = text.endswith(word)
        else:
            stands = text.startswith(word) if is_last and (part.is_run or is_prefix) else text == word
        if not stands:
            return False
    return True


RARE = (
    *"aBÉßёЁейиуўϊά東京かがｶﾞกำํ้ิក្ລຳ네온ｎﬁ™🦊🎬1²हिन्दكِتأłıİ㎏·’ ,-、_", *"     ", "ss", "e\u0301", "и\u0306", "か\u3099",
    "\u1102\u1166", "\u200b", "\ufe0f", "\u0654", "\u0332", "\u0336", "\u0306", "\uff9e", "\u3099",
)  # fmt: skip
rare = st.lists(
    st.one_of(st.sampled_from(RARE), st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
).map("".join)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.tuples(rare, st.none() | rare, st.none() | rare), min_size=1, max_size=4),
    st.data(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, *fulltext.GRAMS]),
)
def test_the_index_finds_what_a_reading_of_each_text_finds(texts, data, is_prefix, is_phrase, column) -> None:
    source = data.draw(st.sampled_from([text for row in texts for text in row if text] or ["a"]))
    start = data.draw(st.integers(0, len(source)))
    query = unicodedata.normalize(
        data.draw(st.sampled_from(FORMS)), source[start : start + data.draw(st.integers(1, 9))]
    )
    if not has_word(query):
        return
    groups = split(query, is_phrase=is_phrase)
    is_sure = any(not part.is_run and not any(map(_is_unsure, part.letters)) for group in groups for part in group)
    wanted, doubtful = [], set()
    for number, row in enumerate(texts):
        columns = [list(letters.read(text or "")) for text in row]
        if is_sure and any(part.misleads for parts in columns for part in parts):
            doubtful.add(number)  # stated in `words`: of plain words, those between rare accents are found too
        columns = columns if column is None else [columns[list(fulltext.GRAMS).index(column)]]
        if all(
            any(
                stands_at(parts, start, group, is_prefix=is_prefix and group is groups[-1])
                for parts in columns
                for start in range(len(parts))
            )
            for group in groups
        ):
            wanted.append(number)
    with Index(texts) as find:
        found = find(expression(query, is_prefix=is_prefix, is_phrase=is_phrase, column=column))
    assert set(wanted) <= set(found)
    assert set(found) - set(wanted) <= doubtful
