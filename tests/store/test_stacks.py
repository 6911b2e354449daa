"""Stacks of takes: kept as prompts come and change, and always what a rebuild makes of them."""

from __future__ import annotations

import os
import signal
from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import stacks, store
from catalog.prompts.similarity import group
from catalog.stacks import stack_due
from tests.house import list_children
from tests.store.conftest import Desk, job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.database import Database

BASE = (
    "Wide shot of a red fox trotting through deep snow at dawn, its breath steaming in the cold air. Handheld camera, "
    "35mm lens, shallow depth of field. Muted blue palette, a distant train horn."
)
CLAUSES = ("35mm lens", "85mm lens", "24mm lens", "a very long lens")
PALETTES = ("Muted blue palette", "Warm amber palette", "Black and white")
TABLES = ("stack_due", "stack_videos", "stack_keys", "stack_prompts")
SUBJECTS = ("red fox", "grey wolf")


def write(subject: int, clause: int, palette: int) -> str:
    text = BASE.replace("red fox", SUBJECTS[subject]).replace("35mm lens", CLAUSES[clause])
    return text.replace("Muted blue palette", PALETTES[palette])


prompts = st.one_of(
    st.builds(write, st.integers(0, 1), st.integers(0, 3), st.integers(0, 2)),
    st.sampled_from(["a fox", "A  FOX!", "a wolf", None]),
)
steps = st.lists(st.tuples(st.integers(0, 7), prompts, st.booleans()), max_size=14)


def read_stacks(library: Database) -> set[frozenset[str]]:
    """The stacks as sets of ids."""
    members: dict[int, set[str]] = {}
    query = "SELECT stack_id, remote_id FROM stack_videos JOIN videos ON videos.id = stack_videos.video_id"
    with library.read() as connection:
        for stack, name in connection.execute(query):
            members.setdefault(stack, set()).add(name)
    return set(map(frozenset, members.values()))


def expect(texts: dict[str, str | None]) -> set[frozenset[str]]:
    names = [name for name, text in texts.items() if text is not None]
    found = group([texts[name] for name in names])
    return {frozenset(names[at] for at, other in enumerate(found) if other == stack) for stack in set(found)}


def count(library: Database, table: str) -> int:
    with library.read() as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_takes_of_one_prompt_are_in_one_stack_and_others_are_not(desk: Desk) -> None:
    desk.hear(job("v1", prompt=BASE), job("v2", prompt=BASE.upper()), job("v3", prompt=write(0, 1, 0)))
    desk.hear(job("v4", prompt=write(1, 0, 0)), job("v5", prompt="a fox"), job("v6"))
    assert stack_due(desk.library) == 5
    assert read_stacks(desk.library) == {frozenset({"v1", "v2", "v3"}), frozenset({"v4"}), frozenset({"v5"})}
    assert count(desk.library, "stack_due") == 0


def test_a_prompt_that_joins_two_stacks_makes_them_one_and_parts_them_when_it_changes(desk: Desk) -> None:
    ends, bridge = (write(0, 0, 0), write(0, 1, 1)), write(0, 1, 0)
    desk.hear(job("v1", prompt=ends[0]), job("v2", prompt=ends[1]))
    stack_due(desk.library)
    assert len(read_stacks(desk.library)) == 2
    desk.hear(job("v3", prompt=bridge))
    stack_due(desk.library)
    assert read_stacks(desk.library) == {frozenset({"v1", "v2", "v3"})}
    desk.hear(job("v3", prompt="something else"))
    assert read_stacks(desk.library) == {frozenset({"v1"}), frozenset({"v2"})}
    stack_due(desk.library)
    assert read_stacks(desk.library) == {frozenset({"v1"}), frozenset({"v2"}), frozenset({"v3"})}


