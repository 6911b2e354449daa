"""What ComfyUI's page shows, as the graph that it would run: for files that carry no other.

A workflow lists nodes with the values of their widgets, whose names it says only since 2025, and links apart from them.
Groups of nodes within it are not entered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .graphs import Graph

_AFTER_SEED = frozenset({"fixed", "increment", "decrement", "randomize"})  # of a widget that is not an input
_SILENT = frozenset({2, 4})  # modes of a node that does not run, or is bypassed
# The input that the first value of a node without names is, by the kind of the node, and the type of that value.
_FIRST: tuple[tuple[re.Pattern[str], str, type], ...] = (
    (re.compile(r"Sampler|Noise|Seed"), "seed", int),
    (re.compile(r"LoRA", re.IGNORECASE), "lora_name", str),
    (re.compile(r"Checkpoint.*Load|Load.*Checkpoint"), "ckpt_name", str),
    (re.compile(r"UNET.*Load|Unet.*Load|Diffusion.*Load|ModelLoader(?!.*Upscale)"), "unet_name", str),
    (re.compile(r"TextEncode|String|Text|Primitive|Prompt"), "text", str),
)


def flatten(workflow: Mapping[str, Any]) -> Graph:
    """The nodes of a workflow by their ids, each with its inputs: values of widgets, and links."""
    nodes = _objects(workflow.get("nodes"))
    origins = dict(_list_links(workflow.get("links")))
    return {
        str(node["id"]): {"class_type": node["type"], "inputs": _read_inputs(node, origins)}
        for node in nodes
        if isinstance(node.get("id"), int | str) and isinstance(node.get("type"), str) and not _is_silent(node)
    }


def _is_silent(node: Mapping[str, Any]) -> bool:
    return isinstance(node.get("mode"), int) and node["mode"] in _SILENT and "Loader" not in node["type"]


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _list_links(links: object) -> Iterator[tuple[int, list[Any]]]:
    """The number of each link, and the link as a graph has it: a node and the number of what that puts out."""
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict):
            link = [link.get("id"), link.get("origin_id"), link.get("origin_slot")]  # noqa: PLW2901
        if isinstance(link, list) and len(link) >= 3 and all(isinstance(part, int | str) for part in link[:2]):
            yield link[0], [str(link[1]), link[2]]


def _read_inputs(node: Mapping[str, Any], origins: Mapping[Any, list[Any]]) -> dict[str, Any]:
    slots = [slot for slot in _objects(node.get("inputs")) if isinstance(slot.get("name"), str)]
    inputs = _read_widgets(node, [slot["name"] for slot in slots if isinstance(slot.get("widget"), dict)])
    for slot in slots:
        if isinstance(slot.get("link"), int | str) and slot["link"] in origins:
            inputs[slot["name"]] = origins[slot["link"]]
    return inputs


def _read_widgets(node: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """The values of widgets by the names that are said, else the first by the kind of the node."""
    values = node.get("widgets_values")
    if isinstance(values, dict):
        return dict(values)
    if not isinstance(values, list):
        return {}
    values = [value for value in values if not (isinstance(value, str) and value in _AFTER_SEED)]
    if len(names) == len(values):
        return dict(zip(names, values, strict=True))
    for pattern, name, form in _FIRST:
        if pattern.search(node["type"]):
            return {name: values[0]} if values and isinstance(values[0], form) else {}
    return {}
