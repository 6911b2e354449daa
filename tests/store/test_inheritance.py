"""What remixes inherit: the same rows in whatever order videos, links, facets and edits come."""

from __future__ import annotations

import contextlib
import shutil
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from catalog import bitmaps, facets, prompts, store
from catalog.database import Database
from catalog.prompts.inheritance import MOST
from catalog.reading.prompts import is_inheritance_due, list_due_prompts
from catalog.records import Facet
from catalog.store.attached import rewrite_remixes
from catalog.store.inheritance import PORTION, follow_links
from catalog.wire.parse import parse_videos
from tests.store.conftest import START, Desk, job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.database import Reader, Writer

SCENE = "Slow push in on a fisherman with a dog on a wooden pier in heavy rain at dusk, 35mm, soft light."
NIGHT, CAT, DRY = "Same shot, but at night.", "Add a cat.", "Same shot, without the rain."
OTHER = "Handheld close-up of a baker in a small kitchen at dawn, warm light, 50mm, gentle piano music."
PROMPTS = (SCENE, NIGHT, CAT, DRY, OTHER, "Make it snow.", None)
OF_SCENE = {
    "camera_movement:push_in", "subject:fisherman", "subject:dog", "setting:pier", "weather:rain", "time_of_day:dusk",
    "lens:35mm", "lighting:soft",
}  # fmt: skip


def read_inherited(connection: Reader) -> dict[str, list[str]]:
    """What each video inherits, the nearest first."""
    query = (
        "SELECT remote_id, facet_values.name FROM inherited_facets JOIN videos ON videos.id = video_id "
        "JOIN facet_values ON facet_values.id = value_id ORDER BY inherited_facets.id"
    )
    inherited: dict[str, list[str]] = {}
    for name, value in connection.execute(query):
        inherited.setdefault(name, []).append(value)
    return inherited


def inherited(desk: Desk, name: str) -> set[str]:
    """What a video inherits once all that is due has been done."""
    facets.extract_due(desk.library)
    with desk.library.read() as connection:
        assert not is_inheritance_due(connection)
        return set(read_inherited(connection).get(name, ()))


def remix(desk: Desk, name: str, parent: str, prompt: str | None) -> None:
    desk.hear(job(name, prompt=prompt, remixed_from_video_id=parent))


@pytest.fixture
def family(desk: Desk) -> Desk:
    """A scene `a`, its remix `b` at night, and a remix of that one, `c`, with a cat."""
    desk.hear(job("a", prompt=SCENE))
    remix(desk, "b", "a", NIGHT)
    remix(desk, "c", "b", CAT)
    return desk


def test_a_remix_inherits_what_its_instruction_leaves_alone(family: Desk) -> None:
    assert inherited(family, "b") == OF_SCENE - {"time_of_day:dusk"}
    assert inherited(family, "c") == OF_SCENE - {"time_of_day:dusk"} | {"time_of_day:night"}
    assert inherited(family, "a") == set()


def test_a_parent_that_comes_last_is_inherited_from(desk: Desk) -> None:
    remix(desk, "c", "b", CAT)
    remix(desk, "b", "a", NIGHT)
    assert inherited(desk, "c") == {"time_of_day:night"}
    desk.hear(job("a", prompt=SCENE))
    assert inherited(desk, "c") == OF_SCENE - {"time_of_day:dusk"} | {"time_of_day:night"}


def test_a_prompt_that_comes_later_changes_all_below(family: Desk) -> None:
    inherited(family, "c")
    family.hear(job("a", prompt="A red door at noon."), channel="get")
    assert "time_of_day:night" in inherited(family, "c")
    assert inherited(family, "b") == {
        row[0]
        for row in family.rows(
            "SELECT name FROM video_facets JOIN facet_values ON facet_values.id = value_id WHERE video_id = 1"
        )
    } - {"time_of_day:midday"}


def test_given_facets_of_a_parent_are_inherited_and_outrank_as_they_do_there(family: Desk) -> None:
    inherited(family, "c")
    with family.library.write() as connection:
        store.give_facets(connection, [1], {"client": ["acme"], "weather": ["fog"]}, made_at=family.now)
    assert inherited(family, "c") == OF_SCENE - {"time_of_day:dusk", "weather:rain"} | {
        "time_of_day:night", "client:acme", "weather:fog",
    }  # fmt: skip
    with family.library.write() as connection:
        store.undo(connection, 1, undone_at=family.now)
    assert inherited(family, "c") == OF_SCENE - {"time_of_day:dusk"} | {"time_of_day:night"}


