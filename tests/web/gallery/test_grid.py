"""The grid over HTTP: what a page says, what links ask for, and bad input."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from catalog import Catalog, FacetCount, File, Link, PicturesDue, Place, Probe, Video
from catalog.web.gallery.application import respond
from catalog.web.gallery.lookups import say_due
from catalog.web.gallery.rail import _list_months, make_rail
from catalog.web.gallery.state import State
from catalog.web.gallery.static import FOLDER
from catalog.web.gallery.tiles import make_tile
from catalog.web.gallery.visits import Visit
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "{{7*7}}",
    "</textarea><b>",
    "javascript:alert(1)",
    "&lt;b&gt; &amp; \u202e",
)


def add(catalog: Catalog, folder: Path, *jobs: dict[str, Any]) -> None:
    file = folder / "jobs.json"
    file.write_text(json.dumps({"object": "list", "data": jobs, "has_more": False}))
    catalog.import_path(file, source="studio")


@pytest.fixture(scope="module")
def cat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """Sixty jobs of two models and a few months, one of them failed, one queued."""
    folder = tmp_path_factory.mktemp("grid")
    with Catalog.init(folder / "catalog.db") as catalog:
        jobs = [
            job(f"v{number}", model=f"m{number % 2}", prompt=f"A neon street, take {number}", seconds="8",
                size="1280x720", created_at=1_788_000_000 + number * 86_400)
            for number in range(58)
        ]  # fmt: skip
        add(
            catalog,
            folder,
            *jobs,
            job("bad", status="failed", prompt="Rain", error={"code": "moderation_blocked", "message": "no"}),
            job("soon", status="queued", prompt="Snow"),
        )
        catalog.rate("studio:v1", 4)
        catalog.verdict("studio:v1", "keep")
        catalog.collect("launch/teasers", ["studio:v2"])
        catalog.save_search("rainy", "rain")
        yield catalog


def ask(catalog: Catalog, *path: str, status: int = 200, method: str = "GET", body: bytes = b"", **query: str) -> str:
    answer = respond(Visit(catalog, method, path or ("",), query, body=body))
    text = (answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)).decode()
    assert answer.status == status, text
    return text


def links(text: str) -> dict[str, str]:
    """Where links lead, by their names."""
    found = {}
    for tag, content in re.findall(r"<a ([^>]*)>(.*?)</a>", text, re.DOTALL):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        name = attributes.get("aria-label", re.sub(r"<[^>]*>|\s+", " ", content).strip())
        found[unescape(name)] = unescape(attributes.get("href", ""))
    return found


def test_a_page_names_tiles_counts_and_values(cat: Catalog) -> None:
    text = ask(cat)
    assert "60 of 60" in text
    assert text.count('role="gridcell"') == 48
    assert text.count('tabindex="0"') == 1
    assert 'aria-label="Snow, queued, unrated"' in text
    assert "moderation_<wbr>blocked" in text
    found = links(text)
    assert found["m1, 29"] == "/?q=model%3Am1"
    assert found["not m1"] == "/?q=-model%3Am1"
    assert found["or m1"] == "/?q=model%3Am1"
    assert found["L"] == "/?size=L"
    assert "after=" in found["Next page"]
    assert "Previous page" not in found


def test_pages_lead_forth_and_back(cat: Catalog) -> None:
    forth = links(ask(cat, sort="created_at"))["Next page"]
    second = ask(cat, **dict(each.split("=") for each in forth.partition("?")[2].split("&")))
    assert second.count('role="gridcell"') == 12
    back = links(second)["Previous page"]
    assert (
        ask(cat, **dict(each.split("=") for each in back.partition("?")[2].split("&"))).count('role="gridcell"') == 48
    )


def test_a_kept_video_is_named_by_its_rating_and_verdict(cat: Catalog) -> None:
    text = ask(cat, q="rating:4")
    assert 'aria-label="A neon street, take 1, m1, completed, 8 seconds, rated 4, kept"' in text
    assert "★★★★" in text


def test_counts_of_a_facet_ignore_its_own_clause_and_links_edit_it(cat: Catalog) -> None:
    text = ask(cat, q="neon model:m0", size="S")
    found = links(text)
    assert found["m0, 29"] == "/?q=neon&size=S"
    assert found["m1, 29"] == "/?q=neon+model%3Am1&size=S"
    assert found["or m1"] == "/?q=neon+model%3Am0%2Cm1&size=S"
    assert found["not m0"] == "/?q=neon+-model%3Am0&size=S"
    assert found["Remove neon"] == "/?q=model%3Am0&size=S"
    assert 'aria-current="true"><span class="text">m0' in text


def test_months_are_bars_and_days_of_one_that_is_chosen(cat: Catalog) -> None:
    found = links(ask(cat))
    assert "/?q=created%3A2026-09" in found.values()
    days = links(ask(cat, q="created:2026-09"))
    assert days["2026-09-02, 1"] == "/?q=created%3A2026-09-02"
    assert _list_months("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_facets_open_on_demand(cat: Catalog) -> None:
    found = links(ask(cat))
    assert found["collection"] == "/?rail=collection"
    opened = ask(cat, rail="collection,has,query,nonsense", q="neon")
    assert (
        links(opened)["launch/teasers, 1"]
        == "/?q=neon+collection%3Alaunch%2Fteasers&rail=collection%2Chas%2Cquery%2Cnonsense"
    )
    assert links(opened)["rating, 1"].startswith("/?q=neon+has%3Arating")
    part = ask(cat, "-", "gallery", "rail", facet="query")
    assert "rainy, 1" in links(part)
    assert "None of these videos has one" in ask(cat, "-", "gallery", "rail", facet="tag")
    assert "no facet &#34;nonsense&#34;" in ask(cat, "-", "gallery", "rail", facet="nonsense", status=400)


def test_a_query_that_finds_nothing_says_what_would_find_something(cat: Catalog) -> None:
    text = ask(cat, q="neon status:failed")
    assert "No videos match" in text
    assert links(text)["without neon: 1"] == "/?q=status%3Afailed"
    assert links(text)["without status:failed: 58"] == "/?q=neon"
    assert links(text)["Show all"] == "/"
    assert links(ask(cat, q="modle:m0"))["did you mean model:"] == "/?q=model%3Am0"
    assert "did you mean" not in ask(cat, q="neon")


@pytest.mark.parametrize(
    "query", ["a" * 10_001, "x " * 5_000, "(" * 5_000 + "a" + ")" * 4_999, "model:" + "a," * 4_000]
)
def test_too_much_of_a_query_is_an_error_in_words(cat: Catalog, query: str) -> None:
    answer = respond(Visit(cat, path=("",), query={"q": query}))
    assert answer.status in {200, 400}
    assert b"Videos" in answer.body
    assert b'role="alert"' in answer.body or b"No videos match" in answer.body


@pytest.mark.parametrize(("name", "value"), [("sort", "nonsense"), ("size", "XXL"), ("view", "3d"), ("stack", "x")])
def test_a_state_that_is_none_counts_as_not_given(cat: Catalog, name: str, value: str) -> None:
    assert "60 of 60" in ask(cat, **{name: value})


def test_a_foreign_cursor_is_an_error_in_words(cat: Catalog) -> None:
    assert "the cursor is not valid" in ask(cat, after="nonsense", status=400)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_gets_onto_a_page_as_it_is(tmp_path: Path, text: str) -> None:
    with Catalog.init(tmp_path / "catalog.db") as catalog:
        add(
            catalog,
            tmp_path,
            job(text.strip("\u202e "), prompt=text, model=text, error={"code": text}, status="failed", seed=text),
        )
        catalog.tag(catalog.search().videos[0].ref, f"note={text}")
        catalog.collect("a", query="")
        for query in ("", text, f'model:"{text}"'):
            for page in (
                ask(catalog, q=query, rail=f"tag,{text}"),
                ask(catalog, "-", "gallery", "rail", facet="tag", q=query),
            ):
                for raw in ("<script>alert", "<img src=x", "<svg/onload", "<b>", "49</"):
                    assert raw not in page
        ref = catalog.search().videos[0].ref
        assert quote(ref, safe="") in ask(catalog).replace("+", "%20")
        assert 'role="gridcell"' in ask(catalog, "-", "gallery", "tiles", refs=ref)


def test_an_empty_library_says_what_fills_it(tmp_path: Path) -> None:
    with Catalog.init(tmp_path / "catalog.db") as catalog:
        text = ask(catalog)
        assert "catalog import FILES" in text
        assert "0 of 0" in text
        assert "catalog import FILES" in ask(catalog, q="neon")


def test_tiles_are_shown_by_ref_in_the_state_they_are_in(cat: Catalog) -> None:
    text = ask(cat, "-", "gallery", "tiles", refs="studio:v3\nstudio:nobody\nstudio:v", q="neon")
    assert text.count('role="gridcell"') == 1
    assert 'href="/?q=neon&amp;open=studio%3Av3"' in text
    ask(cat, "-", "gallery", "tiles", refs="x\n" * 201, status=400)


def test_an_export_is_what_show_prints(cat: Catalog) -> None:
    lines = ask(cat, "-", "gallery", "export", q="rating:4").splitlines()
    assert [json.loads(line) for line in lines] == [cat.get("studio:v1").to_dict()]
    assert len(ask(cat, "-", "gallery", "export").splitlines()) == 60
    body = urlencode({"refs": "studio:v2\r\nstudio:v1"}).encode()
    named = ask(cat, "-", "gallery", "export", method="POST", body=body).splitlines()
    assert [json.loads(line)["ref"] for line in named] == ["studio:v2", "studio:v1"]
    ask(cat, "-", "gallery", "export", refs="studio:nobody", status=404)
    ask(cat, "-", "gallery", "export", method="POST", body=b"\xff", status=400)
    ask(cat, "-", "gallery", "export", q="x " * 501, status=400)


def test_what_scripts_look_up(cat: Catalog) -> None:
    assert json.loads(ask(cat, "-", "gallery", "complete", word="mod")) == {"words": ["model:"]}
    assert json.loads(ask(cat, "-", "gallery", "complete")) == {"words": []}
    seen = json.loads(ask(cat, "-", "gallery", "live", q="neon"))
    assert (seen["matches"], seen["whole"]) == (58, 60)
    assert json.loads(ask(cat, "-", "gallery", "live", revision=seen["revision"])) == {"revision": seen["revision"]}
    assert json.loads(ask(cat, "-", "gallery", "pictures")) == {"due": 0, "said": ""}
    said = {"ref": "studio:v1", "prompt": "A neon street, take 1", "path": None}
    assert json.loads(ask(cat, "-", "gallery", "copy", ref="studio:v1")) == said
    ask(cat, "-", "gallery", "copy", status=400)
    ask(cat, "-", "gallery", "copy", ref="nobody", status=404)


def list_imports(name: str) -> set[str]:
    """The scripts that one loads, by what it says and by what these say."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for each in re.findall(r'from "\./([a-z]+\.js)"', (FOLDER / waiting.pop()).read_text("utf-8")):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def test_what_tiles_need_is_asked_for_at_once_and_scripts_are_kept(cat: Catalog) -> None:
    page = ask(cat)
    scripts = re.findall(r'<script type="module" src="/([^"]+)"', page)
    preloaded = re.findall(r'<link rel="modulepreload" href="/([^"]+)"', page)
    for each in (*scripts, *preloaded, *re.findall(r'stylesheet" href="/([^"]+)"', page)):
        answer = respond(Visit(cat, path=tuple(each.split("/"))))
        assert (answer.status, "immutable" in answer.headers["cache-control"]) == (200, True)
    first, main = ({"first.js", *list_imports("first.js")}, {"main.js", *list_imports("main.js")})
    assert first == {"first.js", *(Path(each).name for each in preloaded)}
    assert first | main == {path.name for path in FOLDER.glob("*.js")}
    folder = Path(scripts[0]).parent
    assert respond(Visit(cat, path=(*folder.parts, "nothing.js"))).status == 404
    assert respond(Visit(cat, path=(*folder.parent.parts, "another", "core.js"))).status == 404
    assert "immutable" not in respond(Visit(cat, path=(*folder.parent.parts, "core.js"))).headers["cache-control"]


