"""A short sample of every part of the soak that has none elsewhere, and the soak's own tools."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.soak.disks import NoTracer
from tests.soak.parts import PARTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soak.figures import Part


@pytest.mark.parametrize("part", [part for part in PARTS if part.sample], ids=lambda part: part.name)
def test_a_sample_of_the_soak_finds_nothing_wrong(part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / part.name
    folder.mkdir()
    try:
        figures = part.run(folder, Random(part.name), part.sample)
    except NoTracer as reason:
        pytest.skip(str(reason))
    assert figures.wrong == []
    assert figures.tried
