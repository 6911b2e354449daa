"""Whose lock is whose: the dead keep nothing, the living are not robbed, whatever the clocks say."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog import store
from catalog.errors import CatalogError
from catalog.sync.locks import Holder, LockLost, hold
from tests.client.server import response
from tests.house import LONG, Shelf, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.database import Database
    from tests.client.server import Request
    from tests.sync.account import Account

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ELSEWHERE = "4026599999"
HOLD = """
import sys, time
from datetime import UTC, datetime
from catalog.database import Database
from catalog.sync.locks import hold
with hold(Database(sys.argv[1]), "studio", lambda: datetime.now(UTC), renewed_every=float(sys.argv[2])):
    print("held", flush=True)
    time.sleep(600)
"""


def now() -> datetime:
    return NOW


@pytest.fixture
def ended() -> str:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(LONG)
    return str(process.pid)


@pytest.fixture
def shelf(library: Database) -> Shelf:
    return Shelf(library)


def lock(library: Database, holder: str, since: datetime = NOW) -> None:
    with library.write() as connection:
        store.lock_source(connection, "studio", holder=holder, now=since, is_stale=lambda *_: True)


def try_to_hold(library: Database, *, silence: float = 0.2, clock: Callable[[], datetime] = now) -> None:
    with hold(library, "studio", clock, silence=silence):
        pass


# Who is alive


def test_a_holder_is_written_down_and_read() -> None:
    holder = Holder.current()
    assert Holder.parse(str(holder)) == holder
    assert (holder.host, holder.process) == (platform.node(), str(os.getpid()))
    assert str(holder).startswith(f"{platform.node()}:{os.getpid()} ")


@pytest.mark.parametrize("text", ["", "x", "a:b", "my pc:x:12", "host:1 run", "host:1 run=", "host:-1", "\n:\0"])
def test_any_text_names_a_holder(text: str) -> None:
    assert Holder.parse(text).is_alive(timedelta(0)) in {True, False, None}
    assert Holder.parse(text).describe()


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=1), timedelta(days=-1)])
def test_a_process_that_is_gone_is_dead_and_one_that_runs_alive_at_any_age(ended: str, age: timedelta) -> None:
    assert replace(Holder.current(), process=ended).is_alive(age) is False
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        start = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        other = replace(Holder.current(), process=str(process.pid), start=start)
        assert other.is_alive(age) is True
        assert replace(other, start="1").is_alive(age) is False  # its id was used again
        assert replace(other, start="").is_alive(age) is None
        process.kill()
        wait_until(lambda: other.is_alive(age) is False)  # nobody has waited for it yet


def test_an_earlier_run_of_this_very_process_is_dead(library: Database) -> None:
    lock(library, str(Holder.current()))
    try_to_hold(library, silence=LONG)


@pytest.mark.parametrize("change", [{"space": ELSEWHERE}, {"boot": "another"}, {"boot": "another", "host": "far"}])
def test_of_a_process_that_cannot_be_seen_only_its_signs_of_life_tell(change: dict[str, str]) -> None:
    assert replace(Holder.current(), process="1", **change).is_alive(timedelta(0)) is None


def test_a_lock_of_an_older_version_is_read_as_that_version_did(ended: str) -> None:
    here = platform.node()
    assert Holder.parse(f"{here}:{ended}").is_alive(timedelta(0)) is False
    assert Holder.parse(f"{here}:{os.getpid()}").is_alive(timedelta(0)) is False  # this process is of this version
    assert Holder.parse(f"{here}:{os.getppid()}").is_alive(timedelta(minutes=14)) is True
    assert Holder.parse(f"far:{ended}").is_alive(timedelta(minutes=14)) is True
    assert Holder.parse(f"far:{ended}").is_alive(timedelta(minutes=16)) is False
    assert Holder.parse(f"far:{ended}").is_alive(timedelta(minutes=-16)) is False  # a clock was set back


def test_the_message_names_the_process_in_words(library: Database) -> None:
    match = rf"source studio is being synced by process {os.getpid()} on {platform.node()}, last active 2026-11-21 12:0"
    with hold(library, "studio", now), pytest.raises(CatalogError, match=match):
        try_to_hold(library)
    assert "in another container" in replace(Holder.current(), space=ELSEWHERE).describe()


# Signs of life


def test_a_lock_that_does_not_move_is_taken_over(library: Database) -> None:
    doubts: list[int] = []
    lock(library, str(replace(Holder.current(), space=ELSEWHERE, process="1")))
    with hold(library, "studio", now, silence=0.2, on_doubt=lambda: doubts.append(1)):
        assert doubts == [1]


@pytest.mark.parametrize("days", [0, 1, -1])
def test_a_lock_that_moves_is_never_taken_over_whatever_the_clock_says(library: Database, days: int) -> None:
    holder = str(replace(Holder.current(), space=ELSEWHERE))
    lock(library, holder)
    done = threading.Event()

    def renew() -> None:
        while not done.wait(0.02):
            with library.write() as connection:
                store.renew_lock(connection, "studio", holder=holder, now=NOW)

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        with pytest.raises(CatalogError, match="in another container"):
            try_to_hold(library, silence=LONG / 10, clock=lambda: NOW + timedelta(days=days))
    finally:
        done.set()
        thread.join()


def test_a_holder_gives_signs_of_life_while_it_waits_and_its_clock_stands(shelf: Shelf) -> None:
    with hold(shelf.library, "studio", now, renewed_every=0.02):
        first = shelf.value("SELECT locked_at FROM sources")
        wait_until(lambda: shelf.value("SELECT locked_at FROM sources") != first)
    assert shelf.rows("SELECT lock_holder, locked_at FROM sources") == [(None, None)]


def test_a_lock_that_was_lost_is_not_renewed_and_not_released(shelf: Shelf) -> None:
    with hold(shelf.library, "studio", now, renewed_every=0.02):
        lock(shelf.library, "far:1", NOW)
        time.sleep(0.1)
    assert shelf.rows("SELECT lock_holder, locked_at FROM sources") == [("far:1", "2026-11-21T12:00:00.000Z")]


# A run that stood still, and wakes up robbed


def rob(account: Account, *, ends: bool) -> Callable[[Request], Iterable[bytes]]:
    """A server that answers once another run has taken the source over from the one that asks, and ended or not."""

    def answer(request: Request) -> Iterable[bytes]:
        lock(account.library, "far:1")
        if ends:
            with account.library.write() as connection:
                store.unlock_source(connection, "studio", holder="far:1")
        return response(account.jobs[request.target.rpartition("/")[2]])

    return answer


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("verb", ["sync", "add"])
def test_a_run_that_lost_its_lock_writes_nothing_more_and_says_so(account: Account, verb: str, ends: bool) -> None:
    account.have("v1")
    account.have("v2", status="queued")
    account.sync()
    account.say(rob(account, ends=ends), "v2")
    account.have("v2", "v3", prompt="another")
    kept = "SELECT remote_id, status, prompt FROM videos", "SELECT id FROM sync_runs", "SELECT health FROM sources"
    before = [account.rows(query) for query in kept]
    account.lists = lambda _: response({"object": "list", "data": [account.jobs["v1"]], "has_more": False})
    with pytest.raises(LockLost, match=r"^source studio was taken over by another run .* nothing more was written$"):
        account.sync() if verb == "sync" else account.add("v2", "v3")
    assert [account.rows(query) for query in kept] == before
    assert account.value("SELECT lock_holder FROM sources") == (None if ends else "far:1")


def test_a_process_that_is_frozen_robbed_and_woken_says_one_line(account: Account) -> None:
    has_asked, may_answer = threading.Event(), threading.Event()

    def answer(request: Request) -> Iterable[bytes]:
        has_asked.set()
        may_answer.wait(LONG)
        return response({"object": "list", "data": [account.jobs["v1"]], "has_more": False})

    account.have("v1")
    account.lists = answer
    settings = account.library.path.with_name("catalog.toml")
    settings.write_text(f'[sources.studio]\nbase_url = "{account.source.base_url}"\n')
    command = [sys.executable, "-m", "catalog", "sync", "--db", account.library.path, "--config", settings]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert has_asked.wait(LONG)
        process.send_signal(signal.SIGSTOP)
        lock(account.library, "far:1")
        may_answer.set()
        process.send_signal(signal.SIGCONT)
        said = process.communicate(timeout=LONG)[1].splitlines()
    assert process.returncode == 1
    assert len(said) == 1
    assert said[0].startswith("Error: source studio was taken over by another run while this one stood still: ")
    assert account.rows("SELECT remote_id FROM videos") == []
    assert account.value("SELECT lock_holder FROM sources") == "far:1"


# Containers: each has a process 1


@pytest.fixture
def container(library_path: Path) -> Iterator[Callable[[float], subprocess.Popen[str]]]:
    """Starts a process, as process 1 of a container, that holds the source and renews its lock so often."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("a container of one's own takes root and unshare")
    started = []

    def start(renewed_every: float) -> subprocess.Popen[str]:
        program = [sys.executable, "-c", HOLD, str(library_path), str(renewed_every)]
        process = subprocess.Popen(
            ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child", *program],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(LONG)
        assert process.stdout is not None
        process.stdout.close()


def test_a_run_killed_in_a_container_locks_nothing(container, library: Database) -> None:
    process = container(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(LONG)
    try_to_hold(library, silence=1)


def test_a_run_that_goes_on_in_a_container_is_not_robbed(container, library: Database) -> None:
    container(0.1)
    with pytest.raises(CatalogError, match="being synced by process 1 on"):
        try_to_hold(library, silence=LONG)
