"""Edits through the public face: of one ref, of many and of a query; whole or not at all; undone to the row."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from catalog import Catalog, CatalogError, ConfigError, Edited, NotFound, QueryError, TooMany, Video, fulltext, store
from catalog.database import Database
from catalog.facets import count_due, extract_due
from catalog.library import open_library
from catalog.store.journal import PORTION
from catalog.wire.parse import parse_videos
from tests.house import LONG, job, read_rows
from tests.store.test_journal import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROMPTS = ("a noir fox at night, slow push in", "東京 in the rain, anime style", "a fox, watercolor", None)
REFS = tuple(f"studio:v{number}" for number in range(4))
ALIAS = "task_v3"

VERBS: dict[str, Callable[..., Any]] = {
    "tag": lambda cat, *refs, **options: cat.tag(*refs, *([None] if not refs else []), "keeper", **options),
    "untag": lambda cat, *refs, **options: cat.untag(*refs, *([None] if not refs else []), "old", **options),
    "give": lambda cat, *refs, **options: cat.give(*refs, style="noir", **options),
    "link": lambda cat, *refs, **options: cat.link(*refs, "studio:elsewhere", relation="edit", **options),
    "unlink": lambda cat, *refs, **options: cat.unlink(*refs, "studio:lost", **options),
    "rate": lambda cat, *refs, **options: cat.rate(*refs, 4, **options),
    "verdict": lambda cat, *refs, **options: cat.verdict(*refs, "keep", **options),
    "note": lambda cat, *refs, **options: cat.note(*refs, "zebra", **options),
    "delete": lambda cat, *refs, **options: cat.delete(*refs, **options),
    "undelete": lambda cat, *refs, **options: cat.undelete(*refs, **options),
}

SAYING = {"rate": "a rating is", "verdict": "a verdict is", "note": "a note is"}  # verbs that lack what is said then


def hear(library: Database, *jobs: dict[str, Any], at: datetime = NOW) -> None:
    with library.write() as connection:
        videos = [video for payload in jobs for video in parse_videos(payload).videos]
        store.save_videos(connection, "studio", videos, channel="list", received_at=at)


@pytest.fixture(scope="module")
def _four(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(_migrated, tmp_path_factory.mktemp("four")))
    with contextlib.closing(open_library(path)) as library:
        for number, prompt in enumerate(PROMPTS):
            hear(library, job(f"v{number}", prompt=prompt, created_at=1_790_000_000 + number))
        hear(library, job("v3", video_id=ALIAS, created_at=1_790_000_003))
        extract_due(library)
        with library.write() as connection:
            for number in range(1, 5):
                store.save_tags(connection, number, {"old": ""})
                store.save_links(connection, "studio", number, [("edit", "lost")], origin="user")
            connection.execute("UPDATE videos SET deleted_at = '2026-11-21T12:00:00.000Z' WHERE id > 2")
            store.rebuild_bitmaps(connection)
    return path


@pytest.fixture
def four(_four: Path, tmp_path: Path) -> Iterator[Database]:
    """A library of four videos, on which every verb has something to do: tagged `old`, the last two hidden."""
    with contextlib.closing(open_library(shutil.copy(_four, tmp_path))) as library:
        yield library


@pytest.fixture
def cat(four: Database) -> Iterator[Catalog]:
    with Catalog.open(four.path) as catalog:
        yield catalog


def write_often(path: str, how_many: int) -> None:
    """Edit all the videos, one edit after the other, until the process is killed."""
    with Catalog.open(path) as catalog:
        number = 0
        while True:
            number += 1
            catalog.tag("take", f"shared={number}", query="fox")
            catalog.give(query="fox", client=[str(number), "acme"])
            catalog.delete(query="fox")
            catalog.undelete([f"studio:{remote_id}" for remote_id in map("f{}".format, range(how_many))])
            catalog.undo(3)
            print(number, flush=True)


# One, many, a query


@pytest.mark.parametrize("verb", VERBS)
def test_one_ref_answers_with_the_video_as_it_is_then(cat: Catalog, verb: str) -> None:
    name = "v1" if verb == "delete" else "v3"
    video = VERBS[verb](cat, name)
    assert isinstance(video, Video)
    assert video == cat.get(f"studio:{name}")
    assert len(cat.history()) == 1
    assert VERBS[verb](cat, f"studio:{name}") == video
    assert len(cat.history()) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_several_refs_answer_with_what_changed_and_are_one_edit(cat: Catalog, verb: str) -> None:
    changed = (
        ("studio:v1",) if verb == "delete" else ("studio:v3",) if verb == "undelete" else ("studio:v3", "studio:v1")
    )
    edited = VERBS[verb](cat, (ref for ref in ("v3", "studio:v1", "studio:v3", ALIAS)))
    assert isinstance(edited, Edited)
    assert (edited.count, edited.refs) == (len(changed), changed)
    assert {*edited.refs, *edited.unchanged} == {"studio:v3", "studio:v1"}
    [edit] = cat.history()
    assert (edit.act, edit.videos) == (verb, len(changed))
    assert VERBS[verb](cat, ["v1", "v3"]) == Edited(0, (), ("studio:v1", "studio:v3"))
    assert len(cat.history()) == 1


@pytest.mark.parametrize(
    ("logged_in", "author"), [("ann\xe9e", "ann\xe9e"), ("ann\udce9e", "ann?e"), (None, None)], ids=ascii
)
def test_an_edit_says_who_made_it_and_through_what(
    cat: Catalog, monkeypatch: pytest.MonkeyPatch, logged_in: str | None, author: str | None
) -> None:
    def getuser() -> str:
        if logged_in is None:
            raise OSError("no name for this user")
        return logged_in

    monkeypatch.setattr("getpass.getuser", getuser)
    cat.rate("v1", 4)
    with Catalog.open(cat.path, via="gallery") as other:
        other.rate("v1", 3)
    assert [(edit.author, edit.via) for edit in cat.history()] == [(author, "gallery"), (author, "python")]


@pytest.mark.parametrize("verb", VERBS)
def test_a_query_means_every_match_newest_first(cat: Catalog, verb: str) -> None:
    matches = ("studio:v3", "studio:v2") if verb == "undelete" else ("studio:v1", "studio:v0")
    assert VERBS[verb](cat, query="") == Edited(2, matches)
    assert VERBS[verb](cat, query="no such words") == Edited(0, ())
    [edit] = cat.history()
    assert (edit.act, edit.videos) == (verb, 2)


def test_a_query_is_not_cut_off_at_a_page(cat: Catalog, four: Database) -> None:
    hear(four, *(job(f"f{number}", prompt="a crowd") for number in range(2100)))
    assert cat.tag("keeper", query="crowd").count == 2100
    assert cat.delete(query="tag:keeper").count == 2100
    assert cat.undelete(query="crowd").count == 2100
    assert [edit.videos for edit in cat.undo(3)] == [2100] * 3
    assert cat.search("tag:keeper").total == 0


def test_a_query_finds_hidden_videos_only_where_it_asks_for_them(cat: Catalog) -> None:
    assert cat.tag("keeper", query="is:deleted").refs == ("studio:v3", "studio:v2")
    assert cat.undelete(query="fox") == Edited(1, ("studio:v2",))
    with pytest.raises(QueryError, match="is ignored"):
        cat.undelete(query="!!!")
    assert cat.undelete(query="-fox is:deleted") == Edited(1, ("studio:v3",))


def test_a_list_with_one_ref_is_many(cat: Catalog) -> None:
    assert cat.tag(["v0"], "keeper") == Edited(1, ("studio:v0",))
    assert cat.tag({"v0": 1}.keys(), "keeper") == Edited(0, (), ("studio:v0",))


@pytest.mark.parametrize("verb", VERBS)
def test_no_refs_at_all_are_no_edit(cat: Catalog, verb: str) -> None:
    nothing: Any
    for nothing in ((), [], set(), iter(())):
        assert VERBS[verb](cat, nothing) == Edited(0, ())
        assert cat.history() == []


# What is refused, and changes nothing


@pytest.fixture
def untouched(cat: Catalog, four: Database) -> Iterator[Catalog]:
    """The face, on a library that must be the same afterwards."""
    before = dump(four)
    yield cat
    assert dump(four) == before
    assert cat.history() == []


@pytest.mark.parametrize("verb", VERBS)
def test_refs_and_a_query_together_are_refused(untouched: Catalog, verb: str) -> None:
    for refs in ("studio:v1", "v1", ALIAS, "studio:nobody", ["studio:v1"], ("v1", "v2"), []):
        with pytest.raises(CatalogError, match="name videos or give a query, not both"):
            VERBS[verb](untouched, refs, query="fox")


@pytest.mark.parametrize("verb", VERBS)
def test_neither_is_refused(untouched: Catalog, verb: str) -> None:
    message = SAYING.get(verb, "name the videos: a ref, several refs, or query=")
    with pytest.raises(CatalogError, match=message):
        VERBS[verb](untouched)


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_no_text_names_no_video(untouched: Catalog, verb: str) -> None:
    refs: Any
    for refs in (b"studio:v1", 7, 1.5, ["v1", None], ["v1", b"v2"], ["v1", 7], [["v1"]], {"v1": "x"}, True):
        with pytest.raises(CatalogError, match=r"a ref is text, not (bytes|int|float|NoneType|list|dict|bool)"):
            VERBS[verb](untouched, refs)


def test_what_is_no_text_is_no_tag(untouched: Catalog) -> None:
    bad: Any
    for bad in (b"keeper", 7, None, ["keeper"]):
        for edit in (
            lambda bad=bad: untouched.tag("v1", bad),
            lambda bad=bad: untouched.tag(["v1"], "keeper", remove=[bad]),
            lambda bad=bad: untouched.untag("v1", "old", bad),
        ):
            with pytest.raises(CatalogError, match="a tag is text, not"):
                edit()


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_no_text_is_no_query(untouched: Catalog, verb: str) -> None:
    query: Any
    for query in (b"fox", 7, ["fox"]):
        with pytest.raises(CatalogError, match="a query is text, not"):
            VERBS[verb](untouched, query=query)


@pytest.mark.parametrize("verb", VERBS)
def test_one_unknown_ref_among_many_is_named(untouched: Catalog, verb: str) -> None:
    for refs in (["v1", "studio:nobody", "v2"], ["studio:nobody"], [*REFS, "studio:nobody", "nobody-else"]):
        with pytest.raises(NotFound, match="no video 'studio:nobody' in the library") as error:
            VERBS[verb](untouched, refs)
        assert error.value.ref == "studio:nobody"


@pytest.mark.parametrize("verb", VERBS)
def test_a_text_that_names_no_video_is_not_found(untouched: Catalog, verb: str) -> None:
    for ref in ("", " ", "nul\0nul", "\udcff", "x" * 100_000, "%", "studio:", "v"):
        for refs in (ref, ["v1", ref]):
            with pytest.raises(NotFound):
                VERBS[verb](untouched, refs)


@pytest.mark.parametrize("verb", VERBS)
def test_a_query_that_cannot_be_read_is_refused(untouched: Catalog, verb: str) -> None:
    with pytest.raises(QueryError):
        VERBS[verb](untouched, query="seconds:>=many")


@pytest.mark.parametrize("verb", VERBS)
def test_more_videos_than_allowed_are_refused_and_counted(untouched: Catalog, verb: str) -> None:
    for refs, options in ((["v0", "v1", "studio:v1"], {}), ((), {"query": ""})):
        with pytest.raises(TooMany, match="2 videos are meant, more than the 1 allowed") as error:
            VERBS[verb](untouched, *([refs] if refs else []), at_most=1, **options)
        assert error.value.count == 2


def test_as_many_videos_as_are_allowed_are_edited(cat: Catalog) -> None:
    assert cat.delete(["v0", "studio:v0", "v1"], at_most=2).count == 2
    assert cat.undelete(query="", at_most=4).count == 4


def test_a_tag_beside_a_query_is_read_as_one(cat: Catalog) -> None:
    assert cat.tag("keeper", "time=10:30", query="fox").refs == ("studio:v0",)
    assert cat.tag(None, "studio:take=1", query="fox").count == 1
    assert sorted(map(str, cat.get("v0").tags)) == ["keeper", "old", "studio:take=1", "time=10:30"]
    assert cat.untag("keeper", "old", query="").refs == ("studio:v1", "studio:v0")


def test_a_single_key_is_not_read_as_letters(cat: Catalog) -> None:
    cat.tag("v0", "o", "l", "d")
    cat.tag("v0", remove="old")
    assert [tag.key for tag in cat.get("v0").tags] == ["d", "l", "o"]
    cat.give("v0", {"m": "1", "mood": "calm"})
    assert [facet.name for facet in cat.give("v0", remove="mood").facets if facet.origin == "given"] == ["m"]


# Given facets


def facets_of(video: Video) -> set[tuple[str, str, str]]:
    return {(facet.name, facet.value, facet.origin) for facet in video.facets}


def test_a_given_facet_outranks_the_prompt_and_is_found_at_once(cat: Catalog, four: Database) -> None:
    before = facets_of(cat.get("v0"))
    assert ("style", "film_noir", "prose") in before or any(name == "subject" for name, *_ in before)
    video = cat.give("v0", subject=["hare", "snow"], client="Acme  Inc.")
    kept = {facet for facet in before if facet[0] != "subject"}
    new = {("subject", "hare", "given"), ("subject", "snow", "given"), ("client", "Acme Inc.", "given")}
    assert facets_of(video) == kept | new
    assert [cat.search(query).total for query in ("subject:hare", "client:acme*", "subject:fox")] == [1, 1, 0]
    assert count_due(four) == 0
    assert facets_of(cat.give("v0", {"subject": "owl"})) == kept | {
        ("subject", "owl", "given"),
        ("client", "Acme Inc.", "given"),
    }


@pytest.mark.parametrize("take_back", [{"remove": ["subject"]}, {"subject": []}, {"remove": "subject"}])
def test_where_a_facet_is_taken_back_the_prompt_speaks_again(cat: Catalog, four: Database, take_back: Any) -> None:
    before = cat.get("v0").facets
    cat.give(["v0", "v1"], subject="hare")
    assert cat.give(["v0", "v1"], **take_back).count == 2
    assert cat.get("v0").facets == before
    assert (cat.search("subject:fox").total, count_due(four)) == (1, 0)
    cat.undo()
    assert cat.search("subject:hare").total == 2
    cat.undo()
    assert cat.get("v0").facets == before


def test_a_map_takes_any_name(cat: Catalog) -> None:
    names = {"query": "1", "remove": "2", "at_most": "3", "3d": "4", "self": "5", "refs": "6", "fps": "7"}
    given = {facet.name: facet.value for facet in cat.give("v0", names).facets if facet.origin == "given"}
    assert given == names
    assert cat.give({"fps": "9"}, query="v*", self="8").count == 0
    assert cat.give({"fps": "9"}, query="fox", self="8").count == 1
    assert cat.search("fps:9 self:8").total == 1


@pytest.mark.parametrize(
    ("error", "arguments", "options"),
    [
        (CatalogError, ("v0", "style=noir"), {}),
        (CatalogError, ("v0", ["style"]), {}),
        (CatalogError, ({"style": "noir"},), {}),
        (ConfigError, ("v0",), {"style": ""}),
        (ConfigError, ("v0",), {"style": None}),
        (ConfigError, ("v0",), {"style": 7}),
        (ConfigError, ("v0",), {"style": ["noir", b"x"]}),
        (ConfigError, ("v0",), {"Style": "noir"}),
        (ConfigError, ("v0", {7: "noir"}), {}),
        (ConfigError, ("v0", {"s" * 65: "noir"}), {}),
        (ConfigError, ("v0",), {"remove": ["No name"]}),
        (ConfigError, ("v0",), {"style": "x" * 201}),
    ],
)
def test_what_is_no_facet_is_refused(untouched: Catalog, error: Any, arguments: Any, options: Any) -> None:
    with pytest.raises(error):
        untouched.give(*arguments, **options)


def test_prompts_that_are_due_for_another_reason_are_left_alone(cat: Catalog, four: Database) -> None:
    with four.write() as connection:
        connection.execute("UPDATE videos SET extracted_by = NULL WHERE id < 3")
    before = dump(four)
    cat.give(["v0", "v2"], subject="hare")
    cat.give(["v0", "v2"], remove=["subject"])
    cat.undo(2)
    assert dump(four) == before
    assert count_due(four) == 2


# Very many, others at work, a process that dies


def test_thousands_of_refs_are_one_edit_and_go_back_to_the_row(cat: Catalog, four: Database) -> None:
    many = 2 * PORTION + 1
    hear(four, *(job(f"f{number}", prompt="a crowd") for number in range(many)))
    with four.write() as connection:
        connection.execute("UPDATE videos SET extracted_by = 'of the test'")
    refs, before = [f"studio:f{number}" for number in range(many)], dump(four)
    assert cat.tag(refs, "keeper", "take=1").count == cat.give(reversed(refs), client="acme").count == many
    assert cat.delete(refs).refs == tuple(refs)
    assert [edit.videos for edit in cat.history()] == [many] * 3
    with pytest.raises(NotFound, match="nul"):
        cat.undelete([*refs, "nul\0nul"])
    assert len(cat.undo(3)) == 3
    changed = {table: rows for table, rows in dump(four).items() if rows != before[table]}
    assert set(changed) <= {"videos"}  # whose prompts were read again


def test_a_query_is_judged_in_the_transaction_of_the_edit(cat: Catalog, four: Database) -> None:
    edited: list[Edited] = []
    with closing_threads() as start, four.write() as connection:
        start(lambda: edited.append(cat.tag("keeper", query="fox")))
        time.sleep(0.2)  # it reads, if at all, what is not written yet
        store.undelete_videos(connection, [3], made_at=NOW)
    assert edited[0].refs == ("studio:v2", "studio:v0")


@contextlib.contextmanager
def closing_threads() -> Iterator[Callable[[Callable[[], Any]], None]]:
    """A way to start threads that have ended after the block."""
    threads: list[threading.Thread] = []

    def start(target: Callable[[], Any]) -> None:
        threads.append(threading.Thread(target=target))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()


@pytest.mark.parametrize("seconds", [0.05, 0.21, 0.43])
def test_an_edit_is_whole_or_not_there_when_its_process_is_killed(library: Database, seconds: float) -> None:
    hear(library, *(job(f"f{number}", prompt="a fox") for number in range(1500)))
    script = f"from tests.test_editing import write_often; write_often({str(library.path)!r}, 1500)"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
    finally:
        process.kill()
        process.wait(LONG)
        process.stdout.close()
    with library.write() as connection:
        fulltext.check(connection)
    edits = read_rows(library, "SELECT count(DISTINCT video_id) FROM edits_rows GROUP BY edit_id")
    assert {count for (count,) in edits} == {1500}
    assert len(edits) == len(read_rows(library, "SELECT id FROM edits"))
    for table, condition in {"tags": "key = 'shared'", "given_facets": "1", "videos": "deleted_at IS NOT NULL"}.items():
        column = "id" if table == "videos" else "video_id"
        count = read_rows(library, f"SELECT count(DISTINCT {column}) FROM {table} WHERE {condition}")
        assert count[0][0] in {0, 1500}
    with Catalog.open(library.path) as catalog:
        catalog.undo(10_000)
        assert read_rows(library, "SELECT count(*) FROM tags") == [(0,)]


# Any sequence


NAMED = some.one_of(
    some.sampled_from(REFS),
    some.lists(some.sampled_from([*REFS, ALIAS, "v0"]), max_size=4),
    some.builds(
        lambda query: {"query": query}, some.sampled_from(["", "fox", "tag:keeper", "is:deleted", "style:noir"])
    ),
)
TAGS = some.lists(some.sampled_from(["keeper", "keeper=no", "項目=東京夜景", "old"]), max_size=2)
KEYS = some.lists(some.sampled_from(["keeper", "項目", "old"]), max_size=2)
VALUES = some.dictionaries(
    some.sampled_from(["style", "client"]), some.lists(some.sampled_from(["noir", "anime"]), max_size=2), max_size=2
)
ACTS = some.one_of(
    some.tuples(some.just("tag"), NAMED, TAGS, KEYS),
    some.tuples(some.just("untag"), NAMED, KEYS),
    some.tuples(some.just("give"), NAMED, VALUES, some.lists(some.sampled_from(["style", "client"]), max_size=1)),
    some.tuples(some.just("delete"), NAMED),
    some.tuples(some.just("undelete"), NAMED),
)


def perform(cat: Catalog, act: tuple[Any, ...]) -> Any:
    verb, named, *rest = act
    refs, options = ((), named) if isinstance(named, dict) else ((named,), {})
    first = refs or (None,)
    match verb, *rest:
        case "tag", tags, removed:
            return cat.tag(*first, *tags, remove=removed, **options)
        case "untag", keys:
            return cat.untag(*first, *keys, **options)
        case "give", values, removed:
            return cat.give(*refs, values, remove=removed, **options)
        case "delete", *_:
            return cat.delete(*refs, **options)
        case _:
            return cat.undelete(*refs, **options)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(ACTS, max_size=8), some.lists(some.integers(1, 4), min_size=8, max_size=8))
def test_undo_gives_back_the_exact_rows_of_any_acts_on_one_many_or_a_query(
    four: Database, tmp_path: Path, acts: list[tuple[Any, ...]], steps: list[int]
) -> None:
    four.close()
    path = tmp_path / f"{uuid4()}.db"
    shutil.copy(four.path, path)
    with Catalog.open(path) as cat, contextlib.closing(Database(path)) as library:
        states = [dump(library)]
        for act in acts:
            edited = perform(cat, act)
            state = dump(library)
            assert len(cat.history(100)) - (len(states) - 1) == (state != states[-1])
            if isinstance(edited, Edited):
                assert bool(edited.count) == (state != states[-1])
            states += [state] if state != states[-1] else []
        position = len(states) - 1
        for step in steps:
            position -= len(cat.undo(step))
            assert dump(library) == states[position]
        assert position == 0
        assert len(cat.redo(100)) == len(states) - 1
        assert dump(library) == states[-1]
        with library.write() as connection:
            fulltext.check(connection)
