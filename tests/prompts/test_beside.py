"""Words that name a value only beside another: a sound has a source, light comes through a window."""

from __future__ import annotations

import pytest

from catalog.prompts import extract


def values(prompt: str, name: str) -> set[str]:
    return {facet.value for facet in extract(prompt, open_facets=False).facets if facet.name == name}


@pytest.mark.parametrize(
    "prompt",
    ["Rain taps the tin roof.", "Halyards tapping against masts.", "The clock in the hall ticks.", "ticking clocks"],
)
def test_what_a_source_does_is_a_sound(prompt: str) -> None:
    assert values(prompt, "audio") == {"sound"}


@pytest.mark.parametrize(
    "prompt", ["He taps the screen.", "Rain on the roof. She taps the glass.", "A man clicks a mouse."]
)
def test_what_has_no_source_is_none(prompt: str) -> None:
    assert not values(prompt, "audio")


def test_a_window_is_a_light_only_beside_light() -> None:
    assert "window" in values("Sunlight streams in through a tall window.", "lighting")
    assert not values("A woman sits by a tall window.", "lighting")
