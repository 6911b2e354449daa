"""A few dozens of the mutants that `make soak` makes 1,500 of."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from tests.provenance.mutants import Original, find_better, list_originals
from tests.signed import Signed, alter_media

if TYPE_CHECKING:
    from pathlib import Path


def test_no_mutant_ends_a_worker_or_has_a_better_status(signed: Signed, tmp_path: Path) -> None:
    assert list(find_better(list_originals(signed), signed.profile, tmp_path, Random(1), 60)) == []
    assert list(tmp_path.iterdir()) == []


def test_the_law_finds_a_status_that_is_better(signed: Signed, tmp_path: Path) -> None:
    twins = [Original("same.mp4", alter_media(signed.clip))]

    class Mender(Random):
        """Chance that takes back the one change of the original."""

        def randint(self, a: int, b: int) -> int:
            return 1

        def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
            return signed.clip.rindex(b"mdat") + 40 if start > 100 else 0

        def random(self) -> float:
            return 1.0

    (found,) = find_better(twins, signed.profile, tmp_path, Mender(), 1)
    assert "intact_known_signer is better" in found
