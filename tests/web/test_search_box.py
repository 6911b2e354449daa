"""Datasette's search box on a library: the language of the shell, and on any other database Datasette's own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from catalog.library import open_library
from catalog.search.matches import list_matches
from tests.house import LONG
from tests.web.conftest import fill

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Site

QUERIES = (
    "neon", "neon rain", "東京", "東", "京の夜", "-neon", "neon OR remix", "(neon OR remix) -street", "status:failed",
    "is:remix", "descends:studio:root", "model:sora-2*", "created:-4d..", "seconds:>=8", "prompt:neon", '"neon street"',
    "remi*", '"', "(((", "a:b", "is:faild", "%", "sort:created neon",
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_the_box_finds_what_the_shell_finds(site: Site, query: str) -> None:
    with closing(open_library(site.path)) as library, library.read() as connection:
        wanted = sorted(list_matches(connection, query))
    found = site.rows("videos", _search=query, _size="max")
    assert sorted(row["id"] for row in found) == wanted
    answer = site.get(f"{site.home}/videos.json", params={"_search": query, "_facet": "status"}).json()
    assert answer["filtered_table_rows_count"] == len(wanted)
    assert sum(value["count"] for value in answer["facet_results"]["status"]["results"]) == len(wanted)


def test_a_slip_in_the_query_is_told(site: Site) -> None:
    assert "is searched for as text: no claim" in site.page("/videos", _search="is:faild")


def test_pages_of_what_is_found_follow_each_other(site: Site) -> None:
    url, seen = f"{site.home}/videos.json?_search=status:failed&_size=1&_shape=objects", []
    while url:
        answer = site.get(url).json()
        seen += [row["id"] for row in answer["rows"]]
        url = answer["next_url"]
    assert len(seen) == len(set(seen)) == 3


def test_the_search_in_one_column_and_the_raw_mode_stay_datasettes(site: Site) -> None:
    assert [row["ref"] for row in site.rows("videos", _search_prompt="neon")] == ["studio:root"]
    assert [row["ref"] for row in site.rows("videos", _search="ne*", _searchmode="raw")] == ["studio:root"]


def test_plain_datasette_speaks_it_too_and_of_other_databases_only_its_own(library_path: Path) -> None:
    fill(library_path)
    other = library_path.with_name("other.db")
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE videos (id INTEGER PRIMARY KEY, prompt TEXT)")
        connection.execute("INSERT INTO videos VALUES (1, 'status:completed'), (2, '東京の夜')")
        connection.execute('CREATE VIRTUAL TABLE videos_fts USING fts5(prompt, content="videos", content_rowid="id")')
        connection.execute("INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")
    assert [row["ref"] for row in ask(library_path, other, "/catalog/videos.json?_search=京の夜")] == [
        "studio:dateless"
    ]
    assert [row["id"] for row in ask(library_path, other, "/other/videos.json?_search=status:completed")] == [1]
    assert ask(library_path, other, "/other/videos.json?_search=京の夜") == []


def ask(*files_and_place: Path | str) -> list[dict[str, object]]:
    *files, place = files_and_place
    command = [sys.executable, "-m", "datasette", *files, "--get", f"{place}&_shape=array"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LONG, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)
