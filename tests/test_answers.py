"""All results, their number, one video or none, several answers of one moment, and what a request would be told."""

from __future__ import annotations

import json
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from catalog import Catalog, CatalogError, ConfigError, Finding, NotFound, QueryError
from catalog.cli.main import cli
from catalog.database import driver
from tests.house import LONG, job, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from catalog import Video

NEWEST = 1_790_000_000
COUNT = 450  # two whole pages and a part of one


class Desk:
    """An open library, and the JSON files that fill it."""

    def __init__(self, cat: Catalog, folder: Path) -> None:
        self.cat = cat
        self._folder = folder

    def add(self, *jobs: dict[str, Any], source: str = "studio") -> None:
        path = self._folder / f"{threading.get_ident()}.json"
        path.write_text(json.dumps(list(jobs)))
        assert not self.cat.import_path(path, source=source).refusals


@pytest.fixture
def desk(library_path: Path, tmp_path: Path) -> Iterator[Desk]:
    """A library with COUNT videos, `v0` the newest of them; every tenth failed, and the last has no time."""
    with Catalog.open(library_path) as cat:
        desk = Desk(cat, tmp_path)
        failed = {True: "failed", False: "completed"}
        jobs = [job(f"v{n}", created_at=NEWEST - n * 60, status=failed[n % 10 == 0]) for n in range(COUNT)]
        jobs[-1].pop("created_at")
        desk.add(*reversed(jobs))
        yield desk


def refs(videos: Any) -> list[str]:
    return [video.remote_id for video in videos]


# All results


def test_all_results_come_newest_first(desk: Desk) -> None:
    assert refs(desk.cat.iterate()) == [f"v{n}" for n in range(COUNT)]
    assert refs(desk.cat.iterate("is:terminal status:failed")) == [f"v{n}" for n in range(0, COUNT, 10)]
    assert refs(desk.cat.iterate("status:cancelled")) == []


def test_all_results_come_in_another_order_where_asked_for(desk: Desk) -> None:
    assert refs(desk.cat.iterate(sort="created_at")) == [f"v{n}" for n in [*range(COUNT - 2, -1, -1), COUNT - 1]]
    desk.add(job("words", prompt="fox fox fox"), job("word", prompt="a fox and a great deal that is not one"))
    assert refs(desk.cat.iterate("fox", sort="relevance")) == refs(desk.cat.search("fox").videos) == ["words", "word"]


def test_each_result_is_as_whole_as_the_video_itself(desk: Desk) -> None:
    desk.add(
        job("parent", prompt="Wide shot of a neon street at night, slow push in.", metadata={"campaign": "launch"}),
        job("child", prompt="The same in the rain", remixed_from_video_id="parent"),
    )
    desk.cat.tag("v0", "keeper")
    videos = {video.ref: video for video in desk.cat.iterate()}
    for name in ("parent", "child", "v0", "v9"):
        assert videos[f"studio:{name}"] == desk.cat.get(name)
    assert videos["studio:parent"].facets
    assert videos["studio:parent"].links == videos["studio:child"].links != ()
    assert [str(tag) for tag in videos["studio:v0"].tags] == ["keeper"]


def test_deleted_videos_are_left_out_unless_asked_for(desk: Desk) -> None:
    desk.cat.delete(["v1", "v2"])
    assert len(refs(desk.cat.iterate())) == desk.cat.count() == COUNT - 2
    assert refs(islice(desk.cat.iterate(include_deleted=True), 3)) == ["v0", "v1", "v2"]
    assert desk.cat.count(include_deleted=True) == COUNT
    assert refs(desk.cat.iterate("is:deleted")) == ["v1", "v2"]


@pytest.mark.parametrize("options", [{"sort": "nonsense"}, {"query": "x" * 10_001}])
def test_a_query_that_cannot_be_read_is_told_at_once(desk: Desk, options: dict[str, str]) -> None:
    with pytest.raises(QueryError):
        desk.cat.iterate(**options)
    with pytest.raises(QueryError):
        desk.cat.count("x" * 10_001)


def test_no_result_is_lost_or_repeated_by_what_others_write_between_pages(desk: Desk) -> None:
    """Every way in which a row moves in the order or out of the matches, before a page and behind it."""
    results = desk.cat.iterate("is:terminal")
    seen = refs(islice(results, 210))
    desk.add(
        job("newest", created_at=NEWEST + 60),
        job("oldest", created_at=NEWEST - 10**6),
        job("between", created_at=NEWEST - 300 * 60 - 30),
        job("v0", created_at=NEWEST - 10**6),
        job("v100", created_at=NEWEST - 10**6),
        job(f"v{COUNT - 1}", created_at=NEWEST),
    )
    desk.cat.delete(["v300", "v205"])
    seen += refs(results)
    assert seen == [f"v{n}" for n in range(COUNT)]
    assert refs(islice(desk.cat.iterate("is:terminal"), 2)) == ["newest", f"v{COUNT - 1}"]