@pytest.mark.parametrize("path", [("",), ("insight",), ("lineage", "studio:v1"), ("-", "gallery", "history")])
def test_every_page_is_there(cat: Catalog, path: tuple[str, ...]) -> None:
    assert '/main.js"></script>' in ask(cat, *path)


def test_what_is_new_counts_tiles_where_takes_are_stacked(library_path: Path, tmp_path: Path) -> None:
    with Catalog.open(library_path) as catalog:
        for number, tiles in ((1, 1), (2, 1), (3, 2)):  # a prompt, another take of it, another prompt
            add(catalog, tmp_path, job(f"v{number}", prompt="A fox in the snow" if number < 3 else "Rain on a roof"))
            for stack in ("1", "prompt"):
                seen = json.loads(ask(catalog, "-", "gallery", "live", stack=stack))
                assert (seen["matches"], seen["whole"]) == (tiles, number)
                assert f'data-matches="{tiles}"' in ask(catalog, "-", "gallery", "results", stack=stack)


def test_what_is_still_to_be_made_is_counted_and_named_with_its_command() -> None:
    assert say_due(PicturesDue(1)) == "1 thumbnail is still to be made: catalog reindex --pictures"
    assert say_due(PicturesDue(1037, waiting=1000)).startswith("1,037 thumbnails are still to be made: catalog ")
    assert say_due(PicturesDue(2, waiting=2)) == "2 thumbnails wait for PyAV: pip install 'video-catalog[media]'"


