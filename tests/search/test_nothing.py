"""A search that finds nothing says which part of it emptied it, and what was perhaps meant."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.search.conftest import Library

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, _migrated: Path) -> Library:
    path = tmp_path_factory.mktemp("nothing") / "catalog.db"
    path.write_bytes(_migrated.read_bytes())
    library = Library(path)
    library.add("video_0a1b2c3d4e5f", prompt="An old lighthouse in the fog", model="sora-2", seconds=8)
    library.add("video_ffffffff0000", prompt="A neon street, rain", model="sora-2-pro", seconds=4)
    library.add("video_eeeeeeee0000", prompt="An astronaut under neon", status="failed", error_message="blocked")
    return library


@pytest.mark.parametrize(
    ("query", "remark"),
    [
        ("lighthouses", 'no video matches "lighthouses": did you mean "lighthouse*"?'),
        ("noen", 'no video matches "noen": did you mean "neon"?'),
        ("astronout", 'no video matches "astronout": did you mean "astronaut"?'),
        ("Sreet", 'no video matches "Sreet": did you mean "street"?'),
        ("prompt:steret", 'no video matches "prompt:steret": did you mean "prompt:street"?'),
        ("error:blokced", 'no video matches "error:blokced": did you mean "error:blocked"?'),
        ("neon lighthouses", 'no video matches "lighthouses": did you mean "lighthouse*"?'),
        ("neon zinc", 'no video matches "zinc"'),
        ("neon zinc -rain", 'no video matches "zinc"'),
        ("rain seconds:>=9", 'no video matches "seconds:>=9"'),
        ("neon (zinc OR brass)", 'no video matches "zinc OR brass"'),
        ("video_ffffffff00x0", 'no video matches "video_ffffffff00x0": did you mean "studio:video_ffffffff0000"?'),
    ],
)
def test_the_part_that_matches_nothing_is_named_with_what_is_nearest(library: Library, query: str, remark: str) -> None:
    page = library.page(query)
    assert (page.total, page.notes) == (0, (remark,))


def test_where_every_part_matches_something_each_that_could_go_is_named(library: Library) -> None:
    assert library.page("neon model:sora-2").notes == (
        'without "neon" it finds 1 video',
        'without "model:sora-2" it finds 2 videos',
    )
    assert library.page("neon -is:failed -rain").notes == (
        'without "neon" it finds 1 video',
        'without "-is:failed" it finds 1 video',
        'without "-rain" it finds 1 video',
    )


@pytest.mark.parametrize("query", ["zinc", "-neon -fog -rain -blocked", "xq", "🎬", "(zinc OR brass)", "東", "*", "-"])
def test_where_nothing_is_near_nothing_is_said(library: Library, query: str) -> None:
    assert not [note for note in library.page(query).notes if "did you mean" in note]


def test_a_value_that_has_a_remark_gets_no_second_one(library: Library) -> None:
    assert library.page("model:sora2 neon").notes == ('no video has model "sora2": did you mean "sora-2"?',)


def test_nothing_is_said_where_there_are_matches_or_no_videos(library: Library, make_library: Any) -> None:
    assert library.page("neon").notes == ()
    assert make_library().page("noen").notes == ()


def test_hundreds_of_words_that_are_nowhere_are_answered_soon(library: Library) -> None:
    start = time.monotonic()
    page = library.page(" ".join(f"zinc{number}" for number in range(300)))
    assert (page.total, len(page.notes)) == (0, 3)
    assert time.monotonic() - start < 10
