"""A short sample of every long law."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.soak.laws import LAWS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soak.laws import Law


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_a_sample_of_a_long_law_holds(law: Law, library_path: Path) -> None:
    law.holds(library_path, Random(law.name), law.sample)
