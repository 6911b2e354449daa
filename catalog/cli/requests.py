"""What is about to be sent: `validate` checks it, `request` writes it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from catalog.cli import render
from catalog.cli.completion import complete_dialects, complete_paths
from catalog.cli.options import (
    attempt,
    complete_sources,
    json_option,
    library_options,
    open_catalog,
    open_input,
    read_refs,
    read_settings,
    refs_argument,
)
from catalog.errors import CatalogError
from catalog.ingest.items import PassedOver
from catalog.ingest.sequences import read_values
from catalog.reports import Refusal
from catalog.wire.dialects import find_dialect
from catalog.wire.requests import validate as check
from catalog.wire.rules import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

    from catalog.wire.drafts import RequestDraft

_FORMS = ("json", "curl", "sdk", "batch")
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


@click.command()
@refs_argument
@click.option(
    "--as",
    "form",
    type=click.Choice(_FORMS),
    help="The body as JSON, a command, Python for the official SDK, or a line of a Batch file; default: json.",
)
@click.option("--seed", metavar="new|N", help="Another seed: one that is drawn, or this number.")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="Another parameter; repeatable.")
@json_option
@library_options
def request(refs: tuple[str, ...], form: str | None, seed: str | None, changes: tuple[str, ...], as_json: bool) -> None:
    """Write the request that would make a take again.

    A request that is kept is written as it was sent; without one, it is written from what is known of the video. It is
    checked as by `validate`, and what is not known is named: an error makes the exit status 1, and a change that makes
    one is refused. Nothing is sent. Keys are never in it: a command and code name the variable. --as batch takes
    several refs, and `-` for those on standard input; --json prints all that is known of the request.

    VALUE is JSON where it can be read as that, else text; `null` takes the parameter out, and `@PATH` is a file to
    upload.

    \b
      catalog request studio:video_123 --as curl --seed new
      catalog request studio:video_123 --as sdk --set seconds=8
      catalog search verdict:keep --ids | catalog request - --as batch > batch-input.jsonl
    """
    if form and as_json:
        raise click.UsageError("use either --as or --json")
    if (len(refs) > 1 or "-" in refs) and form != "batch":
        raise click.UsageError("give a single REF, or several with --as batch")
    values = dict(map(_read_change, changes))
    _require_seed(seed)
    with open_catalog() as catalog:

        def draft(name: str) -> RequestDraft:
            return catalog.draft_request(name, seed=seed, changes=values)

        drafts = attempt(read_refs(refs), draft) if form == "batch" else map(draft, refs)
        for each in drafts:
            _print_draft(each, "whole" if as_json else form or "json")
            _remark(each, form)


def _print_draft(draft: RequestDraft, form: str) -> None:
    from catalog.wire import scripts

    if form in {"json", "whole"}:
        render.document(draft.body if form == "json" else draft)
        return
    write = {"curl": scripts.as_curl, "sdk": scripts.as_sdk, "batch": scripts.as_batch}[form]
    render.verbatim(write(draft) + "\n")


def _remark(draft: RequestDraft, form: str | None) -> None:
    for remark in draft.notes:
        render.note(f"{draft.ref}: {remark}")
    for finding in draft.findings:
        text = f"{finding.code}: {f'{finding.field}: ' if finding.field else ''}{finding.message}"
        if finding.severity == "error":
            render.complain(f"{draft.ref}: {text}")
        else:
            render.note(f"{draft.ref}: warning {text}")
    if form == "batch" and draft.uploads:
        render.complain(f"{draft.ref}: a Batch file cannot upload {draft.uploads[0].path}: name it by a file_id")


def _require_seed(seed: str | None) -> None:
    """Refuse a seed that cannot be, as a usage error."""
    from catalog.wire.alterations import read_seed

    try:
        read_seed(0 if seed is None else seed)
    except CatalogError as error:
        raise click.UsageError(str(error)) from error


def _read_change(text: str) -> tuple[str, Any]:
    """The parameter and its value; text that is not JSON is text, and so is what always is."""
    from catalog.wire.alterations import TEXTS
    from catalog.wire.uploads import FIELDS

    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"--set takes NAME=VALUE, not {text[:40]!r}")
    if value.startswith("@") and name in FIELDS:
        return name, Path(value[1:])
    if value == "null":
        return name, None
    if name in TEXTS or name.startswith("metadata."):
        return name, value
    try:
        return name, json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return name, value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


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
