"""What an open library has in memory answers as its rows do, after whatever happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from catalog import bitmaps, intake, store
from catalog.bitmaps import CHUNK_BITS
from catalog.errors import CatalogError
from catalog.search.bits import ONCE, Bits, bitmap
from catalog.search.columns import Table, read_ids
from catalog.search.ordering import RELEVANCE, Order, Orderer
from catalog.search.page import search
from tests.search.conftest import NOW
from tests.store.test_bitmaps import Library as Anything

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyroaring import BitMap

    from tests.search.conftest import Library

EXPRESSIONS = (
    '"fox"',
    '"red"',
    '"blocked"',
    '"launch"',
    '("red" NOT ("launch"))',
    '{grams error_grams labels} : "海边"',
)
FIELDS = ("model", "status", "seconds", "size", "month", "style", "subject", "tag", "tag_key", "own")
FEW = (65_533, 65_536, 65_538)
CHUNK = 1 << CHUNK_BITS
IDS = some.sets(some.one_of(some.integers(0, 9), some.integers(CHUNK - 2, CHUNK + 3), some.just(3 * CHUNK)))


class Cold:
    """A connection of a library that nobody has asked before."""

    shared: dict[str, Any] | None = None

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        return self._connection.execute(sql, parameters)


def count(sets: Mapping[str, BitMap], hits: BitMap) -> dict[str | None, int]:
    return {value: len(ids & hits) for value, ids in sets.items() if ids & hits}


def named(counts: Any) -> dict[str | None, int]:
    return {value: count for count, value in counts}


def match(connection: Any, expression: str) -> list[int]:
    return [row[0] for row in connection.execute("SELECT rowid FROM videos_fts WHERE videos_fts MATCH ?", [expression])]


def go_on(connection: Any) -> Bits:
    """The bitmaps of a library that has been asked often enough."""
    for _ in range(ONCE):
        Bits(connection)
    return Bits(connection)


class Searched(Anything):
    """A library that is asked after everything that happens to it."""

    @rule()
    def look_up_words(self) -> None:
        with self.write() as connection:
            store.rebuild_words(connection)

    @invariant()
    def the_memory_is_true(self) -> None:
        with self.desk.library.read() as connection:
            warm, cold = go_on(connection), Bits(Cold(connection))
            for expression in EXPRESSIONS:
                found = match(connection, expression)
                assert list(warm.match(expression)) == found
                assert list(cold.match(expression)) == found
            for hits in (warm.all, bitmap(FEW) & warm.all, warm.match('"fox"')):
                for name in FIELDS:
                    assert named(warm.count(name, hits)) == count(bitmaps.read_field(connection, name), hits)
            page = search(Cold(connection), "fox", facets=["model", "tag"], now=NOW)
            for _ in range(2):
                assert search(connection, "fox", facets=["model", "tag"], now=NOW) == page


def test_the_memory_is_true_to_the_rows_after_anything(library_path: Path, tmp_path: Path) -> None:
    class Here(Searched):
        template, folder = library_path, tmp_path

    run_state_machine_as_test(Here, settings=settings(max_examples=8, stateful_step_count=12, deadline=None))


@settings(deadline=None, max_examples=60)
@given(
    sets=some.dictionaries(some.sampled_from("abcdef"), IDS, max_size=6),
    changes=some.dictionaries(some.sampled_from("abcxyz"), IDS, max_size=4),
    hits=IDS,
    others=some.sampled_from([0, 3, 250, 252, 254, 255, 300]),  # numbers of one byte end at 255
)
def test_a_table_counts_what_bitmaps_do(
    sets: dict[str, set[int]], changes: dict[str, set[int]], hits: set[int], others: int
) -> None:
    values = {value: bitmap(ids) for value, ids in sets.items()} | {f"o{number}": bitmap() for number in range(others)}
    table = Table().with_field("first", values).with_field("second", {"one": bitmap([1, CHUNK])})
    for name, meant in (("first", values), ("second", {"one": bitmap([1, CHUNK])})):
        assert named(table.read(bitmap(hits)).count(name)) == count(meant, bitmap(hits))
    revised = {value: bitmap(ids) for value, ids in changes.items()}
    chunks = {
        value: {
            chunk: bitmap(number for number in ids if number >> CHUNK_BITS == chunk) for chunk in (0, 1, 3)
        }
        for value, ids in revised.items()
    }  # fmt: skip
    later = table.with_chunks({"first": chunks, "no field of the table": chunks})
    assert named(later.read(bitmap(hits)).count("first")) == count(values | revised, bitmap(hits))
    assert named(table.read(bitmap(hits)).count("first")) == count(values, bitmap(hits))


def test_ids_are_read_from_json() -> None:
    assert read_ids("[]") == bitmap()
    assert read_ids("[4294967295,1,70000]") == bitmap([1, 70_000, 2**32 - 1])


def test_a_word_is_looked_up_again_only_where_texts_have_changed(library: Library) -> None:
    library.add_all(*({"remote_id": f"v{number}", "prompt": "neon"} for number in range(3)))
    with library.database.write() as connection:
        store.rebuild_words(connection)
    asked: list[str] = []

    class Listening(Cold):
        def execute(self, sql: str, parameters: Any = ()) -> Any:
            asked.extend([sql] if "MATCH" in sql else [])
            return super().execute(sql, parameters)

    with library.database.read() as connection:
        assert len(Bits(Listening(connection)).match('"neon"')) == 3
        assert asked == []
    library.add("v4", prompt="neon")
    with library.database.read() as connection:
        assert len(Bits(Listening(connection)).match('"neon"')) == 4
        assert len(asked) == 1


@pytest.fixture
def wide(library: Library) -> Library:
    """A library whose videos lie in four chunks."""
    for chunk in range(4):
        library.add(f"v{chunk}", prompt="a neon street")
        with library.database.write() as connection:
            connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'videos'", [chunk + 1 << CHUNK_BITS])
    return library


def find_kept(library: Library, word: str) -> list[int] | None:
    with library.database.read() as connection:
        kept = bitmaps.read_word(connection, f'"{word}"')
        return kept and list(kept[1])


def test_common_words_are_looked_up_once_texts_have_changed_all_over(wide: Library) -> None:
    assert find_kept(wide, "neon") is None
    intake.look_up_words(wide.database)
    assert find_kept(wide, "neon") == [1, *(1 + (chunk << CHUNK_BITS) for chunk in (1, 2, 3))]
    wide.add("later", prompt="neon again")
    intake.look_up_words(wide.database)
    assert find_kept(wide, "again") is None
    with wide.database.write() as connection:
        bitmaps.check(connection)


def test_a_small_library_does_without_what_is_kept_of_words(library: Library) -> None:
    library.add("v1", prompt="a neon street")
    intake.look_up_words(library.database)
    assert find_kept(library, "neon") is None


def test_words_that_were_looked_up_before_a_rebuild_are_not_kept(wide: Library) -> None:
    with wide.database.write() as connection:
        number, found = bitmaps.revision(connection), store.look_up_words(connection)
        store.rebuild_bitmaps(connection)
        bitmaps.save_words(connection, found, number)
    assert find_kept(wide, "neon") is None


def test_words_that_the_index_finds_otherwise_are_told(wide: Library) -> None:
    with wide.database.write() as connection:
        bitmaps.save_words(connection, {'"street"': bitmap([1])}, bitmaps.revision(connection))
        with pytest.raises(CatalogError, match='full-text index at "street"'):
            bitmaps.check(connection)


def test_relevance_is_computed_once_until_something_changes(library: Library) -> None:
    library.add_all(*({"remote_id": f"v{number}", "prompt": "neon " * number} for number in range(1, 6)))

    def rank() -> list[Any]:
        with library.database.read() as connection:
            bits = Bits(connection)
            hits = bits.match('"neon"')
            orderer = Orderer(connection, bits, Order(RELEVANCE), '"neon"')
            first = orderer.list_next(hits, None, 2)
            rest = orderer.list_next(hits, first[-1], 10)
            assert first + rest == orderer.list_next(hits, None, 10)
            assert orderer.list_next(hits - bitmap([first[0][0]]), None, 10) == first[1:] + rest
            return first + rest

    before = rank()
    assert len(before) == 5
    library.add("v6", prompt="a street in the rain")
    after = rank()
    assert [video_id for video_id, _ in after] == [video_id for video_id, _ in before]
    assert after != before
