"""The gallery of a library beside other databases, in a plain Datasette of either version."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from datasette.app import Datasette

from catalog.library import open_library
from catalog.web import plugin, search_box
from tests.web.conftest import fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    Ask = Callable[..., httpx.Response]

pytestmark = pytest.mark.filterwarnings("default")  # what other programs of the environment warn of is theirs
CLIP = b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 5000
SHA = "ab" * 32


@pytest.fixture
def library(library_path: Path) -> Path:
    """A library with one clip, beside a database of somebody else's."""
    fill(library_path)
    path = library_path.rename(library_path.with_name("my.clips.db"))
    media = path.parent / "media" / "ab" / f"{SHA}.mp4"
    media.parent.mkdir(parents=True)
    media.write_bytes(CLIP)
    os.utime(media, (1, 1))
    with closing(open_library(path)) as opened, opened.write() as connection:
        connection.execute(
            "INSERT INTO files (video_id, variant, number, state, sha256, type, size, changed_at) VALUES"
            f" (1, 'video', 0, 'present', '{SHA}', 'video/mp4', {len(CLIP)}, '2026-01-01T00:00:00.000Z')"
        )
        connection.execute(
            "INSERT INTO file_places (sha256, root, path, name, state, changed_at)"
            f" VALUES ('{SHA}', '', 'media/ab/{SHA}.mp4', '{SHA}.mp4', 'present', '2026-01-01T00:00:00.000Z')"
        )
    with closing(sqlite3.connect(path.parent / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE videos (id INTEGER PRIMARY KEY, title TEXT)")
        connection.execute("CREATE VIRTUAL TABLE videos_fts USING fts5 (title, content=videos)")
        connection.execute("INSERT INTO videos (title) VALUES ('neon fox'), ('fox')")
        connection.execute("INSERT INTO videos_fts (rowid, title) SELECT id, title FROM videos")
    return path


def visiting(library: Path, steps: Callable[[Any, Datasette], Any], *, config: Any = None, **settings: Any) -> Any:
    """What the steps return, which are given a client of a Datasette on both databases."""

    async def run() -> Any:
        served = Datasette([str(library), str(library.parent / "other.db")], metadata=config, settings=settings)
        await served.invoke_startup()
        return await steps(served.client, served)

    return asyncio.run(run())


def ask(library: Path, *places: str, headers: dict[str, str] | None = None, **options: Any) -> list[httpx.Response]:
    async def steps(client: Any, _: Datasette) -> list[httpx.Response]:
        return [await client.get(place, headers=headers or {}) for place in places]

    return visiting(library, steps, **options)


def untimed(text: str) -> str:
    """The page without the milliseconds that it took."""
    return re.sub(r"\d+\.\d+", "", text)


def test_a_library_has_its_gallery_below_its_name(library: Path) -> None:
    bare, page, found, part, script = ask(
        library,
        "/-/catalog/my~2Eclips",
        "/-/catalog/my~2Eclips/",
        "/-/catalog/my~2Eclips/?q=neon",
        "/-/catalog/my~2Eclips/-/gallery/results?q=neon",
        "/-/catalog/my~2Eclips/-/gallery/static/core.js",
    )
    assert {answer.status_code for answer in (bare, page, found, part, script)} == {200}
    assert bare.text == page.text
    assert "A neon street in the rain" in found.text
    assert "Read-only" in found.text
    assert re.search(r'href="/-/catalog/my~2Eclips/-/gallery/static/[0-9a-f]+/gallery\.css"', found.text)
    assert 'href="/my~2Eclips"' in found.text
    policy = found.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_other_databases_have_none(library: Path) -> None:
    for answer in ask(library, "/-/catalog/other", "/-/catalog/none", "/-/catalog", "/-/catalog/_memory"):
        assert answer.status_code == 404


def test_a_name_is_taken_however_it_is_written(library: Path) -> None:
    (answer,) = ask(library, "/-/catalog/my.clips/?q=neon")
    assert (answer.status_code, answer.headers["location"]) == (302, "/-/catalog/my~2Eclips/?q=neon")


def test_nothing_is_written(library: Path) -> None:
    async def steps(client: Any, _: Datasette) -> list[int]:
        headers = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
        return [
            (await client.post(f"/-/catalog/my~2Eclips{place}", headers=headers, content=b"{}")).status_code
            for place in ("/", "/-/gallery/undo", "/-/gallery/edit", "/-/media/x")
        ]

    assert set(visiting(library, steps)) <= {403, 404, 405}


@pytest.mark.parametrize("base", ["/", "/prefix/"])
def test_what_is_selected_is_exported_whatever_cookies_a_visitor_has(library: Path, base: str) -> None:
    own = {"cookie": "jupyter=1", "origin": "http://localhost"}

    async def steps(client: Any, _: Datasette) -> list[httpx.Response]:
        place, form = "/-/catalog/my~2Eclips/-/gallery", {"refs": "studio:root"}
        return [
            await client.post(f"{place}/{word}", headers={**own, **headers}, data=form)
            for word, headers in (
                ("export", {}),
                ("export", {"sec-fetch-site": "same-origin"}),
                ("export", {"origin": "http://evil.example"}),
                ("export", {"sec-fetch-site": "cross-site"}),
                ("edit", {}),
            )
        ]

    answers = visiting(library, steps, base_url=base)
    assert [answer.status_code for answer in answers] == [200, 200, 403, 403, 403]
    assert json.loads(answers[0].text)["ref"] == "studio:root"


def test_clips_are_kept_by_browsers_whatever_cookies_they_have(library: Path) -> None:
    place = f"/-/catalog/my~2Eclips/-/media/{SHA}.mp4"
    for headers in ({}, {"cookie": "jupyter=1"}, {"cookie": "jupyter=1", "range": "bytes=0-99"}):
        answer, page = ask(library, place, "/-/catalog/my~2Eclips/", headers=headers)
        assert answer.status_code == (206 if "range" in headers else 200)
        assert answer.headers.get_list("cache-control") == ["private, max-age=31536000, immutable"]
        assert "no-store" in page.headers["cache-control"]
    missing, script = ask(library, place.replace("ab", "cd"), "/-/catalog/my~2Eclips/-/gallery/static/core.js")
    assert (missing.status_code, "no-store" in missing.headers["cache-control"]) == (404, True)
    assert script.headers.get_list("cache-control") == ["no-cache"]


def test_links_begin_with_the_base_url(library: Path) -> None:
    page, named = ask(library, "/-/catalog/my~2Eclips/?q=neon", "/my~2Eclips", base_url="/box/")
    assert page.status_code == 200
    links = [part.partition('"')[0] for part in page.text.split('href="')[1:]]
    assert all(link.startswith(("/box/", "#")) for link in links)
    assert 'href="/box/-/catalog/my~2Eclips/"' in named.text


@pytest.mark.parametrize(
    "config",
    [
        {"allow": {"id": "root"}},
        {"databases": {"my.clips": {"allow": {"id": "root"}}}},
        {"databases": {"my.clips": {"tables": {"videos": {"allow": {"id": "root"}}}}}},
        {"databases": {"my.clips": {"tables": {"files": {"allow": {"id": "root"}}}}}},
        {"databases": {"my.clips": {"tables": {"observations": {"allow": False}}}}},
    ],
    ids=["instance", "database", "videos", "files", "nobody"],
)
def test_whoever_may_not_see_the_tables_does_not_see_the_gallery(library: Path, config: dict[str, Any]) -> None:
    places = ["/-/catalog/my~2Eclips", "/-/catalog/my~2Eclips/-/gallery/results", "/-/catalog/my~2Eclips/lineage/x"]
    is_file_shown = "observations" in str(config)
    clip = f"/-/catalog/my~2Eclips/-/media/{SHA}.mp4"

    async def steps(client: Any, served: Datasette) -> None:
        root = {"ds_actor": served.sign({"a": {"id": "root"}}, "actor")}
        for place in places:
            answer = await client.get(place)
            assert answer.status_code == 403
            assert "neon" not in answer.text
            seen = await client.get(place, cookies=root)
            assert (seen.status_code == 403) is is_file_shown
        assert (await client.get(clip)).status_code == (200 if is_file_shown else 403)
        kept = await client.get(clip, cookies=root)
        assert (kept.status_code, kept.headers["cache-control"].split(",")[0]) == (200, "private")

    visiting(library, steps, config=config)


def test_pages_of_the_library_lead_to_the_gallery_and_others_do_not(library: Path) -> None:
    link = 'href="/-/catalog/my~2Eclips/"'
    database, videos, tags, other, others = (
        answer.text
        for answer in ask(library, "/my~2Eclips", "/my~2Eclips/videos", "/my~2Eclips/tags", "/other", "/other/videos")
    )
    assert link in database
    assert link in videos
    assert link not in tags + other + others


def test_nothing_else_of_that_datasette_changes(library: Path) -> None:
    """Each answer is the one that it gives without the plugins, byte for byte and header for header."""
    places = (
        "/", "/.json", "/other", "/other.json", "/other/videos", "/other/videos?_search=fox", "/other/videos.json",
        "/other/videos?_search=neon+OR+none", "/other/videos/1", "/-/settings.json", "/-/databases.json",
        "/-/versions.json", "/-/static/app.css", "/nothing", "/-/nothing", "/other/videos.csv", "/-/catalog",
    )  # fmt: skip
    with_plugins = ask(library, *places)
    from datasette.plugins import pm

    found = [(each, pm.get_name(each)) for each in pm.get_plugins() if each.__name__.startswith("catalog.")]
    assert {plugin, search_box} <= {each for each, _ in found}
    for each, _ in found:
        pm.unregister(each)
    try:
        without = ask(library, *places)
    finally:
        for each, name in found:
            pm.register(each, name)
    for place, one, other in zip(places, with_plugins, without, strict=True):
        assert (place, one.status_code, untimed(one.text)) == (place, other.status_code, untimed(other.text))
        assert {**one.headers, "content-length": ""} == {**other.headers, "content-length": ""}


def test_a_file_that_became_no_library_is_shown_no_more(library: Path) -> None:
    async def steps(client: Any, _: Datasette) -> list[int]:
        before = (await client.get("/-/catalog/my~2Eclips")).status_code
        with closing(sqlite3.connect(library)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        return [before, (await client.get("/-/catalog/my~2Eclips")).status_code]

    assert visiting(library, steps) == [200, 404]


def test_json_says_what_went_wrong_to_whoever_asks_for_it(library: Path) -> None:
    (answer,) = ask(library, "/-/catalog/my~2Eclips/?after=nonsense", headers={"accept": "application/json"})
    assert answer.status_code == 400
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(answer.text)
