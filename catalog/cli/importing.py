"""Importing what people saved: `import`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from catalog import stopping
from catalog.cli import render
from catalog.cli.completion import complete_paths
from catalog.cli.credentials import say_checked
from catalog.cli.folders import complain_of, show_folder, show_remarks
from catalog.cli.options import complete_sources, json_option, library_options, open_catalog, open_input

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalog.reports import FileReport, ImportReport

_LISTED = 20  # files that get a line each; of more, only those where something was refused
_REASONS = 5  # refusals shown per file; further ones are only counted
_NAMED = 5  # files named of those that were not read


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_paths)
@click.option("--source", metavar="NAME", shell_complete=complete_sources, help="The source that the videos belong to.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADER=FIELD",
    help="Read a CSV column as this field, metadata.KEY or extra.KEY; HEADER= leaves it out; repeatable.",
)
@click.option(
    "--columns",
    "rest",
    type=click.Choice(["auto"]),
    help="Map the CSV columns that are known, keep all others in extra.",
)
@click.option(
    "--dates",
    type=click.Choice(["dmy", "mdy", "ymd"]),
    help="The order of day, month and year in a CSV file.",
)
@click.option(
    "--facets",
    metavar="FILE|JSON",
    help="Give every video these facets: a JSON object of facet to text or list of texts.",
)
@click.option("--follow-links", is_flag=True, help="Also read symbolic links that lead out of the folder.")
@click.option("--dry-run", is_flag=True, help="Report what would happen and write nothing.")
@json_option
@library_options
def import_(
    paths: tuple[str, ...],
    source: str | None,
    columns: tuple[str, ...],
    rest: str | None,
    dates: Literal["dmy", "mdy", "ymd"] | None,
    facets: str | None,
    follow_links: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import saved files and folders; `-` is standard input.

    Reads answers of any server as JSON, however they follow each other; recordings of browsers and proxies (HAR), logs
    and other files that hold requests with their answers; input and output files of the Batch API (import them
    together, so that prompts find their videos); exports of the Sora app and of SoraVault; .json and .txt files beside
    clips; and CSV. Any of them may be packed with gzip or zip. Headers and cookies are never kept.

    Clips and pictures (mp4 mov m4v webm mkv avi webp png jpg gif) stay where they lie. Each is a file of the job that a
    sidecar or its name says, or a video of its own, of the source `files`. A file that is not whole yet, and whatever
    is passed over, is counted with the reason: import the folder again, or `catalog watch` it.

    A symbolic link in a folder that leads out of it is named and not read, unless --follow-links is given; one in an
    archive never is. What is named here may be a link.

    Whatever is refused is listed with its line and the reason, and so is every value that cannot be read, which stays
    in the video's extra; the rest is imported, and the exit status is then 1. Importing the same files twice adds
    nothing. Without --source, the videos go to the only configured source, or to `imported` where none is configured.
    Facets given with --facets, under the key `facets` of a job, or in columns (`facet.NAME`, values separated by
    semicolons) outrank what prompts say.

    \b
      catalog import export/ --source studio
      catalog import batch-input.jsonl batch-output.jsonl
      catalog import jobs.csv --column "Prompt text=prompt" --column "Client=metadata.client" --column "Notes="
      catalog import shots.csv --columns auto --column "Internal=" --dates dmy
      catalog import jobs.csv --column "Look=facet.style" --facets '{"client": "acme"}'
    """
    if dry_run:
        stopping.promise(stopping.UNCHANGED)
    with open_catalog() as catalog, render.progress() as on_progress:
        report = catalog.import_path(
            *paths,
            source=source,
            columns=_read_columns(columns) | ({"*": "extra"} if rest else {}),
            dates=dates,
            facets=None if facets is None else _read_facets(facets),
            follow_links=follow_links,
            dry_run=dry_run,
            on_progress=on_progress,
        )
    if as_json:
        render.document(report)
    else:
        _show(report)
    say_checked(report.credentials, is_summed_up=not as_json)
    render.note_costs(report.costs_changed)
    for file in report.files:
        _complain_of(file)
    for folder in report.folders:
        complain_of(folder)


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
    from catalog.disk import read_whole
    from catalog.ingest.texts import read_text
    from catalog.wire.documents import Unreadable, read_json

    if text.lstrip().startswith(("{", "[")):
        data = text.encode("utf-8", "surrogateescape")
    else:
        with open_input(text) as stream:
            data = read_whole(stream)
    try:
        return read_json(read_text(data).encode())
    except Unreadable as error:
        raise click.UsageError(
            f"--facets takes a JSON object of facet to values, or a file that holds one: {error}"
        ) from error


def _show(report: ImportReport) -> None:
    listed = [file for file in report.files if len(report.files) <= _LISTED or file.refused]
    for file in listed if len(report.files) > 1 else ():
        render.line((file.path, "name"), f": {file.form or 'not read'}; {_sum_up(file)}")
    read = f"; {render.amount(len(report.files), 'file')} read" if report.files or not report.folders else ""
    written = ", nothing written" if report.is_dry_run else ""
    render.line((report.source, "name"), f": {_sum_up(report)}{read} in {render.describe_time(report)}{written}")
    for folder in report.folders:
        show_folder(folder)
        show_remarks(folder)
    _name_others(
        report.lone_clips, "clip", "has no .json or .txt beside it", "have no .json or .txt beside them", report.clips
    )
    _name_others(report.ignored, "file", "is of another kind", "are of other kinds", report.others)
    advice = "out of the folder, not followed (--follow-links follows such links)"
    _name_others(report.left_out, "link", f"leads {advice}", f"lead {advice}", report.outside)
    for remark in report.notes:
        render.note(f"{report.source}: {remark}")
    if report.waiting:
        waiting = render.amount(report.waiting, "request")
        render.note(f"{waiting} of batches without an answer yet: import them again together with the output file")


def _name_others(count: int, noun: str, says: str, say: str, paths: Sequence[str]) -> None:
    """Remark on files that were not read: how many, and the first of them."""
    if count:
        named = ", ".join(paths[:_NAMED]) + (", …" if count > _NAMED else "")
        render.note(f"{render.amount(count, noun)} {says if count == 1 else say}: {named}")


def _sum_up(report: FileReport | ImportReport) -> str:
    counts = {name: getattr(report, name) for name in ("added", "changed", "unchanged")}
    others = {"waiting": report.waiting, "refused": report.refusals, "passed over": report.passed_over}
    counts |= {name: count for name, count in others.items() if count}
    unread = [f"{render.amount(report.unread, 'value')} not read"] if report.unread else []
    return ", ".join([f"{count:,} {name}" for name, count in counts.items()] + unread)


def _complain_of(file: FileReport) -> None:
    for refusal in file.refused[:_REASONS]:
        where = file.path if refusal.place is None else f"{file.path}:{refusal.place}"
        render.complain(f"{where}: {refusal.reason}")
    further = file.refusals + file.unread - _REASONS
    if further > 0:
        render.complain(f"{file.path}: {further:,} more were refused or not read")
