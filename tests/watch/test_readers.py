"""Processes that look at files: what they say, and what becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog.watch.readers import make_readers, settle_all
from catalog.watch.scanning import Sighted, Stamp, Walk
from tests.house import list_children, read_parent, wait_until
from tests.watch.conftest import CLIP, clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.processes import Pool
    from catalog.watch.settling import Outcome
    from tests.watch.conftest import Pasture

    Readers = Pool[str, Sequence[Sighted], float, list[Outcome]]

NOW = 2e9
PARENT = """
import sys
from catalog.watch.readers import make_readers
readers = make_readers(1)
readers.ask(sys.argv[1], [], 0.0)
print(readers._workers[0].process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def readers() -> Iterator[Readers]:
    readers = make_readers(2)
    yield readers
    readers.close()


def look(folder: Path) -> list[Sighted]:
    return [Sighted(path, Stamp(*stamp)) for portion in Walk(str(folder)) for path, stamp in portion]


def test_a_process_says_what_one_would_see_here(pasture: Pasture, readers: Readers) -> None:
    pasture.put("a.mp4", clip(1))
    pasture.put("half.mp4", CLIP[:900])
    pasture.put(b"caf\xe9.mp4", CLIP + b"\xff" * 9)
    pasture.put("empty.mp4", b"")
    files = look(pasture.folder)
    assert readers.ask(str(pasture.folder), files, NOW) == settle_all(str(pasture.folder), files, NOW)


def test_files_of_a_process_that_was_killed_are_looked_at_here(pasture: Pasture, readers: Readers) -> None:
    pasture.put("a.mp4", clip(1))
    files, root = look(pasture.folder), str(pasture.folder)
    before = list_children()
    expected = readers.ask(root, files, NOW)
    (pid,) = list_children() - before
    os.kill(pid, signal.SIGKILL)
    for _ in range(3):
        assert readers.ask(root, files, NOW) == expected


def test_closed_readers_have_ended_and_answer_nothing(pasture: Pasture, readers: Readers) -> None:
    pasture.put("a.mp4", clip(1))
    files, root = look(pasture.folder), str(pasture.folder)
    before = list_children()
    readers.ask(root, files, NOW)
    readers.close()
    assert list_children() <= before
    with pytest.raises(EOFError):
        readers.ask(root, files, NOW)


def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert read_parent(Path(f"/proc/{pid}")) == parent.pid
    parent.kill()
    parent.communicate()
    wait_until(lambda: read_parent(Path(f"/proc/{pid}")) is None)


def test_a_scan_of_very_many_files_leaves_no_process(pasture: Pasture) -> None:
    before = list_children()
    for number in range(1_200):
        pasture.put(f"{number}.mp4", clip(number))
    assert pasture.scan().made == 1_200
    assert list_children() <= before
