"""The labelled development set is read as well as it was promised."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

FLOORS = {
    "CONTROLLED": 0.95,
    "CONTROLLED json": 0.92,
    "CONTROLLED labelled": 0.93,
    "CONTROLLED prose": 0.92,
    "mood": 0.85,
    "OPEN": 0.60,
    "dialogue": 0.90,
}


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "facets.py"
    spec = importlib.util.spec_from_file_location("facets_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)  # as for a script, whose neighbours it may import
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scores(scorer: ModuleType, shared: Path) -> dict[str, object]:
    lines = (shared / "prompts" / "facets-dev.jsonl").read_text("utf-8").splitlines()
    return scorer.evaluate(map(json.loads, lines), strict=False, misses=False)


@pytest.mark.parametrize("name", FLOORS)
def test_the_development_set_is_read_well(scores: dict[str, object], name: str) -> None:
    assert scores[name].f1 >= FLOORS[name]


def test_the_scorer_counts_a_broader_value_neither_right_nor_wrong(scorer: ModuleType) -> None:
    assert scorer.score_values(["pan_left"], ["pan", "pan_left"], [], {"pan": {"pan_left"}}) == (
        {"pan_left"},
        set(),
        set(),
    )


def test_the_scorer_finds_a_label_by_its_stems(scorer: ModuleType) -> None:
    assert scorer.holds(scorer.stems("two running wolves"), "wolf|dog")
    assert scorer.holds(scorer.stems("waves"), "wave")
    assert not scorer.holds(scorer.stems("a " * 13 + "wolf"), "wolf")


def test_the_scorer_counts_a_repeated_label_once(scorer: ModuleType) -> None:
    assert scorer.score_phrases(["dog"], ["old dog", "dogs", "cat"])[:2] == (1, 1)
