"""The sample library: what a demonstration and the other tests count on."""

from __future__ import annotations

import json
from collections import Counter
from typing import get_args

import pytest

from catalog.demo.gateway.jobs import DAY, HOUR, Credentials, Job, State
from catalog.demo.prompts import scenes
from catalog.demo.sample import find_longest_chain, sample_jobs

NOW = 1_795_262_400


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    return sample_jobs(NOW)


@pytest.fixture(scope="module")
def states(jobs: list[Job]) -> dict[str, State]:
    return {job.id: job.at(NOW) for job in jobs}


def depth(job: Job, by_id: dict[str, Job]) -> int:
    found = 0
    while job.remixed_from in by_id:
        job, found = by_id[job.remixed_from], found + 1
    return found


def test_there_are_240_jobs_unless_another_count_is_wanted(jobs: list[Job]):
    assert len(jobs) == 240
    assert [len(sample_jobs(NOW, count)) for count in (0, 1, 7, 1000)] == [0, 1, 7, 1000]


def test_the_same_moment_gives_the_same_jobs(jobs: list[Job]):
    assert sample_jobs(NOW) == jobs


def test_another_moment_gives_the_same_jobs_at_other_times(jobs: list[Job]):
    later = sample_jobs(NOW + 77)
    assert [(job.id, job.prompt, job.created_at - 77) for job in later] == [
        (job.id, job.prompt, job.created_at) for job in jobs
    ]


@pytest.mark.parametrize("count", [240, 10_000])
def test_ids_and_prompts_are_all_different(count: int):
    many = sample_jobs(NOW, count)
    assert len({job.id for job in many}) == len({job.prompt for job in many}) == count


def test_jobs_come_oldest_first_and_lie_within_sixty_days(jobs: list[Job]):
    times = [job.created_at for job in jobs]
    assert times == sorted(times)
    assert times[0] >= NOW - 60 * DAY
    assert times[-1] < NOW


def test_most_jobs_are_older_than_the_look_back_of_a_sync(jobs: list[Job]):
    young = sum(job.created_at > NOW - 48 * HOUR for job in jobs)
    assert 10 <= young <= 40


def test_every_status_occurs(states: dict[str, State]):
    counts = Counter(state.status for state in states.values())
    assert counts["queued"] >= 2
    assert counts["in_progress"] >= 4
    assert counts["failed"] >= 8
    assert counts["completed"] >= 200


def test_several_failures_have_different_codes(states: dict[str, State]):
    codes = {state.error.code for state in states.values() if state.error}
    assert "moderation_blocked" in codes
    assert len(codes) >= 4


def test_at_least_48_jobs_have_assets_that_can_be_fetched(states: dict[str, State]):
    assert sum(state.status == "completed" and state.expires_at > NOW for state in states.values()) >= 48


def test_some_assets_have_expired(states: dict[str, State]):
    assert sum(state.status == "completed" and state.expires_at <= NOW for state in states.values()) >= 10


def test_some_assets_expire_within_the_hour(states: dict[str, State]):
    assert sum(NOW < (state.expires_at or 0) <= NOW + HOUR for state in states.values()) >= 3


def test_two_jobs_have_stalled(jobs: list[Job], states: dict[str, State]):
    old = [job for job in jobs if states[job.id].status == "in_progress" and job.created_at < NOW - 5 * HOUR]
    assert len(old) == 2


def test_a_chain_of_remixes_is_at_least_five_deep(jobs: list[Job]):
    by_id = {job.id: job for job in jobs}
    assert max(depth(job, by_id) for job in jobs) >= 5


def test_one_job_has_at_least_eight_remixes(jobs: list[Job]):
    [(_, most)] = Counter(job.remixed_from for job in jobs if job.remixed_from).most_common(1)
    assert most >= 8


def test_the_longest_chain_is_kept_and_has_every_kind_of_credentials(jobs: list[Job]):
    chain = find_longest_chain(jobs)
    assert [job.remixed_from for job in chain] == [None, *(job.id for job in chain[:-1])]
    assert all(job.is_kept(NOW) for job in chain)
    assert {job.credentials for job in chain} == set(get_args(Credentials))
    assert chain[0].credentials == chain[1].credentials == "sound"
    assert [(chain.index(job), job.made_from) for job in jobs if job.made_from] == [(5, chain[1].id)]


def test_no_other_clip_has_credentials_that_are_not_sound(jobs: list[Job]):
    chain = find_longest_chain(jobs)
    assert {job.credentials for job in jobs if job not in chain} == {"sound"}


def test_of_no_jobs_no_chain_is_the_longest():
    assert find_longest_chain([]) == ()


def test_one_job_is_a_remix_of_a_job_that_is_gone(jobs: list[Job]):
    known = {job.id for job in jobs}
    assert sum(job.remixed_from is not None and job.remixed_from not in known for job in jobs) == 1


@pytest.mark.parametrize("count", [240, 10_000])
def test_a_remix_is_asked_for_when_its_source_is_done(count: int):
    many = sample_jobs(NOW, count)
    by_id = {job.id: job for job in many}
    remixes = [job for job in many if job.remixed_from in by_id]
    assert {by_id[job.remixed_from].at(job.created_at).status for job in remixes} == {"completed"}


def test_neon_rain_finds_a_handful(jobs: list[Job]):
    found = [job for job in jobs if {"neon", "rain"} <= set(job.prompt.casefold().replace(",", " ").split())]
    assert 5 <= len(found) <= 30


def test_models_sizes_and_metadata_vary(jobs: list[Job]):
    assert len({job.model for job in jobs}) >= 5
    assert len({job.size for job in jobs}) >= 5
    assert {"4", "8", "12"} <= {job.seconds for job in jobs}
    assert 0.3 < sum(job.metadata is not None for job in jobs) / len(jobs) < 0.9


def test_json_prompts_stay_json_in_every_take():
    prompts = [job.prompt for job in sample_jobs(NOW, 3000) if job.prompt.startswith("{")]
    assert len(prompts) > 100
    assert all(isinstance(json.loads(prompt), dict) for prompt in prompts)


@pytest.mark.parametrize("letter", ["的", "の", "ñ"])
def test_some_prompts_are_chinese_japanese_and_spanish(jobs: list[Job], letter: str):
    assert any(letter in job.prompt for job in jobs)


def test_the_hand_written_scenes_have_names_of_their_own():
    names = [scene["name"] for scene in scenes()]
    assert len(names) >= 80
    assert len(set(names)) == len(names)


def test_there_is_a_job_of_every_kind_that_a_download_meets(jobs: list[Job], states: dict[str, State]):
    kept = [job for job in jobs if job.is_kept(NOW)]
    assert [(job.kind, job.outputs) for job in kept if job.names_outputs] == [("video", 1), ("image", 4), ("video", 2)]
    assert any(states[job.id].expires_at <= NOW < job.at(NOW, renews=True).expires_at for job in kept)
    lost = [job for job in jobs if states[job.id].status == "completed" and job not in kept]
    assert any(job.created_at > NOW - 3 * HOUR for job in lost)
