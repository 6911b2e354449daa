"""On which line of a TOML text a setting stands, which the standard reader does not say.

The text is cut into its headings and its `key = value` statements, and each is read on its own: two readings of the
file, however long it is. Pure.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What a line of TOML may hold between its beginning and its end: texts and comments, whose brackets mean nothing.
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\'|\#[^\n]*'''
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<end>\n)|[^\"'\#\[\]{}\n]+",
    re.DOTALL,
)


def find_line(text: str, keys: Sequence[str | int]) -> int | None:
    """The line, numbered from 1, on which the deepest of the nested keys (in a list, numbers) that is there begins.

    None where the text is not TOML.
    """
    best, line_found = 0, None
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
            if depth > best:
                best, line_found = depth, line
    except tomllib.TOMLDecodeError:
        return None
    return line_found


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
    """The keys of the table a heading opens; `sizes` are those of the lists of tables so far, by their keys."""
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
