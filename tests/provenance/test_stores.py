"""Films that the reader need not be asked about: whatever we are sure of, it must say the same."""

from __future__ import annotations

import io
import re
from random import Random
from struct import pack
from typing import TYPE_CHECKING

import pytest

from catalog.demo.clips import FOLDER
from catalog.provenance import Profile, check_file, reader
from catalog.provenance.kinds import Unsupported, name_format
from catalog.provenance.stores import is_without
from tests.media.boxes import box

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.signed import Signed

CLIPS = [path.read_bytes() for path in sorted(FOLDER.glob("*.mp4"))]
BOXES = b"moov trak mdia minf stbl edts udta dinf tref mvex meta uuid free mdat ftyp ilst schi sinf treg moof traf mfra"
NAMED = re.compile(rb"moov|trak|mdia|minf|stbl|edts|udta|dinf|meta|ilst|hdlr|mvhd|tkhd|free|mdat|ftyp|stsd|data")


def ask(data: bytes, name: str = "clip.mp4") -> str:
    """What the reader makes of a file, by itself."""
    try:
        found = reader.read(name_format(data[:4096], name), io.BytesIO(data), reader.context_of(Profile()))
    except Unsupported:
        return "unsupported"
    except reader.Failed as error:
        return error.message
    return "absent" if found is None else "found"


def mutate(data: bytes, chance: Random) -> bytes:
    """The clip with a box renamed, longer, shorter or behind it, or with another byte."""
    mutant = bytearray(data)
    at = chance.choice([match.start() for match in NAMED.finditer(data)])
    match chance.randrange(6):
        case 0:
            size = int.from_bytes(mutant[at - 4 : at]) + chance.choice([-8, -4, -1, 1, 4, 8, 100, 1 << 31])
            mutant[at - 4 : at] = pack(">I", max(0, size) % (1 << 32))
        case 1:
            mutant[at - 4 : at] = pack(">I", chance.choice([0, 1, 7, 8, 12]))
        case 2:
            mutant[at : at + 4] = chance.choice(BOXES.split())
        case 3:
            mutant += chance.choice([box("free"), box("uuid", bytes(16)), bytes(chance.randrange(1, 30))])
        case _:
            mutant[chance.randrange(len(mutant))] = chance.randrange(256)
    return bytes(mutant)


@pytest.mark.parametrize("data", CLIPS)
def test_of_a_clip_without_credentials_we_are_sure(data: bytes) -> None:
    assert is_without(io.BytesIO(data))
    assert ask(data) == "absent"


def test_of_all_files_of_the_reference_set_the_reader_says_the_same(shared: Path) -> None:
    files = [path for path in sorted((shared / "c2pa-fixtures").rglob("*")) if path.is_file()]
    sure = [path for path in files if is_without(io.BytesIO(path.read_bytes()))]
    assert {path.name for path in sure} >= {"no-manifest.mp4"}
    assert {ask(path.read_bytes(), path.name) for path in sure} == {"absent"}
    checks = [check_file(path) for path in sure]
    assert {(check.status, check.reason, check.codes, check.type) for check in checks} == {
        ("absent", None, checks[0].codes, "video/mp4")
    }


def test_of_mutants_that_we_are_sure_of_the_reader_says_the_same() -> None:
    chance = Random(7)
    mutants = [mutate(chance.choice(CLIPS), chance) for _ in range(600)]
    sure = [data for data in mutants if is_without(io.BytesIO(data))]
    assert len(sure) > 50
    assert {ask(data) for data in sure} == {"absent"}


@pytest.mark.parametrize(
    "change",
    [
        lambda clip: clip + box("uuid", bytes(30)),
        lambda clip: clip + box("moof", bytes(30)),
        lambda clip: clip[:-1],
        lambda clip: clip + b"\0",
        lambda clip: clip[32:],
        lambda clip: clip.replace(b"stsd", b"schi"),
        lambda clip: clip + pack(">I4sQ", 1, b"free", 16),
        lambda _: b"",
    ],
)
def test_of_what_is_unusual_we_are_not_sure(change: Callable[[bytes], bytes]) -> None:
    assert not is_without(io.BytesIO(change(CLIPS[0])))


def test_of_a_signed_clip_we_are_not_sure(signed: Signed) -> None:
    assert not is_without(io.BytesIO(signed.clip))
