"""Checking what is about to be sent: `validate`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from catalog.cli import render
from catalog.cli.completion import complete_dialects, complete_paths
from catalog.cli.options import complete_sources, json_option, library_options, open_input, read_settings
from catalog.ingest.items import PassedOver
from catalog.ingest.sequences import read_values
from catalog.reports import Refusal
from catalog.wire.dialects import find_dialect
from catalog.wire.requests import validate as check
from catalog.wire.rules import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

_JSON_LINES = (".jsonl", ".ndjson")


class _Item(NamedTuple):
    """A request of a file: its line or its number there, its name in a batch, and what is wrong with it."""

    line: int | None
    custom_id: str | None
    findings: list[Finding]


@click.command()
@click.argument("file", shell_complete=complete_paths)
@click.option(
    "--dialect",
    metavar="NAME",
    shell_complete=complete_dialects,
    help="The dialect of the server that you send them to; default: openai.",
)
@click.option(
    "--source", metavar="NAME", shell_complete=complete_sources, help="The configured source that you send them to."
)
@json_option
@library_options
def validate(file: str, dialect: str | None, source: str | None, as_json: bool) -> None:
    """Check requests before you send them.

    FILE, or `-` for standard input, holds one request as JSON, a list of requests, one request per line, or the lines
    of a Batch input file. An error is something that every server of the dialect rejects; it makes the exit status 1. A
    warning is something that the dialect does not document, or that only OpenAI's reference forbids. Nothing is sent.

    \b
      catalog validate request.json
      catalog validate batch-input.jsonl --dialect azure
    """
    if dialect and source:
        raise click.UsageError("use either --dialect or --source")
    kind = read_settings().find_source(source).dialect if source else find_dialect(dialect or "openai").name
    with open_input(file) as stream:
        items = list(_read_items(stream, kind, is_lines=file.endswith(_JSON_LINES)))
    if as_json:
        findings = [_describe(item, finding) for item in items for finding in item.findings]
        render.document({"dialect": kind, "requests": len(items), **_count(items), "findings": findings})
    else:
        _show(file, items)
    faulty = sum(any(finding.severity == "error" for finding in item.findings) for item in items)
    if faulty:
        render.complain(f"{faulty:,} of {render.amount(len(items), 'request')} cannot be sent as written")


def _read_items(stream: BinaryIO, dialect: str, *, is_lines: bool) -> Iterator[_Item]:
    for value in read_values(stream, is_lines=is_lines):
        if isinstance(value, PassedOver):
            continue
        if isinstance(value, Refusal):
            yield _Item(value.place, None, [Finding("not_json", "", value.reason, "error")])
        elif isinstance(value.content, list):
            for number, request in enumerate(value.content, 1):
                yield _check(request, value.line or number, dialect)
        else:
            yield _check(value.content, value.line, dialect)


def _check(content: Any, line: int | None, dialect: str) -> _Item:
    """Check one request; a line of a Batch file has a name."""
    name = content.get("custom_id") if isinstance(content, dict) and "url" in content else None
    return _Item(line, name if isinstance(name, str) else None, check(content, dialect))


def _count(items: Iterable[_Item]) -> dict[str, int]:
    counts = Counter(finding.severity for item in items for finding in item.findings)
    return {"errors": counts["error"], "warnings": counts["warning"]}


def _describe(item: _Item, finding: Finding) -> dict[str, Any]:
    return {"place": item.line, "custom_id": item.custom_id, **finding.to_dict()}


def _show(file: str, items: list[_Item]) -> None:
    for item in items:
        where = file if item.line is None else f"{file}:{item.line}"
        name = f" ({item.custom_id})" if item.custom_id else ""
        for finding in item.findings:
            about = f"{finding.field}: " if finding.field else ""
            render.line((where, "name"), f"{name}: {finding.severity} {finding.code}: {about}{finding.message}")
    counts: Mapping[str, int] = _count(items)
    counted = ", ".join(render.amount(count, name.removesuffix("s")) for name, count in counts.items())
    render.line(f"{render.amount(len(items), 'request')}: {counted}")
