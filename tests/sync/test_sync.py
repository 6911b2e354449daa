"""Syncing from a real server: what comes in, what is asked for again, and what an interruption leaves."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from catalog import store
from catalog.client import paging
from catalog.errors import CatalogError, ConfigError
from catalog.sync import add_ids, listing
from tests.house import LONG
from tests.sync.conftest import HOUR, KEY_ENV, NOW, Studio, job, many

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.demo.gateway.jobs import Clock

    Make = Callable[..., Studio]


def test_a_first_sync_takes_in_every_job(studio: Make) -> None:
    report = studio(*many(250)).sync()
    assert (report.mode, report.added, report.stopped) == ("full", 250, paging.END)
    assert (report.changed, report.unchanged, report.unfinished, report.error) == (0, 0, 0, None)
    assert report.requests == 3


def test_a_second_sync_stops_at_the_first_page_of_old_known_jobs(studio: Make) -> None:
    house = studio(*many(250))
    house.sync()
    report = house.sync()
    assert (report.mode, report.added, report.unchanged, report.requests) == ("incremental", 0, 100, 1)
    assert report.stopped == listing.KNOWN


def test_the_look_back_is_always_walked_again(studio: Make) -> None:
    house = studio(*many(150, age=0))
    house.sync()
    house.settings = house.settings.model_copy(update={"look_back_hours": 120})
    report = house.sync()
    assert (report.requests, report.stopped) == (2, paging.END)


def test_a_full_sync_walks_all_pages_again(studio: Make) -> None:
    house = studio(*many(250))
    house.sync()
    report = house.sync(full=True)
    assert (report.mode, report.unchanged, report.requests) == ("full", 250, 3)


def test_a_new_job_comes_in_by_an_incremental_sync(studio: Make) -> None:
    house = studio(*many(120))
    house.sync()
    house.gateway.jobs.add(job(999, age=10, queues_for=1000))
    report = house.sync()
    assert (report.added, report.unfinished) == (1, 1)


def test_an_unfinished_job_is_asked_for_by_id_until_it_is_finished(studio: Make) -> None:
    house = studio(*many(120), job(500, age=60 * HOUR, queues_for=60 * HOUR + 100, runs_for=100))
    assert house.sync().unfinished == 1
    house.clock.advance(150)
    report = house.sync()
    assert house.value("SELECT status FROM videos WHERE remote_id = 'video_0500'") == "in_progress"
    assert report.changed == 1
    house.clock.advance(100)
    assert house.sync().unfinished == 0
    moved = house.rows("SELECT old, new FROM changes WHERE field = 'status' ORDER BY id")
    assert moved == [("queued", "in_progress"), ("in_progress", "completed")]


def test_a_failed_job_is_counted_and_keeps_its_error(studio: Make) -> None:
    from catalog.demo.gateway.jobs import Failure

    house = studio(job(1, failure=Failure("moderation_blocked", "Blocked.")))
    assert house.sync().failed == 1
    assert house.rows("SELECT status, error_code, error_message FROM videos") == [
        ("failed", "moderation_blocked", "Blocked.")
    ]


def test_jobs_that_expire_within_the_hour_are_counted(studio: Make) -> None:
    house = studio(job(1, age=30 * 60, keeps_for=HOUR), job(2))
    assert house.sync().expiring == 1


def test_a_job_that_will_expire_is_new_once(studio: Make, clock: Clock) -> None:
    house = studio(job(1, age=10, keeps_for=2 * HOUR), job(2, age=30 * 60, keeps_for=HOUR))
    assert [(report.expiring, report.expiring_new) for report in (house.sync(), house.sync())] == [(1, 1), (1, 0)]
    clock.advance(20 * 60)
    house.gateway.jobs.add(job(3, age=-19 * 60, keeps_for=HOUR))
    report = house.sync()
    assert (report.expiring, report.expiring_new) == (2, 1)  # a job that was made since
    clock.advance(45 * 60)
    report = house.sync()
    assert (report.expiring, report.expiring_new) == (2, 1)  # one whose time has come near


def test_a_job_whose_bytes_are_held_does_not_expire(studio: Make) -> None:
    house = studio(job(1, age=30 * 60, keeps_for=HOUR))
    house.sync()
    with house.library.write() as connection:
        data = store.Bytes("a" * 64, 1, "video/mp4", f"media/aa/aa/{'a' * 64}.mp4")
        store.save_file(connection, store.Spot(1, "video"), data, origin="download", at=house.now())
    assert house.sync().expiring == 0


def test_a_job_that_the_server_forgot_is_gone_but_kept(studio: Make) -> None:
    house = studio(*many(3), job(9, age=60, queues_for=1000))
    house.sync()
    house.gateway.jobs.remove("video_0009")
    report = house.sync()
    assert house.rows("SELECT status, gone_at IS NOT NULL FROM videos WHERE remote_id = 'video_0009'") == [
        ("queued", 1)
    ]
    assert (report.changed, report.unfinished, report.error) == (1, 0, None)


def test_a_mass_disappearance_makes_the_source_suspect_and_marks_nothing(studio: Make) -> None:
    house = studio(*many(60))
    house.sync()
    for number in range(1, 56):
        house.gateway.jobs.remove(f"video_{number:04d}")
    house.clock.advance(60)
    report = house.sync(full=True)
    assert "the list no longer has 55 of 60 jobs" in report.notes[-1]
    assert house.value("SELECT count(*) FROM videos WHERE gone_at IS NOT NULL") == 0
    assert house.value("SELECT health FROM sources") == "suspect"


def test_a_few_vanished_list_entries_are_asked_for_by_id(studio: Make) -> None:
    house = studio(*many(60))
    house.sync()
    house.gateway.jobs.remove("video_0007")
    house.clock.advance(60)
    house.sync(full=True)
    assert house.rows("SELECT remote_id FROM videos WHERE gone_at IS NOT NULL") == [("video_0007",)]


def test_a_refused_key_is_a_clear_error_without_the_key(studio: Make) -> None:
    house = studio(*many(3))
    house.gateway.faults.wrong_key = True
    report = house.sync()
    assert report.error
    assert "401" in report.error
    assert "secret-key" not in report.error
    assert house.value("SELECT health FROM sources") == "failing"


def test_a_missing_key_is_named_by_its_variable_before_anything_is_written(
    studio: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = studio(*many(3))
    monkeypatch.delenv(KEY_ENV)
    with pytest.raises(ConfigError, match=KEY_ENV):
        house.sync()
    with pytest.raises(ConfigError, match=KEY_ENV):
        add_ids(house.library, house.source, house.settings, ["video_1"])
    assert house.rows("SELECT * FROM sources") == []


def test_a_server_that_is_not_there_is_a_clear_error(studio: Make) -> None:
    house = studio(*many(3))
    house.source = house.source.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    house.settings = house.settings.model_copy(update={"deadline_seconds": 20.0})
    report = house.sync()
    assert report.error
    assert "127.0.0.1:9" in report.error


@pytest.mark.parametrize("header", ["seconds", "date", "ms"])
def test_a_rate_limit_is_waited_out(studio: Make, header: str) -> None:
    house = studio(*many(3))
    house.gateway.faults.rate_limits = 1
    house.gateway.faults.retry_after = 0.2
    house.gateway.faults.retry_header = header
    report = house.sync()
    assert (report.added, report.error, report.requests) == (3, None, 2)


def test_a_rate_limit_beyond_the_deadline_fails_with_the_wait_in_the_message(studio: Make) -> None:
    house = studio(*many(3))
    house.gateway.faults.rate_limits = 1
    house.gateway.faults.retry_after = 3000
    started = time.monotonic()
    report = house.sync()
    assert report.error
    assert time.monotonic() - started < LONG


def test_a_server_error_is_tried_again(studio: Make) -> None:
    house = studio(*many(3))
    house.gateway.faults.server_errors = 1
    assert house.sync().added == 3


def test_an_answer_that_is_not_json_fails_and_loses_nothing(studio: Make) -> None:
    house = studio(*many(150))
    house.gateway.faults.body = "html"
    report = house.sync()
    assert report.error
    house.gateway.faults.clear()
    assert house.sync().added == 150


@pytest.mark.parametrize(
    ("lists", "reason"),
    [
        ("endless", paging.NOTHING_NEW),
        ("repeated_cursor", paging.REPEATED),
        ("empty_page", paging.EMPTY),
    ],
)
def test_a_list_that_lies_is_left_and_the_report_says_why(studio: Make, lists: str, reason: str) -> None:
    house = studio(*many(250))
    house.gateway.faults.lists = lists
    report = house.sync()
    assert report.error is None
    assert report.stopped == reason
    assert report.added >= 100


def test_a_walk_that_failed_goes_on_at_its_cursor(studio: Make) -> None:
    house = studio(*many(350))
    house.settings = house.settings.model_copy(update={"deadline_seconds": 0.4})
    seen = []

    def fail_at_the_third_page(*progress: object) -> None:
        seen.append(progress)
        if len(seen) == 2:
            house.gateway.faults.server_errors = 100

    first = house.sync(on_progress=fail_at_the_third_page)
    assert first.error
    assert (first.added, house.value("SELECT count(*) FROM videos")) == (200, 200)
    house.gateway.faults.clear()
    before = house.asked()
    second = house.sync()
    assert (second.mode, second.added, second.error) == ("resumed", 150, None)
    assert house.value("SELECT cursor FROM sources") is None
    assert house.asked() - before == 3


def test_a_cursor_whose_job_is_gone_restarts_the_walk(studio: Make) -> None:
    house = studio(*many(150))
    with house.library.write() as connection:
        connection.execute(
            "INSERT INTO sources(name, health, cursor) VALUES ('studio', 'ok', ?)",
            ('{"after": "video_x", "full": true}',),
        )
    report = house.sync()
    assert (report.added, report.error) == (150, None)


def test_a_second_sync_at_the_same_time_is_refused(studio: Make) -> None:
    house = studio(*many(3))

    def sync_again(*_: object) -> None:
        with pytest.raises(CatalogError, match="is being synced by"):
            house.sync()

    assert house.sync(on_progress=sync_again).error is None


def test_the_lock_of_a_dead_process_is_taken_over(studio: Make) -> None:
    house = studio(*many(3))
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
    import platform

    with house.library.write() as connection:
        connection.execute(
            "INSERT INTO sources(name, health, lock_holder, locked_at) VALUES ('studio', 'ok', ?, ?)",
            (f"{platform.node()}:{process.pid}", "2026-11-18T00:00:00.000Z"),
        )
    assert house.sync().added == 3


def test_an_interrupted_run_gives_the_source_free_and_the_next_completes_it(studio: Make) -> None:
    house = studio(*many(350))

    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        house.sync(on_progress=interrupt)
    assert house.value("SELECT lock_holder FROM sources") is None
    assert house.value("SELECT error FROM sync_runs") == "interrupted: the next run completes it"
    assert house.sync().error is None
    assert house.value("SELECT count(*) FROM videos") == 350


def test_ids_are_added_kept_and_asked_for(studio: Make) -> None:
    house = studio(job(1), job(2, age=10, queues_for=500))
    report = house.add("video_0001", "video_0002", "video_0001")
    assert (report.mode, report.added, report.unfinished) == ("add", 2, 1)
    assert house.rows("SELECT status FROM videos ORDER BY remote_id") == [("completed",), ("queued",)]


def test_of_an_added_id_that_the_server_does_not_know_nothing_is_kept(studio: Make) -> None:
    house = studio(job(1))
    report = house.add("video_none", "video_0001")
    assert list(report.missed) == ["video_none"]
    assert report.missed["video_none"].endswith("nothing is kept of it")
    assert house.rows("SELECT remote_id FROM videos") == [("video_0001",)]


def test_an_added_id_that_could_not_be_retrieved_is_kept_and_asked_for_again(studio: Make) -> None:
    house = studio(job(1))
    house.settings = house.settings.model_copy(update={"deadline_seconds": 0.4})
    house.gateway.faults.server_errors = 100
    assert list(house.add("video_0001").missed) == ["video_0001"]
    assert house.rows("SELECT remote_id, status FROM videos") == [("video_0001", "unknown")]
    house.gateway.faults.clear()
    house.sync()
    assert house.rows("SELECT remote_id, status FROM videos") == [("video_0001", "completed")]


def test_waiting_asks_until_every_job_is_finished(studio: Make) -> None:
    house = studio(job(1, age=0, queues_for=20, runs_for=20))
    house.clock.step = 5
    report = house.add("video_0001", wait=True)
    assert (report.unfinished, report.error) == (0, None)
    assert house.value("SELECT status FROM videos") == "completed"
    assert house.clock.now > NOW


def test_every_run_is_kept(studio: Make) -> None:
    house = studio(*many(3))
    house.sync()
    house.sync()
    assert house.rows("SELECT mode, added, unchanged FROM sync_runs ORDER BY id") == [
        ("full", 3, 0),
        ("incremental", 0, 3),
    ]
