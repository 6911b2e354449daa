"""Ratings, verdicts, notes, collections and saved searches through the public face; all of it undone to the row."""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from catalog import (
    Annotation,
    Catalog,
    CatalogError,
    Collection,
    NotFound,
    QueryError,
    SavedSearch,
    TooMany,
    Video,
    bitmaps,
    fulltext,
    store,
)
from catalog.library import open_library
from catalog.wire.parse import parse_videos
from tests.house import job
from tests.store.test_journal import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROMPTS = ("a noir fox at night", "東京 in the rain", "a fox, watercolor", None, "a fox in snow", "rain on glass")
REFS = tuple(f"studio:v{number}" for number in range(len(PROMPTS)))


@pytest.fixture(scope="module")
def six(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(_migrated, tmp_path_factory.mktemp("six")))
    with contextlib.closing(open_library(path)) as library, library.write() as connection:
        jobs = [
            job(f"v{number}", prompt=prompt, created_at=1_790_000_000 + number, status="completed")
            for number, prompt in enumerate(PROMPTS)
        ]
        videos = [video for payload in jobs for video in parse_videos(payload).videos]
        store.save_videos(connection, "studio", videos, channel="list", received_at=NOW)
    return path


@pytest.fixture
def cat(six: Path, tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(shutil.copy(six, tmp_path / "catalog.db")) as catalog:
        yield catalog


def found(cat: Catalog, query: str) -> list[str]:
    return sorted(video.remote_id for video in cat.search(query).videos)


def counted(cat: Catalog, facet: str, query: str = "") -> dict[str | None, int]:
    return {each.value: each.count for each in cat.search(query, facets=[facet]).facets[facet]}


def test_what_a_person_thinks_of_each_match_comes_in_its_order(cat: Catalog) -> None:
    cat.rate("studio:v1", 4)
    cat.verdict("studio:v4", "reject")
    thoughts = cat.annotations("fox OR rain", sort="created_at")
    assert thoughts == [
        Annotation("studio:v0", None, "undecided"),
        Annotation("studio:v1", 4, "undecided"),
        Annotation("studio:v2", None, "undecided"),
        Annotation("studio:v4", None, "reject"),
        Annotation("studio:v5", None, "undecided"),
    ]
    assert cat.annotations("fox OR rain", sort="created_at", limit=2) == thoughts[:2]
    assert cat.annotations("rating:4") == [Annotation("studio:v1", 4, "undecided")]
    with pytest.raises(QueryError):
        cat.annotations("fox", sort="nosuch")


def test_a_rating_is_shown_found_counted_and_sorted_by(cat: Catalog) -> None:
    rated = cat.rate(REFS[0], 5)
    assert isinstance(rated, Video)
    assert (rated.rating, rated.verdict, rated.note) == (5, "undecided", None)
    assert cat.rate(REFS[1:3], 3).refs == REFS[1:3]
    assert cat.rate(4, query="snow").count == 1
    assert found(cat, "rating:>=4") == ["v0", "v4"]
    assert found(cat, "rating:3") == ["v1", "v2"]
    assert found(cat, "-has:rating") == found(cat, "missing:rating") == ["v3", "v5"]
    assert counted(cat, "rating") == {"5": 1, "4": 1, "3": 2, None: 2}
    assert [video.rating for video in cat.search("", sort="-rating").videos] == [5, 4, 3, 3, None, None]
    assert cat.rate(REFS[0], 0).rating is None
    assert found(cat, "rating:*") == ["v1", "v2", "v4"]


def test_a_verdict_is_undecided_until_it_is_said(cat: Catalog) -> None:
    assert counted(cat, "verdict") == {"undecided": 6}
    cat.verdict(REFS[0], "keep")
    cat.verdict(REFS[1:3], "reject")
    assert counted(cat, "verdict") == {"undecided": 3, "reject": 2, "keep": 1}
    assert found(cat, "verdict:keep") == ["v0"]
    assert found(cat, "verdict:undecided") == ["v3", "v4", "v5"]
    assert found(cat, "has:verdict") == ["v0", "v1", "v2"]
    assert cat.verdict(REFS[0], "undecided").verdict == "undecided"
    assert found(cat, "has:verdict") == ["v1", "v2"]


def test_a_note_is_found_by_its_words(cat: Catalog) -> None:
    assert cat.note(REFS[0], "Zebra crossing, 東京タワー").note == "Zebra crossing, 東京タワー"
    assert found(cat, "zebra") == found(cat, "note:zebra") == found(cat, "has:note") == ["v0"]
    assert found(cat, "タワー") == ["v0"]
    cat.note(REFS[0], "  ")
    assert cat.get(REFS[0]).note is None
    assert found(cat, "zebra") == found(cat, "has:note") == []


@pytest.mark.parametrize("rating", [6, -1, 2.5, "four", None, True, "", "٣", 10**30, "1e0", float("nan")])
def test_what_is_no_rating_is_refused(cat: Catalog, rating: Any) -> None:
    with pytest.raises(CatalogError, match="whole number from 0 to 5"):
        cat.rate(REFS[0], rating)
    assert cat.history() == []


@pytest.mark.parametrize("verdict", ["maybe", "", None, 1, "keep reject", "\u202e"])
def test_what_is_no_verdict_is_refused(cat: Catalog, verdict: Any) -> None:
    with pytest.raises(CatalogError, match="keep, reject or undecided"):
        cat.verdict(REFS[0], verdict)


def test_a_note_has_a_bound_in_bytes(cat: Catalog) -> None:
    assert cat.note(REFS[0], "é" * 32 * 1024).note == "é" * 32 * 1024
    with pytest.raises(CatalogError, match="64 KiB"):
        cat.note(REFS[1], "x" * (64 * 1024 + 1))
    with pytest.raises(CatalogError, match="64 KiB"):
        cat.note(REFS[1], "x" * 10_000_000)
    assert cat.get(REFS[1]).note is None


def test_an_edit_of_many_follows_the_rules_of_edits(cat: Catalog) -> None:
    with pytest.raises(TooMany):
        cat.rate(5, query="fox", at_most=2)
    with pytest.raises(NotFound):
        cat.rate([REFS[0], "studio:v99"], 5)
    assert found(cat, "has:rating") == []
    assert cat.rate(3, query="nothing-like-it").count == 0
    assert cat.rate(REFS[:2], 2).unchanged == ()
    assert cat.rate(REFS[:3], 2).unchanged == REFS[:2]
    assert len(cat.history()) == 2


def test_a_collection_holds_videos_in_an_order(cat: Catalog) -> None:
    assert cat.collect("launch/teasers", [REFS[2], REFS[0]]).refs == (REFS[2], REFS[0])
    assert cat.collect("launch/teasers", [REFS[0], REFS[1]]).unchanged == (REFS[0],)
    cat.collect("launch", REFS[4])
    (launch, teasers) = cat.collections()
    assert launch == Collection("launch", None, 1, 4)
    assert teasers == Collection("launch/teasers", None, 3, 3)
    assert cat.collections("launch/teasers")[0].refs == (REFS[2], REFS[0], REFS[1])
    assert cat.get(REFS[0]).collections == ("launch/teasers",)
    assert found(cat, "collection:launch") == ["v0", "v1", "v2", "v4"]
    assert found(cat, "collection:LAUNCH/teasers") == ["v0", "v1", "v2"]
    assert found(cat, "collection:teasers") == []
    assert found(cat, "-has:collection") == ["v3", "v5"]
    assert counted(cat, "collection") == {"launch": 4, "launch/teasers": 3}


def test_videos_move_within_a_collection(cat: Catalog) -> None:
    cat.collect("takes", REFS)

    def order() -> str:
        return "".join(ref[-1] for ref in cat.collections("takes")[0].refs)

    cat.move_in_collection("takes", REFS[5], to=1)
    assert order() == "501234"
    cat.move_in_collection("takes", REFS[0], to=99)
    assert order() == "512340"
    cat.move_in_collection("takes", REFS[3], to=2)
    assert order() == "531240"
    for _ in range(60):  # halves the gap until there is none
        cat.move_in_collection("takes", cat.collections("takes")[0].refs[2], to=2)
    assert sorted(order()) == list("012345")
    cat.undo(60)
    assert order() == "531240"
    cat.undo(3)
    assert order() == "012345"


def test_a_collection_is_moved_with_all_below_it(cat: Catalog) -> None:
    cat.collect("launch/teasers", REFS[0])
    cat.collect("launchpad", REFS[1])
    cat.move_collection("launch", "2026/spring")
    assert [each.path for each in cat.collections()] == ["2026", "2026/spring", "2026/spring/teasers", "launchpad"]
    assert found(cat, "collection:2026") == ["v0"]
    cat.undo()
    assert [each.path for each in cat.collections()] == ["launch", "launch/teasers", "launchpad"]
    assert found(cat, "collection:2026") == []
    assert found(cat, "collection:launch/teasers") == ["v0"]
    with pytest.raises(CatalogError, match="into itself"):
        cat.move_collection("launch", "launch/inner")
    with pytest.raises(CatalogError, match="already"):
        cat.move_collection("launch", "launchpad")
    with pytest.raises(NotFound):
        cat.move_collection("laun", "elsewhere")


def test_a_collection_that_is_removed_keeps_its_videos(cat: Catalog) -> None:
    cat.collect("launch/teasers", REFS[:3])
    cat.note_collection("launch", "for the spring")
    cat.uncollect("launch", REFS[0])
    assert found(cat, "collection:launch") == ["v1", "v2"]
    cat.uncollect("launch")
    assert cat.collections() == []
    assert found(cat, "has:collection") == []
    assert cat.count("") == 6
    cat.undo()
    assert [(each.path, each.note, each.total) for each in cat.collections()] == [
        ("launch", "for the spring", 2),
        ("launch/teasers", None, 2),
    ]
    assert found(cat, "collection:launch") == ["v1", "v2"]


def test_an_undo_takes_no_collection_away_that_others_use(cat: Catalog) -> None:
    cat.collect("launch/teasers", REFS[0])
    cat.rate(REFS[0], 5)
    with contextlib.closing(open_library(cat._database.path)) as other, other.write() as connection:
        (number,) = connection.execute("SELECT id FROM collections WHERE path = 'launch'").fetchone()
        row = (number, 2, 1.0)
        connection.execute("INSERT INTO collection_videos (collection_id, video_id, position) VALUES (?, ?, ?)", row)
        store.rebuild_bitmaps(connection)
    undone = cat.undo(2)[-1]
    assert undone.overtaken == 1
    assert [(each.path, each.videos) for each in cat.collections()] == [("launch", 1)]
    assert found(cat, "collection:launch") == ["v1"]


@pytest.mark.parametrize(
    "path", ["", " ", "a//b", "/a", "a/", "a/ /b", "a\nb", "a\u202eb", "x" * 201, "/".join("a" * 21), "a\x00", None, 7]
)
def test_what_is_no_path_is_refused(cat: Catalog, path: Any) -> None:
    with pytest.raises(CatalogError):
        cat.collect(path, REFS[0])
    assert cat.history() == []


def test_a_path_may_hold_what_people_write(cat: Catalog) -> None:
    for path in ("Frühling/東京 🌸", 'a, b; (c) "d" 100%_', "x" * 200):
        cat.collect(path, REFS[0])
        assert path in [each.path for each in cat.collections()]
        quoted = path.replace('"', '""')
        assert found(cat, f'collection:"{quoted}"') == ["v0"], path


def test_a_saved_search_stands_for_its_query(cat: Catalog) -> None:
    assert cat.save_search("foxes", "fox sort:created_at") == SavedSearch("foxes", "fox sort:created_at")
    cat.rate(REFS[:2], 4)
    assert found(cat, "query:foxes") == ["v0", "v2", "v4"]
    assert [video.remote_id for video in cat.search("query:FOXES").videos] == ["v0", "v2", "v4"]
    assert found(cat, "query:foxes rating:4") == ["v0"]
    assert found(cat, "-query:foxes") == ["v1", "v3", "v5"]
    cat.save_search("kept foxes", "query:foxes -rating:4")
    assert found(cat, 'query:"kept foxes"') == ["v2", "v4"]
    cat.save_search("foxes", "rain")
    assert found(cat, 'query:"kept foxes"') == ["v5"]
    assert found(cat, 'query:foxes,"kept foxes"') == ["v1", "v5"]
    page = cat.search("query:foxe")
    assert "did you mean foxes" in page.notes[0]
    cat.undo()
    assert found(cat, "query:foxes") == ["v0", "v2", "v4"]


def test_saved_searches_in_a_circle_are_refused(cat: Catalog) -> None:
    cat.save_search("one", "fox query:two")  # which there is not yet
    cat.save_search("two", "rain OR -(snow query:three)")
    with pytest.raises(QueryError, match="contain itself: three names one names two names three"):
        cat.save_search("three", "query:one")
    with pytest.raises(QueryError, match="contain itself"):
        cat.save_search("four", "query:four")
    with pytest.raises(CatalogError, match="empty"):
        cat.save_search("five", "   ")
    with pytest.raises(NotFound, match="no search"):
        cat.remove_search("three")


def test_a_circle_that_came_about_otherwise_ends(cat: Catalog) -> None:
    cat.save_search("one", "query:two")
    cat.save_search("two", "fox")
    with contextlib.closing(open_library(cat._database.path)) as other, other.write() as connection:
        connection.execute("UPDATE saved_searches SET query = 'query:one' WHERE name = 'two'")
    with pytest.raises(QueryError, match="names itself"):
        cat.search("query:one")


def test_many_names_of_saved_searches_end_too(cat: Catalog) -> None:
    cat.save_search("s0", "fox")
    for number in range(1, 30):
        cat.save_search(f"s{number}", f"query:s{number - 1} OR -query:s{number - 1}")
    with pytest.raises(QueryError, match="too many"):
        cat.search("query:s29")


def test_worklists_come_with_the_library_and_stay_away_once_removed(cat: Catalog) -> None:
    names = ["unreviewed", "kept, not on disk", "kept, not archived", "rated without credentials"]
    assert [saved.name for saved in cat.saved_searches()] == names
    cat.verdict(REFS[0], "keep")
    cat.rate(REFS[1], 4)
    assert found(cat, "query:unreviewed") == ["v2", "v3", "v4", "v5"]
    assert found(cat, 'query:"kept, not on disk"') == found(cat, 'query:"kept, not archived"') == ["v0"]
    assert found(cat, 'query:"rated without credentials"') == ["v1"]
    cat.remove_search("unreviewed")
    assert [saved.name for saved in cat.saved_searches()] == names[1:]
    cat.undo()
    assert [saved.name for saved in cat.saved_searches()] == names


def test_every_edit_is_told_in_the_history(cat: Catalog) -> None:
    cat.rate(REFS[0], 5)
    cat.rate(REFS[0], 0)
    cat.verdict(REFS[:2], "keep")
    cat.note(REFS[0], "zebra")
    cat.collect("a/b", REFS[:2])
    cat.uncollect("a/b", REFS[0])
    cat.move_collection("a/b", "c")
    cat.note_collection("c", "x")
    cat.save_search("foxes", "fox")
    cat.remove_search("foxes")
    assert [edit.summary for edit in reversed(cat.history())] == [
        "rated studio:v0 5",
        "rated studio:v0 no rating",
        "judged 2 videos keep",
        "noted on studio:v0 zebra",
        "put 2 videos into a/b",
        "took studio:v0 out of a/b",
        "moved the collection a/b to c",
        "noted on the collection c",
        "saved the search foxes",
        "removed the search foxes",
    ]


ACTIONS: tuple[Callable[[Catalog, int], object], ...] = (
    lambda cat, number: cat.rate(REFS[number % 6], number % 6),
    lambda cat, number: cat.rate(number % 6, query="fox"),
    lambda cat, number: cat.verdict(REFS[number % 5 :], ("keep", "reject", "undecided")[number % 3]),
    lambda cat, number: cat.note(REFS[number % 6], "zebra" * (number % 3)),
    lambda cat, number: cat.tag(REFS[: 1 + number % 5], "keeper"),
    lambda cat, number: cat.collect(("a", "a/b", "c")[number % 3], REFS[number % 4 :]),
    lambda cat, number: cat.collect(("a", "a/b", "c")[number % 3]),
    lambda cat, number: cat.uncollect(("a", "a/b", "c")[number % 3], REFS[number % 6]),
    lambda cat, number: cat.uncollect(("a", "a/b", "c")[number % 3]),
    lambda cat, number: cat.move_collection(("a", "a/b", "c")[number % 3], ("d", "c/x", "e/a/b")[number % 3]),
    lambda cat, number: cat.move_in_collection(("a", "a/b")[number % 2], REFS[number % 6], to=1 + number % 7),
    lambda cat, number: cat.note_collection(("a", "c")[number % 2], "why"),
    lambda cat, number: cat.save_search(("one", "two")[number % 2], ("fox", "query:one", "rain")[number % 3]),
    lambda cat, number: cat.remove_search(("one", "unreviewed")[number % 2]),
)
acts = some.lists(some.tuples(some.integers(0, len(ACTIONS) - 1), some.integers(0, 59)), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
def test_all_of_it_undone_is_as_it_was_and_redone_as_it_became(
    six: Path, tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[int, int]]
) -> None:
    path = shutil.copy(six, tmp_path_factory.mktemp("acts") / "catalog.db")

    def state() -> dict[str, Any]:
        with contextlib.closing(open_library(Path(path))) as library:
            with library.write() as connection:
                bitmaps.check(connection)
                fulltext.check(connection)
            return {name: rows for name, rows in dump(library).items() if name != "annotations"}

    with Catalog.open(path) as cat:
        said = lambda: [(video.rating, video.verdict, video.note) for video in map(cat.get, REFS)]  # noqa: E731
        before = state(), said()
        for action, number in acts:
            with contextlib.suppress(CatalogError):
                ACTIONS[action](cat, number)
        after = state(), said()
        count = len(cat.history(100))
        assert [edit.overtaken for edit in cat.undo(100)] == [0] * count
        assert (state(), said()) == before
        assert [edit.overtaken for edit in cat.redo(100)] == [0] * count
        assert (state(), said()) == after
