"""What a graph of ComfyUI was asked for: the texts, the model and the seed behind its last sampler.

A graph is an object of nodes by id, each with its `class_type` and its `inputs`, where `[id, number]` is a link to what
another node puts out. Links may lead in circles or nowhere, and nodes are of thousands of kinds, so inputs are known by
their names, not nodes by theirs. How far is followed, and how much text comes together, is bounded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .documents import mend

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_STEPS = 20_000  # nodes that are visited for the texts of a graph
MOST_SAMPLERS = 20
MOST_DEPTH = 100  # links in a row
MOST_TEXT = 256 * 1024  # characters of a prompt, as many as a row keeps
MOST_SEED = 2**64 - 1
_EXACT = 2**53  # whole numbers above are no longer exact where they were written as fractions

Node = dict[str, Any]
Graph = dict[str, Node]

_SAVES = re.compile(r"Save|VideoCombine|Preview|Output")
_PROMPTED = (
    *("positive", "negative", "conditioning", "cond1", "guider"),
    *("text_embeds", "hyvid_embeds", "embeds", "prompt_embeds"),
    *("pipe", "basic_pipe", "context"),
)
# Inputs that lead on to a text, by the side that is looked for.
_BETWEEN = (
    r"|cond(itioning)?(_?\w{1,4})?|guider|(text|hyvid|prompt)?_?embeds(_\d+)?|(base_)?(pipe|ctx)|basic_pipe|context"
    r"|on_true|on_false|((any|input|value|source|anything)?_?\d*)|\*"
)
_WAY = {side: re.compile(rf"{side}(_\d+)?{_BETWEEN}") for side in ("positive", "negative")}
# Inputs that are texts: those of one side, which are all that counts where there are any, and those of either.
_OWN = {
    "positive": re.compile(r"positive(_prompt|_text)?|user_prompt|(text|prompt|string)_positive"),
    "negative": re.compile(r"negative(_prompt|_text)?|(text|prompt|string)_negative"),
}
_EXPANDED = re.compile(r"populated_text")  # what an expander of wildcards has written
_EITHER = re.compile(
    r"(text|string|prompt|str|value|caption|line)s?(_?([a-h]|[lg]|\d{1,2}))?|clip_[lg]|t5xxl|llama|qwen25_7b"
    r"|wildcard_text|text_prompt|prompt_text|inputs?|any(thing)?(_\d+)?|source|on_true|on_false|\*|"
)
_ONE_SIDED = re.compile(r"positive|negative")
_LOADED = re.compile(r"(ckpt|unet|model|diffusion_model|transformer|gguf|checkpoint)(_?name|_path|_file)?_?\d?")
_MODEL_WAY = re.compile(r"model(_?\d|_high|_low|_high_noise|_low_noise)?|guider|pipe|basic_pipe|any_?\d*|\*|")
_SEED = re.compile(r"(noise_)?seed(_num|_value)?|noise|value|int|number|any(thing)?(_\d+)?|input|source|\*|")
_DELIMITERS = ("delimiter", "separator")
_LONGEST_DELIMITER = 100


class Generation(NamedTuple):
    """What was asked of a generator: texts, the name of a model, a seed as text."""

    prompt: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    seed: str | None = None


def as_graph(value: object) -> Graph | None:
    """The nodes of a graph that was run; None for any other value."""
    if not isinstance(value, dict):
        return None
    graph = {
        key: node for key, node in value.items() if isinstance(node, dict) and isinstance(node.get("class_type"), str)
    }
    return graph or None


def read_graph(graph: Graph) -> Generation:
    """What the last sampler of a graph was asked for; where it has none, what a node that asks a service was."""
    samplers = _list_samplers(graph)
    reader = _Reader(graph)
    if samplers:
        prompts = (reader.read_side(node, "positive") for node in samplers)
        negatives = (reader.read_side(node, "negative") for node in samplers)
    else:
        prompted = [node for node in _ordered(graph) if any(_is_prompt(key) for key in _inputs(node))]
        samplers = prompted[:MOST_SAMPLERS]
        prompts = (reader.read_texts(node, "positive") for node in samplers)
        negatives = (reader.read_own_negative(node) for node in samplers)
    return Generation(
        next(filter(None, prompts), None),
        next(filter(None, negatives), None),
        next(filter(None, (reader.read_model(node) for node in samplers)), None) or _name_any_model(graph),
        next(filter(None, (reader.read_seed(node) for node in _by_noise(samplers))), None),
    )


def _is_prompt(key: str) -> bool:
    return key in {"prompt", "positive_prompt", "text_prompt", "prompt_text"}


def _inputs(node: Node) -> Mapping[str, Any]:
    inputs = node.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def _target(graph: Graph, value: object) -> Node | None:
    """The node that a link leads to; None for anything else."""
    is_link = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int)
    return graph.get(str(value[0])) if is_link and isinstance(value, list) else None


def _ordered(graph: Graph) -> list[Node]:
    """The nodes from what saves backwards, then all others as they stand."""
    waiting = [key for key, node in graph.items() if _SAVES.search(node["class_type"])]
    order: dict[str, None] = dict.fromkeys(waiting)
    for key in waiting:  # which grows
        for value in _inputs(graph[key]).values():
            if _target(graph, value) is not None and str(value[0]) not in order:
                order[str(value[0])] = None
                waiting.append(str(value[0]))
    return [graph[key] for key in (*order, *(key for key in graph if key not in order))]


def _list_samplers(graph: Graph) -> list[Node]:
    """The nodes that are asked for something by a link and give a seed or a noise, the last of the chain first."""
    asked = [
        node for node in _ordered(graph) if any(_target(graph, _inputs(node).get(key)) is not None for key in _PROMPTED)
    ]
    samplers = [node for node in asked if {"seed", "noise_seed", "noise"} & _inputs(node).keys()]
    return (samplers or [node for node in asked if "ampler" in node["class_type"]] or asked)[:MOST_SAMPLERS]


def _by_noise(samplers: Sequence[Node]) -> list[Node]:
    """The samplers that add noise before those that go on with another's, whose seed says nothing."""
    return sorted(samplers, key=lambda node: _inputs(node).get("add_noise") in ("disable", False))