def test_a_name_that_the_user_gave_a_remix_is_not_inherited(family: Desk) -> None:
    with family.library.write() as connection:
        store.give_facets(connection, [2], {"weather": ["clear"]}, made_at=family.now)
    assert "weather:rain" not in inherited(family, "b")
    assert "weather:clear" in inherited(family, "c")


def test_a_parent_that_the_user_deleted_counts(family: Desk) -> None:
    with family.library.write() as connection:
        store.delete_videos(connection, [1], deleted_at=family.now)
    assert "weather:rain" in inherited(family, "c")


def test_a_circle_inherits_nothing_until_it_is_open(family: Desk) -> None:
    assert inherited(family, "c")
    family.hear(job("a", prompt=SCENE, remixed_from_video_id="c"), channel="get")
    assert [inherited(family, name) for name in "abc"] == [set(), set(), set()]
    with family.library.write() as connection:
        rewrite_remixes(connection, "studio", {1: None})
    assert inherited(family, "c") == OF_SCENE - {"time_of_day:dusk"} | {"time_of_day:night"}


def test_a_link_that_is_taken_away_takes_what_was_inherited_with_it(family: Desk) -> None:
    assert "weather:rain" in inherited(family, "c")
    with family.library.write() as connection, store.indexes.indexed(connection, [2]):
        connection.execute("DELETE FROM links WHERE child_id = 2")
        follow_links(connection, [2])
    assert (inherited(family, "b"), inherited(family, "c")) == (set(), {"time_of_day:night"})


def test_a_parent_that_the_server_names_no_more_is_inherited_from_no_more(family: Desk) -> None:
    assert "weather:rain" in inherited(family, "c")
    with family.library.write() as connection, store.indexes.indexed(connection, [2]):
        rewrite_remixes(connection, "studio", {2: None})
    assert (inherited(family, "b"), inherited(family, "c")) == (set(), {"time_of_day:night"})
    with family.library.read() as connection:
        bitmaps.check(connection)


def test_the_users_word_on_the_parent_goes_first_then_the_servers(desk: Desk) -> None:
    desk.hear(job("a", prompt=SCENE), job("o", prompt=OTHER))
    remix(desk, "b", "a", CAT)
    with desk.library.write() as connection:
        child = store.find_ids(connection, "studio", ["b"])["b"]
        store.save_links(connection, "studio", child, [("remix", "o")], origin="request")
    assert "lens:35mm" in inherited(desk, "b")
    with desk.library.write() as connection:
        store.save_links(connection, "studio", child, [("reference", "o")], origin="user")
    assert "lens:35mm" in inherited(desk, "b")
    with desk.library.write() as connection:
        store.save_links(connection, "studio", child, [("edit", "o")], origin="user")
    assert "lens:50mm" in inherited(desk, "b")
    with desk.library.write() as connection:
        connection.execute("DELETE FROM links WHERE origin = 'user'")
        store.save_links(connection, "studio", child, [("edit", "nobody")], origin="user")
    assert inherited(desk, "b") == set()


def test_a_prompt_still_to_be_read_waits_for_that(family: Desk) -> None:
    with family.library.write() as connection:
        assert not is_inheritance_due(connection)
        assert store.inherit_next(connection, prompts.load) is None
    assert inherited(family, "c")


def test_what_is_inherited_is_bounded(desk: Desk) -> None:
    desk.hear(job("p0", prompt="A scene."))
    for number in range(1, 4):
        remix(desk, f"p{number}", f"p{number - 1}", "Add a crowd.")
    with desk.library.write() as connection:
        for video_id in range(1, 5):
            own = [Facet("subject", f"person {video_id} {number}", "prose", number) for number in range(60)]
            prompt = "A scene." if video_id == 1 else "Add a crowd."
            store.save_extracted(connection, [store.Extracted(video_id, prompt, own, None)], vocabulary="1")
    kept = inherited(desk, "p3")
    assert len(kept) == MOST
    assert {value.split()[1] for value in kept} == {"3", "2"}  # the nearest first


def test_a_long_line_is_reckoned_to_its_end_and_followed_when_its_head_changes(desk: Desk) -> None:
    count = 2 * PORTION + 10
    desk.hear(
        job("p0", prompt=SCENE), *(job(f"p{n}", prompt=CAT, remixed_from_video_id=f"p{n - 1}") for n in range(1, count))
    )
    assert "weather:rain" in inherited(desk, f"p{count - 1}")
    with desk.library.write() as connection:
        store.give_facets(connection, [1], {"weather": ["fog"]}, made_at=desk.now)
    assert {"weather:fog"} == {value for value in inherited(desk, f"p{count - 1}") if value.startswith("weather:")}
    with desk.library.read() as connection:
        bitmaps.check(connection)


