"""Bringing the bytes home: `download` and `rescue`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.credentials import say_checked
from catalog.cli.options import json_option, library_options, open_catalog
from catalog.errors import needs_media

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from catalog.file_reports import DownloadReport, Rescue, RescueQueue, Unkept

VARIANTS = ("video", "image", "thumbnail", "spritesheet")
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_NAMED = 20  # files listed of a kind; further ones are only counted


class _Span(click.ParamType[float]):
    """A span of time: `90`, `45m`, `1h`, `2d`; seconds where no unit stands."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(value).strip().lower())
        if match is None or not float(match[1]):
            self.fail(f"{value!r} is not a span of time: write it as 45m, 1h or 2d", param, ctx)
        return float(match[1]) * _UNITS[match[2]]


def _queue_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What chooses the files: for `download` and `rescue` alike."""
    for option in (
        click.option(
            "--expiring-within",
            type=_Span(),
            metavar="SPAN",
            help="Only videos whose addresses expire within this time, as 45m, 1h or 2d.",
        ),
        click.option(
            "--variant",
            "variants",
            multiple=True,
            type=click.Choice(VARIANTS),
            help="Only files of this kind; repeatable. Default: all that the server offers.",
        ),
        click.argument("query", nargs=-1, metavar="[QUERY]"),
    ):
        command = option(command)
    return command


@click.command()
@_queue_options
@click.option(
    "--jobs",
    type=click.IntRange(1, 32),
    metavar="N",
    help="How many jobs are fetched at once. Default: 4, or as configured.",
)
@click.option("--lost", is_flag=True, help="Ask again for what was lost.")
@click.option("--estimate", is_flag=True, help="Show what it would take and what will not make it; fetch nothing.")
@json_option
@library_options
def download(
    query: tuple[str, ...],
    variants: tuple[str, ...],
    expiring_within: float | None,
    jobs: int | None,
    lost: bool,
    estimate: bool,
    as_json: bool,
) -> None:
    """Download clips and pictures before their addresses expire.

    Fetches what the library lacks of all videos, or of those that match QUERY, into the folder `media` beside the
    library: the earliest deadline first, the clip, then its spritesheet and thumbnail. Whatever is refused is listed
    with its reason and tried again by the next run; the exit status is then 1. You may stop it at any time: what has
    come is kept.

    \b
      catalog download --expiring-within 1h
      catalog download 'tag:project=launch' --variant video
    """
    words = " ".join(query) or None
    with open_catalog() as catalog:
        if estimate:
            queue = catalog.rescue(words, variants=variants, expiring_within=expiring_within, lost=lost)
            _show_queue(queue, as_json=as_json, is_listed=False)
            return
        try:
            with render.progress() as on_progress:
                report = catalog.download(
                    words,
                    variants=variants,
                    expiring_within=expiring_within,
                    jobs=jobs,
                    lost=lost,
                    on_progress=on_progress,
                )
        except KeyboardInterrupt as stop:
            show_interrupted(stop, as_json=as_json)
            raise
    if as_json:
        render.document(report)
    show_report(report, is_summed_up=not as_json)


@click.command()
@_queue_options
@json_option
@library_options
def rescue(query: tuple[str, ...], variants: tuple[str, ...], expiring_within: float | None, as_json: bool) -> None:
    """List what is not downloaded yet, worst first.

    Shows the time that is left. It is the queue of `catalog download`, and asks no server. `about` marks a time that is
    reckoned by what the dialect documents. What will not make it at the usual speed is marked as late; an address that
    has expired may still be renewed by the server.
    """
    with open_catalog() as catalog:
        queue = catalog.rescue(" ".join(query) or None, variants=variants, expiring_within=expiring_within)
    _show_queue(queue, as_json=as_json, is_listed=True)


def show_interrupted(stop: KeyboardInterrupt, *, as_json: bool) -> None:
    """Show the report of an interrupted download."""
    from catalog.file_reports import DownloadInterrupted

    if isinstance(stop, DownloadInterrupted):
        if as_json:
            render.document(stop.report)
        show_report(stop.report, is_summed_up=not as_json)


def show_report(report: DownloadReport, *, is_summed_up: bool) -> None:
    """Show what a download did; whatever could not be had is complained of."""
    if is_summed_up:
        render.line(_sum_up(report))
    for remark in report.notes:
        render.note(remark)
    if report.pictures.waiting:
        waiting = render.amount(report.pictures.waiting, "thumbnail")
        render.note(f"{waiting} wait: {needs_media('a picture of a clip')}")
    say_checked(report.credentials, is_summed_up=is_summed_up)
    _complain_of(report.lost, "is lost", "lost")
    if report.lost:
        cost = "an unknown amount" if report.lost_usd is None else render.dollars(report.lost_usd)
        render.complain(f"what is lost cost {cost}")
    _complain_of(report.failed, "could not be downloaded", "could not be downloaded")
    for source, message in report.errors.items():
        render.complain(message if source in message else f"{source}: {message}")
    if report.error:
        render.complain(report.error)


def _sum_up(report: DownloadReport) -> str:
    if not report.files and not (report.failed or report.lost or report.left):
        return "nothing to download"
    parts = [f"{render.amount(report.files, 'file')} downloaded, {render.volume(report.bytes)}"]
    counts = {"failed": len(report.failed), "lost": len(report.lost), "left": report.left}
    parts += [f"{count:,} {name}" for name, count in counts.items() if count]
    return f"{', '.join(parts)} in {report.seconds:.1f} s"


def _complain_of(files: Sequence[Unkept], one: str, more: str) -> None:
    for file in files[:_NAMED]:
        cost = "" if file.cost_usd is None else f" (the job cost {render.dollars(file.cost_usd)})"
        named = file.variant if file.number == 1 else f"{file.variant} {file.number}"
        render.complain(f"{file.ref}: its {named} {one}{cost}: {file.reason}")
    if len(files) > _NAMED:
        render.complain(f"{len(files) - _NAMED:,} more files: {more}")


def _show_queue(queue: RescueQueue, *, as_json: bool, is_listed: bool) -> None:
    if as_json:
        render.document(queue)
        return
    if not queue.videos:
        render.note("nothing to download")
        return
    jobs: Iterable[Rescue] = queue.jobs if is_listed else (job for job in queue.jobs if job.is_late)
    rows = [(_describe_time(job), job.ref, ", ".join(job.files), _describe_cost(job)) for job in jobs]
    if rows:
        render.table(("time left", "ref", "files", "cost"), rows, right=("cost",))
    if is_listed and len(queue.jobs) < queue.videos:
        render.note(f"and {queue.videos - len(queue.jobs):,} more")
    size, rate = render.volume(queue.bytes), render.volume(queue.rate)
    render.line(
        f"{render.amount(queue.files, 'file')} of {render.amount(queue.videos, 'video')}, about {size}: "
        f"about {_describe_span(queue.seconds)} at {rate} a second"
    )
    if queue.late:
        expired = f", {queue.expired:,} of them expired already" if queue.expired else ""
        cost = "" if queue.late_usd is None else f"; they cost {render.dollars(queue.late_usd)}"
        render.line(f"{render.amount(queue.late, 'video')} will not make it in time{expired}{cost}")


def _describe_time(job: Rescue) -> str:
    if job.seconds_left is None:
        return "not known"
    about = "about " if job.is_about else ""
    if job.seconds_left <= 0:
        return f"expired {about}{_describe_span(-job.seconds_left)} ago"
    return f"{about}{_describe_span(job.seconds_left)}{', late' if job.is_late else ''}"


def _describe_cost(job: Rescue) -> str:
    return "" if job.cost_usd is None else render.dollars(job.cost_usd)


def _describe_span(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
