"""Folders of clips and pictures: `watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_paths
from catalog.cli.credentials import say_checked
from catalog.cli.folders import complain_of, show_folder
from catalog.cli.options import complete_sources, json_option, library_options, open_catalog
from catalog.watch import DEFAULT_EVERY

if TYPE_CHECKING:
    from catalog.file_reports import WatchReport, WatchStatus

_NAMED = 20  # growing files that are listed


@click.command()
@click.argument("folders", nargs=-1, metavar="DIR...", shell_complete=complete_paths)
@click.option("--once", is_flag=True, help="Scan once and end.")
@click.option("--status", is_flag=True, help="Show the folders, their last scan and what is growing; scan nothing.")
@click.option(
    "--source",
    metavar="NAME",
    shell_complete=complete_sources,
    help="The source that answers, sidecars and videos without a job belong to.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    default=DEFAULT_EVERY,
    show_default=True,
    metavar="SECONDS",
    help="Scan so often while nothing is heard.",
)
@click.option("--accept", is_flag=True, help="Scan a folder though none of its known files are in it.")
@json_option
@library_options
def watch(
    folders: tuple[str, ...], once: bool, status: bool, source: str | None, every: float, accept: bool, as_json: bool
) -> None:
    """Take in clips and pictures as folders get them.

    Files stay where they lie. One is taken in when two looks at it agree and it is whole to its end; a growing one is
    tried again. It becomes a file of the job that its bytes, a sidecar or its name say, else a video of its own, of the
    source `files`. What is renamed or moved keeps everything, the same bytes in two folders are one file with two
    places, and what is deleted is missing once two scans have not found it: nothing is ever deleted in the library.
    Answers and sidecars beside clips are read as `catalog import` reads them.

    A folder that cannot be read, is empty though it was not, or holds none of its files is offline: nothing in it is
    marked, until it is back. Without DIR, the folders that are watched already are scanned. Runs until Ctrl-C.

    \b
      catalog watch ~/Videos/generated
      catalog watch ~/Videos/generated /mnt/nas/clips --once
      catalog watch --status
    """
    with open_catalog() as catalog:
        if status:
            state = catalog.watched()
            render.document(state) if as_json else _show_status(state)
            return
        if not once:
            render.announce("watching, until Ctrl-C")
        with render.progress() as on_progress:
            report = catalog.watch(
                *folders,
                source=source,
                once=once,
                every=every,
                accept=accept,
                on_scan=None if once else lambda report: _tell(report, as_json=as_json),
                on_event=render.note,
                on_progress=on_progress if once else None,
            )
    if as_json:
        render.document(report)
    else:
        _show(report)
    for folder in report.folders:
        complain_of(folder)


def _tell(report: WatchReport, *, as_json: bool) -> None:
    """Print what one of many scans did, if anything."""
    if as_json:
        render.document(report, indent=None)
        return
    has_news = any(
        (folder.taken, folder.moved, folder.missing) != (0, 0, 0) or folder.state == "offline"
        for folder in report.folders
    )
    if has_news or report.answers:
        _show(report)


def _show(report: WatchReport) -> None:
    for folder in report.folders:
        if folder.state == "offline":
            render.line((folder.path, "name"), f": offline, it {folder.reason}")
        show_folder(folder)
    for answers in report.answers:
        counts = {"added": answers.added, "changed": answers.changed, "refused": answers.refusals}
        sums = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        render.line((answers.source, "name"), f": {sums}; {render.amount(len(answers.files), 'answer')} read")
    say_checked(report.credentials, is_summed_up=False)
    for remark in report.notes:
        render.note(remark)


def _show_status(status: WatchStatus) -> None:
    if not status.folders:
        render.note("no folder is watched: name one, as in `catalog watch DIR`")
    for folder in status.folders:
        how = "watched" if folder.is_watched else "imported"
        state = folder.state if folder.reason is None else f"{folder.state}, it {folder.reason}"
        scanned = f"scanned {render.moment(folder.scanned_at)} UTC" if folder.scanned_at else "never scanned"
        growing = f", {folder.growing:,} growing" if folder.growing else ""
        files = render.amount(folder.files, "file")
        render.line((folder.path, "name"), f": {how}, {state}; {files}{growing}; {scanned}")
    for item in status.growing[:_NAMED]:
        render.line(f"  {render.plain(item.path)} {item.reason or ''}, since {render.moment(item.since)} UTC")
    if len(status.growing) > _NAMED:
        render.line(f"  and {len(status.growing) - _NAMED:,} more")