def test_a_large_family_is_reckoned_whole(desk: Desk) -> None:
    count = 2 * PORTION + 10
    desk.hear(job("p", prompt=SCENE), *(job(f"c{n}", prompt=CAT, remixed_from_video_id="p") for n in range(count)))
    inherited(desk, "c0")
    assert desk.value("SELECT count(*) FROM inherited_facets") == count * len(OF_SCENE)
    with desk.library.write() as connection:
        store.give_facets(connection, [1], {"weather": ["fog"]}, made_at=desk.now)
    inherited(desk, "c0")
    fog = "SELECT count(*) FROM inherited_facets WHERE value_id = (SELECT id FROM facet_values WHERE value = 'fog')"
    assert desk.value(fog) == count


NAMES = "abcde"
NAME = some.sampled_from(NAMES)
VIDEO = some.tuples(NAME, some.sampled_from([*NAMES, "lost", None]), some.sampled_from(PROMPTS))
EVENTS = some.lists(
    some.one_of(
        some.lists(VIDEO, min_size=1, max_size=3),
        some.tuples(some.just("link"), NAME, NAME),
        some.tuples(some.just("give"), NAME, some.sampled_from([["fog"], ["rain"], []])),
        some.tuples(some.just("delete"), NAME, some.just(None)),
        some.sampled_from(["undo", "read", "inherit"]),
    ),
    min_size=1,
    max_size=12,
)


class TakenBack(Exception):
    """Ends a transaction that shall leave nothing."""


@pytest.fixture(scope="module")
def shared(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    library = Database(shutil.copy(_migrated, tmp_path_factory.mktemp("inheritance") / "catalog.db"))
    yield library
    library.close()


@cache
def extract(prompt: str) -> prompts.Extraction:
    return prompts.extract(prompt)


def hear(connection: Writer, videos: list[tuple[str, str | None, str | None]]) -> None:
    jobs = [job(name, prompt=prompt, remixed_from_video_id=parent) for name, parent, prompt in videos]
    parsed = [video for each in jobs for video in parse_videos(each).videos]
    store.save_videos(connection, "studio", parsed, channel="list", received_at=START)


def read(connection: Writer) -> None:
    extracted = [
        store.Extracted(video_id, prompt, extract(prompt).facets, extract(prompt).negative_prompt)
        for video_id, prompt in list_due_prompts(connection, 100)
    ]
    store.save_extracted(connection, extracted, vocabulary="1")


def settle(connection: Writer) -> None:
    read(connection)
    while is_inheritance_due(connection):
        place = store.START
        while reckoned := store.inherit_next(connection, prompts.load, place):
            place = reckoned.place


def happen(connection: Writer, event: Any) -> None:
    if isinstance(event, list):
        hear(connection, event)
    elif event == "undo":
        store.undo(connection, 1, undone_at=START)
    elif event == "read":
        read(connection)
    elif event == "inherit":
        store.inherit_next(connection, prompts.load)
    else:
        act, name, value = event
        ids = list(store.find_ids(connection, "studio", [name]).values())
        if act == "link" and ids:
            store.save_links(connection, "studio", ids[0], [("edit", value)], origin="user")
        elif act == "give":
            store.give_facets(connection, ids, {"weather": value}, made_at=START)
        elif act == "delete":
            store.delete_videos(connection, ids, deleted_at=START)


@settings(deadline=None, max_examples=150)
@given(events=EVENTS)
def test_what_is_kept_is_what_would_be_reckoned_of_all_videos(shared: Database, events: list[Any]) -> None:
    with contextlib.suppress(TakenBack), shared.write() as connection:
        for event in events:
            happen(connection, event)
        settle(connection)
        kept = read_inherited(connection)
        bitmaps.check(connection)
        connection.execute("DELETE FROM inherited_facets")
        connection.execute("UPDATE links SET is_inherited = NULL")
        settle(connection)
        assert kept == read_inherited(connection)
        raise TakenBack


@settings(deadline=None, max_examples=100)
@given(data=some.data(), videos=some.lists(VIDEO, min_size=2, max_size=5, unique_by=lambda video: video[0]))
def test_every_order_of_arrival_gives_the_same_rows(shared: Database, data: Any, videos: list[Any]) -> None:
    found = []
    for order in (videos, data.draw(some.permutations(videos))):
        with contextlib.suppress(TakenBack), shared.write() as connection:
            for video in order:
                hear(connection, [video])
                if data.draw(some.booleans()):
                    settle(connection)
            settle(connection)
            found.append(read_inherited(connection))
            raise TakenBack
    assert found[0] == found[1]
