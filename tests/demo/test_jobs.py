"""A job is a function of its plan and the time; a store keeps jobs in the order of creation."""

from __future__ import annotations

import pytest

from catalog.demo.gateway.jobs import Clock, Failure, Job, Jobs, State

PLAN = {"id": "video_1", "model": "sora-2", "prompt": "p", "created_at": 1000, "queues_for": 10, "runs_for": 100}


def ids(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs]


def at_seconds(*seconds: int) -> Jobs:
    return Jobs(Job(**{**PLAN, "id": f"video_{number}", "created_at": at}) for number, at in enumerate(seconds))


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (1000, State("queued", 0)),
        (1009, State("queued", 0)),
        (1010, State("in_progress", 0)),
        (1060, State("in_progress", 50)),
        (1109.9, State("in_progress", 99)),
        (1110, State("completed", 100, 1110, 1710)),
        (9999, State("completed", 100, 1110, 1710)),
    ],
)
def test_a_job_moves_from_queue_to_work_to_its_end(now: float, state: State):
    assert Job(**PLAN, keeps_for=600).at(now) == state


def test_a_job_with_a_failure_fails_when_its_work_is_done():
    failure = Failure("moderation_blocked", "No.")
    job = Job(**PLAN, failure=failure)
    assert job.at(1100).status == "in_progress"
    assert job.at(1110) == State("failed", 0, error=failure)


def test_a_stalled_job_never_ends():
    job = Job(**PLAN, stalls_at=41)
    assert job.at(1030) == State("in_progress", 20)
    assert job.at(10**9) == State("in_progress", 41)


def test_only_completed_and_failed_are_terminal():
    assert [State(word, 0).is_terminal for word in ("queued", "in_progress", "completed", "failed")] == [
        False,
        False,
        True,
        True,
    ]


def test_a_window_shows_the_newest_first():
    assert ids(at_seconds(5, 3, 4).window(limit=2)[0]) == ["video_0", "video_2"]


def test_a_window_says_whether_more_follow():
    jobs = at_seconds(1, 2, 3)
    assert jobs.window(limit=2)[1] is True
    assert jobs.window(limit=3)[1] is False
    assert jobs.window(limit=2, newest_first=False)[1] is True
    assert jobs.window(limit=3, newest_first=False)[1] is False


def test_a_window_goes_on_behind_a_job_in_both_directions():
    jobs = at_seconds(1, 2, 3, 4)
    assert ids(jobs.window(after="video_2", limit=9)[0]) == ["video_1", "video_0"]
    assert ids(jobs.window(after="video_2", limit=9, newest_first=False)[0]) == ["video_3"]


def test_jobs_of_the_same_second_keep_their_order():
    assert ids(at_seconds(7, 7, 7).window(limit=9)[0]) == ["video_2", "video_1", "video_0"]


def test_a_window_behind_a_removed_job_is_a_key_error():
    jobs = at_seconds(1, 2)
    jobs.remove("video_1")
    with pytest.raises(KeyError):
        jobs.window(after="video_1", limit=1)


def test_a_new_job_takes_its_place_by_time():
    jobs = at_seconds(10, 30)
    jobs.add(Job(**{**PLAN, "id": "video_new", "created_at": 20}))
    assert [job.created_at for job in jobs] == [10, 20, 30]


def test_a_removed_job_is_found_no_more():
    jobs = at_seconds(1)
    assert jobs.remove("video_0") is not None
    assert jobs.find("video_0") is None
    assert len(jobs) == 0
    assert jobs.remove("video_0") is None


def test_two_jobs_cannot_share_an_id():
    with pytest.raises(ValueError, match="two jobs with the id video_1"):
        Jobs([Job(**PLAN), Job(**PLAN)])


def test_a_clock_moves_when_told_or_at_each_reading():
    clock = Clock(10)
    clock.advance(5)
    assert (clock(), clock()) == (15, 15)
    assert [Clock(0, step=2)() for _ in range(1)] == [2]
