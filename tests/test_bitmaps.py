"""The bitmaps: what is read of them, what changed since, and that drift is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from catalog import bitmaps, fulltext, library, store
from catalog.api import Catalog
from catalog.database import Database
from catalog.errors import CatalogError
from catalog.records import Facet
from tests.store.conftest import Desk, desk, job

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pyroaring import BitMap

__all__ = ["desk"]

JOBS = (
    job("a", model="sora-2", seconds=8, size="1280x720", prompt="a fox", metadata={"campaign": "launch", "keeper": ""}),
    job("b", model="wan", seconds=7.6, size="720p", status="failed", error={"code": "blocked", "message": "no"}),
    job("c", prompt="rain", remixed_from_video_id="a", completed_at=1_790_000_060),
)


@pytest.fixture
def three(desk: Desk) -> Desk:
    """A desk with three videos, of which the third was deleted."""
    desk.hear(*JOBS)
    with desk.library.write() as connection:
        extracted = store.Extracted(
            1, "a fox", [Facet("subject", "fox", "prose"), Facet("mood", "calm", "prose")], "blur"
        )
        store.save_extracted(connection, [extracted], vocabulary="of the test")
        store.delete_videos(connection, [3], deleted_at=desk.now)
    return desk


def listed(field: dict[str, BitMap]) -> dict[str, list[int]]:
    return {value: list(ids) for value, ids in field.items() if ids}


@pytest.mark.parametrize(
    ("field", "videos"),
    [
        ("source", {"studio": [1, 2, 3]}),
        ("status", {"completed": [1, 3], "failed": [2]}),
        ("model", {"sora-2": [1], "wan": [2]}),
        ("seconds", {"8.0": [1], "7.6": [2]}),
        ("width", {"1280": [1]}),
        ("size", {"1280x720": [1], "720p": [2]}),
        ("month", {"2026-09": [1, 2, 3]}),
        ("error_code", {"blocked": [2]}),
        ("mood", {"calm": [1]}),
        ("relation", {"remix": [3]}),
    ],
)
def test_a_field_is_read_with_all_its_values(three: Desk, field: str, videos: dict[str, list[int]]) -> None:
    with three.library.read() as connection:
        assert listed(bitmaps.read_field(connection, field)) == videos


@pytest.mark.parametrize(
    ("name", "videos"),
    [
        ("id", [1, 2, 3]),
        ("prompt", [1, 3]),
        ("negative_prompt", [1]),  # the prompt itself asks to avoid something
        ("size", [1, 2]),
        ("latency", [3]),
        ("tag", [1]),
        ("mood", [1]),
        ("relation", [3]),
        ("gone_at", []),
        ("never heard of", []),
    ],
)
def test_it_is_known_which_videos_have_a_value_and_which_lack_one(three: Desk, name: str, videos: list[int]) -> None:
    with three.library.read() as connection:
        assert list(bitmaps.read_present(connection, name)) == videos
        assert list(bitmaps.read_missing(connection, name)) == sorted({1, 2, 3}.difference(videos))


def test_what_the_user_deleted_is_in_every_set_and_in_one_of_its_own(three: Desk) -> None:
    with three.library.read() as connection:
        assert list(bitmaps.read_all(connection)) == [1, 2, 3]
        assert list(bitmaps.read_deleted(connection)) == [3]


def test_a_facet_called_as_a_column_hides_nothing_of_the_column(three: Desk) -> None:
    with three.library.write() as connection:
        store.give_facets(connection, [2], {"model": ["sora-2"], "tag": ["x"]}, made_at=three.now)
        assert listed(bitmaps.read_field(connection, "model")) == {"sora-2": [1], "wan": [2]}
        assert list(bitmaps.read_present(connection, "tag")) == [1]


@pytest.mark.parametrize(
    ("field", "values", "videos"),
    [
        ("model", ["sora-2", "wan", "none"], [1, 2]),
        ("tag", ["campaign=launch"], [1]),
        ("tag", ["keeper", "campaign"], [1]),
        ("tag", ["campaign"], []),
        ("tag_key", ["campaign"], [1]),
        ("subject", ["fox", "cat"], [1]),
        ("model", [], []),
    ],
)
def test_values_are_read_together_the_rare_ones_too(
    three: Desk, field: str, values: Iterable[str], videos: list[int]
) -> None:
    with three.library.read() as connection:
        assert list(bitmaps.read_values(connection, field, values)) == videos


def hear_many(desk: Desk, count: int) -> None:
    desk.hear(*(job(f"m{number}", metadata={"take": "1", "n": str(number)}) for number in range(count)))


@pytest.mark.parametrize("is_rebuilt", [False, True])
def test_of_tags_those_on_many_videos_have_a_bitmap(desk: Desk, is_rebuilt: bool) -> None:
    for count in (bitmaps.COMMON - 1, bitmaps.COMMON):
        hear_many(desk, count)
        with desk.library.write() as connection:
            if is_rebuilt:
                store.rebuild_bitmaps(connection)
            bitmaps.check(connection)
            found = {value: len(ids) for value, ids in bitmaps.read_field(connection, "tag").items()}
            assert found == ({"take=1": count} if count == bitmaps.COMMON else {})
            assert len(bitmaps.read_values(connection, "tag", ["take=1"])) == count
            assert len(bitmaps.read_values(connection, "tag", ["take=1", "n=0"])) == count


def test_a_tag_whose_key_holds_the_sign_is_read_as_it_is_shown(desk: Desk) -> None:
    half = bitmaps.COMMON // 2
    desk.hear(*(job(f"a{number}", metadata={"a=b": ""}) for number in range(half)))
    desk.hear(*(job(f"b{number}", metadata={"a": "b"}) for number in range(half)))
    with desk.library.write() as connection:
        assert len(bitmaps.read_values(connection, "tag", ["a=b"])) == 2 * half
        assert len(bitmaps.read_field(connection, "tag")["a=b"]) == 2 * half
        store.rebuild_bitmaps(connection)
        assert len(bitmaps.read_field(connection, "tag")["a=b"]) == 2 * half


def test_who_has_read_before_reads_what_changed(three: Desk) -> None:
    with three.library.read() as connection:
        before = bitmaps.revision(connection)
        status = bitmaps.read_field(connection, "status")
        assert bitmaps.read_changes(connection, before) == (before, False, set(), {})
    three.hear(job("b", model="wan", seconds=7.6, size="720p"))
    with three.library.read() as connection:
        changes = bitmaps.read_changes(connection, before)
        assert changes.revision == bitmaps.revision(connection) > before
        assert not changes.is_rebuilt
        assert "tag" not in {field for field, _ in changes.chunks}
        for (field, value), chunks in changes.chunks.items():
            if field == "status":
                for chunk, ids in chunks.items():
                    bitmaps.replace_chunk(status[value], chunk, ids)
        assert listed(status) == {"completed": [1, 2, 3]}


def test_a_change_of_texts_is_told_from_one_of_values(three: Desk) -> None:
    with three.library.write() as connection:
        first = bitmaps.revision(connection)
        store.undelete_videos(connection, [3], made_at=three.now)
        second = bitmaps.revision(connection)
        store.tag_videos(connection, [3], {"keeper": ""}, made_at=three.now)
        assert not (before := bitmaps.read_changes(connection, first)).is_rebuilt
        assert bitmaps.TEXTS in before.marks
        assert list(before.chunks["has", "deleted_at"][0]) == []
        third = bitmaps.revision(connection)
        store.rebuild_texts(connection)
        assert bitmaps.read_changes(connection, third)[1:] == (False, {bitmaps.TEXTS}, {})
        store.undo(connection, 2, undone_at=three.now)
        assert bitmaps.read_changes(connection, second).chunks["has", "deleted_at"].keys() == {0}
        fourth = bitmaps.revision(connection)
        store.delete_videos(connection, [1], deleted_at=three.now)
        assert bitmaps.TEXTS not in bitmaps.read_changes(connection, fourth).marks


def test_what_changes_nothing_that_is_indexed_has_no_revision(three: Desk) -> None:
    with three.library.read() as connection:
        before = bitmaps.revision(connection)
    three.hear(*JOBS)
    with three.library.read() as connection:
        assert bitmaps.revision(connection) == before


def test_a_rebuild_and_an_older_library_are_read_anew(three: Desk) -> None:
    with three.library.write() as connection:
        before = bitmaps.revision(connection)
        store.rebuild_bitmaps(connection)
        assert bitmaps.read_changes(connection, before).is_rebuilt
        assert bitmaps.read_changes(connection, bitmaps.revision(connection) + 1).is_rebuilt


def test_who_has_read_a_library_reads_its_backup_anew_once_that_is_restored(three: Desk, tmp_path: Path) -> None:
    path, copy = three.library.path, tmp_path / "copy.db"
    library.backup(path, copy)
    three.hear(job("b", model="sora-2"))
    with three.library.read() as connection:
        before = bitmaps.revision(connection)
    Catalog.restore(copy, path)
    three.hear(job("d", model="sora-2"))
    with three.library.write() as connection:
        assert bitmaps.read_changes(connection, before).is_rebuilt
        bitmaps.check(connection)


@pytest.mark.parametrize(
    ("drift", "words"),
    [
        ("UPDATE videos SET model = 'wan' WHERE id = 1", "model:sora-2 has studio:a"),
        ("UPDATE videos SET tier = 'flex' WHERE id = 2", "has:tier lacks studio:b"),
        ("DELETE FROM links", "has:relation has studio:c"),
        ("DELETE FROM video_facets", "has:mood has studio:a"),
        ("UPDATE bitmaps SET chunk = 7 WHERE field = 'kind'", "kind:video lacks studio:a"),
        ("DELETE FROM videos WHERE id = 1", "cost_basis:unknown has the row 1, which is not there"),
    ],
)
def test_bitmaps_that_differ_from_the_rows_are_told_and_rebuilt(three: Desk, drift: str, words: str) -> None:
    with three.library.write() as connection:
        bitmaps.check(connection)
        connection.execute(drift)
        with pytest.raises(CatalogError, match=f"differ from the rows: {words}.*: run `catalog reindex --bitmaps`"):
            bitmaps.check(connection)
        store.rebuild_bitmaps(connection)
        bitmaps.check(connection)


def test_a_value_that_has_become_common_and_has_no_bitmap_is_told(desk: Desk) -> None:
    hear_many(desk, bitmaps.COMMON)
    with desk.library.write() as connection:
        connection.execute("DELETE FROM bitmaps WHERE field = 'tag'")
        with pytest.raises(CatalogError, match="tag:take=1 lacks studio:m0"):
            bitmaps.check(connection)


WRITER = """
import sys
from catalog import store
from tests.store.conftest import Desk, job
from catalog.library import open_library
desk = Desk(open_library(sys.argv[1]))
for number in range(10_000):
    batch = [job(f"v{number}_{part}", model=f"m{part % 7}", prompt="a fox", metadata={"n": "1"}) for part in range(50)]
    desk.hear(*batch, *(job(f"v{number - 1}_{part}", status="failed") for part in range(50)))
    print(number, flush=True)
"""


def test_a_kill_in_the_middle_leaves_them_true(library_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, os.fspath(library_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(4):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    killed = Database(library_path)
    with killed.write() as connection:
        bitmaps.check(connection)
        fulltext.check(connection)
        assert len(bitmaps.read_all(connection)) >= 4 * 50
    killed.close()
