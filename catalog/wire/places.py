"""Places inside a payload, written as in `result.videos[].url`: `[]` is each element of a list, `*` each value."""

from __future__ import annotations

from typing import Any, NamedTuple


class Place(NamedTuple):
    """A compiled place: its top-level key, whether that is all, and its steps (key, each element of the list there)."""

    root: str
    is_flat: bool
    steps: tuple[tuple[str, bool], ...]


def compile_place(text: str) -> Place:
    """The place that `text` writes down."""
    steps = tuple((step.removesuffix("[]"), step.endswith("[]")) for step in text.split("."))
    return Place(steps[0][0], len(steps) == 1, steps)


def follow(payload: dict[str, Any], place: Place) -> list[Any]:
    """What stands at the place, in order; empty where the payload is of another shape."""
    found: list[Any] = [payload]
    for key, each in place.steps:
        objects = [item for item in found if isinstance(item, dict)]
        if key == "*":
            found = [value for item in objects for value in item.values()]
        else:
            found = [item[key] for item in objects if key in item]
        if each:
            found = [entry for items in found if isinstance(items, list) for entry in items]
    return found
