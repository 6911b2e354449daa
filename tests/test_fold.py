"""The fold: what several answers about one job make of its row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.fold import COLUMNS, Observation, fold
from catalog.rows import COLUMNS as RECORD_COLUMNS
from catalog.rows import json_text
from catalog.wire.answers import ParsedVideo

NOON = "2026-11-21T12:00:00.000Z"
ONE = "2026-11-21T13:00:00.000Z"
TWO = "2026-11-21T14:00:00.000Z"


def seen(
    at: str = NOON, *, channel: str = "list", digest: str = "a", until: str | None = None, **told: object
) -> Observation:
    return Observation(ParsedVideo("v1", **told), channel, 200, digest, None, at, until or at)


def absent(at: str, until: str | None = None) -> Observation:
    return Observation(None, "get", 404, "gone", None, at, until or at)


def test_a_known_prompt_survives_an_answer_without_one() -> None:
    row = fold([seen(prompt="a red kite", status="queued"), seen(ONE, status="completed")])
    assert (row["prompt"], row["status"]) == ("a red kite", "completed")


def test_a_terminal_status_never_goes_back() -> None:
    row = fold([seen(NOON, status="completed"), seen(TWO, status="in_progress", digest="b")])
    assert row["status"] == "completed"


def test_an_unknown_status_never_replaces_a_known_one() -> None:
    row = fold([seen(status="queued", provider_status="queued"), seen(ONE, status="unknown", provider_status="odd")])
    assert (row["status"], row["provider_status"]) == ("queued", "queued")


def test_an_unknown_word_alone_is_kept_as_it_was_sent() -> None:
    row = fold([seen(status="unknown", provider_status="WARMING")])
    assert (row["status"], row["provider_status"]) == ("unknown", "WARMING")


def test_a_retrieved_answer_outranks_a_listed_one() -> None:
    listed = seen(TWO, status="failed", error_code="RuntimeError")
    retrieved = seen(NOON, channel="get", status="failed", error_code="500", digest="b")
    assert fold([listed, retrieved])["error_code"] == "500"


def test_the_earliest_creation_time_stays() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    row = fold([seen(created_at=late), seen(ONE, created_at=early, digest="b")])
    assert row["created_at"] == "2026-01-01T00:00:00.000Z"


def test_progress_is_the_most_that_was_seen() -> None:
    row = fold([seen(NOON, progress=90.0, status="in_progress"), seen(ONE, progress=10.0, status="in_progress")])
    assert row["progress"] == 90.0


def test_zero_is_a_value() -> None:
    assert fold([seen(progress=0.0)])["progress"] == 0.0


def test_a_404_after_the_last_sight_marks_the_video_gone() -> None:
    assert fold([seen(NOON), absent(ONE)])["gone_at"] == ONE


def test_a_job_that_comes_back_is_not_gone() -> None:
    row = fold([seen(NOON, until=TWO), absent(ONE)])
    assert (row["gone_at"], row["first_seen_at"], row["last_seen_at"]) == (None, NOON, TWO)


def test_an_answer_that_was_repeated_later_wins_again() -> None:
    row = fold([seen(NOON, until=TWO, quality="hd"), seen(ONE, quality="standard", digest="b")])
    assert row["quality"] == "hd"


def test_metadata_of_several_answers_is_joined() -> None:
    row = fold([seen(metadata={"campaign": "launch"}), seen(ONE, metadata={"take": "2"}, digest="b")])
    assert row["metadata"] == '{"campaign":"launch","take":"2"}'


def test_a_reported_cost_names_its_basis_and_no_cost_is_unknown_not_zero() -> None:
    assert fold([seen(cost_usd=0.8)])["cost_basis"] == "reported"
    row = fold([seen()])
    assert (row["cost_usd"], row["cost_basis"]) == (None, "unknown")


def test_text_that_utf8_cannot_hold_is_made_storable() -> None:
    assert fold([seen(prompt="a \ud800 b")])["prompt"] == "a ? b"


@pytest.mark.parametrize(("value", "text"), [({"a": float("nan")}, '{"a":null}'), (["\ud800"], '["\\ud800"]')])
def test_json_text_is_always_valid_json(value: object, text: str) -> None:
    assert json_text(value) == text


def test_every_field_of_the_record_is_folded_or_has_its_own_home() -> None:
    assert set(RECORD_COLUMNS) - set(COLUMNS) == {"source", "remote_id", "deleted_at"}


STATUSES = ("unknown", "queued", "in_progress", "completed", "failed")
times = st.sampled_from((NOON, ONE, TWO))
moments = st.sampled_from((None, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)))
videos = st.builds(
    ParsedVideo,
    remote_id=st.just("v1"),
    status=st.sampled_from(STATUSES),
    provider_status=st.sampled_from((None, "x", "y")),
    progress=st.sampled_from((None, 0.0, 50.0, 100.0)),
    prompt=st.sampled_from((None, "", "one", "two")),
    created_at=moments,
    completed_at=moments,
    metadata=st.dictionaries(st.sampled_from("ab"), st.sampled_from(("1", "2")), max_size=2),
    output_urls=st.sampled_from(([], ["https://a.example/1"], ["https://a.example/2"])),
)


@st.composite
def observations(draw: st.DrawFn) -> list[Observation]:
    count = draw(st.integers(1, 4))
    made = []
    for number in range(count):
        first, last = sorted((draw(times), draw(times)))
        video = draw(st.none() | videos)
        channel = draw(st.sampled_from(("list", "get", "webhook", "import")))
        status = 200 if video else 404
        made.append(Observation(video, channel, status, f"hash{number}", draw(st.none() | times), first, last))
    return made


@given(observations())
def test_any_order_of_the_same_observations_gives_the_same_row(arrived: list[Observation]) -> None:
    rows = [fold(order) for order in permutations(arrived)]
    assert all(row == rows[0] for row in rows)


@given(observations(), videos)
def test_one_more_answer_never_blanks_a_field(arrived: list[Observation], video: ParsedVideo) -> None:
    before = fold(arrived)
    after = fold([*arrived, Observation(replace(video), "list", 200, "more", None, ONE, ONE)])
    lost = {name for name in COLUMNS if before[name] is not None and after[name] is None}
    assert lost <= {"gone_at"}