def test_a_result_is_as_it_is_when_its_page_is_read(desk: Desk) -> None:
    results = desk.cat.iterate()
    next(results)
    desk.cat.delete(["v1", "v444"])
    videos = {video.remote_id: video for video in results}
    assert videos["v1"].deleted_at is None
    assert videos["v444"].deleted_at is not None


def test_no_result_is_lost_while_another_thread_writes_without_pause(desk: Desk) -> None:
    done = threading.Event()

    def write() -> int:
        number = 0
        while not done.is_set():
            number += 1
            desk.add(job(f"new{number}", created_at=NEWEST + number), job("v7", created_at=NEWEST - number * 3600))
        return number

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            wait_until(lambda: desk.cat.find("studio:new1") or writing.done())
            for _ in range(5):
                found = refs(desk.cat.iterate())
                assert len(found) == len(set(found))
                assert {f"v{n}" for n in range(COUNT)} <= set(found)
        finally:
            done.set()
        assert writing.result(LONG) > 1


def test_the_loop_may_edit_what_it_gets(desk: Desk) -> None:
    for video in desk.cat.iterate("status:failed"):
        desk.cat.delete(video.ref)
    assert (desk.cat.count("status:failed"), desk.cat.count()) == (0, COUNT - 45)


def test_between_pages_nothing_is_held(desk: Desk) -> None:
    results = desk.cat.iterate()
    next(results)
    desk.add(job("later"))
    with closing(driver.connect(str(desk.cat.path), isolation_level=None)) as other:
        busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0
    assert len(list(results)) == COUNT - 1


def test_the_memory_for_all_results_is_that_of_a_page(desk: Desk) -> None:
    def peak(results: Iterator[Video]) -> int:
        tracemalloc.reset_peak()
        for _ in results:
            pass
        return tracemalloc.get_traced_memory()[1]

    desk.add(*(job(f"w{n}", prompt="x" * 3000, created_at=NEWEST - n) for n in range(2000)))
    list(desk.cat.iterate("id:w"))
    tracemalloc.start()
    try:
        one_page, all_pages = peak(islice(desk.cat.iterate("id:w"), 200)), peak(desk.cat.iterate("id:w"))
    finally:
        tracemalloc.stop()
    assert all_pages < 3 * one_page


def test_results_that_a_restore_took_away_are_left_out(desk: Desk, tmp_path: Path) -> None:
    with Catalog.init(tmp_path / "other.db") as other:
        copy = other.backup(tmp_path / "copy.db")
    results = desk.cat.iterate()
    next(results)
    Catalog.restore(copy, desk.cat.path)
    assert len(refs(results)) == 199


# How many, and which


@pytest.mark.parametrize(
    "query", ["", "status:failed", "-status:failed", "id:v1", "tag:keeper", "created:<-7d", "fox", "a:b"]
)
def test_the_count_is_the_total_of_a_search(desk: Desk, query: str) -> None:
    desk.cat.tag("v1", "keeper")
    desk.add(job("fox", prompt="a fox"))
    assert desk.cat.count(query) == desk.cat.search(query, limit=0).total == len(list(desk.cat.iterate(query)))


def test_a_video_is_found_by_any_of_its_names_or_is_none(desk: Desk) -> None:
    desk.add(job("video_aaaa1"), job("video_aaaa2"), job("video_aaaa"))
    assert desk.cat.find("studio:video_aaaa1") == desk.cat.get("video_aaaa1")
    for name in ("video_aaaa", "studio:video_aaaa"):  # a whole id goes before what it begins
        video = desk.cat.find(name)
        assert video is not None
        assert video.ref == "studio:video_aaaa"
    for name in ("", "nobody", "studio:nobody", "nobody:video_aaaa", "video_", "video_c", "v", ":", "*", "%", "a\0b"):
        assert desk.cat.find(name) is None


def test_a_name_of_several_videos_lists_them_instead_of_finding_none(desk: Desk) -> None:
    desk.add(job("video_bbbb1"), job("video_bbbb2"))
    desk.add(job("video_bbbb3"), job("v0"), source="other")
    for name, candidates in (
        ("video_bbbb", "other:video_bbbb3, studio:video_bbbb1, studio:video_bbbb2"),
        ("studio:video_bbbb", "studio:video_bbbb1, studio:video_bbbb2"),
        ("v0", "other:v0, studio:v0"),
    ):
        with pytest.raises(NotFound, match=f"name one of {candidates}$") as error:
            desk.cat.find(name)
        assert error.value.ref == name
    assert desk.cat.find("other:video_bbbb") == desk.cat.get("video_bbbb3")


# One moment


