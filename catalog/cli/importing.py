"""Importing what people saved: `import`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from catalog.cli import render
from catalog.cli.completion import complete_paths
from catalog.cli.options import complete_sources, json_option, library_options, open_catalog, open_input

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.reports import FileReport, ImportReport

_LISTED = 20  # files that get a line each; of more, only those where something was refused
_REASONS = 5  # refusals shown per file; further ones are only counted


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_paths)
@click.option("--source", metavar="NAME", shell_complete=complete_sources, help="The source that the videos belong to.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADER=FIELD",
    help="Read a CSV column as this field or as metadata.KEY; HEADER= skips it; repeatable.",
)
@click.option(
    "--facets",
    metavar="FILE|JSON",
    help="Give every video these facets: a JSON object of facet to text or list of texts.",
)
@click.option("--dry-run", is_flag=True, help="Report what would happen and write nothing.")
@json_option
@library_options
def import_(
    paths: tuple[str, ...],
    source: str | None,
    columns: tuple[str, ...],
    facets: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import saved files and folders; `-` is standard input.

    Reads answers of any server as JSON or JSON lines, input and output files of the Batch API (import them together,
    so that prompts find their videos), exports of SoraVault, .json and .txt files beside clips, and CSV. Whatever is
    refused is listed with its line and the reason, the rest is imported, and the exit status is then 1. Importing the
    same files twice adds nothing. Without --source, the videos go to the only configured source, or to `imported`
    where none is configured. Facets given with --facets, under the key `facets` of a job, or in columns (`facet.NAME`,
    values separated by semicolons) outrank what prompts say.

    \b
      catalog import export/ --source studio
      catalog import batch-input.jsonl batch-output.jsonl
      catalog import jobs.csv --column "Prompt text=prompt" --column "Client=metadata.client" --column "Notes="
      catalog import jobs.csv --column "Look=facet.style" --facets '{"client": "acme"}'
    """
    with open_catalog() as catalog, render.progress() as on_progress:
        report = catalog.import_path(
            *paths,
            source=source,
            columns=_read_columns(columns),
            facets=None if facets is None else _read_facets(facets),
            dry_run=dry_run,
            on_progress=on_progress,
        )
    if as_json:
        render.document(report)
    else:
        _show(report)
    render.note_costs(report.costs_changed)
    for file in report.files:
        _complain_of(file)


def _read_columns(columns: Iterable[str]) -> dict[str, str]:
    fields = {}
    for column in columns:
        header, equals, target = column.rpartition("=")
        if not (equals and header.strip()):
            raise click.UsageError(f"--column takes HEADER=FIELD, not {column!r}")
        fields[header.strip()] = target.strip()
    return fields


def _read_facets(text: str) -> Any:
    """The JSON of the option itself, or of the file that it names."""
    from catalog.ingest.texts import read_text
    from catalog.wire.documents import Unreadable, read_json

    if text.lstrip().startswith(("{", "[")):
        data = text.encode("utf-8", "surrogateescape")
    else:
        with open_input(text) as stream:
            data = stream.read()
    try:
        return read_json(read_text(data).encode())
    except Unreadable as error:
        raise click.UsageError(
            f"--facets takes a JSON object of facet to values, or a file that holds one: {error}"
        ) from error


def _show(report: ImportReport) -> None:
    listed = [file for file in report.files if len(report.files) <= _LISTED or file.refusals]
    for file in listed if len(report.files) > 1 else ():
        render.line((file.path, "name"), f": {file.form or 'not read'}; {_sum_up(file)}")
    read = f"{render.amount(len(report.files), 'file')} read in {render.describe_time(report)}"
    written = ", nothing written" if report.is_dry_run else ""
    render.line((report.source, "name"), f": {_sum_up(report)}; {read}{written}")
    if report.ignored:
        render.note(f"{render.amount(report.ignored, 'file')} of other kinds ignored")
    if report.waiting:
        waiting = render.amount(report.waiting, "request")
        render.note(f"{waiting} of batches without an answer yet: import them again together with the output file")


def _sum_up(report: FileReport | ImportReport) -> str:
    counts = {name: getattr(report, name) for name in ("added", "changed", "unchanged")}
    counts |= {name: count for name, count in (("waiting", report.waiting), ("refused", report.refusals)) if count}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _complain_of(file: FileReport) -> None:
    for refusal in file.refused[:_REASONS]:
        where = file.path if refusal.place is None else f"{file.path}:{refusal.place}"
        render.complain(f"{where}: {refusal.reason}")
    if file.refusals > _REASONS:
        render.complain(f"{file.path}: {file.refusals - _REASONS:,} more were refused")