def _name_any_model(graph: Graph) -> str | None:
    """The first file that any node loads as what a picture is made with."""
    names = (_inputs(node).get(key) for key in ("ckpt_name", "unet_name") for node in graph.values())
    return next((_file_name(name) for name in names if isinstance(name, str) and name.strip()), None)


def _file_name(path: str) -> str:
    return mend(path.replace("\\", "/").rstrip("/").rpartition("/")[2].strip())[:500]


def read_seed(value: object) -> str | None:
    """A seed as text; None for anything else: negative, a fraction, or more than 64 bits hold."""
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal() and len(value) <= 40:
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        value = int(value)
    is_seed = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_SEED
    return str(value) if is_seed else None


class _Reader:
    """Follows the links of one graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._steps = 0
        self._length = 0

    def read_side(self, node: Node, side: str) -> str | None:
        """The text that a sampler was given on one side, over conditionings, guiders and what lies between."""
        self._length = 0
        return _joined(self._walk(node, side, ()))

    def read_texts(self, node: Node, side: str) -> str | None:
        """The text that a node itself was given."""
        self._length = 0
        return _joined(self._list_texts(node, side, ()))

    def read_own_negative(self, node: Node) -> str | None:
        """The negative text of a node that was given both."""
        has_own = any(_OWN["negative"].fullmatch(key) for key in _inputs(node))
        return self.read_texts(node, "negative") if has_own else None

    def read_model(self, node: Node) -> str | None:
        """The file that is loaded at the other end of the links named model."""
        for inputs in self._follow(node, _MODEL_WAY):
            for key, value in inputs.items():
                if isinstance(value, str) and value.strip() and _LOADED.fullmatch(key):
                    return _file_name(value)
        return None

    def read_seed(self, node: Node) -> str | None:
        """The seed of a sampler, its own or over links."""
        seeds = (
            read_seed(inputs[key]) for inputs in self._follow(node, _SEED) for key in inputs if _SEED.fullmatch(key)
        )
        return next(filter(None, seeds), None)

    def _follow(self, node: Node, way: re.Pattern[str]) -> Iterator[Mapping[str, Any]]:
        """The inputs of a node, and of those that its inputs of such names lead to: the nearest first, each once."""
        waiting = [node]
        seen = {id(node)}
        for near in waiting:  # which grows
            inputs = _inputs(near)
            yield inputs
            for key, value in inputs.items():
                target = _target(self._graph, value) if way.fullmatch(key) else None
                if target is not None and id(target) not in seen:
                    seen.add(id(target))
                    waiting.append(target)

    def _walk(self, node: Node, side: str, path: tuple[int, ...]) -> Iterator[str]:
        """The texts behind a sampler or a conditioning, the nearest that there are on each way."""
        if not self._enter(node, path) or "ZeroOut" in node["class_type"]:
            return
        path = (*path, id(node))
        inputs = _inputs(node)
        texts = list(self._list_texts(node, side, path[:-1])) if len(path) > 1 else []
        if texts:
            yield from texts
            return
        for target in self._list_ways(inputs, side):
            yield from self._walk(target, side, path)

    def _list_ways(self, inputs: Mapping[str, Any], side: str) -> Iterator[Node]:
        """The nodes that may lead to the text of a side; what has two sides is left by the right one."""
        is_sided = any(_ONE_SIDED.match(key) for key in inputs)
        for key in inputs:
            target = _target(self._graph, inputs[key]) if _WAY[side].fullmatch(key) else None
            if target is None or (is_sided and key.startswith("cond")):
                continue
            if key != "guider" or side in _inputs(target) or side == "positive":  # a guider may have no other
                yield target

    def _list_texts(self, node: Node, side: str, path: tuple[int, ...]) -> Iterator[str]:
        """The texts of a node's own inputs, those of the first names that give any."""
        if not self._enter(node, path):
            return
        path = (*path, id(node))
        inputs = _inputs(node)
        for names in (_OWN[side], _EXPANDED, _EITHER):
            keys = [key for key in inputs if names.fullmatch(key)]
            texts = [text for key in keys for text in self._read_text(inputs[key], side, path)]
            if any(text.strip() for text in texts):
                delimiter = next((inputs[key] for key in _DELIMITERS if isinstance(inputs.get(key), str)), None)
                if delimiter is None:
                    yield from dict.fromkeys(texts)
                else:
                    yield delimiter[:_LONGEST_DELIMITER].join(texts)
            if keys and (texts or names is _OWN[side]):
                return

    def _read_text(self, value: object, side: str, path: tuple[int, ...]) -> Iterator[str]:
        if isinstance(value, str):
            text = value[: MOST_TEXT - self._length]
            self._length += len(text)
            yield text
        elif (target := _target(self._graph, value)) is not None:
            yield from self._list_texts(target, side, path)

    def _enter(self, node: Node, path: tuple[int, ...]) -> bool:
        """Whether to go on: not in a circle, nor too deep, nor any more where too much has been seen."""
        self._steps += 1
        is_within = self._steps <= MOST_STEPS and len(path) < MOST_DEPTH and self._length < MOST_TEXT
        return is_within and id(node) not in path


def _joined(texts: Iterator[str]) -> str | None:
    """The texts as one, a line for each; None where they are blank."""
    lines = dict.fromkeys(text.strip() for text in texts)
    return mend("\n".join(line for line in lines if line))[:MOST_TEXT] or None