def in_a_thread(act: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result(LONG)


def test_answers_in_a_block_are_of_the_moment_when_it_begins(desk: Desk) -> None:
    with desk.cat.reading():
        in_a_thread(lambda: desk.add(job("new", created_at=NEWEST + 1)))
        in_a_thread(lambda: desk.cat.tag("v0", "keeper"))
        assert in_a_thread(desk.cat.count) == COUNT + 1
        assert desk.cat.count() == desk.cat.stats().total == desk.cat.search().total == COUNT
        assert desk.cat.get("v0").tags == ()
        assert desk.cat.find("new") is None
        assert refs(desk.cat.iterate())[:1] == ["v0"]
        assert desk.cat.history() == []
    assert desk.cat.count() == COUNT + 1
    assert desk.cat.find("new") is not None


def test_blocks_stand_in_one_another_and_are_of_one_moment(desk: Desk) -> None:
    with desk.cat.reading():
        with desk.cat.reading():
            in_a_thread(lambda: desk.add(job("new")))
            assert desk.cat.count() == COUNT
        assert desk.cat.count() == COUNT
        with desk.cat.reading():
            assert desk.cat.count() == COUNT
    assert desk.cat.count() == COUNT + 1


def test_all_pages_of_a_loop_in_a_block_are_of_one_moment(desk: Desk) -> None:
    with desk.cat.reading():
        results = desk.cat.iterate()
        next(results)
        in_a_thread(lambda: desk.cat.delete("v444"))
        assert all(video.deleted_at is None for video in results)


@pytest.mark.parametrize(
    "write",
    [
        lambda desk: desk.cat.tag("v0", "keeper"),
        lambda desk: desk.cat.delete("v0"),
        lambda desk: desk.cat.undo(),
        lambda desk: desk.cat.reindex(fts=True),
        lambda desk: desk.add(job("new")),
    ],
)
def test_a_write_in_a_block_is_refused_and_changes_nothing(desk: Desk, write: Callable[[Desk], Any]) -> None:
    desk.cat.tag("v1", "first")
    before = [edit.number for edit in desk.cat.history()]
    with desk.cat.reading():
        with pytest.raises(CatalogError, match=r"inside `reading\(\)`: end that block first"):
            write(desk)
        assert desk.cat.count() == COUNT
    assert [edit.number for edit in desk.cat.history() if edit.undone_at is None] == before
    assert (desk.cat.count(), desk.cat.get("v0").tags) == (COUNT, ())
    write(desk)


def test_a_block_that_fails_leaves_nothing_held(desk: Desk) -> None:
    def fail() -> None:
        with desk.cat.reading(), desk.cat.reading():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    desk.add(job("new"))
    assert desk.cat.count() == COUNT + 1


def test_a_video_that_is_not_found_leaves_the_block_as_it_was(desk: Desk) -> None:
    with desk.cat.reading():
        with pytest.raises(NotFound):
            desk.cat.get("nobody")
        in_a_thread(lambda: desk.add(job("new")))
        assert desk.cat.count() == COUNT


# Requests

GOOD = {"prompt": "A neon street", "model": "sora-2", "seconds": "8", "size": "1280x720"}
REQUESTS = [
    GOOD,
    GOOD | {"seconds": "9", "prompt": ""},
    {},
    [],
    "text",
    None,
    {"video": {"id": "video_1"}, "name": ""},
    {"custom_id": "a", "method": "POST", "url": "/v1/videos", "body": GOOD},
    {"custom_id": "b", "method": "POST", "url": "/v1/videos/edits", "body": {"prompt": "x"}},
    {"custom_id": "c", "url": "/v1/chat/completions", "body": {}},
    {"url": "/v1/videos"},
    {"url": None, "method": 5},
]


@pytest.mark.parametrize("dialect", ["openai", "azure"])
@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_judged_as_the_shell_judges_it(desk: Desk, request_: Any, dialect: str) -> None:
    findings = desk.cat.validate(request_, dialect=dialect)
    ran = CliRunner().invoke(cli, ["validate", "-", "--json", "--dialect", dialect], input=json.dumps([request_]))
    told = [{**finding, "place": None, "custom_id": None} for finding in json.loads(ran.stdout)["findings"]]
    assert told == [{**finding.to_dict(), "place": None, "custom_id": None} for finding in findings]
    assert ran.exit_code == any(finding.severity == "error" for finding in findings)


def test_a_finding_is_a_record(desk: Desk) -> None:
    [finding] = desk.cat.validate({"prompt": ""})
    assert isinstance(finding, Finding)
    assert finding.to_dict() == {
        "code": "prompt_missing",
        "field": "prompt",
        "message": "the prompt is empty",
        "severity": "error",
    }
    assert hash(finding) == hash(desk.cat.validate({"prompt": " "})[0])


def test_a_request_is_judged_by_the_dialect_of_its_source(desk: Desk) -> None:
    settings = '[sources.studio]\nbase_url = "https://host.example/v1"\ndialect = "generic"\n'
    desk.cat.path.with_name("catalog.toml").write_text(settings)
    request = GOOD | {"seconds": "10"}
    with Catalog.open(desk.cat.path) as cat:
        findings = cat.validate(request, source="studio")
        assert findings == cat.validate(request, dialect="Generic") != cat.validate(request)
        with pytest.raises(ConfigError, match="no source 'nobody'"):
            cat.validate(request, source="nobody")
        with pytest.raises(ConfigError, match="unknown dialect"):
            cat.validate(request, dialect="latin")
        with pytest.raises(ConfigError, match="not both"):
            cat.validate(request, dialect="openai", source="studio")
