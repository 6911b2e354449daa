"""What the library remembers of its sources."""

from __future__ import annotations

from catalog import store
from tests.store.conftest import START, Desk


def lock(desk: Desk, holder: str, *, is_stale: bool = False) -> object:
    with desk.library.write() as connection:
        return store.lock_source(connection, "studio", holder=holder, now=START, is_stale=lambda *_: is_stale)


def test_a_second_holder_is_refused_and_told_who_has_it(desk: Desk) -> None:
    assert lock(desk, "one:1") is None
    assert lock(desk, "two:2") == ("one:1", START)
    assert desk.value("SELECT lock_holder FROM sources") == "one:1"


def test_a_stale_lock_is_taken_over(desk: Desk) -> None:
    lock(desk, "one:1")
    lock(desk, "two:2", is_stale=True)
    assert desk.value("SELECT lock_holder FROM sources") == "two:2"


def test_only_the_holder_gives_a_source_free(desk: Desk) -> None:
    lock(desk, "one:1")
    with desk.library.write() as connection:
        store.unlock_source(connection, "studio", holder="two:2")
    assert desk.value("SELECT lock_holder FROM sources") == "one:1"
    with desk.library.write() as connection:
        store.unlock_source(connection, "studio", holder="one:1")
    assert desk.value("SELECT lock_holder FROM sources") is None


def test_a_sign_of_life_moves_the_time_of_the_lock_even_where_the_clock_stands(desk: Desk) -> None:
    lock(desk, "one:1")
    with desk.library.write() as connection:
        store.renew_lock(connection, "studio", holder="two:2", now=START)
    assert desk.value("SELECT locked_at FROM sources") == "2026-11-21T12:00:00.000Z"
    for milliseconds in (1, 0, 1):
        with desk.library.write() as connection:
            store.renew_lock(connection, "studio", holder="one:1", now=START)
        assert desk.value("SELECT locked_at FROM sources") == f"2026-11-21T12:00:00.00{milliseconds}Z"


def test_a_source_is_remembered_from_its_first_mention_and_updated_after(desk: Desk) -> None:
    with desk.library.write() as connection:
        store.save_source(connection, "studio", cursor="a", walked_at=START)
        store.save_source(connection, "studio", cursor="b")
    assert desk.rows("SELECT cursor, walked_at, health FROM sources") == [("b", "2026-11-21T12:00:00.000Z", "new")]
