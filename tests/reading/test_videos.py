"""Plain reads: what a ref names, what hangs on a video, what the library knows of its sources."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from catalog import store
from catalog.config import Source
from catalog.errors import NotFound, SchemaError
from catalog.reading.changes import list_changes
from catalog.reading.sources import list_sources
from catalog.reading.videos import get_video
from catalog.records import Facet, Link, Tag, Video
from catalog.reports import Change, SourceState

if TYPE_CHECKING:
    from catalog.database import Database

ADD_VIDEO = "INSERT INTO videos (source, remote_id, kind, status) VALUES (?, ?, 'video', 'queued')"


def add(library: Database, *names: tuple[str, str]) -> None:
    with library.write() as connection:
        connection.executemany(ADD_VIDEO, list(names))


def run(library: Database, statement: str, *values: object) -> None:
    with library.write() as connection:
        connection.execute(statement, values)


def find(library: Database, ref: str) -> Video:
    with library.read() as connection:
        return get_video(connection, ref)


def test_a_video_is_read_by_any_of_its_names(library: Database) -> None:
    add(library, ("studio", "video_9b9bfdee"), ("studio", "video_9c"))
    run(library, "INSERT INTO video_aliases (video_id, source, alias) VALUES (1, 'studio', 'cgt-2026')")
    for ref in ("studio:video_9b9bfdee", "video_9b9b", "cgt-2026"):
        assert find(library, ref).ref == "studio:video_9b9bfdee"
    with pytest.raises(NotFound):
        find(library, "video_9d9d")


def test_a_video_comes_with_every_column_as_its_type(library: Database) -> None:
    add(library, ("studio", "v1"))
    run(
        library,
        """UPDATE videos SET created_at = '2026-11-21T10:57:03.250Z', seconds = 8.0, width = 1280, height = 720,
        output_urls = '["https://h/a.mp4"]', metadata = '{"a": "b"}', extra = '{"n": [1, null]}'""",
    )
    video = find(library, "v1")
    assert video.created_at == datetime(2026, 11, 21, 10, 57, 3, 250_000, tzinfo=UTC)
    assert (video.seconds, video.size, video.output_urls) == (8.0, "1280x720", ("https://h/a.mp4",))
    assert (video.metadata, video.extra) == ({"a": "b"}, {"n": (1, None)})
    assert (video.completed_at, video.prompt, video.tags, video.links) == (None, None, (), ())


def test_a_video_comes_with_its_tags_in_order_of_key(library: Database) -> None:
    add(library, ("studio", "v1"), ("studio", "v2"))
    for key, value in (("b", "2"), ("a", "")):
        run(library, "INSERT INTO tags (video_id, key, value, origin) VALUES (1, ?, ?, 'user')", key, value)
    assert find(library, "v1").tags == (Tag("a", "", "user"), Tag("b", "2", "user"))
    assert find(library, "v2").tags == ()


def test_a_video_comes_with_its_links_up_then_down(library: Database) -> None:
    add(library, ("studio", "child"), ("studio", "me"))
    link = """
    INSERT INTO links (child_id, relation, origin, parent_source, parent_remote_id) VALUES (?, ?, 'api', 'studio', ?)
    """
    run(library, link, 1, "remix", "me")
    run(library, link, 2, "edit", "lost")
    with library.write() as connection:
        store.rebuild_descent(connection)
    assert find(library, "me").links == (
        Link("studio:me", "studio:lost", "edit", "api"),
        Link("studio:child", "studio:me", "remix", "api"),
    )
    assert find(library, "child").links == (Link("studio:child", "studio:me", "remix", "api"),)


def test_a_video_comes_with_its_facets_the_given_first_then_by_name_shot_and_place(library: Database) -> None:
    add(library, ("studio", "v1"), ("studio", "v2"))
    for name, value in (("mood", "calm"), ("lens", "35mm"), ("style", "anime")):
        run(library, "INSERT INTO facet_values (facet, value) VALUES (?, ?)", name, value)
    facet = 'INSERT INTO video_facets (video_id, value_id, origin, start, "end", shot) VALUES (1, ?, ?, ?, ?, ?)'
    run(library, facet, 3, "given", None, None, None)
    run(library, facet, 1, "prose", 9, 13, None)
    run(library, facet, 2, "label", 40, 44, 2)
    run(library, facet, 2, "label", 20, 24, 1)
    run(library, facet, 2, "label", 0, 4, 1)
    assert find(library, "v1").facets == (
        Facet("style", "anime", "given"),
        Facet("lens", "35mm", "label", 0, 4, 1),
        Facet("lens", "35mm", "label", 20, 24, 1),
        Facet("lens", "35mm", "label", 40, 44, 2),
        Facet("mood", "calm", "prose", 9, 13),
    )
    assert find(library, "v2").facets == ()


def test_what_a_prompt_asks_to_leave_out_stands_in_for_a_negative_prompt(library: Database) -> None:
    add(library, ("studio", "v1"), ("studio", "v2"))
    run(library, "UPDATE videos SET avoided = 'no music'")
    run(library, "UPDATE videos SET negative_prompt = 'blur' WHERE remote_id = 'v2'")
    assert [find(library, ref).negative_prompt for ref in ("v1", "v2")] == ["no music", "blur"]


@pytest.mark.parametrize(
    "fault", ["extra = '{\"a'", "metadata = 'x'", "output_urls = '['", "created_at = 'yesterday'", "output_urls = '3'"]
)
def test_a_damaged_value_names_the_video_and_the_way_out(library: Database, fault: str) -> None:
    add(library, ("studio", "v1"))
    run(library, f"UPDATE videos SET {fault}")
    with pytest.raises(SchemaError, match="the row of studio:v1 is damaged: run `catalog restore BACKUP`"):
        find(library, "v1")


def test_changes_are_told_oldest_first_and_of_one_video(library: Database) -> None:
    add(library, ("studio", "v1"), ("studio", "v2"))
    change = "INSERT INTO changes (video_id, field, old, new, observed_at) VALUES (?, 'status', ?, ?, ?)"
    run(library, change, 1, "in_progress", "completed", "2026-11-21T10:00:02.000Z")
    run(library, change, 1, "queued", "in_progress", "2026-11-21T10:00:01.000Z")
    run(library, change, 2, None, "queued", "2026-11-21T10:00:00.000Z")
    with library.read() as connection:
        first, second = list_changes(connection, "v1")
    moment = datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC)
    assert first == Change("studio:v1", "status", "queued", "in_progress", moment)
    assert second.new == "completed"


def sources(library: Database, *configured: Source, **environment: str) -> list[SourceState]:
    with library.read() as connection:
        return list_sources(connection, configured, environment)


def test_a_configured_source_is_new_until_it_was_synced(library: Database) -> None:
    source = Source(name="studio", base_url="https://host/v1", key_env="KEY")
    (state,) = sources(library, source)
    assert (state.name, state.base_url, state.dialect) == ("studio", "https://host/v1", "openai")
    assert (state.is_configured, state.has_key, state.videos, state.health) == (True, False, 0, "new")


@pytest.mark.parametrize(("value", "has_key"), [("k", True), ("", False)])
def test_a_source_tells_whether_its_key_is_there_and_never_the_key(
    library: Database, value: str, has_key: bool
) -> None:
    (state,) = sources(library, Source(name="studio", base_url="https://host/v1", key_env="KEY"), KEY=value)
    assert state.has_key is has_key


def test_sources_the_library_remembers_come_after_the_configured_ones(library: Database) -> None:
    add(library, ("imported", "v1"), ("imported", "v2"), ("studio", "v3"))
    run(library, "UPDATE videos SET deleted_at = '2026-11-21T10:00:00.000Z' WHERE remote_id = 'v2'")
    run(
        library,
        """INSERT INTO sources (name, base_url, dialect, health, message, last_run_at)
        VALUES ('bygone', 'https://b/v1', 'xai', 'failing', 'no key', '2026-11-21T10:00:00.000Z')""",
    )
    states = sources(library, Source(name="studio", base_url="https://host/v1"))
    assert [(state.name, state.videos, state.health) for state in states] == [
        ("studio", 1, "new"),
        ("bygone", 0, "failing"),
        ("imported", 1, "new"),
    ]
    assert (states[1].base_url, states[1].dialect, states[1].message) == ("https://b/v1", "xai", "no key")
    assert states[1].last_run_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
