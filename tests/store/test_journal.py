"""The journal: every edit can be undone and redone, to the row, and touches nothing but what the user wrote."""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from catalog import bitmaps, facets, fulltext, store
from catalog.database import Database
from catalog.errors import CatalogError
from catalog.reading.journal import list_edits
from tests.house import read_rows
from tests.store.conftest import START, Desk, job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from catalog.reports import Edit

    Dump = dict[str, list[tuple[Any, ...]]]

VIDEOS = (1, 2, 3)
RELATIONS = ("remix", "edit")
DERIVED_TABLES = (
    "bitmaps", "facet_values", "video_facets", "inherited_facets", "videos_fts", "sqlite_", "alembic_version",
)  # fmt: skip
DERIVED_COLUMNS = {"ref", "labels", "grams", "error_grams", "is_inherited"}

NAMES = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name"
USERS = (
    "SELECT id, video_id, key, value FROM tags WHERE origin = 'user' ORDER BY id",
    "SELECT id, video_id, facet, value FROM given_facets ORDER BY id",
    "SELECT id, child_id, relation, parent_source, parent_remote_id FROM links WHERE origin = 'user' ORDER BY id",
    "SELECT id, deleted_at FROM videos ORDER BY id",
)
LINKS = "SELECT child_id, relation, origin, parent_remote_id FROM links WHERE origin <> 'user' ORDER BY id"
LINES = "SELECT id, parent_id, depth, is_circular FROM links ORDER BY id"
TEXTS = "SELECT id, labels, grams, error_grams FROM videos ORDER BY id"
FACETS = (
    'SELECT video_id, facet, value, origin, start, "end", shot FROM video_facets '
    "JOIN facet_values ON facet_values.id = value_id ORDER BY 1, 2, 3, 4, 5"
)


def dump(library: Database) -> Dump:
    """Every base table but the journal: all rows, all columns."""
    content = {}
    with library.read() as connection:
        for (table,) in connection.execute(NAMES).fetchall():
            if not table.startswith((*DERIVED_TABLES, "edits")):
                found = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
                columns = ", ".join(f'"{row[1]}"' for row in found if row[1] not in DERIVED_COLUMNS)
                rows = connection.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
                content[table] = [tuple(row) for row in rows]
    return content


def read_users(library: Database) -> list[list[tuple[Any, ...]]]:
    """What the user wrote: tags, given facets, links, tombstones."""
    return [read_rows(library, query) for query in USERS]


def read_others(library: Database) -> Dump:
    """Everything else in the base tables."""
    content = dump(library)
    content["tags"] = [row for row in content["tags"] if "user" not in row]
    del content["given_facets"]
    content["links"] = read_rows(library, LINKS)
    content["videos"] = read_rows(
        library, "SELECT id, status, prompt, metadata, last_seen_at, extracted_by FROM videos"
    )
    return content


def read_derived(library: Database) -> list[list[tuple[Any, ...]]]:
    return [read_rows(library, TEXTS), read_rows(library, FACETS), read_rows(library, LINES)]


def rebuild(library: Database) -> None:
    with library.write() as connection:
        fulltext.check(connection)
        store.rebuild_texts(connection)
        store.forget_extracted(connection)
        store.rebuild_descent(connection)
        bitmaps.check(connection)
    facets.extract_due(library)


