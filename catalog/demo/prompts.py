"""The prompts of the sample library: scenes, their remixes, and any number of further takes."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files
from itertools import count
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

# A stride through the variations, coprime to their number: all are used before any repeats, and neighbours differ.
STRIDE = 389
UNSPACED = ("zh", "ja")
JSON_KEYS = ("finish", "timing", "sound_design", "take")


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("prompts.toml").read_text(encoding="utf-8"))


def scenes() -> list[dict[str, Any]]:
    """Every scene of the file."""
    listed: list[dict[str, Any]] = _data()["scenes"]
    return listed


def family(scene: dict[str, Any]) -> list[tuple[str, int | None]]:
    """The prompts of a scene, each with the index of the prompt that it remixes.

    First the scene, then its edits, each a remix of the one before, then its branches, each a remix of the scene.
    """
    edits, branches = scene.get("edits", ()), scene.get("branches", ())
    return [
        (scene["prompt"], None),
        *((edit, index) for index, edit in enumerate(edits)),
        *((branch, 0) for branch in branches),
    ]


def remix_edits() -> Iterator[str]:
    """Prompts for remixes, all different."""
    edits = _data()["remixes"]["en"]
    yield from edits
    for turn in count():
        phrases = " ".join(_variation("en", turn))
        yield from (f"{edit} {phrases}" for edit in edits)


class Takes:
    """Further takes of the scenes: every scene once in each round, no prompt twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._scenes = list(enumerate(scenes()))
        self._prompts = self._walk()

    def next(self) -> str:
        """The prompt of the next take."""
        return next(self._prompts)

    def _walk(self) -> Iterator[str]:
        for turn in count():
            self._random.shuffle(self._scenes)
            for index, scene in self._scenes:
                yield _WRITERS[scene.get("form", "prose")](scene, _variation(_language(scene), turn, 7 * index))


def _language(scene: dict[str, Any]) -> str:
    return str(scene.get("language", "en"))


def _variation(language: str, turn: int, start: int = 0) -> list[str]:
    """The phrases of one variation, a different one each turn; once all are used, a further phrase numbers the take."""
    data = _data()
    axes = data["variations"][language]
    variations = prod(map(len, axes.values()))
    rest = (start + STRIDE * turn) % variations
    phrases = []
    for choices in axes.values():
        rest, digit = divmod(rest, len(choices))
        phrases.append(choices[digit])
    if turn >= variations:
        phrases.append(f"{data['labels'][language][-1]} {turn // variations + 1}.")
    return phrases


def _write_prose(scene: dict[str, Any], phrases: list[str]) -> str:
    space = "" if _language(scene) in UNSPACED else " "
    return space.join((scene["prompt"], *phrases))


def _write_labelled(scene: dict[str, Any], phrases: list[str]) -> str:
    labels = _data()["labels"][_language(scene)]
    return "\n".join((scene["prompt"], *(f"{label}: {phrase}" for label, phrase in zip(labels, phrases, strict=False))))


def _write_json(scene: dict[str, Any], phrases: list[str]) -> str:
    return json.dumps(
        {**json.loads(scene["prompt"]), **dict(zip(JSON_KEYS, phrases, strict=False))}, ensure_ascii=False
    )


_WRITERS = {"prose": _write_prose, "labelled": _write_labelled, "json": _write_json}
