"""Where videos come from: `init`, `sources`, `sync`, `add`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.credentials import say_checked
from catalog.cli.downloading import show_interrupted, show_report
from catalog.cli.options import (
    complete_sources,
    config_path,
    json_option,
    library_options,
    library_path,
    open_catalog,
    read_lines,
    read_refs,
)
from catalog.cli.streams import OutputLost, drop_output
from catalog.disk import NOT_REGULAR, create
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from catalog.file_reports import DownloadReport
    from catalog.reports import SourceState, SyncReport

_COUNTED = ("added", "changed", "unchanged", "unfinished", "failed")
_wait = click.option("--wait", is_flag=True, help="Go on asking until no job is unfinished.")
_NAMED = 5  # videos listed of a kind, failed retrievals or others; further ones are only counted


@click.command()
@library_options
def init() -> None:
    """Create a library and a commented catalog.toml.

    Writes them where --db and --config say, else here. Existing files are left as they are.
    """
    from catalog.api import Catalog

    path = library_path()
    is_new = not path.exists()
    Catalog.init(path).close()
    _say_created(path, is_new=is_new)
    settings = config_path() or _settings_beside(path)
    _say_created(settings, is_new=_write_settings(settings))
    render.note(f"Add your servers to {settings}, then run `catalog sync`.")


@click.command()
@click.option(
    "--seen",
    metavar="SOURCE",
    shell_complete=complete_sources,
    help="First take the alarms about webhooks of this source as seen.",
)
@json_option
@library_options
def sources(seen: str | None, as_json: bool) -> None:
    """List the sources and the health of each.

    Times are UTC. A cursor means that a sync was interrupted: the next one continues there. A webhook that came again
    with another body is an alarm, which stays until you have seen to it.
    """
    with open_catalog() as catalog:
        if seen is not None:
            catalog.see_alarms(seen)
        states = catalog.sources()
    if as_json:
        render.document(states)
        return
    if not states:
        render.note("no sources yet: add one to catalog.toml (`catalog init` writes a commented one)")
        return
    times = ("last run (UTC)", "last success (UTC)")
    headings = ("source", "health", "videos", *times, "key", "dialect", "server", "cursor")
    render.table(headings, [tuple(_describe_state(state)) for state in states], right=("videos",), whole=times)
    for state in states:
        if state.message:
            render.note(_with_source(state.name, state.message))


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...", shell_complete=complete_sources)
@click.option("--full", is_flag=True, help="Walk the whole list instead of only what is new.")
@_wait
@click.option(
    "--watch",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Sync again this long after each run ends, until Ctrl-C.",
)
@click.option(
    "--max-pages",
    type=click.IntRange(min=1, max=10_000_000),
    metavar="N",
    help="Read at most so many pages of a list; the next run goes on there. Default: 20,000, or as configured.",
)
@click.option("--download", "downloads", is_flag=True, help="Then download what these sources have and you lack.")
@json_option
@library_options
def sync(
    sources: tuple[str, ...],
    full: bool,
    wait: bool,
    watch: float | None,
    max_pages: int | None,
    downloads: bool,
    as_json: bool,
) -> None:
    """Bring the library up to date with its sources.

    Syncs all sources, or those named. A source that fails is reported and the others go on; the exit status is then 1.
    A source that is retired is passed over. You may stop it at any time: what has come in is kept, and the next run
    continues from there. Nothing is ever deleted. With --json and --watch, each run prints its document on one line;
    with --download, it has the members `sync` and `download`.
    """
    try:
        with open_catalog() as catalog:
            while True:
                with render.progress() as on_progress:
                    reports = catalog.sync(*sources, full=full, wait=wait, max_pages=max_pages, on_progress=on_progress)
                    downloaded = catalog.download(sources=sources, on_progress=on_progress) if downloads else None
                _show_run(reports, downloaded, as_json=as_json, is_watching=watch is not None)
                if watch is None:
                    return
                time.sleep(watch)
    except KeyboardInterrupt as stop:
        _show_interrupted(stop, as_json=as_json)
        show_interrupted(stop, as_json=as_json)
        raise


@click.command()
@click.argument("source", shell_complete=complete_sources)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--from", "files", multiple=True, metavar="FILE", help="Add the ids in this file, one per line; repeatable."
)
@_wait
@json_option
@library_options
def add(source: str, ids: tuple[str, ...], files: tuple[str, ...], wait: bool, as_json: bool) -> None:
    """Add jobs by their ids.

    For servers that cannot list their jobs. Asks for each job; later syncs go on asking for what is unfinished or could
    not be retrieved. Nothing is kept of an id that the server does not know. `-` reads ids from standard input, one per
    line.

    \b
      catalog add studio task_01k8 task_01k9 --wait
      catalog add studio --from ids.txt
    """
    wanted = [*read_refs(ids), *(line for file in files for line in read_lines(file))]
    if not wanted:
        raise click.UsageError("name the jobs: ID, --from FILE or -")
    try:
        with open_catalog() as catalog, render.progress() as on_progress:
            report = catalog.add(source, wanted, wait=wait, on_progress=on_progress)
    except KeyboardInterrupt as stop:
        _show_interrupted(stop, as_json=as_json)
        raise
    if as_json:
        render.document(report)
    _report([report], is_summed_up=not as_json)


def _show_run(
    reports: Sequence[SyncReport], downloaded: DownloadReport | None, *, as_json: bool, is_watching: bool
) -> None:
    """Show what a run of `sync` did; while it is repeated, a table that cannot be written stops nothing."""
    try:
        if as_json:
            shown = reports if downloaded is None else {"sync": reports, "download": downloaded}
            render.document(shown, indent=None if is_watching else 2)
        _report(reports, is_summed_up=not as_json, is_warned=downloaded is None)
        if downloaded is not None:
            show_report(downloaded, is_summed_up=not as_json)
    except OutputLost as error:
        if not is_watching or as_json or error.is_unread:
            raise
        drop_output()
        render.note(str(error))


def _settings_beside(library: Path) -> Path:
    from catalog.settings import FILE_NAME

    return library.with_name(FILE_NAME)


def _write_settings(path: Path) -> bool:
    """Write the commented template unless the file exists, and return whether it was written.

    It is its owner's alone: who can change the address of a source is sent its key, and that of a proxy may hold one.
    """
    from catalog.config import TEMPLATE

    try:
        create(path)
        path.write_text(TEMPLATE, encoding="utf-8")
    except FileExistsError as error:
        if path.exists() and not path.is_file():
            raise CatalogError(f"cannot write {path}: {NOT_REGULAR}") from error
        return False
    except OSError as error:
        raise CatalogError(f"cannot write {path}: {error.strerror}") from error
    return True


def _say_created(path: Path, *, is_new: bool) -> None:
    render.line(f"created {path}" if is_new else f"kept {path}, which already exists")


def _describe_state(state: SourceState) -> Iterator[object]:
    yield state.name
    yield state.health if state.is_configured else "not configured"
    yield f"{state.videos:,}"
    yield render.moment(state.last_run_at)
    yield render.moment(state.last_success_at)
    yield "set" if state.has_key else "none"
    yield state.dialect
    yield state.base_url
    yield state.cursor


def _show_interrupted(stop: KeyboardInterrupt, *, as_json: bool) -> None:
    """Show the reports of an interrupted run."""
    from catalog.reports import SyncInterrupted

    reports = stop.reports if isinstance(stop, SyncInterrupted) else ()
    if as_json and reports:
        render.document(reports)
    _report(reports, is_summed_up=not as_json)


def _report(reports: Sequence[SyncReport], *, is_summed_up: bool, is_warned: bool = True) -> None:
    """Show what runs did; `is_warned` unless what expires is downloaded now."""
    for report in reports:
        if is_summed_up and not report.error:
            took = f" in {render.describe_time(report)}" if len(reports) == 1 else ""
            render.line((report.source, "name"), f": {_sum_up(report, took)}")
        for remark in report.notes:
            render.note(f"{report.source}: {remark}")
        if report.overturned:
            render.note(f"Warning: {report.source}: {_describe_overturned(report)}")
        if is_warned:
            _warn_of_expiry(report)
        _complain_of(report)
    if is_summed_up and len(reports) > 1:
        render.line(f"{render.amount(len(reports), 'source')} in {_describe_total(reports)}")
    for report in reports[:1]:
        render.note_costs(report.costs_changed)
        say_checked(report.credentials, is_summed_up=is_summed_up)


def _warn_of_expiry(report: SyncReport) -> None:
    """Name what expires soon and is not held, once: of later runs it is not new."""
    if report.expiring_new:
        videos = render.amount(report.expiring_new, "finished video")
        hour = "about an hour" if report.expiring_about else "the hour"
        render.note(
            f"Warning: {report.source}: {videos} will expire within {hour}: run `catalog download`; "
            "`catalog rescue` lists them"
        )


def _sum_up(report: SyncReport, took: str) -> str:
    """One line: what came in, how it stands now, what it took, and why the walk over the list ended."""
    if report.mode == "retired":
        return str(report.stopped)
    is_quiet = not (report.added or report.changed or report.is_interrupted)
    counts = [f"{getattr(report, name):,} {name}" for name in _COUNTED[2 if is_quiet else 0 :]]
    first = ["interrupted"] if report.is_interrupted else ["nothing new"] if is_quiet else []
    requests = f"{render.amount(report.requests, 'request')}{took}"
    ended = f"{report.mode} walk, stopped at: {report.stopped}" if report.stopped else report.mode
    return "; ".join([*first, ", ".join(counts), requests, ended])


def _describe_total(reports: Sequence[SyncReport]) -> str:
    """What a run over several sources took: prompts are read once, after all of them."""
    pages = sum(report.phases.get("pages", 0.0) for report in reports)
    return render.describe_time(replace(reports[0], phases={**reports[0].phases, "pages": pages}))


def _describe_overturned(report: SyncReport) -> str:
    """How many videos have ended otherwise than they had before, and which."""
    named = [f"{name} ({states})" for name, states in list(report.overturned.items())[:_NAMED]]
    more = [f"{len(report.overturned) - _NAMED:,} more"] if len(report.overturned) > _NAMED else []
    videos = render.amount(len(report.overturned), "video")
    return f"{videos} ended otherwise than known before: {', '.join(named + more)}"


def _complain_of(report: SyncReport) -> None:
    if report.error:
        counts = [f"{count:,} {name}" for name in _COUNTED[:2] if (count := getattr(report, name))]
        kept = f" ({', '.join(counts)} before that)" if counts else ""
        render.complain(_with_source(report.source, report.error) + kept)
    for remote_id, reason in list(report.missed.items())[:_NAMED]:
        render.complain(f"{report.source}:{remote_id} could not be retrieved: {reason}")
    if len(report.missed) > _NAMED:
        render.complain(f"{report.source}: {len(report.missed) - _NAMED:,} more could not be retrieved")


def _with_source(source: str, message: str) -> str:
    return message if source in message else f"{source}: {message}"
