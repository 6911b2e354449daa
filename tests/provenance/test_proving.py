"""Settings that have no effect are found out before anything is checked with them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from catalog.provenance.proving import find_fault

SPOIL = {
    "purposes that are not told": "reader.PURPOSES = ''",
    "lists under another name": (
        "made = reader.make_settings\n"
        "def rename(profile):\n"
        "    trust = made(profile)['trust']\n"
        "    return {**reader.OFFLINE, 'trust': {'trust_config': reader.PURPOSES, 'anchor': trust['anchors']}}\n"
        "reader.make_settings = rename"
    ),
    "bytes that are not compared": (
        "made = reader.make_settings\n"
        "reader.make_settings = lambda profile: {**made(profile), 'verify': {'verify_after_reading': False}}"
    ),
}


def test_the_reader_does_what_it_is_set_to_do() -> None:
    assert find_fault() is None


@pytest.mark.parametrize("spoil", SPOIL)
def test_nothing_is_checked_by_a_reader_that_does_not(spoil: str) -> None:
    program = (
        "from catalog.provenance import check_file, reader\n"
        f"{SPOIL[spoil]}\n"
        "check = check_file('any.mp4')\n"
        "print(check.status, check.words)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("None not checked (the reader does not do what it is set to do: ")
