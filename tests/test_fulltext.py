"""The full-text index: what is put in is found, what is taken out is not, and drift is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import fulltext, letters
from catalog.errors import CatalogError
from catalog.letters import Part

if TYPE_CHECKING:
    from catalog.database import Database

ADD_VIDEO = """
INSERT INTO videos (id, source, remote_id, kind, status, prompt, error_message, labels, grams, error_grams)
VALUES (?, 'studio', ?, 'video', 'completed', ?, ?, ?, ?, ?)
"""


def entry(number: int, prompt: str | None, error: str | None = None, labels: str | None = None) -> fulltext.Entry:
    return number, prompt, error, labels, fulltext.grams(prompt), fulltext.grams(error)


def save(library: Database, *entries: fulltext.Entry) -> None:
    with library.write() as connection:
        connection.executemany(ADD_VIDEO, [(item[0], f"v{item[0]}", *item[1:]) for item in entries])
        fulltext.add(connection, entries)


def find(library: Database, words: str) -> list[int]:
    with library.read() as connection:
        query = "SELECT rowid FROM videos_fts WHERE videos_fts MATCH ? ORDER BY rowid"
        return [row[0] for row in connection.execute(query, (words,))]


def check(library: Database) -> None:
    with library.write() as connection:
        fulltext.check(connection)


def test_every_column_is_searched(library: Database) -> None:
    save(library, entry(1, "neon street"), entry(2, None, "blocked"), entry(3, None, None, "campaign=launch"))
    assert [find(library, word) for word in ("neon", "blocked", "launch", "rain")] == [[1], [2], [3], []]
    check(library)


def test_case_and_accents_do_not_matter(library: Database) -> None:
    save(library, entry(1, "Un CAFÉ à Orléans"))
    assert find(library, "cafe orleans") == [1]


def test_a_part_of_a_chinese_or_japanese_sentence_is_found(library: Database) -> None:
    save(library, entry(1, "夜の東京タワーを歩く"), entry(2, "東の京"))
    assert find(library, 'grams : "東京"') == [1]
    assert find(library, 'grams : "東京 京タ タワ"') == [1]
    assert find(library, 'grams : "京" *') == [1, 2]


def test_what_is_taken_out_is_not_found_any_more(library: Database) -> None:
    first, second = entry(1, "neon street"), entry(2, "neon sign")
    save(library, first, second)
    with library.write() as connection:
        fulltext.remove(connection, [first])
        connection.execute("DELETE FROM videos WHERE id = 1")
    assert find(library, "neon") == [2]
    check(library)


def test_nothing_is_put_in_and_out_in_peace(library: Database) -> None:
    with library.write() as connection:
        fulltext.add(connection, [])
        fulltext.remove(connection, [])
    check(library)


@pytest.mark.parametrize(
    "drift",
    [
        "UPDATE videos SET prompt = 'other words' WHERE id = 1",
        "DELETE FROM videos WHERE id = 1",
        "INSERT INTO videos (source, remote_id, kind, status, prompt) VALUES ('s', 'v9', 'video', 'queued', 'lost')",
    ],
)
def test_an_index_that_differs_from_the_rows_is_told_and_rebuilt(library: Database, drift: str) -> None:
    save(library, entry(1, "neon street"), entry(2, "neon sign"))
    with library.write() as connection:
        connection.execute(drift)
    with pytest.raises(CatalogError, match=r"differs from the rows: run `catalog reindex --fts`"):
        check(library)
    with library.write() as connection:
        fulltext.rebuild(connection)
    check(library)


GAP, MISLEADING = fulltext.GAP, fulltext.MISLEADING


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        (None, None),
        ("", None),
        ("plain words", None),
        ("Orléans — naïve “Ночная” Αθηνα 🎬", None),
        ("東京塔", "東京 京塔 塔"),
        ("東京 大阪", "東京 京 大阪 阪"),
        ("カメラ、ズーム", "カメ メラ ラ ズー ーム ム"),
        ("인천 바다", "인천 천 바다 다"),
        ("𠮷野家", "𠮷野 野家 家"),
        ("ก้อน", "ก\U000f0e49 \U000f0e49อ อน น"),
        ("x_東京-塔", "x 東京 京 塔"),
        ("a b c in 4K東京Tower, at night d", "c in 4k 東京 京 tower at night"),
        ("the wet straße corner at night", "the wet strasse corner at"),
        (f"ё{' b' * 9} ø", f"е b b {GAP} b b o"),
        (f"ё{' b' * 4} ø", "е b b b b o"),
        ("и\u0306од a b c d", f"{MISLEADING} {GAP} йод a b c d"),
        ("a b c d हि", f"{MISLEADING} {GAP} a b c d ह\U000f093f"),
    ],
)
def test_grams_are_pieces_of_runs_and_words_that_fold_otherwise_and_what_is_near(
    text: str | None, grams: str | None
) -> None:
    assert fulltext.grams(text) == grams


@given(st.text(alphabet="東京塔人カナ한글กิ a1,。", max_size=30))
def test_every_part_of_a_run_has_its_grams_in_a_row(text: str) -> None:
    grams = f" {fulltext.grams(text) or ''} "
    for run in (part.letters for part in letters.read(text) if part.is_run):
        for start in range(len(run)):
            for end in range(start + 2, len(run) + 1):
                wanted = " ".join(fulltext.pieces(Part(run[start:end], is_run=True))[:-1])
                assert f" {wanted} " in grams


def test_labels_are_as_written_or_folded_whole() -> None:
    assert fulltext.folded("campaign=launch, café") == "campaign=launch, café"
    assert fulltext.folded("campaign=夜景, Straße") == "campaign 夜景 景 strasse"
