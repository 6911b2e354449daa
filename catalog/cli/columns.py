"""The columns that `search --columns` can show: the fields of a video and what is computed from them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import render
from catalog.cli.labels import read_prompt
from catalog.fields import TABLE
from catalog.records import Facet, File, Input, Link, Video, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from click.shell_completion import CompletionItem

NAMES = (*Video.COMPUTED, *(field.name for field in fields(Video)))
NUMBERS = frozenset({"rating", *(column.name for column in TABLE if column.type in {int, float})})
TIMES = frozenset(column.name for column in TABLE if column.type is datetime)

_ALIASES = {"id": "remote_id", "tag": "tags", "collection": "collections"} | {
    alias: column.name for column in TABLE if column.recorded and column.ask for alias in column.ask.aliases
}


class ColumnNames(click.ParamType[tuple[str, ...]]):
    """Names of columns with commas between them, as a query writes them: `ref,model,cost`."""

    name = "columns"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The names, aliases resolved; a usage error that lists all names for an unknown one."""
        if isinstance(value, tuple):
            return value
        return tuple(self._find(name.strip(), param, ctx) for name in value.split(","))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:  # noqa: ARG002
        """The names that the last one typed may become."""
        from click.shell_completion import CompletionItem

        before, comma, last = incomplete.rpartition(",")
        return [CompletionItem(f"{before}{comma}{name}") for name in NAMES if name.startswith(last)]

    def _find(self, typed: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        folded = typed.lower().replace("-", "_")
        name = _ALIASES.get(folded, folded)
        if name not in NAMES:
            from difflib import get_close_matches

            similar = get_close_matches(folded, NAMES, n=1)
            hint = f", did you mean {similar[0]}?" if similar else ":"
            self.fail(f"no column {render.clip(typed, 60)!r}{hint} there are {', '.join(NAMES)}", param, ctx)
        return name


def pick(video: Video, names: tuple[str, ...]) -> dict[str, Any]:
    """The named values of a video as JSON values."""
    return {name: to_json(getattr(video, name)) for name in names}


def write(video: Video, name: str, refs: Mapping[str, str]) -> str:
    """The value as one line of text; a ref as it is written there, a prompt in words, times in UTC."""
    value = getattr(video, name)
    if name == "ref":
        return refs[value]
    if name == "prompt":
        return read_prompt(value)
    return _write(value)


_RECORDS: dict[type, Callable[[Any], str]] = {
    Facet: lambda facet: f"{facet.name}:{facet.value}",
    Link: lambda link: f"{link.child} {link.relation} of {link.parent}",
    File: lambda file: file.path or f"{file.variant} {file.state}",
    Input: lambda given: f"{given.role} {given.name or given.number}",
}


def _write(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, datetime):
        return f"{render.moment(value)} UTC"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, tuple):
        return ", ".join(map(_write, value))
    if write := _RECORDS.get(type(value)):
        return write(value)
    if isinstance(value, dict):
        import json

        return json.dumps(to_json(value), ensure_ascii=False)
    return str(value)
