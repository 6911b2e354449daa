"""Folders of clips and pictures: `watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_paths
from catalog.cli.credentials import say_checked
from catalog.cli.folders import complain_of, note_once, show_folder, show_remarks
from catalog.cli.options import complete_sources, json_option, library_options, open_catalog
from catalog.watch import DEFAULT_EVERY

if TYPE_CHECKING:
    from catalog.api import Catalog
    from catalog.file_reports import FolderReport, WatchReport, WatchStatus

_NAMED = 20  # growing files that are listed


@click.command()
@click.argument("folders", nargs=-1, metavar="[DIR]...", shell_complete=complete_paths)
@click.option("--once", is_flag=True, help="Scan once and end.")
@click.option("--status", is_flag=True, help="Show the folders, their last scan and what is growing; scan nothing.")
@click.option("--forget", is_flag=True, help="Scan DIR no more; what came from it stays in the library.")
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
    folders: tuple[str, ...],
    once: bool,
    status: bool,
    forget: bool,
    source: str | None,
    every: float,
    accept: bool,
    as_json: bool,
) -> None:
    """Take in clips and pictures as folders get them.

    Files stay where they lie. One is taken in when two looks at it agree and it is whole to its end; a growing one is
    tried again. It becomes a file of the job that its bytes, a sidecar or its name say, else a video of its own, of the
    source `files`. What is renamed or moved keeps everything, the same bytes in two folders are one file with two
    places, and what is deleted is missing once two scans have not found it: nothing is ever deleted in the library.
    Answers and sidecars beside clips are read as `catalog import` reads them.

    A folder that cannot be read, is empty though it was not, or holds none of its files is offline: nothing in it is
    marked, until it is back. Without DIR, the folders that are watched already are scanned. Runs until Ctrl-C.

    --forget takes a folder off the list of those that are scanned, whether it is there or not: its videos, files and
    places stay.

    \b
      catalog watch ~/Videos/generated
      catalog watch ~/Videos/generated /mnt/nas/clips --once
      catalog watch --status
      catalog watch --forget /mnt/nas/clips
    """
    _refuse_pairs(once=once, status=status, forget=forget, accept=accept)
    if forget and not folders:
        raise click.UsageError("name the folders to forget: `catalog watch --status` lists them")
    with open_catalog() as catalog:
        if forget:
            _forget(catalog, folders, as_json=as_json)
            return
        if status:
            state = catalog.watched()
            render.document(state) if as_json else _show_status(state)
            return
        telling = _Telling(as_json=as_json)
        with render.progress() as on_progress:
            report = catalog.watch(
                *folders,
                source=source,
                once=once,
                every=every,
                accept=accept,
                on_ready=lambda watched: _announce(watched, as_json=as_json),
                on_scan=None if once else telling.tell,
                on_event=render.note,
                on_progress=on_progress if once else None,
            )
    if not once:  # every folder was forgotten meanwhile, and each scan has had its say
        return
    if as_json:
        render.document(report)
    else:
        _show(report)
    for folder in report.folders:
        complain_of(folder)


def _refuse_pairs(*, once: bool, status: bool, forget: bool, accept: bool) -> None:
    """Raise UsageError for options that do not go together."""
    given = {"--status": status, "--forget": forget, "--once": once, "--accept": accept}
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1 and (status or forget):
        raise click.UsageError(f"{names[0]} scans nothing, so it does not go with {names[1]}")


def _forget(catalog: Catalog, folders: tuple[str, ...], *, as_json: bool) -> None:
    forgotten = catalog.unwatch(*folders)
    if as_json:
        render.document(forgotten)
        return
    for folder in forgotten:
        files = render.amount(folder.files, "file")
        render.line((folder.path, "name"), f": not watched any more; what the library has of its {files} stays")


def _announce(folders: tuple[str, ...], *, as_json: bool) -> None:
    """Print that scanning has begun; beside documents, as a remark."""
    text = f"watching {', '.join(map(render.plain, folders))}, until Ctrl-C"
    (render.note if as_json else render.announce)(text)


class _Telling:
    """Prints what each of many scans did, if anything: a remark once, and a folder that goes offline or comes back."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._said: set[tuple[str, ...]] = set()
        self._seen: dict[str, str | None] = {}  # why each folder is offline

    def tell(self, report: WatchReport) -> None:
        """Print what a scan did."""
        if self._as_json:
            render.document(report, indent=None)
            return
        for folder in report.folders:
            is_new = folder.path not in self._seen
            before = self._seen.get(folder.path)
            self._seen[folder.path] = folder.reason
            if folder.reason != before:
                _show_state(folder)
            if folder.taken or folder.moved or folder.missing:
                show_folder(folder)
            if is_new or folder.taken or folder.moved or folder.missing:
                show_remarks(folder, self._said)
        _show_answers(report, self._said)


def _show(report: WatchReport) -> None:
    for folder in report.folders:
        if folder.reason is not None:
            _show_state(folder)
        show_folder(folder)
        show_remarks(folder)
    _show_answers(report)


def _show_state(folder: FolderReport) -> None:
    render.line((folder.path, "name"), ": online" if folder.reason is None else f": offline, it {folder.reason}")


def _show_answers(report: WatchReport, said: set[tuple[str, ...]] | None = None) -> None:
    for answers in report.answers:
        counts = {"added": answers.added, "changed": answers.changed, "refused": answers.refusals}
        sums = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        render.line((answers.source, "name"), f": {sums}; {render.amount(len(answers.files), 'answer')} read")
    say_checked(report.credentials, is_summed_up=False)
    note_once([(remark,) for remark in report.notes], said)


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
