"""JSON that a stranger has put into a file: read within bounds, or not at all."""

from __future__ import annotations

import json
from typing import Any

MAX_DEPTH = 100  # levels of nesting; a workflow with groups of nodes in groups has some 15
MAX_VALUES = 1_000_000


def read_json(text: str) -> Any:
    """The JSON value of a text; None where there is none, or it would become too large or too deep.

    NaN and Infinity are read, as ComfyUI writes them.
    """
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if _is_deep(value) else value


def read_object(text: str) -> dict[str, Any] | None:
    """The JSON object of a text, also where its quotes are escaped as in HTML; None where there is none."""
    value = read_json(text) if text.lstrip().startswith("{") else None
    if value is None and "&" in text and len(text) < MAX_VALUES:
        from html import unescape

        value = read_json(unescape(text))
    return value if isinstance(value, dict) and value else None


def write_json(value: object) -> str:
    """The JSON text of a value that was read, for one that stood within another."""
    return mend(json.dumps(value, ensure_ascii=False))


def mend(text: str) -> str:
    """The text with halves of surrogate pairs replaced, which JSON can say and nothing can store, and zeros too."""
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_deep(value: Any) -> bool:
    """Goes level by level, as recursion could overflow the stack; JSON knows no other types that hold values."""
    level = [value] if type(value) in {dict, list} else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return bool(level)
