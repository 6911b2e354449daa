"""The files of videos: what is kept of bytes that came, went, or could not be had, and what a search finds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from catalog import bitmaps, store
from catalog.reading.videos import get_video
from catalog.records import Input, Probe
from catalog.search.page import search
from tests.search.oracle import find_by_rows
from tests.store.conftest import START, Desk, job

if TYPE_CHECKING:
    from catalog.records import Video

CLIP = Probe(4.0, 1280, 720, 24.0, "h264", "aac")
HASH, OTHER = "ab" * 32, "cd" * 32


def data(sha256: str = HASH, probe: Probe | None = CLIP) -> store.Bytes:
    return store.Bytes(sha256, 2_100_000, "video/mp4", f"media/{sha256[:2]}/{sha256[2:4]}/{sha256}.mp4", probe)


@pytest.fixture
def shelf(desk: Desk) -> Desk:
    """Three completed videos without files; `a` and `b` are of 4 seconds in 1280x720, `c` of 8."""
    for name, seconds in (("a", 4), ("b", 4), ("c", 8)):
        desk.hear(job(name, status="completed", seconds=seconds, size="1280x720", prompt="a red fox"))
    return desk


def keep(desk: Desk, name: str, variant: str = "video", number: int = 1, origin: str = "download", **kind: Any) -> int:
    with desk.library.write() as connection:
        return store.save_file(connection, spot(desk, name, variant, number), data(**kind), origin=origin, at=desk.now)


def spot(desk: Desk, name: str, variant: str = "video", number: int = 1) -> store.Spot:
    return store.Spot(desk.rows("SELECT id FROM videos WHERE remote_id = ?", name)[0][0], variant, number)


def read(desk: Desk, name: str) -> Video:
    with desk.library.read() as connection:
        return get_video(connection, f"studio:{name}")


def find(desk: Desk, query: str) -> list[str]:
    """The ids of what a query finds, which are those that a test of each row finds."""
    with desk.library.read() as connection:
        found = sorted(video.remote_id for video in search(connection, query, limit=50).videos)
        ids = find_by_rows(connection, query, START)
        rows = connection.execute("SELECT remote_id FROM videos WHERE id IN :ids", {"ids": list(ids)})
        assert sorted(row[0] for row in rows) == found
        bitmaps.check(connection)
    return found


def test_bytes_that_came_are_a_file_of_the_video(shelf: Desk) -> None:
    keep(shelf, "a")
    (file,) = read(shelf, "a").files
    assert (file.variant, file.number, file.sha256, file.size, file.type) == ("video", 1, HASH, 2_100_000, "video/mp4")
    assert (file.state, file.reason, file.origin, file.probe) == ("present", None, "download", CLIP)
    path = shelf.library.path.parent / "media" / "ab" / "ab" / f"{HASH}.mp4"
    assert [(place.path, place.state) for place in file.places] == [(str(path), "present")]
    assert file.path == str(path)
    assert read(shelf, "b").files == ()


def test_files_are_found_by_what_is_known_of_them(shelf: Desk) -> None:
    keep(shelf, "a")
    keep(shelf, "b", probe=Probe(3.2, 640, 360), sha256=OTHER)
    keep(shelf, "c", variant="thumbnail", sha256="ef" * 32, probe=None)
    assert find(shelf, "has:file") == ["a", "b"]
    assert find(shelf, "-has:file") == ["c"]
    assert find(shelf, "mismatch:seconds") == find(shelf, "mismatch:size") == ["b"]
    assert find(shelf, "mismatch:seconds,size fox") == ["b"]
    assert find(shelf, f"file:{HASH}.mp4") == find(shelf, f"file:{HASH}") == find(shelf, "file:abab*") == ["a"]
    assert find(shelf, "missing:file") == find(shelf, "is:lost,damaged,archived") == []


@pytest.mark.parametrize("query", ["mismatch:colour", "mismatch:sec*", "has:mismatch", "has:reference"])
def test_what_is_no_mismatch_is_searched_for_as_text(shelf: Desk, query: str) -> None:
    with shelf.library.read() as connection:
        page = search(connection, query)
    assert page.total == 0
    assert "is searched for as text" in page.notes[0]


def test_a_length_within_a_tenth_of_a_second_is_the_one_asked_for(shelf: Desk) -> None:
    keep(shelf, "a", probe=Probe(4.09, 1280, 720))
    keep(shelf, "b", probe=Probe(4.11, 1280, 720), sha256=OTHER)
    assert find(shelf, "mismatch:seconds") == ["b"]
    shelf.hear(job("a", status="completed", seconds=5))
    assert find(shelf, "mismatch:seconds") == ["a", "b"]


def test_a_place_that_is_missing_is_no_place_and_one_offline_is(shelf: Desk) -> None:
    keep(shelf, "a")
    keep(shelf, "b")  # the same bytes
    for state, missing in (("missing", ["a", "b"]), ("offline", []), ("missing", ["a", "b"]), ("present", [])):
        with shelf.library.write() as connection:
            store.save_places(connection, {data().path: state}, at=shelf.now)
        assert find(shelf, "missing:file") == missing
        assert [place.state for place in read(shelf, "b").files[0].places] == [state]
        assert read(shelf, "b").files[0].state == "present"
        assert find(shelf, "has:file") == ["a", "b"]


def test_what_comes_again_is_there_again_for_all_that_have_it(shelf: Desk) -> None:
    keep(shelf, "a")
    keep(shelf, "b")
    with shelf.library.write() as connection:
        store.save_places(connection, {data().path: "missing"}, at=shelf.now)
        store.save_damage(connection, {HASH: "cut off"}, at=shelf.now)
    assert find(shelf, "missing:file") == find(shelf, "is:damaged") == ["a", "b"]
    keep(shelf, "b")
    assert find(shelf, "missing:file") == find(shelf, "is:damaged") == []
    assert read(shelf, "a").files == read(shelf, "b").files


def test_what_could_not_be_had_says_why_until_it_can(shelf: Desk) -> None:
    with shelf.library.write() as connection:
        store.save_failure(connection, spot(shelf, "a"), state="failed", reason="an HTML page", at=shelf.now)
        store.save_failure(connection, spot(shelf, "b"), state="failed", reason="an HTML page", at=shelf.now)
        store.save_failure(connection, spot(shelf, "b"), state="lost", reason="its server has it no more", at=shelf.now)
    (file,) = read(shelf, "a").files
    assert (file.state, file.reason, file.sha256, file.places) == ("failed", "an HTML page", None, ())
    assert find(shelf, "is:lost") == ["b"]
    assert find(shelf, "has:file") == []
    keep(shelf, "b")
    assert find(shelf, "is:lost") == []
    assert read(shelf, "b").files[0].reason is None


def test_a_failure_takes_nothing_from_what_is_held(shelf: Desk) -> None:
    keep(shelf, "a")
    before = read(shelf, "a").files
    with shelf.library.write() as connection:
        store.save_failure(connection, spot(shelf, "a"), state="lost", reason="gone", at=shelf.now)
    assert read(shelf, "a").files == before


def test_damaged_bytes_are_whole_again_when_they_are_read_whole(shelf: Desk) -> None:
    keep(shelf, "a")
    with shelf.library.write() as connection:
        store.save_damage(connection, {HASH: "another hash"}, at=shelf.now)
    assert (read(shelf, "a").files[0].state, read(shelf, "a").files[0].reason) == ("damaged", "another hash")
    with shelf.library.write() as connection:
        store.save_checked(connection, [HASH], at=shelf.now)
    assert find(shelf, "is:damaged") == []


def test_a_video_is_archived_once_all_that_it_is_for_is(shelf: Desk) -> None:
    keep(shelf, "a")
    keep(shelf, "a", number=2, sha256=OTHER)
    keep(shelf, "a", variant="thumbnail", sha256="ef" * 32)
    with shelf.library.write() as connection:
        store.save_archived(connection, {HASH: "s3://bucket/media/a"}, at=shelf.now)
    assert find(shelf, "is:archived") == []
    with shelf.library.write() as connection:
        addresses = {HASH: "s3://bucket/media/a", OTHER: "s3://bucket/media/b"}
        store.save_archived(connection, addresses, at=shelf.now)
        store.save_archived(connection, addresses, at=shelf.now)
    assert find(shelf, "is:archived") == ["a"]
    assert [file.archives for file in read(shelf, "a").files[:2]] == [
        ("s3://bucket/media/a",),
        ("s3://bucket/media/b",),
    ]
    with shelf.library.write() as connection:
        store.forget_places(connection, [data().path, data(OTHER).path])
    assert find(shelf, "missing:file") == []
    assert read(shelf, "a").files[0].places == ()


def test_what_was_made_here_is_not_missing(shelf: Desk) -> None:
    keep(shelf, "a", variant="thumbnail", origin="made", sha256=OTHER)
    with shelf.library.write() as connection:
        store.save_places(connection, {data(OTHER).path: "missing"}, at=shelf.now)
    assert find(shelf, "missing:file") == []


def test_what_went_into_a_video_is_filled_and_found(shelf: Desk) -> None:
    file_id = keep(shelf, "a", variant="reference", probe=None)
    video_id = spot(shelf, "a").video_id
    with shelf.library.write() as connection:
        store.save_input(connection, video_id, "reference", 1, name="file-123")
        store.save_input(connection, video_id, "reference", 1, file_id=file_id)
        store.save_links(connection, "studio", spot(shelf, "b").video_id, [("character", "char_1")], origin="request")
    assert read(shelf, "a").inputs == (Input("reference", 1, "file-123", 1),)
    assert find(shelf, "reference:FILE-123") == find(shelf, "reference:file*") == ["a"]
    assert find(shelf, "character:char_1") == ["b"]
    assert find(shelf, "character:file-123") == find(shelf, "has:file") == []
