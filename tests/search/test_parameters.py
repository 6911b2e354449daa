"""Seeds and parameters of generation are found exactly, however the number is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalog import store
from catalog.wire.parse import parse_videos
from tests.search.conftest import SEEN, SOURCE

if TYPE_CHECKING:
    from tests.search.conftest import Library

LARGEST = 2**64 - 1
JOBS = [
    {"id": "a", "status": "queued", "seed": LARGEST, "input": {"steps": 30, "guidance": 7.5, "loop": True}},
    {"id": "b", "status": "queued", "seed": LARGEST - 1, "param": '{"steps": "30", "sampler": "Euler a"}'},
    {"id": "c", "status": "queued", "seed": 9, "request": {"steps": 300, "loop": False, "aspectRatio": "16:9"}},
    {"id": "d", "status": "queued"},
]


@pytest.fixture
def tuned(library: Library) -> Library:
    """A library of jobs that tell how they were generated."""
    with library.database.write() as connection:
        videos = [video for job in JOBS for video in parse_videos(job).videos]
        store.save_videos(connection, SOURCE, videos, channel="get", received_at=SEEN)
    return library


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (f"seed:{LARGEST}", "a"),
        (f"seed:{LARGEST - 1}", "b"),
        ("seed:009", "c"),
        ("seed:9,18446744073709551615", "ac"),
        ("seed:1844*", "ab"),
        ("seed:nine", ""),
        ("has:seed", "abc"),
        ("param:steps=30", "ab"),
        ("param:steps=30.0", "ab"),
        ("param:steps=30,300", "abc"),
        ("param:steps=3*", "abc"),
        ("param:steps", "abc"),
        ("param:STEPS=300", "c"),
        ("param:guidance=7.50", "a"),
        ("param:loop=true", "a"),
        ("param:loop=1", ""),
        ('param:"sampler=euler a"', "b"),
        ("param:aspect-ratio=16:9", "c"),
        ("parameters:aspect_ratio=16:9", "c"),
        ("-param:steps", "d"),
        ('param:"a\'b""]=1"', ""),
        ("param:=1", ""),
    ],
)
def test_seeds_and_parameters_are_found(tuned: Library, query: str, ids: str) -> None:
    assert sorted(tuned.find(query)) == list(ids)


def test_seeds_sort_by_number(tuned: Library) -> None:
    assert tuned.find("has:seed", sort="seed") == ["c", "b", "a"]