def make_file(variant: str, kind: str, **more: Any) -> File:
    return File(variant, 1, "a" * 64, 10, kind, "present", places=(Place("/x", "present"),), **more)


def test_marks_say_what_is_to_be_said() -> None:
    ends = NOW + timedelta(minutes=40)
    video = Video(
        "s", "v", status="completed", seconds=8, expires_at=ends, gone_at=NOW, prompt="A fox", width=9, height=16
    )
    remixes = tuple(Link(f"s:{number}", "s:v", "remix", "api") for number in range(2))
    marks = {mark.kind: mark.text for mark in make_tile(Video(**_fields(video), links=remixes), 3, NOW).marks}
    assert marks == {
        "length": "8 s", "takes": "3 takes", "remixes": "2 remixes", "gone": "gone", "expiring": "40 min left",
    }  # fmt: skip
    held = Video(**_fields(video), files=(make_file("video", "video/mp4"),))
    assert "expiring" not in {mark.kind for mark in make_tile(held, now=NOW).marks}


def _fields(video: Video) -> dict[str, Any]:
    names = ("source", "remote_id", "status", "seconds", "expires_at", "gone_at", "prompt", "width", "height")
    return {name: getattr(video, name) for name in names}


def test_a_tile_has_the_shape_of_its_clip_within_reason() -> None:
    assert (make_tile(Video("s", "v", width=9, height=16)).width, make_tile(Video("s", "v")).width) == (9, 16)
    thread = make_tile(Video("s", "v", width=10, height=1000))
    assert thread.width / thread.height == 0.4
    probed = Video("s", "v", files=(make_file("video", "video/mp4", probe=Probe(width=100, height=50)),))
    assert make_tile(probed).width == 2 * make_tile(probed).height
    sheet = make_file("spritesheet", "image/jpeg", probe=Probe(width=320, height=90))
    assert make_tile(Video("s", "v", width=160, height=90, files=(sheet,))).grid == "2x1"


def test_a_rail_without_counts_is_empty(cat: Catalog) -> None:
    assert make_rail(Visit(cat), State(), {"model": ()}) == []
    [facet] = make_rail(Visit(cat), State(), {"tag": [FacetCount(None, 3), FacetCount("a=b", 2)]}, 2)
    assert [value.text for value in facet.values] == ["none", "a=b"]
    assert facet.more == "/?rail=tag"
