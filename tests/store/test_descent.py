"""Where links lead and what is above each video: the same in whatever order videos and links come."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from catalog import store
from catalog.database import Database
from catalog.store.attached import rewrite_remixes
from catalog.wire.parse import parse_videos
from tests.store.conftest import START, Desk, job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.database import Writer

NAMES = "abcdef"
NAME = some.sampled_from(NAMES)
PARENT = some.sampled_from([*NAMES, "lost", None])
# What may happen: several videos come at once, each with the parent that the server names, or the user adds a link.
HEARD = some.lists(some.tuples(NAME, PARENT), min_size=1, max_size=4)
EVENTS = some.lists(some.one_of(HEARD, some.tuples(NAME, NAME)), min_size=1, max_size=10)
LINES = (
    "SELECT videos.remote_id, parent_remote_id, parent_id, depth, is_circular "
    "FROM links JOIN videos ON videos.id = child_id ORDER BY links.id"
)


def hear(desk: Desk, *pairs: tuple[str, str | None]) -> None:
    desk.hear(*(job(name, remixed_from_video_id=parent) for name, parent in pairs))


def measure(desk: Desk) -> dict[str, int]:
    """The depth of each video that has a parent."""
    return dict(desk.rows("SELECT videos.remote_id, depth FROM links JOIN videos ON videos.id = child_id"))


def link(desk: Desk, child: str, parent: str) -> None:
    with desk.library.write() as connection:
        save_link(connection, child, parent)


def save_link(connection: Writer, child: str, parent: str) -> None:
    ids = store.find_ids(connection, "studio", [child])
    if child in ids:
        store.save_links(connection, "studio", ids[child], [("edit", parent)], origin="user")


def save_heard(connection: Writer, pairs: list[tuple[str, str | None]]) -> None:
    jobs = [job(name, remixed_from_video_id=parent) for name, parent in pairs]
    videos = [video for each in jobs for video in parse_videos(each).videos]
    store.save_videos(connection, "studio", videos, channel="list", received_at=START)


class TakenBack(Exception):
    """Ends a transaction that shall leave nothing."""


@pytest.fixture(scope="module")
def shared(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    library = Database(shutil.copy(_migrated, tmp_path_factory.mktemp("descent") / "catalog.db"))
    yield library
    library.close()


@settings(deadline=None)
@given(events=EVENTS)
def test_what_is_kept_is_what_would_be_made_of_all_links(shared: Database, events: list[Any]) -> None:
    with contextlib.suppress(TakenBack), shared.write() as connection:
        for event in events:
            if isinstance(event, tuple):
                save_link(connection, *event)
            else:
                save_heard(connection, event)
        kept = [tuple(row) for row in connection.execute(LINES)]
        connection.execute("UPDATE links SET parent_id = NULL, depth = NULL, is_circular = NULL")
        store.rebuild_descent(connection)
        assert [tuple(row) for row in connection.execute(LINES)] == kept
        raise TakenBack


@pytest.mark.parametrize("order", ["abcd", "dcba", "badc", "cadb"])
def test_a_family_has_its_depths_in_whatever_order_it_comes(desk: Desk, order: str) -> None:
    parents = {"a": None, "b": "a", "c": "b", "d": "c"}
    for name in order:
        hear(desk, (name, parents[name]))
    assert measure(desk) == {"b": 1, "c": 2, "d": 3}


def test_a_parent_that_gets_a_parent_moves_all_below_it(desk: Desk) -> None:
    hear(desk, ("a", None), ("b", "a"), ("c", "b"), ("d", None))
    link(desk, "a", "d")
    assert measure(desk) == {"a": 1, "b": 2, "c": 3}


def test_a_parent_that_is_taken_back_moves_all_below_it(desk: Desk) -> None:
    hear(desk, ("a", None), ("b", "a"), ("c", "b"))
    hear(desk, ("b", "lost"))
    assert measure(desk) == {"b": 1, "c": 2}
    link(desk, "b", "a")
    link(desk, "a", "elsewhere")
    assert measure(desk) == {"a": 1, "b": 2, "c": 3}


def test_a_video_that_loses_its_parent_moves_all_below_it(desk: Desk) -> None:
    hear(desk, ("a", None), ("b", "a"), ("c", "b"), ("d", "c"))
    link(desk, "c", "elsewhere")
    with desk.library.write() as connection:
        rewrite_remixes(connection, "studio", {store.find_ids(connection, "studio", ["b"])["b"]: None})
    assert measure(desk) == {"c": 1, "d": 2}


def test_the_ids_of_two_sources_are_not_mixed_up(desk: Desk) -> None:
    hear(desk, ("b", "a"))
    desk.hear(job("a", remixed_from_video_id="z"), source="other")
    assert measure(desk) == {"b": 1, "a": 1}
    assert desk.rows("SELECT parent_id FROM links") == [(None,), (None,)]


def test_what_waits_for_a_parent_costs_no_look_at_other_links(desk: Desk) -> None:
    from catalog.store import descent

    values = {"source": "studio", "names": ["a"], "ids": [1]}
    with desk.library.read() as connection:
        for query in (descent._WAITING, descent._BELOW, descent._ABOVE, descent._LINES):
            used = {name: value for name, value in values.items() if f":{name}" in query}
            plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", used)]
            assert not [step for step in plan if step.startswith(("SCAN links", "SCAN videos"))], plan


def test_an_answer_of_many_videos_is_heard_as_one_by_one(desk: Desk) -> None:
    videos = [job(name, remixed_from_video_id=parent) for name, parent in zip("dcba", "cbaz", strict=True)]
    with desk.library.write() as connection:
        parsed = parse_videos({"object": "list", "data": videos}).videos
        store.save_videos(connection, "studio", parsed, channel="list", received_at=desk.now)
    assert measure(desk) == {"a": 1, "b": 2, "c": 3, "d": 4}