def write(desk: Desk, verb: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """One act in one transaction, and the prompts that it makes due read after it."""
    with desk.library.write() as connection:
        answer = verb(connection, *arguments, **options)
    facets.extract_due(desk.library)
    return answer


def undo(desk: Desk, steps: int = 1) -> list[store.Step]:
    return write(desk, store.undo, steps, undone_at=START)  # type: ignore[no-any-return]


def redo(desk: Desk, steps: int = 1) -> list[store.Step]:
    return write(desk, store.redo, steps)  # type: ignore[no-any-return]


def tag(desk: Desk, tags: Mapping[str, str], *ids: int, removed: tuple[str, ...] = ()) -> None:
    write(desk, store.tag_videos, ids or (1,), tags, removed=removed, made_at=desk.now)


def give(desk: Desk, given_facets: Mapping[str, list[str]], *ids: int) -> None:
    write(desk, store.give_facets, ids or (1,), given_facets, made_at=desk.now)


def link(desk: Desk, relation: str, parent: str, *ids: int) -> None:
    name = store.ParentName("studio", parent)
    write(desk, store.link_videos, ids or (1,), name, relation, made_at=desk.now)


def unlink(desk: Desk, parent: str, *ids: int) -> None:
    write(desk, store.unlink_videos, ids or (1,), store.ParentName("studio", parent), RELATIONS, made_at=desk.now)


def history(desk: Desk) -> list[Edit]:
    with desk.library.read() as connection:
        return list_edits(connection, 100)


def tags_of(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows("SELECT key, value, origin FROM tags ORDER BY key, origin")


@pytest.fixture
def three(desk: Desk) -> Desk:
    """A desk with three videos, two of them with a prompt that was read, one with a tag of its provider's."""
    desk.hear(job("v1", prompt="a noir fox at night, slow push in"), job("v2", prompt="東京 in the rain, anime style"))
    desk.hear(job("v3", metadata={"campaign": "launch"}))
    facets.extract_due(desk.library)
    return desk


# Any sequence of edits

IDS = some.lists(some.sampled_from(VIDEOS), min_size=1, max_size=3)
KEYS = some.sampled_from(["campaign", "keeper", "項目"])
TAGS = some.dictionaries(KEYS, some.sampled_from(["", "launch", "東京夜景"]), max_size=2)
GIVEN = some.dictionaries(
    some.sampled_from(["style", "client"]),
    some.lists(some.sampled_from(["noir", "acme", "anime"]), max_size=2),
    min_size=1,
    max_size=2,
)
PARENTS = some.sampled_from(["v1", "v2", "v3", "lost"])
ACTS = some.one_of(
    some.tuples(some.just("tag"), IDS, TAGS, some.lists(KEYS, max_size=2)),
    some.tuples(some.just("give"), IDS, GIVEN),
    some.tuples(some.just("link"), IDS, some.sampled_from(RELATIONS), PARENTS),
    some.tuples(some.just("unlink"), IDS, PARENTS),
    some.tuples(some.just("delete"), IDS),
    some.tuples(some.just("undelete"), IDS),
)
ARRIVALS = some.tuples(some.just("hear"), some.sampled_from(["v1", "v2", "v3"]), some.sampled_from(["x", "y"]))


def perform(desk: Desk, act: tuple[Any, ...]) -> None:
    """Do what was drawn, a minute after what came before."""
    desk.minutes += 1
    match act:
        case ("tag", ids, tags, removed):
            tag(desk, tags, *ids, removed=tuple(removed))
        case ("give", ids, given_facets):
            give(desk, given_facets, *ids)
        case ("link", ids, relation, parent):
            with contextlib.suppress(CatalogError):  # a circle
                link(desk, relation, parent, *ids)
        case ("unlink", ids, parent):
            with contextlib.suppress(CatalogError):  # not the user's
                unlink(desk, parent, *ids)
        case ("delete", ids):
            write(desk, store.delete_videos, ids, deleted_at=desk.now)
        case ("undelete", ids):
            write(desk, store.undelete_videos, ids, made_at=desk.now)
        case ("hear", name, value):
            parent = {"x": "v1", "y": "lost"}[value]
            desk.hear(job(name, prompt=f"a red {value}", metadata={"campaign": value}, remixed_from_video_id=parent))
            facets.extract_due(desk.library)


def copy(desk: Desk, path: Path) -> Desk:
    """A desk with a library of its own that holds the same."""
    target = path / f"{uuid4()}.db"
    with desk.library.write() as connection:
        assert connection.execute("SELECT count(*) FROM edits").fetchone()[0] == 0
    desk.library.close()
    shutil.copy(desk.library.path, target)
    twin = Desk(Database(target))
    twin.minutes = desk.minutes
    return twin


LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LAW
@given(some.lists(ACTS, max_size=8))
def test_undo_gives_back_the_exact_rows_of_any_edits_and_redo_gives_them_again(
    three: Desk, tmp_path: Path, acts: list[tuple[Any, ...]]
) -> None:
    desk = copy(three, tmp_path)
    with contextlib.closing(desk.library):
        states = [dump(desk.library)]
        for act in acts:
            perform(desk, act)
            state, edits = dump(desk.library), len(history(desk))
            assert edits - (len(states) - 1) == (state != states[-1])  # an act without effect is no edit
            states += [state] if state != states[-1] else []
        for state in reversed(states[:-1]):
            assert len(undo(desk)) == 1
            assert dump(desk.library) == state
        assert undo(desk) == []
        for state in states[1:]:
            assert len(redo(desk)) == 1
            assert dump(desk.library) == state
        assert redo(desk) == []
        derived = read_derived(desk.library)
        rebuild(desk.library)
        assert read_derived(desk.library) == derived


@LAW
@given(some.lists(some.one_of(ACTS, ARRIVALS), max_size=8))
def test_undo_touches_only_what_the_user_wrote_whatever_syncs_said_meanwhile(
    three: Desk, tmp_path: Path, acts: list[tuple[Any, ...]]
) -> None:
    desk = copy(three, tmp_path)
    with contextlib.closing(desk.library):
        states = [read_users(desk.library)]
        for act in acts:
            perform(desk, act)
            state = read_users(desk.library)
            states += [state] if state != states[-1] else []
        others = read_others(desk.library)
        for state in reversed(states[:-1]):
            assert [step.overtaken for step in undo(desk)] == [0]
            assert read_users(desk.library) == state
            assert read_others(desk.library) == others
        derived = read_derived(desk.library)
        rebuild(desk.library)
        assert read_derived(desk.library) == derived


# One act, one step


def test_one_act_is_one_edit_however_many_videos_and_keys(three: Desk) -> None:
    tag(three, {"campaign": "launch", "keeper": ""}, *VIDEOS)
    [edit] = history(three)
    assert (edit.act, edit.videos, edit.refs) == ("tag", 3, ("studio:v1", "studio:v2", "studio:v3"))
    assert edit.summary == "tagged 3 videos campaign=launch, keeper"
    assert three.value("SELECT count(*) FROM edits_rows") == 6
    undo(three)
    assert tags_of(three) == [("campaign", "launch", "provider")]


def test_setting_and_taking_off_is_one_edit(three: Desk) -> None:
    tag(three, {"campaign": "launch"})
    tag(three, {"keeper": ""}, removed=("campaign",))
    assert history(three)[0].summary == "tagged studio:v1 keeper, no campaign=launch"
    undo(three)
    assert desk_user_tags(three) == [("campaign", "launch")]


def desk_user_tags(desk: Desk) -> list[tuple[Any, ...]]:
    return [row[:2] for row in tags_of(desk) if row[2] == "user"]


def test_every_act_is_said_in_words(three: Desk) -> None:
    tag(three, {"campaign": "launch"})
    tag(three, {}, removed=("campaign",))
    give(three, {"style": ["anime"]})
    give(three, {"style": []})
    write(three, store.delete_videos, [2], deleted_at=three.now)
    write(three, store.undelete_videos, [2], made_at=three.now)
    link(three, "remix", "v1", 2, 3)
    unlink(three, "v1", 2)
    assert [edit.summary for edit in reversed(history(three))] == [
        "tagged studio:v1 campaign=launch",
        "untagged studio:v1 campaign=launch",
        "gave studio:v1 style=anime",
        "gave studio:v1 no style=anime",
        "deleted studio:v2",
        "undeleted studio:v2",
        "linked 2 videos as remix of studio:v1",
        "unlinked studio:v2 as remix of studio:v1",
    ]


def test_many_tags_are_named_in_part_and_long_ones_cut(three: Desk) -> None:
    tag(three, {f"key{number}": "v" * 500 for number in range(9)})
    [edit] = history(three)
    assert edit.summary.endswith("v… and 4 more")
    assert len(edit.summary) < 500


def test_an_act_without_effect_is_no_edit_and_leaves_redo(three: Desk) -> None:
    tag(three, {"campaign": "launch"})
    rows = three.rows("SELECT * FROM tags")
    tag(three, {"campaign": "launch"})
    tag(three, {}, removed=("never",))
    write(three, store.undelete_videos, [1], made_at=three.now)
    assert (len(history(three)), three.rows("SELECT * FROM tags")) == (1, rows)
    undo(three)
    tag(three, {}, removed=("never",))
    assert len(redo(three)) == 1


def test_a_tombstone_that_is_there_keeps_its_time(three: Desk) -> None:
    write(three, store.delete_videos, [1], deleted_at=START)
    write(three, store.delete_videos, [1, 2], deleted_at=START + timedelta(days=1))
    assert [(edit.refs, edit.videos) for edit in history(three)] == [(("studio:v2",), 1), (("studio:v1",), 1)]
    assert three.rows("SELECT DISTINCT deleted_at FROM videos ORDER BY 1 NULLS LAST")[0] == (
        "2026-11-21T12:00:00.000Z",
    )


# Redo


def test_a_new_edit_ends_redo_for_good(three: Desk) -> None:
    tag(three, {"first": ""})
    undo(three)
    tag(three, {"second": ""})
    assert redo(three) == []
    undo(three)
    assert [step.number for step in redo(three, 5)] == [2]
    assert [key for key, *_ in desk_user_tags(three)] == ["second"]
    assert [(edit.number, edit.undone_at is None) for edit in history(three)] == [(2, True), (1, False)]


def test_undo_goes_past_what_is_undone(three: Desk) -> None:
    tag(three, {"first": ""})
    tag(three, {"second": ""})
    undo(three)
    tag(three, {"third": ""})
    assert [step.number for step in undo(three, 9)] == [3, 1]
    assert desk_user_tags(three) == []


def test_an_edit_that_is_rolled_back_leaves_no_trace(three: Desk) -> None:
    with contextlib.suppress(InterruptedError), three.library.write() as connection:
        store.tag_videos(connection, [1], {"keeper": ""}, made_at=three.now)
        raise InterruptedError
    assert (history(three), desk_user_tags(three)) == ([], [])


# What comes in


def test_what_comes_in_with_an_import_or_a_captured_call_is_no_edit(three: Desk) -> None:
    with three.library.write() as connection:
        store.save_tags(connection, 1, {"take": "1"})
        store.save_given(connection, {1: {"client": ["acme"]}})
    three.hear(job("v1", status="failed"))
    assert history(three) == []


def test_what_was_overwritten_meanwhile_stays_and_is_counted(three: Desk) -> None:
    tag(three, {"take": "1", "keeper": ""})
    give(three, {"client": ["acme"], "style": ["anime"]})
    with three.library.write() as connection:
        store.save_tags(connection, 1, {"take": "2"})
        store.save_given(connection, {1: {"client": ["globex"]}})
    assert [step.overtaken for step in undo(three, 2)] == [1, 1]
    assert desk_user_tags(three) == [("take", "2")]
    assert three.rows("SELECT facet, value FROM given_facets") == [("client", "globex")]
    assert [step.overtaken for step in redo(three, 2)] == [1, 1]
    assert desk_user_tags(three) == [("keeper", ""), ("take", "2")]


def test_a_removed_tag_that_came_in_anew_stays_as_it_came(three: Desk) -> None:
    tag(three, {"take": "1"})
    tag(three, {}, removed=("take",))
    with three.library.write() as connection:
        store.save_tags(connection, 1, {"take": "2"})
    assert [step.overtaken for step in undo(three, 2)] == [1, 1]
    assert desk_user_tags(three) == [("take", "2")]


def test_undo_lets_the_prompt_speak_again(three: Desk) -> None:
    before = three.rows(FACETS)
    give(three, {"style": ["noir"]}, 2)
    assert ("style", "noir", "given") in [row[1:4] for row in three.rows(FACETS)]
    undo(three)
    assert three.rows(FACETS) == before
    assert any(row[1:3] == ("style", "anime") for row in before)


def test_a_chinese_tag_is_found_again_after_undo(three: Desk) -> None:
    tag(three, {"項目": "東京夜景"})
    tag(three, {}, removed=("項目",))
    assert three.find('labels: "夜景"') == []
    undo(three)
    assert three.find('labels: "夜景"') == ["v1"]


# Links


def test_a_link_to_a_second_parent_is_an_edit_of_its_own(three: Desk) -> None:
    link(three, "edit", "v1", 3)
    link(three, "edit", "v2", 3)
    assert [edit.summary for edit in history(three)] == [
        "linked studio:v3 as edit of studio:v2",
        "linked studio:v3 as edit of studio:v1",
    ]
    unlink(three, "v1", 3)
    assert undo(three)[0].overtaken == 0
    undo(three)
    assert three.rows("SELECT parent_remote_id, depth FROM links") == [("v1", 1)]


def test_links_are_found_and_measured_after_every_step(three: Desk) -> None:
    link(three, "edit", "v1", 2)
    link(three, "extension", "v2", 3)
    assert three.rows("SELECT depth FROM links ORDER BY id") == [(1,), (2,)]
    undo(three, 2)
    assert three.rows("SELECT * FROM links") == []
    redo(three, 2)
    assert three.rows("SELECT parent_id, depth FROM links ORDER BY id") == [(1, 1), (2, 2)]
    unlink(three, "v1", 2)
    assert three.rows("SELECT depth FROM links") == [(1,)]
    with three.library.read() as connection:
        bitmaps.check(connection)


def test_what_a_server_says_too_stays_when_the_user_takes_it_back(three: Desk) -> None:
    link(three, "remix", "v1", 2)
    three.hear(job("v2", prompt="x", remixed_from_video_id="v1"))
    unlink(three, "v1", 2)
    assert three.rows("SELECT origin FROM links") == [("api",)]
    with pytest.raises(CatalogError, match="studio:v2 has no link of yours to studio:v1: its server names it as remix"):
        unlink(three, "v1", 2)
    assert [edit.act for edit in history(three)] == ["unlink", "link"]


def test_a_link_that_closes_a_circle_is_refused_with_the_line(three: Desk) -> None:
    three.hear(job("v2", remixed_from_video_id="v1"), job("v3", remixed_from_video_id="v2"))
    with pytest.raises(
        CatalogError, match="studio:v1 cannot be made from studio:v3, which comes from studio:v2, which"
    ) as error:
        link(three, "edit", "v3", 1)
    assert "comes from studio:v1:" in str(error.value)
    with pytest.raises(CatalogError, match="studio:v2 cannot be made from itself"):
        link(three, "edit", "v2", 3, 2)
    assert history(three) == []


def test_a_line_of_thousands_is_named_in_part(desk: Desk) -> None:
    desk.hear(job("v0"), *(job(f"v{number}", remixed_from_video_id=f"v{number - 1}") for number in range(1, 3000)))
    with pytest.raises(
        CatalogError, match="from studio:v2998, which comes from 2,997 others, which comes from studio:v0:"
    ):
        link(desk, "edit", "v2999", 1)


def test_circles_of_servers_end_the_search_for_a_line(three: Desk) -> None:
    three.hear(job("v1", remixed_from_video_id="v2"), job("v2", remixed_from_video_id="v1"))
    link(three, "edit", "v1", 3)
    with pytest.raises(CatalogError, match="cannot be made"):
        link(three, "edit", "v2", 1)


# Writers at once


def edit_often(path: Path, name: str) -> None:
    with contextlib.closing(Database(path)) as library:
        for number in range(25):
            with library.write() as connection:
                tags = {f"{name}{number}": "", "shared": name}
                store.tag_videos(connection, VIDEOS, tags, made_at=START)


def test_each_act_of_two_processes_is_whole(three: Desk) -> None:
    before = dump(three.library)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=edit_often, args=(three.library.path, name)) for name in ("left", "right")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    edits = history(three)
    assert (len(edits), {edit.videos for edit in edits}) == (50, {3})
    assert [step.overtaken for step in undo(three, 60)] == [0] * 50
    assert dump(three.library) == before
