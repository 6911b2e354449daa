"""One bad thing never blocks the rest: jobs that fail come last and rest, and a source that is down is soon left."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.errors import Gone, RateLimited, Refused, Unauthorized, Unavailable
from catalog.sync.failures import FREE, LONGEST_REST, rest_after
from catalog.sync.queue import MAX_FAILURES, MAX_PROBES, Queue
from tests.client.server import response
from tests.sync.test_absences import names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.client.server import Request
    from tests.sync.account import Account

FINISHED = "SELECT count(*) FROM videos WHERE status = 'completed'"


@pytest.mark.parametrize("code", [500, 400, 403, 418])
@pytest.mark.parametrize("bad", [5, 60])
def test_jobs_that_always_fail_do_not_keep_others_from_being_asked_for(unlisted: Account, bad: int, code: int) -> None:
    broken, fine = names(bad, "bad"), names(20, "fine")
    unlisted.have(*fine)
    unlisted.say(code, *broken)
    unlisted.add(*broken, *fine)
    for _ in range(2):
        unlisted.sync()
    assert unlisted.value(FINISHED) == 20


def test_jobs_that_hang_do_not_keep_others_from_being_asked_for(unlisted: Account) -> None:
    broken, fine = names(5, "bad"), names(20, "fine")
    unlisted.settings = unlisted.settings.model_copy(update={"deadline_seconds": 0.5})
    unlisted.have(*fine)

    def hang(_: Request) -> Iterable[bytes]:
        return unlisted._server.drip(b"HTTP/1.1 200 OK\r\n", 2.0)

    unlisted.say(hang, *broken)
    report = unlisted.add(*broken, *fine)
    assert sorted(report.missed) == broken
    assert unlisted.value(FINISHED) == 20


def test_a_source_that_is_down_is_left_soon_in_every_run(unlisted: Account) -> None:
    jobs = names(200)
    unlisted.have(*jobs, status="queued")
    unlisted.add(*jobs)
    unlisted.default = 503
    for _ in range(4):
        unlisted.asked()
        report = unlisted.sync()
        assert report.error
        assert len(set(unlisted.asked())) <= MAX_FAILURES + MAX_PROBES + unlisted.settings.parallel
        assert unlisted.health == "failing"
    unlisted.default = None
    unlisted.have(*jobs)
    assert unlisted.sync().unfinished == 0


def test_jobs_do_not_rest_for_what_their_source_did(unlisted: Account) -> None:
    jobs = names(8)
    unlisted.have(*jobs, status="queued")
    unlisted.add(*jobs)
    unlisted.default = 503
    for _ in range(FREE + 3):
        assert unlisted.sync().error
    unlisted.default = None
    unlisted.have(*jobs)
    assert unlisted.sync().unfinished == 0


def test_all_ids_are_kept_when_the_source_is_down_while_they_are_added(unlisted: Account) -> None:
    jobs = names(100)
    unlisted.default = 500
    report = unlisted.add(*jobs)
    assert report.error
    assert unlisted.value("SELECT count(*) FROM videos") == 100


def test_a_job_that_goes_on_failing_rests_longer_each_time(unlisted: Account) -> None:
    unlisted.say(500, "bad")
    unlisted.have("running", status="queued")
    unlisted.add("bad", "running")
    unlisted.asked()
    for _ in range(50):
        unlisted.now += timedelta(seconds=59)
        unlisted.sync()
    asked = Counter(unlisted.asked())
    assert asked["running"] == 50
    assert FREE <= asked["bad"] <= 12  # in 50 minutes


def test_a_job_that_rests_is_named_by_its_number_and_is_not_missed(unlisted: Account) -> None:
    unlisted.say(500, "bad")
    unlisted.add("bad")
    for _ in range(FREE):
        assert list(unlisted.sync().missed) == ["bad"]
    report = unlisted.sync()
    assert dict(report.missed) == {}
    assert report.notes == ("1 job that failed several times is not asked for in this run, but in a later one",)


def test_a_job_is_asked_for_again_at_once_where_its_user_says_so(unlisted: Account) -> None:
    unlisted.say(500, "bad")
    unlisted.add("bad")
    for _ in range(FREE + 1):
        unlisted.sync()
    unlisted.answers.clear()
    unlisted.have("bad")
    assert unlisted.add("bad").unfinished == 0
    assert unlisted.rows("SELECT * FROM retries") == []


def test_a_clock_that_was_set_back_keeps_no_job_resting(unlisted: Account) -> None:
    unlisted.say(500, "bad")
    unlisted.add("bad")
    for _ in range(FREE + 1):
        unlisted.sync()
    unlisted.asked()
    unlisted.now -= timedelta(days=30)
    unlisted.sync()
    assert unlisted.asked() == ["bad"]


def test_waiting_ends_for_a_job_that_goes_on_failing(unlisted: Account) -> None:
    unlisted.source = unlisted.source.model_copy(update={"poll_interval": 0.01})
    unlisted.say(500, "bad")
    unlisted.have("fine")
    report = unlisted.add("bad", "fine", wait=True)
    assert (list(report.missed), report.unfinished) == (["bad"], 1)


def test_jobs_that_are_known_to_fail_do_not_make_a_source_failing_that_lists(account: Account) -> None:
    jobs = names(12, "bad")
    account.have(*jobs, status="queued")
    account.say(500, *jobs)
    assert account.sync().error
    account.sync()
    report = account.sync()
    assert (report.error, account.health) == (None, "ok")
    assert report.missed


def test_a_list_that_always_fails_does_not_keep_jobs_from_being_asked_for(account: Account) -> None:
    account.have("a", status="queued")
    account.sync()
    account.have("a")
    account.lists = lambda _: response({"error": {"message": "no"}}, 500, x_should_retry="false")
    report = account.sync()
    assert report.error
    assert account.value(FINISHED) == 1
    assert account.health == "failing"


def test_a_page_that_always_fails_does_not_keep_new_jobs_from_coming_in(account: Account) -> None:
    account.have(*names(3))

    def page(request: Request) -> Iterable[bytes]:
        if "after=" in request.target:
            return response({"error": {"message": "no"}}, 500, x_should_retry="false")
        listed = list(account.jobs.values())
        return response({"object": "list", "data": listed, "has_more": True, "last_id": listed[-1]["id"]})

    account.lists = page
    assert account.sync().error
    cursor = account.value("SELECT cursor FROM sources")
    account.jobs = {}
    account.have("new", *names(3))
    report = account.sync()
    assert (bool(report.error), report.added) == (True, 1)
    assert account.value("SELECT cursor FROM sources") == cursor


def cast(account: Account, *character_ids: str) -> None:
    """Tell the library that a job named these characters."""
    account.have("a")
    account.sync()
    with account.library.write() as connection:
        store.save_links(connection, "studio", 1, [("character", name) for name in character_ids], origin="request")
    account.asked()


def test_characters_that_always_fail_do_not_keep_others_from_being_asked_for(account: Account) -> None:
    cast(account, "char_1", "char_2", "char_3", "char_4")
    account.say(500, "char_1", "char_2", "char_3")
    account.say({"id": "char_4", "object": "character", "name": "Mossy", "created_at": 1_790_000_000}, "char_4")
    account.sync()
    assert account.rows("SELECT remote_id, name FROM characters") == [("char_4", "Mossy")]


def test_characters_of_a_server_in_trouble_are_left_after_three(account: Account) -> None:
    cast(account, *names(20, "char_"))
    account.default = 500
    assert account.sync().error is None
    assert len(account.asked()) == 3


def test_a_suspect_source_is_not_believed_about_characters_either(account: Account) -> None:
    cast(account, "char_1")
    account.have("b", status="queued")
    account.say(account.jobs["a"], "b")
    assert account.sync().suspicion
    assert account.rows("SELECT * FROM characters") == []
    account.answers.clear()
    account.sync()
    assert account.rows("SELECT remote_id, name FROM characters") == [("char_1", None)]


# The order


def failure() -> Unavailable:
    return Unavailable("HTTP 500", status=500)


def play(queue: Queue, answer: Any) -> list[str]:
    """Ask for everything, each answered by `answer(name)`: the names, in order."""
    taken = []
    while (name := queue.take()) is not None:
        taken.append(name)
        queue.hear(name, answer(name))
    return taken


def test_jobs_come_in_their_order_and_those_that_failed_last() -> None:
    assert play(Queue("abc", "xay"), lambda _: None) == ["a", "b", "c", "x", "y"]


@pytest.mark.parametrize("fine", [names(100)[95:], names(100)[40:70]], ids=["last", "amid the others"])
def test_after_several_failures_jobs_from_all_over_are_tried(fine: list[str]) -> None:
    taken = play(Queue(names(100)), lambda name: None if name in fine else failure())
    assert set(fine) <= set(taken)


@pytest.mark.parametrize("is_alive", [True, False])
def test_where_all_fail_the_source_is_left_after_a_few(is_alive: bool) -> None:
    queue = Queue(names(100))
    assert len(play(queue, lambda _: failure())) == MAX_FAILURES + MAX_PROBES
    assert isinstance(queue.find_fault(is_alive=is_alive), Unavailable)


@pytest.mark.parametrize(("is_alive", "is_fault"), [(True, False), (False, True)])
def test_jobs_that_had_failed_before_say_nothing_against_a_source_that_lives(is_alive: bool, is_fault: bool) -> None:
    queue = Queue([], names(7))
    play(queue, lambda _: failure())
    assert (queue.find_fault(is_alive=is_alive) is not None) is is_fault


def test_a_refused_key_ends_it_at_once() -> None:
    queue = Queue(names(100))
    assert len(play(queue, lambda _: Unauthorized("HTTP 401", status=401))) == 1
    assert isinstance(queue.find_fault(is_alive=True), Unauthorized)


@pytest.mark.parametrize("jobs", [1, 100])
def test_a_key_that_may_retrieve_no_job_is_a_fault_of_the_source(jobs: int) -> None:
    queue = Queue(names(jobs))
    play(queue, lambda _: Unauthorized("HTTP 403", status=403))
    assert isinstance(queue.find_fault(is_alive=False), Unauthorized)


@pytest.mark.parametrize("answer", [Gone("HTTP 404", status=404), Refused("the address was refused")])
def test_what_is_no_failure_of_the_server_is_none(answer: Exception) -> None:
    queue = Queue(names(100))
    assert len(play(queue, lambda _: answer)) == 100
    assert queue.find_fault(is_alive=False) is None


def test_a_limit_of_the_rate_is_a_failure_of_the_source() -> None:
    queue = Queue(names(100))
    assert len(play(queue, lambda _: RateLimited("HTTP 429", status=429))) == MAX_FAILURES + MAX_PROBES


def test_a_rest_grows_and_is_bounded() -> None:
    rests = [rest_after(failures) for failures in range(60)]
    assert rests == sorted(rests)
    assert rests[FREE] == timedelta(0) < rests[FREE + 1] < rests[FREE + 2]
    assert rests[-1] == LONGEST_REST
