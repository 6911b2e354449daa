"""A clip is safe as soon as its job has completed: the receiver of webhooks downloads it."""

from __future__ import annotations

from catalog.client.client import Client
from tests.download.conftest import KEY, job
from tests.house import wait_until
from tests.test_hooks import event, running


def test_a_job_that_completes_is_downloaded_at_once(studio, clock) -> None:
    made = studio(job(1), job(2, age=0, queues_for=5, runs_for=5))
    with running(
        made.library,
        client=lambda: Client(made.gateway.base_url, key=KEY, source="studio", deadline=5),
        download=lambda: made.prepare(variants=("video",)),
    ) as hooks:
        wait_until(lambda: made.files("video_1"))  # which an earlier run has left
        clock.advance(60)
        assert hooks.post(event("video_2")) == 200
        wait_until(lambda: made.files("video_2"))
        assert made.file("video_2").state == "present"
        assert any(line.startswith("downloaded 1 file") for line in hooks.events)


def test_a_download_that_fails_stops_nothing(studio, clock) -> None:
    made = studio(job(1, age=0, queues_for=5, runs_for=5))
    attempts = []

    def begin():
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no such disk")
        return made.prepare(variants=("video",))

    with running(
        made.library,
        client=lambda: Client(made.gateway.base_url, key=KEY, source="studio", deadline=5),
        download=begin,
    ) as hooks:
        wait_until(lambda: any("cannot download: no such disk" in line for line in hooks.events))
        clock.advance(60)
        hooks.post(event("video_1"))
        wait_until(lambda: made.files("video_1"))
