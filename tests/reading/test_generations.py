"""Differences of prompts: from the facets that the library holds where they are whole, else from the prompts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from catalog import prompts, store
from catalog.facets import extract_due
from catalog.reading.generations import diff_videos, list_generations
from catalog.reading.lineage import read_lineage
from catalog.reading.videos import get_video
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from catalog.database import Database, Reader
    from catalog.prompts import PromptDiff, Vocabulary

PROMPTS = {"a": "Slow push in on a red fox at dusk.", "b": "Slow zoom in on a blue fox at noon, 35mm film."}
EXPECTED = prompts.diff_prompts(*PROMPTS.values())


@pytest.fixture
def remixed(library: Database) -> Database:
    """A library of a video and its remix, whose prompts are still to be read."""
    job = {"object": "video", "status": "completed", "created_at": 1_770_000_000}
    jobs = [job | {"id": name, "prompt": prompt} for name, prompt in PROMPTS.items()]
    jobs[1]["remixed_from_video_id"] = "a"
    with library.write() as connection:
        videos = parse_videos({"object": "list", "data": jobs}).videos
        store.save_videos(connection, "studio", videos, channel="list", received_at=datetime.now(UTC))
    return library


def refuse() -> Vocabulary:
    raise AssertionError("the vocabulary was loaded")


def diff(connection: Reader, load=prompts.load) -> PromptDiff:
    return diff_videos(connection, [(get_video(connection, "a"), get_video(connection, "b"))], load)[0]


def test_prompts_that_were_read_are_not_read_again(remixed: Database) -> None:
    extract_due(remixed)
    with remixed.read() as connection:
        assert diff(connection, refuse) == EXPECTED
        [step] = list_generations(connection, read_lineage(connection, 2), refuse)
    assert (step.ref, step.parent, step.relation, step.change) == ("studio:b", "studio:a", "remix", EXPECTED)


def test_prompts_still_due_are_read(remixed: Database) -> None:
    with remixed.read() as connection:
        assert diff(connection) == EXPECTED
        with pytest.raises(AssertionError):
            diff(connection, refuse)


def test_a_given_facet_does_not_hide_what_the_prompt_says(remixed: Database) -> None:
    with remixed.write() as connection:
        store.save_given(connection, {1: {"camera_movement": ["orbit"]}})
    extract_due(remixed)
    with remixed.read() as connection:
        assert ("camera_movement", "orbit") in {
            (facet.name, facet.value) for facet in get_video(connection, "a").facets
        }
        assert diff(connection) == EXPECTED


def test_facets_of_two_vocabularies_are_not_compared(remixed: Database) -> None:
    extract_due(remixed)
    with remixed.write() as connection:
        store.save_extracted(connection, [store.Extracted(1, PROMPTS["a"], (), None)], vocabulary="another")
    with remixed.read() as connection:
        assert diff(connection) == EXPECTED
