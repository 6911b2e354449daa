"""Many files in processes of their own: what one of them does to its worker is nobody else's."""

from __future__ import annotations

import os
import signal
import struct
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.provenance import Target, check_file, check_files
from tests.signed import CLIP, Signed, alter_media

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[..., Path]


def running_children() -> set[int]:
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


def make_endless(path: Path, clip: bytes) -> Path:
    """A clip with 64 GiB of nothing behind it, on no disk: it takes half a minute and more to hash."""
    path.write_bytes(clip)
    os.truncate(path, 64 * 1024**3)
    return path


def make_bomb(path: Path, size: int) -> Path:
    """A picture whose store is said to have so many bytes, and has: of nothing, on no disk."""
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 1, 1, 8, 0, 0, 0, 0, 0))
        file.write(struct.pack(">I4sI4s", size, b"caBX", size, b"jumb"))
        file.seek(size - 8 + 4, os.SEEK_CUR)
        file.write(struct.pack(">I4sI", 0, b"IEND", 0xAE426082))
    return path


def test_each_file_is_checked_as_alone_and_targets_are_taken_one_by_one(signed: Signed, write: Write) -> None:
    files = [
        write(data, f"{number}.mp4")
        for number, data in enumerate((signed.clip, alter_media(signed.clip), CLIP, b"") * 3)
    ]
    taken = 0

    def targets() -> Iterator[Path]:
        nonlocal taken
        for file in files:
            taken += 1
            yield file

    checks = {}
    for done, checked in enumerate(check_files(targets(), profile=signed.profile, workers=2), 1):
        checks[checked.target.path] = checked.check
        assert taken <= done + 2
    assert len(checks) == len(set(files))
    for file in set(files):
        alone = check_file(file, profile=signed.profile)
        assert (checks[file].status, checks[file].sha256, checks[file].manifests) == (
            alone.status,
            alone.sha256,
            alone.manifests,
        )


def test_a_detached_store_goes_with_its_file(signed: Signed, write: Write) -> None:
    target = Target(write(CLIP), write(signed.store, "clip.c2pa"))
    (checked,) = check_files([target], profile=signed.profile)
    assert checked.target == target
    assert checked.check.is_detached


def test_no_files_start_no_worker() -> None:
    before = running_children()
    assert list(check_files([])) == []
    assert running_children() == before


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_checked(signed: Signed, tmp_path: Path) -> None:
    endless = make_endless(tmp_path / "endless.mp4", signed.clip)
    fine = tmp_path / "fine.mp4"
    fine.write_bytes(signed.clip)
    begun = time.monotonic()
    checks = {
        each.target.path: each.check
        for each in check_files([endless, fine], profile=signed.profile, workers=1, seconds=1)
    }
    assert time.monotonic() - begun < 60
    assert checks[endless].status == "unreadable"
    assert "took more than 1 seconds" in checks[endless].words
    assert checks[fine].status == "intact_known_signer"


def test_a_file_that_asks_for_too_much_memory_gets_none(tmp_path: Path) -> None:
    bomb = make_bomb(tmp_path / "bomb.png", 300 * 1024**2)
    (roomy,) = check_files([bomb])
    (tight,) = check_files([bomb], memory=300 * 1024**2)
    assert roomy.check.status == tight.check.status == "unreadable"
    assert "memory" in tight.check.words
    assert "memory" not in roomy.check.words


def test_a_worker_that_dies_takes_nothing_with_it(signed: Signed, tmp_path: Path) -> None:
    before = running_children()
    endless = make_endless(tmp_path / "endless.mp4", signed.clip)
    fine = tmp_path / "fine.mp4"
    fine.write_bytes(signed.clip)
    checks = check_files([fine, endless, fine], profile=signed.profile, workers=1)
    assert next(checks).check.status == "intact_known_signer"
    (worker,) = running_children() - before
    killer = threading.Timer(0.5, os.kill, (worker, signal.SIGKILL))
    killer.start()
    dead, alive = checks
    killer.join()
    assert dead.check.status == "unreadable"
    assert "SIGKILL" in dead.check.words
    assert alive.check.status == "intact_known_signer"


def test_workers_end_with_whoever_started_them(signed: Signed, write: Write) -> None:
    before = running_children()
    checks = check_files([write(signed.clip, f"{number}.mp4") for number in range(9)], workers=2)
    next(checks)
    assert len(running_children() - before) == 2
    checks.close()  # type: ignore[attr-defined]  # of a generator
    assert running_children() == before
