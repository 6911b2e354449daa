"""What prompts ask for, kept: extracted, given, due again, and made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from catalog import facets as journey
from catalog import store
from catalog.reading.videos import get_video
from catalog.records import Facet
from catalog.search.page import search
from tests.store.conftest import Desk, job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.records import Video

FOX = Facet("subject", "fox", "prose", 2, 5)
PUSH_IN = Facet("camera_movement", "push_in", "prose", 7, 14)
CALM = Facet("mood", "calm", "label", 20, 24, 1)


def extracted(
    desk: Desk, *facets: Facet, prompt: str = "a fox, push in", avoided: str | None = None, video_id: int = 1
) -> None:
    with desk.library.write() as connection:
        found = [store.Extracted(video_id, prompt, facets, avoided)]
        store.save_extracted(connection, found, vocabulary="one")


def give(desk: Desk, facets: Mapping[str, Sequence[str]], video_id: int = 1) -> None:
    with desk.library.write() as connection:
        store.save_given(connection, {video_id: facets})


def read(desk: Desk, ref: str = "v1") -> Video:
    with desk.library.read() as connection:
        return get_video(connection, ref)


def facets(desk: Desk, ref: str = "v1") -> list[tuple[str, str, str]]:
    return [(facet.name, facet.value, facet.origin) for facet in read(desk, ref).facets]


def due(desk: Desk) -> list[Any]:
    query = "SELECT remote_id FROM videos WHERE extracted_by IS NULL AND prompt IS NOT NULL ORDER BY id"
    return [row[0] for row in desk.rows(query)]


@pytest.fixture
def fox(desk: Desk) -> Desk:
    """A desk with one video of a fox."""
    desk.hear(job(prompt="a fox, push in"))
    return desk


def test_extracted_facets_are_kept_with_their_words_and_shot(fox: Desk) -> None:
    extracted(fox, FOX, PUSH_IN, CALM)
    assert read(fox).facets == (PUSH_IN, CALM, FOX)
    assert due(fox) == []


def test_what_the_prompt_asks_to_leave_out_is_kept(fox: Desk) -> None:
    extracted(fox, avoided="no music")
    assert read(fox).negative_prompt == "no music"
    extracted(fox)
    assert read(fox).negative_prompt is None


def test_extracting_again_replaces_what_was_found_before(fox: Desk) -> None:
    extracted(fox, FOX, PUSH_IN)
    extracted(fox, CALM)
    assert read(fox).facets == (CALM,)


def test_a_prompt_that_changed_meanwhile_is_left_due(fox: Desk) -> None:
    extracted(fox, FOX, prompt="an older prompt")
    assert (facets(fox), due(fox)) == ([], ["v1"])


def test_a_video_that_went_away_meanwhile_is_passed_over(fox: Desk) -> None:
    extracted(fox, FOX, video_id=9)
    assert fox.value("SELECT count(*) FROM video_facets") == 0


def test_a_changed_prompt_is_due_again(fox: Desk) -> None:
    extracted(fox, FOX)
    fox.hear(job(prompt="a fox, push in", progress=100))
    assert due(fox) == []
    fox.hear(job(prompt="a hare, push in"))
    assert due(fox) == ["v1"]


def test_a_given_facet_outranks_what_the_prompt_says(fox: Desk) -> None:
    extracted(fox, FOX, PUSH_IN)
    give(fox, {"subject": ["red fox", "snow"], "brand": ["acme"]})
    wanted = [
        ("brand", "acme", "given"),
        ("subject", "red fox", "given"),
        ("subject", "snow", "given"),
        ("camera_movement", "push_in", "prose"),
    ]
    assert facets(fox) == wanted
    assert due(fox) == []
    extracted(fox, FOX, PUSH_IN)
    assert facets(fox) == wanted


def test_a_facet_given_before_the_prompt_was_read_outranks_it_too(fox: Desk) -> None:
    give(fox, {"subject": ["red fox"]})
    extracted(fox, FOX, PUSH_IN)
    assert facets(fox) == [("subject", "red fox", "given"), ("camera_movement", "push_in", "prose")]


def test_giving_again_replaces_the_names_given_and_leaves_the_others(fox: Desk) -> None:
    give(fox, {"subject": ["red fox"], "mood": ["calm"]})
    give(fox, {"subject": ["hare", "hare"]})
    assert facets(fox) == [("mood", "calm", "given"), ("subject", "hare", "given")]


def test_giving_no_value_takes_a_facet_back(fox: Desk) -> None:
    extracted(fox, FOX)
    give(fox, {"subject": ["red fox"], "mood": ["calm"]})
    assert due(fox) == []
    give(fox, {"subject": []})
    assert facets(fox) == [("mood", "calm", "given")]
    assert due(fox) == ["v1"]
    extracted(fox, FOX)
    assert facets(fox) == [("mood", "calm", "given"), ("subject", "fox", "prose")]


def test_a_video_without_a_prompt_can_be_given_facets(desk: Desk) -> None:
    desk.hear(job())
    give(desk, {"subject": ["fox"]})
    assert facets(desk) == [("subject", "fox", "given")]
    assert due(desk) == []


def test_a_value_is_made_once_however_many_videos_have_it(desk: Desk) -> None:
    desk.hear(job("v1", prompt="a fox, push in"), job("v2", prompt="a fox, push in"))
    extracted(desk, FOX, PUSH_IN)
    extracted(desk, FOX, Facet("style", "fox", "prose"), video_id=2)
    give(desk, {"subject": ["fox"]})
    values = desk.rows("SELECT facet, value FROM facet_values ORDER BY facet")
    assert values == [("camera_movement", "push_in"), ("style", "fox"), ("subject", "fox")]


def test_a_value_in_two_shots_is_kept_for_each(fox: Desk) -> None:
    shots = [Facet("lens", "35mm", "label", place, place + 4, shot) for place, shot in ((0, 1), (10, 2))]
    extracted(fox, *shots)
    assert read(fox).facets == tuple(shots)


def test_forgetting_makes_every_prompt_due_and_keeps_what_was_given(desk: Desk) -> None:
    desk.hear(job("v1", prompt="a fox, push in"), job("v2", prompt="a fox, push in"))
    extracted(desk, FOX)
    extracted(desk, FOX, video_id=2)
    give(desk, {"mood": ["calm"]})
    with desk.library.write() as connection:
        store.forget_extracted(connection)
    assert due(desk) == ["v1", "v2"]
    extracted(desk, PUSH_IN)
    assert facets(desk) == [("mood", "calm", "given"), ("camera_movement", "push_in", "prose")]


def test_the_journey_reads_every_prompt_that_is_due_a_batch_at_a_time(desk: Desk) -> None:
    total = journey.BATCH * 2 + 3
    shots = ("slow push in", "pan left", "static shot")
    desk.hear(*(job(f"v{number}", prompt=f"A fox in the snow, {shots[number % 3]}.") for number in range(total)))
    desk.hear(job("silent"))
    heard: list[tuple[str, int, int | None, str]] = []
    done = journey.extract_due(desk.library, on_progress=lambda *progress: heard.append(progress))
    assert done == total
    assert heard == [("prompts", min(total, journey.BATCH * step), total, "reading") for step in (1, 2, 3)]
    assert due(desk) == []
    assert journey.extract_due(desk.library) == 0
    with desk.library.read() as connection:
        found = [search(connection, f"camera_movement:{value}").total for value in ("push_in", "pan_left", "pan")]
    assert found == [len(range(0, total, 3)), len(range(1, total, 3)), len(range(1, total, 3))]


def test_the_words_of_an_extracted_facet_stand_in_the_prompt(desk: Desk) -> None:
    prompt = "Slow push in on a red door at dusk. Avoid: text overlays."
    desk.hear(job(prompt=prompt))
    journey.extract_due(desk.library)
    video = read(desk)
    words = {facet.value: prompt[facet.start : facet.end].lower() for facet in video.facets if facet.end}
    assert "push in" in words["push_in"]
    assert "text overlays" in (video.negative_prompt or "")
