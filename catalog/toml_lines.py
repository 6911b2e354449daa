"""Finds the line of a TOML text on which a setting stands, which the standard reader does not report.

The text is cut into its headings and its `key = value` statements, and each is parsed on its own, so that the work
grows with the length of the file and no faster. Pure.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The tokens of TOML that decide where a statement ends; brackets inside strings and comments do not count.
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\'|\#[^\n]*'''
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<end>\n)|[^\"'\#\[\]{}\n]+",
    re.DOTALL,
)


def find_line(text: str, keys: Sequence[str | int]) -> int | None:
    """The line, counted from 1, on which the deepest existing one of the nested keys begins; keys of lists are numbers.

    None where the text is not TOML.
    """
    best_depth, best_line = 0, None
    heading: list[str | int] = []
    sizes: dict[tuple[str | int, ...], int] = {}
    try:
        for line, statement in _statements(text):
            data = tomllib.loads(statement)
            if statement.lstrip().startswith("["):
                heading, data = _read_heading(data, sizes), {}
            elif not data:
                continue  # a comment
            depth = _depth(heading, keys)
            if depth == len(heading):
                depth += _depth_in(data, keys[depth:])
            if depth > best_depth:
                best_depth, best_line = depth, line
    except tomllib.TOMLDecodeError:
        return None
    return best_line


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each heading, each `key = value` and each other line of a TOML text, with the line on which it begins."""
    start = nested = line = 0
    for token in _TOKEN.finditer(text + "\n"):
        nested += {"open": 1, "close": -1}.get(token.lastgroup or "", 0)
        if token.lastgroup == "end" and nested <= 0:
            statement = text[start : token.end()]
            yield line + 1, statement
            start, nested = token.end(), 0
            line += statement.count("\n")


def _read_heading(data: dict[str, Any], sizes: dict[tuple[str | int, ...], int]) -> list[str | int]:
    """The keys of the table that a heading opens; `sizes` counts the tables of each list of tables so far."""
    path: list[str | int] = []
    table: Any = data
    while table:
        [(key, table)] = table.items()
        path.append(key)
        list_keys = tuple(path)
        if isinstance(table, list):
            sizes[list_keys] = sizes.get(list_keys, 0) + 1
            [table] = table
        if list_keys in sizes:
            path.append(sizes[list_keys] - 1)
    return path


def _depth(path: Sequence[str | int], keys: Sequence[str | int]) -> int:
    return next(
        (depth for depth, pair in enumerate(zip(path, keys, strict=False)) if pair[0] != pair[1]),
        min(len(path), len(keys)),
    )


def _depth_in(data: Any, keys: Sequence[str | int]) -> int:
    for depth, key in enumerate(keys):
        try:
            data = data[key]
        except (LookupError, TypeError):
            return depth
    return len(keys)
