"""The disks on which power cuts are rebuilt: what a real program has synced is there, and only that is certain."""

from __future__ import annotations

import os
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.soak.disks import MODELS, Name, NoTracer, Said, Sync, Tape, Write, read_calls, rebuild, record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soak.disks import Model

PROGRAM = """
import os, sys
folder = sys.argv[1]
def write(name, data, flags=os.O_CREAT | os.O_WRONLY, offset=0):
    handle = os.open(f"{folder}/{name}", flags, 0o600)
    os.pwrite(handle, data, offset)
    return handle
def sync_folder():
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
os.fsync(write("part", b"whole"))
os.rename(f"{folder}/part", f"{folder}/kept")
sync_folder()
os.write(1, b"kept is kept\\n")
os.fsync(write("late", b"whole"))
os.rename(f"{folder}/late", f"{folder}/renamed")
os.pwrite(os.open(f"{folder}/before", os.O_WRONLY), b"NEW", 0)
os.ftruncate(os.open(f"{folder}/shorter", os.O_WRONLY), 2)
os.unlink(f"{folder}/removed")
"""
BEGUN = {"before": b"old", "shorter": b"1234", "removed": b"here"}


def read_image(tape: Tape, cut: int, model: Model, folder: Path, seed: int = 0) -> dict[str, bytes]:
    image = folder / f"{model} {cut} {seed}"
    image.mkdir()
    rebuild(tape, cut, model, Random(seed), image)
    return {path.name: path.read_bytes() for path in image.iterdir()}


@pytest.fixture
def recorded(tmp_path: Path) -> Tape:
    folder = tmp_path / "disk"
    folder.mkdir()
    for name, content in BEGUN.items():
        (folder / name).write_bytes(content)
    try:
        return record((sys.executable, "-c", PROGRAM, str(folder)), folder, tmp_path / "log", dict(os.environ))
    except NoTracer as reason:
        pytest.skip(str(reason))


def test_in_order_everything_is_there(recorded: Tape, tmp_path: Path) -> None:
    image = read_image(recorded, len(recorded.operations), "ordered", tmp_path)
    assert image == {"before": b"NEW", "shorter": b"12", "kept": b"whole", "renamed": b"whole"}


def test_what_was_not_synced_is_not_there(recorded: Tape, tmp_path: Path) -> None:
    image = read_image(recorded, len(recorded.operations), "synced", tmp_path)
    assert image == {**BEGUN, "kept": b"whole"}


def test_what_was_not_synced_may_be_there_or_not(recorded: Tape, tmp_path: Path) -> None:
    images = [read_image(recorded, len(recorded.operations), "torn", tmp_path, seed) for seed in range(60)]
    assert all(image["kept"] == b"whole" for image in images)
    assert {image["before"] for image in images} == {b"old", b"NEW"}
    assert {image["shorter"] for image in images} >= {b"1234", b"12"}
    assert {"removed" in image for image in images} == {True, False}
    assert {image.get("renamed") for image in images} >= {None, b"whole"}


@pytest.mark.parametrize("model", MODELS)
def test_what_was_said_after_a_sync_is_there_at_every_cut(recorded: Tape, tmp_path: Path, model: Model) -> None:
    for cut in range(len(recorded.operations) + 1):
        image = read_image(recorded, cut, model, tmp_path)
        assert "kept is kept" not in recorded.acknowledged(cut) or image["kept"] == b"whole"


def test_blocks_are_torn_and_reordered(tmp_path: Path) -> None:
    tape = Tape({"file": bytes(1024)}, [Write(0, 0, b"a" * 1024), Write(0, 512, b"b" * 512)])
    images = {read_image(tape, 2, "torn", tmp_path, seed)["file"] for seed in range(80)}
    halves = {(image[:1], image[512:513]) for image in images}
    assert halves >= {(b"\0", b"a"), (b"\0", b"b"), (b"a", b"\0"), (b"a", b"b"), (b"\0", b"\0")}
    assert all(len(set(image[:512])) == len(set(image[512:])) == 1 for image in images)


def test_a_file_that_grew_has_any_of_its_sizes(tmp_path: Path) -> None:
    tape = Tape({}, [Name("file", 0), Sync(folder="."), Write(0, 0, b"a" * 512), Write(0, 512, b"b" * 512)])
    assert {len(read_image(tape, 4, "torn", tmp_path, seed)["file"]) for seed in range(40)} == {0, 512, 1024}
    assert read_image(tape, 4, "synced", tmp_path)["file"] == b""


def test_the_write_that_was_going_on_is_there_in_part(tmp_path: Path) -> None:
    tape = Tape({"file": b""}, [Said("go"), Write(0, 0, b"abcdef")])
    assert {read_image(tape, 1, "ordered", tmp_path, seed)["file"] for seed in range(60)} == {
        b"abcdef"[:length] for length in range(6)
    }


def test_a_call_that_another_thread_interrupts_is_read_whole() -> None:
    lines = [
        '12  pwrite64(3<\\x2f\\x61>, "\\x62", 1, 0 <unfinished ...>\n',
        "13  fsync(4<\\x2f\\x62>)   = 0\n",
        "12  <... pwrite64 resumed>)            = 1\n",
        '12  openat(AT_FDCWD<\\x2f>, "\\x63", O_RDONLY) = -1 ENOENT (No such file or directory)\n',
        "12  +++ exited with 0 +++\n",
    ]
    assert list(read_calls(lines)) == [
        ("fsync", "4<\\x2f\\x62>"),
        ("pwrite64", '3<\\x2f\\x61>, "\\x62", 1, 0 '),
    ]
