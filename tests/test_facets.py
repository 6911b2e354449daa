"""The journey from prompts to facets, with the second process and without it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from catalog import facets, store
from catalog.facets import count_due, extract_due
from catalog.wire.answers import ParsedVideo

if TYPE_CHECKING:
    from catalog.database import Database

BATCH = 20
WORTH_A_HELPER = 4 * BATCH
SCENES = (
    "slow push in on a fox in the rain, neon light",
    "aerial shot of a harbour at dusk, 35mm lens",
    "a quiet room",
)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "BATCH", BATCH)
    monkeypatch.setattr(facets, "WORTH_A_HELPER", WORTH_A_HELPER)


def fill(library: Database, count: int) -> None:
    prompts = {f"v{number}": f"Take {number}: {SCENES[number % 3]}" for number in range(count)}
    videos = [ParsedVideo(one, prompt=text, payload={"id": one, "prompt": text}) for one, text in prompts.items()]
    with library.write() as connection:
        store.save_videos(connection, "studio", videos, channel="list", received_at=datetime.now(UTC))


def count_values(library: Database) -> dict[str, int]:
    query = (
        "SELECT name, count(DISTINCT video_id) FROM video_facets "
        "JOIN facet_values ON facet_values.id = value_id GROUP BY name"
    )
    with library.read() as connection:
        return dict(map(tuple, connection.execute(query)))


def test_a_second_process_finds_what_the_first_would(library: Database) -> None:
    count = WORTH_A_HELPER + BATCH + 3
    fill(library, count)
    heard: list[tuple[str, int, int | None, str]] = []
    assert extract_due(library, on_progress=lambda *progress: heard.append(progress)) == count
    found = count_values(library)
    assert found["camera_movement:push_in"] == found["lighting:neon"] == (count + 2) // 3
    assert found["lens:35mm"] == (count + 1) // 3
    assert count_due(library) == 0
    assert heard[-1] == ("prompts", count, count, "reading")


def test_the_users_words_reach_the_second_process(library: Database) -> None:
    fill(library, WORTH_A_HELPER)
    extract_due(library, {"place": {"port": ["harbour"]}})
    assert count_values(library)["place:port"] == (WORTH_A_HELPER + 1) // 3


def test_a_second_process_that_dies_is_done_without(library: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    fill(library, WORTH_A_HELPER)
    assert extract_due(library) == WORTH_A_HELPER
    assert count_due(library) == 0


def test_long_prompts_are_kept_and_told_of_as_they_are_read(library: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "BATCH_SIZE", 100)
    fill(library, 7)
    heard: list[int] = []
    assert extract_due(library, on_progress=lambda *progress: heard.append(progress[1])) == 7
    assert heard == [1, 3, 4, 6, 7]


def test_a_few_long_prompts_are_worth_a_second_process(library: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "SIZE_WORTH_A_HELPER", 300)
    started: list[object] = []
    monkeypatch.setattr(facets, "_Helper", lambda words: started.append(words) or facets._NoHelper())
    fill(library, 6)
    extract_due(library)
    assert started == []
    with library.write() as connection:
        store.forget_extracted(connection)
    fill(library, 8)
    extract_due(library)
    assert started == [None]


def test_nothing_due_is_nothing_done(library: Database) -> None:
    fill(library, 3)
    assert extract_due(library) == 3
    assert extract_due(library) == 0


def test_an_interrupted_journey_is_completed_by_the_next(library: Database) -> None:
    fill(library, BATCH + 10)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_due(library, on_progress=interrupt)
    assert count_due(library) == 10
    assert extract_due(library) == 10
