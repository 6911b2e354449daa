"""Families in the query language, against what the links say."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import store
from catalog.search.page import search
from tests.search.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.database import Writer
    from tests.search.conftest import Library

# child -> parents; `lost` is a parent that the library does not have, `x` and `y` are each other's
LINKS = {
    "b": [("remix", "a")],
    "c": [("remix", "b"), ("reference", "a")],
    "d": [("extension", "c")],
    "e": [("remix", "lost")],
    "f": [("edit", "e")],
    "x": [("remix", "y")],
    "y": [("remix", "x")],
    "z": [("remix", "x")],
}
ALONE = "lonely"


def add_links(library: Library, links: dict[str, list[tuple[str, str]]]) -> None:
    with library.database.write() as connection:
        save_all(connection, links)


def save_all(connection: Writer, links: dict[str, list[tuple[str, str]]]) -> None:
    ids = store.find_ids(connection, "studio", list(links))
    for child, edges in links.items():
        store.save_links(connection, "studio", ids[child], edges, origin="user")


@pytest.fixture(scope="module")
def family(make_library: Callable[[], Library]) -> Iterable[Library]:
    library = make_library()
    for name in ("a", *LINKS, ALONE):
        library.add(name, prompt="neon" if name in "bd" else "rain")
    add_links(library, LINKS)
    yield library
    library.database.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("descends:a", "bcd"),
        ("descends:studio:a", "bcd"),
        ("descends:c", "d"),
        ("ancestor:d", "abc"),
        ("ancestor:f", "e"),
        ("family:b", "abcd"),
        ("family:e", "ef"),
        ("parent:a", "bc"),
        ("parent:c,e", "df"),
        ("descends:x", "yz"),
        ("ancestor:x", "y"),
        ("family:z", "xyz"),
        ("descends:a neon", "bd"),
        ("descends:a -neon", "c"),
        ("descends:a OR parent:e", "bcdf"),
        ("-family:a -family:x is:remix", "e"),
        ("relation:extension", "d"),
        ("relation:edit,reference", "cf"),
        ("is:remix", "bcexyz"),
        ("is:root -lonely", "a"),
        ("depth:0 -lonely", "a"),
        ("depth:1", "bexy"),
        ("depth:>=2", "cdfz"),
        ("depth:3", "d"),
        ("depth:<2 -lonely", "abexy"),
        ("depth:0,3 -lonely", "ad"),
        ("has:relation", "bcdefxyz"),
    ],
)
def test_a_term_finds_its_kin(family: Library, query: str, found: str) -> None:
    assert sorted(family.find(query)) == list(found)


def test_a_ref_that_fits_several_videos_is_text_with_a_remark(library: Library) -> None:
    library.add("video_12345", prompt="neon")
    library.add("video_12346", prompt="neon")
    page = library.page("descends:video_1234")
    assert page.total == 0
    assert "several videos have names that begin with 'video_1234'" in page.notes[0]


def test_a_deleted_video_still_joins_its_family(library: Library) -> None:
    library.add("a")
    library.add("b", deleted_at="2026-10-01T00:00:00.000Z")
    library.add("c")
    add_links(library, {"b": [("remix", "a")], "c": [("remix", "b")]})
    assert library.find("descends:a") == ["c"]
    assert library.find("depth:2") == ["c"]


NAMES = "abcdefgh"
EDGES = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), min_size=1, max_size=2), max_size=8)


class TakenBack(Exception):
    """Ends a transaction that shall leave nothing."""


@pytest.fixture(scope="module")
def strangers(make_library: Callable[[], Library]) -> Iterable[Library]:
    library = make_library()
    library.add_all(*({"remote_id": name} for name in NAMES))
    yield library
    library.database.close()


@settings(deadline=None, max_examples=60)
@given(edges=EDGES)
def test_depth_is_the_longest_line_or_on_a_circle_the_number_of_ancestors(
    strangers: Library, edges: dict[str, list[str]]
) -> None:
    links = {child: [("remix", parent) for parent in parents if parent != child] for child, parents in edges.items()}

    def parents_of(name: str) -> set[str]:
        return {parent for _, parent in links.get(name, [])}

    def ancestors_of(name: str) -> set[str]:
        known: set[str] = set()
        waiting = [name]
        while waiting:
            above = parents_of(waiting.pop()) - known
            known |= above
            waiting += above
        return known

    def measure(name: str) -> int:
        above = ancestors_of(name)
        if any(one in ancestors_of(one) for one in {name, *above}):
            return len(above - {name})
        return max((measure(parent) + 1 for parent in parents_of(name)), default=0)

    with contextlib.suppress(TakenBack), strangers.database.write() as connection:
        save_all(connection, links)
        for depth in range(4):
            found = {video.remote_id for video in search(connection, f"depth:{depth}", limit=20, now=NOW).videos}
            assert found == {name for name in NAMES if measure(name) == depth}
        raise TakenBack
