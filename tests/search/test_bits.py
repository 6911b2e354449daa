"""What an open library keeps of its bitmaps in memory: the same answers, and those of whoever wrote last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalog import store
from catalog.library import open_library
from catalog.search.bits import Bits, Memory, bitmap
from catalog.search.page import count_facets, search
from tests.search.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.database import Database
    from tests.search.conftest import Library


@pytest.fixture
def shelf(library: Library) -> Library:
    library.add_all(
        *({"remote_id": f"v{number}", "prompt": f"neon take {number}", "model": "sora-2"} for number in range(5)),
        {"remote_id": "other", "prompt": "rain", "model": "wan"},
    )
    return library


def answer(library: Database) -> tuple[int, dict[str | None, int], dict[str | None, int]]:
    with library.read() as connection:
        page = search(connection, "neon", facets=["model", "tag"], now=NOW)
        return page.total, *({count.value: count.count for count in page.facets[name]} for name in ("model", "tag"))


def test_what_another_writes_is_in_the_next_answer(shelf: Library) -> None:
    assert answer(shelf.database) == (5, {"sora-2": 5}, {})
    other = open_library(shelf.database.path)
    with other.write() as connection:
        ids = store.find_ids(connection, "studio", ["v1", "v2"])
        store.save_tags(connection, ids["v1"], {"take": "one"})
        store.delete_videos(connection, [ids["v2"]], deleted_at=NOW)
    other.close()
    assert answer(shelf.database) == (4, {"sora-2": 4}, {"take=one": 1})
    shelf.add("v9", prompt="neon again", model="wan")
    assert answer(shelf.database) == (5, {"sora-2": 4, "wan": 1}, {"take=one": 1})


def test_a_reader_keeps_to_its_moment(shelf: Library) -> None:
    with shelf.database.read() as early:
        before = search(early, "neon", facets=["model"], now=NOW)
        other = open_library(shelf.database.path)
        with other.write() as connection:
            store.delete_videos(connection, list(store.find_ids(connection, "studio", ["v2"]).values()), deleted_at=NOW)
        assert answer(other)[0] == 4
        other.close()
        assert search(early, "neon", facets=["model"], now=NOW) == before
        assert count_facets(early, ["model"], "neon", now=NOW) == before.facets
    assert answer(shelf.database)[0] == 4


def test_a_second_search_reads_nothing_again(shelf: Library) -> None:
    with shelf.database.read() as connection:
        first = Bits(connection)
        assert first.match("neon") is Bits(connection).match("neon")
        assert first.read_field("model") is Bits(connection).read_field("model")


def test_a_write_leaves_alone_what_it_did_not_touch(shelf: Library) -> None:
    with shelf.database.read() as connection:
        bits = Bits(connection)
        model, status, words = bits.read_field("model"), bits.read_field("status"), bits.match("neon")
    with shelf.database.write() as connection:
        store.save_given(connection, {store.find_ids(connection, "studio", ["v1"])["v1"]: {"lens": ["wide"]}})
    with shelf.database.read() as connection:
        bits = Bits(connection)
        assert bits.read_field("model") is model
        assert bits.read_field("status") is status
        assert bits.match("neon") is words
        assert len(bits.read_field("lens").sets["wide"]) == 1


def test_a_library_that_takes_the_place_of_another_is_read_anew(
    shelf: Library, make_library: Callable[[], Library]
) -> None:
    assert answer(shelf.database)[0] == 5
    other = make_library()
    other.add("v1", prompt="neon", model="wan")
    other.database.close()
    shelf.database.close()
    for path in (other.database.path, other.database.path.with_name(f"{other.database.path.name}-wal")):
        if path.exists():
            path.replace(shelf.database.path.with_name(path.name))
    assert answer(shelf.database) == (1, {"wan": 1}, {})


def test_what_is_kept_is_bounded() -> None:
    memory = Memory(limit=1_000)
    made = [memory.get(("words", str(number)), lambda: bitmap([1, 2]), lambda _: 300) for number in range(5)]
    assert memory.get(("words", "4"), bitmap, lambda _: 300) is made[4]
    assert memory.get(("words", "0"), bitmap, lambda _: 300) == bitmap()
