"""Paths into a payload, written as in `result.videos[].url`: `[]` is each element of a list, `*` each value."""

from __future__ import annotations

from typing import Any, NamedTuple


class KeyPath(NamedTuple):
    """A compiled path: its top-level key, whether that is all of it, and its steps (key, whether a list is entered)."""

    root: str
    is_flat: bool
    steps: tuple[tuple[str, bool], ...]


def compile_path(text: str) -> KeyPath:
    """The path written as `text`."""
    steps = tuple((step.removesuffix("[]"), step.endswith("[]")) for step in text.split("."))
    return KeyPath(steps[0][0], len(steps) == 1, steps)


def follow(payload: dict[str, Any], path: KeyPath) -> list[Any]:
    """The values at the end of the path, in order; empty where the payload has another shape."""
    values: list[Any] = [payload]
    for key, each in path.steps:
        objects = [value for value in values if isinstance(value, dict)]
        if key == "*":
            values = [value for item in objects for value in item.values()]
        else:
            values = [item[key] for item in objects if key in item]
        if each:
            values = [entry for entries in values if isinstance(entries, list) for entry in entries]
    return values
