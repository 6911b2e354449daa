"""Browsing a library over HTTP, as a visitor does."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from datasette.utils import tilde_encode

from catalog.errors import CatalogError, NotFound, SchemaError, SchemaOutdated, SchemaTooNew
from catalog.library import create_library, open_library
from catalog.reading.lineage import read_lineage
from catalog.reading.statistics import read_stats
from catalog.web import application
from catalog.web.metadata import database_name, metadata_for, metadata_path
from catalog.web.serve import serve
from tests.house import LONG
from tests.web.conftest import Site, fill, serving

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.serving import RunningServer

TABLES = metadata_for("catalog.db")["databases"]["catalog"]["tables"]
QUERIES = metadata_for("catalog.db")["databases"]["catalog"]["queries"]
INSERT = """
import sys
from catalog.library import open_library
library = open_library(sys.argv[1])
with library.write() as connection:
    connection.execute(
        "INSERT INTO videos (source, remote_id, kind, status) VALUES ('studio', ?, 'video', 'queued')", (sys.argv[2],)
    )
"""


@pytest.fixture
def filled(library_path: Path) -> Path:
    fill(library_path)
    return library_path


def refs(rows: list[dict[str, Any]]) -> list[str]:
    return [row["ref"] for row in rows]


def test_the_home_page_is_the_gallery(site: Site) -> None:
    answer = site.get("/")
    assert answer.status_code == 200
    assert 'aria-label="Videos"' in answer.text
    assert 'href="/catalog"' in answer.text
    assert list(site.get("/.json").json()) == ["catalog"]


def test_the_database_page_lists_queries_and_hides_what_is_no_concern_of_a_reader(site: Site) -> None:
    page = site.page("")
    assert all(query["title"] in page for query in QUERIES.values())
    tables = site.get("/catalog.json").json()["tables"]
    assert {table["name"] for table in tables if not table["hidden"]} == {
        name for name, table in TABLES.items() if not table.get("hidden")
    }
    assert "Custom SQL query" not in page


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if not table.get("hidden")])
def test_every_table_has_its_page(site: Site, name: str) -> None:
    page = site.page(f"/{name}")
    assert "column-descriptions" in page
    assert "metadata-description" in page


def test_videos_come_newest_first_in_pages_of_fifty(site: Site) -> None:
    answer = site.get("/catalog/videos.json").json()
    dates = [row[answer["columns"].index("created_at")] for row in answer["rows"]]
    known = [date for date in dates if date]
    assert known == sorted(known, reverse=True)
    assert dates[len(known) :] == [None, None]
    assert 'rel="stylesheet" href="data:text/css,' in site.page("/videos")


def test_pages_show_every_video_once(site: Site) -> None:
    """Two of them were made in the same second, and two at nobody knows when."""
    url, seen = "/catalog/videos.json?_size=1", []
    while url:
        answer = site.get(url).json()
        seen += [row[0] for row in answer["rows"]]
        url = answer["next_url"]
    assert sorted(seen) == [row["id"] for row in site.rows("videos", _sort="id")]


def test_videos_come_with_facets(site: Site) -> None:
    facets = site.get("/catalog/videos.json").json()["facet_results"]
    assert {"status", "model", "source", "seconds", "size", "camera_movement"} <= set(facets)
    counts = {item["value"]: item["count"] for item in facets["model"]["results"]}
    assert counts == {"sora-2": 1, "sora-2-pro": 3, None: 11}


def test_no_facets_are_suggested(site: Site) -> None:
    assert site.get("/catalog/videos.json").json()["suggested_facets"] == []


@pytest.mark.parametrize(("words", "found"), [("neon rain", ["studio:root"]), ("東京", ["studio:dateless"])])
def test_the_search_box_finds_words_of_the_prompt(site: Site, words: str, found: list[str]) -> None:
    assert 'name="_search"' in site.page("/videos")
    assert refs(site.rows("videos", _search=words)) == found


def test_a_long_prompt_is_cut_in_the_table_and_whole_on_its_own_page(site: Site) -> None:
    assert 1 < site.page("/videos", _search="neon").count("Slow push in.") < 30
    assert site.page("/videos/1").count("Slow push in.") == 60


def test_a_row_shows_its_ref_and_what_hangs_on_it(site: Site) -> None:
    page = site.page("/videos/1")
    assert "studio:root" in page
    assert "/catalog/tags?video_id=1" in page


def test_rows_that_hang_on_a_video_name_it_by_its_ref(site: Site) -> None:
    assert '<a href="/catalog/videos/1">studio:root</a>' in site.page("/tags")


@pytest.mark.parametrize("name", QUERIES)
def test_every_named_query_answers_though_sql_is_off(site: Site, name: str) -> None:
    page = site.page(f"/{name}")
    assert QUERIES[name]["title"] in page
    assert "Edit SQL" not in page
    assert "message-error" not in page


def test_failures_are_counted_by_code(site: Site) -> None:
    rows = site.rows("failed_by_code")
    assert [(row["error_code"], row["videos"]) for row in rows] == [("moderation", 2), ("(none)", 1)]


def test_months_count_what_was_made_in_them(site: Site) -> None:
    rows = site.rows("by_month")
    assert sum(row["videos"] for row in rows) == len(site.rows("videos", deleted_at__isnull=1))
    assert {"month": "(unknown)", "videos": 2, "completed": 2, "failed": 0, "cost_usd": None} in rows


def test_queries_say_what_the_statistics_say(site: Site) -> None:
    library = open_library(site.path)
    with library.read() as connection:
        stats = read_stats(connection, datetime.now(UTC))
    library.close()
    assert refs(site.rows("stalled")) == [*stats.stalled] == ["studio:stuck"]
    assert refs(site.rows("expiring_soon")) == [*stats.expiring] == ["studio:urgent"]
    counts = {code or "(none)": count for code, count in stats.by_error.items()}
    assert {row["error_code"]: row["videos"] for row in site.rows("failed_by_code")} == counts


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("studio:root", ["studio:child", "studio:grandchild"]),
        ("studio:grandchild", []),
        ("studio:unheard-of", ["studio:lost"]),
        ("studio:yin", ["studio:yang"]),
        (" studio:child ", ["studio:grandchild"]),
        ("no colon", []),
        ("", []),
    ],
)
def test_descendants_are_found_below_a_ref(site: Site, ref: str, found: list[str]) -> None:
    assert refs(site.rows("descendants", ref=ref)) == found


def test_descendants_are_those_of_the_family_tree(site: Site) -> None:
    library = open_library(site.path)
    with library.read() as connection:
        count = read_lineage(connection, 1).descendants
    library.close()
    rows = site.rows("descendants", ref="studio:root")
    assert len(rows) == count
    assert rows[0]["made_as"] == "remix of studio:root"


@pytest.mark.parametrize("place", ["/catalog.json?sql=select+1", "/catalog?sql=select+1", "/catalog/videos?_where=1"])
def test_sql_of_visitors_is_refused(site: Site, place: str) -> None:
    assert site.get(place).status_code == 403


def test_sql_of_visitors_is_taken_when_allowed(open_site: Site) -> None:
    answer = open_site.get("/catalog.json", params={"sql": "select count(*) as n from links", "_shape": "array"})
    assert (answer.status_code, answer.json()) == (200, [{"n": 8}])
    assert "Custom SQL query" in open_site.page("")


@pytest.mark.parametrize(
    "sql",
    [
        "delete from videos",
        "with gone as (select 1) delete from videos",
        "with new as (select 1) insert into tags (video_id, key, value, origin) select 1, 'x', '', 'user' from new",
        "attach database 'other.db' as other",
        "pragma query_only = 0",
    ],
)
def test_nothing_can_be_written(open_site: Site, sql: str) -> None:
    before = open_site.rows("videos"), open_site.rows("tags")
    assert open_site.get("/catalog.json", params={"sql": sql}).status_code == 400
    assert (open_site.rows("videos"), open_site.rows("tags")) == before


def test_the_file_cannot_be_downloaded(site: Site) -> None:
    assert site.get("/catalog.db").status_code == 403


def test_what_another_process_writes_is_seen_at_once(site: Site) -> None:
    assert site.rows("videos", remote_id="news") == []
    try:
        subprocess.run([sys.executable, "-c", INSERT, site.path, "news"], check=True)
        assert refs(site.rows("videos", remote_id="news")) == ["studio:news"]
    finally:  # other tests look at the same library
        with closing(sqlite3.connect(site.path)) as connection, connection:
            connection.execute("DELETE FROM videos WHERE remote_id = 'news'")
    assert site.get("/catalog/videos").headers["cache-control"] == "no-cache"


def test_other_sites_are_told_nothing(site: Site) -> None:
    answer = site.get("/catalog/videos.json", headers={"Origin": "https://example.com"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("host", ["example.com", "example.com:8001", "127.0.0.1.example.com", ""])
def test_a_request_under_another_name_is_refused(site: Site, host: str) -> None:
    answer = site.get("/catalog/videos.json", headers={"Host": host})
    assert answer.status_code == 421
    assert "studio" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9000", "127.0.0.1", "[::1]:8001"])
def test_a_request_under_a_name_of_this_machine_is_answered(site: Site, host: str) -> None:
    assert site.get("/.json", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "my.clips.2026.db",
        "noextension",
        ".db",
        "_internal.db",
        "café 東京 100% #1?.db",
        "a%41b.db",
        "a~b+c&d='<e>.db",
        pytest.param(
            os.fsdecode(b"bad\xff.db"), marks=pytest.mark.skipif(sys.platform != "linux", reason="no such names")
        ),
    ],
)
def test_any_file_name_will_do(filled: Path, name: str) -> None:
    path = filled.rename(filled.with_name(name))
    site = application.Site(path)
    home = f"/{tilde_encode(database_name(path))}"

    async def visit() -> None:
        transport = httpx.ASGITransport(app=site.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:

            async def rows(query: str) -> list[dict[str, Any]]:
                return (await client.get(f"{home}/{query}&_shape=array")).json()

            assert refs(await rows("videos.json?_search=neon")) == ["studio:root"]
            assert TABLES["videos"]["columns"]["ref"] in (await client.get(f"{home}/videos")).text
            assert refs(await rows("descendants.json?ref=studio:child")) == ["studio:grandchild"]
            assert (await client.get("/-/databases.json")).status_code == 200

    try:
        asyncio.run(visit())
    finally:
        site.close()


def test_mistakes_of_visitors_are_answered_and_not_printed_and_ctrl_c_ends_the_server_without_a_word(
    library_path: Path,
) -> None:
    with serving(library_path) as site:
        assert site.get("/").status_code == 200
        assert site.get("/catalog/nothing").status_code == 404
        assert site.get("/catalog/videos?_size=x").status_code == 400
        assert site.get("/catalog?sql=select+1").status_code == 403
        assert site.stop() == (0, "")


def test_the_url_names_the_loopback_address_and_answers_once_told(site: Site) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", str(site.base_url).rstrip("/"))
    assert site.get("/catalog").status_code == 200


def test_the_browser_is_opened_when_asked_for(library_path: Path, tmp_path: Path) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part; mv {opened}.part {opened}\n')
    browser.chmod(0o755)
    with serving(library_path, {"BROWSER": f"{browser} %s"}, open_browser=True) as site:
        url = str(site.base_url).rstrip("/")
        assert site.get("/").status_code == 200
        site.stop()
    assert opened.read_text() == url


def test_a_failing_announcement_ends_the_server(library_path: Path) -> None:
    def fail(server: RunningServer) -> None:
        raise CatalogError(f"nobody to tell of {server.url}")

    with pytest.raises(CatalogError, match="nobody to tell"):
        serve(library_path, port=0, on_ready=fail)


def test_a_server_can_be_stopped_by_the_program_that_started_it(library_path: Path) -> None:
    answers: list[int] = []

    def ask_and_stop(server: RunningServer) -> None:
        answers.append(httpx.get(server.url, trust_env=False).status_code)
        server.stop()

    serve(library_path, port=0, on_ready=ask_and_stop)
    assert answers == [200]


def test_a_missing_library_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no library at"):
        serve(tmp_path / "none.db", port=0)
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    with pytest.raises(SchemaError, match="not a catalog library"):
        serve(path, port=0)


@pytest.mark.parametrize(("version", "error"), [("0001", SchemaOutdated), ("9999", SchemaTooNew)])
def test_a_library_of_another_version_is_refused(library_path: Path, version: str, error: type[SchemaError]) -> None:
    with closing(sqlite3.connect(library_path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    with pytest.raises(error):
        serve(library_path, port=0)


def run_datasette(path: Path, place: str) -> subprocess.CompletedProcess[str]:
    """The plain command, asked for one page."""
    metadata = shutil.copy(metadata_path(), path.parent)
    command = [sys.executable, "-m", "datasette", path, "-m", metadata, "--get", place]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG, check=False)


def test_the_plain_command_reads_the_metadata_file(filled: Path) -> None:
    answer = run_datasette(filled, "/catalog/videos?_search=neon")
    assert answer.returncode == 0, answer.stderr
    assert TABLES["videos"]["columns"]["prompt"] in answer.stdout
    assert "studio:root" in answer.stdout


def test_the_plain_command_answers_named_queries(filled: Path) -> None:
    answer = run_datasette(filled, "/catalog/descendants.json?ref=studio:root&_shape=array")
    assert answer.returncode == 0, answer.stderr
    assert '"studio:grandchild"' in answer.stdout


def test_the_plain_command_refuses_sql_too(filled: Path) -> None:
    answer = run_datasette(filled, "/catalog.json?sql=select+1")
    assert answer.returncode == 1
    assert "<title>Forbidden</title>" in answer.stdout


@pytest.mark.parametrize("query", ["_shape=array", "_shape=array&status=queued"])
def test_a_library_that_took_the_place_of_another_is_what_is_served(
    library_path: Path, tmp_path: Path, query: str
) -> None:
    other = tmp_path / "other.db"
    create_library(other)
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("INSERT INTO videos (source, remote_id, kind, status) VALUES ('s', 'v', 'video', 'queued')")
    site = application.Site(library_path)

    async def count_before_and_after() -> list[int]:
        transport = httpx.ASGITransport(app=site.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            before = await client.get(f"/catalog/videos.json?{query}")
            other.replace(library_path)
            after = await client.get(f"/catalog/videos.json?{query}")
        return [len(before.json()), len(after.json())]

    try:
        assert asyncio.run(count_before_and_after()) == [0, 1]
    finally:
        site.close()