@given(steps)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_stacks_that_are_kept_are_those_of_a_rebuild(
    library: Database, moves: list[tuple[int, str | None, bool]]
) -> None:
    with library.write() as connection:
        for table in ("videos", *TABLES):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")
        store.rebuild_bitmaps(connection)
    desk = Desk(library)
    texts: dict[str, str | None] = {}
    for number, prompt, is_stacked in moves:
        name = f"v{number}"
        desk.hear(job(name, prompt=prompt) if prompt else job(name))
        texts[name] = prompt or texts.get(name)
        if is_stacked:
            stack_due(library)
    stack_due(library)
    kept = read_stacks(library)
    assert kept == expect(texts)
    keys, known = count(library, "stack_keys"), count(library, "stack_prompts")
    with library.write() as connection:
        store.rebuild_stacks(connection)
    assert read_stacks(library) == kept
    assert (count(library, "stack_keys"), count(library, "stack_prompts")) == (keys, known)


def test_a_prompt_that_changes_while_it_is_sketched_stays_due(desk: Desk) -> None:
    desk.hear(job("v1", prompt="a fox"))
    with desk.library.write() as connection:
        store.save_stacks(connection, [store.Sketched(1, store.digest_prompt("a wolf"), array("q", [1]))])
    assert count(desk.library, "stack_due") == 1
    assert read_stacks(desk.library) == set()


def hear_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Eleven prompts that are due, read two at a time and written four at a time; returns the prompts."""
    monkeypatch.setattr(stacks, "PORTION", 3)
    monkeypatch.setattr(stacks, "READ_AT_ONCE", 2)
    texts = {f"v{n}": write(n % 2, n % 4, n % 3) for n in range(11)}
    desk.hear(*(job(name, prompt=text) for name, text in texts.items()))
    return texts


@pytest.fixture
def _processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """However few prompts there are, two processes sketch them; none is there afterwards."""
    before = list_children()
    monkeypatch.setattr(stacks, "MANY", 1)
    monkeypatch.setattr(stacks, "_CORES", 2)
    monkeypatch.setattr(stacks, "_AHEAD", 2)  # of six batches, so that work is left after the first portion
    yield
    assert list_children() <= before


@pytest.mark.parametrize("many", [1, 50_000], ids=["sorted by numpy", "sorted by hand"])
def test_portions_make_the_same_stacks_as_one(desk: Desk, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr("catalog.store.stacks._MANY", many)
    texts = hear_many(desk, monkeypatch)
    heard: list[tuple[object, ...]] = []
    assert stack_due(desk.library, on_progress=lambda *progress: heard.append(progress)) == 11
    assert read_stacks(desk.library) == expect(texts)
    assert heard[-1] == ("prompts", 11, 11, "stacking")


@pytest.mark.usefixtures("_processes")
def test_processes_make_the_same_stacks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = hear_many(desk, monkeypatch)
    before, seen = list_children(), set[int]()
    assert stack_due(desk.library, on_progress=lambda *_: seen.update(list_children() - before)) == 11
    assert seen
    assert read_stacks(desk.library) == expect(texts)


@pytest.mark.usefixtures("_processes")
def test_prompts_of_processes_that_were_killed_are_sketched_here(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = hear_many(desk, monkeypatch)
    before, killed = list_children(), set[int]()

    def kill(*_: object) -> None:
        for process in list_children() - before:
            os.kill(process, signal.SIGKILL)
            killed.add(process)

    assert stack_due(desk.library, on_progress=kill) == 11
    assert killed
    assert read_stacks(desk.library) == expect(texts)


@pytest.mark.usefixtures("_processes")
def test_where_no_process_starts_prompts_are_sketched_here(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = hear_many(desk, monkeypatch)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert stack_due(desk.library) == 11
    assert read_stacks(desk.library) == expect(texts)


@pytest.mark.usefixtures("_processes")
def test_what_is_interrupted_stays_due(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = hear_many(desk, monkeypatch)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stack_due(desk.library, on_progress=interrupt)
    due = count(desk.library, "stack_due")
    assert 0 < due < 11
    assert stack_due(desk.library) == due
    assert read_stacks(desk.library) == expect(texts)
