"""What a server no longer knows is judged over the whole run: a suspect source marks nothing as gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.server import response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.client.server import Request
    from tests.sync.account import Account


def names(count: int, word: str = "job") -> list[str]:
    return [f"{word}{number:03}" for number in range(count)]


def running(account: Account, count: int) -> list[str]:
    """Unfinished jobs that the library knows."""
    jobs = names(count)
    account.have(*jobs, status="queued")
    account.add(*jobs)
    account.asked()
    return jobs


@pytest.mark.parametrize("absent", [10, 30, 100])
def test_many_unfinished_jobs_that_vanish_at_once_are_not_marked(unlisted: Account, absent: int) -> None:
    jobs = running(unlisted, 100)
    unlisted.say(404, *jobs[:absent])
    for _ in range(2):
        report = unlisted.sync()
        assert unlisted.gone() == []
        assert report.suspicion
        assert f"the server no longer knows {absent} of 100 jobs at once" in report.suspicion
        assert unlisted.health == "suspect"
    assert unlisted.rows("SELECT * FROM observations WHERE http_status = 404") == []


def test_a_few_are_marked(unlisted: Account) -> None:
    jobs = running(unlisted, 100)
    unlisted.say(404, *jobs[::12])
    report = unlisted.sync()
    assert (unlisted.gone(), report.suspicion, unlisted.health) == (jobs[::12], None, "ok")


def test_all_jobs_of_a_small_account_are_marked(unlisted: Account) -> None:
    jobs = running(unlisted, 9)
    unlisted.say(404, *jobs)
    assert unlisted.sync().suspicion is None
    assert unlisted.gone() == jobs


def test_absences_that_trickle_in_among_many_jobs_are_counted_together(unlisted: Account) -> None:
    jobs = running(unlisted, 250)
    unlisted.say(404, *jobs[::9])  # six in fifty
    assert unlisted.sync().suspicion
    assert unlisted.gone() == []


def test_jobs_that_are_known_to_be_gone_make_no_source_suspect(unlisted: Account) -> None:
    jobs = running(unlisted, 30)
    for start in (0, 9, 18):
        unlisted.say(404, *jobs[start : start + 2])
        assert unlisted.sync().suspicion is None
    for start in (2, 11, 20):
        unlisted.say(404, *jobs[start : start + 2])
        assert unlisted.sync().suspicion is None
    assert len(unlisted.gone()) == 12


def test_what_vanishes_while_it_is_waited_for_is_counted_together(unlisted: Account) -> None:
    jobs = names(60)
    unlisted.have(*jobs, status="queued", polling_interval_seconds=0)
    unlisted.add(*jobs)
    rounds: dict[str, int] = {}

    def vanish(request: Request) -> Iterable[bytes]:
        """Five jobs are lost in each round, and from the eighth on the others are finished."""
        name = request.target.rpartition("/")[2]
        rounds[name] = rounds.get(name, 0) + 1
        if rounds[name] > jobs.index(name) // 5 + 1 and jobs.index(name) < 30:
            return response({"error": {"message": "no"}}, 404)
        return response({**unlisted.jobs[name], "status": "completed" if rounds[name] > 8 else "queued"})

    unlisted.say(vanish, *jobs)
    report = unlisted.sync(wait=True)
    assert report.suspicion
    assert "30 of 60 jobs" in report.suspicion
    assert unlisted.gone() == []
    assert unlisted.value("SELECT count(*) FROM videos WHERE status = 'completed'") == 30


def test_known_jobs_that_vanish_when_they_are_added_again_are_not_marked(unlisted: Account) -> None:
    jobs = running(unlisted, 100)
    unlisted.say(404, *jobs[:30])
    report = unlisted.add(*jobs)
    assert (len(report.missed), unlisted.gone(), unlisted.health) == (30, [], "suspect")


def test_ids_that_never_existed_make_no_source_suspect(unlisted: Account) -> None:
    unlisted.have("job")
    report = unlisted.add("job", *names(60, "never"))
    assert (len(report.missed), report.suspicion) == (60, None)
    assert unlisted.rows("SELECT remote_id FROM videos") == [("job",)]
    unlisted.asked()
    unlisted.sync()
    assert unlisted.asked() == []


def test_a_tenth_of_a_list_that_vanishes_is_not_asked_for(account: Account) -> None:
    jobs = names(100)
    account.have(*jobs)
    account.sync()
    for name in jobs[:30]:
        del account.jobs[name]
    for _ in range(2):
        account.asked()
        report = account.sync(full=True)
        assert report.suspicion
        assert "the list no longer has 30 of 100 jobs at once" in report.suspicion
        assert (account.asked(), account.gone()) == ([], [])


def test_a_list_that_lost_many_discredits_what_else_is_missing(account: Account) -> None:
    jobs = names(100)
    account.have(*jobs)
    account.have("running", status="queued")
    account.sync()
    for name in jobs[:30]:
        del account.jobs[name]
    account.say(404, "running")
    account.sync(full=True)
    assert (account.gone(), account.health) == ([], "suspect")


def test_a_few_that_the_list_lost_are_marked_however_few_else_is_asked_for(account: Account) -> None:
    jobs = names(200)
    account.have(*jobs)
    account.sync()
    for name in jobs[:15]:
        del account.jobs[name]
    assert account.sync(full=True).suspicion is None
    assert account.gone() == jobs[:15]


def test_a_run_that_does_not_come_to_its_end_marks_nothing(unlisted: Account) -> None:
    jobs = running(unlisted, 40)
    unlisted.say(404, *jobs[:3])
    unlisted.say(500, *jobs[3:])
    assert unlisted.sync().error
    assert unlisted.gone() == []
